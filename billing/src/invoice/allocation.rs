//! What paid an invoice, and the payment state that follows from it.

use platform::event::{self, NewEvent};
use serde_json::json;
use tenancy::TenantTx;

use super::{Invoice, find};
use crate::BillingError;
use crate::ids::{InvoiceId, PaymentId};

/// Applies money to an invoice, or with a negative amount takes it off; the table refuses more than its total.
pub(crate) async fn allocate(
    tx: &mut TenantTx,
    invoice: InvoiceId,
    payment: Option<PaymentId>,
    amount_minor: i64,
) -> Result<(), BillingError> {
    let id = uuid::Uuid::from_u128(u128::from_be_bytes(tx.random().bytes::<16>()));
    sqlx::query("INSERT INTO allocations (id, invoice_id, payment_id, amount_minor, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(invoice)
        .bind(payment)
        .bind(amount_minor)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    sqlx::query("UPDATE invoices SET allocated_minor = allocated_minor + $2 WHERE id = $1")
        .bind(invoice)
        .bind(amount_minor)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The payment state that follows from what an invoice was paid, what went back, what is disputed and what is on its way.
fn payment_status(invoice: &Invoice, disputed: bool, under_way: bool) -> &'static str {
    let paid = invoice.allocated_minor == invoice.total_minor;
    let all_back = invoice.refunded_minor == invoice.allocated_minor - invoice.credited_minor;
    match (disputed, paid) {
        (true, _) => "disputed",
        (false, true) if invoice.refunded_minor > 0 && all_back => "refunded",
        (false, true) if invoice.refunded_minor > 0 => "partly_refunded",
        (false, true) => "paid",
        (false, false) if under_way => "processing",
        (false, false) if invoice.allocated_minor > 0 => "partly_paid",
        (false, false) => "unpaid",
    }
}

/// Derives the payment state again after money went back or a dispute moved.
pub(crate) async fn derive_status(tx: &mut TenantTx, id: InvoiceId) -> Result<(), BillingError> {
    let invoice = find(tx, id).await?.ok_or(BillingError::NotFound("invoice"))?;
    let (disputed, under_way): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM disputes WHERE invoice_id = $1 AND status IN ('open', 'lost')), \
         EXISTS (SELECT 1 FROM payments WHERE invoice_id = $1 AND status IN ('processing', 'unknown', 'held'))",
    )
    .bind(id)
    .fetch_one(tx.connection())
    .await?;
    sqlx::query("UPDATE invoices SET payment_status = $2 WHERE id = $1")
        .bind(id)
        .bind(payment_status(&invoice, disputed, under_way))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Derives the payment state from the allocations and says so when an invoice became paid.
pub(crate) async fn after_allocation(tx: &mut TenantTx, id: InvoiceId) -> Result<(), BillingError> {
    derive_status(tx, id).await?;
    let invoice = find(tx, id).await?.ok_or(BillingError::NotFound("invoice"))?;
    if invoice.status != "issued" || invoice.allocated_minor != invoice.total_minor || invoice.paid_at.is_some() {
        return Ok(());
    }
    sqlx::query("UPDATE invoices SET paid_at = $2, collection_status = 'none', next_try_on = NULL WHERE id = $1")
        .bind(id)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    let payload = json!({ "id": id, "number": invoice.number, "account": invoice.account_id });
    event::publish(
        tx,
        &[NewEvent::new("invoice.paid", id, payload).for_account(invoice.account_id.uuid())],
    )
    .await?;
    crate::order::secured(tx, &invoice).await?;
    crate::suspension::lift_for(tx, id).await
}
