//! The boundaries of a cycle. Each is computed from the start, never from the one before it, so a
//! 31st that became a 28th is a 31st again a month later.

use chrono::{Datelike, Days, NaiveDate};

use super::cycle::Step;
use super::{CalendarError, Cycle, CycleUnit, Period};

/// A cycle laid out in time from the day that billing starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    start: NaiveDate,
    layout: Layout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Boundary 0 and the days between two boundaries.
    Days { origin: NaiveDate, every: i64 },
    /// Months between two boundaries, and the day of the month they fall on.
    Months { every: i64, anchor_day: u32 },
}

/// One period that is billed, and the grid period it is measured against. They differ for a stub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridPeriod {
    pub period: Period,
    pub whole: Period,
}

impl GridPeriod {
    #[must_use]
    pub fn is_stub(self) -> bool {
        self.period != self.whole
    }
}

impl Grid {
    /// A grid of `cycle` for billing that starts on `start`. `anchor_day` is a day of the month
    /// (1-31) or an ISO weekday (1-7); by default the day of `start`.
    pub fn new(start: NaiveDate, cycle: Cycle, anchor_day: Option<u32>) -> Result<Grid, CalendarError> {
        check_anchor(cycle.unit, anchor_day)?;
        let layout = match (cycle.step(), cycle.unit) {
            (Step::Months(every), _) => Layout::Months {
                every,
                anchor_day: anchor_day.unwrap_or(start.day()),
            },
            (Step::Days(every), CycleUnit::Week) => Layout::Days {
                origin: weekday_on_or_after(start, anchor_day)?,
                every,
            },
            (Step::Days(every), _) => Layout::Days { origin: start, every },
        };
        Ok(Grid { start, layout })
    }

    /// Boundary `index`; 0 is the one in the month of the start, or the first on or after it.
    pub fn boundary(&self, index: i64) -> Result<NaiveDate, CalendarError> {
        match self.layout {
            Layout::Days { origin, every } => index.checked_mul(every).and_then(|days| shift_days(origin, days)),
            Layout::Months { every, anchor_day } => index
                .checked_mul(every)
                .and_then(|months| month_number(self.start).checked_add(months))
                .and_then(|month| day_in_month(month, anchor_day)),
        }
        .ok_or(CalendarError::OutOfRange("date"))
    }

    /// The index of the last boundary on or before `day`.
    pub fn index_at(&self, day: NaiveDate) -> Result<i64, CalendarError> {
        match self.layout {
            Layout::Days { origin, every } => Ok(day.signed_duration_since(origin).num_days().div_euclid(every)),
            Layout::Months { every, .. } => {
                let index = (month_number(day) - month_number(self.start)).div_euclid(every);
                Ok(if self.boundary(index)? > day { index - 1 } else { index })
            }
        }
    }

    /// The grid period between boundary `index` and the next.
    pub fn whole_period(&self, index: i64) -> Result<Period, CalendarError> {
        Period::new(self.boundary(index)?, self.boundary(index + 1)?)
    }

    /// The grid period that `day` lies in, cut to the start of billing if that falls into it.
    pub fn period_at(&self, day: NaiveDate) -> Result<GridPeriod, CalendarError> {
        let whole = self.whole_period(self.index_at(day)?)?;
        let period = whole.starting_at(self.start).ok_or(CalendarError::EmptyPeriod)?;
        Ok(GridPeriod { period, whole })
    }

    /// All periods from the start on, the stub first if there is one. Endless: take what is needed.
    pub fn periods(&self) -> impl Iterator<Item = Result<GridPeriod, CalendarError>> {
        self.periods_from(self.start)
    }

    /// All periods from the one that `day` (not before the start) lies in.
    pub fn periods_from(&self, day: NaiveDate) -> impl Iterator<Item = Result<GridPeriod, CalendarError>> {
        let grid = *self;
        let mut next = Some(day.max(self.start));
        std::iter::from_fn(move || {
            let period = grid.period_at(next?);
            next = period.as_ref().ok().map(|found| found.period.to);
            Some(period)
        })
    }
}

fn check_anchor(unit: CycleUnit, anchor_day: Option<u32>) -> Result<(), CalendarError> {
    let Some(day) = anchor_day else { return Ok(()) };
    let last = match unit {
        CycleUnit::Day => return Err(CalendarError::NoAnchor),
        CycleUnit::Week => 7,
        CycleUnit::Month | CycleUnit::Year => 31,
    };
    if (1..=last).contains(&day) {
        Ok(())
    } else {
        Err(CalendarError::OutOfRange("anchor_day"))
    }
}

fn weekday_on_or_after(start: NaiveDate, weekday: Option<u32>) -> Result<NaiveDate, CalendarError> {
    let today = start.weekday().number_from_monday();
    let ahead = (7 + weekday.unwrap_or(today) - today) % 7;
    shift_days(start, i64::from(ahead)).ok_or(CalendarError::OutOfRange("date"))
}

fn shift_days(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let distance = Days::new(days.unsigned_abs());
    if days < 0 {
        date.checked_sub_days(distance)
    } else {
        date.checked_add_days(distance)
    }
}

/// Months since year 0.
fn month_number(date: NaiveDate) -> i64 {
    12 * i64::from(date.year()) + i64::from(date.month0())
}

/// `day` of that month, or the month's last day if it has no such day.
fn day_in_month(month: i64, day: u32) -> Option<NaiveDate> {
    let year = i32::try_from(month.div_euclid(12)).ok()?;
    let month_of_year = u32::try_from(month.rem_euclid(12)).ok()? + 1;
    (28..=day.max(28))
        .rev()
        .find_map(|last| NaiveDate::from_ymd_opt(year, month_of_year, last.min(day)))
}
