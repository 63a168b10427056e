//! Terminations: one at a time of a service, before anything that still waits for its turn; and what a build that
//! was given up has left behind.

use billing::ids::ServiceId;
use billing::service::{self, Service};
use billing::{BillingError, order};
use serde_json::{Value, json};
use tenancy::{TenantTx, task};

use super::load::Work;
use super::{Operation, keep, retry, wake, want};
use crate::OperationId;
use crate::panel::{PanelError, REFERENCE, Target};

/// Note of a create that may have made something nobody knows of yet.
pub(super) const IN_DOUBT: &str = "in_doubt";
/// Input of a termination that only clears away what a build left.
const LEFTOVER: &str = "leftover";
/// Ids of the owner: they outlive what was built for it.
const OWNERS: [&str; 2] = ["owner", "user"];

/// Wants a service gone, once: a termination under way is enough, one that failed is tried again. What waits
/// gives way to it. None when nobody wants the end any more: the wish came late, or once more.
///
/// # Errors
/// When there is no such service.
pub(crate) async fn want_end(
    tx: &mut TenantTx,
    service: ServiceId,
    key: &str,
) -> Result<Option<OperationId>, BillingError> {
    lock(tx, service).await?;
    if !is_wanted(tx, service).await? {
        return Ok(None);
    }
    let known: Option<(OperationId, String)> = sqlx::query_as(
        "SELECT id, status FROM operations WHERE service_id = $1 AND kind = 'terminate' AND status NOT IN ('done', 'cancelled') \
         AND NOT jsonb_exists(input, $2) ORDER BY created_at DESC, id DESC LIMIT 1",
    )
    .bind(service)
    .bind(LEFTOVER)
    .fetch_optional(tx.connection())
    .await?;
    match known {
        Some((id, status)) if status == "failed" => {
            retry(tx, id).await?;
            Ok(Some(id))
        }
        Some((id, _)) => Ok(Some(id)),
        None => {
            let id = want(tx, service, "terminate", key, json!({})).await?;
            wake(tx, service).await?;
            Ok(Some(id))
        }
    }
}

/// Whether the service is to end on its panel: staff may have kept it meanwhile, or it may be gone there already.
async fn is_wanted(tx: &mut TenantTx, service: ServiceId) -> Result<bool, BillingError> {
    let wanted: Option<bool> = sqlx::query_scalar(
        "SELECT (v.status = 'terminated' OR v.ending_at IS NOT NULL) AND NOT (v.status = 'terminated' \
           AND EXISTS (SELECT 1 FROM operations o WHERE o.service_id = v.id AND o.kind = 'terminate' AND o.status = 'done' \
                       AND NOT jsonb_exists(o.input, $2))) FROM services v WHERE v.id = $1",
    )
    .bind(service)
    .bind(LEFTOVER)
    .fetch_optional(tx.connection())
    .await?;
    wanted.ok_or(BillingError::NotFound("service"))
}

/// The service of an operation, locked, and its status: whoever changes what is under way locks it first, and the
/// operation after it.
pub(super) async fn lock_service_of(tx: &mut TenantTx, id: OperationId) -> Result<Option<String>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT status FROM services WHERE id = (SELECT service_id FROM operations WHERE id = $1) FOR UPDATE",
    )
    .bind(id)
    .fetch_optional(tx.connection())
    .await?)
}

async fn lock(tx: &mut TenantTx, service: ServiceId) -> Result<(), BillingError> {
    sqlx::query("SELECT id FROM services WHERE id = $1 FOR UPDATE")
        .bind(service)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Whether a termination of the service is under way.
pub(super) async fn is_ending(tx: &mut TenantTx, service: ServiceId) -> Result<bool, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM operations WHERE service_id = $1 AND kind = 'terminate' \
         AND status IN ('queued', 'running', 'waiting', 'retrying'))",
    )
    .bind(service)
    .fetch_one(tx.connection())
    .await?)
}

/// Ends what a build that was given up has made: it never finished, so nothing of the customer is in it, and
/// nobody will pay for it. The service stays failed, and a later build begins anew.
pub(super) async fn end_leftover(tx: &mut TenantTx, id: ServiceId, key: &str) -> Result<(), BillingError> {
    lock(tx, id).await?;
    let found = service::find(tx, id).await?.ok_or(BillingError::NotFound("service"))?;
    if found.status != "failed" || found.activated_at.is_some() || is_ending(tx, id).await? {
        return Ok(());
    }
    if reference(&found).is_none() && !is_in_doubt(tx, id).await? {
        return Ok(());
    }
    want(tx, id, "terminate", key, json!({ LEFTOVER: true })).await?;
    Ok(())
}

