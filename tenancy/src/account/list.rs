//! Accounts as a list that can be searched, sorted and paged.

use chrono::{DateTime, Utc};
use platform::db::DbError;
use sqlx::{Postgres, QueryBuilder};

use crate::listing::{self, Found, Kind, Order, Source, Window};
use crate::{AccountId, TenantTx};

/// What the list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Words, a number or an id, as typed.
    pub typed: Option<String>,
    /// active or closed.
    pub status: Option<String>,
    /// ISO country.
    pub country: Option<String>,
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Key.
    pub id: AccountId,
    /// Number.
    pub number: i64,
    /// Name.
    pub name: String,
    /// Company.
    pub company: Option<String>,
    /// Address.
    pub email: String,
    /// ISO country.
    pub country: String,
    /// Currency it is billed in.
    pub currency: String,
    /// What we owe it.
    pub credit_minor: i64,
    /// active or closed.
    pub status: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

const SOURCE: Source = Source {
    columns: "a.id, a.number, a.name, a.company, a.email, a.country, a.currency, a.credit_minor, a.status, a.created_at",
    from: "accounts a",
    id: "a.id",
    orders: &[
        Order {
            key: "since",
            sql: "a.created_at",
            kind: Kind::Instant,
        },
        Order {
            key: "name",
            sql: "lower(a.name)",
            kind: Kind::Text,
        },
        Order {
            key: "number",
            sql: "a.number",
            kind: Kind::Whole,
        },
    ],
};

/// A page of accounts.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, search: &Search, window: &Window) -> Result<Found<Row>, DbError> {
    listing::read(tx.connection(), &SOURCE, window, |query| {
        if let Some(status) = &search.status {
            query.push(" AND a.status = ").push_bind(status.clone());
        }
        if let Some(country) = &search.country {
            query.push(" AND a.country = ").push_bind(country.clone());
        }
        if let Some(typed) = &search.typed {
            query.push(" AND ");
            push_found(query, "a", typed);
        }
    })
    .await
}

/// Pushes the condition that the account known as `alias` is what was typed: its id, or words of its name, address and number.
pub fn push_found(query: &mut QueryBuilder<Postgres>, alias: &str, typed: &str) {
    if let Ok(id) = typed.parse::<AccountId>() {
        query.push(format!("{alias}.id = ")).push_bind(id);
    } else if let Some(words) = listing::words(typed) {
        query
            .push(format!("{alias}.words @@ to_tsquery('simple', "))
            .push_bind(words)
            .push(")");
    } else {
        query.push("false");
    }
}
