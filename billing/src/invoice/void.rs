//! Voiding: an invoice that nobody is to pay. Its posting is reversed, credit that was applied goes back.

use platform::event::{self, NewEvent};
use platform::money::Money;
use serde_json::json;
use tenancy::{TenantTx, audit, task};

use super::{Invoice, allocate, locked, rounded_off_key, taken_off_key};
use crate::error::currency;
use crate::ids::InvoiceId;
use crate::ledger;
use crate::{BillingError, credit, order, service, suspension};

/// Voids an unpaid invoice. A second time changes nothing. An order that waited for it is cancelled, a suspension
/// it caused is lifted.
///
/// # Errors
/// When money was received for it, or a payment is under way: close its page first (`payment::close_page`).
pub async fn void(tx: &mut TenantTx, id: InvoiceId, reason: &str) -> Result<(), BillingError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(BillingError::Field("reason", "Say why, in 1 to 500 characters.".into()));
    }
    let invoice = locked(tx, id).await?;
    match invoice.status.as_str() {
        "void" => return Ok(()),
        "issued" => {}
        _ => {
            return Err(BillingError::Conflict(
                "not_issued",
                "Only an issued invoice can be voided.".into(),
            ));
        }
    }
    nothing_received(tx, &invoice).await?;
    sqlx::query(
        "UPDATE invoices SET status = 'void', payment_status = 'unpaid', collection_status = 'none', next_try_on = NULL, \
         voided_at = $2, void_reason = $3 WHERE id = $1",
    )
    .bind(id)
    .bind(tx.now())
    .bind(reason)
    .execute(tx.connection())
    .await?;
    give_credit_back(tx, &invoice).await?;
    let posting = format!("invoice:{id}");
    ledger::reverse(tx, &posting, &format!("void:{id}"), "invoice.voided", &id.to_string()).await?;
    for posting in [taken_off_key(id), rounded_off_key(id)] {
        if ledger::is_posted(tx, &posting).await? {
            let (key, source) = (format!("void:{posting}"), id.to_string());
            ledger::reverse(tx, &posting, &key, "invoice.voided", &source).await?;
        }
    }
    if let Some(order) = invoice.order_id {
        order::cancel_with_invoice(tx, order).await?;
        service::release_failed(tx, id).await?;
    }
    suspension::lift_for(tx, id).await?;
    task::settle(tx, &format!("invoice:{id}")).await?;
    audit::record(
        tx,
        "invoice.voided",
        id,
        json!({ "number": invoice.number, "reason": reason }),
    )
    .await?;
    let payload = json!({ "id": id, "number": invoice.number, "account": invoice.account_id });
    let account = invoice.account_id.uuid();
    Ok(event::publish(tx, &[NewEvent::new("invoice.voided", id, payload).for_account(account)]).await?)
}

async fn nothing_received(tx: &mut TenantTx, invoice: &Invoice) -> Result<(), BillingError> {
    let (under_way, received): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM payments WHERE invoice_id = $1 \
           AND status IN ('created', 'requires_action', 'processing', 'unknown', 'held')), \
         EXISTS (SELECT 1 FROM allocations WHERE invoice_id = $1 AND payment_id IS NOT NULL)",
    )
    .bind(invoice.id)
    .fetch_one(tx.connection())
    .await?;
    if under_way {
        return Err(BillingError::Conflict(
            "payment_in_flight",
            "A payment of this invoice is under way.".into(),
        ));
    }
    if received {
        return Err(BillingError::Conflict(
            "paid",
            "Money was received for this invoice: refund it instead.".into(),
        ));
    }
    Ok(())
}

async fn give_credit_back(tx: &mut TenantTx, invoice: &Invoice) -> Result<(), BillingError> {
    // What was taken off was never paid.
    if invoice.credited_minor > 0 {
        allocate(tx, invoice.id, None, -invoice.credited_minor).await?;
    }
    let amount = Money::new(
        invoice.allocated_minor - invoice.credited_minor,
        currency(&invoice.currency)?,
    )?;
    if amount.is_zero() {
        return Ok(());
    }
    allocate(tx, invoice.id, None, -amount.minor).await?;
    credit::put_back(tx, invoice, amount, "an invoice it was applied to was voided", None).await
}
