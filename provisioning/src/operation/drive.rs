//! Driving an operation: load, call the panel outside any transaction, keep what it said.

use std::time::Duration;

use billing::ids::{ServerId, ServiceId};
use billing::{BillingError, service};
use platform::job::{self, Class, Job, Outcome, Placement};
use serde_json::{Map, Value, json};
use tenancy::{TenantScope, TenantTx, account, task};

use super::{COLUMNS, MOST_MINUTES, MOST_TRIES, Operation, RetryOperation, RunOperation, Workshop};
use crate::panel::{PanelError, PanelIds, Power, Progress, Wanted};
use crate::virtfusion::PASSWORD;
use crate::{LogId, OperationId, server};

/// Everything a step needs, read in one transaction that ends before the call.
struct Loaded {
    operation: Operation,
    service: service::Service,
    server: ServerId,
    wanted: Wanted,
    ids: PanelIds,
}

async fn load(tx: &mut TenantTx, id: OperationId) -> Result<Option<Loaded>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1 FOR UPDATE");
    let operation: Option<Operation> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
    let Some(operation) = operation.filter(|o| !["done", "failed", "cancelled"].contains(&o.status.as_str())) else {
        return Ok(None);
    };
    let found = service::find(tx, operation.service_id)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    let owner = account::find(tx, found.account_id)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    let server = found.server_id.ok_or(BillingError::Conflict(
        "no_server",
        "The product names no server to build on.".into(),
    ))?;
    let settings: Value = sqlx::query_scalar("SELECT panel_settings FROM products WHERE id = $1")
        .bind(found.product_id)
        .fetch_one(tx.connection())
        .await?;
    let taken: Vec<String> = sqlx::query_scalar(
        "SELECT coalesce(panel_ref, panel_ids->>'server') FROM services WHERE server_id = $1 AND id <> $2 \
         AND coalesce(panel_ref, panel_ids->>'server') IS NOT NULL AND account_id = $3",
    )
    .bind(server)
    .bind(found.id)
    .bind(found.account_id)
    .fetch_all(tx.connection())
    .await?;
    sqlx::query("UPDATE operations SET status = 'running', started_at = coalesce(started_at, $2) WHERE id = $1")
        .bind(id)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    let wanted = Wanted {
        service: found.id.to_string(),
        hostname: found.hostname.clone(),
        owner: owner.number,
        owner_name: owner.name,
        owner_email: owner.email,
        settings,
        taken,
    };
    let ids: Map<String, Value> = found.panel_ids.as_object().cloned().unwrap_or_default();
    Ok(Some(Loaded {
        operation,
        service: found,
        server,
        wanted,
        ids,
    }))
}

/// The body of [`RunOperation`]: steps until it has to wait, is done, or fails.
pub async fn run(shop: &Workshop, scope: &TenantScope, args: &RunOperation) -> Outcome {
    // Bounded: a panel that never gets anywhere must not hold a worker.
    for _ in 0..12 {
        match Box::pin(step(shop, scope, args.operation)).await {
            Ok(None) => return Outcome::Done,
            Ok(Some(after)) if after.is_zero() => {}
            Ok(Some(after)) => {
                return Outcome::Retry {
                    after,
                    why: "the panel is at work".into(),
                };
            }
            Err(BillingError::Conflict("no_server", why)) => {
                return give_up(shop, scope, args.operation, &PanelError::Refused(why)).await;
            }
            Err(error) => {
                return Outcome::Retry {
                    after: Duration::from_secs(5),
                    why: error.to_string(),
                };
            }
        }
    }
    Outcome::Retry {
        after: Duration::from_secs(1),
        why: "more steps".into(),
    }
}

async fn step(shop: &Workshop, scope: &TenantScope, id: OperationId) -> Result<Option<Duration>, BillingError> {
    let mut tx = shop.doors.begin(scope).await?;
    let loaded = load(&mut tx, id).await?;
    tx.commit().await?;
    let Some(mut loaded) = loaded else { return Ok(None) };
    let (panel, context) = server::open(&shop.doors, &shop.panels, &shop.outbound, scope, loaded.server).await?;
    let reference = loaded.service.panel_ref.clone();
    let result = match (loaded.operation.kind.as_str(), reference) {
        ("create", _) => panel.create(&context, &loaded.wanted, &mut loaded.ids).await,
        (_, None) => Err(PanelError::retry(5, "the service is not built yet")),
        ("suspend", Some(r)) => panel.suspend(&context, &r).await.map(|()| done(&loaded)),
        ("resume", Some(r)) => panel.resume(&context, &r).await.map(|()| done(&loaded)),
        ("terminate", Some(r)) => panel.terminate(&context, &r).await.map(|()| done(&loaded)),
        ("power", Some(r)) => match Power::parse(loaded.operation.input["action"].as_str().unwrap_or_default()) {
            Some(power) => panel.power(&context, &r, power).await.map(|()| done(&loaded)),
            None => Err(PanelError::Refused("there is no such action".into())),
        },
        (other, _) => Err(PanelError::Refused(format!("{other} is not known here"))),
    };
    let mut tx = shop.doors.begin(scope).await?;
    let next = keep(&mut tx, &mut loaded, result).await?;
    tx.commit().await?;
    Ok(next)
}

fn done(loaded: &Loaded) -> Progress {
    Progress::Done(service::Confirmed {
        panel_ref: loaded.service.panel_ref.clone().unwrap_or_default(),
        ip_addresses: loaded.service.ip_addresses.clone(),
        observed: Value::Null,
    })
}

