//! `/admin/services/{id}`: one service, what is wanted and what is seen, and what staff do with it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::ids::ServiceId;
use billing::service::sheet::{self, Billed, Sheet, Suspension};
use billing::service::{self, Service};
use billing::{BillingError, suspension};
use http::StatusCode;
use platform::money::{Currency, Money};
use platform::views::{Page as Chrome, Tone};
use provisioning::operation::list as operations;
use provisioning::usage;
use serde_json::Value;
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadServices, WriteServices};

use super::desk::{Say, past};
use super::provisioning::kind_name;
use crate::app::App;
use crate::kit::detail::{Act, Block, Detail, Fact, Field, Notice, Table, Typed, crumb, fact};
use crate::status::{self, InvoiceState};
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::list::{Cell, Row};
use crate::web::page::{self, Asked};

/// Everything the page reads.
struct Read {
    service: Service,
    sheet: Sheet,
    suspensions: Vec<Suspension>,
    billed: Vec<Billed>,
    operations: Vec<operations::Row>,
    today: chrono::NaiveDate,
}

/// `GET /admin/services/{id}`
pub async fn show(
    State(app): State<App>,
    staff: Staff<ReadServices>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let chrome = page::admin(&app, &staff, &asked, "services").await;
    match detail(&app, &staff, &chrome, id).await {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &chrome),
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

async fn detail<P>(app: &App, staff: &Staff<P>, chrome: &Chrome, id: ServiceId) -> Result<Detail, BillingError> {
    let say = Say(app, chrome);
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let search = operations::Search {
        service: Some(id),
        ..operations::Search::default()
    };
    let window = tenancy::listing::Window {
        size: 8,
        ..tenancy::listing::Window::default()
    };
    let read = Read {
        service: service::find(&mut tx, id)
            .await?
            .ok_or(BillingError::NotFound("service"))?,
        sheet: sheet::sheet(&mut tx, id)
            .await?
            .ok_or(BillingError::NotFound("service"))?,
        suspensions: sheet::suspensions(&mut tx, id).await?,
        billed: sheet::billed(&mut tx, id, 8).await?,
        operations: operations::browse(&mut tx, &search, &window).await?.rows,
        today: tx.today(),
    };
    let past = past(&mut tx, say, &id.to_string(), 20).await?;
    tx.commit().await?;
    let Read { service, sheet, .. } = &read;
    let may = staff.rights.has(WriteServices::NAME);
    Ok(Detail {
        title: service.label.clone(),
        subtitle: Some(format!("{} · {}", sheet.product_name, sheet.plan_name)),
        badge: Some(status::service(
            &service.status,
            service.reason.as_deref(),
            sheet.cancel_on,
        )),
        crumbs: vec![
            crumb(say.it("menu-services"), Some("/admin/services")),
            crumb(service.label.clone(), None),
        ],
        picture: Some(icon_of(&sheet.product_kind)),
        acts: if may { acts(say, &read) } else { Vec::new() },
        notices: notices(say, &read),
        main: vec![
            operations_block(app, chrome, say, &read),
            Block::table(say.it("service-invoices"), billed_table(say, &read)),
            Block::timeline(say.it("detail-timeline"), past),
        ],
        side: vec![
            Block::facts(say.it("detail-facts"), facts(say, &read)),
            Block::facts(say.it("service-panel"), panel_facts(say, &read)),
            Block::facts(say.it("service-agreement"), agreement(say, &read)),
        ],
        ..Detail::default()
    })
}

/// Icon of a product kind.
#[must_use]
pub fn icon_of(kind: &str) -> &'static str {
    match kind {
        "dedicated" => "server-2",
        "hosting" => "world",
        "game" => "device-gamepad-2",
        "workspace" => "browser",
        _ => "server",
    }
}

fn notices(say: Say<'_>, read: &Read) -> Vec<Notice> {
    let open = read.suspensions.iter().filter(|row| row.lifted_at.is_none());
    let mut notices: Vec<Notice> = open
        .map(|row| Notice {
            tone: Tone::Warning,
            title: say.it(&format!("suspension-{}", row.cause)),
            text: Some(say.said(&row.reason)),
        })
        .collect();
    if read.service.status == "failed" {
        notices.push(Notice {
            tone: Tone::Danger,
            title: say.it("service-failed"),
            text: read.service.reason.as_deref().map(|reason| say.said(reason)),
        });
    }
    notices
}

