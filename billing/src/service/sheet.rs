//! Everything staff read about one service.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use tenancy::TenantTx;

use crate::BillingError;
use crate::ids::{InvoiceId, OrderId, ServiceId};

/// What bills a service, where it is and what was seen there.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Sheet {
    /// Whose.
    pub account_name: String,
    /// What it is.
    pub product_name: String,
    /// vps, dedicated, hosting, game, workspace.
    pub product_kind: String,
    /// Which plan.
    pub plan_name: String,
    /// The panel endpoint.
    pub server_name: Option<String>,
    /// Its order.
    pub order_id: Option<OrderId>,
    /// Number of the order.
    pub order_number: Option<i64>,
    /// pending, active, cancelled.
    pub subscription_status: String,
    /// Currency.
    pub currency: String,
    /// Price of one, a cycle.
    pub unit_minor: i64,
    /// How many.
    pub quantity: i32,
    /// How the price came about.
    pub price_trace: Value,
    /// once, day, week, month, year.
    pub cycle_unit: String,
    /// How many of them.
    pub cycle_count: i32,
    /// First day.
    pub start_on: NaiveDate,
    /// Billed up to that day, exclusive.
    pub billed_through: Option<NaiveDate>,
    /// First day not served.
    pub cancel_on: Option<NaiveDate>,
    /// What the panel said last.
    pub observed: Option<Value>,
    /// When.
    pub observed_at: Option<DateTime<Utc>>,
}

/// The sheet of a service.
///
/// # Errors
/// When the database refuses.
pub async fn sheet(tx: &mut TenantTx, id: ServiceId) -> Result<Option<Sheet>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT a.name AS account_name, p.name AS product_name, p.kind AS product_kind, n.name AS plan_name, v.name AS server_name, \
         u.order_id, o.number AS order_number, u.status AS subscription_status, u.currency, u.unit_minor, u.quantity, u.price_trace, \
         u.cycle_unit, u.cycle_count, u.start_on, u.billed_through, u.cancel_on, s.observed, s.observed_at \
         FROM services s JOIN accounts a ON a.id = s.account_id JOIN products p ON p.id = s.product_id JOIN plans n ON n.id = s.plan_id \
         JOIN subscriptions u ON u.id = s.subscription_id LEFT JOIN servers v ON v.id = s.server_id LEFT JOIN orders o ON o.id = u.order_id \
         WHERE s.id = $1",
    )
    .bind(id)
    .fetch_optional(tx.connection())
    .await?)
}

/// Why a service is or was suspended.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Suspension {
    /// overdue, staff or parent.
    pub cause: String,
    /// In words.
    pub reason: String,
    /// The invoice behind it.
    pub invoice_id: Option<InvoiceId>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when; none while it lasts.
    pub lifted_at: Option<DateTime<Utc>>,
}

/// Suspensions of a service, the newest first.
///
/// # Errors
/// When the database refuses.
pub async fn suspensions(tx: &mut TenantTx, id: ServiceId) -> Result<Vec<Suspension>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT cause, reason, invoice_id, created_at, lifted_at FROM suspensions WHERE service_id = $1 \
         ORDER BY lifted_at IS NOT NULL, created_at DESC LIMIT 20",
    )
    .bind(id)
    .fetch_all(tx.connection())
    .await?)
}

/// An invoice that bills a service.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Billed {
    /// Key.
    pub id: InvoiceId,
    /// Number; none for a draft.
    pub number: Option<String>,
    /// draft, issued, void.
    pub status: String,
    /// unpaid, paid, ...
    pub payment_status: String,
    /// none, overdue, ...
    pub collection_status: String,
    /// Due day.
    pub due_on: Option<NaiveDate>,
    /// From, of the service's line.
    pub period_from: Option<NaiveDate>,
    /// To, exclusive.
    pub period_to: Option<NaiveDate>,
    /// The service's part of it, before tax.
    pub amount_minor: i64,
    /// Currency.
    pub currency: String,
}

/// The newest invoices that bill a service.
///
/// # Errors
/// When the database refuses.
pub async fn billed(tx: &mut TenantTx, id: ServiceId, limit: i64) -> Result<Vec<Billed>, BillingError> {
    Ok(sqlx::query_as(
        concat!(
            "SELECT i.id, i.number, i.status, i.payment_status, ",
            collection!(),
            ", i.due_on, l.period_from, l.period_to, l.amount_minor, i.currency FROM services s JOIN invoice_lines l ON l.subscription_id = s.subscription_id \
             JOIN invoices i ON i.id = l.invoice_id WHERE s.id = $1 ORDER BY l.period_from DESC NULLS LAST, i.created_at DESC LIMIT $2"
        ),
    )
    .bind(id)
    .bind(limit)
    .fetch_all(tx.connection())
    .await?)
}
