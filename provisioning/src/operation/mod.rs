//! Operations: one wanted change on a panel, driven step by step, each step kept before the next.

pub mod list;

mod drive;
mod ending;
mod keep;
mod load;
pub mod progress;
mod seen;
mod staff;

use billing::gateway::GatewayKinds;
use billing::ids::ServiceId;
use billing::{BillingError, service};
use platform::event::EventArgs;
use platform::job::{self, Class, Job, NewJob, Outcome};
use platform::outbound::Outbound;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx};

pub use drive::run;
pub(crate) use ending::want_end;
pub(crate) use keep::task_key;
pub use load::reach;
pub(crate) use load::{allowed, target_of};
pub(crate) use seen::{see, see_addresses};
pub use staff::{adopt, cancel, retry, skip};

use crate::{OperationId, PanelKinds};

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
    /// Gateways: whether one can hold what a parent is paid.
    pub gateways: GatewayKinds,
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
    /// create, suspend, resume, terminate, change_plan, power, root_password.
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

impl Operation {
    /// Whether something is still to be done.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !["done", "failed", "cancelled"].contains(&self.status.as_str())
    }
}

const COLUMNS: &str = "SELECT id, service_id, kind, status, step, input, tries, reason, created_at, started_at, finished_at FROM operations";

/// The same, without the notes that only steps read.
const VIEW: &str = "SELECT id, service_id, kind, status, step, input - 'notes' AS input, tries, reason, created_at, started_at, finished_at FROM operations";

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
        Err(BillingError::Conflict("ending", why)) => Outcome::wait(10, why),
        Err(BillingError::Conflict(..) | BillingError::NotFound(_)) => Outcome::Done,
        Err(error) => Outcome::retry(5, error),
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
        let (known, is_queued): (OperationId, bool) =
            sqlx::query_as("SELECT id, status = 'queued' FROM operations WHERE key = $1")
                .bind(key)
                .fetch_one(tx.connection())
                .await?;
        // One that waited for its order's money goes on.
        if is_queued {
            enqueue(tx, known, found.account_id).await?;
        }
        return Ok(known);
    }
    enqueue(tx, id, found.account_id).await?;
    Ok(id)
}

/// Creates of one owner come one after the other, so that a lost one is told from its neighbour.
async fn enqueue(tx: &mut TenantTx, id: OperationId, account: AccountId) -> Result<(), BillingError> {
    let run = NewJob::new(&RunOperation { operation: id })
        .key(format!("op:{id}"))
        .queue(queue(account));
    let change = platform::event::Change {
        account: Some(account.uuid()),
        subject: id.to_string(),
    };
    platform::event::tell(tx, &[change]).await?;
    Ok(job::enqueue(tx, &[run]).await?)
}

fn queue(account: AccountId) -> String {
    format!("acc:{account}")
}

/// What waits goes on now; the kinds of everything under way for the service.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn wake(tx: &mut TenantTx, service: ServiceId) -> Result<Vec<String>, BillingError> {
    let open: Vec<(OperationId, String, AccountId)> = sqlx::query_as(
        "SELECT o.id, o.kind, v.account_id FROM operations o JOIN services v ON v.id = o.service_id \
         WHERE o.service_id = $1 AND o.status IN ('queued', 'running', 'waiting', 'retrying') ORDER BY o.created_at, o.id",
    )
    .bind(service)
    .fetch_all(tx.connection())
    .await?;
    let mut kinds = Vec::new();
    for (id, kind, account) in open {
        enqueue(tx, id, account).await?;
        kinds.push(kind);
    }
    Ok(kinds)
}

/// The create of a service that failed, if it did.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn failed_create(tx: &mut TenantTx, service: ServiceId) -> Result<Option<OperationId>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM operations WHERE service_id = $1 AND kind = 'create' AND status = 'failed' LIMIT 1",
    )
    .bind(service)
    .fetch_optional(tx.connection())
    .await?)
}

/// Event to operation: `service.paid` wants a create, and so on.
pub async fn on_event(shop: &Workshop, scope: &TenantScope, args: &EventArgs) -> Outcome {
    let wanted = async {
        let mut tx = shop.doors.begin(scope).await?;
        let Some(event) = platform::event::find(&mut tx, args.event).await? else {
            return Ok(());
        };
        if event.event_type == "service.payment_lost" {
            // What is under way for it finds out that its order waits for money, and waits too.
            if let Ok(service) = event.subject_id.parse::<ServiceId>() {
                wake(&mut tx, service).await?;
                tx.commit().await?;
            }
            return Ok(());
        }
        let kind = match event.event_type.as_str() {
            "service.paid" => "create",
            "service.suspension_wanted" => "suspend",
            "service.resume_wanted" => "resume",
            "service.termination_wanted" => "terminate",
            "service.released" => "leftover",
            "service.change_wanted" => "change_plan",
            _ => return Ok(()),
        };
        let Ok(service) = event.subject_id.parse::<ServiceId>() else {
            return Ok(());
        };
        let key = format!("{kind}:{}", event.id);
        match kind {
            "create" => {
                want(&mut tx, service, kind, &format!("create:{service}"), json!({})).await?;
            }
            "terminate" => {
                want_end(&mut tx, service, &key).await?;
            }
            "leftover" => ending::end_leftover(&mut tx, service, &key).await?,
            _ => {
                want(&mut tx, service, kind, &key, json!({})).await?;
            }
        }
        tx.commit().await?;
        Ok::<_, BillingError>(())
    };
    match wanted.await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(5, error),
    }
}

/// An operation by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: OperationId) -> Result<Option<Operation>, BillingError> {
    let sql = format!("{VIEW} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// An operation with the notes that only steps read.
async fn find_whole(tx: &mut TenantTx, id: OperationId) -> Result<Option<Operation>, BillingError> {
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
        "{VIEW} WHERE ($1::uuid IS NULL OR service_id = $1) AND ($3::uuid IS NULL OR (created_at, id) < \
         (SELECT o.created_at, o.id FROM operations o WHERE o.id = $3)) ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(service)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

/// One line of what happened to an operation.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Entry {
    /// When.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Which step.
    pub step: String,
    /// started, done, retry, failed or note.
    pub outcome: String,
    /// More.
    pub message: String,
}

/// What happened to an operation, the oldest first, without the beginnings of steps.
///
/// # Errors
/// When the database refuses.
pub async fn history(tx: &mut TenantTx, id: OperationId) -> Result<Vec<Entry>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT at, step, outcome, message FROM operation_log WHERE operation_id = $1 AND outcome <> 'started' ORDER BY at, id LIMIT 500",
    )
    .bind(id)
    .fetch_all(tx.connection())
    .await?)
}
