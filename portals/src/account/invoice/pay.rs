//! Paying: with a saved method at once, with a new one on the gateway's page, with credit.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::invoice::Invoice;
use billing::payment::{self, PageWish, Payment};
use billing::{BillingError, credit, payment_method};
use platform::views::Tone;
use serde::Deserialize;
use tenancy::extract::Member;
use tenancy::permission::{ManageBilling, ReadBilling};

use super::history::failure;
use super::show::draw;
use super::{Typed, find};
use crate::app::App;
use crate::refusal;
use crate::web::answer::{internal, leave, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked, flash};

/// What is posted.
#[derive(Debug, Deserialize)]
pub struct Fields {
    #[serde(default)]
    method: String,
    automatic: Option<String>,
}

type Payer = Member<ManageBilling>;

async fn invoice_of<P>(app: &App, member: &Member<P>, id: &str) -> Result<Option<Invoice>, BillingError> {
    let mut tx = app.tenancy().begin_read(&member.scope).await?;
    let row = find(&mut tx, member.account, id).await?;
    tx.commit().await?;
    Ok(row)
}

/// `POST /account/invoices/{id}/pay`
pub async fn submit(
    State(app): State<App>,
    member: Payer,
    asked: Asked,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    let row = match invoice_of(&app, &member, &id).await {
        Ok(Some(row)) => row,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let automatic = fields.automatic.is_some();
    let done = match fields.method.strip_prefix("new-") {
        Some(gateway) => on_page(&app, &member, &row, gateway, automatic).await.map(Paid::Leave),
        None => with_saved(&app, &member, &row, &fields.method, automatic)
            .await
            .map(Paid::Saved),
    };
    let page = page::account(&app, &member, &asked, "billing").await;
    let again = async |error: String| {
        let typed = Typed {
            method: fields.method.clone(),
            automatic: Some(automatic),
            error: Some(error),
        };
        draw(&app, &member, &asked, &id, &typed).await
    };
    match done {
        Ok(Paid::Leave(url)) => leave(&app, &page, &url),
        Ok(Paid::Saved(paid)) if ["failed", "requires_action"].contains(&paid.status.as_str()) => {
            let why = failure(&app, &page, &paid).unwrap_or_else(|| app.say(&page, "pay-failed-action", &[]));
            again(why).await
        }
        Ok(Paid::Saved(paid)) => {
            let key = if paid.status == "succeeded" {
                "pay-done"
            } else {
                "pay-under-way"
            };
            flash(&member.session, Tone::Success, app.say(&page, key, &[])).await;
            Redirect::to(&after(&row)).into_response()
        }
        Err(error) => match refusal(&error) {
            Some("pay-nothing-due") => {
                flash(&member.session, Tone::Info, app.say(&page, "pay-nothing-due", &[])).await;
                Redirect::to(&format!("/account/invoices/{}", row.id)).into_response()
            }
            Some(key) => again(app.say(&page, key, &[])).await,
            None => internal(error),
        },
    }
}

enum Paid {
    Leave(String),
    Saved(Box<Payment>),
}

/// Words for a refusal the payer can do something about.
pub(in crate::account) fn refusal(error: &BillingError) -> Option<&'static str> {
    Some(match error {
        BillingError::Conflict("nothing_due", _) => "pay-nothing-due",
        BillingError::Conflict("payment_in_flight", _) => "pay-in-flight",
        BillingError::Conflict("gateway_away", _) => "pay-gateway-away",
        BillingError::Conflict("gateway_refused", _) => "pay-gateway-refused",
        BillingError::Conflict("credit_short", _) => "pay-no-credit",
        BillingError::NotFound("payment method" | "gateway") => "pay-no-method",
        BillingError::Conflict(code, _) if !refusal::is_ours(code) => "refused-other",
        _ => return None,
    })
}

/// Where the payer goes on: to the order that was waiting, else to the invoice.
fn after(row: &Invoice) -> String {
    match row.order_id {
        Some(order) => format!("/account/orders/{order}"),
        None => format!("/account/invoices/{}", row.id),
    }
}

