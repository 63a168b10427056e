//! The tenants below one, as a list that can be searched, sorted and paged.

use platform::db::DbError;

use super::ChildRow;
use crate::listing::{self, Found, Kind, Order, Source, Window};
use crate::{Tenancy, TenantId};

/// What the list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The beginning of a name or slug.
    pub typed: Option<String>,
    /// active or suspended.
    pub state: Option<String>,
    /// live or sandbox.
    pub mode: Option<String>,
    /// Only direct children of this one.
    pub parent: Option<TenantId>,
}

pub(super) const SOURCE: Source = Source {
    columns: "t.id, t.slug, t.name, t.parent_id, t.mode, t.state, t.reason, t.parked_reason, t.created_at, \
        coalesce(f.currency, t.currency) AS currency, coalesce(f.mrr_minor, 0) AS mrr_minor, \
        coalesce(f.active_services, 0) AS active_services, coalesce(f.accounts, 0) AS accounts, \
        coalesce(f.open_minor, 0) AS open_minor, coalesce(f.overdue_minor, 0) AS overdue_minor, coalesce(f.open_tasks, 0) AS open_tasks",
    from: "control.tenants t LEFT JOIN control.figures f ON f.tenant_id = t.id",
    id: "t.id",
    orders: &[
        Order {
            key: "name",
            sql: "lower(t.name)",
            kind: Kind::Text,
        },
        Order {
            key: "since",
            sql: "t.created_at",
            kind: Kind::Instant,
        },
        Order {
            key: "services",
            sql: "coalesce(f.active_services, 0)",
            kind: Kind::Whole,
        },
        Order {
            key: "tasks",
            sql: "coalesce(f.open_tasks, 0)",
            kind: Kind::Whole,
        },
    ],
};

/// A page of the tenants below `above`, at any depth.
///
/// # Errors
/// When the database refuses.
pub async fn browse(
    tenancy: &Tenancy,
    above: TenantId,
    search: &Search,
    window: &Window,
) -> Result<Found<ChildRow>, DbError> {
    let mut tx = tenancy.control().await?;
    let found = listing::read(tx.connection(), &SOURCE, window, |query| {
        query
            .push(
                " AND t.id IN (WITH RECURSIVE tree AS (SELECT c.id FROM control.tenants c WHERE c.parent_id = ",
            )
            .push_bind(above)
            .push(" UNION SELECT c.id FROM control.tenants c JOIN tree ON c.parent_id = tree.id) SELECT tree.id FROM tree)");
        if let Some(state) = &search.state {
            query.push(" AND t.state = ").push_bind(state.clone());
        }
        if let Some(mode) = &search.mode {
            query.push(" AND t.mode = ").push_bind(mode.clone());
        }
        if let Some(parent) = search.parent {
            query.push(" AND t.parent_id = ").push_bind(parent);
        }
        if let Some(typed) = &search.typed {
            let pattern = listing::beginning(&typed.to_lowercase());
            query.push(" AND (t.slug LIKE ").push_bind(pattern.clone());
            query.push(" OR lower(t.name) LIKE ").push_bind(format!("%{pattern}")).push(")");
        }
    })
    .await?;
    tx.commit().await?;
    Ok(found)
}
