//! What became of a refund, applied forward only: the payment is locked, then the refund, then the invoice.

use platform::event::{self, NewEvent};
use platform::money::Money;
use serde_json::json;
use tenancy::{TenantTx, task};

use super::{COLUMNS, Refund, find, move_credit};
use crate::error::currency;
use crate::ids::RefundId;
use crate::ledger::{self, Book, Posting};
use crate::{BillingError, invoice, payment, service};

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Came {
    /// Money went back.
    Back(String),
    /// On its way.
    OnItsWay(String),
    /// It did not go back, or came back to us.
    Nothing(String),
}

/// Applies what became of a refund.
pub(super) async fn settle(tx: &mut TenantTx, id: RefundId, came: &Came) -> Result<(), BillingError> {
    let known = find(tx, id).await?.ok_or(BillingError::NotFound("refund"))?;
    payment::locked(tx, known.payment_id).await?;
    invoice::locked(tx, known.invoice_id).await?;
    let sql = format!("{COLUMNS} WHERE id = $1 FOR UPDATE");
    let refund: Refund = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_one(tx.connection())
        .await?;
    match (refund.status.as_str(), came) {
        ("failed", _) | ("succeeded", Came::Back(_) | Came::OnItsWay(_)) => Ok(()),
        (_, Came::Back(reference)) => succeeded(tx, &refund, Some(reference)).await,
        (_, Came::OnItsWay(reference)) => {
            sqlx::query("UPDATE refunds SET status = 'processing', provider_ref = $2 WHERE id = $1")
                .bind(id)
                .bind(reference)
                .execute(tx.connection())
                .await?;
            Ok(())
        }
        (_, Came::Nothing(why)) => failed(tx, &refund, why).await,
    }
}

/// The money went back: the invoice says so.
pub(super) async fn succeeded(tx: &mut TenantTx, refund: &Refund, reference: Option<&str>) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE refunds SET status = 'succeeded', provider_ref = coalesce($2, provider_ref), failure_message = NULL, settled_at = $3 WHERE id = $1",
    )
    .bind(refund.id)
    .bind(reference)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let paid = payment::find(tx, refund.payment_id)
        .await?
        .ok_or(BillingError::NotFound("payment"))?;
    if let (Some(gateway), "source") = (paid.gateway_id, refund.destination.as_str()) {
        let amount = refund.amount()?;
        let posting = Posting {
            key: format!("refund:{}:sent", refund.id),
            kind: "payment.refunded",
            source: refund.id.to_string(),
            on: tx.today(),
            entries: vec![
                (Book::Refunding(gateway), amount),
                (Book::Clearing(gateway), amount.negated()),
            ],
        };
        ledger::post(tx, &posting).await?;
    }
    on_invoice(tx, refund).await?;
    // Nothing of its order is built on money that went back.
    service::release_failed(tx, refund.invoice_id).await?;
    task::settle(tx, &format!("refund:{}", refund.id)).await?;
    say(tx, refund, "payment.refunded").await
}

/// It did not go back: what was taken off is there again, and a person looks.
async fn failed(tx: &mut TenantTx, refund: &Refund, why: &str) -> Result<(), BillingError> {
    let unit = currency(&refund.currency)?;
    let money = |minor| Money::new(minor, unit);
    sqlx::query("UPDATE refunds SET status = 'failed', failure_message = $2, settled_at = $3 WHERE id = $1")
        .bind(refund.id)
        .bind(why)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    sqlx::query("UPDATE payments SET refunded_minor = refunded_minor - $2 WHERE id = $1")
        .bind(refund.payment_id)
        .bind(refund.amount_minor)
        .execute(tx.connection())
        .await?;
    let paid = payment::find(tx, refund.payment_id)
        .await?
        .ok_or(BillingError::NotFound("payment"))?;
    let gateway = paid.gateway()?;
    let was_sent = refund.status == "succeeded";
    let from = if was_sent {
        Book::Clearing(gateway)
    } else {
        Book::Refunding(gateway)
    };
    let posting = Posting {
        key: format!("refund:{}:failed", refund.id),
        kind: "payment.refund_failed",
        source: refund.id.to_string(),
        on: tx.today(),
        entries: vec![
            (from, money(refund.amount_minor)?),
            (Book::Refunds, money(-refund.invoice_part())?),
            (Book::Credit(refund.account_id), money(-refund.credit_minor)?),
        ],
    };
    ledger::post(tx, &posting).await?;
    if refund.credit_minor > 0 {
        move_credit(tx, refund, refund.credit_minor, "returned", "a refund did not arrive").await?;
    }
    if was_sent {
        on_invoice(tx, refund).await?;
    }
    let new = task::NewTask {
        kind: "refund",
        key: format!("refund:{}", refund.id),
        title: "A refund did not arrive".to_owned(),
        reason: why.to_owned(),
        subject: Some(refund.payment_id.to_string()),
        job: None,
    };
    task::raise(tx, &new).await?;
    say(tx, refund, "payment.refund_failed").await
}

/// What went back, counted anew from the refunds: one may have sent back more than its invoice was paid.
async fn on_invoice(tx: &mut TenantTx, refund: &Refund) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE invoices SET refunded_minor = least(allocated_minor, (SELECT coalesce(sum(amount_minor - coalesce(credit_minor, 0)), 0) \
         FROM refunds WHERE invoice_id = $1 AND status = 'succeeded')) WHERE id = $1",
    )
    .bind(refund.invoice_id)
    .execute(tx.connection())
    .await?;
    invoice::derive_status(tx, refund.invoice_id).await
}

async fn say(tx: &mut TenantTx, refund: &Refund, what: &'static str) -> Result<(), BillingError> {
    let payload = json!({ "id": refund.id, "payment": refund.payment_id, "invoice": refund.invoice_id,
        "amount": refund.amount()?, "destination": refund.destination });
    let event = NewEvent::new(what, refund.id, payload).for_account(refund.account_id.uuid());
    Ok(event::publish(tx, &[event]).await?)
}
