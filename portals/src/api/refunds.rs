//! Refunds and credit.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use billing::credit::{self, Credit, Kind, NewCredit};
use billing::refund::{self, Destination, NewRefund, Refund, RefundFilter};
use http::StatusCode;
use platform::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::AccountId;
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;

type Answer<T> = Result<Json<T>, ApiError>;
type Created<T> = Result<(StatusCode, Json<T>), ApiError>;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = Doc::new;
    let read = Some("billing.read");
    e.get(
        "/refunds",
        doc("Lists refunds, newest first", "payments.read", read)
            .lists::<RefundView>()
            .filter("account", "account id")
            .filter("invoice", "invoice id")
            .filter("payment", "payment id"),
        refunds,
    )
    .get(
        "/refunds/{id}",
        doc("Reads a refund", "payments.read", read).gives::<RefundView>(),
        refund_by_id,
    )
    .post(
        "/refunds",
        doc(
            "Sends money back to where it came from, or as credit",
            "payments.write",
            None,
        )
        .takes::<RefundInput>()
        .gives::<RefundView>()
        .status(201),
        give_back,
    )
    .get(
        "/credits",
        doc("Lists changes of credit, newest first", "invoices.read", read)
            .lists::<CreditView>()
            .filter("account", "account id")
            .filter("invoice", "invoice id"),
        credits,
    )
    .get(
        "/credits/{id}",
        doc("Reads a change of credit", "invoices.read", read).gives::<CreditView>(),
        credit_by_id,
    )
    .post(
        "/credits",
        doc("Gives or takes an account's credit", "invoices.write", None)
            .takes::<CreditInput>()
            .gives::<CreditView>()
            .status(201),
        give_credit,
    )
}

/// The caller's own key of a request: the same key is the same deed, also after a crash.
pub(super) fn request_key(caller: &ApiCaller, headers: &HeaderMap) -> Option<String> {
    let key = headers.get("idempotency-key")?.to_str().ok()?;
    Some(format!("api:{}:{key}", caller.0.token))
}

/// An amount as the API takes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneyInput {
    amount: String,
    currency: String,
}

impl MoneyInput {
    /// The amount, or which field is wrong.
    pub(super) fn read(&self, field: &str) -> Result<Money, ApiError> {
        let currency = Currency::parse(&self.currency)
            .map_err(|_| ApiError::field(format!("{field}.currency"), "There is no such currency."))?;
        Money::parse(&self.amount, currency)
            .map_err(|_| ApiError::field(format!("{field}.amount"), "Use a decimal number such as 12.34."))
    }
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundView {
    id: String,
    account: String,
    invoice: String,
    payment: String,
    /// created, processing, unknown, succeeded or failed.
    status: String,
    /// source or credit.
    destination: String,
    #[schema(value_type = Object)]
    amount: Money,
    reason: String,
    failure: Option<String>,
    created_by: String,
    created_at: String,
}

fn refund_view(row: Refund) -> Result<RefundView, ApiError> {
    Ok(RefundView {
        id: row.id.to_string(),
        account: row.account_id.to_string(),
        invoice: row.invoice_id.to_string(),
        payment: row.payment_id.to_string(),
        amount: row.amount()?,
        status: row.status,
        destination: row.destination,
        reason: row.reason,
        failure: row.failure_message,
        created_by: row.created_by,
        created_at: super::instant(row.created_at),
    })
}

async fn refunds(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("payments.read", Some("billing.read"))?;
    let filter = RefundFilter {
        account: caller.0.account.or(query.id("account")?),
        invoice: query.id("invoice")?,
        payment: query.id("payment")?,
    };
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = refund::list(&mut tx, &filter, query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    let views = rows.into_iter().map(refund_view).collect::<Result<Vec<_>, _>>()?;
    Ok(body::page(views, query.limit, |v: &RefundView| v.id.clone()))
}

async fn refund_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<RefundView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = refund::find(&mut tx, id)
        .await?
        .filter(|row| caller.0.sees(row.account_id))
        .ok_or(ApiError::NotFound)?;
    caller.need("payments.read", Some("billing.read"))?;
    tx.commit().await?;
    Ok(Json(refund_view(row)?))
}

/// A refund to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundInput {
    payment: String,
    /// None: all that is left.
    amount: Option<MoneyInput>,
    /// source (the default) or credit.
    destination: Option<String>,
    reason: String,
}

