//! What goes back when a service ends before its paid period does.

use chrono::NaiveDate;
use platform::calendar::DayCount;
use platform::money::Money;

use super::RuleError;
use super::credit::Bought;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelPolicy {
    /// Days not served go back.
    CreditUnused,
    /// What is paid is paid.
    None,
}

/// The credit for ending `bought` so that `at` is the first day not served.
pub fn cancel(bought: &Bought, at: NaiveDate, policy: CancelPolicy, day_count: DayCount) -> Result<Money, RuleError> {
    bought.check(at)?;
    match policy {
        CancelPolicy::CreditUnused => bought.unused_credit(at, day_count),
        CancelPolicy::None => Ok(Money::zero(bought.price.currency)),
    }
}
