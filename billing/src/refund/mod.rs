//! Refunds: money back to where it came from, or as credit. Never more than was paid, whoever asks at once.
//!
//! The amount is taken off what can be refunded before the gateway is called; the refund's id is the key
//! there, so an answer that was lost is asked about with the same key. Refunds made on the gateway's own
//! pages are seen by its events and booked once.

mod drive;
mod settle;
mod sync;

use std::time::Duration;

use chrono::{DateTime, Utc};
use platform::job::{self, Class, Job, NewJob};
use platform::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::{AccountId, TenantTx, audit};

pub use drive::{drive, drive_job};
pub use sync::sync;

use crate::error::currency;
use crate::ids::{InvoiceId, PaymentId, RefundId};
use crate::ledger::{self, Book, Posting};
use crate::payment::{self, Payment};
use crate::{BillingError, allowance, credit, invoice};

/// A refund.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Refund {
    /// Key; also the idempotency key at the gateway.
    pub id: RefundId,
    /// Payment.
    pub payment_id: PaymentId,
    /// Invoice.
    pub invoice_id: InvoiceId,
    /// Account.
    pub account_id: AccountId,
    /// Amount.
    pub amount_minor: i64,
    /// The part taken from the account's credit: what had been paid too much.
    pub credit_minor: i64,
    /// Currency.
    pub currency: String,
    /// source or credit.
    pub destination: String,
    /// created, processing, unknown, succeeded or failed.
    pub status: String,
    /// The gateway's id.
    pub provider_ref: Option<String>,
    /// Why.
    pub reason: String,
    /// Why it failed.
    pub failure_message: Option<String>,
    /// How often it was asked about.
    pub asks: i32,
    /// By whom.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Refund {
    /// How much.
    ///
    /// # Errors
    /// When the row makes no sense.
    pub fn amount(&self) -> Result<Money, BillingError> {
        Ok(Money::new(self.amount_minor, currency(&self.currency)?)?)
    }

    /// The part that was paid on the invoice.
    fn invoice_part(&self) -> i64 {
        self.amount_minor - self.credit_minor
    }
}

const COLUMNS: &str = "SELECT id, payment_id, invoice_id, account_id, amount_minor, coalesce(credit_minor, 0) AS credit_minor, currency, \
     destination, status, provider_ref, reason, failure_message, coalesce(asks, 0) AS asks, created_by, created_at FROM refunds";

/// Where the money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Back to where it came from.
    Source,
    /// To the account's credit.
    Credit,
}

impl Destination {
    /// The stored word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Credit => "credit",
        }
    }

    /// By its word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "source" => Some(Self::Source),
            "credit" => Some(Self::Credit),
            _ => None,
        }
    }
}

/// A refund to make.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// Of which payment.
    pub payment: PaymentId,
    /// How much; none: all that is left.
    pub amount: Option<Money>,
    /// Where to.
    pub destination: Destination,
    /// Why; the customer reads it.
    pub reason: String,
    /// The same key is the same refund.
    pub key: Option<String>,
}

/// Sends a refund to its gateway, or asks what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DriveRefund {
    /// Which.
    pub refund: RefundId,
}
impl Job for DriveRefund {
    const NAME: &'static str = "drive_refund";
    const CLASS: Class = Class::Critical;
}

/// What of a payment may still go back.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// Altogether.
    pub total_minor: i64,
    /// Of it what was paid on the invoice; the rest became credit.
    pub invoice_minor: i64,
}

/// What of a payment may still go back.
///
/// # Errors
/// When the database refuses.
pub async fn left(tx: &mut TenantTx, payment: &Payment) -> Result<Left, BillingError> {
    let (excess, back): (i64, i64) = sqlx::query_as(
        "SELECT coalesce((SELECT sum(amount_minor) FROM credits WHERE payment_id = $1 AND kind = 'overpayment'), 0)::bigint, \
         coalesce((SELECT sum(amount_minor - coalesce(credit_minor, 0)) FROM refunds WHERE payment_id = $1 AND status <> 'failed'), 0)::bigint",
    )
    .bind(payment.id)
    .fetch_one(tx.connection())
    .await?;
    let total_minor = payment.amount_minor - payment.refunded_minor;
    Ok(Left {
        total_minor,
        invoice_minor: (payment.amount_minor - excess - back).clamp(0, total_minor),
    })
}