async fn give_back(State(app): State<App>, caller: ApiCaller, headers: HeaderMap, bytes: Bytes) -> Created<RefundView> {
    caller.need("payments.write", None)?;
    let input: RefundInput = body::read(&bytes)?;
    let none = || ApiError::field("payment", "There is no such payment.");
    let wrong = || ApiError::field("destination", "Use source or credit.");
    let new = NewRefund {
        payment: input.payment.parse().map_err(|_| none())?,
        amount: input.amount.map(|amount| amount.read("amount")).transpose()?,
        destination: Destination::named(input.destination.as_deref().unwrap_or("source")).ok_or_else(wrong)?,
        reason: input.reason,
        key: request_key(&caller, &headers),
    };
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    billing::payment::find(&mut tx, new.payment).await?.ok_or_else(none)?;
    let begun = refund::begin(&mut tx, &new).await?;
    tx.commit().await?;
    // The answer says what became of it; its job takes over if this stops here.
    let row = refund::drive(app.tenancy(), app.gateways(), caller.scope(), begun.id).await?;
    Ok((StatusCode::CREATED, Json(refund_view(row)?)))
}

/// A change of credit.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditView {
    id: String,
    account: String,
    /// deposit, overpayment, refund, goodwill, applied, returned or withdrawn.
    kind: String,
    /// Positive: more is owed to the account.
    #[schema(value_type = Object)]
    amount: Money,
    invoice: Option<String>,
    payment: Option<String>,
    reason: String,
    created_by: String,
    created_at: String,
}

fn credit_view(row: Credit) -> Result<CreditView, ApiError> {
    Ok(CreditView {
        id: row.id.to_string(),
        account: row.account_id.to_string(),
        amount: row.amount()?,
        kind: row.kind,
        invoice: row.invoice_id.map(|id| id.to_string()),
        payment: row.payment_id.map(|id| id.to_string()),
        reason: row.reason,
        created_by: row.created_by,
        created_at: super::instant(row.created_at),
    })
}

async fn credits(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("invoices.read", Some("billing.read"))?;
    let account = caller.0.account.or(query.id("account")?);
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = credit::list(&mut tx, account, query.id("invoice")?, query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    let views = rows.into_iter().map(credit_view).collect::<Result<Vec<_>, _>>()?;
    Ok(body::page(views, query.limit, |v: &CreditView| v.id.clone()))
}

async fn credit_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<CreditView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = credit::find(&mut tx, id)
        .await?
        .filter(|row| caller.0.sees(row.account_id))
        .ok_or(ApiError::NotFound)?;
    caller.need("invoices.read", Some("billing.read"))?;
    tx.commit().await?;
    Ok(Json(credit_view(row)?))
}

/// A change of credit to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditInput {
    account: String,
    amount: MoneyInput,
    /// deposit (money came another way), goodwill, withdrawn (taken away) or paid_out (sent by hand).
    kind: String,
    reason: String,
}

async fn give_credit(
    State(app): State<App>,
    caller: ApiCaller,
    headers: HeaderMap,
    bytes: Bytes,
) -> Created<CreditView> {
    caller.need("invoices.write", None)?;
    let input: CreditInput = body::read(&bytes)?;
    let none = || ApiError::field("account", "There is no such account.");
    let wrong = || ApiError::field("kind", "Use deposit, goodwill, withdrawn or paid_out.");
    let account: AccountId = input.account.parse().map_err(|_| none())?;
    let new = NewCredit {
        account,
        amount: input.amount.read("amount")?,
        kind: Kind::named(&input.kind).ok_or_else(wrong)?,
        reason: input.reason,
        key: request_key(&caller, &headers),
    };
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    tenancy::account::find(&mut tx, account).await?.ok_or_else(none)?;
    let row = credit::give(&mut tx, &new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(credit_view(row)?)))
}
