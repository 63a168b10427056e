//! How many days a stretch has. Always of dates, never of hours.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{CalendarError, Cycle};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayCount {
    /// Calendar days.
    #[default]
    Actual,
    /// Every month has 30 days and every year 360; only for cycles of months and years.
    #[serde(rename = "fixed_30")]
    Fixed30,
}

impl DayCount {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            DayCount::Actual => "actual",
            DayCount::Fixed30 => "fixed_30",
        }
    }

    /// Days from `from` to `to` as a plan of this `cycle` counts them; `from` is not after `to`.
    #[must_use]
    pub fn days(self, cycle: Cycle, from: NaiveDate, to: NaiveDate) -> i64 {
        if self == DayCount::Fixed30 && cycle.counts_months() {
            return ordinal_of_30_day_months(to) - ordinal_of_30_day_months(from);
        }
        to.signed_duration_since(from).num_days()
    }
}

fn ordinal_of_30_day_months(date: NaiveDate) -> i64 {
    360 * i64::from(date.year()) + 30 * i64::from(date.month()) + i64::from(date.day().min(30))
}

impl FromStr for DayCount {
    type Err = CalendarError;

    fn from_str(word: &str) -> Result<DayCount, CalendarError> {
        match word {
            "actual" => Ok(DayCount::Actual),
            "fixed_30" => Ok(DayCount::Fixed30),
            _ => Err(CalendarError::Format),
        }
    }
}
