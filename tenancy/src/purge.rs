//! What has had its time is forgotten, once a day and page by page: see [`KEPT`] for how long each thing is kept.
//!
//! A page is a transaction of its own, so that nobody waits for a big tenant's broom; what is left over when a round is cut
//! off is the next round's.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use platform::db::DbError;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Tenancy, TenantScope};

/// Rows of a page.
const PAGE: i64 = 1_000;
/// Pages of one thing in one round.
const PAGES: usize = 1_000;
/// Row in the tenant's settings: the last day that was swept.
const DONE: &str = "purged_on";

/// Whose clock a thing's age is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Ours: sessions and requests live by it whatever a sandbox's clock says.
    Real,
    /// The tenant's.
    Own,
}

/// One thing that is forgotten.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// Its table.
    pub table: &'static str,
    /// How long it is kept after `since`.
    pub days: i64,
    /// Whose days.
    pub age: Age,
    /// From when on: a column, or an expression over columns.
    pub since: &'static str,
    /// Its key.
    key: &'static str,
}

/// How long things are kept. The operator's handbook says the same.
pub const KEPT: &[Kept] = &[
    Kept {
        table: "sessions",
        days: 1,
        age: Age::Real,
        since: "expires_at",
        key: "id",
    },
    Kept {
        table: "idempotency",
        days: 1,
        age: Age::Real,
        since: "created_at",
        key: "key",
    },
    // Links of mails and sign-in tickets: how many were sent lately is counted over hours.
    Kept {
        table: "user_tokens",
        days: 7,
        age: Age::Own,
        since: "expires_at",
        key: "id",
    },
    Kept {
        table: "sign_ins",
        days: 365,
        age: Age::Own,
        since: "at",
        key: "id",
    },
    Kept {
        table: "token_spendings",
        days: 400,
        age: Age::Own,
        since: "at",
        key: "id",
    },
];

/// How many rows of each table went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// By table.
    pub rows: Vec<(&'static str, u64)>,
}

impl Purged {
    /// Altogether.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.rows.iter().map(|(_, rows)| rows).sum()
    }
}

/// Sweeps once a day, by our own calendar; none when this day was swept before.
///
/// # Errors
/// When the database refuses; what went before is gone, and the next round goes on.
pub async fn purge_if_due(tenancy: &Tenancy, scope: &TenantScope) -> Result<Option<Purged>, DbError> {
    let today = tenancy.now().date_naive();
    let mut tx = tenancy.begin_read(scope).await?;
    let done: Option<Value> = sqlx::query_scalar("SELECT value FROM settings WHERE key = $1")
        .bind(DONE)
        .fetch_optional(tx.connection())
        .await?;
    tx.commit().await?;
    let done = done.and_then(|value| value.as_str()?.parse::<NaiveDate>().ok());
    if done.is_some_and(|done| done >= today) {
        return Ok(None);
    }
    let purged = purge(tenancy, scope).await?;
    let mut tx = tenancy.begin(scope).await?;
    let now = tx.now();
    sqlx::query(
        "INSERT INTO settings (key, value, changed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
    )
    .bind(DONE)
    .bind(json!(today))
    .bind(now)
    .execute(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(Some(purged))
}

/// Sweeps now.
///
/// # Errors
/// When the database refuses; what went before is gone.
pub async fn purge(tenancy: &Tenancy, scope: &TenantScope) -> Result<Purged, DbError> {
    let mut purged = Purged::default();
    for kept in KEPT {
        purged.rows.push((kept.table, sweep(tenancy, scope, kept).await?));
    }
    Ok(purged)
}

async fn sweep(tenancy: &Tenancy, scope: &TenantScope, kept: &Kept) -> Result<u64, DbError> {
    let Kept { table, since, key, .. } = kept;
    let sql = format!(
        "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {since} < $1 ORDER BY {since} LIMIT $2 FOR UPDATE SKIP LOCKED)"
    );
    let mut gone = 0;
    for _ in 0..PAGES {
        let mut tx = tenancy.begin(scope).await?;
        let now: DateTime<Utc> = match kept.age {
            Age::Real => tenancy.now(),
            Age::Own => tx.now(),
        };
        let done = sqlx::query(sqlx::AssertSqlSafe(sql.as_str()))
            .bind(now - TimeDelta::days(kept.days))
            .bind(PAGE)
            .execute(tx.connection())
            .await?;
        tx.commit().await?;
        gone += done.rows_affected();
        if done.rows_affected() < PAGE.unsigned_abs() {
            break;
        }
    }
    Ok(gone)
}
