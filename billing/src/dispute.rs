//! Disputes: a payer's bank takes money back, for a while or for good. Seen by the gateway's events, booked once.

use chrono::{DateTime, Utc};
use platform::event::{self, NewEvent};
use platform::money::Money;
use serde::Serialize;
use serde_json::json;
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx, task};

use crate::error::currency;
use crate::gateway::{self, DisputeState, GatewayKinds, SeenDispute};
use crate::ids::{DisputeId, GatewayId, InvoiceId, PaymentId};
use crate::ledger::{self, Book, Posting};
use crate::payment::{self, Payment};
use crate::{BillingError, invoice, payment_method};

/// A dispute.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Dispute {
    /// Key.
    pub id: DisputeId,
    /// Payment.
    pub payment_id: PaymentId,
    /// Invoice.
    pub invoice_id: InvoiceId,
    /// Account.
    pub account_id: AccountId,
    /// The gateway's id.
    pub provider_ref: String,
    /// Amount.
    pub amount_minor: i64,
    /// Currency.
    pub currency: String,
    /// The payer's reason, in the gateway's word.
    pub reason: String,
    /// open, won or lost.
    pub status: String,
    /// Until when an answer is taken.
    pub answer_by: Option<DateTime<Utc>>,
    /// When seen.
    pub created_at: DateTime<Utc>,
}

const COLUMNS: &str = "SELECT id, payment_id, invoice_id, account_id, provider_ref, amount_minor, currency, reason, status, answer_by, \
     created_at FROM disputes";

/// Asks the gateway for a payment's disputes and books what is new.
///
/// # Errors
/// When the gateway is away or the database refuses; the caller asks again.
pub async fn sync(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: PaymentId,
) -> Result<(), BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let paid = payment::find(&mut tx, id)
        .await?
        .ok_or(BillingError::NotFound("payment"))?;
    tx.commit().await?;
    let (Some(reference), Some(gateway), "succeeded") = (&paid.provider_ref, paid.gateway_id, paid.status.as_str())
    else {
        return Ok(());
    };
    let (adapter, context) = gateway::open(doors, kinds, scope, gateway).await?;
    let list = adapter
        .disputes(&context, reference)
        .await
        .map_err(payment_method::refused)?;
    for seen in list {
        let mut tx = doors.begin(scope).await?;
        book(&mut tx, id, gateway, &seen).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn book(tx: &mut TenantTx, id: PaymentId, gateway: GatewayId, seen: &SeenDispute) -> Result<(), BillingError> {
    let paid = payment::locked(tx, id).await?;
    invoice::locked(tx, paid.invoice_id).await?;
    let sql = format!("{COLUMNS} WHERE payment_id = $1 AND provider_ref = $2 FOR UPDATE");
    let known: Option<Dispute> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .bind(&seen.reference)
        .fetch_optional(tx.connection())
        .await?;
    let dispute = match known {
        Some(known) => known,
        None => open(tx, &paid, gateway, seen).await?,
    };
    if dispute.status == "open" && seen.state != DisputeState::Open {
        close(tx, &dispute, gateway, seen.state == DisputeState::Won).await?;
    }
    invoice::derive_status(tx, paid.invoice_id).await
}

/// The money is away until it is decided; somebody has to answer in time.
async fn open(
    tx: &mut TenantTx,
    paid: &Payment,
    gateway: GatewayId,
    seen: &SeenDispute,
) -> Result<Dispute, BillingError> {
    let id: DisputeId = tx.new_id();
    sqlx::query(
        "INSERT INTO disputes (id, payment_id, invoice_id, account_id, provider_ref, amount_minor, currency, reason, status, answer_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10)",
    )
    .bind(id)
    .bind(paid.id)
    .bind(paid.invoice_id)
    .bind(paid.account_id)
    .bind(&seen.reference)
    .bind(seen.amount.minor)
    .bind(seen.amount.currency.code())
    .bind(&seen.reason)
    .bind(seen.answer_by)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let fee = Money::new(seen.fee_minor.unwrap_or(0), seen.amount.currency)?;
    let out = seen.amount.add(fee)?;
    let posting = Posting {
        key: format!("dispute:{id}"),
        kind: "payment.disputed",
        source: id.to_string(),
        on: tx.today(),
        entries: vec![
            (Book::Disputed(gateway), seen.amount),
            (Book::Fees(gateway), fee),
            (Book::Clearing(gateway), out.negated()),
        ],
    };
    ledger::post(tx, &posting).await?;
    let reason = format!(
        "The payer's bank took back {} {} ({}). Answer at the gateway in time.",
        seen.amount.to_decimal_string(),
        seen.amount.currency.code(),
        seen.reason
    );
    look(tx, paid.id, id, "A payment is disputed", reason).await?;
    let payload = json!({ "id": id, "payment": paid.id, "invoice": paid.invoice_id, "amount": seen.amount });
    let event = NewEvent::new("payment.disputed", paid.id, payload).for_account(paid.account_id.uuid());
    event::publish(tx, &[event]).await?;
    find(tx, id).await?.ok_or(BillingError::NotFound("dispute"))
}

async fn close(tx: &mut TenantTx, dispute: &Dispute, gateway: GatewayId, won: bool) -> Result<(), BillingError> {
    sqlx::query("UPDATE disputes SET status = $2, closed_at = $3 WHERE id = $1")
        .bind(dispute.id)
        .bind(if won { "won" } else { "lost" })
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    let amount = Money::new(dispute.amount_minor, currency(&dispute.currency)?)?;
    let to = if won { Book::Clearing(gateway) } else { Book::Losses };
    let posting = Posting {
        key: format!("dispute:{}:closed", dispute.id),
        kind: "payment.dispute_closed",
        source: dispute.id.to_string(),
        on: tx.today(),
        entries: vec![(to, amount), (Book::Disputed(gateway), amount.negated())],
    };
    ledger::post(tx, &posting).await?;
    if won {
        task::settle(tx, &format!("dispute:{}", dispute.id)).await?;
    } else {
        let reason = format!(
            "{} {} are lost for good; decide what happens to the services.",
            amount.to_decimal_string(),
            amount.currency.code()
        );
        look(tx, dispute.payment_id, dispute.id, "A dispute was lost", reason).await?;
    }
    let payload = json!({ "id": dispute.id, "payment": dispute.payment_id, "invoice": dispute.invoice_id, "won": won });
    let event =
        NewEvent::new("payment.dispute_closed", dispute.payment_id, payload).for_account(dispute.account_id.uuid());
    Ok(event::publish(tx, &[event]).await?)
}

async fn look(
    tx: &mut TenantTx,
    payment: PaymentId,
    dispute: DisputeId,
    title: &str,
    reason: String,
) -> Result<(), BillingError> {
    let new = task::NewTask {
        kind: "payment",
        key: format!("dispute:{dispute}"),
        title: title.to_owned(),
        reason,
        subject: Some(payment.to_string()),
        job: None,
    };
    Ok(task::raise(tx, &new).await?)
}

/// A dispute by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: DisputeId) -> Result<Option<Dispute>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// The disputes of an invoice, newest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_invoice(tx: &mut TenantTx, id: InvoiceId) -> Result<Vec<Dispute>, BillingError> {
    let sql = format!("{COLUMNS} WHERE invoice_id = $1 ORDER BY created_at DESC, id DESC");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_all(tx.connection())
        .await?)
}
