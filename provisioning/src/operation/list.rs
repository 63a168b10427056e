//! Operations as a list that can be searched, narrowed and paged.

use billing::BillingError;
use billing::ids::{ServerId, ServiceId};
use chrono::{DateTime, Utc};
use tenancy::TenantTx;
use tenancy::listing::{self, Found, Kind, Order, Source, Window};

use crate::OperationId;

/// What the list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// open, or one state: queued, running, waiting, retrying, failed, done, cancelled.
    pub status: Option<String>,
    /// create, suspend, resume, terminate, change_plan, power, root_password.
    pub kind: Option<String>,
    /// On one panel endpoint.
    pub server: Option<ServerId>,
    /// For one service.
    pub service: Option<ServiceId>,
    /// Words of the service's name, or an id, as typed.
    pub typed: Option<String>,
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Key.
    pub id: OperationId,
    /// What is wanted.
    pub kind: String,
    /// State.
    pub status: String,
    /// Which step.
    pub step: String,
    /// Why it waits or failed.
    pub reason: Option<String>,
    /// Tries so far.
    pub tries: i32,
    /// For which service.
    pub service_id: ServiceId,
    /// Its name.
    pub service_label: String,
    /// Whose.
    pub account_name: String,
    /// Where.
    pub server_name: Option<String>,
    /// When wanted.
    pub created_at: DateTime<Utc>,
    /// When over.
    pub finished_at: Option<DateTime<Utc>>,
}

const SOURCE: Source = Source {
    columns: "o.id, o.kind, o.status, o.step, o.reason, o.tries, o.service_id, s.label AS service_label, a.name AS account_name, \
        v.name AS server_name, o.created_at, o.finished_at",
    from: "operations o LEFT JOIN services s ON s.id = o.service_id LEFT JOIN accounts a ON a.id = s.account_id \
        LEFT JOIN servers v ON v.id = o.server_id",
    id: "o.id",
    orders: &[Order {
        key: "since",
        sql: "o.created_at",
        kind: Kind::Instant,
    }],
};

/// A page of operations.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, search: &Search, window: &Window) -> Result<Found<Row>, BillingError> {
    let found = listing::read(tx.connection(), &SOURCE, window, |query| {
        match search.status.as_deref() {
            Some("open") => {
                query.push(" AND o.status NOT IN ('done', 'cancelled')");
            }
            Some(status) => {
                query.push(" AND o.status = ").push_bind(status.to_owned());
            }
            None => {}
        }
        if let Some(kind) = &search.kind {
            query.push(" AND o.kind = ").push_bind(kind.clone());
        }
        if let Some(server) = search.server {
            query.push(" AND o.server_id = ").push_bind(server);
        }
        if let Some(service) = search.service {
            query.push(" AND o.service_id = ").push_bind(service);
        }
        if let Some(typed) = &search.typed {
            if let Ok(id) = typed.parse::<OperationId>() {
                query.push(" AND o.id = ").push_bind(id);
            } else if let Ok(id) = typed.parse::<ServiceId>() {
                query.push(" AND o.service_id = ").push_bind(id);
            } else if let Some(words) = listing::words(typed) {
                query
                    .push(" AND o.service_id IN (SELECT w.id FROM services w WHERE w.words @@ to_tsquery('simple', ")
                    .push_bind(words)
                    .push("))");
            } else {
                query.push(" AND false");
            }
        }
    })
    .await?;
    Ok(found)
}

/// The newest that are not over.
///
/// # Errors
/// When the database refuses.
pub async fn open(tx: &mut TenantTx, limit: i64) -> Result<Vec<Row>, BillingError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE o.status NOT IN ('done', 'cancelled') ORDER BY o.created_at DESC, o.id DESC LIMIT $1",
        SOURCE.columns, SOURCE.from
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(limit)
        .fetch_all(tx.connection())
        .await?)
}

/// How many failed and wait for somebody.
///
/// # Errors
/// When the database refuses.
pub async fn count_failed(tx: &mut TenantTx) -> Result<i64, BillingError> {
    Ok(
        sqlx::query_scalar("SELECT count(*) FROM operations WHERE status = 'failed'")
            .fetch_one(tx.connection())
            .await?,
    )
}
