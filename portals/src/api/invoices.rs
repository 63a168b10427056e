//! Invoices, payments and the billing day.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use billing::ids::InvoiceId;
use billing::invoice::{self, Invoice, InvoiceFilter, Line};
use billing::{credit, payment, renewal};
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
use crate::account::invoice::answer_pdf;
use crate::app::App;
use crate::document::PrintError;

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
    .get(
        "/invoices/{id}/pdf",
        doc(
            "Reads the printed invoice: application/pdf, the same bytes for ever",
            "invoices.read",
            read,
        ),
        pdf,
    )
    .post(
        "/invoices/{id}/void",
        doc(
            "Voids an unpaid invoice; credit that was applied goes back",
            "invoices.write",
            None,
        )
        .takes::<VoidInput>()
        .gives::<InvoiceView>(),
        void,
    )
    .post(
        "/invoices/{id}/credit",
        doc(
            "Uses the account's credit on what is due",
            "payments.write",
            Some("billing.manage"),
        )
        .gives::<InvoiceView>(),
        use_credit,
    )
    .post(
        "/billing_runs",
        doc("Runs the billing day, or plans it", "invoices.write", None)
            .may_take::<RunInput>()
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
    /// Nothing of its order could be delivered: nobody owes it.
    undelivered: bool,
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
    #[schema(value_type = Object)]
    amount_refunded: Money,
    /// Taken off, because that part could not be delivered.
    #[schema(value_type = Object)]
    amount_undelivered: Money,
    paid_at: Option<String>,
    voided_at: Option<String>,
    void_reason: Option<String>,
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
    let lines = invoice::lines(tx, row.id).await?;
    with_lines(row, lines)
}

fn with_lines(row: Invoice, lines: Vec<Line>) -> Result<InvoiceView, ApiError> {
    let currency = Currency::parse(&row.currency).map_err(|e| ApiError::Internal(e.to_string()))?;
    let undelivered = row.collection_status == "undelivered";
    Ok(InvoiceView {
        id: row.id.to_string(),
        account: row.account_id.to_string(),
        order: row.order_id.map(|id| id.to_string()),
        amount_due: row.due()?,
        number: row.number,
        status: row.status,
        payment_status: row.payment_status,
        // Nobody follows up what was not delivered.
        collection_status: if undelivered {
            "none".into()
        } else {
            row.collection_status
        },
        undelivered,
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
        amount_refunded: money(row.refunded_minor, currency)?,
        amount_undelivered: money(row.credited_minor, currency)?,
        paid_at: row.paid_at.map(super::instant),
        voided_at: row.voided_at.map(super::instant),
        void_reason: row.void_reason,
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
    let rows = invoice::list(&mut tx, &filter, query.limit + 1, query.after()?).await?;
    let ids: Vec<InvoiceId> = rows.iter().map(|row| row.id).collect();
    let mut lines = invoice::lines_of(&mut tx, &ids).await?;
    tx.commit().await?;
    let views = rows.into_iter().map(|row| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        with_lines(row, lines)
    });
    let views = views.collect::<Result<Vec<_>, _>>()?;
    Ok(body::page(views, query.limit, |v: &InvoiceView| v.id.clone()))
}

pub(super) async fn find(tx: &mut TenantTx, caller: &ApiCaller, id: &str) -> Result<Invoice, ApiError> {
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

async fn pdf(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Result<Response, ApiError> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = find(&mut tx, &caller, &id).await?;
    tx.commit().await?;
    caller.need("invoices.read", Some("billing.read"))?;
    match crate::document::stored(&app, caller.scope(), row.id).await {
        Err(PrintError::Billing(error)) => Err(error.into()),
        Err(error) => Err(ApiError::Internal(error.to_string())),
        stored => Ok(answer_pdf(stored)),
    }
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidInput {
    reason: String,
}

async fn void(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>, bytes: Bytes) -> Answer<InvoiceView> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = find(&mut tx, &caller, &id).await?;
    tx.commit().await?;
    caller.need("invoices.write", None)?;
    let input: VoidInput = body::read(&bytes)?;
    payment::close_page(app.tenancy(), app.gateways(), caller.scope(), row.id).await?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    invoice::void(&mut tx, row.id, &input.reason).await?;
    let row = find(&mut tx, &caller, &id).await?;
    let view = view(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Json(view))
}

async fn use_credit(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<InvoiceView> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = find(&mut tx, &caller, &id).await?;
    tx.commit().await?;
    caller.need("payments.write", Some("billing.manage"))?;
    payment::close_page(app.tenancy(), app.gateways(), caller.scope(), row.id).await?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    credit::apply(&mut tx, row.id).await?;
    let row = find(&mut tx, &caller, &id).await?;
    let view = view(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Json(view))
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
    renewal::within_reach(app.tenancy(), caller.scope(), input.on).await?;
    let run = renewal::bill(app.tenancy(), &caller.scope().for_the_house(), input.on, input.dry_run).await?;
    Ok((StatusCode::CREATED, Json(json!(run))))
}