/// Begins a refund; its job makes sure that it is driven. Credit and money received by hand are done at once.
///
/// # Errors
/// When the payment did not succeed or is disputed, or more is asked for than is left.
pub async fn begin(tx: &mut TenantTx, new: &NewRefund) -> Result<Refund, BillingError> {
    let reason = new.reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(BillingError::Field("reason", "Say why, in 1 to 500 characters.".into()));
    }
    let paid = payment::locked(tx, new.payment).await?;
    invoice::locked(tx, paid.invoice_id).await?;
    if let Some(known) = by_key(tx, new).await? {
        return Ok(known);
    }
    allowed(tx, &paid).await?;
    let left = left(tx, &paid).await?;
    let unit = currency(&paid.currency)?;
    let most = match new.destination {
        Destination::Source => left.total_minor,
        Destination::Credit => left.invoice_minor,
    };
    let amount = new.amount.unwrap_or(Money::new(most, unit)?);
    if amount.currency != unit {
        let wanted = format!("This payment was made in {}.", unit.code());
        return Err(BillingError::Field("amount", wanted));
    }
    if !amount.is_positive() || amount.minor > most {
        let most = Money::new(most, unit)?.to_decimal_string();
        let wanted = format!("At most {most} {} can be refunded.", unit.code());
        return Err(BillingError::Field("amount", wanted));
    }
    let credit_minor = match new.destination {
        Destination::Credit => 0,
        Destination::Source => from_credit(tx, &paid, left, amount.minor).await?,
    };
    let row = Row {
        amount,
        credit_minor,
        destination: new.destination,
        reason,
        key: new.key.as_deref(),
        provider_ref: None,
    };
    let refund = insert(tx, &paid, &row).await?;
    let detail = json!({ "payment": paid.id, "amount": amount, "to": new.destination.word(), "reason": reason });
    audit::record(tx, "payment.refund_begun", refund.id, detail).await?;
    if new.destination == Destination::Credit || paid.gateway_id.is_none() {
        settle::succeeded(tx, &refund, None).await?;
    } else {
        let drive = NewJob::new(&DriveRefund { refund: refund.id })
            .key(format!("refund:{}", refund.id))
            .after(Duration::from_secs(3));
        job::enqueue(tx, &[drive]).await?;
    }
    allowance::count(tx, refund.id, amount).await?;
    find(tx, refund.id).await?.ok_or(BillingError::NotFound("refund"))
}

async fn by_key(tx: &mut TenantTx, new: &NewRefund) -> Result<Option<Refund>, BillingError> {
    let Some(key) = &new.key else { return Ok(None) };
    let sql = format!("{COLUMNS} WHERE request_key = $1");
    let known: Option<Refund> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key)
        .fetch_optional(tx.connection())
        .await?;
    match known {
        Some(known)
            if known.payment_id != new.payment
                || known.destination != new.destination.word()
                || new.amount.is_some_and(|amount| amount.minor != known.amount_minor) =>
        {
            Err(BillingError::Conflict(
                "key_used",
                "This request was made before with other values.".into(),
            ))
        }
        known => Ok(known),
    }
}

async fn allowed(tx: &mut TenantTx, paid: &Payment) -> Result<(), BillingError> {
    if paid.status != "succeeded" {
        return Err(BillingError::Conflict(
            "not_paid",
            "Only a payment that succeeded can be refunded.".into(),
        ));
    }
    let disputed: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM disputes WHERE payment_id = $1 AND status <> 'won')")
            .bind(paid.id)
            .fetch_one(tx.connection())
            .await?;
    if disputed {
        return Err(BillingError::Conflict(
            "disputed",
            "This payment is disputed: its money has been taken back already.".into(),
        ));
    }
    Ok(())
}

/// What was paid too much goes back first, as far as it is still credit.
async fn from_credit(tx: &mut TenantTx, paid: &Payment, left: Left, amount: i64) -> Result<i64, BillingError> {
    let has: i64 = sqlx::query_scalar("SELECT credit_minor FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(paid.account_id)
        .fetch_one(tx.connection())
        .await?;
    let part = amount.min(left.total_minor - left.invoice_minor).min(has);
    if amount - part > left.invoice_minor {
        return Err(BillingError::Conflict(
            "credit_short",
            "What was paid too much has been used as credit since.".into(),
        ));
    }
    Ok(part)
}

/// A row to write.
struct Row<'a> {
    amount: Money,
    credit_minor: i64,
    destination: Destination,
    reason: &'a str,
    key: Option<&'a str>,
    provider_ref: Option<&'a str>,
}

