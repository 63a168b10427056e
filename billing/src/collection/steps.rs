//! The steps of one invoice, each under its row's lock and each once.

use chrono::NaiveDate;
use platform::event::{self, NewEvent};
use serde_json::json;
use tenancy::{AccountId, TenantTx};

use crate::ids::{InvoiceId, OrderId, PaymentMethodId, ServiceId};
use crate::{BillingError, invoice, payment, suspension};

/// An invoice that is to be followed up.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    id: InvoiceId,
    account_id: AccountId,
    order_id: Option<OrderId>,
    number: String,
    due_on: NaiveDate,
    next_try_on: Option<NaiveDate>,
    keep_running: bool,
    in_flight: bool,
}

/// Locks an invoice, unless it was paid, promised or parked a moment ago, nobody owes it, or money is on its way.
pub(super) async fn lock(tx: &mut TenantTx, id: InvoiceId) -> Result<Option<Row>, BillingError> {
    sqlx::query("SELECT id FROM invoices WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(tx.connection())
        .await?;
    let sql = format!(
        "SELECT i.id, i.account_id, i.order_id, coalesce(i.number, '') AS number, i.due_on, i.next_try_on, \
           a.keep_running_reason IS NOT NULL AS keep_running, \
           EXISTS (SELECT 1 FROM payments p WHERE p.invoice_id = i.id \
                   AND p.status IN ('created', 'requires_action', 'processing', 'unknown', 'held')) AS in_flight \
         FROM invoices i JOIN accounts a ON a.id = i.account_id \
         WHERE i.id = $1 AND i.status = 'issued' AND i.payment_status IN ('unpaid', 'partly_paid') \
           AND i.allocated_minor < i.total_minor AND NOT {UNDELIVERED} AND i.collection_status IN ('none', 'overdue') AND a.parked_reason IS NULL \
           AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.invoice_id = i.id \
                   AND (p.status IN ('processing', 'unknown', 'held') OR (p.status = 'created' AND p.mode <> 'redirect')))",
        UNDELIVERED = invoice::UNDELIVERED
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// Whether this step is taken now, for the first time.
pub(super) async fn take(tx: &mut TenantTx, invoice: InvoiceId, step: &str) -> Result<bool, BillingError> {
    let done = sqlx::query(
        "INSERT INTO collection_steps (invoice_id, step, done_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(invoice)
    .bind(step)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

fn days_late(tx: &TenantTx, row: &Row) -> i64 {
    (tx.today() - row.due_on).num_days()
}

/// One more charge of the default method, once for this day. Nobody is charged for an order they gave up.
pub(super) async fn retry(tx: &mut TenantTx, row: &Row) -> Result<bool, BillingError> {
    let today = tx.today();
    // A page the payer opened counts as theirs: it is used or runs out, and the day after we go on.
    if row.in_flight || row.next_try_on.is_none_or(|on| on > today) {
        return Ok(false);
    }
    sqlx::query("UPDATE invoices SET next_try_on = NULL WHERE id = $1")
        .bind(row.id)
        .execute(tx.connection())
        .await?;
    let given_up: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM orders WHERE id = $1 AND status <> 'accepted')")
            .bind(row.order_id)
            .fetch_one(tx.connection())
            .await?;
    let method: Option<PaymentMethodId> = sqlx::query_scalar(
        "SELECT m.id FROM accounts a JOIN payment_methods m ON m.account_id = a.id \
         WHERE a.id = $1 AND a.auto_pay AND m.is_default AND m.state = 'active'",
    )
    .bind(row.account_id)
    .fetch_optional(tx.connection())
    .await?;
    match method.filter(|_| !given_up) {
        Some(method) => {
            payment::begin(tx, row.id, method, false).await?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// The due date has passed.
pub(super) async fn overdue(tx: &mut TenantTx, row: &Row) -> Result<bool, BillingError> {
    if days_late(tx, row) < 1 || !take(tx, row.id, "overdue").await? {
        return Ok(false);
    }
    sqlx::query("UPDATE invoices SET collection_status = 'overdue' WHERE id = $1")
        .bind(row.id)
        .execute(tx.connection())
        .await?;
    say(tx, row, "invoice.overdue", 0).await?;
    Ok(true)
}

/// The latest reminder whose day has come; earlier ones that were missed are passed over.
pub(super) async fn remind(tx: &mut TenantTx, row: &Row) -> Result<bool, BillingError> {
    let late = days_late(tx, row);
    let mut days = tx.tenant().settings.reminder_days.clone();
    days.sort_unstable();
    days.dedup();
    let due = days.iter().filter(|day| i64::from(**day) <= late);
    let mut latest = None;
    for (at, day) in due.enumerate() {
        if take(tx, row.id, &format!("reminder:{day}")).await? {
            latest = Some(at + 1);
        } else {
            latest = None;
        }
    }
    let Some(number) = latest else { return Ok(false) };
    say(tx, row, "invoice.reminded", number).await?;
    Ok(true)
}

/// Past the grace: what the invoice bills is suspended for it, and for nothing else.
pub(super) async fn suspend(tx: &mut TenantTx, row: &Row) -> Result<usize, BillingError> {
    let grace = i64::from(tx.tenant().settings.suspend_after_days);
    if row.keep_running || days_late(tx, row) < grace.max(1) {
        return Ok(0);
    }
    let services: Vec<ServiceId> = sqlx::query_scalar(
        "SELECT DISTINCT v.id FROM invoice_lines l JOIN services v ON v.subscription_id = l.subscription_id \
         WHERE l.invoice_id = $1 AND v.status IN ('active', 'suspended') \
           AND NOT EXISTS (SELECT 1 FROM suspensions s WHERE s.service_id = v.id AND s.cause = 'overdue' AND s.lifted_at IS NULL) \
         ORDER BY v.id",
    )
    .bind(row.id)
    .fetch_all(tx.connection())
    .await?;
    let mut suspended = 0;
    for service in services {
        // Once for this invoice: when staff lift it, it stays lifted.
        if take(tx, row.id, &format!("suspend:{service}")).await? {
            let reason = format!("Invoice {} is unpaid.", row.number);
            suspension::suspend(tx, service, "overdue", Some(row.id), &reason).await?;
            suspended += 1;
        }
    }
    Ok(suspended)
}

async fn say(tx: &mut TenantTx, row: &Row, what: &'static str, number: usize) -> Result<(), BillingError> {
    let payload = json!({ "id": row.id, "number": row.number, "account": row.account_id, "due_on": row.due_on,
                          "days_late": days_late(tx, row), "reminder": number });
    let event = NewEvent::new(what, row.id, payload).for_account(row.account_id.uuid());
    Ok(event::publish(tx, &[event]).await?)
}
