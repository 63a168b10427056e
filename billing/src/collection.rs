//! Collecting what is unpaid: a failed charge is tried again on its day, and a service whose invoice
//! stays unpaid past the grace is suspended for exactly that invoice.

use chrono::Days;
use serde::Serialize;
use tenancy::{Tenancy, TenantScope, TenantTx};

use crate::ids::{InvoiceId, PaymentMethodId, ServiceId};
use crate::{BillingError, payment, suspension};

/// Invoices looked at in one call; the next call goes on.
const PAGE: i64 = 200;

/// What a call did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// Charges begun again.
    pub retried: usize,
    /// Services suspended.
    pub suspended: usize,
}

/// Does what has fallen due by the tenant's clock. A second call on the same day does nothing more.
///
/// # Errors
/// When the database refuses; what was done before stays done.
pub async fn collect(doors: &Tenancy, scope: &TenantScope) -> Result<Collected, BillingError> {
    let mut done = Collected::default();
    let mut tx = doors.begin_read(scope).await?;
    let again: Vec<InvoiceId> = sqlx::query_scalar(
        "SELECT id FROM invoices WHERE status = 'issued' AND payment_status IN ('unpaid', 'partly_paid') AND next_try_on <= $1 \
         ORDER BY next_try_on, id LIMIT $2",
    )
    .bind(tx.today())
    .bind(PAGE)
    .fetch_all(tx.connection())
    .await?;
    let late = late(&mut tx).await?;
    tx.commit().await?;
    for invoice in again {
        let mut tx = doors.begin(scope).await?;
        done.retried += usize::from(retry(&mut tx, invoice).await?);
        tx.commit().await?;
    }
    for (service, invoice, number) in late {
        let mut tx = doors.begin(scope).await?;
        done.suspended += usize::from(suspend(&mut tx, service, invoice, &number).await?);
        tx.commit().await?;
    }
    Ok(done)
}

/// One more charge of the default method, once for this day.
async fn retry(tx: &mut TenantTx, invoice: InvoiceId) -> Result<bool, BillingError> {
    let taken = sqlx::query("UPDATE invoices SET next_try_on = NULL WHERE id = $1 AND next_try_on <= $2 AND payment_status IN ('unpaid', 'partly_paid')")
        .bind(invoice)
        .bind(tx.today())
        .execute(tx.connection())
        .await?;
    let method: Option<PaymentMethodId> = sqlx::query_scalar(
        "SELECT m.id FROM invoices i JOIN accounts a ON a.id = i.account_id JOIN payment_methods m ON m.account_id = a.id \
         WHERE i.id = $1 AND a.auto_pay AND m.is_default AND m.state = 'active'",
    )
    .bind(invoice)
    .fetch_optional(tx.connection())
    .await?;
    let (1, Some(method)) = (taken.rows_affected(), method) else {
        return Ok(false);
    };
    payment::begin(tx, invoice, method, false).await?;
    Ok(true)
}

type Late = (ServiceId, InvoiceId, String);

/// Running services with an invoice that is unpaid past the grace, and nothing under way for it.
async fn late(tx: &mut TenantTx) -> Result<Vec<Late>, BillingError> {
    let grace = u64::from(tx.tenant().settings.suspend_after_days);
    let Some(before) = tx.today().checked_sub_days(Days::new(grace)) else {
        return Ok(Vec::new());
    };
    Ok(sqlx::query_as(
        "SELECT DISTINCT ON (v.id) v.id, i.id, coalesce(i.number, '') FROM invoices i \
         JOIN invoice_lines l ON l.invoice_id = i.id JOIN services v ON v.subscription_id = l.subscription_id \
         WHERE i.status = 'issued' AND i.payment_status IN ('unpaid', 'partly_paid') AND i.due_on <= $1 AND v.status = 'active' \
           AND NOT EXISTS (SELECT 1 FROM suspensions s WHERE s.service_id = v.id AND s.cause = 'overdue' AND s.lifted_at IS NULL) \
         ORDER BY v.id, i.due_on LIMIT $2",
    )
    .bind(before)
    .bind(PAGE)
    .fetch_all(tx.connection())
    .await?)
}

/// Suspends for this invoice, unless it was paid a moment ago.
async fn suspend(
    tx: &mut TenantTx,
    service: ServiceId,
    invoice: InvoiceId,
    number: &str,
) -> Result<bool, BillingError> {
    let unpaid: Option<String> = sqlx::query_scalar(
        "SELECT payment_status FROM invoices WHERE id = $1 AND payment_status IN ('unpaid', 'partly_paid') FOR UPDATE",
    )
    .bind(invoice)
    .fetch_optional(tx.connection())
    .await?;
    if unpaid.is_none() {
        return Ok(false);
    }
    sqlx::query("UPDATE invoices SET collection_status = 'overdue' WHERE id = $1 AND collection_status = 'none'")
        .bind(invoice)
        .execute(tx.connection())
        .await?;
    let reason = format!("Invoice {number} is unpaid.");
    match suspension::suspend(tx, service, "overdue", Some(invoice), &reason).await {
        Ok(()) => Ok(true),
        Err(BillingError::Conflict(..)) => Ok(false),
        Err(error) => Err(error),
    }
}
