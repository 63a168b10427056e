//! What a step came to, kept in one transaction: ids, state, log, and what follows from it.

use std::time::Duration;

use billing::service::{self, Confirmed};
use billing::{BillingError, ids::ServiceId, order};
use platform::event::{self, NewEvent};
use platform::job::{self, Class, Job, Placement};
use serde_json::{Map, Value, json};
use tenancy::{TenantTx, task};

use super::drive::Next;
use super::load::Work;
use super::{MOST_MINUTES, MOST_TRIES, Operation, RetryOperation, RunOperation, ending, queue, see, wake};
use crate::panel::{PASSWORD, PanelError, PanelIds, Progress, REFERENCE, Step, Target};
use crate::{LogId, OperationId};

/// What the customer reads when a build failed: plain words, no names of machines.
const SORRY: &str = "We could not set this up at once. Our staff has been told and takes care of it.";
/// Key of the sealed password among an operation's notes.
const SEALED: &str = "sealed_password";

/// An operation's notes: they travel inside its input.
pub(super) fn notes(operation: &Operation) -> PanelIds {
    operation.input["notes"].as_object().cloned().unwrap_or_default()
}

/// A create may have made something nobody knows of: that is written down for whoever ends the service.
pub(super) fn doubt(operation: &Operation, target: &mut Target) {
    if operation.kind == "create" && target.id(REFERENCE).is_none() {
        target.notes.insert(ending::IN_DOUBT.into(), json!(true));
    }
}

/// Gives a claim back whose step could not be kept: what a create made by then, nobody has written down.
pub(super) async fn stumbled(tx: &mut TenantTx, id: OperationId, why: &str) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE operations SET status = 'retrying', reason = $2, input = CASE WHEN kind <> 'create' THEN input \
           ELSE input || jsonb_build_object('notes', coalesce(input->'notes', '{}') || jsonb_build_object($3::text, true)) END \
         WHERE id = $1 AND status = 'running'",
    )
    .bind(id)
    .bind(why)
    .bind(ending::IN_DOUBT)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Keeps the outcome of one step.
pub(super) async fn keep(tx: &mut TenantTx, work: &mut Work, result: Step) -> Result<Next, BillingError> {
    if let Err(PanelError::Unknown(_)) = &result {
        doubt(&work.operation, &mut work.target);
    }
    let status = ending::lock_service_of(tx, work.operation.id).await?;
    keep_known(tx, work).await?;
    if work.operation.kind == "create" && status.as_deref() == Some("terminated") {
        given_up_meanwhile(tx, work).await?;
    }
    tell(tx, work).await?;
    let id = work.operation.id;
    let step = work.operation.step.clone();
    match result {
        Ok(Progress::Done(confirmed)) => {
            finish(tx, work, confirmed).await?;
            Ok(Next::Over)
        }
        Ok(Progress::Again { step, after }) => again(tx, work, step, after).await,
        Ok(Progress::Wait {
            step,
            why,
            after,
            hours,
        }) => {
            if minutes(tx, work) >= hours * 60 {
                fail(tx, work, &PanelError::Refused(why)).await?;
                return Ok(Next::Over);
            }
            wait(tx, work, step, why, after).await
        }
        Err(PanelError::Gone) if work.operation.kind == "terminate" => {
            finish(tx, work, None).await?;
            Ok(Next::Over)
        }
        Err(PanelError::Retry { after, why }) if work.operation.tries < MOST_TRIES => {
            later(tx, id, &step, &why).await?;
            Ok(Next::After(after.max(Duration::from_secs(1)), why))
        }
        Err(PanelError::Unknown(why)) if work.operation.tries < MOST_TRIES => {
            later(tx, id, &step, &why).await?;
            // Asked about after 1, 2, 4, 8 ... seconds.
            let doubled = 1_u64 << work.operation.tries.clamp(0, 6);
            Ok(Next::After(Duration::from_secs(doubled.min(60)), why))
        }
        Err(error) => {
            fail(tx, work, &error).await?;
            Ok(Next::Over)
        }
    }
}

/// Its service may have been given up while the panel was at work.
async fn given_up_meanwhile(tx: &mut TenantTx, work: &Work) -> Result<(), BillingError> {
    let id = work.operation.id;
    let now = service::find(tx, work.service.id).await?;
    let operation = super::find_whole(tx, id).await?;
    match (now, operation) {
        (Some(now), Some(operation)) => ending::unwanted(tx, &operation, &now).await,
        _ => Ok(()),
    }
}

/// Whatever becomes of a step, pages that show it are drawn again.
async fn tell(tx: &mut TenantTx, work: &Work) -> Result<(), BillingError> {
    let change = event::Change {
        account: Some(work.service.account_id.uuid()),
        subject: work.service.id.to_string(),
    };
    Ok(event::tell(tx, &[change]).await?)
}

