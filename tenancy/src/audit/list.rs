//! The audit log as a list that can be searched, narrowed and paged.

use chrono::{DateTime, Utc};
use platform::db::DbError;

use super::Entry;
use crate::TenantTx;
use crate::listing::{self, Found, Kind, Order, Source, Window};

/// What the log is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The beginning of an action or of a person's name, or the id that was acted on.
    pub typed: Option<String>,
    /// Prefixed id that was acted on.
    pub subject: Option<String>,
    /// visitor, member, staff, system, parent or upstream.
    pub actor_kind: Option<String>,
    /// From then on.
    pub from: Option<DateTime<Utc>>,
    /// Before then.
    pub to: Option<DateTime<Utc>>,
}

const SOURCE: Source = Source {
    columns: "a.id, a.at, a.actor_kind, a.actor_name, a.action, a.subject_id, a.detail",
    from: "audit a",
    id: "a.id",
    orders: &[Order {
        key: "at",
        sql: "a.at",
        kind: Kind::Instant,
    }],
};

/// A page of the log.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, search: &Search, window: &Window) -> Result<Found<Entry>, DbError> {
    listing::read(tx.connection(), &SOURCE, window, |query| {
        if let Some(subject) = &search.subject {
            query.push(" AND a.subject_id = ").push_bind(subject.clone());
        }
        if let Some(kind) = &search.actor_kind {
            query.push(" AND a.actor_kind = ").push_bind(kind.clone());
        }
        if let Some(from) = search.from {
            query.push(" AND a.at >= ").push_bind(from);
        }
        if let Some(to) = search.to {
            query.push(" AND a.at < ").push_bind(to);
        }
        if let Some(typed) = &search.typed {
            let pattern = listing::beginning(&typed.to_lowercase());
            query.push(" AND (a.subject_id = ").push_bind(typed.clone());
            query.push(" OR a.action LIKE ").push_bind(pattern.clone());
            query.push(" OR lower(a.actor_name) LIKE ").push_bind(pattern).push(")");
        }
    })
    .await
}
