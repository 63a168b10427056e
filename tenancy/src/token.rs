//! API tokens: one tenant, one user, shown once, stored as a hash.

use chrono::{DateTime, TimeDelta, Utc};
use platform::db::DbError;
use platform::secret::sha256;
use serde_json::json;

use crate::permission::Permissions;
use crate::{AccountId, Actor, Tenancy, TenantScope, TenantTx, TokenId, UserId, audit, member, staff, user};

/// Who calls the API, and what they may do.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant, acted in by the token's user.
    pub scope: TenantScope,
    /// The token.
    pub token: TokenId,
    /// The user.
    pub user: UserId,
    /// A member's token sees this account only; staff's has none.
    pub account: Option<AccountId>,
    /// The most this token may spend on one order, in minor units.
    pub spending_limit_minor: Option<i64>,
    rights: Permissions,
}

impl Caller {
    /// Whether a staff token has `staff`, or a member's token `member` (none: staff only).
    #[must_use]
    pub fn may(&self, staff: &str, member: Option<&str>) -> bool {
        match self.account {
            None => self.rights.has(staff),
            Some(_) => member.is_some_and(|word| self.rights.has(word)),
        }
    }

    /// Whether this caller may see rows of `account`.
    #[must_use]
    pub fn sees(&self, account: AccountId) -> bool {
        self.account.is_none_or(|own| own == account)
    }
}

/// A token to make.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// Name for people.
    pub name: String,
    /// A member's account; none: a staff token.
    pub account: Option<AccountId>,
    /// None: all that the user may do.
    pub scopes: Option<Vec<String>>,
    /// Addresses or networks it may come from; empty: any.
    pub ip_list: Vec<String>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// Most per order.
    pub spending_limit_minor: Option<i64>,
}

/// No token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The user is neither staff nor a member of an account.
    #[error("this user is neither staff nor a member of an account")]
    NoRights,
    /// No scope of this name.
    #[error("there is no scope {0:?}")]
    UnknownScope(String),
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes a token for a user and answers its text, which is not kept.
///
/// # Errors
/// When the user has no place here or a scope is unknown.
pub async fn create(tx: &mut TenantTx, user: UserId, new: &NewToken) -> Result<(TokenId, String), TokenError> {
    let known =
        |s: &String| crate::permission::STAFF.contains(&s.as_str()) || crate::permission::MEMBER.contains(&s.as_str());
    if let Some(wrong) = new.scopes.iter().flatten().find(|s| !known(s)) {
        return Err(TokenError::UnknownScope(wrong.clone()));
    }
    let account = match (new.account, staff::rights(tx, user).await?) {
        (Some(account), _) => Some(account),
        (None, Some(_)) => None,
        (None, None) => Some(
            member::of_user(tx, user)
                .await?
                .first()
                .ok_or(TokenError::NoRights)?
                .account_id,
        ),
    };
    let id: TokenId = tx.new_id();
    let text = format!("ezs_{}", tx.random().token(32));
    sqlx::query(
        "INSERT INTO api_tokens (id, user_id, account_id, name, token_hash, scopes, ip_list, expires_at, spending_limit_minor, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(user)
    .bind(account)
    .bind(&new.name)
    .bind(sha256(text.as_bytes()).to_vec())
    .bind(&new.scopes)
    .bind(&new.ip_list)
    .bind(new.expires_at)
    .bind(new.spending_limit_minor)
    .bind(tx.now())
    .execute(tx.connection())
    .await
    .map_err(DbError::from)?;
    audit::record(
        tx,
        "token.created",
        id,
        json!({ "name": new.name, "user": user, "scopes": new.scopes }),
    )
    .await?;
    Ok((id, text))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: TokenId,
    user_id: UserId,
    account_id: Option<AccountId>,
    scopes: Option<Vec<String>>,
    ip_list: Vec<String>,
    spending_limit_minor: Option<i64>,
    last_used_at: Option<DateTime<Utc>>,
}

/// Recognises a token on this tenant's host; none when it is unknown, ended, or from elsewhere.
///
/// # Errors
/// When the database refuses.
pub async fn recognise(
    tenancy: &Tenancy,
    visitor: &TenantScope,
    text: &str,
    ip: &str,
) -> Result<Option<Caller>, DbError> {
    if !text.starts_with("ezs_") || text.len() > 200 {
        return Ok(None);
    }
    let mut tx = tenancy.begin(visitor).await?;
    let now = tenancy.now();
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, user_id, account_id, scopes, ip_list, spending_limit_minor, last_used_at FROM api_tokens \
         WHERE token_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
    )
    .bind(sha256(text.as_bytes()).to_vec())
    .bind(now)
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row.filter(|row| row.ip_list.is_empty() || allowed(&row.ip_list, ip)) else {
        return Ok(None);
    };
    let Some(user) = user::find(&mut tx, row.user_id)
        .await?
        .filter(|u| u.disabled_at.is_none())
    else {
        return Ok(None);
    };
    let rights = match row.account_id {
        None => staff::rights(&mut tx, user.id).await?,
        Some(account) => member::of_user(&mut tx, user.id)
            .await?
            .into_iter()
            .find(|m| m.account_id == account)
            .map(|m| m.rights()),
    };
    let Some(rights) = rights else { return Ok(None) };
    // Once a minute is enough for "last used"; a write per call would double the cost of reading.
    if row.last_used_at.is_none_or(|at| now - at > TimeDelta::minutes(1)) {
        sqlx::query("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1")
            .bind(row.id)
            .bind(now)
            .execute(tx.connection())
            .await?;
    }
    tx.commit().await?;
    let actor = match row.account_id {
        None => Actor::Staff {
            user: user.id,
            name: user.name,
        },
        Some(account) => Actor::Member {
            user: user.id,
            name: user.name,
            account: Some(account),
        },
    };
    Ok(Some(Caller {
        scope: visitor.acting(actor),
        token: row.id,
        user: row.user_id,
        account: row.account_id,
        spending_limit_minor: row.spending_limit_minor,
        rights: rights.narrowed(row.scopes.as_deref()),
    }))
}

fn allowed(list: &[String], ip: &str) -> bool {
    let Ok(ip) = ip.parse::<std::net::IpAddr>() else {
        return false;
    };
    list.iter().any(|entry| match entry.parse::<ipnet::IpNet>() {
        Ok(net) => net.contains(&ip),
        Err(_) => entry.parse() == Ok(ip),
    })
}
