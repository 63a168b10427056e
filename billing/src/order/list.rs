//! Orders as a list that can be searched, narrowed and paged, and what an order holds.

use chrono::{DateTime, Utc};
use tenancy::listing::{self, Found, Kind, Order as Sorting, Source, Window};
use tenancy::{AccountId, TenantTx, account};

use crate::BillingError;
use crate::ids::{OrderId, ServiceId};

/// What the list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Of one account.
    pub account: Option<AccountId>,
    /// pending_payment, in_review, accepted, rejected, cancelled.
    pub status: Option<String>,
    /// A number, words of the customer's name, or an id, as typed.
    pub typed: Option<String>,
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Key.
    pub id: OrderId,
    /// Number for people.
    pub number: i64,
    /// State.
    pub status: String,
    /// State of the service that is furthest from running; none where nothing was ordered.
    pub delivery: Option<String>,
    /// Currency.
    pub currency: String,
    /// Due when placed.
    pub total_minor: i64,
    /// Whose.
    pub account_id: AccountId,
    /// Their name.
    pub account_name: String,
    /// Their address.
    pub account_email: String,
    /// What was bought.
    pub products: Option<String>,
    /// When placed.
    pub created_at: DateTime<Utc>,
}

const SOURCE: Source = Source {
    columns: "o.id, o.number, o.status, o.currency, o.total_minor, o.account_id, a.name AS account_name, a.email AS account_email, \
        o.created_at, \
        (SELECT string_agg(DISTINCT p.name, ', ') FROM subscriptions u JOIN plans n ON n.id = u.plan_id \
           JOIN products p ON p.id = n.product_id WHERE u.order_id = o.id) AS products, \
        (SELECT (array_agg(s.status ORDER BY array_position(ARRAY['failed', 'provisioning', 'pending', 'active', 'suspended', 'terminated'], \
           s.status)))[1] FROM services s JOIN subscriptions u ON u.id = s.subscription_id WHERE u.order_id = o.id) AS delivery",
    from: "orders o LEFT JOIN accounts a ON a.id = o.account_id",
    id: "o.id",
    orders: &[
        Sorting {
            key: "placed",
            sql: "o.created_at",
            kind: Kind::Instant,
        },
        Sorting {
            key: "number",
            sql: "o.number",
            kind: Kind::Whole,
        },
    ],
};

/// A page of orders.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, search: &Search, window: &Window) -> Result<Found<Row>, BillingError> {
    let found = listing::read(tx.connection(), &SOURCE, window, |query| {
        if let Some(account) = search.account {
            query.push(" AND o.account_id = ").push_bind(account);
        }
        if let Some(status) = &search.status {
            query.push(" AND o.status = ").push_bind(status.clone());
        }
        let Some(typed) = &search.typed else { return };
        if let Ok(id) = typed.parse::<OrderId>() {
            query.push(" AND o.id = ").push_bind(id);
        } else {
            let number: i64 = typed.trim_start_matches('#').parse().unwrap_or(-1);
            query
                .push(" AND o.id IN (SELECT w.id FROM orders w WHERE w.number = ")
                .push_bind(number)
                .push(" UNION ALL SELECT w.id FROM orders w JOIN accounts c ON c.id = w.account_id WHERE ");
            account::list::push_found(query, "c", typed);
            query.push(")");
        }
    })
    .await?;
    Ok(found)
}

/// Something that was ordered.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Ordered {
    /// The service.
    pub service_id: ServiceId,
    /// Its name.
    pub label: String,
    /// Its state.
    pub status: String,
    /// Why, in plain words.
    pub reason: Option<String>,
    /// What it is.
    pub product_name: String,
    /// Which plan.
    pub plan_name: String,
    /// Price of a cycle.
    pub unit_minor: i64,
    /// How many.
    pub quantity: i32,
    /// Currency.
    pub currency: String,
}

/// What an order holds.
///
/// # Errors
/// When the database refuses.
pub async fn ordered(tx: &mut TenantTx, order: OrderId) -> Result<Vec<Ordered>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT s.id AS service_id, s.label, s.status, s.reason, p.name AS product_name, n.name AS plan_name, u.unit_minor, u.quantity, \
         u.currency FROM subscriptions u JOIN services s ON s.subscription_id = u.id JOIN plans n ON n.id = u.plan_id \
         JOIN products p ON p.id = s.product_id WHERE u.order_id = $1 ORDER BY s.created_at, s.id LIMIT 200",
    )
    .bind(order)
    .fetch_all(tx.connection())
    .await?)
}

/// The newest orders.
///
/// # Errors
/// When the database refuses.
pub async fn latest(tx: &mut TenantTx, limit: i64) -> Result<Vec<Row>, BillingError> {
    let sql = format!(
        "SELECT {} FROM {} ORDER BY o.created_at DESC, o.id DESC LIMIT $1",
        SOURCE.columns, SOURCE.from
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(limit)
        .fetch_all(tx.connection())
        .await?)
}

/// Orders that wait for money or for somebody's yes.
///
/// # Errors
/// When the database refuses.
pub async fn count_waiting(tx: &mut TenantTx) -> Result<i64, BillingError> {
    Ok(
        sqlx::query_scalar("SELECT count(*) FROM orders WHERE status IN ('pending_payment', 'in_review')")
            .fetch_one(tx.connection())
            .await?,
    )
}