async fn on_page(
    app: &App,
    member: &Payer,
    row: &Invoice,
    gateway: &str,
    automatic: bool,
) -> Result<String, BillingError> {
    let origin = app.tenancy().origin(&member.route.hostname);
    let wish = PageWish {
        invoice: row.id,
        gateway: gateway.parse().map_err(|_| BillingError::NotFound("gateway"))?,
        save: automatic,
        success_url: format!("{origin}/account/invoices/{}/return", row.id),
        cancel_url: format!("{origin}/account/invoices/{}", row.id),
    };
    if automatic {
        switch(app, member, true).await?;
    }
    payment::open_page(app.tenancy(), app.gateways(), &member.scope, &wish).await
}

async fn with_saved(
    app: &App,
    member: &Payer,
    row: &Invoice,
    method: &str,
    automatic: bool,
) -> Result<Box<Payment>, BillingError> {
    let none = || BillingError::NotFound("payment method");
    let method = method.parse().map_err(|_| none())?;
    let mut tx = app.tenancy().begin_read(&member.scope).await?;
    let found = payment_method::find(&mut tx, method).await?;
    found
        .filter(|found| found.account_id == member.account)
        .ok_or_else(none)?;
    tx.commit().await?;
    switch(app, member, automatic).await?;
    let id = payment::pay(app.tenancy(), app.gateways(), &member.scope, row.id, method).await?;
    let mut tx = app.tenancy().begin_read(&member.scope).await?;
    let paid = payment::find(&mut tx, id).await?;
    tx.commit().await?;
    paid.map(Box::new).ok_or(BillingError::NotFound("payment"))
}

async fn switch(app: &App, member: &Payer, on: bool) -> Result<(), BillingError> {
    let mut tx = app.tenancy().begin(&member.scope).await?;
    payment_method::set_auto_pay(&mut tx, member.account, on).await?;
    Ok(tx.commit().await?)
}

/// `POST /account/invoices/{id}/credit`
pub async fn use_credit(State(app): State<App>, member: Payer, asked: Asked, Path(id): Path<String>) -> Response {
    let row = match invoice_of(&app, &member, &id).await {
        Ok(Some(row)) => row,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let page = page::account(&app, &member, &asked, "billing").await;
    let used = async {
        payment::close_page(app.tenancy(), app.gateways(), &member.scope, row.id).await?;
        let mut tx = app.tenancy().begin(&member.scope).await?;
        credit::apply(&mut tx, row.id).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(())
    };
    let (tone, key) = match used.await {
        Ok(()) => (Tone::Success, "pay-credit-used"),
        Err(error) => match refusal(&error) {
            Some(key) => (Tone::Warning, key),
            None => return internal(error),
        },
    };
    flash(&member.session, tone, app.say(&page, key, &[])).await;
    Redirect::to(&format!("/account/invoices/{}", row.id)).into_response()
}

/// `GET /account/invoices/{id}/return`: the payer comes back. Only what the gateway says counts.
pub async fn come_back(
    State(app): State<App>,
    member: Member<ReadBilling>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let row = match invoice_of(&app, &member, &id).await {
        Ok(Some(row)) => row,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    if let Err(error) = payment::refresh(app.tenancy(), app.gateways(), &member.scope, row.id).await {
        tracing::warn!(invoice = %row.id, %error, "a payment could not be asked about; its job will");
    }
    let page = page::account(&app, &member, &asked, "billing").await;
    let now = match invoice_of(&app, &member, &id).await {
        Ok(Some(now)) => now,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let (tone, key) = match now.payment_status.as_str() {
        "paid" => (Tone::Success, "pay-done"),
        "processing" => (Tone::Success, "pay-under-way"),
        _ => (Tone::Info, "pay-not-yet"),
    };
    flash(&member.session, tone, app.say(&page, key, &[])).await;
    Redirect::to(&after(&now)).into_response()
}
