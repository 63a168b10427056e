//! Invoices read back.

use std::collections::HashMap;

use tenancy::{AccountId, TenantTx};

use super::{COLUMNS, Invoice, Line};
use crate::BillingError;
use crate::ids::InvoiceId;

/// An invoice by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: InvoiceId) -> Result<Option<Invoice>, BillingError> {
    let sql = format!("{COLUMNS} WHERE i.id = $1");
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
    let sql = format!("{COLUMNS} WHERE i.id = $1 FOR UPDATE");
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
        "{COLUMNS} WHERE ($1::uuid IS NULL OR i.account_id = $1) AND ($2::text IS NULL OR i.status = $2) \
         AND ($3::text IS NULL OR i.payment_status = $3) \
         AND ($5::uuid IS NULL OR (i.created_at, i.id) < (SELECT a.created_at, a.id FROM invoices a WHERE a.id = $5)) \
         ORDER BY i.created_at DESC, i.id DESC LIMIT $4"
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

/// The lines of several invoices, by invoice and in order.
///
/// # Errors
/// When the database refuses.
pub async fn lines_of(tx: &mut TenantTx, ids: &[InvoiceId]) -> Result<HashMap<InvoiceId, Vec<Line>>, BillingError> {
    #[derive(sqlx::FromRow)]
    struct Of {
        invoice_id: InvoiceId,
        #[sqlx(flatten)]
        line: Line,
    }
    let rows: Vec<Of> = sqlx::query_as(
        "SELECT invoice_id, kind, subscription_id, description, detail, period_from, period_to, quantity, unit_minor, amount_minor, \
         tax_minor, explain FROM invoice_lines WHERE invoice_id = ANY($1) ORDER BY invoice_id, position",
    )
    .bind(ids)
    .fetch_all(tx.connection())
    .await?;
    let mut lines: HashMap<InvoiceId, Vec<Line>> = HashMap::new();
    for row in rows {
        lines.entry(row.invoice_id).or_default().push(row.line);
    }
    Ok(lines)
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
