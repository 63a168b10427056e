//! Holding a token to other limits, and ending it. Who may touch which token is said here, for pages, API and command.

use serde_json::json;

use super::list::{Row, find};
use super::{Limits, TokenError, check_limits};
use crate::permission::{MEMBER, Permissions, STAFF};
use crate::{AccountId, TenantTx, TokenId, UserId, audit};

/// Who wants to see or touch tokens, on which side.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Who.
    pub user: UserId,
    /// A member of this account; none: staff.
    pub account: Option<AccountId>,
    /// What they may do now.
    pub rights: Permissions,
}

impl Holder {
    fn is_own(&self, row: &Row) -> bool {
        row.user_id == self.user && row.account_id == self.account
    }

    /// Whether everybody's tokens are this person's business too: staff with `settings.read` those of the tenant, who
    /// manages an account those of its team.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        self.rights.has(match self.account {
            None => "settings.read",
            Some(_) => "account.manage",
        })
    }

    /// Whether this person may see a token.
    #[must_use]
    pub fn sees(&self, row: &Row) -> bool {
        let in_reach = self.account.is_none() || self.account == row.account_id;
        self.is_own(row) || in_reach && self.sees_all()
    }

    /// Whether this person may end a token: their own, and with the right to change settings or the account any that
    /// they see.
    #[must_use]
    pub fn may_change(&self, row: &Row) -> bool {
        let others = match self.account {
            None => "settings.write",
            Some(_) => "account.manage",
        };
        self.is_own(row) || self.sees(row) && self.rights.has(others)
    }

    /// Whether this person may hold a token to other limits. Limits that somebody else set may be wider afterwards, and
    /// the token does what its own person may: of others that is only for whoever may do everything.
    #[must_use]
    pub fn may_limit(&self, row: &Row) -> bool {
        self.is_own(row) || self.may_change(row) && self.rights.has("*")
    }

    /// The scopes that are this person's to give to a new token, or to `row`. Staff give a customer's token what a
    /// customer may have: its user's rights bound it anyway.
    #[must_use]
    pub fn words(&self, row: Option<&Row>) -> Vec<&'static str> {
        let for_member = row.map_or(self.account.is_some(), |row| row.account_id.is_some());
        let is_all = for_member && self.account.is_none();
        let all = if for_member { MEMBER } else { STAFF };
        all.iter()
            .copied()
            .filter(|word| is_all || self.rights.has(word))
            .collect()
    }

    /// Whether the scopes are this person's to give; none is all that the token's user may do.
    ///
    /// # Errors
    /// The first that is not.
    pub fn covers(&self, row: Option<&Row>, scopes: Option<&[String]>) -> Result<(), TokenError> {
        let Some(scopes) = scopes else {
            let is_theirs = row.is_none_or(|row| self.is_own(row) || row.scopes.is_none());
            return match is_theirs || self.rights.has("*") {
                true => Ok(()),
                false => Err(TokenError::NotYours("*".to_owned())),
            };
        };
        let own = self.words(row);
        match scopes.iter().find(|word| !own.contains(&word.as_str())) {
            Some(word) => Err(TokenError::NotYours(word.clone())),
            None => Ok(()),
        }
    }
}

/// Holds a token to these limits from now on.
///
/// # Errors
/// When it is not theirs, was revoked, or a limit is wrong.
pub async fn restrict(tx: &mut TenantTx, by: &Holder, id: TokenId, limits: Limits) -> Result<(), TokenError> {
    let row = find(tx, id).await?.filter(|row| by.may_change(row));
    let row = row.ok_or(TokenError::Unknown)?;
    if !by.may_limit(&row) {
        return Err(TokenError::NotYours("*".to_owned()));
    }
    by.covers(Some(&row), limits.scopes.as_deref())?;
    // An end that has come stays as it is while something else is changed.
    let kept = limits.expires_at.filter(|_| limits.expires_at == row.expires_at);
    let mut limits = check_limits(
        tx,
        Limits {
            expires_at: limits.expires_at.filter(|_| kept.is_none()),
            ..limits
        },
    )?;
    limits.expires_at = limits.expires_at.or(kept);
    let done = sqlx::query(
        "UPDATE api_tokens SET name = $2, scopes = $3, ip_list = $4, expires_at = $5, spending_limit_minor = $6, spending_currency = $7 \
         WHERE id = $1 AND revoked_at IS NULL",
    )
    .bind(id)
    .bind(&limits.name)
    .bind(&limits.scopes)
    .bind(&limits.ip_list)
    .bind(limits.expires_at)
    .bind(limits.spending_limit.map(|limit| limit.minor))
    .bind(limits.spending_limit.map(|limit| limit.currency.code()))
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Err(TokenError::Revoked);
    }
    Ok(audit::record(tx, "token.restricted", id, limits.detail()).await?)
}

/// Ends a token, at once and for good. Ending it twice is once.
///
/// # Errors
/// When it is unknown to them, or not theirs to end.
pub async fn revoke(tx: &mut TenantTx, by: &Holder, id: TokenId) -> Result<(), TokenError> {
    let row = find(tx, id).await?.filter(|row| by.may_change(row));
    let row = row.ok_or(TokenError::Unknown)?;
    end(tx, &row).await
}

/// The same for the command line, which asks nobody.
///
/// # Errors
/// When there is no such token.
pub async fn revoke_by_system(tx: &mut TenantTx, id: TokenId) -> Result<(), TokenError> {
    let row = find(tx, id).await?.ok_or(TokenError::Unknown)?;
    end(tx, &row).await
}

async fn end(tx: &mut TenantTx, row: &Row) -> Result<(), TokenError> {
    let (now, by) = (tx.now(), tx.actor().to_string());
    let done =
        sqlx::query("UPDATE api_tokens SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL")
            .bind(row.id)
            .bind(now)
            .bind(by)
            .execute(tx.connection())
            .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    let detail = json!({ "name": row.name, "user": row.user_id });
    Ok(audit::record(tx, "token.revoked", row.id, detail).await?)
}
