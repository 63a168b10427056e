//! A sandbox tenant's own clock: it runs with ours, some time ahead, and is moved forward only.
//!
//! What a tenant's transactions see is kept in its own schema, so that every node sees a move the
//! moment it commits, whatever it has heard of the change feed; `control` is told afterwards, for pages.

use chrono::{DateTime, TimeDelta, Utc};
use platform::db::DbError;
use serde_json::json;

use crate::{Mode, Tenancy, Tenant, TenantScope, TenantTx};

/// The furthest one move may go: thirteen months and a little.
pub const MOST: TimeDelta = TimeDelta::days(400);
/// A move that has not been heard of for this long has crashed.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Row in the tenant's settings: its time minus ours, in microseconds.
const OFFSET: &str = "clock_offset_us";
/// Row in the tenant's settings: who moves the clock, and until when that counts.
const MOVE: &str = "clock_move";

/// A clock was not moved.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// A live tenant has the real time.
    #[error("only a sandbox tenant has a clock of its own")]
    Live,
    /// Time does not go back.
    #[error("a sandbox clock only goes forward; it shows {0}")]
    Backwards(DateTime<Utc>),
    /// More than one move may go.
    #[error("one move goes at most {} days", MOST.num_days())]
    TooFar,
    /// Somebody else moves it.
    #[error("this clock is being moved already; try again in a moment")]
    Busy,
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for ClockError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Reads `31d`, `12h`, `90m` or `2w`.
#[must_use]
pub fn parse_span(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    let unit = text.chars().next_back()?;
    let digits = text.strip_suffix(unit)?;
    let is_number = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let count: i64 = digits.parse().ok().filter(|_| is_number)?;
    match unit {
        'w' => TimeDelta::try_weeks(count),
        'd' => TimeDelta::try_days(count),
        'h' => TimeDelta::try_hours(count),
        'm' => TimeDelta::try_minutes(count),
        _ => None,
    }
}

/// The offset that a tenant's own schema knows, for the bind.
pub(crate) async fn stored_offset(connection: &mut sqlx::PgConnection) -> Result<TimeDelta, sqlx::Error> {
    let micros: Option<i64> = sqlx::query_scalar("SELECT (value #>> '{}')::bigint FROM settings WHERE key = $1")
        .bind(OFFSET)
        .fetch_optional(connection)
        .await?;
    Ok(TimeDelta::microseconds(micros.unwrap_or(0)))
}

/// The tenant's time.
///
/// # Errors
/// When the database refuses.
pub async fn read(doors: &Tenancy, scope: &TenantScope) -> Result<DateTime<Utc>, DbError> {
    let tx = doors.begin_read(scope).await?;
    let now = tx.now();
    tx.commit().await?;
    Ok(now)
}

/// The right to move one tenant's clock: one holder at a time, and a crashed one's is taken over.
pub struct Moving {
    doors: Tenancy,
    scope: TenantScope,
    token: String,
}

