//! A refund on its way: sent with its id as key, asked about with the same key.

use chrono::TimeDelta;
use platform::job::Outcome as JobOutcome;
use tenancy::{Tenancy, TenantScope, task};

use super::settle::{Came, settle};
use super::{DriveRefund, Refund, find};
use crate::gateway::{self, Gateway, GatewayContext, GatewayKinds, RefundState, Refunded};
use crate::ids::RefundId;
use crate::payment::{self, Payment};
use crate::{BillingError, payment_method};

/// How long a gateway knows a key again, with a margin.
const KEY_LASTS: TimeDelta = TimeDelta::hours(20);

/// Sends a refund that was begun, or asks what became of it; the answer is settled. Twice is as good as once.
///
/// # Errors
/// When the database refuses; its job goes on then.
pub async fn drive(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: RefundId,
) -> Result<Refund, BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let refund = find(&mut tx, id).await?.ok_or(BillingError::NotFound("refund"))?;
    let paid = payment::find(&mut tx, refund.payment_id)
        .await?
        .ok_or(BillingError::NotFound("payment"))?;
    let now = tx.now();
    tx.commit().await?;
    if ["succeeded", "failed"].contains(&refund.status.as_str()) {
        return Ok(refund);
    }
    let (adapter, context) = gateway::open(doors, kinds, scope, paid.gateway()?).await?;
    // A key the gateway may have forgotten, or a refund it has taken: it is looked for, never sent again.
    let look = refund.status == "processing" || refund.created_at + KEY_LASTS < now;
    let seen = if look {
        look_for(adapter.as_ref(), &context, &paid, &refund).await?
    } else {
        None
    };
    let came = match seen {
        Some(came) => Ok(came),
        None if refund.status == "processing" => Err("the gateway does not list it".to_owned()),
        None => send(adapter.as_ref(), &context, &paid, &refund).await?,
    };
    let mut tx = doors.begin(scope).await?;
    match came {
        Ok(came) => settle(&mut tx, id, &came).await?,
        Err(why) => unknown(&mut tx, &refund, &why).await?,
    }
    let refund = find(&mut tx, id).await?.ok_or(BillingError::NotFound("refund"))?;
    tx.commit().await?;
    Ok(refund)
}

async fn look_for(
    adapter: &dyn Gateway,
    context: &GatewayContext,
    paid: &Payment,
    refund: &Refund,
) -> Result<Option<Came>, BillingError> {
    let reference = paid.provider_ref.as_deref().unwrap_or_default();
    let key = refund.id.to_string();
    let list = adapter
        .refunds(context, reference)
        .await
        .map_err(payment_method::refused)?;
    let ours = list.into_iter().find(|seen| seen.key.as_deref() == Some(key.as_str()));
    Ok(ours.map(|seen| match seen.state {
        RefundState::Succeeded => Came::Back(seen.reference),
        RefundState::Processing => Came::OnItsWay(seen.reference),
        RefundState::Failed => Came::Nothing("The gateway could not send it back.".into()),
    }))
}

async fn send(
    adapter: &dyn Gateway,
    context: &GatewayContext,
    paid: &Payment,
    refund: &Refund,
) -> Result<Result<Came, String>, BillingError> {
    let reference = paid.provider_ref.as_deref().unwrap_or_default();
    let key = refund.id.to_string();
    Ok(match adapter.refund(context, &key, reference, refund.amount()?).await {
        Refunded::Succeeded(reference) => Ok(Came::Back(reference)),
        Refunded::Processing(reference) => Ok(Came::OnItsWay(reference)),
        Refunded::Failed(why) => Ok(Came::Nothing(why)),
        Refunded::Unknown(why) => Err(why),
    })
}

async fn unknown(tx: &mut tenancy::TenantTx, refund: &Refund, why: &str) -> Result<(), BillingError> {
    tracing::warn!(refund = %refund.id, why, asks = refund.asks, "the outcome of a refund is unknown; it will be asked about");
    sqlx::query(
        "UPDATE refunds SET status = CASE WHEN status = 'created' THEN 'unknown' ELSE status END, asks = coalesce(asks, 0) + 1 \
         WHERE id = $1 AND status IN ('created', 'unknown', 'processing')",
    )
    .bind(refund.id)
    .execute(tx.connection())
    .await?;
    if refund.asks == 12 {
        let new = task::NewTask {
            kind: "refund",
            key: format!("refund:{}", refund.id),
            title: "A refund's outcome is unknown".to_owned(),
            reason: why.to_owned(),
            subject: Some(refund.payment_id.to_string()),
            job: None,
        };
        task::raise(tx, &new).await?;
    }
    Ok(())
}

/// The body of [`DriveRefund`]: until it has come to an end.
pub async fn drive_job(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope, args: &DriveRefund) -> JobOutcome {
    match drive(doors, kinds, scope, args.refund).await {
        Ok(refund) if ["succeeded", "failed"].contains(&refund.status.as_str()) => JobOutcome::Done,
        Ok(refund) if refund.status == "processing" => JobOutcome::wait(600, "the refund is on its way"),
        Ok(refund) => JobOutcome::wait(1 << refund.asks.clamp(1, 11), "the refund's outcome is unknown"),
        Err(error) => JobOutcome::retry(5, error),
    }
}
