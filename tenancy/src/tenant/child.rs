//! One tenant below another, as those above it see it: from `control` alone, nothing of its own schema is read.

use chrono::{DateTime, Utc};
use platform::db::DbError;

use super::ChildRow;
use super::list::SOURCE;
use crate::host::{self, Host};
use crate::schema::TENANT_VERSION;
use crate::{AccountId, Tenancy, TenantId};

/// A tenant below.
#[derive(Debug, Clone)]
pub struct Child {
    /// Itself and its figures.
    pub row: ChildRow,
    /// The version its schema has.
    pub version: i32,
    /// The version this build wants.
    pub wanted: i32,
    /// Its account in its own parent.
    pub account: Option<AccountId>,
    /// When its figures last changed: something was ordered, billed, paid or built.
    pub active_at: Option<DateTime<Utc>>,
    /// Names it claims.
    pub hosts: Vec<Host>,
}

/// The tenant `id`, where it is below `above`.
///
/// # Errors
/// When the database refuses.
pub async fn child(tenancy: &Tenancy, above: TenantId, id: TenantId) -> Result<Option<Child>, DbError> {
    if !tenancy.directory().is_ancestor(above, id) {
        return Ok(None);
    }
    let mut tx = tenancy.control().await?;
    let sql = format!("SELECT {} FROM {} WHERE t.id = $1", SOURCE.columns, SOURCE.from);
    let row: Option<ChildRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (version, account, active_at): (i32, Option<AccountId>, Option<DateTime<Utc>>) = sqlx::query_as(
        "SELECT t.schema_version, t.parent_account_id, f.at FROM control.tenants t \
         LEFT JOIN control.figures f ON f.tenant_id = t.id WHERE t.id = $1",
    )
    .bind(id)
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(Some(Child {
        row,
        version,
        wanted: TENANT_VERSION,
        account,
        active_at,
        hosts: host::list(tenancy, Some(id)).await?,
    }))
}
