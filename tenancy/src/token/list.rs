//! Tokens as they are listed: never their text, which nobody has but its user.

use chrono::{DateTime, Utc};
use platform::db::DbError;
use platform::money::Money;

use super::limit_of;
use crate::listing::{self, Found, Kind, Order, Source, Window};
use crate::{AccountId, Tenant, TenantTx, TokenId, UserId};

/// What a list is narrowed by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// One person's.
    pub user: Option<UserId>,
    /// Of members of one account.
    pub account: Option<AccountId>,
    /// Of staff only.
    pub staff: bool,
    /// That have not been revoked.
    pub standing: bool,
}

/// A token.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Key.
    pub id: TokenId,
    /// Whose.
    pub user_id: UserId,
    /// Their name.
    pub user_name: String,
    /// Their address.
    pub email: String,
    /// A member's account.
    pub account_id: Option<AccountId>,
    /// Its name.
    pub account_name: Option<String>,
    /// Name for people.
    pub name: String,
    /// None: all that the user may do.
    pub scopes: Option<Vec<String>>,
    /// Where it may come from.
    pub ip_list: Vec<String>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    spending_limit_minor: Option<i64>,
    spending_currency: Option<String>,
    /// When it was used last, to a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// From where.
    pub last_used_ip: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// By whom.
    pub revoked_by: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Row {
    /// Most it may spend in a calendar month.
    ///
    /// # Errors
    /// When the row makes no sense.
    pub fn spending_limit(&self, tenant: &Tenant) -> Result<Option<Money>, DbError> {
        limit_of(
            self.spending_limit_minor,
            self.spending_currency.as_deref(),
            tenant.currency,
        )
    }

    /// active, expired or revoked, by our time.
    #[must_use]
    pub fn status(&self, now: DateTime<Utc>) -> &'static str {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(end)) if end <= now => "expired",
            _ => "active",
        }
    }
}

const COLUMNS: &str = "t.id, t.user_id, u.name AS user_name, u.email, t.account_id, a.name AS account_name, t.name, t.scopes, t.ip_list, \
    t.expires_at, t.spending_limit_minor, t.spending_currency, t.last_used_at, t.last_used_ip, t.revoked_at, t.revoked_by, t.created_at";
const FROM: &str = "api_tokens t LEFT JOIN users u ON u.id = t.user_id LEFT JOIN accounts a ON a.id = t.account_id";

const SOURCE: Source = Source {
    columns: COLUMNS,
    from: FROM,
    id: "t.id",
    orders: &[
        Order {
            key: "since",
            sql: "t.created_at",
            kind: Kind::Instant,
        },
        Order {
            key: "name",
            sql: "lower(t.name)",
            kind: Kind::Text,
        },
    ],
};

/// A page of tokens.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, filter: &Filter, window: &Window) -> Result<Found<Row>, DbError> {
    listing::read(tx.connection(), &SOURCE, window, |query| {
        if let Some(user) = filter.user {
            query.push(" AND t.user_id = ").push_bind(user);
        }
        if let Some(account) = filter.account {
            query.push(" AND t.account_id = ").push_bind(account);
        }
        if filter.staff {
            query.push(" AND t.account_id IS NULL");
        }
        if filter.standing {
            query.push(" AND t.revoked_at IS NULL");
        }
    })
    .await
}

/// Tokens newest first, after the given one.
///
/// # Errors
/// When the database refuses.
pub async fn list(tx: &mut TenantTx, filter: &Filter, limit: i64, after: Option<TokenId>) -> Result<Vec<Row>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE ($1::uuid IS NULL OR t.user_id = $1) AND ($2::uuid IS NULL OR t.account_id = $2) \
         AND (NOT $3 OR t.account_id IS NULL) AND (NOT $4 OR t.revoked_at IS NULL) \
         AND ($6::uuid IS NULL OR (t.created_at, t.id) < (SELECT o.created_at, o.id FROM api_tokens o WHERE o.id = $6)) \
         ORDER BY t.created_at DESC, t.id DESC LIMIT $5"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(filter.user)
        .bind(filter.account)
        .bind(filter.staff)
        .bind(filter.standing)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

/// One token.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: TokenId) -> Result<Option<Row>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE t.id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}
