//! Collecting what is unpaid, once a day by the tenant's own clock: failed charges are tried again,
//! invoices become overdue, reminders go out, and past the grace a service is suspended for exactly the
//! invoice that is unpaid.
//!
//! Each step of an invoice is a row of `collection_steps`, so it happens once whoever runs the day. An
//! invoice with a payment under way is left alone. Days that were missed are caught up by what is true
//! now: the latest reminder, not each of them.

mod cards;
mod soon;
mod steps;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx, audit, task};

pub use cards::expiring;
pub use soon::due_soon;

use crate::ids::InvoiceId;
use crate::{BillingError, invoice, renewal};

/// Invoices read at once; the next page goes on after the last of this one.
const PAGE: i64 = 200;
/// Row in the tenant's settings: the last day that was gone through.
const DONE: &str = "collected_on";

/// What a day came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// The day.
    pub on: NaiveDate,
    /// Invoices looked at.
    pub invoices: usize,
    /// Charges begun again.
    pub retried: usize,
    /// Invoices that became overdue.
    pub overdue: usize,
    /// Reminders sent.
    pub reminded: usize,
    /// Services suspended.
    pub suspended: usize,
    /// Invoices and cards that were named before their day.
    pub named: usize,
    /// Invoices that could not be dealt with, and why: the others were.
    pub failed: Vec<(InvoiceId, String)>,
}

/// Goes through the day once; none when this day was gone through before.
///
/// # Errors
/// When the database refuses; what was done before stays done, and the day is gone through again.
pub async fn collect_if_due(doors: &Tenancy, scope: &TenantScope) -> Result<Option<Collected>, BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let today = tx.today();
    let done: Option<Value> = sqlx::query_scalar("SELECT value FROM settings WHERE key = $1")
        .bind(DONE)
        .fetch_optional(tx.connection())
        .await?;
    tx.commit().await?;
    let done = done.and_then(|value| value.as_str()?.parse::<NaiveDate>().ok());
    if done.is_some_and(|done| done >= today) {
        return Ok(None);
    }
    let mut collected = collect(doors, scope).await?;
    // Before the day counts as gone through: what could not be named today is named when it is gone through again.
    collected.named = soon::due_soon(doors, scope).await? + cards::expiring(doors, scope).await?;
    let mut tx = doors.begin(scope).await?;
    sqlx::query(
        "INSERT INTO settings (key, value, changed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
    )
    .bind(DONE)
    .bind(json!(collected.on))
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(Some(collected))
}

/// Goes through the day: what has been done before is not done again.
///
/// # Errors
/// When the database refuses; what was done before stays done.
pub async fn collect(doors: &Tenancy, scope: &TenantScope) -> Result<Collected, BillingError> {
    let tx = doors.begin_read(scope).await?;
    let mut day = Collected {
        on: tx.today(),
        ..Collected::default()
    };
    tx.commit().await?;
    let mut after: Option<(NaiveDate, InvoiceId)> = None;
    loop {
        let mut tx = doors.begin_read(scope).await?;
        let page = open(&mut tx, day.on, after).await?;
        tx.commit().await?;
        let Some(last) = page.last().copied() else { break };
        after = Some(last);
        for (_, invoice) in page {
            day.invoices += 1;
            if let Err(error) = one(doors, scope, invoice, &mut day).await {
                // The database is away: nothing is wrong with the invoice, and the day is gone through again.
                if renewal::is_away(&error) {
                    return Err(error);
                }
                stuck(doors, scope, invoice, &error).await;
                day.failed.push((invoice, error.to_string()));
            }
        }
    }
    Ok(day)
}

/// Open invoices on which something may fall due, the oldest first. What stays open is passed by, not
/// stumbled over: the next page begins after the last row of this one.
async fn open(
    tx: &mut TenantTx,
    today: NaiveDate,
    after: Option<(NaiveDate, InvoiceId)>,
) -> Result<Vec<(NaiveDate, InvoiceId)>, BillingError> {
    let sql = format!(
        "SELECT i.due_on, i.id FROM invoices i JOIN accounts a ON a.id = i.account_id \
         WHERE i.status = 'issued' AND i.payment_status IN ('unpaid', 'partly_paid') AND i.collection_status IN ('none', 'overdue') \
           AND a.parked_reason IS NULL AND i.allocated_minor < i.total_minor AND (i.due_on < $1 OR i.next_try_on <= $1) AND NOT {UNDELIVERED} \
           AND ($2::date IS NULL OR (i.due_on, i.id) > ($2, $3)) ORDER BY i.due_on, i.id LIMIT $4",
        UNDELIVERED = invoice::UNDELIVERED
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(today)
        .bind(after.map(|at| at.0))
        .bind(after.map(|at| at.1))
        .bind(PAGE)
        .fetch_all(tx.connection())
        .await?)
}

/// One invoice, one transaction.
async fn one(
    doors: &Tenancy,
    scope: &TenantScope,
    invoice: InvoiceId,
    day: &mut Collected,
) -> Result<(), BillingError> {
    let mut tx = doors.begin(scope).await?;
    let Some(row) = steps::lock(&mut tx, invoice).await? else {
        return Ok(tx.commit().await?);
    };
    if steps::retry(&mut tx, &row).await? {
        // What comes next hangs on what the gateway says.
        day.retried += 1;
        return Ok(tx.commit().await?);
    }
    day.overdue += usize::from(steps::overdue(&mut tx, &row).await?);
    day.reminded += usize::from(steps::remind(&mut tx, &row).await?);
    day.suspended += steps::suspend(&mut tx, &row).await?;
    Ok(tx.commit().await?)
}

/// A person has to look at this one; the others go on.
async fn stuck(doors: &Tenancy, scope: &TenantScope, invoice: InvoiceId, error: &BillingError) {
    let told = async {
        let mut tx = doors.begin(scope).await?;
        let new = task::NewTask {
            kind: "invoice",
            key: format!("collection:{invoice}"),
            title: "An unpaid invoice could not be followed up".into(),
            reason: error.to_string(),
            subject: Some(invoice.to_string()),
            job: None,
        };
        task::raise(&mut tx, &new).await?;
        tx.commit().await
    };
    if let Err(again) = told.await {
        tracing::error!(%invoice, %error, %again, "an unpaid invoice could not be followed up");
    }
}

/// Keeps an account's services running whatever is unpaid, or ends that.
///
/// # Errors
/// When there is no such account.
pub async fn keep_running(tx: &mut TenantTx, account: AccountId, reason: Option<&str>) -> Result<(), BillingError> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    let done = sqlx::query("UPDATE accounts SET keep_running_reason = $2 WHERE id = $1")
        .bind(account)
        .bind(reason)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Err(BillingError::NotFound("account"));
    }
    Ok(audit::record(tx, "account.keep_running", account, json!({ "reason": reason })).await?)
}

/// Why an account's services are kept running, if they are.
///
/// # Errors
/// When the database refuses.
pub async fn kept_running(tx: &mut TenantTx, account: AccountId) -> Result<Option<String>, BillingError> {
    let found: Option<Option<String>> = sqlx::query_scalar("SELECT keep_running_reason FROM accounts WHERE id = $1")
        .bind(account)
        .fetch_optional(tx.connection())
        .await?;
    Ok(found.flatten())
}
