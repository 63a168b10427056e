//! Orders as pages and programs read them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tenancy::{AccountId, TenantTx};

use crate::BillingError;
use crate::ids::{InvoiceId, OrderId, PlanId, ProductId, ServiceId};

/// An order.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Order {
    /// Key.
    pub id: OrderId,
    /// Number for people.
    pub number: i64,
    /// Account.
    pub account_id: AccountId,
    /// cart, pending_payment, in_review, accepted, rejected, cancelled.
    pub status: String,
    /// Currency.
    pub currency: String,
    /// Due when placed.
    pub total_minor: i64,
    /// When placed.
    pub created_at: DateTime<Utc>,
}

const COLUMNS: &str = "SELECT id, number, account_id, status, currency, total_minor, created_at FROM orders";

/// An order by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: OrderId) -> Result<Option<Order>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// Orders newest first, of an account or all.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    account: Option<AccountId>,
    limit: i64,
    after: Option<OrderId>,
) -> Result<Vec<Order>, BillingError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1::uuid IS NULL OR account_id = $1) AND ($3::uuid IS NULL OR (created_at, id) < \
         (SELECT o.created_at, o.id FROM orders o WHERE o.id = $3)) ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

/// The invoice an order caused.
///
/// # Errors
/// When the database refuses.
pub async fn invoice_of(tx: &mut TenantTx, order: OrderId) -> Result<Option<InvoiceId>, BillingError> {
    Ok(sqlx::query_scalar("SELECT id FROM invoices WHERE order_id = $1")
        .bind(order)
        .fetch_optional(tx.connection())
        .await?)
}

/// What orders made: the invoice of each, and its services in order.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// Invoice, unless nothing was due.
    pub invoice: Option<InvoiceId>,
    /// Services.
    pub services: Vec<ServiceId>,
}

/// What several orders made.
///
/// # Errors
/// When the database refuses.
pub async fn made(tx: &mut TenantTx, ids: &[OrderId]) -> Result<HashMap<OrderId, Made>, BillingError> {
    let mut made: HashMap<OrderId, Made> = HashMap::new();
    let invoices: Vec<(OrderId, InvoiceId)> =
        sqlx::query_as("SELECT order_id, id FROM invoices WHERE order_id = ANY($1)")
            .bind(ids)
            .fetch_all(tx.connection())
            .await?;
    for (order, invoice) in invoices {
        made.entry(order).or_default().invoice = Some(invoice);
    }
    let services: Vec<(OrderId, ServiceId)> = sqlx::query_as(
        "SELECT s.order_id, v.id FROM services v JOIN subscriptions s ON s.id = v.subscription_id WHERE s.order_id = ANY($1) ORDER BY v.id",
    )
    .bind(ids)
    .fetch_all(tx.connection())
    .await?;
    for (order, service) in services {
        made.entry(order).or_default().services.push(service);
    }
    Ok(made)
}

/// The products that items are plans of, each once.
///
/// # Errors
/// When the database refuses.
pub async fn products_of(tx: &mut TenantTx, plans: &[PlanId]) -> Result<Vec<ProductId>, BillingError> {
    Ok(
        sqlx::query_scalar("SELECT DISTINCT product_id FROM plans WHERE id = ANY($1) ORDER BY product_id")
            .bind(plans)
            .fetch_all(tx.connection())
            .await?,
    )
}

/// The order that a checkout placed for an account, if it did.
///
/// # Errors
/// When the database refuses.
pub async fn by_key(tx: &mut TenantTx, key: &str, account: Option<AccountId>) -> Result<Option<Order>, BillingError> {
    let sql = format!("{COLUMNS} WHERE checkout_key = $1 AND ($2::uuid IS NULL OR account_id = $2)");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key)
        .bind(account)
        .fetch_optional(tx.connection())
        .await?)
}

/// What kind of no the last payment of an order was: retry, new_card or action; none unless it failed.
///
/// # Errors
/// When the database refuses.
pub async fn declined(tx: &mut TenantTx, order: OrderId) -> Result<Option<String>, BillingError> {
    let last: Option<(String, Option<String>)> = sqlx::query_as(
        "SELECT p.status, p.failure_class FROM payments p JOIN invoices i ON i.id = p.invoice_id WHERE i.order_id = $1 \
         ORDER BY p.created_at DESC, p.id DESC LIMIT 1",
    )
    .bind(order)
    .fetch_optional(tx.connection())
    .await?;
    Ok(last
        .filter(|(status, _)| status == "failed")
        .map(|(_, class)| class.unwrap_or_else(|| "retry".into())))
}

/// What renews of an order: unit price, cycle and the day of the next charge.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Renews {
    /// Per cycle, all units of the same cycle together.
    pub minor: i64,
    /// Unit of the cycle.
    pub cycle_unit: String,
    /// How many units.
    pub cycle_count: i32,
    /// The day.
    pub on_day: chrono::NaiveDate,
}

/// What will be charged for an order again, by term.
///
/// # Errors
/// When the database refuses.
pub async fn renews(tx: &mut TenantTx, order: OrderId) -> Result<Vec<Renews>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT sum(unit_minor * quantity)::bigint AS minor, cycle_unit, cycle_count, billed_through AS on_day FROM subscriptions \
         WHERE order_id = $1 AND cycle_unit <> 'once' AND billed_through IS NOT NULL AND status <> 'cancelled' \
         GROUP BY cycle_unit, cycle_count, billed_through ORDER BY billed_through, cycle_unit, cycle_count",
    )
    .bind(order)
    .fetch_all(tx.connection())
    .await?)
}

/// The order a service came with.
///
/// # Errors
/// When the database refuses.
pub async fn of_service(tx: &mut TenantTx, service: ServiceId) -> Result<Option<OrderId>, BillingError> {
    let order: Option<Option<OrderId>> = sqlx::query_scalar(
        "SELECT s.order_id FROM services v JOIN subscriptions s ON s.id = v.subscription_id WHERE v.id = $1",
    )
    .bind(service)
    .fetch_optional(tx.connection())
    .await?;
    Ok(order.flatten())
}
