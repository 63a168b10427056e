//! Invoices read back.

use tenancy::{AccountId, TenantTx};

use super::{COLUMNS, Invoice, Line};
use crate::BillingError;
use crate::ids::InvoiceId;

/// An invoice by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: InvoiceId) -> Result<Option<Invoice>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// An invoice under its row lock: whatever is read or decided about its money comes after what was settled before.
///
/// # Errors
/// When there is none, or the database refuses.
pub async fn locked(tx: &mut TenantTx, id: InvoiceId) -> Result<Invoice, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1 FOR UPDATE");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?
        .ok_or(BillingError::NotFound("invoice"))
}

/// What a list of invoices is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct InvoiceFilter {
    /// Account.
    pub account: Option<AccountId>,
    /// Document state.
    pub status: Option<String>,
    /// Payment state.
    pub payment_status: Option<String>,
}

/// Invoices newest first, after the given one.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    filter: &InvoiceFilter,
    limit: i64,
    after: Option<InvoiceId>,
) -> Result<Vec<Invoice>, BillingError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::text IS NULL OR status = $2) \
         AND ($3::text IS NULL OR payment_status = $3) \
         AND ($5::uuid IS NULL OR (created_at, id) < (SELECT i.created_at, i.id FROM invoices i WHERE i.id = $5)) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(filter.account)
        .bind(&filter.status)
        .bind(&filter.payment_status)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

/// The lines of an invoice, in order.
///
/// # Errors
/// When the database refuses.
pub async fn lines(tx: &mut TenantTx, id: InvoiceId) -> Result<Vec<Line>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT kind, subscription_id, description, detail, period_from, period_to, quantity, unit_minor, amount_minor, tax_minor, explain \
         FROM invoice_lines WHERE invoice_id = $1 ORDER BY position",
    )
    .bind(id)
    .fetch_all(tx.connection())
    .await?)
}
