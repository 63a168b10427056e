//! Recurring revenue month by month, and where its change came from. Past months are read from what was billed for a period that
//! covers their last day; the running month from the subscriptions that are active now.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use tenancy::TenantTx;

use super::normal::by_currency;
use crate::BillingError;

/// How far back months are counted.
const BACK: u32 = 24;

/// One month in one currency, in minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Month {
    /// Its first day.
    pub month: NaiveDate,
    /// Recurring revenue at its end.
    pub mrr_minor: i64,
    /// From subscriptions that were not there a month before.
    pub new_minor: i64,
    /// More from those that were.
    pub expansion_minor: i64,
    /// Less from those that were.
    pub contraction_minor: i64,
    /// From those that are gone.
    pub churn_minor: i64,
}

/// The kept months in one currency, the oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn months(tx: &mut TenantTx, currency: &str) -> Result<Vec<Month>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT month, mrr_minor, new_minor, expansion_minor, contraction_minor, churn_minor FROM report_months \
         WHERE currency = $1 ORDER BY month",
    )
    .bind(currency)
    .fetch_all(tx.connection())
    .await?)
}

fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// Counts the running month anew, and every past one that may still change.
pub(super) async fn refresh(tx: &mut TenantTx) -> Result<(), BillingError> {
    let running = first_of(tx.today());
    let first: Option<NaiveDate> =
        sqlx::query_scalar("SELECT min(period_from) FROM invoice_lines WHERE subscription_id IS NOT NULL")
            .fetch_one(tx.connection())
            .await?;
    let oldest = running.checked_sub_months(Months::new(BACK)).unwrap_or(running);
    let mut month = first.map_or(running, first_of).max(oldest);
    // An invoice is issued before or soon after its period begins: ten days later a month does not change any more.
    let settled: Vec<NaiveDate> =
        sqlx::query_scalar("SELECT DISTINCT month FROM report_months WHERE at >= month + interval '1 month 10 days'")
            .fetch_all(tx.connection())
            .await?;
    while month < running {
        if !settled.contains(&month) {
            count(tx, month, false).await?;
        }
        month = month.checked_add_months(Months::new(1)).unwrap_or(running);
    }
    count(tx, running, true).await
}

/// A cycle's amount of each subscription on a day, from what was billed for it.
const BILLED: &str = "SELECT l.subscription_id, s.currency, s.cycle_unit, s.cycle_count, \
    sum(CASE WHEN l.kind = 'recurring' THEN l.unit_minor * l.quantity ELSE s.unit_minor * s.quantity END)::bigint AS minor \
    FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id AND i.status = 'issued' JOIN subscriptions s ON s.id = l.subscription_id \
    WHERE l.subscription_id IS NOT NULL AND l.kind IN ('recurring', 'stub') AND l.period_to > ";
const BILLED_END: &str = " GROUP BY l.subscription_id, s.currency, s.cycle_unit, s.cycle_count";
/// The same now, from what is agreed.
const AGREED: &str = "SELECT s.id AS subscription_id, s.currency, s.cycle_unit, s.cycle_count, s.unit_minor * s.quantity AS minor \
    FROM subscriptions s WHERE s.status = 'active' AND s.cycle_unit <> 'once'";

/// Currency, cycle, and sums: recurring, new, more, less, gone.
type Row = (String, String, i32, i64, i64, i64, i64, i64);

async fn count(tx: &mut TenantTx, month: NaiveDate, running: bool) -> Result<(), BillingError> {
    let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let (before, end) = (month.pred_opt().unwrap_or(month), next.pred_opt().unwrap_or(next));
    let billed = |day: &str| format!("{BILLED}{day} AND l.period_from <= {day}{BILLED_END}");
    let now = if running { AGREED.to_owned() } else { billed("$2") };
    let sql = format!(
        "WITH was AS ({}), now AS ({now}) \
         SELECT coalesce(n.currency, w.currency), coalesce(n.cycle_unit, w.cycle_unit), coalesce(n.cycle_count, w.cycle_count), \
           coalesce(sum(n.minor), 0)::bigint, coalesce(sum(n.minor) FILTER (WHERE w.minor IS NULL), 0)::bigint, \
           coalesce(sum(n.minor - w.minor) FILTER (WHERE n.minor > w.minor), 0)::bigint, \
           coalesce(sum(w.minor - n.minor) FILTER (WHERE n.minor < w.minor), 0)::bigint, \
           coalesce(sum(w.minor) FILTER (WHERE n.minor IS NULL), 0)::bigint \
         FROM was w FULL JOIN now n USING (subscription_id) WHERE $2::date IS NOT NULL GROUP BY 1, 2, 3",
        billed("$1")
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(before)
        .bind(end)
        .fetch_all(tx.connection())
        .await?;
    let column = |pick: fn(&Row) -> i64| {
        let sums = rows
            .iter()
            .map(|row| (row.0.clone(), row.1.clone(), row.2, pick(row)))
            .collect();
        by_currency(sums)
    };
    let [mrr, new, expansion, contraction, churn] = [
        column(|row| row.3)?,
        column(|row| row.4)?,
        column(|row| row.5)?,
        column(|row| row.6)?,
        column(|row| row.7)?,
    ];
    let of = |sums: &BTreeMap<String, i64>, currency: &str| sums.get(currency).copied().unwrap_or_default();
    sqlx::query("DELETE FROM report_months WHERE month = $1")
        .bind(month)
        .execute(tx.connection())
        .await?;
    for currency in mrr.keys() {
        sqlx::query(
            "INSERT INTO report_months (month, currency, mrr_minor, new_minor, expansion_minor, contraction_minor, churn_minor, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(month)
        .bind(currency)
        .bind(of(&mrr, currency))
        .bind(of(&new, currency))
        .bind(of(&expansion, currency))
        .bind(of(&contraction, currency))
        .bind(of(&churn, currency))
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}
