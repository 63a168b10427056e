//! An order on its way to a running server: every step as the database knows it, live.

mod steps;

use axum::extract::{Path, State};
use axum::response::Response;
use billing::ids::{OrderId, ServiceId};
use billing::invoice::{self, Invoice};
use billing::order::{self, Order};
use billing::payment::{self, Payment};
use billing::service::{self, Service};
use billing::{BillingError, catalogue};
use chrono::{DateTime, Utc};
use http::StatusCode;
use platform::money::{Currency, Money};
use platform::views::{Context, Page, Tone};
use provisioning::link;
use provisioning::operation::progress::{self, Build};
use serde::Serialize;
use tenancy::extract::Member;
use tenancy::permission::UseServices;
use tenancy::{AccountId, TenantTx};

use self::steps::{Detail, Stage};
use crate::app::App;
use crate::kit::parts::{Crumb, Step};
use crate::status::{self, Badge};
use crate::web::answer::{Html, internal, not_found};
use crate::web::page::{self, Asked};

/// More builds than this are shown as lines rather than steps.
const IN_FULL: usize = 4;

/// The page.
#[derive(Clone, Debug, Serialize)]
pub struct OrderPage {
    /// Its own path.
    pub path: String,
    /// Topics of its stream; none when nothing changes any more.
    pub topics: Option<String>,
    /// How soon a browser without scripts asks again.
    pub refresh_seconds: Option<u32>,
    /// Number for people.
    pub number: String,
    /// Where it stands.
    pub crumbs: Vec<Crumb>,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// Due when placed.
    pub total: Money,
    /// State.
    pub badge: Badge,
    /// What matters most now.
    pub notice: Option<Notice>,
    /// Where to pay.
    pub pay_path: Option<String>,
    /// Its invoice.
    pub invoice_path: Option<String>,
    /// How long it usually takes.
    pub usual: Option<String>,
    /// What is built.
    pub builds: Vec<BuildCard>,
    /// Whether builds are shown as lines.
    pub compact: bool,
}

impl Context for OrderPage {
    const TEMPLATE: &'static str = "account/order.html";
}

/// A message on top of the steps.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// Colour.
    pub tone: Tone,
    /// Key of its title.
    pub title_key: &'static str,
    /// Key of its text.
    pub text_key: &'static str,
}

/// One service on its way.
#[derive(Clone, Debug, Serialize)]
pub struct BuildCard {
    /// Host name, or the product's name.
    pub name: String,
    /// Its own page.
    pub path: String,
    /// State.
    pub badge: Badge,
    /// Steps, the payment first.
    pub steps: Vec<Step>,
    /// Number of the operation, for support; set when it failed.
    pub reference: Option<String>,
    /// How to get in, once it runs.
    pub ready: Option<Ready>,
}

/// How to get in.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// Addresses.
    pub addresses: Vec<String>,
    /// A command that opens a shell, for machines.
    pub shell: Option<String>,
    /// Whether it is a machine.
    pub machine: bool,
    /// Whether a root password waits on its page; else a new one can be set there.
    pub has_password: bool,
}

/// What the database says of an order.
struct Facts {
    order: Order,
    invoice: Option<Invoice>,
    payment: Option<Payment>,
    services: Vec<(Service, bool)>,
    with_password: Vec<ServiceId>,
    builds: Vec<Build>,
    usual: Option<(i64, i64)>,
}

/// `GET /account/orders/{id}`
pub async fn show(
    State(app): State<App>,
    member: Member<UseServices>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<OrderId>() else {
        return not_found();
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let facts = read(&mut tx, member.account, id).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(facts)
    };
    let facts = match read.await {
        Ok(Some(facts)) => facts,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let page = page::account(&app, &member, &asked, "services").await;
    match context(&app, &page, &facts) {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &page),
        Err(error) => internal(error),
    }
}

/// The part of the page that changes; none when the order is not this account's.
///
/// # Errors
/// When the database refuses.
pub async fn live(
    app: &App,
    tx: &mut TenantTx,
    (account, id): (AccountId, OrderId),
    page: &Page,
) -> Result<Option<String>, BillingError> {
    let Some(facts) = read(tx, account, id).await? else {
        return Ok(None);
    };
    let context = context(app, page, &facts)?;
    Ok(Some(app.draw("live", &context, page)?))
}

