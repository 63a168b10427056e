//! What staff do with an operation: try again, adopt, call it done, give it up.

use billing::ids::ServiceId;
use billing::{BillingError, order, service};
use serde_json::{Value, json};
use tenancy::{TenantTx, audit, task};

use super::load::Work;
use super::{COLUMNS, Operation, ending, enqueue, keep};
use crate::OperationId;
use crate::panel::{REFERENCE, Target};

/// The operation, its service locked before it.
async fn locked(tx: &mut TenantTx, id: OperationId) -> Result<Operation, BillingError> {
    ending::lock_service_of(tx, id).await?;
    let sql = format!("{COLUMNS} WHERE id = $1 FOR UPDATE");
    let found: Option<Operation> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
    found.ok_or(BillingError::NotFound("operation"))
}

/// Tries a failed operation again, or a build that was given up while its service waits for one.
///
/// # Errors
/// When it has not failed, its order is not paid, or what it left is being cleared away.
pub async fn retry(tx: &mut TenantTx, id: OperationId) -> Result<(), BillingError> {
    lock_invoice(tx, id).await?;
    let operation = locked(tx, id).await?;
    let is_given_up = operation.kind == "create" && operation.status == "cancelled";
    if operation.status != "failed" && !is_given_up {
        return Err(BillingError::Conflict(
            "not_failed",
            "Only a failed operation can be tried again.".into(),
        ));
    }
    let service = operation.service_id;
    let found = service::find(tx, service)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    // The end of what an order that was given up left on a panel comes after the service's own.
    if found.status == "terminated" && operation.kind != "terminate" {
        return Err(BillingError::Conflict(
            "terminated",
            "The service is terminated.".into(),
        ));
    }
    if is_given_up && found.status != "failed" {
        return Err(BillingError::Conflict(
            "not_failed",
            "Only a failed operation can be tried again.".into(),
        ));
    }
    if ending::is_leftover(&operation) && found.status != "failed" {
        return Err(BillingError::Conflict(
            "built_anew",
            "The service is built on what was left: there is nothing to remove any more.".into(),
        ));
    }
    if operation.kind == "create" {
        must_be_paid(tx, service).await?;
        if ending::is_ending(tx, service).await? {
            return Err(BillingError::Conflict(
                "ending",
                "What the last try left on the panel is being removed; try again when that is done.".into(),
            ));
        }
        sqlx::query("UPDATE services SET status = 'provisioning', reason = NULL WHERE id = $1 AND status = 'failed'")
            .bind(service)
            .execute(tx.connection())
            .await?;
        order::keep_again(tx, service).await?;
    }
    sqlx::query(
        "UPDATE operations SET status = 'queued', tries = 0, reason = NULL, no_capacity = false, started_at = NULL, finished_at = NULL \
         WHERE id = $1",
    )
    .bind(id)
    .execute(tx.connection())
    .await?;
    audit::record(tx, "operation.retried", id, Value::Null).await?;
    task::settle(tx, &keep::task_key(id)).await?;
    enqueue(tx, id, found.account_id).await
}

