//! An order that will not be paid.

use platform::event::{self, NewEvent};
use serde_json::json;
use tenancy::{AccountId, TenantTx};

use super::{room, services_of};
use crate::BillingError;
use crate::ids::OrderId;

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