async fn read(tx: &mut TenantTx, account: AccountId, id: OrderId) -> Result<Option<Facts>, BillingError> {
    let Some(order) = order::find(tx, id).await?.filter(|order| order.account_id == account) else {
        return Ok(None);
    };
    let mut invoice = None;
    let mut payment = None;
    if let Some(id) = order::invoice_of(tx, order.id).await? {
        invoice = invoice::find(tx, id).await?;
        payment = payment::list(tx, None, Some(id), 1, None).await?.into_iter().next();
    }
    let ids: Vec<ServiceId> = order::services_of(tx, order.id).await?;
    let mut services = Vec::with_capacity(ids.len());
    let mut products = Vec::new();
    for id in &ids {
        let Some(found) = service::find(tx, *id).await? else {
            continue;
        };
        let known = products
            .iter()
            .find(|(product, _)| *product == found.product_id)
            .map(|p: &(_, bool)| p.1);
        let machine = match known {
            Some(machine) => machine,
            None => {
                let product = catalogue::find_product(tx, found.product_id).await?;
                let machine = product.is_some_and(|p| ["vps", "dedicated"].contains(&p.kind.as_str()));
                products.push((found.product_id, machine));
                machine
            }
        };
        services.push((found, machine));
    }
    let builds = progress::builds(tx, &ids).await?;
    let with_password = link::with_password(tx, &ids).await?;
    let usual = match products.as_slice() {
        [(product, _)] => progress::usual_seconds(tx, *product).await?,
        _ => None,
    };
    Ok(Some(Facts {
        order,
        invoice,
        payment,
        services,
        with_password,
        builds,
        usual,
    }))
}

fn context(app: &App, page: &Page, facts: &Facts) -> Result<OrderPage, BillingError> {
    let order = &facts.order;
    let path = format!("/account/orders/{}", order.id);
    let number = order.number.to_string();
    let wants_payment = steps::wants_payment(order, facts.invoice.as_ref(), facts.payment.as_ref());
    let invoice_path = facts.invoice.as_ref().map(|i| format!("/account/invoices/{}", i.id));
    let first = steps::payment_stage(order, facts.invoice.as_ref(), facts.payment.as_ref());
    let builds = facts.services.iter().map(|found| card(app, page, facts, &first, found));
    let ends = ends(facts);
    Ok(OrderPage {
        topics: (ends != Ends::Over).then(|| format!("ord:{}", order.id)),
        refresh_seconds: match ends {
            Ends::Soon => Some(8),
            Ends::Later => Some(60),
            Ends::Over => None,
        },
        crumbs: vec![
            Crumb {
                label: app.say(page, "menu-services", &[]),
                path: Some("/account/services".into()),
            },
            Crumb {
                label: app.say(page, "live-order-title", &[("number", &number)]),
                path: None,
            },
        ],
        number,
        placed_at: order.created_at,
        total: Money::new(order.total_minor, Currency::parse(&order.currency)?)?,
        badge: status::order(if ready(facts) { "completed" } else { &order.status }),
        notice: notice(facts),
        pay_path: invoice_path
            .as_ref()
            .filter(|_| wants_payment)
            .map(|path| format!("{path}/pay")),
        invoice_path,
        usual: usual(app, page, facts),
        builds: builds.collect(),
        compact: facts.services.len() > IN_FULL,
        path,
    })
}

#[derive(PartialEq, Eq)]
enum Ends {
    Soon,
    Later,
    Over,
}

fn ends(facts: &Facts) -> Ends {
    let any = |states: &[&str]| facts.services.iter().any(|(s, _)| states.contains(&s.status.as_str()));
    if ["rejected", "cancelled"].contains(&facts.order.status.as_str()) {
        Ends::Over
    } else if any(&["pending", "provisioning"]) {
        Ends::Soon
    } else if any(&["failed"]) {
        Ends::Later
    } else {
        Ends::Over
    }
}

fn ready(facts: &Facts) -> bool {
    !facts.services.is_empty()
        && facts
            .services
            .iter()
            .all(|(s, _)| ["active", "suspended", "terminated"].contains(&s.status.as_str()))
}

