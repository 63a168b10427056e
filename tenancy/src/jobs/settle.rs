//! Running dry: for a clock that is moved on by hand, and whoever waits for what follows.

use std::collections::HashMap;
use std::time::Duration;

use platform::db::DbError;
use sqlx::Connection;

use crate::{Tenancy, TenantScope};

/// How often one job is brought forward in one [`settle`]: what still waits then waits for somebody.
const FORWARD: u32 = 8;

/// Waits until nothing of a tenant is left to run, not waiting for technical delays. Some worker has to
/// be at work; answers how many jobs are left after `patience`, or wait for somebody.
///
/// # Errors
/// When the queue cannot be read.
pub async fn settle(tenancy: &Tenancy, scope: &TenantScope, patience: Duration) -> Result<i64, DbError> {
    let cell = tenancy.cell(scope.tenant().cell)?;
    let schema = &scope.tenant().schema;
    let mut connection = sqlx::PgConnection::connect_with(&cell.login).await?;
    let started = tokio::time::Instant::now();
    let mut forwarded: HashMap<String, u32> = HashMap::new();
    loop {
        let waiting: Vec<(i64, Option<String>, bool)> = sqlx::query_as(
            "SELECT id, key, locked_at IS NULL AND run_at > clock_timestamp() FROM graphile_worker._private_jobs \
             WHERE payload->>'schema' = $1 AND attempts < max_attempts ORDER BY id LIMIT 5000",
        )
        .bind(schema)
        .fetch_all(&mut connection)
        .await?;
        let mut forward = Vec::new();
        let mut busy = false;
        for (id, key, later) in &waiting {
            let name = key.clone().unwrap_or_else(|| id.to_string());
            let times = forwarded.entry(name).or_default();
            if *later && *times < FORWARD {
                *times += 1;
                forward.push(*id);
            }
            busy |= !*later;
        }
        sqlx::query(
            "UPDATE graphile_worker._private_jobs SET run_at = clock_timestamp(), priority = -10 \
             WHERE id = ANY($1) AND locked_at IS NULL",
        )
        .bind(&forward)
        .execute(&mut connection)
        .await?;
        let idle = forward.is_empty() && !busy;
        if idle || started.elapsed() > patience {
            return Ok(i64::try_from(waiting.len()).unwrap_or(i64::MAX));
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}
