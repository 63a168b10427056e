//! What part of a price some of its days cost: price * days(part) / days(whole), rounded once.

use chrono::NaiveDate;
use platform::calendar::{Cycle, DayCount, Period};
use platform::money::{Exact, Money, Rounding};

use super::RuleError;

/// Days of a part over days of the whole; never multiplied as a rounded number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayShare {
    pub days: i64,
    pub of_days: i64,
}

impl DayShare {
    /// Counts the days of [from, to) and of `whole` the way a plan of this cycle does. A whole
    /// without days (fixed 30: the 30th to the 31st) cannot be shared out.
    pub fn new(
        day_count: DayCount,
        cycle: Cycle,
        (from, to): (NaiveDate, NaiveDate),
        whole: Period,
    ) -> Result<DayShare, RuleError> {
        let of_days = day_count.days(cycle, whole.from, whole.to);
        if of_days <= 0 {
            return Err(RuleError::BadRange("the whole has no days"));
        }
        Ok(DayShare {
            days: day_count.days(cycle, from, to),
            of_days,
        })
    }

    #[must_use]
    pub fn ratio(self) -> Exact {
        Exact::ratio(self.days, self.of_days).unwrap_or_default()
    }
}

/// A prorated amount and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proration {
    pub price: Money,
    pub amount: Money,
    pub share: DayShare,
    pub day_count: DayCount,
    pub period: Period,
    pub part: Period,
}

impl Proration {
    /// One sentence for the person who pays.
    #[must_use]
    pub fn explain(&self) -> String {
        let DayShare { days, of_days } = self.share;
        format!(
            "{} is {} for {} times {days}/{of_days} days ({}), counted from {}, rounded half-up.",
            self.amount,
            self.price,
            self.period,
            self.day_count.as_str(),
            self.part,
        )
    }
}

/// What `part` of `period` costs when `price` buys the whole of it.
pub fn prorate(
    price: Money,
    cycle: Cycle,
    period: Period,
    part: Period,
    day_count: DayCount,
) -> Result<Proration, RuleError> {
    if !period.encloses(part) {
        return Err(RuleError::OutsidePeriod("part"));
    }
    let share = DayShare::new(day_count, cycle, (part.from, part.to), period)?;
    let exact = &price.exact_minor() * &share.ratio();
    let amount = Money::from_exact_minor(&exact, price.currency, Rounding::HalfUp)?;
    Ok(Proration {
        price,
        amount,
        share,
        day_count,
        period,
        part,
    })
}
