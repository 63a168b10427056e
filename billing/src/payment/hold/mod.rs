//! Held money: taken for what runs, before the hold runs out; what was not delivered is given back.

mod decide;
mod watch;

use chrono::{DateTime, TimeDelta, Utc};
use platform::job::{self, NewJob, Outcome as JobOutcome};
use platform::money::Money;
use tenancy::{Tenancy, TenantScope, TenantTx};

pub(super) use decide::{lost, unpaid};
pub use watch::watch;

use super::{FinishHold, Payment, find, settle};
use crate::gateway::{self, Asked, GatewayKinds, Outcome};
use crate::ids::{InvoiceId, PaymentId, ServiceId};
use crate::{BillingError, payment_method};
use decide::{Decision, decide};

/// How long a hold lives where its gateway does not say: the shortest of the big card networks.
pub(super) const LASTS: TimeDelta = TimeDelta::days(5);

/// So long before its end it is decided with what is delivered by then: longer than a day, so that a step a day is enough.
const MARGIN: TimeDelta = TimeDelta::hours(30);

impl Payment {
    /// When what is held is decided with what is delivered by then.
    fn decided_by(&self) -> DateTime<Utc> {
        self.held_until.unwrap_or(self.created_at + LASTS) - MARGIN
    }
}

/// The body of [`FinishHold`]: takes the money for what runs, gives it back when nothing does. While it is too early
/// to say there is nothing to do: every service that is decided asks again, and so does the calendar.
pub async fn finish_hold(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope, args: &FinishHold) -> JobOutcome {
    match finish(doors, kinds, scope, args.payment).await {
        Ok(()) => JobOutcome::Done,
        Err(error) => JobOutcome::retry(5, error),
    }
}

async fn finish(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope, id: PaymentId) -> Result<(), BillingError> {
    let mut tx = doors.begin(scope).await?;
    let decision = decide(&mut tx, kinds, id).await?;
    tx.commit().await?;
    match decision {
        Decision::Nothing => Ok(()),
        Decision::Capture(payment, reference) => capture(doors, kinds, scope, &payment, &reference).await,
        Decision::Release(payment, reference) => release(doors, kinds, scope, &payment, reference).await,
    }
}

async fn capture(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    payment: &Payment,
    reference: &str,
) -> Result<(), BillingError> {
    let id = payment.id;
    let whole = payment.amount()?;
    let part = payment.capture_minor.filter(|part| *part != whole.minor);
    let part = part.map(|part| Money::new(part, whole.currency)).transpose()?;
    let (adapter, context) = gateway::open(doors, kinds, scope, payment.gateway()?).await?;
    let outcome = adapter
        .capture(&context, &format!("{id}-capture"), reference, part)
        .await;
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
    Ok(())
}

async fn release(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    payment: &Payment,
    reference: String,
) -> Result<(), BillingError> {
    let id = payment.id;
    let (adapter, context) = gateway::open(doors, kinds, scope, payment.gateway()?).await?;
    let Err(error) = adapter.release(&context, &format!("{id}-release"), &reference).await else {
        return Ok(());
    };
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
    Ok(tx.commit().await?)
}

/// After a service was decided, the held payment of its order is looked at at once. Where what was held is lost, so is
/// what its order owes.
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
    for payment in &held {
        job::enqueue(tx, &[finish_job(*payment)]).await?;
    }
    if !held.is_empty() {
        return Ok(());
    }
    let unpaid: Vec<InvoiceId> = sqlx::query_scalar(
        "SELECT i.id FROM services v JOIN subscriptions s ON s.id = v.subscription_id JOIN orders o ON o.id = s.order_id \
         JOIN invoices i ON i.order_id = o.id WHERE v.id = $1 AND o.status = 'accepted' AND i.status = 'issued' \
         AND i.payment_status IN ('unpaid', 'partly_paid')",
    )
    .bind(service)
    .fetch_all(tx.connection())
    .await?;
    for invoice in unpaid {
        decide::unpaid(tx, invoice).await?;
    }
    Ok(())
}

fn finish_job(payment: PaymentId) -> NewJob {
    NewJob::new(&FinishHold { payment }).key(format!("hold:{payment}"))
}