async fn keep(
    tx: &mut TenantTx,
    loaded: &mut Loaded,
    result: Result<Progress, PanelError>,
) -> Result<Option<Duration>, BillingError> {
    let (id, service_id) = (loaded.operation.id, loaded.service.id);
    if loaded.operation.kind == "create" {
        if let Some(Value::String(password)) = loaded.ids.remove(PASSWORD) {
            service::keep_password(tx, service_id, &password).await?;
        }
        let reference = loaded.ids.get("server").and_then(Value::as_str).map(str::to_owned);
        service::keep_ids(tx, service_id, &Value::Object(loaded.ids.clone()), reference.as_deref()).await?;
    }
    match result {
        Ok(Progress::Again { step, after }) => {
            let minutes = loaded
                .operation
                .started_at
                .map_or(0, |at| (tx.now() - at).num_minutes());
            if minutes >= MOST_MINUTES {
                fail(
                    tx,
                    loaded,
                    &PanelError::Refused("the panel was not done after half an hour".into()),
                )
                .await?;
                return Ok(None);
            }
            let waited = if minutes >= 1 && !after.is_zero() {
                Duration::from_secs(10)
            } else {
                after
            };
            mark(tx, id, "waiting", step, None).await?;
            log(tx, id, step, "note", "").await?;
            Ok(Some(waited))
        }
        Ok(Progress::Done(confirmed)) => {
            match loaded.operation.kind.as_str() {
                "create" => service::activate(tx, service_id, &confirmed).await?,
                "suspend" => service::set_suspended(tx, service_id, true).await?,
                "resume" => service::set_suspended(tx, service_id, false).await?,
                "terminate" => service::mark_terminated(tx, service_id).await?,
                _ => {}
            }
            mark(tx, id, "done", "ready", None).await?;
            log(tx, id, "ready", "done", "").await?;
            task::settle(tx, &format!("operation:{id}")).await?;
            Ok(None)
        }
        Err(PanelError::Retry { after, why }) if loaded.operation.tries < MOST_TRIES => {
            mark(tx, id, "retrying", &loaded.operation.step, Some(&why)).await?;
            log(tx, id, &loaded.operation.step, "retry", &why).await?;
            sqlx::query("UPDATE operations SET tries = tries + 1 WHERE id = $1")
                .bind(id)
                .execute(tx.connection())
                .await?;
            Ok(Some(after.max(Duration::from_secs(1))))
        }
        Err(PanelError::Gone) if loaded.operation.kind == "terminate" => {
            service::mark_terminated(tx, service_id).await?;
            mark(tx, id, "done", "ready", None).await?;
            Ok(None)
        }
        Err(error) => {
            fail(tx, loaded, &error).await?;
            Ok(None)
        }
    }
}

async fn mark(
    tx: &mut TenantTx,
    id: OperationId,
    status: &str,
    step: &str,
    reason: Option<&str>,
) -> Result<(), BillingError> {
    let over = ["done", "failed", "cancelled"].contains(&status).then(|| tx.now());
    sqlx::query("UPDATE operations SET status = $2, step = $3, reason = $4, finished_at = $5 WHERE id = $1")
        .bind(id)
        .bind(status)
        .bind(step)
        .bind(reason)
        .bind(over)
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn log(
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

/// Failed for good: staff get a task with the reason, the customer plain words.
async fn fail(tx: &mut TenantTx, loaded: &Loaded, error: &PanelError) -> Result<(), BillingError> {
    let id = loaded.operation.id;
    let reason = error.to_string();
    mark(tx, id, "failed", &loaded.operation.step, Some(&reason)).await?;
    sqlx::query("UPDATE operations SET no_capacity = $2 WHERE id = $1")
        .bind(id)
        .bind(matches!(error, PanelError::NoCapacity(_)))
        .execute(tx.connection())
        .await?;
    log(tx, id, &loaded.operation.step, "failed", &reason).await?;
    let job = job::request(
        Class::Critical.name(),
        RetryOperation::NAME,
        &json!({ "operation": id }),
        &Placement {
            queue: Some(format!("acc:{}", loaded.service.account_id)),
            ..Placement::default()
        },
    );
    let new = task::NewTask {
        kind: "operation",
        key: format!("operation:{id}"),
        title: format!("{} of {} failed", loaded.operation.kind, loaded.service.label),
        reason,
        subject: Some(id.to_string()),
        job: Some(job),
    };
    task::raise(tx, &new).await?;
    if loaded.operation.kind == "create" {
        service::mark_failed(
            tx,
            loaded.service.id,
            "We could not set this up at once. Our staff has been told and takes care of it.",
        )
        .await?;
    }
    Ok(())
}

async fn give_up(shop: &Workshop, scope: &TenantScope, id: OperationId, error: &PanelError) -> Outcome {
    let given = async {
        let mut tx = shop.doors.begin(scope).await?;
        mark(&mut tx, id, "failed", "", Some(&error.to_string())).await?;
        let service: ServiceId = sqlx::query_scalar("SELECT service_id FROM operations WHERE id = $1")
            .bind(id)
            .fetch_one(tx.connection())
            .await?;
        service::mark_failed(
            &mut tx,
            service,
            "We could not set this up at once. Our staff has been told and takes care of it.",
        )
        .await?;
        tx.commit().await?;
        Ok::<_, BillingError>(())
    };
    match given.await {
        Ok(()) => Outcome::Fail { why: error.to_string() },
        Err(error) => Outcome::Retry {
            after: Duration::from_secs(5),
            why: error.to_string(),
        },
    }
}
