//! How often something repeats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::CalendarError;

const MAX_COUNT: u16 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CycleUnit {
    Day,
    Week,
    Month,
    Year,
}

impl CycleUnit {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            CycleUnit::Day => "day",
            CycleUnit::Week => "week",
            CycleUnit::Month => "month",
            CycleUnit::Year => "year",
        }
    }
}

impl fmt::Display for CycleUnit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for CycleUnit {
    type Err = CalendarError;

    fn from_str(word: &str) -> Result<CycleUnit, CalendarError> {
        match word {
            "day" => Ok(CycleUnit::Day),
            "week" => Ok(CycleUnit::Week),
            "month" => Ok(CycleUnit::Month),
            "year" => Ok(CycleUnit::Year),
            _ => Err(CalendarError::Format),
        }
    }
}

/// Every `count` units, `count` from 1 to 1000. Written `1 month`, `3 months`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "CycleFields")]
pub struct Cycle {
    pub unit: CycleUnit,
    pub count: u16,
}

/// What a cycle steps by, once years are months and weeks are days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Days(i64),
    Months(i64),
}

impl Cycle {
    pub fn new(unit: CycleUnit, count: u16) -> Result<Cycle, CalendarError> {
        if (1..=MAX_COUNT).contains(&count) {
            return Ok(Cycle { unit, count });
        }
        Err(CalendarError::OutOfRange("cycle count"))
    }

    #[must_use]
    pub fn monthly() -> Cycle {
        Cycle {
            unit: CycleUnit::Month,
            count: 1,
        }
    }

    /// Whether both last equally long: 12 months are a year, 7 days a week.
    #[must_use]
    pub fn same_length(self, other: Cycle) -> bool {
        self.step() == other.step()
    }

    /// Months and years, whose lengths in days differ.
    #[must_use]
    pub fn counts_months(self) -> bool {
        matches!(self.unit, CycleUnit::Month | CycleUnit::Year)
    }

    pub(super) fn step(self) -> Step {
        let count = i64::from(self.count);
        match self.unit {
            CycleUnit::Day => Step::Days(count),
            CycleUnit::Week => Step::Days(7 * count),
            CycleUnit::Month => Step::Months(count),
            CycleUnit::Year => Step::Months(12 * count),
        }
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        write!(out, "{} {}{plural}", self.count, self.unit)
    }
}

impl FromStr for Cycle {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Cycle, CalendarError> {
        let (count, unit) = text.split_once(' ').ok_or(CalendarError::Format)?;
        let count = count.parse().map_err(|_| CalendarError::Format)?;
        let unit = unit.strip_suffix('s').unwrap_or(unit).parse()?;
        Cycle::new(unit, count)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CycleFields {
    unit: CycleUnit,
    count: u16,
}

impl TryFrom<CycleFields> for Cycle {
    type Error = CalendarError;

    fn try_from(fields: CycleFields) -> Result<Cycle, CalendarError> {
        Cycle::new(fields.unit, fields.count)
    }
}