/// What matters most: trouble first, then what to do, then good news.
fn notice(facts: &Facts) -> Option<Notice> {
    let say = |tone, title_key, text_key| {
        Some(Notice {
            tone,
            title_key,
            text_key,
        })
    };
    let (invoice, payment) = (facts.invoice.as_ref(), facts.payment.as_ref());
    if facts.services.iter().any(|(s, _)| s.status == "failed") {
        let charged = steps::is_charged(invoice);
        let text = if charged {
            "live-failed-charged"
        } else {
            "live-failed-free"
        };
        return say(Tone::Warning, "live-failed-title", text);
    }
    if steps::wants_payment(&facts.order, invoice, payment) {
        let declined = payment.is_some_and(|p| p.status == "failed");
        if declined && payment.is_some_and(|p| p.failure_class.as_deref() == Some("action")) {
            return say(Tone::Warning, "live-confirm-title", "live-confirm-text");
        }
        let title = if declined {
            "live-declined-title"
        } else {
            "live-pay-title"
        };
        return say(
            Tone::Warning,
            title,
            if declined {
                "live-declined-text"
            } else {
                "live-pay-text"
            },
        );
    }
    if ready(facts) {
        let machine = facts.services.iter().all(|(_, machine)| *machine);
        let title = match (facts.services.len(), machine) {
            (1, true) => "live-ready-server",
            (1, false) => "live-ready-service",
            _ => "live-ready-all",
        };
        return say(Tone::Success, title, "live-ready-text");
    }
    match ends(facts) {
        Ends::Soon => say(Tone::Info, "live-leave-title", "live-leave-text"),
        Ends::Later | Ends::Over => None,
    }
}

fn card(app: &App, page: &Page, facts: &Facts, first: &Stage, (found, machine): &(Service, bool)) -> BuildCard {
    let build = facts.builds.iter().find(|b| b.service == found.id);
    let mut stages = vec![first.clone()];
    stages.extend(steps::build_stages(&found.status, build, *machine));
    let ready = (found.status == "active").then(|| Ready {
        shell: found
            .ip_addresses
            .first()
            .filter(|_| *machine)
            .map(|ip| format!("ssh root@{ip}")),
        addresses: found.ip_addresses.clone(),
        machine: *machine,
        has_password: facts.with_password.contains(&found.id),
    });
    let failed = found.status == "failed";
    BuildCard {
        name: found.label.clone(),
        path: format!("/account/services/{}", found.id),
        badge: status::service(&found.status, None, None),
        steps: stages.into_iter().map(|stage| step(app, page, stage)).collect(),
        reference: build.filter(|_| failed).map(|b| b.operation.to_string()),
        ready,
    }
}

fn step(app: &App, page: &Page, stage: Stage) -> Step {
    let detail = stage.detail.map(|detail| match detail {
        Detail::Say(key) => app.say(page, key, &[]),
        Detail::Took(seconds) => app.say(page, "live-took", &[("time", &duration(app, page, seconds))]),
        Detail::Since(at) => {
            let time = at.with_timezone(&page.zone).format("%H:%M:%S").to_string();
            app.say(page, "live-since", &[("time", &time)])
        }
    });
    Step {
        label: app.say(page, stage.label_key, &[]),
        state: stage.state,
        detail,
    }
}

fn duration(app: &App, page: &Page, seconds: i64) -> String {
    let (minutes, rest) = ((seconds / 60).to_string(), (seconds % 60).to_string());
    if seconds < 60 {
        app.say(page, "live-seconds", &[("seconds", &rest)])
    } else {
        app.say(page, "live-minutes", &[("minutes", &minutes), ("seconds", &rest)])
    }
}

fn usual(app: &App, page: &Page, facts: &Facts) -> Option<String> {
    let (low, high) = facts.usual.filter(|_| ends(facts) == Ends::Soon)?;
    let (low, high) = (low.max(1), high.max(2));
    let times = [("low", duration(app, page, low)), ("high", duration(app, page, high))];
    Some(app.say(page, "live-usual", &[("low", &times[0].1), ("high", &times[1].1)]))
}
