//! The one place that reads the system clock.
//!
//! Time is read once per unit of work and passed on as a value. Readings are whole microseconds, which is what the
//! database keeps, so a value compared with its stored copy is equal.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A source of the current time. Clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// Real time.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is [`set`](Self::set) or [`advance`](Self::advance)d.
    #[must_use]
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Source::Fixed(Arc::new(Mutex::new(at))))
    }

    /// The current time in UTC, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.0 {
            Source::System => system_now(),
            Source::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        };
        now.trunc_subsecs(6)
    }

    /// Whether this clock shows real time, which nobody can move.
    #[must_use]
    pub fn is_system(&self) -> bool {
        matches!(self.0, Source::System)
    }

    /// Moves a fixed clock, and all its clones, to `at`. Real time takes no notice.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Source::Fixed(held) = &self.0 {
            *held.lock().unwrap_or_else(PoisonError::into_inner) = at;
        }
    }

    /// Moves a fixed clock by `by`, which may be negative. Real time takes no notice, and a clock at the end of the
    /// calendar stays where it is.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Fixed(held) = &self.0 {
            let mut at = held.lock().unwrap_or_else(PoisonError::into_inner);
            *at = at.checked_add_signed(by).unwrap_or(*at);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the system clock"
)]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_with_its_clones() {
        let start = DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap();
        let clock = Clock::fixed(start);
        let other = clock.clone();
        assert_eq!(clock.now().timestamp_subsec_nanos(), 123_456_000);
        other.advance(TimeDelta::days(31));
        assert_eq!(clock.now() - start.trunc_subsecs(6), TimeDelta::days(31));
        other.set(start);
        assert_eq!(clock.now(), start.trunc_subsecs(6));
    }

    #[test]
    fn real_time_cannot_be_moved() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(TimeDelta::days(400));
        assert!(clock.now() - before < TimeDelta::days(1));
        assert_eq!(before.timestamp_subsec_nanos() % 1_000, 0);
    }
}
