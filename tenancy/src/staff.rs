//! Staff: users who work for the tenant.

pub mod change;

use platform::db::DbError;
use serde_json::json;

use crate::permission::Permissions;
use crate::{TenantTx, UserId, audit};

/// A staff member as listed.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct StaffRow {
    /// The user.
    pub user_id: UserId,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Role, if one.
    pub role: Option<String>,
    /// The role's permissions and their own.
    pub permissions: Vec<String>,
    /// Whether they may sign in to the admin portal.
    pub active: bool,
}

const SELECT: &str = "SELECT s.user_id, u.name, u.email, r.name AS role, coalesce(r.permissions, '{}') || s.permissions AS permissions, s.active \
    FROM staff s JOIN users u ON u.id = s.user_id LEFT JOIN roles r ON r.id = s.role_id";

/// Makes a user staff, or changes what they may do.
///
/// # Errors
/// When the database refuses.
pub async fn grant(tx: &mut TenantTx, user: UserId, permissions: &[String]) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query(
        "INSERT INTO staff (user_id, permissions, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET permissions = excluded.permissions, active = true",
    )
    .bind(user)
    .bind(permissions)
    .bind(now)
    .execute(tx.connection())
    .await?;
    audit::record(tx, "staff.granted", user, json!({ "permissions": permissions })).await
}

/// What a user may do as staff; none when they are not staff.
///
/// # Errors
/// When the database refuses.
pub async fn rights(tx: &mut TenantTx, user: UserId) -> Result<Option<Permissions>, DbError> {
    let sql = format!("{SELECT} WHERE s.user_id = $1 AND s.active AND u.disabled_at IS NULL");
    let row: Option<StaffRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(user)
        .fetch_optional(tx.connection())
        .await?;
    Ok(row.map(|row| Permissions::from_words(row.permissions)))
}

/// All staff by name.
///
/// # Errors
/// When the database refuses.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<StaffRow>, DbError> {
    let sql = format!("{SELECT} ORDER BY u.name, s.user_id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .fetch_all(tx.connection())
        .await?)
}
