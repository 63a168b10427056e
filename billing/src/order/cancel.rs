//! An order that will not be paid.

use platform::event::{self, NewEvent};
use serde_json::json;
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx};

use super::{find, invoice_of, room, services_of};
use crate::gateway::GatewayKinds;
use crate::ids::OrderId;
use crate::{BillingError, invoice, payment};

/// Gives up an order that waits for its payment: its open payment page is closed, its invoice voided, its stock
/// and room given back. A second time changes nothing.
///
/// # Errors
/// When it was accepted, money was received for it, or a payment is under way.
pub async fn cancel(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: OrderId,
    reason: &str,
) -> Result<(), BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let order = find(&mut tx, id).await?.ok_or(BillingError::NotFound("order"))?;
    let invoice = invoice_of(&mut tx, id).await?;
    tx.commit().await?;
    match order.status.as_str() {
        "cancelled" => return Ok(()),
        "pending_payment" => {}
        _ => {
            return Err(BillingError::Conflict(
                "order_closed",
                "Only an order that waits for its payment can be cancelled.".into(),
            ));
        }
    }
    if let Some(invoice) = invoice {
        payment::close_page(doors, kinds, scope, invoice).await?;
    }
    let mut tx = doors.begin(scope).await?;
    match invoice {
        // The order goes with the invoice it waited for.
        Some(invoice) => invoice::void(&mut tx, invoice, reason).await?,
        None => cancel_waiting(&mut tx, id, reason).await?,
    }
    tx.commit().await?;
    Ok(())
}

/// Cancels an order that still waits for its money; nothing was built for it. Any other stays as it is.
pub(crate) async fn cancel_waiting(tx: &mut TenantTx, id: OrderId, reason: &str) -> Result<(), BillingError> {
    let account: Option<AccountId> = sqlx::query_scalar(
        "UPDATE orders SET status = 'cancelled', reason = $2 WHERE id = $1 AND status = 'pending_payment' RETURNING account_id",
    )
    .bind(id)
    .bind(reason)
    .fetch_optional(tx.connection())
    .await?;
    let Some(account) = account else { return Ok(()) };
    sqlx::query("UPDATE subscriptions SET status = 'cancelled' WHERE order_id = $1 AND status = 'pending'")
        .bind(id)
        .execute(tx.connection())
        .await?;
    let services = services_of(tx, id).await?;
    sqlx::query(
        "UPDATE services SET status = 'terminated', reason = $2, terminated_at = $3 WHERE id = ANY($1) AND status = 'pending'",
    )
    .bind(&services)
    .bind(reason)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    for service in services {
        room::release(tx, service).await?;
    }
    let cancelled = NewEvent::new("order.cancelled", id, json!({ "id": id, "account": account }));
    Ok(event::publish(tx, &[cancelled.for_account(account.uuid())]).await?)
}
