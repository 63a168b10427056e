//! Moving a sandbox tenant's clock: the days in between are gone through one after the other, and what
//! falls due on each has been done before the next begins.

use std::time::Duration;

use billing::BillingError;
use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use platform::task::Shutdown;
use serde::Serialize;
use tenancy::clock::{self, ClockError, Moving};
use tenancy::{TenantScope, jobs};

use crate::app::App;
use crate::scheduler;

/// How long somebody else's move is waited for.
const WAIT: Duration = Duration::from_secs(60);
/// How long the jobs of one day may take before the next day begins regardless.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often our workers look for jobs: the tenant is waiting for them.
const POLL: Duration = Duration::from_millis(25);

/// What a move came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// What the clock showed before.
    pub from: DateTime<Utc>,
    /// What it shows now.
    pub now: DateTime<Utc>,
    /// Invoices issued.
    pub invoices: usize,
    /// Charges begun by the billing day.
    pub payments: usize,
    /// Charges tried again.
    pub retried: usize,
    /// Reminders sent.
    pub reminders: usize,
    /// Services suspended.
    pub suspended: usize,
    /// Agreements that ended.
    pub ended: usize,
    /// Accounts that could not be billed.
    pub parked: usize,
    /// Jobs that wait for somebody.
    pub waiting_jobs: i64,
}

/// A move did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// It may not be made.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// What fell due could not be done; the clock stands where it came to.
    #[error(transparent)]
    Billing(#[from] BillingError),
}

impl From<platform::db::DbError> for MoveError {
    fn from(error: platform::db::DbError) -> Self {
        Self::Clock(error.into())
    }
}

/// How far a move goes.
#[derive(Debug, Clone, Copy)]
pub enum Wish {
    /// To this moment.
    To(DateTime<Utc>),
    /// By this much.
    By(chrono::TimeDelta),
}

/// Moves the clock and does what falls due on the way. Two moves at once come one after the other.
///
/// # Errors
/// A live tenant, back in time, too far at once, or a failure on the way: then the clock stands at the
/// day it came to, and the next move goes on from there.
pub async fn advance(app: &App, scope: &TenantScope, wish: Wish) -> Result<Moved, MoveError> {
    let doors = app.tenancy();
    let moving = Moving::take(doors, scope, WAIT).await?;
    let shutdown = Shutdown::new();
    // Workers of our own: the command line has no others, and the tenant's jobs shall not queue behind everybody's.
    let workers = jobs::run_polling(doors.clone(), crate::jobs::registry(app), shutdown.clone(), POLL);
    let working = platform::task::spawn(workers);
    let stopping = Stop(shutdown);
    let moved = Box::pin(walk(app, scope, &moving, wish)).await;
    drop(stopping);
    if let Ok(Err(error)) = working.await {
        tracing::error!(%error, "the job queue is away");
    }
    moving.done().await?;
    moved
}

/// Ends the workers when the move is over, also when it was given up half way.
struct Stop(Shutdown);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.trigger();
    }
}

async fn walk(app: &App, scope: &TenantScope, moving: &Moving, wish: Wish) -> Result<Moved, MoveError> {
    let from = clock::read(app.tenancy(), scope).await?;
    let to = match wish {
        Wish::To(to) => to,
        Wish::By(span) => from.checked_add_signed(span).ok_or(ClockError::TooFar)?,
    };
    clock::check(from, to)?;
    let mut moved = Moved {
        from,
        ..Moved::default()
    };
    // Technical delays of today's work are over before tomorrow begins.
    jobs::settle(app.tenancy(), scope, PATIENCE).await?;
    let tenant = scope.tenant();
    for step in mornings(from, to, tenant.timezone, tenant.settings.billing_hour) {
        moving.to(step).await?;
        let day = scheduler::day(app, scope).await?;
        moved.waiting_jobs = jobs::settle(app.tenancy(), scope, PATIENCE).await?;
        moved.ended += day.ended;
        if let Some(run) = day.billed {
            moved.invoices += run.invoices;
            moved.payments += run.payments;
            moved.parked += run.parked.len();
        }
        if let Some(done) = day.collected {
            moved.retried += done.retried;
            moved.reminders += done.reminded;
            moved.suspended += done.suspended;
        }
    }
    moved.now = clock::read(app.tenancy(), scope).await?;
    Ok(moved)
}

/// The moments a move stops at: the billing hour of every local day on the way, and its end.
fn mornings(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz, hour: u32) -> Vec<DateTime<Utc>> {
    let mut stops = Vec::new();
    let mut day = from.with_timezone(&zone).date_naive();
    let last = to.with_timezone(&zone).date_naive();
    // Bounded by how far one move may go.
    while day <= last && stops.len() < 500 {
        let local = day.and_time(NaiveTime::from_hms_opt(hour.min(23), 0, 0).unwrap_or_default());
        // An hour that the summer time skips begins when the clocks have gone forward.
        let at = zone
            .from_local_datetime(&local)
            .earliest()
            .or_else(|| {
                zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1)))
                    .earliest()
            })
            .map(|at| at.with_timezone(&Utc));
        stops.extend(at.filter(|at| *at > from && *at < to));
        let Some(next) = day.checked_add_days(Days::new(1)) else {
            break;
        };
        day = next;
    }
    stops.push(to);
    stops
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_move_stops_at_every_local_morning_and_at_its_end() {
        let stops = mornings(
            at("2026-01-15T10:00:00Z"),
            at("2026-01-17T10:00:00Z"),
            chrono_tz::UTC,
            1,
        );
        let wanted = ["2026-01-16T01:00:00Z", "2026-01-17T01:00:00Z", "2026-01-17T10:00:00Z"];
        assert_eq!(stops, wanted.map(at));
        assert_eq!(mornings(stops[0], stops[0], chrono_tz::UTC, 1), [stops[0]]);
    }

    #[test]
    fn a_day_of_23_or_25_hours_has_one_morning() {
        let zone = chrono_tz::Europe::Berlin;
        let spring = mornings(at("2026-03-28T12:00:00Z"), at("2026-03-30T12:00:00Z"), zone, 2);
        let wanted = ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T12:00:00Z"];
        assert_eq!(spring, wanted.map(at), "two in the morning of the 29th does not exist");
        let autumn = mornings(at("2026-10-24T12:00:00Z"), at("2026-10-26T12:00:00Z"), zone, 2);
        let wanted = ["2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z", "2026-10-26T12:00:00Z"];
        assert_eq!(autumn, wanted.map(at), "it comes twice on the 25th");
    }
}