/// Whether money arrived or went back is decided under the invoice's lock, which is taken before the service's.
async fn lock_invoice(tx: &mut TenantTx, id: OperationId) -> Result<(), BillingError> {
    sqlx::query(
        "SELECT i.id FROM invoices i WHERE i.order_id = (SELECT s.order_id FROM operations o JOIN services v ON v.id = o.service_id \
         JOIN subscriptions s ON s.id = v.subscription_id WHERE o.id = $1 AND o.kind = 'create') ORDER BY i.id FOR UPDATE",
    )
    .bind(id)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The invoice is paid and nothing of it went back, or its money is held: else building now would be a server
/// nobody pays for.
async fn must_be_paid(tx: &mut TenantTx, service: ServiceId) -> Result<(), BillingError> {
    let unpaid: bool = sqlx::query_scalar(
        "SELECT coalesce(bool_or(paid.status <> 'paid' AND NOT paid.held), false) FROM (SELECT i.payment_status AS status, \
           EXISTS (SELECT 1 FROM payments p WHERE p.invoice_id = i.id AND p.status = 'held') AS held \
         FROM services v JOIN subscriptions s ON s.id = v.subscription_id JOIN invoices i ON i.order_id = s.order_id \
         WHERE v.id = $1 AND v.status = 'failed' FOR UPDATE OF i) paid",
    )
    .bind(service)
    .fetch_one(tx.connection())
    .await?;
    if unpaid {
        return Err(BillingError::Conflict(
            "unpaid",
            "The order is not paid; try again when its invoice is.".into(),
        ));
    }
    Ok(())
}

/// Staff say which one on the panel is this service's, and the create goes on from there.
///
/// # Errors
/// When it is no create that failed or waits for somebody, or another service has that one.
pub async fn adopt(tx: &mut TenantTx, id: OperationId, panel_ref: &str) -> Result<(), BillingError> {
    let operation = locked(tx, id).await?;
    if operation.kind != "create" || !["failed", "waiting"].contains(&operation.status.as_str()) {
        return Err(BillingError::Conflict(
            "not_failed",
            "Only a create that failed or waits can be given a server.".into(),
        ));
    }
    let panel_ref = panel_ref.trim();
    let found = service::find(tx, operation.service_id)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    let taken: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM services WHERE server_id = $1 AND panel_ref = $2 AND status <> 'terminated' AND id <> $3)",
    )
    .bind(found.server_id)
    .bind(panel_ref)
    .bind(found.id)
    .fetch_one(tx.connection())
    .await?;
    if panel_ref.is_empty() || taken {
        return Err(BillingError::Field(
            "panel_ref",
            "Name one that no other service has.".into(),
        ));
    }
    let mut ids = found.panel_ids.as_object().cloned().unwrap_or_default();
    ids.insert(REFERENCE.into(), json!(panel_ref));
    service::keep_ids(tx, found.id, &Value::Object(ids), Some(panel_ref)).await?;
    audit::record(tx, "operation.adopted", id, json!({ "panel_ref": panel_ref })).await?;
    if operation.status == "waiting" {
        return enqueue(tx, id, found.account_id).await;
    }
    retry(tx, id).await
}

/// Staff did it by hand on the panel: what was wanted counts as done.
///
/// # Errors
/// When it is over, is at work this moment, or is a create (which is adopted instead).
pub async fn skip(tx: &mut TenantTx, id: OperationId) -> Result<(), BillingError> {
    let operation = locked(tx, id).await?;
    if operation.kind == "create" {
        return Err(BillingError::Conflict(
            "create",
            "A create is given the server that was made by hand instead.".into(),
        ));
    }
    idle(&operation)?;
    let service = service::find(tx, operation.service_id)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    keep::log(tx, id, &operation.step, "note", "done by hand").await?;
    let work = Work {
        operation,
        server: service.server_id,
        service,
        target: Target::default(),
    };
    keep::finish(tx, &work, None).await?;
    Ok(audit::record(tx, "operation.skipped", id, Value::Null).await?)
}

/// Gives an operation up. A service that was being created is failed then, and what was made for it is ended; one
/// that was to end stays, and is billed on.
///
/// # Errors
/// When it is over already, or at work this moment, or an end that the panel was asked for.
pub async fn cancel(tx: &mut TenantTx, id: OperationId, reason: &str) -> Result<(), BillingError> {
    let operation = locked(tx, id).await?;
    idle(&operation)?;
    if ending::is_asked(&operation) {
        // It would be billed on, and be gone.
        return Err(BillingError::Conflict(
            "asked",
            "The panel was asked to remove it: wait until that is done or has failed.".into(),
        ));
    }
    keep::end(tx, id, "cancelled", Some(reason)).await?;
    keep::log(tx, id, &operation.step, "note", reason).await?;
    task::settle(tx, &keep::task_key(id)).await?;
    match operation.kind.as_str() {
        "create" => {
            if operation.status != "failed" {
                keep::unbuilt(tx, operation.service_id).await?;
            }
            ending::end_leftover(tx, operation.service_id, &format!("leftover:{id}")).await?;
        }
        "terminate" if !ending::is_leftover(&operation) => service::stays(tx, operation.service_id).await?,
        _ => {}
    }
    Ok(audit::record(tx, "operation.cancelled", id, json!({ "reason": reason })).await?)
}

fn idle(operation: &Operation) -> Result<(), BillingError> {
    match operation.status.as_str() {
        "queued" | "waiting" | "retrying" | "failed" => Ok(()),
        "running" => Err(BillingError::Conflict(
            "running",
            "A step is at work this moment; try again in a minute.".into(),
        )),
        _ => Err(BillingError::Conflict("over", "The operation is over.".into())),
    }
}
