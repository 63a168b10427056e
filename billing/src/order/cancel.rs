//! Cancelling an order that nobody paid: its invoice is voided, its stock and room are given back.

use platform::event::{self, NewEvent};
use platform::money::Money;
use serde_json::json;
use tenancy::{AccountId, TenantTx, audit};

use super::{find, invoice_of};
use crate::BillingError;
use crate::error::currency;
use crate::ids::{InvoiceId, OrderId};
use crate::invoice;
use crate::ledger::{self, Book, Posting};

/// Cancels an order that waits for its payment; a second time changes nothing.
///
/// # Errors
/// When it was accepted, when something was paid already, or while a payment is on its way.
pub async fn cancel(tx: &mut TenantTx, id: OrderId, reason: &str) -> Result<(), BillingError> {
    let order = find(tx, id).await?.ok_or(BillingError::NotFound("order"))?;
    // The account's row is the order of things: a payment that settles now comes first or finds the order gone.
    sqlx::query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(order.account_id)
        .execute(tx.connection())
        .await?;
    let done = sqlx::query(
        "UPDATE orders SET status = 'cancelled', reason = $2 WHERE id = $1 AND status IN ('pending_payment', 'in_review')",
    )
    .bind(id)
    .bind(reason)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return match find(tx, id).await? {
            Some(now) if now.status == "cancelled" => Ok(()),
            _ => Err(BillingError::Conflict(
                "order_closed",
                "Only an order that waits for its payment can be cancelled.".into(),
            )),
        };
    }
    if let Some(invoice) = invoice_of(tx, id).await? {
        void(tx, invoice, reason).await?;
    }
    give_back(tx, id).await?;
    audit::record(tx, "order.cancelled", id, json!({ "reason": reason })).await?;
    let payload = json!({ "id": id, "account": order.account_id, "reason": reason });
    let event = NewEvent::new("order.cancelled", id, payload).for_account(order.account_id.uuid());
    Ok(event::publish(tx, &[event]).await?)
}

/// Stock, room, subscriptions and services of the order.
async fn give_back(tx: &mut TenantTx, order: OrderId) -> Result<(), BillingError> {
    let now = tx.now();
    sqlx::query(
        "UPDATE products p SET stock = p.stock + n.units FROM (SELECT v.product_id, count(*)::integer AS units FROM services v \
           JOIN subscriptions s ON s.id = v.subscription_id WHERE s.order_id = $1 AND v.status = 'pending' GROUP BY v.product_id) n \
         WHERE p.id = n.product_id AND p.stock IS NOT NULL",
    )
    .bind(order)
    .execute(tx.connection())
    .await?;
    sqlx::query(
        "UPDATE capacity_holds h SET released_at = $2 FROM services v JOIN subscriptions s ON s.id = v.subscription_id \
         WHERE h.service_id = v.id AND s.order_id = $1 AND h.released_at IS NULL",
    )
    .bind(order)
    .bind(now)
    .execute(tx.connection())
    .await?;
    sqlx::query(
        "UPDATE services v SET status = 'terminated', terminated_at = $2, reason = 'The order was cancelled.' \
         FROM subscriptions s WHERE s.id = v.subscription_id AND s.order_id = $1 AND v.status = 'pending'",
    )
    .bind(order)
    .bind(now)
    .execute(tx.connection())
    .await?;
    sqlx::query("UPDATE subscriptions SET status = 'cancelled' WHERE order_id = $1 AND status = 'pending'")
        .bind(order)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Voids the order's invoice, which keeps its number; the posting is reversed.
async fn void(tx: &mut TenantTx, id: InvoiceId, reason: &str) -> Result<(), BillingError> {
    let in_flight: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM payments WHERE invoice_id = $1 \
           AND status IN ('created', 'requires_action', 'processing', 'unknown', 'held'))",
    )
    .bind(id)
    .fetch_one(tx.connection())
    .await?;
    let invoice = invoice::find(tx, id).await?.ok_or(BillingError::NotFound("invoice"))?;
    if in_flight || invoice.allocated_minor > 0 {
        return Err(BillingError::Conflict(
            "payment_exists",
            "A payment for this order is on its way or has arrived.".into(),
        ));
    }
    let done = sqlx::query("UPDATE invoices SET status = 'void' WHERE id = $1 AND status = 'issued' AND allocated_minor = 0")
        .bind(id)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    let entries = reversal(tx, id, invoice.account_id, &invoice.currency).await?;
    let posting = Posting {
        key: format!("void:{id}"),
        kind: "invoice.voided",
        source: id.to_string(),
        on: tx.today(),
        entries,
    };
    ledger::post(tx, &posting).await?;
    let payload = json!({ "id": id, "number": invoice.number, "account": invoice.account_id, "reason": reason });
    let event = NewEvent::new("invoice.voided", id, payload).for_account(invoice.account_id.uuid());
    Ok(event::publish(tx, &[event]).await?)
}

/// The invoice's own entries the other way, by revenue.
async fn reversal(
    tx: &mut TenantTx,
    id: InvoiceId,
    account: AccountId,
    code: &str,
) -> Result<Vec<(Book, Money)>, BillingError> {
    let unit = currency(code)?;
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT a.code, sum(e.amount_minor)::bigint FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id \
           JOIN ledger_accounts a ON a.id = e.ledger_account_id WHERE t.key = $1 AND a.code LIKE 'revenue:%' GROUP BY a.code ORDER BY a.code",
    )
    .bind(format!("invoice:{id}"))
    .fetch_all(tx.connection())
    .await?;
    let mut entries = Vec::new();
    for (code, minor) in rows {
        let amount = Money::new(minor, unit)?;
        let kind = code.strip_prefix("revenue:").unwrap_or_default().to_owned();
        entries.push((Book::Revenue(kind), amount.negated()));
        entries.push((Book::Receivable(account), amount));
    }
    Ok(entries)
}