fn facts(say: Say<'_>, read: &Read) -> Vec<Fact> {
    let Read { service, sheet, .. } = read;
    let order = sheet.order_number.map(|number| number.to_string());
    let order = match (order, sheet.order_id) {
        (Some(number), Some(id)) => Cell::text(number).to(format_args!("/admin/orders/{id}")),
        _ => Cell::text("-"),
    };
    vec![
        fact(
            say.it("list-customer"),
            Cell::text(&sheet.account_name).to(format_args!("/admin/customers/{}", service.account_id)),
        ),
        fact(say.it("dashboard-order"), order),
        fact(say.it("service-hostname"), Cell::code(&service.hostname)),
        fact(say.it("list-address"), Cell::code(service.ip_addresses.join(", "))),
        fact(say.it("list-since"), Cell::at(service.created_at)),
        fact(
            say.it("service-running-since"),
            service.activated_at.map_or_else(Cell::default, Cell::at),
        ),
        fact(say.it("detail-id"), Cell::code(service.id)),
    ]
}

/// What is wanted there beside what the panel said last.
fn panel_facts(say: Say<'_>, read: &Read) -> Vec<Fact> {
    let Read { service, sheet, .. } = read;
    let seen = |key: &str| {
        let value = sheet.observed.as_ref()?.get(key)?;
        value.as_str().map(str::to_owned).or_else(|| Some(value.to_string()))
    };
    let is_suspended = seen("suspended").is_some_and(|word| word == "true");
    let wanted = service.status.as_str();
    let differs = sheet.observed.is_some()
        && match wanted {
            "active" => is_suspended,
            "suspended" => !is_suspended,
            _ => false,
        };
    let mut facts = vec![
        fact(
            say.it("list-server"),
            match (service.server_id, &sheet.server_name) {
                (Some(id), Some(name)) => Cell::text(name).to(format_args!("/admin/servers/{id}")),
                _ => Cell::text("-"),
            },
        ),
        fact(
            say.it("operation-panel-ref"),
            Cell::code(service.panel_ref.as_deref().unwrap_or("-")),
        ),
        fact(
            say.it("service-seen"),
            Cell::badge(status::power(&seen("state").unwrap_or_default())),
        ),
        fact(
            say.it("service-seen-suspended"),
            Cell::text(say.it(if is_suspended { "ui-yes" } else { "ui-no" })),
        ),
        fact(
            say.it("service-seen-at"),
            sheet.observed_at.map_or_else(|| Cell::text("-"), Cell::at),
        ),
    ];
    if differs {
        facts.push(fact(
            say.it("service-differs"),
            Cell::badge(status::service("active", Some("action_needed"), None)),
        ));
    }
    facts
}

fn agreement(say: Say<'_>, read: &Read) -> Vec<Fact> {
    let sheet = &read.sheet;
    let total = sheet.unit_minor.saturating_mul(i64::from(sheet.quantity));
    let mut facts = vec![
        fact(
            say.it("list-price"),
            Cell::minor(total, &sheet.currency).below(say.cycle(&sheet.cycle_unit, sheet.cycle_count)),
        ),
        fact(say.it("service-begun"), Cell::day(Some(sheet.start_on))),
        fact(say.it("service-billed-through"), Cell::day(sheet.billed_through)),
    ];
    if sheet.cancel_on.is_some() {
        facts.push(fact(say.it("service-cancelled-on"), Cell::day(sheet.cancel_on)));
    }
    let steps = sheet.price_trace.as_array().cloned();
    for step in steps.unwrap_or_else(|| vec![sheet.price_trace.clone()]) {
        facts.extend(traced(say, &step));
    }
    facts
}

/// An amount as the pricing function writes it.
fn written(value: Option<&Value>) -> Option<Cell> {
    let (amount, code) = (value?.get("amount")?.as_str()?, value?.get("currency")?.as_str()?);
    let money = Currency::parse(code).and_then(|currency| Money::parse(amount, currency));
    money.ok().map(Cell::money)
}

/// How the price came about: the plan's version, then each option.
fn traced(say: Say<'_>, step: &Value) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(base) = written(step.get("base")) {
        let version = step.get("price_version").and_then(Value::as_i64).unwrap_or_default();
        let label = say.with("service-price-base", &[("version", &version.to_string())]);
        facts.push(fact(label, base));
    }
    for option in step.get("options").and_then(Value::as_array).into_iter().flatten() {
        let name = ["name", "option", "key"]
            .iter()
            .find_map(|key| option.get(key)?.as_str());
        let cell = ["amount", "unit", "price"]
            .iter()
            .find_map(|key| written(option.get(key)));
        let label = name.map_or_else(|| say.it("service-price-part"), str::to_owned);
        facts.push(fact(label, cell.unwrap_or_else(|| Cell::quiet(option.to_string()))));
    }
    facts
}

fn operations_block(app: &App, chrome: &Chrome, say: Say<'_>, read: &Read) -> Block {
    let rows = read
        .operations
        .iter()
        .map(|row| {
            Row::to(
                format_args!("/admin/provisioning/{}", row.id),
                vec![
                    Cell::text(kind_name(app, chrome, &row.kind)),
                    Cell::quiet(say.waits(row.reason.as_deref(), &row.step)),
                    Cell::at(row.created_at),
                    Cell::badge(status::operation(&row.status)),
                ],
            )
        })
        .collect();
    let labels = [
        say.it("list-kind"),
        say.it("list-step"),
        say.it("list-since"),
        say.it("list-status"),
    ];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Block::table(
        say.it("menu-provisioning"),
        Table::new(&labels, rows, say.it("list-no-operations")),
    )
    .with_link(
        say.it("ui-view-all"),
        format_args!("/admin/provisioning?service={}", read.service.id),
    )
}

