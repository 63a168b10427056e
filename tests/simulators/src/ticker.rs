//! The simulators' clock: real time plus an offset, or whatever a test's world says it is.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};

type Source = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A clock shared by all clones.
#[derive(Clone)]
pub struct Ticker {
    source: Source,
    offset: Arc<Mutex<Duration>>,
}

impl Default for Ticker {
    fn default() -> Self {
        Self::from_source(Utc::now)
    }
}

impl Ticker {
    /// A clock that follows `source`, for tests whose world has a clock of its own.
    pub fn from_source(source: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self {
            source: Arc::new(source),
            offset: Arc::new(Mutex::new(Duration::zero())),
        }
    }

    /// The simulated instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.source)() + *self.offset.lock().unwrap()
    }

    /// Seconds since the epoch.
    #[must_use]
    pub fn unix(&self) -> i64 {
        self.now().timestamp()
    }

    /// Moves the clock by `seconds`, which may be negative.
    pub fn advance(&self, seconds: i64) {
        *self.offset.lock().unwrap() += Duration::seconds(seconds);
    }

    /// The instant in the style the panel writes it, with microseconds and `Z`.
    #[must_use]
    pub fn stamp(&self) -> String {
        stamp(self.now())
    }
}

/// `2026-01-20T12:48:20.000000Z`.
#[must_use]
pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}
