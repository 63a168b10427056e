//! Staff tasks: what failed for good, or needs a person, with a retry button beside the reason.

pub mod list;

use platform::db::{DbError, Tx};
use serde_json::Value;

use crate::{TaskId, TenantTx, audit};

/// A task to raise. While one with this key is open, another only renews its reason.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// `job`, `operation`, `payment`, ...
    pub kind: &'static str,
    /// What it is about, once: `operation:opr_..`.
    pub key: String,
    /// One line.
    pub title: String,
    /// Why, in words staff understand.
    pub reason: String,
    /// Prefixed id to link to.
    pub subject: Option<String>,
    /// What "retry" enqueues, in the enqueue function's form.
    pub job: Option<Value>,
}

/// A task as the queue page shows it.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub struct Task {
    /// Key.
    pub id: TaskId,
    /// Kind.
    pub kind: String,
    /// Title.
    pub title: String,
    /// Reason.
    pub reason: String,
    /// Prefixed id.
    pub subject_id: Option<String>,
    /// Whether retry can do something.
    pub can_retry: bool,
    /// open, retried, done, dismissed.
    pub state: String,
    /// When raised.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

/// Raises a task, or renews the open one with the same key.
///
/// # Errors
/// When the database refuses.
pub async fn raise(tx: &mut TenantTx, task: &NewTask) -> Result<(), DbError> {
    let id = TaskId::new(tx.new_uuid());
    sqlx::query(
        "INSERT INTO tasks (id, kind, key, title, reason, subject_id, job, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (key) WHERE state = 'open' DO UPDATE SET reason = excluded.reason, title = excluded.title, job = excluded.job",
    )
    .bind(id)
    .bind(task.kind)
    .bind(&task.key)
    .bind(&task.title)
    .bind(&task.reason)
    .bind(&task.subject)
    .bind(&task.job)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Closes the open task with this key, because what it asked for happened.
///
/// # Errors
/// When the database refuses.
pub async fn settle(tx: &mut TenantTx, key: &str) -> Result<(), DbError> {
    let actor = tx.actor().to_string();
    sqlx::query("UPDATE tasks SET state = 'done', closed_at = $2, closed_by = $3 WHERE key = $1 AND state = 'open'")
        .bind(key)
        .bind(tx.now())
        .bind(actor)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Whether the task with this key is open.
///
/// # Errors
/// When the database refuses.
pub async fn is_open(tx: &mut TenantTx, key: &str) -> Result<bool, DbError> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM tasks WHERE key = $1 AND state = 'open')")
            .bind(key)
            .fetch_one(tx.connection())
            .await?,
    )
}

/// Open tasks, newest first.
///
/// # Errors
/// When the database refuses.
pub async fn open(tx: &mut TenantTx, limit: i64) -> Result<Vec<Task>, DbError> {
    Ok(sqlx::query_as(
        "SELECT id, kind, title, reason, subject_id, (job IS NOT NULL) AS can_retry, state, created_at \
         FROM tasks WHERE state = 'open' ORDER BY created_at DESC, id DESC LIMIT $1",
    )
    .bind(limit)
    .fetch_all(tx.connection())
    .await?)
}

/// A task by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: TaskId) -> Result<Option<Task>, DbError> {
    Ok(sqlx::query_as(
        "SELECT id, kind, title, reason, subject_id, (job IS NOT NULL) AS can_retry, state, created_at FROM tasks WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(tx.connection())
    .await?)
}

/// How many are open.
///
/// # Errors
/// When the database refuses.
pub async fn count_open(tx: &mut TenantTx) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM tasks WHERE state = 'open'")
        .fetch_one(tx.connection())
        .await?)
}

/// Runs the task's job again; false when it is not open or has none.
///
/// # Errors
/// When the database refuses.
pub async fn retry(tx: &mut TenantTx, id: TaskId) -> Result<bool, DbError> {
    let job: Option<Value> = close(tx, id, "retried", "AND job IS NOT NULL").await?.flatten();
    let Some(job) = job else { return Ok(false) };
    platform::job::enqueue_raw(tx, &[job]).await?;
    audit::record(tx, "task.retried", id, Value::Null).await?;
    Ok(true)
}

/// Closes a task that nobody needs; false when it is not open.
///
/// # Errors
/// When the database refuses.
pub async fn dismiss(tx: &mut TenantTx, id: TaskId, reason: &str) -> Result<bool, DbError> {
    if close(tx, id, "dismissed", "").await?.is_none() {
        return Ok(false);
    }
    audit::record(tx, "task.dismissed", id, serde_json::json!({ "reason": reason })).await?;
    Ok(true)
}

async fn close(
    tx: &mut TenantTx,
    id: TaskId,
    state: &str,
    and: &'static str,
) -> Result<Option<Option<Value>>, DbError> {
    let actor = tx.actor().to_string();
    let sql = format!(
        "UPDATE tasks SET state = $2, closed_at = $3, closed_by = $4 WHERE id = $1 AND state = 'open' {and} RETURNING job"
    );
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .bind(state)
        .bind(tx.now())
        .bind(actor)
        .fetch_optional(tx.connection())
        .await?)
}
