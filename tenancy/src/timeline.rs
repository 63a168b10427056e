//! Events as people and programs read them.

use platform::db::DbError;
use serde_json::Value;

use crate::{AccountId, EventId, TenantTx};

/// One event.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct Entry {
    /// Key.
    pub id: EventId,
    /// `invoice.paid`.
    #[sqlx(rename = "type")]
    pub event_type: String,
    /// Prefixed id.
    pub subject_id: String,
    /// What receivers may know.
    pub payload: Value,
    /// When, by the tenant's clock.
    pub at: chrono::DateTime<chrono::Utc>,
}

/// What a list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Prefixed id.
    pub subject: Option<String>,
    /// Type.
    pub event_type: Option<String>,
    /// Account.
    pub account: Option<AccountId>,
}

/// Events newest first, after the given one.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    limit: i64,
    after: Option<EventId>,
) -> Result<Vec<Entry>, DbError> {
    Ok(sqlx::query_as(
        "SELECT id, type, subject_id, payload, at FROM events WHERE ($1::text IS NULL OR subject_id = $1) \
         AND ($2::text IS NULL OR type = $2) AND ($3::uuid IS NULL OR account_id = $3) \
         AND ($5::uuid IS NULL OR (at, id) < (SELECT e.at, e.id FROM events e WHERE e.id = $5)) \
         ORDER BY at DESC, id DESC LIMIT $4",
    )
    .bind(&filter.subject)
    .bind(&filter.event_type)
    .bind(filter.account)
    .bind(limit)
    .bind(after)
    .fetch_all(tx.connection())
    .await?)
}

/// One event by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: EventId) -> Result<Option<Entry>, DbError> {
    Ok(
        sqlx::query_as("SELECT id, type, subject_id, payload, at FROM events WHERE id = $1")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?,
    )
}
