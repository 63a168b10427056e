//! What becomes of held money, decided from what its order delivered so far.

use tenancy::{TenantTx, task};

use super::super::settle::free_invoice;
use super::super::{Payment, locked};
use crate::gateway::{self, GatewayKinds};
use crate::ids::{InvoiceId, OrderId, PaymentId};
use crate::order::undelivered::{self, Standing};
use crate::{BillingError, invoice, service};

/// What is to be done with a payment that was held.
pub(super) enum Decision {
    /// Settled already, or it is too early to say.
    Nothing,
    /// Something runs: what it costs is taken.
    Capture(Box<Payment>, String),
    /// None runs: the invoice is unpaid again, and what is held goes back.
    Release(Box<Payment>, String),
}

fn task_key(payment: &Payment) -> String {
    format!("part:{}", payment.id)
}

/// Decides under the invoice's lock, which a retry of the build takes too. A release is written down
/// before it is made: from then on nothing is built on that money, and a repeat releases again. So is how much is
/// taken: a repeat takes the same.
pub(super) async fn decide(tx: &mut TenantTx, kinds: &GatewayKinds, id: PaymentId) -> Result<Decision, BillingError> {
    let payment = Box::new(locked(tx, id).await?);
    let bill = invoice::locked(tx, payment.invoice_id).await?;
    let Some(reference) = payment.provider_ref.clone() else {
        return Ok(Decision::Nothing);
    };
    match payment.status.as_str() {
        "held" => {}
        // Given up, yet held: a release that was not confirmed, or a hold that arrived too late.
        "cancelled" | "failed" => return Ok(Decision::Release(payment, reference)),
        _ => return Ok(Decision::Nothing),
    }
    if payment.capture_minor.is_some() {
        return Ok(Decision::Capture(payment, reference));
    }
    let Some(order) = bill.order_id else {
        return Ok(Decision::Capture(payment, reference));
    };
    let standing = undelivered::standing(tx, order).await?;
    let at_its_end = payment.decided_by() <= tx.now();
    let may_be_built = standing.failed > 0
        && (standing.delivered > 0 || !undelivered::failed_since(tx, order, payment.created_at).await?);
    if (standing.waiting > 0 || may_be_built) && !at_its_end {
        if standing.waiting == 0 {
            part_is_missing(tx, &payment, standing.failed).await?;
        }
        return Ok(Decision::Nothing);
    }
    if standing.delivered == 0 {
        give_up(tx, &payment, order, &standing).await?;
        return Ok(Decision::Release(payment, reference));
    }
    take(tx, kinds, payment, (order, &standing), reference).await
}

/// Takes what is delivered; the rest is nobody's debt any more.
async fn take(
    tx: &mut TenantTx,
    kinds: &GatewayKinds,
    mut payment: Box<Payment>,
    (order, standing): (OrderId, &Standing),
    reference: String,
) -> Result<Decision, BillingError> {
    let mut part = payment.amount_minor;
    if standing.undelivered() > 0 {
        undelivered::credit(tx, payment.invoice_id, order).await?;
        let due = invoice::locked(tx, payment.invoice_id).await?.due()?.minor;
        if due < part {
            let odd = due.rem_euclid(step(tx, kinds, &payment).await?);
            undelivered::round_off(tx, payment.invoice_id, odd).await?;
            part = due - odd;
        }
    }
    task::settle(tx, &task_key(&payment)).await?;
    if part <= 0 {
        cancel(tx, &payment).await?;
        invoice::after_allocation(tx, payment.invoice_id).await?;
        return Ok(Decision::Release(payment, reference));
    }
    sqlx::query("UPDATE payments SET capture_minor = $2 WHERE id = $1")
        .bind(payment.id)
        .bind(part)
        .execute(tx.connection())
        .await?;
    payment.capture_minor = Some(part);
    Ok(Decision::Capture(payment, reference))
}

/// The smallest amount its gateway moves in this currency: a part of what is held is a multiple of it.
async fn step(tx: &mut TenantTx, kinds: &GatewayKinds, payment: &Payment) -> Result<i64, BillingError> {
    let kind = gateway::find(tx, payment.gateway()?).await?.map(|row| row.kind);
    let adapter = kind.and_then(|kind| kinds.get(&kind));
    let unit = payment.amount()?.currency;
    Ok(adapter.map_or(1, |adapter| adapter.step(unit)).max(1))
}

