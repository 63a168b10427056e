//! `/admin/payments`: money in, attempt by attempt.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::ids::PaymentId;
use billing::payment::list::{Row as Listed, Search, browse};
use billing::payment::{self, Payment};
use billing::refund::{self, RefundFilter};
use billing::{BillingError, gateway, invoice, payment_method};
use chrono::{DateTime, Utc};
use http::StatusCode;
use platform::money::Money;
use platform::views::{Context, Page, Tone};
use serde::Serialize;
use tenancy::extract::Staff;
use tenancy::permission::{ReadPayments, WritePayments};
use tenancy::{TenantTx, account};

use crate::account::invoice::{failure, method_name};
use crate::app::App;
use crate::kit::parts::Crumb;
use crate::status::{self, Badge};
use crate::web::answer::{Html, internal, not_found};
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked, flash};

const LIST: Spec = Spec {
    path: "/admin/payments",
    title: "menu-payments",
    search: Some("list-search-payments"),
    filters: &[
        Filter::Choice(
            "status",
            "list-status",
            &[
                ("succeeded", "status-succeeded"),
                ("open", "status-processing"),
                ("failed", "status-failed"),
                ("cancelled", "status-cancelled"),
                ("refunded", "status-refunded"),
            ],
        ),
        Filter::Days("begun", "payments-begun"),
        Filter::Kept("account"),
    ],
    columns: &[
        Column::new("payments-begun").sort("begun").phone(Place::Below),
        Column::new("list-buyer").phone(Place::Main),
        Column::new("payments-invoice").phone(Place::Hidden),
        Column::new("payments-way").phone(Place::Hidden),
        Column::new("invoice-amount").end().phone(Place::End),
        Column::new("list-status").phone(Place::BelowEnd),
    ],
    sort: "-begun",
    empty: Empty {
        icon: "credit-card",
        title: "payments-none",
        text: "payments-none-text",
        action: None,
    },
};

/// `GET /admin/payments`
pub async fn list(State(app): State<App>, staff: Staff<ReadPayments>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let (from, to) = wish.days("begun");
    let search = Search {
        account: wish.id("account"),
        state: wish.choice("status"),
        from,
        to,
        typed: wish.typed(),
    };
    let chrome = page::admin(&app, &staff, &asked, "payments").await;
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let found = browse(&mut tx, &search, &wish.window()).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(found.map(|paid| row(&app, &chrome, &paid)))
    };
    match read.await {
        Ok(found) => list::show(&app, &chrome, &ListPage::new(&app, &chrome, &LIST, &wish, found)),
        Err(error) => internal(error),
    }
}

fn row(app: &App, page: &Page, paid: &Listed) -> Row {
    Row::to(
        format!("/admin/payments/{}", paid.id),
        vec![
            Cell::at(paid.created_at),
            Cell::text(&paid.account_name),
            Cell::text(paid.number.as_deref().unwrap_or("-")).to(format!("/admin/invoices/{}", paid.invoice_id)),
            Cell::quiet(way(app, page, &paid.mode)),
            Cell::minor(paid.amount_minor, &paid.currency),
            Cell::badge(badge(&paid.status, paid.refunded_minor, paid.amount_minor)),
        ],
    )
}

fn way(app: &App, page: &Page, mode: &str) -> String {
    let key = match mode {
        "manual" => "pay-by-hand",
        "redirect" => "pay-by-page",
        _ => "pay-by-saved",
    };
    app.say(page, key, &[])
}

fn badge(status: &str, refunded: i64, amount: i64) -> Badge {
    if status == "succeeded" && refunded == amount {
        status::payment("refunded")
    } else {
        status::payment(status)
    }
}

/// One payment.
#[derive(Debug, Serialize)]
struct PaymentPage {
    crumbs: Vec<Crumb>,
    id: String,
    badge: Badge,
    amount: Money,
    refunded: Option<Money>,
    fee: Option<Money>,
    facts: Vec<(String, String, Option<String>)>,
    begun_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    failure: Option<String>,
    refunds: Vec<RefundRow>,
    refund_path: Option<String>,
    ask_path: Option<String>,
}

#[derive(Debug, Serialize)]
struct RefundRow {
    at: DateTime<Utc>,
    reason: String,
    by: String,
    amount: Money,
    badge: Badge,
}

impl Context for PaymentPage {
    const TEMPLATE: &'static str = "admin/payment.html";
}

/// `GET /admin/payments/{id}`
pub async fn show(
    State(app): State<App>,
    staff: Staff<ReadPayments>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<PaymentId>() else {
        return not_found();
    };
    let page = page::admin(&app, &staff, &asked, "payments").await;
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let Some(paid) = payment::find(&mut tx, id).await? else {
            return Ok(None);
        };
        let context = context(&app, &page, &mut tx, &paid).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(Some(context))
    };
    match read.await {
        Ok(Some(context)) => Html::show(&app, StatusCode::OK, &context, &page),
        Ok(None) => not_found(),
        Err(error) => internal(error),
    }
}

