//! Operations: one wanted change on a panel, driven step by step, each step kept before the next.

use std::time::Duration;

use billing::ids::{ServerId, ServiceId};
use billing::{BillingError, service};
use platform::event::EventArgs;
use platform::job::{self, Class, Job, NewJob, Outcome, Placement};
use platform::outbound::Outbound;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tenancy::{Tenancy, TenantScope, TenantTx, account, audit, task};

use crate::panel::{PanelError, PanelIds, Power, Progress, Wanted};
use crate::virtfusion::PASSWORD;
use crate::{LogId, OperationId, PanelKinds, server};

/// Tries of one operation before a person has to look.
const MOST_TRIES: i32 = 60;
/// A build that takes longer has failed.
const MOST_MINUTES: i64 = 30;

/// What every run needs.
#[derive(Clone)]
pub struct Workshop {
    /// The doors.
    pub doors: Tenancy,
    /// Panels.
    pub panels: PanelKinds,
    /// The way out.
    pub outbound: Outbound,
}

/// An operation.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Operation {
    /// Key.
    pub id: OperationId,
    /// Service.
    pub service_id: ServiceId,
    /// create, suspend, resume, terminate, power.
    pub kind: String,
    /// queued, running, waiting, retrying, failed, done, cancelled.
    pub status: String,
    /// Which step.
    pub step: String,
    /// What exactly.
    pub input: Value,
    /// Tries so far.
    pub tries: i32,
    /// Why it waits or failed.
    pub reason: Option<String>,
    /// When wanted.
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// When begun.
    pub started_at: Option<chrono::DateTime<chrono::Utc>>,
    /// When over.
    pub finished_at: Option<chrono::DateTime<chrono::Utc>>,
}

const COLUMNS: &str = "SELECT id, service_id, kind, status, step, input, tries, reason, created_at, started_at, finished_at FROM operations";

/// Runs an operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunOperation {
    /// Which.
    pub operation: OperationId,
}
impl Job for RunOperation {
    const NAME: &'static str = "run_operation";
    const CLASS: Class = Class::Critical;
}

/// What "retry" on a failed operation's task enqueues.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RetryOperation {
    /// Which.
    pub operation: OperationId,
}
impl Job for RetryOperation {
    const NAME: &'static str = "retry_operation";
    const CLASS: Class = Class::Critical;
}

/// The body of [`RetryOperation`].
pub async fn retry_job(shop: &Workshop, scope: &TenantScope, args: &RetryOperation) -> Outcome {
    let retried = async {
        let mut tx = shop.doors.begin(scope).await?;
        retry(&mut tx, args.operation).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(())
    };
    match retried.await {
        Ok(()) => Outcome::Done,
        Err(BillingError::Conflict("unpaid", why)) => Outcome::Fail { why },
        Err(BillingError::Conflict(..) | BillingError::NotFound(_)) => Outcome::Done,
        Err(error) => Outcome::Retry {
            after: Duration::from_secs(5),
            why: error.to_string(),
        },
    }
}

/// Wants a change, once per `key`, and enqueues its run, in order with others of the account.
///
/// # Errors
/// When there is no such service.
pub async fn want(
    tx: &mut TenantTx,
    service: ServiceId,
    kind: &str,
    key: &str,
    input: Value,
) -> Result<OperationId, BillingError> {
    let found = service::find(tx, service)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    let id: OperationId = tx.new_id();
    let by = tx.actor().to_string();
    let inserted = sqlx::query(
        "INSERT INTO operations (id, service_id, server_id, kind, key, status, input, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $8) ON CONFLICT (key) DO NOTHING",
    )
    .bind(id)
    .bind(service)
    .bind(found.server_id)
    .bind(kind)
    .bind(key)
    .bind(input)
    .bind(by)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(sqlx::query_scalar("SELECT id FROM operations WHERE key = $1")
            .bind(key)
            .fetch_one(tx.connection())
            .await?);
    }
    // Creates of one owner come one after the other, so that a lost one is told from its neighbour.
    let run = NewJob::new(&RunOperation { operation: id })
        .key(format!("op:{id}"))
        .queue(format!("acc:{}", found.account_id));
    job::enqueue(tx, &[run]).await?;
    Ok(id)
}

/// Event to operation: `service.paid` wants a create, and so on.
pub async fn on_event(shop: &Workshop, scope: &TenantScope, args: &EventArgs) -> Outcome {
    let wanted = async {
        let mut tx = shop.doors.begin(scope).await?;
        let Some(event) = platform::event::find(&mut tx, args.event).await? else {
            return Ok(());
        };
        let kind = match event.event_type.as_str() {
            "service.paid" => "create",
            "service.suspension_wanted" => "suspend",
            "service.resume_wanted" => "resume",
            "service.termination_wanted" => "terminate",
            _ => return Ok(()),
        };
        let Ok(service) = event.subject_id.parse::<ServiceId>() else {
            return Ok(());
        };
        let key = if kind == "create" {
            format!("create:{service}")
        } else {
            format!("{kind}:{}", event.id)
        };
        want(&mut tx, service, kind, &key, json!({})).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(())
    };
    match wanted.await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Retry {
            after: Duration::from_secs(5),
            why: error.to_string(),
        },
    }
}

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

/// Tries a failed operation again.
///
/// # Errors
/// When it has not failed.
pub async fn retry(tx: &mut TenantTx, id: OperationId) -> Result<(), BillingError> {
    let found: Option<ServiceId> = sqlx::query_scalar(
        "UPDATE operations SET status = 'queued', tries = 0, reason = NULL, started_at = NULL, finished_at = NULL \
         WHERE id = $1 AND status = 'failed' RETURNING service_id",
    )
    .bind(id)
    .fetch_optional(tx.connection())
    .await?;
    let service = found.ok_or(BillingError::Conflict(
        "not_failed",
        "Only a failed operation can be tried again.".into(),
    ))?;
    let unpaid: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM services v JOIN subscriptions s ON s.id = v.subscription_id \
         JOIN invoices i ON i.order_id = s.order_id WHERE v.id = $1 AND v.status = 'failed' AND i.payment_status = 'unpaid')",
    )
    .bind(service)
    .fetch_one(tx.connection())
    .await?;
    if unpaid {
        // What was held has been given back: building now would be a server nobody pays for.
        return Err(BillingError::Conflict(
            "unpaid",
            "The order is not paid; it is built when its invoice is.".into(),
        ));
    }
    sqlx::query("UPDATE services SET status = 'provisioning', reason = NULL WHERE id = $1 AND status = 'failed'")
        .bind(service)
        .execute(tx.connection())
        .await?;
    audit::record(tx, "operation.retried", id, Value::Null).await?;
    job::enqueue(
        tx,
        &[NewJob::new(&RunOperation { operation: id }).key(format!("op:{id}"))],
    )
    .await?;
    Ok(())
}

/// An operation by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: OperationId) -> Result<Option<Operation>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// Operations newest first, of a service or all.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    service: Option<ServiceId>,
    limit: i64,
    after: Option<OperationId>,
) -> Result<Vec<Operation>, BillingError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1::uuid IS NULL OR service_id = $1) AND ($3::uuid IS NULL OR (created_at, id) < \
         (SELECT o.created_at, o.id FROM operations o WHERE o.id = $3)) ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(service)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}
