//! The money rules: pure functions from typed inputs to typed outputs.
//!
//! Quote, cart, invoice, renewal, change and `ezscale calc` all call these, so the same question
//! has one answer. Nothing here knows a database, a clock or a tenant.
//!
//! | file | answers |
//! |---|---|
//! | `proration` | what part of a price some of its days cost |
//! | `schedule` | which periods a cycle makes from a day on |
//! | `plan` | which lines are missing up to a day |
//! | `credit`, `cancel`, `change` | what goes back, and what a new plan costs |
//! | `tax`, `tax_treatment` | how much tax, and whose |
//! | `country`, `vat_rate` | the codes and the dated rates behind it |
//! | `coupons` | which discount each line gets |
//! | `tiers` | what a metered quantity costs |

pub mod cancel;
pub mod change;
pub mod country;
pub mod coupons;
pub mod credit;
pub mod plan;
pub mod proration;
pub mod schedule;
pub mod tax;
pub mod tax_treatment;
pub mod tiers;
pub mod vat_rate;

#[cfg(test)]
mod tests;

use platform::calendar::CalendarError;
use platform::money::MoneyError;

/// Why a rule cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A number or date beyond what the rules allow.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// Something that must rise or have length does not.
    #[error("{0}")]
    BadRange(&'static str),
    /// A day or part that is not inside its period.
    #[error("{0} is not inside the period")]
    OutsidePeriod(&'static str),
    /// Fields that contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
    /// A coupon names a line that is not there.
    #[error("a coupon names a line that is not there")]
    UnknownLine,
    /// Two currencies met.
    #[error("amounts of two currencies")]
    MixedCurrency,
}

impl From<MoneyError> for RuleError {
    fn from(error: MoneyError) -> RuleError {
        match error {
            MoneyError::MixedCurrency { .. } => RuleError::MixedCurrency,
            MoneyError::UnknownCurrency(_)
            | MoneyError::Format
            | MoneyError::TooPrecise(_)
            | MoneyError::OutOfRange
            | MoneyError::NotAllocatable => RuleError::OutOfRange("amount"),
        }
    }
}

impl From<CalendarError> for RuleError {
    fn from(error: CalendarError) -> RuleError {
        match error {
            CalendarError::EmptyPeriod => RuleError::BadRange("a period must end after it begins"),
            CalendarError::OutOfRange(what) => RuleError::OutOfRange(what),
            CalendarError::NoAnchor => RuleError::Contradiction("a cycle in days has no anchor_day"),
            CalendarError::Format => RuleError::Contradiction("not a cycle"),
        }
    }
}
