//! Orders as pages and programs read them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tenancy::{AccountId, TenantTx};

use crate::BillingError;
use crate::ids::{InvoiceId, OrderId};

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
