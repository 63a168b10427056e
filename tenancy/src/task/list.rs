//! Tasks as a list that can be narrowed and paged.

use chrono::{DateTime, Utc};
use platform::db::DbError;

use crate::listing::{self, Found, Kind, Order, Source, Window};
use crate::{TaskId, TenantTx};

/// What the list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// open, retried, done or dismissed.
    pub state: Option<String>,
    /// The id a task is about, or the beginning of its title, as typed.
    pub typed: Option<String>,
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Key.
    pub id: TaskId,
    /// One line.
    pub title: String,
    /// Why.
    pub reason: String,
    /// Prefixed id to link to.
    pub subject_id: Option<String>,
    /// Whether retry can do something.
    pub can_retry: bool,
    /// open, retried, done or dismissed.
    pub state: String,
    /// When raised.
    pub created_at: DateTime<Utc>,
    /// Who closed it.
    pub closed_by: Option<String>,
}

const SOURCE: Source = Source {
    columns: "k.id, k.title, k.reason, k.subject_id, (k.job IS NOT NULL) AS can_retry, k.state, k.created_at, k.closed_by",
    from: "tasks k",
    id: "k.id",
    orders: &[Order {
        key: "since",
        sql: "k.created_at",
        kind: Kind::Instant,
    }],
};

/// A page of tasks.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, search: &Search, window: &Window) -> Result<Found<Row>, DbError> {
    listing::read(tx.connection(), &SOURCE, window, |query| {
        if let Some(state) = &search.state {
            query.push(" AND k.state = ").push_bind(state.clone());
        }
        if let Some(typed) = &search.typed {
            let pattern = listing::beginning(&typed.to_lowercase());
            query.push(" AND (k.subject_id = ").push_bind(typed.clone());
            query
                .push(" OR lower(k.title) LIKE ")
                .push_bind(format!("%{pattern}"))
                .push(")");
        }
    })
    .await
}
