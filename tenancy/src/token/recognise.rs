//! From the text of a token to who calls, asked anew with every call.

use chrono::{DateTime, TimeDelta, Utc};
use platform::db::DbError;
use platform::secret::sha256;

use super::Caller;
use super::limits::allowed;
use crate::permission::Permissions;
use crate::user::{self, User};
use crate::{AccountId, Actor, Tenancy, TenantScope, TenantTx, TokenId, UserId, member, staff};

/// Why a token is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No token of this tenant.
    #[error("no token of this tenant")]
    Unknown,
    /// It was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Not from this address.
    #[error("the token may not be used from this address")]
    Address,
    /// Its user has no place here any more.
    #[error("the token's user has no place here any more")]
    Orphaned,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: TokenId,
    user_id: UserId,
    account_id: Option<AccountId>,
    scopes: Option<Vec<String>>,
    ip_list: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    limited: bool,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl Row {
    /// Whether it is good by itself, now and from `ip`.
    fn judge(&self, ip: &str, now: DateTime<Utc>) -> Result<(), Refused> {
        if self.revoked_at.is_some() {
            return Err(Refused::Revoked);
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Refused::Expired);
        }
        if !self.ip_list.is_empty() && !allowed(&self.ip_list, ip) {
            return Err(Refused::Address);
        }
        Ok(())
    }

    /// The user and what they may do here now.
    async fn holder(&self, tx: &mut TenantTx) -> Result<Option<(User, Permissions)>, DbError> {
        let user = user::find(tx, self.user_id).await?;
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            return Ok(None);
        };
        let rights = match self.account_id {
            None => staff::rights(tx, user.id).await?,
            Some(account) => member::of_user(tx, user.id)
                .await?
                .into_iter()
                .find(|place| place.account_id == account)
                .map(|place| place.rights()),
        };
        Ok(rights.map(|rights| (user, rights)))
    }

    /// Once a minute is enough for "last used"; a write per call would double the cost of reading.
    async fn used(&self, tx: &mut TenantTx, ip: &str, now: DateTime<Utc>) -> Result<(), DbError> {
        if self.last_used_at.is_none_or(|at| now - at > TimeDelta::minutes(1)) {
            // Whoever spends with it holds the row for a moment: that is use enough, and nobody waits for it.
            sqlx::query(
                "UPDATE api_tokens SET last_used_at = $2, last_used_ip = $3 WHERE id = \
                 (SELECT id FROM api_tokens WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED)",
            )
            .bind(self.id)
            .bind(now)
            .bind(ip)
            .execute(tx.connection())
            .await?;
        }
        Ok(())
    }
}

/// Recognises a token on this tenant's host, or says why it is refused.
///
/// # Errors
/// When the database refuses.
pub async fn recognise(
    tenancy: &Tenancy,
    visitor: &TenantScope,
    text: &str,
    ip: &str,
) -> Result<Result<Caller, Refused>, DbError> {
    if !text.starts_with("ezs_") || text.len() > 200 {
        return Ok(Err(Refused::Unknown));
    }
    let mut tx = tenancy.begin(visitor).await?;
    let now = tenancy.now();
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, user_id, account_id, scopes, ip_list, expires_at, spending_limit_minor IS NOT NULL AS limited, last_used_at, \
         revoked_at FROM api_tokens WHERE token_hash = $1",
    )
    .bind(sha256(text.as_bytes()).to_vec())
    .fetch_optional(tx.connection())
    .await?;
    let found = async {
        let row = row.ok_or(Refused::Unknown);
        let row = match row.and_then(|row| row.judge(ip, now).map(|()| row)) {
            Ok(row) => row,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some((user, rights)) = row.holder(&mut tx).await? else {
            return Ok(Err(Refused::Orphaned));
        };
        row.used(&mut tx, ip, now).await?;
        Ok::<_, DbError>(Ok(caller(visitor, row, user, &rights)))
    };
    let found = found.await?;
    tx.commit().await?;
    Ok(found)
}

fn caller(visitor: &TenantScope, row: Row, user: User, rights: &Permissions) -> Caller {
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
    Caller {
        scope: visitor.acting_by(actor, row.id),
        token: row.id,
        user: row.user_id,
        account: row.account_id,
        whole: row.scopes.is_none() && row.ip_list.is_empty() && row.expires_at.is_none() && !row.limited,
        rights: rights.narrowed(row.scopes.as_deref()),
    }
}
