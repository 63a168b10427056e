//! Which periods a cycle makes from a day on.

use chrono::NaiveDate;
use platform::calendar::{Cycle, Grid, GridPeriod, Period};

use super::RuleError;

/// No schedule and no charge has more periods than this.
pub const MAX_PERIODS: usize = 1200;

/// How far a schedule goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// So many periods; a stub counts.
    Count(usize),
    /// Every period that starts before this day, uncut.
    Until(NaiveDate),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub periods: Vec<Period>,
    /// The first period, if it leads to the first boundary only.
    pub stub: Option<GridPeriod>,
}

pub fn schedule(
    start: NaiveDate,
    cycle: Cycle,
    anchor_day: Option<u32>,
    extent: Extent,
) -> Result<Schedule, RuleError> {
    let most = match extent {
        Extent::Count(count) if (1..=MAX_PERIODS).contains(&count) => count,
        Extent::Count(_) => return Err(RuleError::OutOfRange("count")),
        Extent::Until(until) if until <= start => {
            return Err(RuleError::BadRange("until must be after start"));
        }
        // One more than allowed, so that too many can be told from just enough.
        Extent::Until(_) => MAX_PERIODS + 1,
    };
    let grid = Grid::new(start, cycle, anchor_day)?;
    let mut periods = Vec::new();
    let mut stub = None;
    for found in grid.periods().take(most) {
        let found = found?;
        if matches!(extent, Extent::Until(until) if found.period.from >= until) {
            break;
        }
        if found.is_stub() {
            stub = Some(found);
        }
        periods.push(found.period);
    }
    if periods.len() > MAX_PERIODS {
        return Err(RuleError::OutOfRange("the number of periods"));
    }
    Ok(Schedule { periods, stub })
}
