//! Dates that billing stands on: cycles, half-open periods, grids whose anchors never drift.
//!
//! | file | holds |
//! |---|---|
//! | `cycle` | `Cycle`: every so many days, weeks, months or years |
//! | `period` | `Period`: half-open, from its first day to the day after its last |
//! | `grid` | `Grid`: the boundaries of a cycle, and the stub that leads to the first of them |
//! | `days` | `DayCount`: how many days a stretch has |
//! | `zone` | what date an instant is in a zone, and the texts that say when something starts |

mod cycle;
mod days;
mod grid;
mod period;
mod zone;

#[cfg(test)]
mod tests;

pub use cycle::{Cycle, CycleUnit};
pub use days::DayCount;
pub use grid::{Grid, GridPeriod};
pub use period::Period;
pub use zone::{StartError, date_in_zone, parse_date, parse_start, parse_zone};

/// Why a date, cycle or period makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A period must end after it begins.
    #[error("a period must end after it begins")]
    EmptyPeriod,
    /// A count, anchor or date beyond what the calendar allows.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// A cycle in days has no anchor day.
    #[error("a cycle in days has no anchor day")]
    NoAnchor,
    /// Not a cycle such as `1 month`, or an unknown word.
    #[error("not a cycle such as \"1 month\"")]
    Format,
}
