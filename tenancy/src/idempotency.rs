//! Answers kept for 24 hours by the key a caller chose.

use chrono::TimeDelta;
use platform::db::DbError;

use crate::{Tenancy, TenantScope};

/// Request hash, status and body of a key.
type Row = (Vec<u8>, Option<i16>, Option<Vec<u8>>);

/// How long a key is remembered.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// A request that has not answered after this long has crashed.
const RUNNING: TimeDelta = TimeDelta::minutes(2);

/// What a key is found to be.
#[derive(Debug)]
pub enum Taken {
    /// Free: it is now this request's.
    New,
    /// Answered before.
    Answered {
        /// HTTP status.
        status: u16,
        /// Body.
        body: Vec<u8>,
    },
    /// Another request with it runs.
    Running,
    /// It was used with another request.
    Other,
}

/// Takes a key, or says what became of the request that took it.
///
/// # Errors
/// When the database refuses.
pub async fn take(tenancy: &Tenancy, scope: &TenantScope, key: &str, request_hash: &[u8]) -> Result<Taken, DbError> {
    let now = tenancy.now();
    let mut tx = tenancy.begin(scope).await?;
    sqlx::query("DELETE FROM idempotency WHERE key = $1 AND (created_at < $2 OR (status IS NULL AND created_at < $3))")
        .bind(key)
        .bind(now - KEPT)
        .bind(now - RUNNING)
        .execute(tx.connection())
        .await?;
    let inserted = sqlx::query(
        "INSERT INTO idempotency (key, request_hash, created_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
    )
    .bind(key)
    .bind(request_hash)
    .bind(now)
    .execute(tx.connection())
    .await?;
    if inserted.rows_affected() == 1 {
        tx.commit().await?;
        return Ok(Taken::New);
    }
    let row: Option<Row> = sqlx::query_as("SELECT request_hash, status, body FROM idempotency WHERE key = $1")
        .bind(key)
        .fetch_optional(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(match row {
        Some((hash, _, _)) if hash != request_hash => Taken::Other,
        Some((_, Some(status), body)) => Taken::Answered {
            status: u16::try_from(status).unwrap_or(200),
            body: body.unwrap_or_default(),
        },
        _ => Taken::Running,
    })
}

/// Keeps the answer of the request that took the key.
///
/// # Errors
/// When the database refuses.
pub async fn answer(
    tenancy: &Tenancy,
    scope: &TenantScope,
    key: &str,
    status: u16,
    body: &[u8],
) -> Result<(), DbError> {
    let mut tx = tenancy.begin(scope).await?;
    sqlx::query("UPDATE idempotency SET status = $2, body = $3 WHERE key = $1")
        .bind(key)
        .bind(i16::try_from(status).unwrap_or(200))
        .bind(body)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

/// Frees a key whose request failed on our side.
///
/// # Errors
/// When the database refuses.
pub async fn forget(tenancy: &Tenancy, scope: &TenantScope, key: &str) -> Result<(), DbError> {
    let mut tx = tenancy.begin(scope).await?;
    sqlx::query("DELETE FROM idempotency WHERE key = $1 AND status IS NULL")
        .bind(key)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}
