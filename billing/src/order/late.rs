//! An order that is paid days after it was placed begins on the day it is paid: nobody pays for days
//! on which nothing ran. Its invoice stays as it was issued.

use chrono::{Datelike, NaiveDate};
use platform::calendar::Grid;
use tenancy::TenantTx;

use crate::BillingError;
use crate::catalogue::cycle;
use crate::ids::{OrderId, SubscriptionId};

#[derive(sqlx::FromRow)]
struct Late {
    id: SubscriptionId,
    cycle_unit: String,
    cycle_count: i32,
}

/// Moves the beginning of what has waited for its payment to today.
pub(super) async fn start_today(tx: &mut TenantTx, order: OrderId) -> Result<(), BillingError> {
    let today = tx.today();
    let late: Vec<Late> = sqlx::query_as(
        "SELECT id, cycle_unit, cycle_count FROM subscriptions \
         WHERE order_id = $1 AND status = 'pending' AND start_on < $2 AND cycle_unit <> 'once' ORDER BY id FOR UPDATE",
    )
    .bind(order)
    .bind(today)
    .fetch_all(tx.connection())
    .await?;
    for one in late {
        sqlx::query("UPDATE subscriptions SET start_on = $2, anchor_day = $3, billed_through = $4 WHERE id = $1")
            .bind(one.id)
            .bind(today)
            .bind(i16::try_from(today.day()).unwrap_or(1))
            .bind(first_end(today, &one)?)
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}

/// The end of the first period, which is paid for.
fn first_end(today: NaiveDate, late: &Late) -> Result<NaiveDate, BillingError> {
    let wrong = |why: String| BillingError::Conflict("bad_subscription", why);
    let cycle = cycle(&late.cycle_unit, late.cycle_count).ok_or_else(|| wrong("no cycle".into()))?;
    let grid = Grid::new(today, cycle, None).map_err(|error| wrong(error.to_string()))?;
    grid.boundary(1).map_err(|error| wrong(error.to_string()))
}
