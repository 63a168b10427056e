//! What staff want to know at a glance. Figures over everything are counted by [`refresh`] after something happened and kept as small
//! rows, so that a page costs the same with a hundred services and a hundred thousand.

mod month;
mod normal;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use platform::money::Currency;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::TenantTx;

pub use month::{Month, months};
pub use normal::a_month;

use crate::{BillingError, invoice};

/// Kept figures older than this are counted anew by whoever asks.
const FRESH: TimeDelta = TimeDelta::minutes(3);

/// Amounts in one currency, in minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Recurring revenue of a month.
    pub mrr: i64,
    /// Issued and not paid.
    pub open: i64,
    /// The part of it that is late.
    pub overdue: i64,
}

/// The figures of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// By currency; currencies are never added up.
    pub sums: BTreeMap<String, Sums>,
    /// Services that run.
    pub active_services: i64,
    /// Customers.
    pub accounts: i64,
    /// Invoices that are late.
    pub overdue_invoices: i64,
}

impl Figures {
    /// The amounts in one currency.
    #[must_use]
    pub fn sums(&self, currency: Currency) -> Sums {
        self.sums.get(currency.code()).cloned().unwrap_or_default()
    }
}

/// The figures as last kept, or counted now where none are fresh.
///
/// # Errors
/// When the database refuses.
pub async fn figures(tx: &mut TenantTx) -> Result<Figures, BillingError> {
    let kept: Option<(DateTime<Utc>, Value, i64, i64, i64)> =
        sqlx::query_as("SELECT at, sums, active_services, accounts, overdue_invoices FROM report_figures WHERE id = 1")
            .fetch_optional(tx.connection())
            .await?;
    let Some((at, sums, active_services, accounts, overdue_invoices)) = kept else {
        return count(tx).await;
    };
    let now = tx.now();
    let is_fresh = at <= now && now - at < FRESH;
    if !is_fresh && is_stale(tx, at).await? {
        return count(tx).await;
    }
    Ok(Figures {
        sums: serde_json::from_value(sums).unwrap_or_default(),
        active_services,
        accounts,
        overdue_invoices,
    })
}

/// Whether anything happened since `at`, or a new day began: days make invoices late and months begin.
async fn is_stale(tx: &mut TenantTx, at: DateTime<Utc>) -> Result<bool, BillingError> {
    let happened: Option<DateTime<Utc>> = sqlx::query_scalar("SELECT max(at) FROM events")
        .fetch_one(tx.connection())
        .await?;
    let zone = tx.tenant().timezone;
    let same_day = at.with_timezone(&zone).date_naive() == tx.today();
    Ok(at > tx.now() || !same_day || happened.is_some_and(|happened| happened >= at))
}

/// Counts everything as it is now.
///
/// # Errors
/// When the database refuses, or an amount cannot be written.
pub async fn count(tx: &mut TenantTx) -> Result<Figures, BillingError> {
    let mut figures = Figures::default();
    let rows: Vec<(String, String, i32, i64)> = sqlx::query_as(
        "SELECT currency, cycle_unit, cycle_count, sum(unit_minor * quantity)::bigint FROM subscriptions \
         WHERE status = 'active' GROUP BY currency, cycle_unit, cycle_count",
    )
    .fetch_all(tx.connection())
    .await?;
    for (currency, minor) in normal::by_currency(rows)? {
        figures.sums.entry(currency).or_default().mrr = minor;
    }
    let today = tx.today();
    let sql = format!(
        "SELECT currency, sum(total_minor - allocated_minor)::bigint, \
           coalesce(sum(total_minor - allocated_minor) FILTER (WHERE due_on < $1 AND payment_status <> 'processing'), 0)::bigint, \
           count(*) FILTER (WHERE due_on < $1 AND payment_status <> 'processing') \
         FROM invoices i WHERE i.status = 'issued' AND i.payment_status IN ('unpaid', 'partly_paid', 'processing') \
           AND i.collection_status <> 'written_off' AND NOT {UNDELIVERED} GROUP BY currency",
        UNDELIVERED = invoice::UNDELIVERED
    );
    let open: Vec<(String, i64, i64, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(today)
        .fetch_all(tx.connection())
        .await?;
    for (currency, open, overdue, count) in open {
        let sums = figures.sums.entry(currency).or_default();
        (sums.open, sums.overdue) = (open, overdue);
        figures.overdue_invoices += count;
    }
    (figures.active_services, figures.accounts) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM services WHERE status = 'active'), (SELECT count(*) FROM accounts WHERE status = 'active')",
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(figures)
}

/// Counts the figures and the months anew where anything happened since they were kept; none when nothing did.
///
/// # Errors
/// When the database refuses.
pub async fn refresh(tx: &mut TenantTx) -> Result<Option<Figures>, BillingError> {
    let kept: Option<DateTime<Utc>> = sqlx::query_scalar("SELECT at FROM report_figures WHERE id = 1")
        .fetch_optional(tx.connection())
        .await?;
    if let Some(at) = kept
        && !is_stale(tx, at).await?
    {
        return Ok(None);
    }
    let now = tx.now();
    let figures = count(tx).await?;
    sqlx::query(
        "INSERT INTO report_figures (id, at, sums, active_services, accounts, overdue_invoices) VALUES (1, $1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET at = excluded.at, sums = excluded.sums, active_services = excluded.active_services, \
         accounts = excluded.accounts, overdue_invoices = excluded.overdue_invoices",
    )
    .bind(now)
    .bind(json!(figures.sums))
    .bind(figures.active_services)
    .bind(figures.accounts)
    .bind(figures.overdue_invoices)
    .execute(tx.connection())
    .await?;
    month::refresh(tx).await?;
    Ok(Some(figures))
}
