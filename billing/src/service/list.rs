//! Services as a list that can be searched, sorted and paged.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Postgres, QueryBuilder};
use tenancy::listing::{self, Found, Kind, Order, Source, Window};
use tenancy::{AccountId, TenantTx, account};

use crate::BillingError;
use crate::ids::{ProductId, ServerId, ServiceId};

/// What the list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Of one account.
    pub account: Option<AccountId>,
    /// pending, provisioning, active, suspended, terminated, failed.
    pub status: Option<String>,
    /// Of one product.
    pub product: Option<ProductId>,
    /// On one panel endpoint.
    pub server: Option<ServerId>,
    /// Words of its name or of its customer's, an address or an id, as typed.
    pub typed: Option<String>,
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Key.
    pub id: ServiceId,
    /// Name for people.
    pub label: String,
    /// Addresses.
    pub ip_addresses: Vec<String>,
    /// State.
    pub status: String,
    /// Why, in plain words.
    pub reason: Option<String>,
    /// First day not served, where it is cancelled for a later day.
    pub cancel_on: Option<NaiveDate>,
    /// Whose.
    pub account_id: AccountId,
    /// Their name.
    pub account_name: String,
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
    /// once, day, week, month or year.
    pub cycle_unit: String,
    /// How many of them.
    pub cycle_count: i32,
    /// When made.
    pub created_at: DateTime<Utc>,
}

const SOURCE: Source = Source {
    columns: "s.id, s.label, s.ip_addresses, s.status, s.reason, u.cancel_on, s.account_id, a.name AS account_name, \
        p.name AS product_name, n.name AS plan_name, u.unit_minor, u.quantity, u.currency, u.cycle_unit, u.cycle_count, s.created_at",
    from: "services s LEFT JOIN accounts a ON a.id = s.account_id LEFT JOIN products p ON p.id = s.product_id \
        LEFT JOIN plans n ON n.id = s.plan_id LEFT JOIN subscriptions u ON u.id = s.subscription_id",
    id: "s.id",
    orders: &[
        Order {
            key: "since",
            sql: "s.created_at",
            kind: Kind::Instant,
        },
        Order {
            key: "name",
            sql: "lower(s.label)",
            kind: Kind::Text,
        },
    ],
};

/// A page of services.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, search: &Search, window: &Window) -> Result<Found<Row>, BillingError> {
    let found = listing::read(tx.connection(), &SOURCE, window, |query| {
        if let Some(account) = search.account {
            query.push(" AND s.account_id = ").push_bind(account);
        }
        if let Some(status) = &search.status {
            query.push(" AND s.status = ").push_bind(status.clone());
        }
        if let Some(product) = search.product {
            query.push(" AND s.product_id = ").push_bind(product);
        }
        if let Some(server) = search.server {
            query.push(" AND s.server_id = ").push_bind(server);
        }
        if let Some(typed) = &search.typed {
            push_found(query, typed, search.account.is_none());
        }
    })
    .await?;
    Ok(found)
}

/// Its id, one of its addresses, words of its name, or (for staff) of its customer's. Each way is a query of its own with an index.
fn push_found(query: &mut QueryBuilder<Postgres>, typed: &str, by_customer: bool) {
    if let Ok(id) = typed.parse::<ServiceId>() {
        query.push(" AND s.id = ").push_bind(id);
        return;
    }
    if typed.parse::<std::net::IpAddr>().is_ok() {
        query
            .push(" AND s.ip_addresses @> ARRAY[")
            .push_bind(typed.to_owned())
            .push("]");
        return;
    }
    let Some(words) = listing::words(typed) else {
        query.push(" AND false");
        return;
    };
    query
        .push(" AND s.id IN (SELECT w.id FROM services w WHERE w.words @@ to_tsquery('simple', ")
        .push_bind(words)
        .push(")");
    if by_customer {
        query.push(" UNION ALL SELECT w.id FROM services w JOIN accounts c ON c.id = w.account_id WHERE ");
        account::list::push_found(query, "c", typed);
    }
    query.push(")");
}
