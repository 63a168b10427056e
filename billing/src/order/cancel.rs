//! An order that will not be paid.

use platform::event::{self, NewEvent};
use serde_json::json;
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx};

use super::{find, invoice_of, room, services_of};
use crate::gateway::GatewayKinds;
use crate::ids::{OrderId, ServiceId};
use crate::{BillingError, invoice, payment, service};

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
    let why = Why { reason, expired: false };
    if give_up(doors, kinds, scope, id, &why).await? {
        return Ok(());
    }
    let mut tx = doors.begin_read(scope).await?;
    let now = find(&mut tx, id).await?.ok_or(BillingError::NotFound("order"))?;
    tx.commit().await?;
    if now.status == "cancelled" {
        Ok(())
    } else {
        Err(closed())
    }
}

fn closed() -> BillingError {
    BillingError::Conflict(
        "order_closed",
        "Only an order that waits for its payment can be cancelled.".into(),
    )
}

/// Why an order is given up.
pub(super) struct Why<'a> {
    /// For its page.
    pub reason: &'a str,
    /// Nobody paid in time: its customer is told.
    pub expired: bool,
}

/// Gives up an order; false when it was before.
pub(super) async fn give_up(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: OrderId,
    why: &Why<'_>,
) -> Result<bool, BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let order = find(&mut tx, id).await?.ok_or(BillingError::NotFound("order"))?;
    let invoice = invoice_of(&mut tx, id).await?;
    tx.commit().await?;
    match order.status.as_str() {
        "cancelled" => return Ok(false),
        "pending_payment" => {}
        _ => return Err(closed()),
    }
    if let Some(invoice) = invoice {
        payment::close_page(doors, kinds, scope, invoice).await?;
    }
    let mut tx = doors.begin(scope).await?;
    if let Some(invoice) = invoice {
        // What the page was paid with before it was closed counts: then the invoice is not voided.
        invoice::locked(&mut tx, invoice).await?;
    }
    let given_up = cancel_waiting(&mut tx, id, why).await?;
    if let (Some(invoice), true) = (invoice, given_up) {
        invoice::void(&mut tx, invoice, why.reason).await?;
    }
    tx.commit().await?;
    Ok(given_up)
}

/// The order goes with the invoice it waited for.
pub(crate) async fn cancel_with_invoice(tx: &mut TenantTx, id: OrderId) -> Result<(), BillingError> {
    let why = Why {
        reason: "Its invoice was voided.",
        expired: false,
    };
    cancel_waiting(tx, id, &why).await.map(|_| ())
}

/// Cancels an order that still waits for its money. Any other stays as it is.
async fn cancel_waiting(tx: &mut TenantTx, id: OrderId, why: &Why<'_>) -> Result<bool, BillingError> {
    let account: Option<AccountId> = sqlx::query_scalar(
        "UPDATE orders SET status = 'cancelled', reason = $2 WHERE id = $1 AND status = 'pending_payment' RETURNING account_id",
    )
    .bind(id)
    .bind(why.reason)
    .fetch_optional(tx.connection())
    .await?;
    let Some(account) = account else { return Ok(false) };
    sqlx::query("UPDATE subscriptions SET status = 'cancelled' WHERE order_id = $1 AND status = 'pending'")
        .bind(id)
        .execute(tx.connection())
        .await?;
    let begun: Vec<ServiceId> = end_services(tx, id, why.reason).await?;
    for service in services_of(tx, id).await? {
        room::release(tx, service).await?;
    }
    // An order that lost its money while it was built: what a panel has of it is removed there.
    for service in begun {
        service::announce(tx, service, "service.termination_wanted").await?;
    }
    let payload = json!({ "id": id, "account": account, "expired": why.expired });
    let cancelled = NewEvent::new("order.cancelled", id, payload);
    event::publish(tx, &[cancelled.for_account(account.uuid())]).await?;
    Ok(true)
}

/// Ends the services of an order that is given up; answers those of which a panel has something.
async fn end_services(tx: &mut TenantTx, id: OrderId, reason: &str) -> Result<Vec<ServiceId>, BillingError> {
    sqlx::query(
        "UPDATE services v SET status = 'terminated', reason = $2, terminated_at = $3 FROM subscriptions s \
         WHERE s.id = v.subscription_id AND s.order_id = $1 AND v.status IN ('pending', 'failed') AND v.activated_at IS NULL",
    )
    .bind(id)
    .bind(reason)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    Ok(sqlx::query_scalar(
        "SELECT v.id FROM services v JOIN subscriptions s ON s.id = v.subscription_id WHERE s.order_id = $1 \
         AND v.activated_at IS NULL AND (v.panel_ref IS NOT NULL OR v.panel_ids <> '{}') ORDER BY v.id",
    )
    .bind(id)
    .fetch_all(tx.connection())
    .await?)
}