/// Nothing runs: the money goes back, and an order that is still being built waits for its payment again.
async fn give_up(
    tx: &mut TenantTx,
    payment: &Payment,
    order: OrderId,
    standing: &Standing,
) -> Result<(), BillingError> {
    cancel(tx, payment).await?;
    task::settle(tx, &task_key(payment)).await?;
    if standing.waiting > 0 {
        undelivered::wait_again(tx, order).await?;
    }
    service::release_failed(tx, payment.invoice_id).await
}

async fn cancel(tx: &mut TenantTx, payment: &Payment) -> Result<(), BillingError> {
    sqlx::query("UPDATE payments SET status = 'cancelled', settled_at = $2 WHERE id = $1")
        .bind(payment.id)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    free_invoice(tx, payment.invoice_id).await
}

/// What was held is gone without having been taken. What runs is owed and charged anew; what does not run yet waits
/// for its payment again; what failed is owed no more. Answers whether something runs that is not paid for.
pub(in super::super) async fn lost(tx: &mut TenantTx, payment: &Payment) -> Result<bool, BillingError> {
    let bill = invoice::locked(tx, payment.invoice_id).await?;
    let Some(order) = bill.order_id else {
        return Ok(true);
    };
    let standing = undelivered::standing(tx, order).await?;
    task::settle(tx, &task_key(payment)).await?;
    if standing.delivered > 0 {
        unpaid(tx, bill.id).await?;
        return Ok(invoice::locked(tx, bill.id).await?.due()?.is_positive());
    }
    if standing.waiting > 0 {
        undelivered::wait_again(tx, order).await?;
    }
    service::release_failed(tx, payment.invoice_id).await?;
    Ok(false)
}

/// An order that was accepted on a hold that is lost is not paid, though a part of it runs. Once all of it is
/// decided, what was not delivered is taken off its invoice, and what runs is charged anew: once, as soon as it can
/// be. Of any other invoice, and a second time, nothing changes.
pub(in super::super) async fn unpaid(tx: &mut TenantTx, id: InvoiceId) -> Result<(), BillingError> {
    let bill = invoice::locked(tx, id).await?;
    let is_open = bill.status == "issued" && ["unpaid", "partly_paid"].contains(&bill.payment_status.as_str());
    let (Some(order), true) = (bill.order_id, is_open) else {
        return Ok(());
    };
    let (accepted, under_way, was_lost): (bool, bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM orders WHERE id = $2 AND status = 'accepted'), \
         EXISTS (SELECT 1 FROM payments WHERE invoice_id = $1 AND (status IN ('processing', 'unknown', 'held') \
           OR (status = 'created' AND mode <> 'redirect'))), \
         coalesce((SELECT status = 'failed' AND held_until IS NOT NULL FROM payments WHERE invoice_id = $1 \
           ORDER BY created_at DESC, id DESC LIMIT 1), false)",
    )
    .bind(id)
    .bind(order)
    .fetch_one(tx.connection())
    .await?;
    if !accepted || under_way {
        return Ok(());
    }
    let standing = undelivered::standing(tx, order).await?;
    if standing.waiting > 0 || standing.delivered == 0 {
        return Ok(());
    }
    if standing.undelivered() > 0 {
        undelivered::credit(tx, id, order).await?;
    }
    invoice::after_allocation(tx, id).await?;
    if was_lost && invoice::locked(tx, id).await?.due()?.is_positive() {
        sqlx::query("UPDATE invoices SET next_try_on = coalesce(next_try_on, $2) WHERE id = $1")
            .bind(id)
            .bind(tx.today())
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}

/// A part of the order failed: its money stays held for a while, so that a person can build it after all.
async fn part_is_missing(tx: &mut TenantTx, payment: &Payment, failed: i64) -> Result<(), BillingError> {
    let until = payment.decided_by().format("%Y-%m-%d %H:%M UTC");
    let new = task::NewTask {
        kind: "payment",
        key: task_key(payment),
        title: "A part of a paid order was not built".into(),
        reason: format!(
            "Services that failed: {failed}. The money is held: build them by a retry until {until}. After that what runs is \
             charged, and the rest is given back and taken off the invoice."
        ),
        subject: Some(payment.invoice_id.to_string()),
        job: None,
    };
    Ok(task::raise(tx, &new).await?)
}