async fn is_in_doubt(tx: &mut TenantTx, id: ServiceId) -> Result<bool, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM operations WHERE service_id = $1 AND kind = 'create' AND jsonb_exists(input->'notes', $2))",
    )
    .bind(id)
    .bind(IN_DOUBT)
    .fetch_one(tx.connection())
    .await?)
}

fn reference(found: &Service) -> Option<&str> {
    found
        .panel_ref
        .as_deref()
        .or_else(|| found.panel_ids[REFERENCE].as_str())
}

/// Whether it only clears away what a build left.
pub(super) fn is_leftover(operation: &Operation) -> bool {
    operation.input.get(LEFTOVER).is_some()
}

/// Whether a panel may be removing the service this moment. A person who is to do it can still be told otherwise,
/// a provider only by its own staff.
pub(super) fn is_asked(operation: &Operation) -> bool {
    if operation.kind != "terminate" || is_leftover(operation) {
        return false;
    }
    let by_provider = operation.input["notes"].get("operation").is_some();
    let by_person = operation.status == "waiting" && operation.reason.is_some();
    by_provider || (operation.started_at.is_some() && operation.status != "failed" && !by_person)
}

/// What a build left is gone: its ids are forgotten. A service that is being built again keeps them.
pub(super) async fn forget(tx: &mut TenantTx, id: ServiceId) -> Result<(), BillingError> {
    lock(tx, id).await?;
    let found = service::find(tx, id).await?.ok_or(BillingError::NotFound("service"))?;
    if found.status != "failed" {
        return Ok(());
    }
    let mut ids = found.panel_ids.as_object().cloned().unwrap_or_default();
    ids.retain(|key, _| OWNERS.contains(&key.as_str()));
    service::forget_ids(tx, id, &Value::Object(ids)).await
}

/// What failed before needs nobody any more.
pub(super) async fn close_failed(tx: &mut TenantTx, service: ServiceId) -> Result<(), BillingError> {
    let failed: Vec<OperationId> = sqlx::query_scalar(
        "UPDATE operations SET status = 'cancelled' WHERE service_id = $1 AND status = 'failed' RETURNING id",
    )
    .bind(service)
    .fetch_all(tx.connection())
    .await?;
    for id in failed {
        task::settle(tx, &keep::task_key(id)).await?;
    }
    Ok(())
}

/// Whether an operation gives way, and why: its service ends, and what it would do is not begun or goes with
/// it. A create that may have made something nobody knows of yet goes on until that is known.
pub(super) async fn gives_way(
    tx: &mut TenantTx,
    operation: &Operation,
    found: &Service,
) -> Result<Option<&'static str>, BillingError> {
    let terminates = operation.kind == "terminate";
    if terminates && is_leftover(operation) && found.status != "failed" {
        return Ok(Some("the service is not given up any more"));
    }
    if terminates && !is_leftover(operation) && !is_wanted(tx, found.id).await? {
        return Ok(Some("its end is not wanted any more"));
    }
    if terminates || !is_ending(tx, found.id).await? {
        return Ok(None);
    }
    let doubtful = operation.status == "running" || operation.input["notes"].get(IN_DOUBT).is_some();
    let goes_on = operation.kind == "create" && doubtful && reference(found).is_none();
    Ok((!goes_on).then_some("the service is to be terminated"))
}

/// Cancels an operation that gives way. A build that gives way to the removal of what the last one left is as failed
/// as that one: it is tried again when the panel is clean.
pub(super) async fn give_way(
    tx: &mut TenantTx,
    operation: &Operation,
    found: &Service,
    why: &str,
) -> Result<(), BillingError> {
    if operation.kind == "create" && found.status == "provisioning" && !is_wanted(tx, found.id).await? {
        let work = Work {
            operation: operation.clone(),
            server: found.server_id,
            service: found.clone(),
            target: Target::default(),
        };
        return keep::fail(
            tx,
            &work,
            &PanelError::refused("what the last try left is removed first"),
        )
        .await;
    }
    keep::end(tx, operation.id, "cancelled", Some(why)).await?;
    keep::log(tx, operation.id, &operation.step, "note", why).await?;
    task::settle(tx, &keep::task_key(operation.id)).await?;
    if operation.kind == "create" {
        order::release(tx, operation.service_id).await?;
        unwanted(tx, operation, found).await?;
    }
    Ok(())
}

/// A build whose service was given up meanwhile: what it made by then, or may have made, is ended too.
pub(super) async fn unwanted(tx: &mut TenantTx, operation: &Operation, found: &Service) -> Result<(), BillingError> {
    let is_made = reference(found).is_some() || operation.input["notes"].get(IN_DOUBT).is_some();
    if found.status == "terminated" && is_made {
        want_end(tx, found.id, &format!("unwanted:{}", operation.id)).await?;
    }
    Ok(())
}
