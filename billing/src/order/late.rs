//! What begins late begins on the day it does: nobody pays for days on which nothing ran. An order that is
//! paid days after it was placed begins when it is paid, a service that was built days after that when it
//! runs. The invoice stays as it was issued.

use chrono::{Datelike, Days, NaiveDate};
use platform::calendar::Grid;
use tenancy::TenantTx;

use crate::BillingError;
use crate::catalogue::cycle;
use crate::ids::{OrderId, ServiceId, SubscriptionId};

#[derive(sqlx::FromRow)]
struct Late {
    id: SubscriptionId,
    cycle_unit: String,
    cycle_count: i32,
    trial_days: i32,
    /// Recurring periods that are billed already: none in a trial.
    billed: i64,
}

const LATE: &str = "SELECT s.id, s.cycle_unit, s.cycle_count, p.trial_days, \
     (SELECT count(*) FROM invoice_lines l WHERE l.subscription_id = s.id AND l.kind = 'recurring') AS billed \
     FROM subscriptions s JOIN plans p ON p.id = s.plan_id WHERE s.start_on < $2 AND s.cycle_unit <> 'once'";

/// Moves the beginning of what has waited for its payment to today.
pub(super) async fn start_today(tx: &mut TenantTx, order: OrderId) -> Result<(), BillingError> {
    let today = tx.today();
    let sql = format!("{LATE} AND s.order_id = $1 AND s.status = 'pending' ORDER BY s.id FOR UPDATE OF s");
    let late: Vec<Late> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(order)
        .bind(today)
        .fetch_all(tx.connection())
        .await?;
    for one in late {
        begin(tx, &one, today).await?;
    }
    Ok(())
}

/// Moves the beginning of a service that runs for the first time today, if its days began before.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn start_when_it_runs(tx: &mut TenantTx, service: ServiceId) -> Result<(), BillingError> {
    let today = tx.today();
    let sql = format!(
        "{LATE} AND s.status = 'active' AND s.id = (SELECT subscription_id FROM services WHERE id = $1 AND activated_at IS NULL) \
         FOR UPDATE OF s"
    );
    let late: Option<Late> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(service)
        .bind(today)
        .fetch_optional(tx.connection())
        .await?;
    match late {
        Some(one) if one.billed <= 1 => begin(tx, &one, today).await,
        _ => Ok(()),
    }
}

/// The first period, which is paid for, or the trial begins today.
async fn begin(tx: &mut TenantTx, late: &Late, today: NaiveDate) -> Result<(), BillingError> {
    let (start, through) = if late.billed == 0 {
        let days = Days::new(u64::try_from(late.trial_days).unwrap_or(0));
        let start = today.checked_add_days(days).unwrap_or(today);
        (start, start)
    } else {
        (today, first_end(today, late)?)
    };
    sqlx::query("UPDATE subscriptions SET start_on = $2, anchor_day = $3, billed_through = $4 WHERE id = $1")
        .bind(late.id)
        .bind(start)
        .bind(i16::try_from(start.day()).unwrap_or(1))
        .bind(through)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The end of the first period, which is paid for.
fn first_end(today: NaiveDate, late: &Late) -> Result<NaiveDate, BillingError> {
    let wrong = |why: String| BillingError::Conflict("bad_subscription", why);
    let cycle = cycle(&late.cycle_unit, late.cycle_count).ok_or_else(|| wrong("no cycle".into()))?;
    let grid = Grid::new(today, cycle, None).map_err(|error| wrong(error.to_string()))?;
    grid.boundary(1).map_err(|error| wrong(error.to_string()))
}
