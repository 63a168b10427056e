//! Refunds the gateway knows of: ours go forward, those made on its own pages are booked once.

use platform::money::Money;
use serde_json::json;
use tenancy::{Tenancy, TenantScope, TenantTx, audit, task};

use super::settle::{Came, settle};
use super::{Destination, Refund, Row, insert, left};
use crate::error::currency;
use crate::gateway::{self, GatewayKinds, RefundState, SeenRefund};
use crate::ids::{PaymentId, RefundId};
use crate::payment::{self, Payment};
use crate::{BillingError, invoice, payment_method};

/// Asks the gateway for a payment's refunds and books what is new.
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
        .refunds(&context, reference)
        .await
        .map_err(payment_method::refused)?;
    for seen in list {
        let mut tx = doors.begin(scope).await?;
        book(&mut tx, id, &seen).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn book(tx: &mut TenantTx, payment: PaymentId, seen: &SeenRefund) -> Result<(), BillingError> {
    let paid = payment::locked(tx, payment).await?;
    let ours: Option<RefundId> = seen.key.as_deref().and_then(|key| key.parse().ok());
    let known: Option<RefundId> =
        sqlx::query_scalar("SELECT id FROM refunds WHERE payment_id = $1 AND (id = $2 OR provider_ref = $3)")
            .bind(payment)
            .bind(ours)
            .bind(&seen.reference)
            .fetch_optional(tx.connection())
            .await?;
    let came = match seen.state {
        RefundState::Succeeded => Came::Back(seen.reference.clone()),
        RefundState::Processing => Came::OnItsWay(seen.reference.clone()),
        RefundState::Failed => Came::Nothing("The gateway could not send it back.".into()),
    };
    match (known, seen.state) {
        (Some(known), _) => settle(tx, known, &came).await,
        (None, RefundState::Failed) => Ok(()),
        (None, RefundState::Succeeded | RefundState::Processing) => match foreign(tx, &paid, seen).await? {
            Some(refund) => settle(tx, refund.id, &came).await,
            None => Ok(()),
        },
    }
}

/// A refund somebody made on the gateway's own pages: the money is gone, so it is written down, never refused.
async fn foreign(tx: &mut TenantTx, paid: &Payment, seen: &SeenRefund) -> Result<Option<Refund>, BillingError> {
    invoice::locked(tx, paid.invoice_id).await?;
    let left = left(tx, paid).await?;
    let unit = currency(&paid.currency)?;
    if seen.amount.currency != unit || seen.amount.minor > left.total_minor {
        cannot_book(tx, paid, seen).await?;
        return Ok(None);
    }
    let has: i64 = sqlx::query_scalar("SELECT credit_minor FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(paid.account_id)
        .fetch_one(tx.connection())
        .await?;
    let excess = left.total_minor - left.invoice_minor;
    let row = Row {
        amount: Money::new(seen.amount.minor, unit)?,
        credit_minor: seen.amount.minor.min(excess).min(has),
        destination: Destination::Source,
        reason: "made at the gateway",
        key: None,
        provider_ref: Some(&seen.reference),
    };
    let refund = insert(tx, paid, &row).await?;
    let detail = json!({ "payment": paid.id, "amount": seen.amount, "gateway_id": seen.reference });
    audit::record(tx, "payment.refund_seen", refund.id, detail).await?;
    Ok(Some(refund))
}

async fn cannot_book(tx: &mut TenantTx, paid: &Payment, seen: &SeenRefund) -> Result<(), BillingError> {
    let new = task::NewTask {
        kind: "refund",
        key: format!("refund:{}", seen.reference),
        title: "A refund at the gateway does not fit its payment".to_owned(),
        reason: format!(
            "{} {} were sent back ({}), more than is left of the payment or in another currency.",
            seen.amount.to_decimal_string(),
            seen.amount.currency.code(),
            seen.reference
        ),
        subject: Some(paid.id.to_string()),
        job: None,
    };
    Ok(task::raise(tx, &new).await?)
}
