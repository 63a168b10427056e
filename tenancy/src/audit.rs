//! Who did what: written in the same transaction as the deed.

pub mod list;

use platform::db::{DbError, Tx};
use serde_json::Value;

use crate::{AuditId, TenantTx};

/// Writes one audit entry for the transaction's actor.
///
/// `action` is a verb in the past tense with its noun (`invoice.refunded`), `subject` a prefixed id.
///
/// # Errors
/// When the database refuses.
pub async fn record(tx: &mut TenantTx, action: &str, subject: impl ToString, detail: Value) -> Result<(), DbError> {
    let id = AuditId::new(tx.new_uuid());
    let subject = subject.to_string();
    let kind = action.split('.').next().unwrap_or_default().to_owned();
    let (actor_kind, actor_id, actor_name) = (tx.actor().kind(), tx.actor().id(), tx.actor().to_string());
    sqlx::query(
        "INSERT INTO audit (id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, detail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(tx.now())
    .bind(actor_kind)
    .bind(actor_id)
    .bind(actor_name)
    .bind(action)
    .bind(kind)
    .bind(subject)
    .bind(detail)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// One entry.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct Entry {
    /// Key.
    pub id: AuditId,
    /// When, by the tenant's clock.
    pub at: chrono::DateTime<chrono::Utc>,
    /// visitor, member, staff, system, parent, upstream or provider.
    pub actor_kind: String,
    /// Name at the time.
    pub actor_name: String,
    /// `invoice.refunded`.
    pub action: String,
    /// Prefixed id.
    pub subject_id: String,
    /// More.
    pub detail: Value,
}

/// Entries newest first, after the given one, about `subject` or matching `search`.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    subject: Option<&str>,
    search: Option<&str>,
    limit: i64,
    after: Option<AuditId>,
) -> Result<Vec<Entry>, DbError> {
    Ok(sqlx::query_as(
        "SELECT id, at, actor_kind, actor_name, action, subject_id, detail FROM audit \
         WHERE ($1::text IS NULL OR subject_id = $1) \
           AND ($2::text IS NULL OR action ILIKE '%' || $2 || '%' OR actor_name ILIKE '%' || $2 || '%' OR subject_id = $2) \
           AND ($4::uuid IS NULL OR (at, id) < (SELECT a.at, a.id FROM audit a WHERE a.id = $4)) \
         ORDER BY at DESC, id DESC LIMIT $3",
    )
    .bind(subject)
    .bind(search)
    .bind(limit)
    .bind(after)
    .fetch_all(tx.connection())
    .await?)
}

/// One entry by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: AuditId) -> Result<Option<Entry>, DbError> {
    Ok(
        sqlx::query_as("SELECT id, at, actor_kind, actor_name, action, subject_id, detail FROM audit WHERE id = $1")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?,
    )
}
