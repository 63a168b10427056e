//! Endings: from the moment one is wanted nothing more is billed; when the panel confirms it, it is over.

use serde_json::{Value, json};
use tenancy::{TenantTx, audit, task};

use super::{announce, due_again, find};
use crate::ids::{InvoiceId, ServiceId};
use crate::{BillingError, invoice, ledger, order};

/// Asks for a termination: billing ends now, the panel is told by an operation.
///
/// # Errors
/// When there is no such service, or it is gone already.
pub async fn want_termination(tx: &mut TenantTx, id: ServiceId, reason: &str) -> Result<(), BillingError> {
    end(tx, id, reason).await?;
    announce(tx, id, "service.termination_wanted").await
}

/// No further period of it is billed: its end is wanted. Whoever says so sees to it that its panel is told.
///
/// # Errors
/// When there is no such service, or it is gone already.
pub async fn end(tx: &mut TenantTx, id: ServiceId, reason: &str) -> Result<(), BillingError> {
    let service = find(tx, id).await?.ok_or(BillingError::NotFound("service"))?;
    if service.status == "terminated" {
        return Err(BillingError::Conflict(
            "terminated",
            "The service is terminated already.".into(),
        ));
    }
    sqlx::query("UPDATE services SET ending_at = coalesce(ending_at, $2) WHERE id = $1")
        .bind(id)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    audit::record(tx, "service.termination_wanted", id, json!({ "reason": reason })).await?;
    due_again(tx, id).await
}

/// Its end was given up: what runs on is billed on, and without a gap.
///
/// # Errors
/// When there is no such service.
pub async fn stays(tx: &mut TenantTx, id: ServiceId) -> Result<(), BillingError> {
    let kept = sqlx::query(
        "UPDATE services SET ending_at = NULL WHERE id = $1 AND ending_at IS NOT NULL AND status <> 'terminated'",
    )
    .bind(id)
    .execute(tx.connection())
    .await?;
    if kept.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query(
        "UPDATE subscriptions SET status = 'active', cancel_on = NULL WHERE status = 'cancelled' \
         AND id = (SELECT subscription_id FROM services WHERE id = $1 AND status IN ('active', 'suspended'))",
    )
    .bind(id)
    .execute(tx.connection())
    .await?;
    audit::record(tx, "service.stays", id, Value::Null).await?;
    due_again(tx, id).await
}

/// A panel confirmed that it is gone: billing ends with it. A second time changes nothing.
///
/// # Errors
/// When there is no such service.
pub async fn mark_terminated(tx: &mut TenantTx, id: ServiceId) -> Result<(), BillingError> {
    let ended = sqlx::query(
        "UPDATE services SET status = 'terminated', terminated_at = $2, secrets = NULL WHERE id = $1 AND status <> 'terminated'",
    )
    .bind(id)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query(
        "UPDATE subscriptions SET status = 'cancelled' WHERE id = (SELECT subscription_id FROM services WHERE id = $1)",
    )
    .bind(id)
    .execute(tx.connection())
    .await?;
    order::release(tx, id).await?;
    undelivered(tx, id).await?;
    due_again(tx, id).await?;
    announce(tx, id, "service.terminated").await
}

/// What was paid and ended before it ever ran is a task: a person gives the money back.
///
/// # Errors
/// When the database refuses.
pub async fn undelivered(tx: &mut TenantTx, id: ServiceId) -> Result<(), BillingError> {
    let paid: Option<(InvoiceId, String)> = sqlx::query_as(
        "SELECT i.id, v.label FROM services v JOIN subscriptions s ON s.id = v.subscription_id JOIN invoices i ON i.order_id = s.order_id \
         WHERE v.id = $1 AND v.activated_at IS NULL AND i.status = 'issued' AND i.allocated_minor > i.refunded_minor LIMIT 1",
    )
    .bind(id)
    .fetch_optional(tx.connection())
    .await?;
    let Some((invoice, label)) = paid else { return Ok(()) };
    if ledger::is_posted(tx, &invoice::taken_off_key(invoice)).await? {
        return Ok(());
    }
    let new = task::NewTask {
        kind: "payment",
        key: format!("undelivered:{id}"),
        title: format!("{label}: paid and never delivered"),
        reason: "It was ended before it ran. Give back what was paid for it.".into(),
        subject: Some(invoice.to_string()),
        job: None,
    };
    Ok(task::raise(tx, &new).await?)
}

/// The money of an order was given back, or its invoice is void: what its failed services left on a panel is nobody's.
///
/// # Errors
/// When the database refuses.
pub async fn release_failed(tx: &mut TenantTx, invoice: InvoiceId) -> Result<(), BillingError> {
    let failed: Vec<ServiceId> = sqlx::query_scalar(
        "SELECT v.id FROM invoices i JOIN subscriptions s ON s.order_id = i.order_id JOIN services v ON v.subscription_id = s.id \
         WHERE i.id = $1 AND v.status = 'failed' ORDER BY v.id",
    )
    .bind(invoice)
    .fetch_all(tx.connection())
    .await?;
    for service in failed {
        announce(tx, service, "service.released").await?;
    }
    Ok(())
}

/// What a panel gave is gone there again: a later build begins with `ids`. A service that ran keeps what it has.
///
/// # Errors
/// When the database refuses.
pub async fn forget_ids(tx: &mut TenantTx, id: ServiceId, ids: &Value) -> Result<(), BillingError> {
    sqlx::query("UPDATE services SET panel_ids = $2, panel_ref = NULL WHERE id = $1 AND activated_at IS NULL")
        .bind(id)
        .bind(ids)
        .execute(tx.connection())
        .await?;
    Ok(())
}