/// Ids before anything else: they are worth more than the outcome.
async fn keep_known(tx: &mut TenantTx, work: &mut Work) -> Result<(), BillingError> {
    let service = work.service.id;
    if let Some(Value::String(password)) = work.target.ids.remove(PASSWORD) {
        service::keep_password(tx, service, &password).await?;
    }
    let reference = work.target.id(REFERENCE);
    let ids = Value::Object(work.target.ids.clone());
    if reference.is_none() && work.service.panel_ids.get(REFERENCE).is_some() {
        // What it was is gone there, and the next build begins anew.
        service::forget_ids(tx, service, &ids).await?;
    } else if ids != work.service.panel_ids || reference != work.service.panel_ref {
        service::keep_ids(tx, service, &ids, reference.as_deref()).await?;
    }
    if let Some(Value::String(password)) = work.target.notes.remove(PASSWORD) {
        let sealed = tx.seal("operations", "input", work.operation.id, password.as_bytes());
        work.target.notes.insert(SEALED.into(), json!(sealed));
    }
    if notes(&work.operation) != work.target.notes {
        let mut input: Map<String, Value> = work.operation.input.as_object().cloned().unwrap_or_default();
        input.insert("notes".into(), Value::Object(work.target.notes.clone()));
        sqlx::query("UPDATE operations SET input = $2 WHERE id = $1")
            .bind(work.operation.id)
            .bind(Value::Object(input))
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}

fn minutes(tx: &TenantTx, work: &Work) -> i64 {
    work.operation.started_at.map_or(0, |at| (tx.now() - at).num_minutes())
}

async fn again(tx: &mut TenantTx, work: &Work, step: &str, after: Duration) -> Result<Next, BillingError> {
    // The time somebody was waited for is no time that the panel took.
    let waited = work.operation.reason.is_some() && work.operation.status == "waiting";
    let minutes = if waited { 0 } else { minutes(tx, work) };
    if waited {
        sqlx::query("UPDATE operations SET started_at = $2 WHERE id = $1")
            .bind(work.operation.id)
            .bind(tx.now())
            .execute(tx.connection())
            .await?;
    }
    if minutes >= MOST_MINUTES {
        let slow = PanelError::refused("the panel was not done after half an hour");
        fail(tx, work, &slow).await?;
        return Ok(Next::Over);
    }
    mark(tx, work.operation.id, "waiting", step, None).await?;
    if work.operation.reason.is_some() {
        // What it waited for has happened.
        task::settle(tx, &task_key(work.operation.id)).await?;
    }
    if step != work.operation.step {
        log(tx, work.operation.id, step, "note", "").await?;
    }
    // Every 2 s in the first minute, then every 10 s.
    let slower = minutes >= 1 && !after.is_zero();
    let after = if slower {
        after.max(Duration::from_secs(10))
    } else {
        after
    };
    Ok(Next::After(after, "the panel is at work".into()))
}

async fn wait(tx: &mut TenantTx, work: &Work, step: &str, why: String, after: Duration) -> Result<Next, BillingError> {
    mark(tx, work.operation.id, "waiting", step, Some(&why)).await?;
    if work.operation.reason.as_deref() != Some(&why) {
        log(tx, work.operation.id, step, "note", &why).await?;
        // Whoever can end the wait must see it: it is paid for, and not delivered yet.
        let title = format!("{} of {} waits", spoken(&work.operation.kind), work.service.label);
        raise(tx, work, title, why.clone(), RunOperation::NAME).await?;
    }
    Ok(Next::After(after.max(Duration::from_secs(1)), why))
}

async fn later(tx: &mut TenantTx, id: OperationId, step: &str, why: &str) -> Result<(), BillingError> {
    mark(tx, id, "retrying", step, Some(why)).await?;
    log(tx, id, step, "retry", why).await?;
    sqlx::query("UPDATE operations SET tries = tries + 1 WHERE id = $1")
        .bind(id)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The panel confirmed it: the service becomes what was wanted.
pub(super) async fn finish(tx: &mut TenantTx, work: &Work, confirmed: Option<Confirmed>) -> Result<(), BillingError> {
    let (id, service) = (work.operation.id, work.service.id);
    match work.operation.kind.as_str() {
        "create" => {
            let confirmed = confirmed.unwrap_or_else(|| Confirmed {
                panel_ref: work.target.panel_ref.clone(),
                ip_addresses: work.service.ip_addresses.clone(),
                observed: Value::Null,
            });
            service::activate(tx, service, &confirmed).await?;
        }
        "suspend" => service::set_suspended(tx, service, true).await?,
        "resume" => service::set_suspended(tx, service, false).await?,
        "terminate" if ending::is_leftover(&work.operation) => ending::forget(tx, service).await?,
        "terminate" => {
            service::mark_terminated(tx, service).await?;
            ending::close_failed(tx, service).await?;
        }
        "change_plan" => changed(tx, work, confirmed.as_ref()).await?,
        "root_password" => keep_new_password(tx, work).await?,
        _ => {}
    }
    end(tx, id, "done", None).await?;
    log(tx, id, "ready", "done", "").await?;
    Ok(task::settle(tx, &task_key(id)).await?)
}

async fn changed(tx: &mut TenantTx, work: &Work, confirmed: Option<&Confirmed>) -> Result<(), BillingError> {
    if let Some(confirmed) = confirmed {
        see(tx, work.service.id, &confirmed.ip_addresses, &confirmed.observed).await?;
    }
    let payload = json!({ "id": work.service.id, "account": work.service.account_id, "plan": work.service.plan_id });
    let changed = NewEvent::new("service.changed", work.service.id, payload);
    Ok(event::publish(tx, &[changed.for_account(work.service.account_id.uuid())]).await?)
}

/// The new password replaces the old one only now, when the panel says that it holds.
async fn keep_new_password(tx: &mut TenantTx, work: &Work) -> Result<(), BillingError> {
    let sealed = work.target.notes.get(SEALED).cloned().unwrap_or_default();
    let Ok(sealed) = serde_json::from_value::<Vec<u8>>(sealed) else {
        return Ok(());
    };
    let opened = tx.open("operations", "input", work.operation.id, &sealed);
    let plain = opened.map_err(|e| BillingError::Conflict("password_sealed", e.to_string()))?;
    service::keep_password(tx, work.service.id, &String::from_utf8_lossy(&plain)).await?;
    sqlx::query("UPDATE operations SET input = input - 'notes' WHERE id = $1")
        .bind(work.operation.id)
        .execute(tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn mark(
    tx: &mut TenantTx,
    id: OperationId,
    status: &str,
    step: &str,
    reason: Option<&str>,
) -> Result<(), BillingError> {
    sqlx::query("UPDATE operations SET status = $2, step = $3, reason = $4 WHERE id = $1")
        .bind(id)
        .bind(status)
        .bind(step)
        .bind(reason)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Over: done, failed or cancelled. What waited behind it goes on.
pub(super) async fn end(
    tx: &mut TenantTx,
    id: OperationId,
    status: &str,
    reason: Option<&str>,
) -> Result<(), BillingError> {
    let service: ServiceId = sqlx::query_scalar(
        "UPDATE operations SET status = $2, step = CASE WHEN $2 = 'done' THEN 'ready' ELSE step END, reason = $3, finished_at = $4 \
         WHERE id = $1 RETURNING service_id",
    )
    .bind(id)
    .bind(status)
    .bind(reason)
    .bind(tx.now())
    .fetch_one(tx.connection())
    .await?;
    wake(tx, service).await?;
    Ok(())
}

pub(super) async fn log(
    tx: &mut TenantTx,
    operation: OperationId,
    step: &str,
    outcome: &str,
    message: &str,
) -> Result<(), BillingError> {
    let id: LogId = tx.new_id();
    sqlx::query(
        "INSERT INTO operation_log (id, operation_id, at, step, outcome, message) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(operation)
    .bind(tx.now())
    .bind(step)
    .bind(outcome)
    .bind(message)
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(crate) fn task_key(id: OperationId) -> String {
    format!("operation:{id}")
}

/// Failed for good: staff get a task with the reason, the customer plain words.
pub(super) async fn fail(tx: &mut TenantTx, work: &Work, error: &PanelError) -> Result<(), BillingError> {
    let (id, kind) = (work.operation.id, work.operation.kind.as_str());
    let reason = error.to_string();
    end(tx, id, "failed", Some(&reason)).await?;
    sqlx::query("UPDATE operations SET no_capacity = $2 WHERE id = $1")
        .bind(id)
        .bind(matches!(error, PanelError::NoCapacity(_)))
        .execute(tx.connection())
        .await?;
    log(tx, id, &work.operation.step, "failed", &reason).await?;
    let title = format!("{} of {} failed", spoken(kind), work.service.label);
    raise(tx, work, title, reason, RetryOperation::NAME).await?;
    if kind == "create" {
        unbuilt(tx, work.service.id).await?;
    }
    Ok(())
}

fn spoken(kind: &str) -> String {
    kind.replace('_', " ")
}

/// The one task of an operation; `job` is what its button runs.
async fn raise(tx: &mut TenantTx, work: &Work, title: String, reason: String, job: &str) -> Result<(), BillingError> {
    let id = work.operation.id;
    let place = Placement {
        key: Some(format!("op:{id}")),
        queue: Some(queue(work.service.account_id)),
        ..Placement::default()
    };
    let args = json!({ "operation": id });
    let new = task::NewTask {
        kind: "operation",
        key: task_key(id),
        title,
        reason,
        subject: Some(id.to_string()),
        job: Some(job::request(Class::Critical.name(), job, &args, &place)),
    };
    Ok(task::raise(tx, &new).await?)
}

/// Nothing is built: the room kept for it is free again, and billing gives back what is held.
pub(super) async fn unbuilt(tx: &mut TenantTx, service: ServiceId) -> Result<(), BillingError> {
    order::release(tx, service).await?;
    service::mark_failed(tx, service, SORRY).await
}
