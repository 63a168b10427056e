//! Invoices: issued once per period, numbered without gaps, never changed afterwards.

mod allocation;
mod document;
pub mod list;
mod read;
mod void;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use platform::event::{self, NewEvent};
use platform::money::Money;
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::account::{self, Account};
use tenancy::{AccountId, TenantTx};

pub(crate) use allocation::{after_allocation, allocate, derive_status};
pub use document::{Document, document, keep_document};
pub use read::{InvoiceFilter, find, lines, lines_of, list, locked};
pub use void::void;

use crate::error::currency;
use crate::ids::{InvoiceId, LineId, OrderId, SubscriptionId};
use crate::ledger::{self, Book, Posting};
use crate::{BillingError, credit};

/// Whether the invoice `i` is of an order of which nothing could be delivered: SQL. Nobody owes it, until
/// somebody builds it after all.
pub(crate) const UNDELIVERED: &str = undelivered!();

/// The key of what was taken off an invoice because it was not delivered.
pub(crate) fn taken_off_key(id: InvoiceId) -> String {
    format!("undelivered:{id}")
}

/// The key of what was taken off an invoice because no gateway moves so little.
pub(crate) fn rounded_off_key(id: InvoiceId) -> String {
    format!("rounded_off:{id}")
}

/// A line to issue.
#[derive(Debug, Clone)]
pub struct DraftLine {
    /// recurring, stub, setup, once or manual.
    pub kind: &'static str,
    /// What it bills.
    pub subscription: Option<SubscriptionId>,
    /// vps, dedicated, ...: which revenue it is.
    pub product_kind: String,
    /// First line.
    pub description: String,
    /// Second line.
    pub detail: String,
    /// Half-open.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// How many.
    pub quantity: i64,
    /// Each.
    pub unit: Money,
    /// All.
    pub amount: Money,
    /// How the amount came about.
    pub explain: Value,
}

/// An invoice.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Invoice {
    /// Key.
    pub id: InvoiceId,
    /// Account.
    pub account_id: AccountId,
    /// Order that caused it.
    pub order_id: Option<OrderId>,
    /// Gapless number; none for a draft.
    pub number: Option<String>,
    /// draft, issued, void.
    pub status: String,
    /// unpaid, processing, partly_paid, paid, ...
    pub payment_status: String,
    /// none, overdue, promised, written_off; undelivered where nothing of its order could be delivered.
    pub collection_status: String,
    /// Currency.
    pub currency: String,
    /// Before tax.
    pub subtotal_minor: i64,
    /// Tax.
    pub tax_minor: i64,
    /// Total.
    pub total_minor: i64,
    /// Paid or covered by credit.
    pub allocated_minor: i64,
    /// Of it what was taken off: not delivered, or less than a gateway can move.
    pub credited_minor: i64,
    /// Sent back.
    pub refunded_minor: i64,
    /// Day of issue.
    pub issued_on: Option<NaiveDate>,
    /// Due day.
    pub due_on: Option<NaiveDate>,
    /// When paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// Seller, frozen.
    pub seller: Option<Value>,
    /// Buyer, frozen.
    pub buyer: Option<Value>,
    /// Why the tax is what it is.
    pub tax_note: Option<String>,
    /// When it was voided.
    pub voided_at: Option<DateTime<Utc>>,
    /// Why it was voided.
    pub void_reason: Option<String>,
    /// When made.
    pub created_at: DateTime<Utc>,
}

impl Invoice {
    /// What is still to be paid.
    ///
    /// # Errors
    /// When the row's amounts make no sense.
    pub fn due(&self) -> Result<Money, BillingError> {
        Ok(Money::new(
            self.total_minor - self.allocated_minor,
            currency(&self.currency)?,
        )?)
    }
}

/// A line of an issued invoice.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Line {
    /// recurring, stub, setup, once or manual.
    pub kind: String,
    /// What it bills.
    pub subscription_id: Option<SubscriptionId>,
    /// First line.
    pub description: String,
    /// Second line.
    pub detail: String,
    /// From.
    pub period_from: Option<NaiveDate>,
    /// To, exclusive.
    pub period_to: Option<NaiveDate>,
    /// How many.
    pub quantity: i64,
    /// Each.
    pub unit_minor: i64,
    /// All.
    pub amount_minor: i64,
    /// Tax on it.
    pub tax_minor: i64,
    /// How the amount came about.
    pub explain: Value,
}

pub(crate) const COLUMNS: &str = concat!(
    "SELECT i.id, i.account_id, i.order_id, i.number, i.status, i.payment_status, ",
    collection!(),
    ", i.currency, i.subtotal_minor, i.tax_minor, i.total_minor, i.allocated_minor, coalesce(i.credited_minor, 0) AS credited_minor, \
     i.refunded_minor, i.issued_on, i.due_on, i.paid_at, i.seller, i.buyer, i.tax_note, i.voided_at, i.void_reason, i.created_at \
     FROM invoices i"
);