async fn context(app: &App, page: &Page, tx: &mut TenantTx, paid: &Payment) -> Result<PaymentPage, BillingError> {
    let amount = paid.amount()?;
    let money = |minor| Money::new(minor, amount.currency);
    let filter = RefundFilter {
        payment: Some(paid.id),
        ..RefundFilter::default()
    };
    let mut refunds = Vec::new();
    for row in refund::list(tx, &filter, 100, None).await? {
        refunds.push(RefundRow {
            at: row.created_at,
            amount: row.amount()?,
            badge: status::payment(&row.status),
            reason: row.reason,
            by: row.created_by,
        });
    }
    let open = !["succeeded", "failed", "cancelled"].contains(&paid.status.as_str());
    Ok(PaymentPage {
        crumbs: vec![
            Crumb {
                label: app.say(page, "menu-payments", &[]),
                path: Some(LIST.path.into()),
            },
            Crumb {
                label: paid.id.to_string(),
                path: None,
            },
        ],
        id: paid.id.to_string(),
        badge: badge(&paid.status, paid.refunded_minor, paid.amount_minor),
        refunded: Some(money(paid.refunded_minor)?).filter(|refunded| refunded.is_positive()),
        fee: paid.fee_minor.map(money).transpose()?,
        facts: facts(app, page, tx, paid).await?,
        begun_at: paid.created_at,
        settled_at: paid.settled_at,
        failure: failure(app, page, paid),
        refunds,
        refund_path: (paid.status == "succeeded" && paid.refunded_minor < paid.amount_minor)
            .then(|| format!("/admin/invoices/{}?payment={}#refund", paid.invoice_id, paid.id)),
        ask_path: open.then(|| format!("/admin/payments/{}/ask", paid.id)),
        amount,
    })
}

/// Label, value and where it leads.
async fn facts(
    app: &App,
    page: &Page,
    tx: &mut TenantTx,
    paid: &Payment,
) -> Result<Vec<(String, String, Option<String>)>, BillingError> {
    let say = |key: &str| app.say(page, key, &[]);
    let owner = account::find(tx, paid.account_id).await?;
    let row = invoice::find(tx, paid.invoice_id).await?;
    let mut facts = vec![
        (
            say("list-buyer"),
            owner.map(|owner| owner.name).unwrap_or_default(),
            Some(format!("/admin/customers/{}", paid.account_id)),
        ),
        (
            say("payments-invoice"),
            row.and_then(|row| row.number).unwrap_or_default(),
            Some(format!("/admin/invoices/{}", paid.invoice_id)),
        ),
        (say("payments-way"), way(app, page, &paid.mode), None),
    ];
    if let Some(id) = paid.payment_method_id
        && let Some(method) = payment_method::find(tx, id).await?
    {
        let name = method_name(app, page, &method.brand, &method.last4);
        facts.push((say("invoice-method"), name, None));
    }
    if let Some(id) = paid.gateway_id
        && let Some(gateway) = gateway::find(tx, id).await?
    {
        facts.push((say("payments-gateway"), gateway.name, None));
    }
    let texts = [
        ("payments-reference", paid.reference.clone()),
        ("payments-provider", paid.provider_ref.clone()),
        ("payments-session", paid.session_ref.clone()),
    ];
    facts.extend(
        texts
            .into_iter()
            .filter_map(|(key, text)| Some((say(key), text?, None))),
    );
    Ok(facts)
}

/// `POST /admin/payments/{id}/ask`: what does the gateway say now?
pub async fn ask(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<PaymentId>() else {
        return not_found();
    };
    let page = page::admin(&app, &staff, &asked, "payments").await;
    let (tone, key) = match payment::ask(app.tenancy(), app.gateways(), &staff.scope, id).await {
        Ok(()) => (Tone::Success, "payments-asked"),
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(BillingError::Conflict(..)) => (Tone::Warning, "pay-gateway-away"),
        Err(error) => return internal(error),
    };
    flash(&staff.session, tone, app.say(&page, key, &[])).await;
    Redirect::to(&format!("/admin/payments/{id}")).into_response()
}

/// A value of the page, for tests that draw every page.
#[cfg(test)]
pub fn sample(currency: platform::money::Currency) -> impl Context {
    let money = |minor| Money { minor, currency };
    let at = crate::kit::samples::moment();
    PaymentPage {
        crumbs: vec![Crumb {
            label: "Payments".into(),
            path: Some(LIST.path.into()),
        }],
        id: "pay_sample".into(),
        badge: status::payment("succeeded"),
        amount: money(4724),
        refunded: Some(money(400)),
        fee: Some(money(159)),
        facts: vec![("Customer".into(), "Hall & Sons".into(), Some("#".into()))],
        begun_at: at,
        settled_at: Some(at),
        failure: Some("The card was declined.".into()),
        refunds: vec![RefundRow {
            at,
            reason: "asked for".into(),
            by: "Dana Krause".into(),
            amount: money(400),
            badge: status::payment("succeeded"),
        }],
        refund_path: Some("#".into()),
        ask_path: Some("#".into()),
    }
}