fn billed_table(say: Say<'_>, read: &Read) -> Table {
    let rows = read
        .billed
        .iter()
        .map(|row| {
            let badge = status::invoice(InvoiceState {
                document: &row.status,
                payment: &row.payment_status,
                collection: &row.collection_status,
                due: row.due_on,
                today: read.today,
            });
            Row::plain(vec![
                Cell::text(row.number.as_deref().unwrap_or("-")),
                Cell::day(row.period_from),
                Cell::day(row.period_to),
                Cell::minor(row.amount_minor, &row.currency),
                Cell::badge(badge),
            ])
        })
        .collect();
    let labels = [
        say.it("list-number"),
        say.it("invoice-from"),
        say.it("invoice-to-day"),
        format!(">{}", say.it("invoice-amount")),
        say.it("list-status"),
    ];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Table::new(&labels, rows, say.it("service-no-invoices"))
}

fn acts(say: Say<'_>, read: &Read) -> Vec<Act> {
    let service = &read.service;
    let reason = || Field::text("reason", say.it("tenants-reason"), "");
    let act = |verb: &str, icon: &'static str, danger: bool, fields: Vec<Field>| Act {
        id: verb.to_owned(),
        label: say.it(&format!("service-{verb}")),
        title: say.with(&format!("service-{verb}-title"), &[("name", &service.label)]),
        text: say.it(&format!("service-{verb}-text")),
        path: format!("/admin/services/{}/{verb}", service.id),
        danger,
        icon,
        fields,
        type_name: (verb == "terminate").then(|| service.label.clone()),
    };
    let by_staff = read
        .suspensions
        .iter()
        .any(|row| row.cause == "staff" && row.lifted_at.is_none());
    let mut acts = Vec::new();
    if service.panel_ref.is_some() && service.status != "terminated" {
        acts.push(act("refresh", "refresh", false, Vec::new()));
    }
    if by_staff {
        acts.push(act("lift", "player-play", false, Vec::new()));
    } else if ["active", "suspended"].contains(&service.status.as_str()) {
        acts.push(act("suspend", "player-pause", true, vec![reason()]));
    }
    if ["active", "suspended", "failed"].contains(&service.status.as_str()) {
        acts.push(act("terminate", "trash", true, vec![reason()]));
    }
    acts
}

/// `POST /admin/services/{id}/{verb}`
pub async fn act(
    State(app): State<App>,
    staff: Staff<WriteServices>,
    asked: Asked,
    Path((id, verb)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let known = ["suspend", "lift", "terminate", "refresh"].contains(&verb.as_str());
    let (Ok(id), true) = (id.parse::<ServiceId>(), known) else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "services").await;
    let say = Say(&app, &chrome);
    let why = match done(&app, &staff, say, id, &verb, &typed).await {
        Ok(None) => {
            page::flash(&staff.session, Tone::Success, say.it(&format!("service-{verb}-done"))).await;
            return Redirect::to(&format!("/admin/services/{id}")).into_response();
        }
        Ok(Some(why)) => why,
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => match say.refusal(&error) {
            Some(why) => why,
            None => return internal(error),
        },
    };
    match detail(&app, &staff, &chrome, id).await {
        Ok(mut context) => {
            context.refuse(&verb, &typed, why);
            Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
        }
        Err(error) => internal(error),
    }
}

/// Does it, or says what is missing.
async fn done(
    app: &App,
    staff: &Staff<WriteServices>,
    say: Say<'_>,
    id: ServiceId,
    verb: &str,
    typed: &Typed,
) -> Result<Option<String>, BillingError> {
    let field = |name: &str| typed.get(name).map_or("", |value| value.trim());
    let reason = Some(field("reason")).filter(|reason| !reason.is_empty());
    if verb == "refresh" {
        return usage::refresh(&app.workshop(), &staff.scope, id).await.map(|_| None);
    }
    let mut tx = app.tenancy().begin(&staff.scope).await?;
    let found = service::find(&mut tx, id)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    match (verb, reason) {
        ("lift", _) => suspension::lift(&mut tx, id, "staff").await?,
        (_, None) => return Ok(Some(say.it("refused-no-reason"))),
        ("suspend", Some(reason)) => suspension::suspend(&mut tx, id, "staff", None, reason).await?,
        (_, Some(reason)) => {
            if field("confirm_name") != found.label {
                return Ok(Some(say.it("refused-name-differs")));
            }
            service::want_termination(&mut tx, id, reason).await?;
        }
    }
    tx.commit().await?;
    Ok(None)
}
