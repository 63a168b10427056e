//! Held money: taken when a service runs, given back when none does.

use platform::job::{self, NewJob, Outcome as JobOutcome};
use tenancy::{Tenancy, TenantScope, TenantTx, task};

use super::{FinishHold, Payment, find, locked, settle};
use crate::gateway::{self, Asked, GatewayKinds, Outcome};
use crate::ids::{PaymentId, ServiceId};
use crate::{BillingError, invoice, payment_method};

/// What is to be done with a payment that was held.
enum Decision {
    /// Settled already.
    Nothing,
    /// Services are still being built.
    Wait,
    /// A service runs.
    Capture(Box<Payment>, String),
    /// None runs: the invoice is unpaid again, and what is held goes back.
    Release(Box<Payment>, String),
}

/// The body of [`FinishHold`]: takes the money when a service runs, gives it back when none does, waits otherwise.
pub async fn finish_hold(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope, args: &FinishHold) -> JobOutcome {
    match finish(doors, kinds, scope, args.payment).await {
        Ok(true) => JobOutcome::Done,
        Ok(false) => JobOutcome::wait(30, "services are still being built"),
        Err(error) => JobOutcome::retry(5, error),
    }
}

async fn finish(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: PaymentId,
) -> Result<bool, BillingError> {
    let mut tx = doors.begin(scope).await?;
    let decision = decide(&mut tx, id).await?;
    tx.commit().await?;
    match decision {
        Decision::Nothing => Ok(true),
        Decision::Wait => Ok(false),
        Decision::Capture(payment, reference) => {
            let (adapter, context) = gateway::open(doors, kinds, scope, payment.gateway()?).await?;
            let outcome = adapter.capture(&context, &format!("{id}-capture"), &reference).await;
            if let Outcome::NotSent { why } | Outcome::Unknown { why } = outcome {
                return Err(BillingError::Conflict("capture_unknown", why));
            }
            let mut tx = doors.begin(scope).await?;
            settle(&mut tx, id, &outcome).await?;
            let now = find(&mut tx, id).await?.ok_or(BillingError::NotFound("payment"))?;
            tx.commit().await?;
            if now.status == "held" {
                return Err(BillingError::Conflict(
                    "capture_open",
                    "the gateway still holds it".into(),
                ));
            }
            Ok(true)
        }
        Decision::Release(payment, reference) => {
            let (adapter, context) = gateway::open(doors, kinds, scope, payment.gateway()?).await?;
            if let Err(error) = adapter.release(&context, &format!("{id}-release"), &reference).await {
                // It cannot be given back: taken or gone already. What the gateway says of it now is what counts.
                let asked = Asked {
                    key: id.to_string(),
                    reference: Some(reference),
                    ..Asked::default()
                };
                let now = adapter.fetch(&context, &asked).await;
                if let Outcome::Held { .. } | Outcome::Unknown { .. } | Outcome::NotSent { .. } = now {
                    return Err(payment_method::refused(error));
                }
                let mut tx = doors.begin(scope).await?;
                settle(&mut tx, id, &now).await?;
                tx.commit().await?;
            }
            Ok(true)
        }
    }
}

/// Decides under the invoice's lock, which a retry of the build takes too. A release is written down
/// before it is made: from then on nothing is built on that money, and a repeat releases again.
async fn decide(tx: &mut TenantTx, id: PaymentId) -> Result<Decision, BillingError> {
    let payment = Box::new(locked(tx, id).await?);
    invoice::locked(tx, payment.invoice_id).await?;
    let Some(reference) = payment.provider_ref.clone() else {
        return Ok(Decision::Nothing);
    };
    match payment.status.as_str() {
        "held" => {}
        // Given up, yet held: a release that was not confirmed, or a hold that arrived too late.
        "cancelled" | "failed" => return Ok(Decision::Release(payment, reference)),
        _ => return Ok(Decision::Nothing),
    }
    let (waiting, active, failed): (i64, i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE v.status IN ('pending', 'provisioning')), \
                count(*) FILTER (WHERE v.status IN ('active', 'suspended')), count(*) FILTER (WHERE v.status = 'failed') \
         FROM invoices i JOIN subscriptions s ON s.order_id = i.order_id JOIN services v ON v.subscription_id = s.id WHERE i.id = $1",
    )
    .bind(payment.invoice_id)
    .fetch_one(tx.connection())
    .await?;
    if waiting > 0 {
        return Ok(Decision::Wait);
    }
    if active > 0 {
        if failed > 0 {
            part_is_missing(tx, &payment, failed).await?;
        }
        return Ok(Decision::Capture(payment, reference));
    }
    sqlx::query("UPDATE payments SET status = 'cancelled', settled_at = $2 WHERE id = $1")
        .bind(id)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    super::settle::free_invoice(tx, payment.invoice_id).await?;
    Ok(Decision::Release(payment, reference))
}

/// All that was held is taken though a part of the order failed: a person decides what is built or given back.
async fn part_is_missing(tx: &mut TenantTx, payment: &Payment, failed: i64) -> Result<(), BillingError> {
    let new = task::NewTask {
        kind: "payment",
        key: format!("part:{}", payment.id),
        title: "A part of a paid order was not built".into(),
        reason: format!("Services that failed: {failed}. Build them by a retry, or refund their share."),
        subject: Some(payment.invoice_id.to_string()),
        job: None,
    };
    Ok(task::raise(tx, &new).await?)
}

/// After a service was decided, the held payment of its order is looked at at once.
///
/// # Errors
/// When the database refuses.
pub async fn service_decided(tx: &mut TenantTx, service: ServiceId) -> Result<(), BillingError> {
    let held: Vec<PaymentId> = sqlx::query_scalar(
        "SELECT p.id FROM payments p JOIN invoices i ON i.id = p.invoice_id JOIN subscriptions s ON s.order_id = i.order_id \
         JOIN services v ON v.subscription_id = s.id WHERE v.id = $1 AND p.status = 'held'",
    )
    .bind(service)
    .fetch_all(tx.connection())
    .await?;
    for payment in held {
        job::enqueue(
            tx,
            &[NewJob::new(&FinishHold { payment }).key(format!("hold:{payment}"))],
        )
        .await?;
    }
    Ok(())
}
