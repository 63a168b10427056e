//! A word before it is due: an open invoice that nobody pays by itself is named once, some days ahead.

use chrono::{Days, NaiveDate};
use platform::event::{self, NewEvent};
use serde_json::json;
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx};

use super::PAGE;
use crate::ids::InvoiceId;
use crate::{BillingError, invoice};

/// The step of [`collection_steps`](super): it is taken once for an invoice.
const STEP: &str = "due_soon";

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: InvoiceId,
    account_id: AccountId,
    number: String,
    due_on: NaiveDate,
}

/// Names every open invoice that falls due within the tenant's days; how many were named now.
///
/// # Errors
/// When the database refuses; what was named stays named, and the rest is named by the next call.
pub async fn due_soon(doors: &Tenancy, scope: &TenantScope) -> Result<usize, BillingError> {
    let ahead = scope.tenant().settings.due_soon_days;
    if ahead == 0 {
        return Ok(0);
    }
    let mut named = 0;
    loop {
        let mut tx = doors.begin(scope).await?;
        let page = coming(&mut tx, u64::from(ahead)).await?;
        let full = i64::try_from(page.len()).is_ok_and(|found| found == PAGE);
        for row in page {
            named += usize::from(name(&mut tx, &row).await?);
        }
        tx.commit().await?;
        // Each page takes its step, so the next one holds others.
        if !full {
            return Ok(named);
        }
    }
}

/// Open invoices that fall due soon, were not issued today, and are not charged to a saved method by themselves.
async fn coming(tx: &mut TenantTx, ahead: u64) -> Result<Vec<Row>, BillingError> {
    let today = tx.today();
    let sql = format!(
        "SELECT i.id, i.account_id, coalesce(i.number, '') AS number, i.due_on \
         FROM invoices i JOIN accounts a ON a.id = i.account_id \
         WHERE i.status = 'issued' AND i.payment_status IN ('unpaid', 'partly_paid') AND i.collection_status = 'none' \
           AND i.due_on > $1 AND i.due_on <= $2 AND i.issued_on < $1 AND a.parked_reason IS NULL AND i.allocated_minor < i.total_minor AND NOT {UNDELIVERED} \
           AND NOT EXISTS (SELECT 1 FROM collection_steps s WHERE s.invoice_id = i.id AND s.step = $3) \
           AND NOT (a.auto_pay AND EXISTS (SELECT 1 FROM payment_methods m WHERE m.account_id = a.id AND m.is_default AND m.state = 'active')) \
           AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.invoice_id = i.id AND p.status IN ('processing', 'unknown', 'held')) \
         ORDER BY i.due_on, i.id LIMIT $4",
        UNDELIVERED = invoice::UNDELIVERED
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(today)
        .bind(today.checked_add_days(Days::new(ahead)))
        .bind(STEP)
        .bind(PAGE)
        .fetch_all(tx.connection())
        .await?)
}

async fn name(tx: &mut TenantTx, row: &Row) -> Result<bool, BillingError> {
    if !super::steps::take(tx, row.id, STEP).await? {
        return Ok(false);
    }
    let payload = json!({ "id": row.id, "number": row.number, "account": row.account_id, "due_on": row.due_on });
    let event = NewEvent::new("invoice.due_soon", row.id, payload).for_account(row.account_id.uuid());
    event::publish(tx, &[event]).await?;
    Ok(true)
}