impl Moving {
    /// Takes the right, waiting up to `patience` for another to be done.
    ///
    /// # Errors
    /// A live tenant, or a clock that somebody else moves all this time.
    pub async fn take(doors: &Tenancy, scope: &TenantScope, patience: std::time::Duration) -> Result<Self, ClockError> {
        if scope.tenant().mode != Mode::Sandbox {
            return Err(ClockError::Live);
        }
        let moving = Self {
            doors: doors.clone(),
            scope: scope.clone(),
            token: doors.random().token(12),
        };
        let started = tokio::time::Instant::now();
        loop {
            let mut tx = doors.begin(scope).await?;
            let ours = moving.renew(&mut tx).await?;
            tx.commit().await?;
            if ours {
                return Ok(moving);
            }
            if started.elapsed() > patience {
                return Err(ClockError::Busy);
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// Whether the right is ours, for another while.
    async fn renew(&self, tx: &mut TenantTx) -> Result<bool, ClockError> {
        let real = self.doors.now();
        let done = sqlx::query(
            "INSERT INTO settings (key, value, changed_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE \
             SET value = excluded.value, changed_at = excluded.changed_at \
             WHERE settings.value->>'by' = $4 OR settings.value->>'by' IS NULL OR settings.changed_at < $5",
        )
        .bind(MOVE)
        .bind(json!({ "by": self.token }))
        .bind(real)
        .bind(&self.token)
        .bind(real - LEASE)
        .execute(tx.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Moves the clock to `to`, for every transaction from now on, on every node. A moment that has passed is no move.
    ///
    /// # Errors
    /// When the right was lost, or the database refuses.
    pub async fn to(&self, to: DateTime<Utc>) -> Result<(), ClockError> {
        let mut tx = self.doors.begin(&self.scope).await?;
        if !self.renew(&mut tx).await? {
            return Err(ClockError::Busy);
        }
        let offset = (to - self.doors.now()).num_microseconds().unwrap_or(0);
        sqlx::query(
            "INSERT INTO settings (key, value, changed_at) VALUES ($1, to_jsonb($2::bigint), $3) ON CONFLICT (key) DO UPDATE \
             SET value = excluded.value, changed_at = excluded.changed_at \
             WHERE (settings.value #>> '{}')::bigint < (excluded.value #>> '{}')::bigint",
        )
        .bind(OFFSET)
        .bind(offset)
        .bind(self.doors.now())
        .execute(tx.connection())
        .await?;
        Ok(tx.commit().await?)
    }

    /// Gives the right back, and tells every node what the clock shows.
    ///
    /// # Errors
    /// When a database refuses; the right ends by itself then.
    pub async fn done(self) -> Result<DateTime<Utc>, ClockError> {
        let mut tx = self.doors.begin(&self.scope).await?;
        let now = tx.now();
        let offset = now - self.doors.now();
        sqlx::query("UPDATE settings SET value = '{}' WHERE key = $1 AND value->>'by' = $2")
            .bind(MOVE)
            .bind(&self.token)
            .execute(tx.connection())
            .await?;
        tx.commit().await?;
        publish(&self.doors, self.scope.tenant(), offset).await?;
        Ok(now)
    }
}

/// Tells `control`, and through it every node.
async fn publish(doors: &Tenancy, tenant: &Tenant, offset: TimeDelta) -> Result<(), DbError> {
    let mut tx = doors.control().await?;
    let done = sqlx::query(
        "UPDATE control.tenants SET clock_offset_us = $2, generation = generation + 1 \
         WHERE id = $1 AND mode = 'sandbox' AND clock_offset_us < $2",
    )
    .bind(tenant.id)
    .bind(offset.num_microseconds().unwrap_or(0))
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 1 {
        tx.announce("tenant", tenant.id).await?;
    }
    tx.commit().await?;
    doors.refresh().await
}

/// Whether a move from `now` to `to` may be made.
///
/// # Errors
/// Back in time, or too far.
pub fn check(now: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), ClockError> {
    if to < now {
        Err(ClockError::Backwards(now))
    } else if to - now > MOST {
        Err(ClockError::TooFar)
    } else {
        Ok(())
    }
}

/// Moves a clock without running what falls due.
///
/// # Errors
/// A live tenant, back in time, or a clock that is being moved.
pub async fn set(doors: &Tenancy, scope: &TenantScope, to: DateTime<Utc>) -> Result<(), ClockError> {
    let moving = Moving::take(doors, scope, std::time::Duration::ZERO).await?;
    let moved = match check(read(doors, scope).await?, to) {
        Ok(()) => moving.to(to).await,
        Err(error) => Err(error),
    };
    moving.done().await?;
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        for (text, minutes) in [
            ("31d", Some(31 * 1440)),
            ("2w", Some(20_160)),
            ("12h", Some(720)),
            ("90m", Some(90)),
            ("0d", Some(0)),
            ("d", None),
            ("", None),
            ("-1d", None),
            ("1.5d", None),
            ("31", None),
            ("31 d", None),
            ("9999999d", None),
            ("3é", None),
        ] {
            assert_eq!(parse_span(text).map(|span| span.num_minutes()), minutes, "{text:?}");
        }
    }

    #[test]
    fn a_move_goes_forward_and_not_too_far() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        assert!(check(now, now).is_ok() && check(now, now + MOST).is_ok());
        assert!(matches!(
            check(now, now - TimeDelta::seconds(1)),
            Err(ClockError::Backwards(_))
        ));
        assert!(matches!(
            check(now, now + MOST + TimeDelta::seconds(1)),
            Err(ClockError::TooFar)
        ));
    }
}
