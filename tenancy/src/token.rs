//! API tokens: one tenant, one user, shown once, stored as a hash. A token never may more than its user may now.

pub mod change;
mod limits;
pub mod list;
mod recognise;

use platform::db::DbError;
use platform::money::{Currency, Money};
use platform::secret::sha256;
use serde_json::json;

pub use limits::{Limits, check as check_limits};
pub use recognise::{Refused, recognise};

use crate::permission::Permissions;
use crate::{AccountId, TenantScope, TenantTx, TokenId, UserId, audit, member, staff};

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
    whole: bool,
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

    /// What it may do: its scopes, as far as its user may now.
    #[must_use]
    pub fn rights(&self) -> &Permissions {
        &self.rights
    }

    /// Whether the token may all that its user may, from anywhere, for ever and at any price: only such a one makes
    /// others, or a narrow one would be a way to a wide one.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }
}

/// A token to make.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// Name for people; empty: a plain one.
    pub name: String,
    /// A member's account; none: a staff token.
    pub account: Option<AccountId>,
    /// None: all that the user may do.
    pub scopes: Option<Vec<String>>,
    /// Addresses or networks it may come from; empty: any.
    pub ip_list: Vec<String>,
    /// When it ends.
    pub expires_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Most it may spend in a calendar month.
    pub spending_limit: Option<Money>,
    /// The same key is the same token.
    pub key: Option<String>,
}

/// No token, or no change of it.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The user is neither staff nor a member of an account.
    #[error("this user is neither staff nor a member of an account")]
    NoRights,
    /// It was made before by the same request; its text is gone.
    #[error("this token was made before by the same request; its text is shown once only")]
    Made(TokenId),
    /// They have too many.
    #[error("one person has at most {MOST} tokens that are not revoked")]
    TooMany,
    /// No such token, or not this person's to touch.
    #[error("there is no such token")]
    Unknown,
    /// It has been revoked.
    #[error("this token has been revoked")]
    Revoked,
    /// No scope of this name.
    #[error("there is no scope {0:?}")]
    UnknownScope(String),
    /// A scope the one who asks does not have.
    #[error("you cannot give the scope {0}, because you do not have it")]
    NotYours(String),
    /// No name.
    #[error("a name of 1 to 120 characters is needed")]
    BadName,
    /// No address or network.
    #[error("{0:?} is no address or network")]
    BadNetwork(String),
    /// Too many networks.
    #[error("a token is bound to at most 50 networks")]
    ManyNetworks,
    /// It would have ended already.
    #[error("the end must be in the future")]
    PastExpiry,
    /// Below zero.
    #[error("a spending limit is zero or more")]
    BadLimit,
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for TokenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Tokens of one person that stand: each has a rate limit of its own.
const MOST: i64 = 100;

/// Makes a token for a user and answers its text, which is not kept.
///
/// # Errors
/// When the user has no place here or something about the token is wrong.
pub async fn create(tx: &mut TenantTx, user: UserId, new: &NewToken) -> Result<(TokenId, String), TokenError> {
    let limits = check_limits(tx, Limits::of(new))?;
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
    let known = sqlx::query_scalar("SELECT id FROM api_tokens WHERE request_key = $1 AND user_id = $2")
        .bind(&new.key)
        .bind(user)
        .fetch_optional(tx.connection())
        .await?;
    if let Some(known) = known {
        return Err(TokenError::Made(known));
    }
    let standing: i64 = sqlx::query_scalar("SELECT count(*) FROM api_tokens WHERE user_id = $1 AND revoked_at IS NULL")
        .bind(user)
        .fetch_one(tx.connection())
        .await?;
    if standing >= MOST {
        return Err(TokenError::TooMany);
    }
    let id: TokenId = tx.new_id();
    let text = format!("ezs_{}", tx.random().token(32));
    sqlx::query(
        "INSERT INTO api_tokens (id, user_id, account_id, name, token_hash, scopes, ip_list, expires_at, spending_limit_minor, \
         spending_currency, request_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(id)
    .bind(user)
    .bind(account)
    .bind(&limits.name)
    .bind(sha256(text.as_bytes()).to_vec())
    .bind(&limits.scopes)
    .bind(&limits.ip_list)
    .bind(limits.expires_at)
    .bind(limits.spending_limit.map(|limit| limit.minor))
    .bind(limits.spending_limit.map(|limit| limit.currency.code()))
    .bind(&new.key)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let mut detail = limits.detail();
    detail["user"] = json!(user);
    audit::record(tx, "token.created", id, detail).await?;
    Ok((id, text))
}

/// A stored limit with its currency; a limit without one is in the tenant's own.
fn limit_of(minor: Option<i64>, code: Option<&str>, own: Currency) -> Result<Option<Money>, DbError> {
    let Some(minor) = minor else { return Ok(None) };
    let unit = code.map_or(Ok(own), Currency::parse);
    let limit = unit.and_then(|unit| Money::new(minor, unit));
    limit.map(Some).map_err(|error| DbError::Row(error.to_string()))
}

/// What a token may spend in a month, its row locked until the transaction ends, so that its spendings come one after
/// the other; none: as much as it likes.
///
/// # Errors
/// When it has been revoked meanwhile, or the database refuses.
pub async fn lock_limit(tx: &mut TenantTx, id: TokenId) -> Result<Option<Money>, TokenError> {
    let row: Option<(Option<i64>, Option<String>)> = sqlx::query_as(
        "SELECT spending_limit_minor, spending_currency FROM api_tokens WHERE id = $1 AND revoked_at IS NULL FOR NO KEY UPDATE",
    )
    .bind(id)
    .fetch_optional(tx.connection())
    .await?;
    let (minor, code) = row.ok_or(TokenError::Revoked)?;
    Ok(limit_of(minor, code.as_deref(), tx.tenant().currency)?)
}