/// Writes a refund down and takes it off what is left: the table refuses more than was paid.
async fn insert(tx: &mut TenantTx, paid: &Payment, row: &Row<'_>) -> Result<Refund, BillingError> {
    let id: RefundId = tx.new_id();
    let by = tx.actor().to_string();
    sqlx::query("UPDATE payments SET refunded_minor = refunded_minor + $2 WHERE id = $1")
        .bind(paid.id)
        .bind(row.amount.minor)
        .execute(tx.connection())
        .await?;
    sqlx::query(
        "INSERT INTO refunds (id, payment_id, invoice_id, account_id, amount_minor, credit_minor, currency, destination, status, \
         provider_ref, reason, request_key, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'created', $9, $10, $11, $12, $13)",
    )
    .bind(id)
    .bind(paid.id)
    .bind(paid.invoice_id)
    .bind(paid.account_id)
    .bind(row.amount.minor)
    .bind(row.credit_minor)
    .bind(row.amount.currency.code())
    .bind(row.destination.word())
    .bind(row.provider_ref)
    .bind(row.reason)
    .bind(row.key)
    .bind(by)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let refund = find(tx, id).await?.ok_or(BillingError::NotFound("refund"))?;
    take(tx, paid, &refund, row.amount.currency).await?;
    Ok(refund)
}

/// Posts the refund as asked for: off revenue and credit, onto what the gateway is to send (or the credit it becomes).
async fn take(tx: &mut TenantTx, paid: &Payment, refund: &Refund, unit: Currency) -> Result<(), BillingError> {
    let money = |minor| Money::new(minor, unit);
    if refund.credit_minor > 0 {
        let reason = "sent back to where it came from";
        move_credit(tx, refund, -refund.credit_minor, "withdrawn", reason).await?;
    }
    let to = match (refund.destination.as_str(), paid.gateway_id) {
        ("credit", _) => Book::Credit(refund.account_id),
        (_, None) => Book::Received,
        (_, Some(gateway)) => Book::Refunding(gateway),
    };
    let posting = Posting {
        key: format!("refund:{}", refund.id),
        kind: "payment.refund_begun",
        source: refund.id.to_string(),
        on: tx.today(),
        entries: vec![
            (Book::Refunds, money(refund.invoice_part())?),
            (Book::Credit(refund.account_id), money(refund.credit_minor)?),
            (to, money(-refund.amount_minor)?),
        ],
    };
    ledger::post(tx, &posting).await?;
    if refund.destination == "credit" {
        move_credit(tx, refund, refund.amount_minor, "refund", &refund.reason).await?;
    }
    Ok(())
}

async fn move_credit(
    tx: &mut TenantTx,
    refund: &Refund,
    amount_minor: i64,
    kind: &'static str,
    reason: &str,
) -> Result<(), BillingError> {
    let change = credit::Change {
        account: refund.account_id,
        amount_minor,
        currency: currency(&refund.currency)?,
        kind,
        invoice: Some(refund.invoice_id),
        payment: Some(refund.payment_id),
        reason,
        key: None,
    };
    credit::change(tx, &change).await?;
    Ok(())
}

/// A refund by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: RefundId) -> Result<Option<Refund>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// What a list of refunds is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct RefundFilter {
    /// Account.
    pub account: Option<AccountId>,
    /// Invoice.
    pub invoice: Option<InvoiceId>,
    /// Payment.
    pub payment: Option<PaymentId>,
}

/// Refunds newest first.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    filter: &RefundFilter,
    limit: i64,
    after: Option<RefundId>,
) -> Result<Vec<Refund>, BillingError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::uuid IS NULL OR invoice_id = $2) \
         AND ($3::uuid IS NULL OR payment_id = $3) \
         AND ($5::uuid IS NULL OR (created_at, id) < (SELECT r.created_at, r.id FROM refunds r WHERE r.id = $5)) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(filter.account)
        .bind(filter.invoice)
        .bind(filter.payment)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}
