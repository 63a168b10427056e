//! From facts to the page: badges, buttons that can be pressed now, words.

use billing::BillingError;
use billing::invoice::Invoice;
use platform::format::{self, DateStyle};
use platform::money::{Currency, Money};
use platform::views::{Page, Tone};
use provisioning::operation::Operation;
use provisioning::panel::Capability;
use tenancy::permission::{ManageServices, Permission, Permissions, ReadBilling};

use super::activity;
use super::facts::{Facts, Span};
use super::traffic::bandwidth;
use crate::app::App;
use crate::kit::parts::Meta;
use crate::kit::service::{Access, Action, InvoiceRow, Notice, Password, Plan, ServicePage};
use crate::status::{self, Badge, InvoiceState};

/// The page of a service for somebody with these rights.
///
/// # Errors
/// When a row's amounts make no sense.
pub fn context(
    app: &App,
    page: &Page,
    rights: &Permissions,
    facts: &Facts,
    span: Span,
) -> Result<ServicePage, BillingError> {
    let found = &facts.service;
    let path = format!("/account/services/{}", found.id);
    let power = power(facts);
    let see_money = rights.has(ReadBilling::NAME);
    let invoices = facts
        .invoices
        .iter()
        .filter_map(|invoice| row(invoice, facts))
        .collect();
    Ok(ServicePage {
        topics: (found.status != "terminated").then(|| format!("svc:{}", found.id)),
        name: found.label.clone(),
        picture: picture(&facts.product.kind),
        badge: status::service(&found.status, None, ends_on(facts)),
        meta: meta(app, page, facts),
        notice: notice(app, page, facts),
        actions: actions(app, page, facts, &path, power.as_ref()),
        power,
        bandwidth: facts
            .offered
            .contains(&Capability::Usage)
            .then(|| bandwidth(app, page, facts, span)),
        access: access(app, page, facts),
        password: password(facts),
        plan: plan(app, page, rights, facts, &path)?,
        invoices: see_money.then_some(invoices),
        activity: activity::entries(app, page, facts),
        path,
    })
}

/// Icon of a product's kind.
#[must_use]
pub fn picture(kind: &str) -> &'static str {
    struct Of {
        icon: &'static str,
    }
    let of = match kind {
        "dedicated" => Of { icon: "server-2" },
        "hosting" => Of { icon: "world" },
        "game" => Of {
            icon: "device-gamepad-2",
        },
        "workspace" => Of { icon: "browser" },
        _ => Of { icon: "server" },
    };
    of.icon
}

fn ends_on(facts: &Facts) -> Option<chrono::NaiveDate> {
    facts
        .subscription
        .cancel_on
        .filter(|_| facts.subscription.status == "active")
}

fn open<'a>(facts: &'a Facts, kind: &str) -> Option<&'a Operation> {
    facts.operations.iter().find(|o| o.kind == kind && o.is_open())
}

/// The power as it was seen last, or where it is going.
fn power(facts: &Facts) -> Option<Badge> {
    if !facts.offered.contains(&Capability::Power) || facts.service.status != "active" {
        return None;
    }
    let going = open(facts, "power").map(|o| match o.input["action"].as_str() {
        Some("shutdown" | "off") => "stopping",
        _ => "starting",
    });
    Some(status::power(
        going.or(facts.seen.state.as_deref()).unwrap_or("unknown"),
    ))
}

fn meta(app: &App, page: &Page, facts: &Facts) -> Vec<Meta> {
    let plan = facts.plan.as_ref().map_or("", |plan| plan.name.as_str());
    let mut meta = vec![Meta {
        icon: None,
        text: format!("{} · {plan}", facts.product.name)
            .trim_end_matches(" · ")
            .to_owned(),
    }];
    if let Some(at) = facts.service.activated_at {
        let day = format::date(
            &page.locale,
            at.with_timezone(&page.zone).date_naive(),
            DateStyle::Medium,
        );
        meta.push(Meta {
            icon: Some("calendar"),
            text: app.say(page, "service-since", &[("day", &day)]),
        });
    }
    meta
}

fn notice(app: &App, page: &Page, facts: &Facts) -> Option<Notice> {
    let say = |tone, key: &str, link: Option<(String, &str)>| Notice {
        tone,
        title: app.say(page, &format!("service-{key}-title"), &[]),
        text: app.say(page, &format!("service-{key}-text"), &[]),
        link: link.map(|(path, key)| (path, app.say(page, key, &[]))),
    };
    let order = || {
        facts
            .order
            .map(|id| (format!("/account/orders/{id}"), "service-see-order"))
    };
    match facts.service.status.as_str() {
        "pending" => Some(say(Tone::Warning, "pending", order())),
        "provisioning" => Some(say(Tone::Info, "building", order())),
        "failed" => Some(say(Tone::Warning, "failed", order())),
        "terminated" => Some(say(Tone::Neutral, "terminated", None)),
        "suspended" => {
            let unpaid = facts.causes.iter().find_map(|cause| cause.invoice_id);
            let link = unpaid.map(|id| (format!("/account/invoices/{id}/pay"), "service-pay-to-resume"));
            let key = if link.is_some() { "unpaid" } else { "suspended" };
            Some(say(Tone::Danger, key, link))
        }
        _ => None,
    }
}

