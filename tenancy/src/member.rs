//! Members: a user's place in an account's team.

use std::collections::HashMap;

use platform::db::DbError;

use crate::permission::Permissions;
use crate::{AccountId, TenantTx, UserId, audit};

/// A membership as the session and the account page need it.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct Member {
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub account_name: String,
    /// The user.
    pub user_id: UserId,
    /// Name of the user.
    pub user_name: String,
    /// Address of the user.
    pub email: String,
    /// The owner may do everything.
    pub owner: bool,
    /// What another member may do.
    pub permissions: Vec<String>,
}

impl Member {
    /// The permissions as a set.
    #[must_use]
    pub fn rights(&self) -> Permissions {
        if self.owner {
            Permissions::all()
        } else {
            Permissions::from_words(self.permissions.iter().cloned())
        }
    }
}

const SELECT: &str = "SELECT m.account_id, a.name AS account_name, m.user_id, u.name AS user_name, u.email, m.owner, m.permissions \
    FROM members m JOIN accounts a ON a.id = m.account_id JOIN users u ON u.id = m.user_id";

/// Adds a user to an account's team, or changes what they may do.
///
/// # Errors
/// When the database refuses.
pub async fn add(
    tx: &mut TenantTx,
    account: AccountId,
    user: UserId,
    owner: bool,
    permissions: &[String],
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query(
        "INSERT INTO members (account_id, user_id, owner, permissions, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (account_id, user_id) DO UPDATE SET permissions = excluded.permissions",
    )
    .bind(account)
    .bind(user)
    .bind(owner)
    .bind(permissions)
    .bind(now)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes a user out of an account's team; the owner stays.
///
/// # Errors
/// When the database refuses.
pub async fn remove(tx: &mut TenantTx, account: AccountId, user: UserId) -> Result<bool, DbError> {
    let done = sqlx::query("DELETE FROM members WHERE account_id = $1 AND user_id = $2 AND NOT owner")
        .bind(account)
        .bind(user)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    audit::record(tx, "member.removed", user, serde_json::json!({ "account": account })).await?;
    Ok(true)
}

/// The accounts a user belongs to, the oldest first. A place that somebody else gave counts once the address is
/// confirmed: before, nobody knows who reads its mailbox.
///
/// # Errors
/// When the database refuses.
pub async fn of_user(tx: &mut TenantTx, user: UserId) -> Result<Vec<Member>, DbError> {
    let sql = format!(
        "{SELECT} WHERE m.user_id = $1 AND (m.owner OR u.verified_at IS NOT NULL) ORDER BY m.created_at, m.account_id"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(user)
        .fetch_all(tx.connection())
        .await?)
}

/// An account's team, the owner first.
///
/// # Errors
/// When the database refuses.
pub async fn of_account(tx: &mut TenantTx, account: AccountId) -> Result<Vec<Member>, DbError> {
    let sql = format!("{SELECT} WHERE m.account_id = $1 ORDER BY m.owner DESC, m.created_at, m.user_id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .fetch_all(tx.connection())
        .await?)
}

/// The owners of several accounts.
///
/// # Errors
/// When the database refuses.
pub async fn owners(tx: &mut TenantTx, accounts: &[AccountId]) -> Result<HashMap<AccountId, UserId>, DbError> {
    let rows: Vec<(AccountId, UserId)> =
        sqlx::query_as("SELECT account_id, user_id FROM members WHERE account_id = ANY($1) AND owner")
            .bind(accounts.iter().map(|id| id.uuid()).collect::<Vec<_>>())
            .fetch_all(tx.connection())
            .await?;
    Ok(rows.into_iter().collect())
}

/// The owner of an account.
///
/// # Errors
/// When the database refuses.
pub async fn owner(tx: &mut TenantTx, account: AccountId) -> Result<Option<UserId>, DbError> {
    Ok(
        sqlx::query_scalar("SELECT user_id FROM members WHERE account_id = $1 AND owner")
            .bind(account)
            .fetch_optional(tx.connection())
            .await?,
    )
}
