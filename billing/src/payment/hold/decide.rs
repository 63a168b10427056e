//! What becomes of held money, decided from what its order delivered so far.

use chrono::NaiveDate;
use tenancy::{TenantTx, task};

use super::super::settle::free_invoice;
use super::super::{Payment, locked};
use crate::ids::{OrderId, PaymentId};
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
pub(super) async fn decide(tx: &mut TenantTx, id: PaymentId) -> Result<Decision, BillingError> {
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
    let undecided = standing.waiting > 0 || (standing.delivered > 0 && standing.failed > 0);
    if undecided && !at_its_end {
        if standing.waiting == 0 {
            part_is_missing(tx, &payment, standing.failed).await?;
        }
        return Ok(Decision::Nothing);
    }
    if standing.delivered == 0 {
        give_up(tx, &payment, order, &standing).await?;
        return Ok(Decision::Release(payment, reference));
    }
    take(tx, payment, order, &standing, reference).await
}

/// Takes what is delivered; the rest is nobody's debt any more.
async fn take(
    tx: &mut TenantTx,
    mut payment: Box<Payment>,
    order: OrderId,
    standing: &Standing,
    reference: String,
) -> Result<Decision, BillingError> {
    let mut part = payment.amount_minor;
    if standing.undelivered() > 0 {
        undelivered::credit(tx, payment.invoice_id, order).await?;
        part = part.min(invoice::locked(tx, payment.invoice_id).await?.due()?.minor);
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

/// Nothing runs: the money goes back, and an order that is still being built waits for its payment again.
async fn give_up(
    tx: &mut TenantTx,
    payment: &Payment,
    order: OrderId,
    standing: &Standing,
) -> Result<(), BillingError> {
    cancel(tx, payment).await?;
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

/// What a hold that was lost leaves behind.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct Lost {
    /// Something runs that is not paid for.
    pub owed: bool,
    /// When what runs is charged anew.
    pub again_on: Option<NaiveDate>,
}

/// What was held is gone without having been taken. What runs is owed and charged anew; what does not run yet waits
/// for its payment again; what failed is owed no more.
pub(in super::super) async fn lost(tx: &mut TenantTx, payment: &Payment) -> Result<Lost, BillingError> {
    let bill = invoice::locked(tx, payment.invoice_id).await?;
    let Some(order) = bill.order_id else {
        return Ok(Lost {
            owed: true,
            again_on: None,
        });
    };
    let standing = undelivered::standing(tx, order).await?;
    task::settle(tx, &task_key(payment)).await?;
    if standing.delivered == 0 {
        if standing.waiting > 0 {
            undelivered::wait_again(tx, order).await?;
        }
        service::release_failed(tx, payment.invoice_id).await?;
        return Ok(Lost::default());
    }
    if standing.waiting == 0 && standing.undelivered() > 0 {
        undelivered::credit(tx, payment.invoice_id, order).await?;
    }
    Ok(Lost {
        owed: true,
        again_on: (standing.waiting == 0).then(|| tx.today()),
    })
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