/// Only what the panel can do, and what makes sense in this state.
fn actions(app: &App, page: &Page, facts: &Facts, path: &str, power: Option<&Badge>) -> Vec<Action> {
    if facts.service.status != "active" {
        return Vec::new();
    }
    let has = |capability| facts.offered.contains(&capability);
    let say = |key: &str| app.say(page, key, &[("name", &facts.service.label)]);
    let mut actions = Vec::new();
    let mut add = |key: &str, icon, to: &str, action, confirm| {
        actions.push(Action {
            label: say(key),
            icon,
            path: format!("{path}/{to}"),
            action,
            confirm,
        });
    };
    if has(Capability::SignInLink) {
        add("service-open-panel", icon("external-link"), "panel", None, None);
    }
    if has(Capability::ConsoleLink) {
        add("service-console", icon("terminal-2"), "console", None, None);
    }
    if has(Capability::Power) && open(facts, "power").is_none() {
        let stopped = power.is_some_and(|badge| badge.label_key == "status-stopped");
        if stopped {
            add("service-start", icon("player-play"), "power", Some("start"), None);
        } else {
            let asks = (say("service-stop-title"), say("service-stop-text"));
            add("service-restart", icon("refresh"), "power", Some("restart"), None);
            add("service-stop", icon("power"), "power", Some("shutdown"), Some(asks));
        }
    }
    actions
}

/// Marks a literal for the build's icon scan.
const fn icon(name: &'static str) -> &'static str {
    name
}

fn access(app: &App, page: &Page, facts: &Facts) -> Vec<Access> {
    let found = &facts.service;
    let line = |label: String, value: String| Access { label, value };
    let mut lines: Vec<Access> = found
        .ip_addresses
        .iter()
        .map(|ip| line(if ip.contains(':') { "IPv6".into() } else { "IPv4".into() }, ip.clone()))
        .collect();
    if !found.hostname.is_empty() {
        lines.push(line(app.say(page, "service-hostname", &[]), found.hostname.clone()));
    }
    let machine = ["vps", "dedicated"].contains(&facts.product.kind.as_str());
    if let Some(ip) = found.ip_addresses.first().filter(|_| machine) {
        lines.push(line("SSH".into(), format!("root@{ip}")));
    }
    lines
}

fn password(facts: &Facts) -> Option<Password> {
    let can = facts.offered.contains(&Capability::RootPassword) && facts.service.status == "active";
    let under_way = open(facts, "root_password").is_some();
    (can || facts.has_password).then_some(Password {
        waiting: facts.has_password && !under_way,
        under_way,
        can_reset: can && !under_way,
    })
}

fn plan(app: &App, page: &Page, rights: &Permissions, facts: &Facts, path: &str) -> Result<Plan, BillingError> {
    let subscription = &facts.subscription;
    let ends_on = ends_on(facts);
    let goes_on = subscription.status == "active" && subscription.cycle_unit != "once";
    let manages = rights.has(ManageServices::NAME);
    let lives = !["terminated", "pending"].contains(&facts.service.status.as_str());
    let method = facts.method.as_ref().filter(|_| facts.account.auto_pay && goes_on);
    Ok(Plan {
        price: subscription.price()?,
        period_key: period_key(&subscription.cycle_unit, subscription.cycle_count),
        renews_on: subscription.billed_through.filter(|_| goes_on && ends_on.is_none()),
        ends_on,
        pays_with: method.map(|m| format!("{} ···· {}", m.brand, m.last4)),
        sizes: sizes(app, page, facts),
        change_path: None,
        cancel_path: (manages && lives && goes_on && ends_on.is_none()).then(|| format!("{path}/cancel")),
        keep_path: (manages && lives && ends_on.is_some()).then(|| format!("{path}/keep")),
    })
}

/// Words of a cycle.
#[must_use]
pub fn period_key(unit: &str, count: i32) -> &'static str {
    match (unit, count) {
        ("month", 1) => "ui-per-month",
        ("month", 3) => "ui-per-quarter",
        ("month", 6) => "ui-per-half-year",
        ("month", 12) | ("year", 1) => "ui-per-year",
        ("month", 24) | ("year", 2) => "ui-per-two-years",
        ("month", 36) | ("year", 3) => "ui-per-three-years",
        ("once", _) => "ui-once",
        _ => "service-per-period",
    }
}

fn sizes(app: &App, page: &Page, facts: &Facts) -> Vec<(String, String)> {
    let seen = &facts.seen;
    let mut sizes = Vec::new();
    if let Some(cores) = seen.cpu_cores {
        sizes.push((app.say(page, "service-cores", &[]), cores.to_string()));
    }
    if let Some(memory) = seen.memory_mb {
        let text = if memory % 1024 == 0 {
            format!("{} GB", memory / 1024)
        } else {
            format!("{memory} MB")
        };
        sizes.push((app.say(page, "service-memory", &[]), text));
    }
    if let Some(disk) = seen.storage_gb {
        sizes.push((app.say(page, "service-disk", &[]), format!("{disk} GB")));
    }
    if sizes.is_empty() {
        let features = facts.product.features.as_array().into_iter().flatten().take(4);
        let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        sizes.extend(features.map(|row| (text(row, "label"), text(row, "value"))));
    }
    sizes
}

fn row(invoice: &Invoice, facts: &Facts) -> Option<InvoiceRow> {
    let state = InvoiceState {
        document: &invoice.status,
        payment: &invoice.payment_status,
        collection: &invoice.collection_status,
        due: invoice.due_on,
        today: facts.today,
    };
    Some(InvoiceRow {
        number: invoice.number.clone()?,
        path: format!("/account/invoices/{}", invoice.id),
        issued_on: invoice.issued_on?,
        total: Money::new(invoice.total_minor, Currency::parse(&invoice.currency).ok()?).ok()?,
        badge: status::invoice(state),
        payable: invoice.status == "issued" && ["unpaid", "partly_paid"].contains(&invoice.payment_status.as_str()),
    })
}
