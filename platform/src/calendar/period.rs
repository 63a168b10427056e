//! A stretch of days.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::CalendarError;

/// Half-open: `from` is the first day in it, `to` the first day after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "PeriodFields")]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Period, CalendarError> {
        if from < to {
            Ok(Period { from, to })
        } else {
            Err(CalendarError::EmptyPeriod)
        }
    }

    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && day < self.to
    }

    /// Whether every day of `part` is in this period.
    #[must_use]
    pub fn encloses(self, part: Period) -> bool {
        self.from <= part.from && part.to <= self.to
    }

    /// The days from `day` on, if any are left.
    #[must_use]
    pub fn starting_at(self, day: NaiveDate) -> Option<Period> {
        Period::new(self.from.max(day), self.to).ok()
    }

    /// The days before `day`, if there are any.
    #[must_use]
    pub fn ending_at(self, day: NaiveDate) -> Option<Period> {
        Period::new(self.from, self.to.min(day)).ok()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} to {}", self.from, self.to)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodFields {
    from: NaiveDate,
    to: NaiveDate,
}

impl TryFrom<PeriodFields> for Period {
    type Error = CalendarError;

    fn try_from(fields: PeriodFields) -> Result<Period, CalendarError> {
        Period::new(fields.from, fields.to)
    }
}
