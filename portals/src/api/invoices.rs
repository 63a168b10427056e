//! Invoices, payments and the billing day.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::ids::InvoiceId;
use billing::invoice::{self, Invoice, InvoiceFilter, Line};
use billing::payment::{self, Payment};
use billing::{payment_method, renewal};
use chrono::NaiveDate;
use http::StatusCode;
use platform::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::TenantTx;
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;

type Answer<T> = Result<Json<T>, ApiError>;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = Doc::new;
    let read = Some("billing.read");
    e.get(
        "/invoices",
        doc("Lists invoices, newest first", "invoices.read", read)
            .lists::<InvoiceView>()
            .filter("account", "account id")
            .filter("status", "draft, issued or void")
            .filter("payment_status", "payment status"),
        invoices,
    )
    .get(
        "/invoices/{id}",
        doc("Reads an invoice with its lines", "invoices.read", read).gives::<InvoiceView>(),
        invoice_by_id,
    )
    .post(
        "/invoices/{id}/payment",
        doc(
            "Pays what is due with a saved method",
            "payments.write",
            Some("billing.manage"),
        )
        .takes::<PayInput>()
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
        "/billing_runs",
        doc("Runs the billing day, or plans it", "invoices.write", None)
            .takes::<RunInput>()
            .gives_object()
            .status(201),
        bill,
    )
}

/// A line of an invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineView {
    kind: String,
    description: String,
    detail: String,
    subscription: Option<String>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    quantity: String,
    #[schema(value_type = Object)]
    unit_price: Money,
    #[schema(value_type = Object)]
    amount: Money,
    #[schema(value_type = Object)]
    tax: Money,
    #[schema(value_type = Object)]
    explain: Value,
}

/// An invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceView {
    id: String,
    account: String,
    order: Option<String>,
    number: Option<String>,
    status: String,
    payment_status: String,
    collection_status: String,
    issued_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    lines: Vec<LineView>,
    #[schema(value_type = Object)]
    subtotal: Money,
    #[schema(value_type = Object)]
    tax: Money,
    tax_note: Option<String>,
    #[schema(value_type = Object)]
    total: Money,
    #[schema(value_type = Object)]
    amount_due: Money,
    created_at: String,
}

fn money(minor: i64, currency: Currency) -> Result<Money, ApiError> {
    Money::new(minor, currency).map_err(|e| ApiError::Internal(e.to_string()))
}

fn line_view(line: Line, currency: Currency) -> Result<LineView, ApiError> {
    Ok(LineView {
        kind: line.kind,
        description: line.description,
        detail: line.detail,
        subscription: line.subscription_id.map(|id| id.to_string()),
        from: line.period_from,
        to: line.period_to,
        quantity: line.quantity.to_string(),
        unit_price: money(line.unit_minor, currency)?,
        amount: money(line.amount_minor, currency)?,
        tax: money(line.tax_minor, currency)?,
        explain: line.explain,
    })
}

async fn view(tx: &mut TenantTx, row: Invoice) -> Result<InvoiceView, ApiError> {
    let currency = Currency::parse(&row.currency).map_err(|e| ApiError::Internal(e.to_string()))?;
    let lines = invoice::lines(tx, row.id).await?;
    Ok(InvoiceView {
        id: row.id.to_string(),
        account: row.account_id.to_string(),
        order: row.order_id.map(|id| id.to_string()),
        amount_due: row.due()?,
        number: row.number,
        status: row.status,
        payment_status: row.payment_status,
        collection_status: row.collection_status,
        issued_on: row.issued_on,
        due_on: row.due_on,
        lines: lines
            .into_iter()
            .map(|line| line_view(line, currency))
            .collect::<Result<_, _>>()?,
        subtotal: money(row.subtotal_minor, currency)?,
        tax: money(row.tax_minor, currency)?,
        tax_note: row.tax_note,
        total: money(row.total_minor, currency)?,
        created_at: super::instant(row.created_at),
    })
}

async fn invoices(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("invoices.read", Some("billing.read"))?;
    let filter = InvoiceFilter {
        account: caller.0.account.or(query.id("account")?),
        status: query.filter("status").map(str::to_owned),
        payment_status: query.filter("payment_status").map(str::to_owned),
    };
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let mut views = Vec::new();
    for row in invoice::list(&mut tx, &filter, query.limit + 1, query.after()?).await? {
        views.push(view(&mut tx, row).await?);
    }
    tx.commit().await?;
    Ok(body::page(views, query.limit, |v: &InvoiceView| v.id.clone()))
}

async fn find(tx: &mut TenantTx, caller: &ApiCaller, id: &str) -> Result<Invoice, ApiError> {
    let id: InvoiceId = id.parse().map_err(|_| ApiError::NotFound)?;
    invoice::find(tx, id)
        .await?
        .filter(|i| caller.0.sees(i.account_id))
        .ok_or(ApiError::NotFound)
}

async fn invoice_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<InvoiceView> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = find(&mut tx, &caller, &id).await?;
    caller.need("invoices.read", Some("billing.read"))?;
    let view = view(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Json(view))
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
    status: String,
    #[schema(value_type = Object)]
    amount: Money,
    #[schema(value_type = Object)]
    refunded: Money,
    failure: Option<String>,
    created_at: String,
}

fn payment_view(row: Payment) -> Result<PaymentView, ApiError> {
    let currency = Currency::parse(&row.currency).map_err(|e| ApiError::Internal(e.to_string()))?;
    Ok(PaymentView {
        id: row.id.to_string(),
        account: row.account_id.to_string(),
        invoice: row.invoice_id.to_string(),
        gateway: row.gateway_id.map(|id| id.to_string()),
        payment_method: row.payment_method_id.map(|id| id.to_string()),
        status: row.status,
        amount: money(row.amount_minor, currency)?,
        refunded: money(row.refunded_minor, currency)?,
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
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let row = find(&mut tx, &caller, &id).await?;
    caller.need("payments.write", Some("billing.manage"))?;
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
    let begun = payment::begin(&mut tx, row.id, method, false).await?;
    tx.commit().await?;
    payment::drive(app.tenancy(), app.gateways(), caller.scope(), begun).await?;
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

/// Which day.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunInput {
    on: Option<NaiveDate>,
    #[serde(default)]
    dry_run: bool,
}

async fn bill(State(app): State<App>, caller: ApiCaller, bytes: Bytes) -> Result<(StatusCode, Json<Value>), ApiError> {
    caller.need("invoices.write", None)?;
    let input: RunInput = body::read_or_default(&bytes)?;
    let run = renewal::bill(app.tenancy(), caller.scope(), input.on, input.dry_run).await?;
    Ok((StatusCode::CREATED, Json(json!(run))))
}
