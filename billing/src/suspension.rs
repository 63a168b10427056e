//! Suspensions: each has a cause, and paying the invoice it names undoes exactly that one.

use serde::Serialize;
use serde_json::json;
use tenancy::{TenantTx, audit};

use crate::ids::{InvoiceId, ServiceId, SuspensionId};
use crate::{BillingError, service};

/// The cause of a suspension by whoever delivers a service for us.
const ABOVE: &str = "parent";

/// Suspends a service for a cause; a second time for the same cause changes nothing.
///
/// # Errors
/// When there is no such service, or it does not run.
pub async fn suspend(
    tx: &mut TenantTx,
    id: ServiceId,
    cause: &str,
    invoice: Option<InvoiceId>,
    reason: &str,
) -> Result<(), BillingError> {
    let found = service::find(tx, id).await?.ok_or(BillingError::NotFound("service"))?;
    if !["active", "suspended"].contains(&found.status.as_str()) {
        return Err(BillingError::Conflict(
            "not_active",
            "Only a running service can be suspended.".into(),
        ));
    }
    if !open(tx, id, (cause, invoice), reason).await? {
        return Ok(());
    }
    service::announce(tx, id, "service.suspension_wanted").await
}

/// Whoever delivers a service for us has suspended it: that is so already, so no panel is asked. It holds
/// besides whatever else suspends the service; `words` is what its owner reads. False when it was known.
///
/// # Errors
/// When there is no such service.
pub async fn suspended_above(tx: &mut TenantTx, id: ServiceId, words: &str) -> Result<bool, BillingError> {
    if !open(tx, id, (ABOVE, None), words).await? {
        return Ok(false);
    }
    sqlx::query("UPDATE services SET reason = $2 WHERE id = $1")
        .bind(id)
        .bind(words)
        .execute(tx.connection())
        .await?;
    service::set_suspended(tx, id, true).await?;
    Ok(true)
}

/// It runs there again: so it does here, unless something of our own still suspends it. False when
/// nothing was known of a suspension there.
///
/// # Errors
/// When the database refuses.
pub async fn resumed_above(tx: &mut TenantTx, id: ServiceId) -> Result<bool, BillingError> {
    if !close(tx, id, ABOVE).await? {
        return Ok(false);
    }
    sqlx::query("UPDATE services SET reason = NULL WHERE id = $1 AND status = 'suspended'")
        .bind(id)
        .execute(tx.connection())
        .await?;
    service::set_suspended(tx, id, false).await?;
    Ok(true)
}

/// Writes a suspension down; false when there is one with this cause.
async fn open(
    tx: &mut TenantTx,
    id: ServiceId,
    (cause, invoice): (&str, Option<InvoiceId>),
    reason: &str,
) -> Result<bool, BillingError> {
    let row: SuspensionId = tx.new_id();
    let by = tx.actor().to_string();
    let done = sqlx::query(
        "INSERT INTO suspensions (id, service_id, cause, invoice_id, reason, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (service_id, cause) WHERE lifted_at IS NULL DO NOTHING",
    )
    .bind(row)
    .bind(id)
    .bind(cause)
    .bind(invoice)
    .bind(reason)
    .bind(tx.now())
    .bind(by)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let detail = json!({ "cause": cause, "reason": reason });
    audit::record(tx, "service.suspension_wanted", id, detail).await?;
    Ok(true)
}

/// Why a service is suspended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Cause {
    /// overdue, staff or parent.
    pub cause: String,
    /// The invoice whose payment lifts it.
    pub invoice_id: Option<InvoiceId>,
}

/// The causes that hold a service suspended, the oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn causes(tx: &mut TenantTx, id: ServiceId) -> Result<Vec<Cause>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT cause, invoice_id FROM suspensions WHERE service_id = $1 AND lifted_at IS NULL ORDER BY created_at, id",
    )
    .bind(id)
    .fetch_all(tx.connection())
    .await?)
}

/// Lifts one cause; the service resumes when no other is left.
///
/// # Errors
/// When no such suspension is open.
pub async fn lift(tx: &mut TenantTx, id: ServiceId, cause: &str) -> Result<(), BillingError> {
    if !close(tx, id, cause).await? {
        return Err(BillingError::Conflict(
            "not_suspended",
            "There is no such suspension.".into(),
        ));
    }
    resume_if_free(tx, id).await
}

async fn close(tx: &mut TenantTx, id: ServiceId, cause: &str) -> Result<bool, BillingError> {
    let by = tx.actor().to_string();
    let done = sqlx::query("UPDATE suspensions SET lifted_at = $3, lifted_by = $4 WHERE service_id = $1 AND cause = $2 AND lifted_at IS NULL")
        .bind(id)
        .bind(cause)
        .bind(tx.now())
        .bind(by)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    audit::record(tx, "service.suspension_lifted", id, json!({ "cause": cause })).await?;
    Ok(true)
}

/// Lifts what an invoice caused.
pub(crate) async fn lift_for(tx: &mut TenantTx, invoice: InvoiceId) -> Result<(), BillingError> {
    let services: Vec<ServiceId> = sqlx::query_scalar(
        "UPDATE suspensions SET lifted_at = $2, lifted_by = 'payment' WHERE invoice_id = $1 AND lifted_at IS NULL RETURNING service_id",
    )
    .bind(invoice)
    .bind(tx.now())
    .fetch_all(tx.connection())
    .await?;
    for id in services {
        resume_if_free(tx, id).await?;
    }
    Ok(())
}

/// Resumes when nothing of our own is left. What whoever delivers it holds against it is no reason to keep
/// our part up: the panel takes it down, and the service runs when that is over too.
async fn resume_if_free(tx: &mut TenantTx, id: ServiceId) -> Result<(), BillingError> {
    let held: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM suspensions WHERE service_id = $1 AND lifted_at IS NULL AND cause <> $2)",
    )
    .bind(id)
    .bind(ABOVE)
    .fetch_one(tx.connection())
    .await?;
    if held {
        Ok(())
    } else {
        service::announce(tx, id, "service.resume_wanted").await
    }
}