/// Issues what is missing of `lines`; none when every line exists already.
///
/// One transaction: lines, postings, credit applied, and the number last, under its own lock.
///
/// # Errors
/// When a line is in another currency than the account.
pub async fn issue(
    tx: &mut TenantTx,
    account: AccountId,
    order: Option<OrderId>,
    lines: Vec<DraftLine>,
    due_on: NaiveDate,
) -> Result<Option<Invoice>, BillingError> {
    let buyer = lock_account(tx, account).await?;
    let lines = missing(tx, lines).await?;
    if lines.is_empty() {
        return Ok(None);
    }
    let unit = currency(&buyer.currency)?;
    let total = Money::sum(unit, lines.iter().map(|line| line.amount))?;
    let id: InvoiceId = tx.new_id();
    let (now, today) = (tx.now(), tx.today());
    let seller = seller(tx);
    sqlx::query(
        "INSERT INTO invoices (id, account_id, order_id, status, payment_status, currency, subtotal_minor, tax_minor, total_minor, \
         due_on, seller, buyer, tax_note, created_at) VALUES ($1, $2, $3, 'draft', 'unpaid', $4, $5, 0, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(account)
    .bind(order)
    .bind(unit.code())
    .bind(total.minor)
    .bind(due_on)
    .bind(seller)
    .bind(json!({ "name": buyer.name, "lines": buyer.address_lines(), "vat_id": buyer.vat_id, "email": buyer.email }))
    .bind("No tax rule of the seller matches this buyer, so no tax is charged.")
    .bind(now)
    .execute(tx.connection())
    .await?;
    insert_lines(tx, id, &lines).await?;
    let mut entries = vec![(Book::Receivable(account), total)];
    entries.extend(
        lines
            .iter()
            .map(|line| (Book::Revenue(line.product_kind.clone()), line.amount.negated())),
    );
    let posting = Posting {
        key: format!("invoice:{id}"),
        kind: "invoice.issued",
        source: id.to_string(),
        on: today,
        entries,
    };
    ledger::post(tx, &posting).await?;
    credit::use_on(tx, id, account, total, buyer.credit_minor).await?;
    let number = next_number(tx).await?;
    sqlx::query("UPDATE invoices SET status = 'issued', number = $2, issued_on = $3, issued_at = $4 WHERE id = $1")
        .bind(id)
        .bind(&number)
        .bind(today)
        .bind(now)
        .execute(tx.connection())
        .await?;
    let payload = json!({ "id": id, "number": number, "account": account, "total": total });
    event::publish(
        tx,
        &[NewEvent::new("invoice.created", id, payload).for_account(account.uuid())],
    )
    .await?;
    after_allocation(tx, id).await?;
    find(tx, id).await
}

async fn lock_account(tx: &mut TenantTx, id: AccountId) -> Result<Account, BillingError> {
    sqlx::query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(tx.connection())
        .await?;
    account::find(tx, id).await?.ok_or(BillingError::NotFound("account"))
}

/// Leaves out lines that exist: a second run inserts nothing.
async fn missing(tx: &mut TenantTx, lines: Vec<DraftLine>) -> Result<Vec<DraftLine>, BillingError> {
    let ids: Vec<SubscriptionId> = lines.iter().filter_map(|line| line.subscription).collect();
    let known: Vec<(SubscriptionId, String, Option<NaiveDate>)> =
        sqlx::query_as("SELECT subscription_id, kind, period_from FROM invoice_lines WHERE subscription_id = ANY($1)")
            .bind(&ids)
            .fetch_all(tx.connection())
            .await?;
    let is_new = |line: &DraftLine| {
        !known.iter().any(|(subscription, kind, from)| {
            Some(*subscription) == line.subscription && kind == line.kind && *from == line.period.map(|p| p.0)
        })
    };
    Ok(lines.into_iter().filter(is_new).collect())
}

fn seller(tx: &TenantTx) -> Value {
    let tenant = tx.tenant();
    let settings = &tenant.settings;
    let name = if settings.legal_name.is_empty() {
        &tenant.name
    } else {
        &settings.legal_name
    };
    json!({ "name": name, "lines": settings.address, "vat_id": settings.vat_id, "country": settings.country })
}

async fn insert_lines(tx: &mut TenantTx, invoice: InvoiceId, lines: &[DraftLine]) -> Result<(), BillingError> {
    for (position, line) in lines.iter().enumerate() {
        let id: LineId = tx.new_id();
        sqlx::query(
            "INSERT INTO invoice_lines (id, invoice_id, position, kind, subscription_id, description, detail, period_from, period_to, \
             quantity, unit_minor, amount_minor, explain) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(id)
        .bind(invoice)
        .bind(i32::try_from(position).unwrap_or(i32::MAX))
        .bind(line.kind)
        .bind(line.subscription)
        .bind(&line.description)
        .bind(&line.detail)
        .bind(line.period.map(|p| p.0))
        .bind(line.period.map(|p| p.1))
        .bind(line.quantity)
        .bind(line.unit.minor)
        .bind(line.amount.minor)
        .bind(&line.explain)
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// Takes the next number under the series' row lock; a rolled-back transaction gives it back.
async fn next_number(tx: &mut TenantTx) -> Result<String, BillingError> {
    let number = account::next_number(tx, "invoice", 1).await?;
    let prefix = tx.tenant().settings.invoice_prefix.clone();
    Ok(format!("{prefix}{}-{number:04}", tx.today().year()))
}
