//! Payments: charged, paid on a page, received by hand.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use billing::payment::{self, Payment, Received};
use billing::payment_method;
use http::StatusCode;
use platform::money::Money;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::permission::CHARGE_SAVED;
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use super::refunds::{MoneyInput, request_key};
use crate::app::App;

type Answer<T> = Result<Json<T>, ApiError>;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = Doc::new;
    let read = Some("billing.read");
    e.post(
        "/invoices/{id}/payment",
        doc(
            "Pays what is due with a saved method",
            "payments.write",
            Some("billing.manage"),
        )
        .may_take::<PayInput>()
        .gives::<PaymentView>()
        .status(201),
        pay,
    )
    .get(
        "/payments",
        doc("Lists payments, newest first", "payments.read", read)
            .lists::<PaymentView>()
            .filter("account", "account id")
            .filter("invoice", "invoice id"),
        payments,
    )
    .get(
        "/payments/{id}",
        doc("Reads a payment", "payments.read", read).gives::<PaymentView>(),
        payment_by_id,
    )
    .post(
        "/payments",
        doc("Records money that came without a gateway", "payments.write", None)
            .takes::<ReceivedInput>()
            .gives::<PaymentView>()
            .status(201),
        record,
    )
}

/// How to pay.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayInput {
    /// None: the default method.
    payment_method: Option<String>,
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentView {
    id: String,
    account: String,
    invoice: String,
    gateway: Option<String>,
    payment_method: Option<String>,
    /// charge, hold, redirect (a page of the gateway) or manual (received by hand).
    mode: String,
    status: String,
    #[schema(value_type = Object)]
    amount: Money,
    #[schema(value_type = Object)]
    refunded: Money,
    /// How it came, where it was received by hand.
    reference: Option<String>,
    failure: Option<String>,
    created_at: String,
}

fn payment_view(row: Payment) -> Result<PaymentView, ApiError> {
    let amount = row.amount()?;
    Ok(PaymentView {
        id: row.id.to_string(),
        account: row.account_id.to_string(),
        invoice: row.invoice_id.to_string(),
        gateway: row.gateway_id.map(|id| id.to_string()),
        payment_method: row.payment_method_id.map(|id| id.to_string()),
        mode: row.mode,
        status: row.status,
        amount,
        refunded: Money::new(row.refunded_minor, amount.currency).map_err(|e| ApiError::Internal(e.to_string()))?,
        reference: row.reference,
        failure: row.failure_message,
        created_at: super::instant(row.created_at),
    })
}

async fn pay(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<(StatusCode, Json<PaymentView>), ApiError> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = super::invoices::find(&mut tx, &caller, &id).await?;
    caller.need(CHARGE_SAVED.0, Some(CHARGE_SAVED.1))?;
    let input: PayInput = body::read_or_default(&bytes)?;
    let none = || ApiError::field("payment_method", "This account has no such payment method.");
    let method = match input.payment_method {
        Some(text) => text.parse().map_err(|_| none())?,
        None => {
            payment_method::list(&mut tx, row.account_id)
                .await?
                .first()
                .ok_or_else(none)?
                .id
        }
    };
    tx.commit().await?;
    let begun = payment::pay(app.tenancy(), app.gateways(), caller.scope(), row.id, method).await?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let view = payment_view(payment::find(&mut tx, begun).await?.ok_or(ApiError::NotFound)?)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(view)))
}

async fn payments(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("payments.read", Some("billing.read"))?;
    let account = caller.0.account.or(query.id("account")?);
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = payment::list(&mut tx, account, query.id("invoice")?, query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    let views = rows.into_iter().map(payment_view).collect::<Result<Vec<_>, _>>()?;
    Ok(body::page(views, query.limit, |v: &PaymentView| v.id.clone()))
}

async fn payment_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<PaymentView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = payment::find(&mut tx, id)
        .await?
        .filter(|p| caller.0.sees(p.account_id))
        .ok_or(ApiError::NotFound)?;
    caller.need("payments.read", Some("billing.read"))?;
    tx.commit().await?;
    Ok(Json(payment_view(row)?))
}

/// Money that came without a gateway.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedInput {
    invoice: String,
    /// None: all that is due.
    amount: Option<MoneyInput>,
    /// What the statement of the bank says.
    reference: String,
}

async fn record(
    State(app): State<App>,
    caller: ApiCaller,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<(StatusCode, Json<PaymentView>), ApiError> {
    caller.need("payments.write", None)?;
    let input: ReceivedInput = body::read(&bytes)?;
    let none = || ApiError::field("invoice", "There is no such invoice.");
    let new = Received {
        invoice: input.invoice.parse().map_err(|_| none())?,
        amount: input.amount.map(|amount| amount.read("amount")).transpose()?,
        reference: input.reference,
        key: request_key(&caller, &headers),
    };
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    billing::invoice::find(&mut tx, new.invoice).await?.ok_or_else(none)?;
    tx.commit().await?;
    payment::close_page(app.tenancy(), app.gateways(), caller.scope(), new.invoice).await?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let id = payment::record(&mut tx, &new).await?;
    let view = payment_view(payment::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(view)))
}
