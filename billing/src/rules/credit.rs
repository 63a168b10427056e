//! What goes back when paid days are not served: in proportion, and never more than is left.

use chrono::NaiveDate;
use platform::calendar::{Cycle, DayCount, Period};
use platform::money::{Exact, Money, Rounding};

use super::RuleError;
use super::proration::DayShare;

/// A plan that was bought for a whole current period, and what was really paid for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bought {
    pub price: Money,
    pub quantity: u32,
    pub cycle: Cycle,
    /// The whole current cycle.
    pub period: Period,
    /// What was charged, after discounts; by default price * quantity.
    pub paid: Option<Money>,
    /// The first day that `paid` was for; by default the period's first.
    pub paid_from: Option<NaiveDate>,
    /// What of `paid` went back already.
    pub credited: Money,
}

impl Bought {
    /// The paid share of the days from `at` to the end of the period, less what went back already.
    pub fn unused_credit(&self, at: NaiveDate, day_count: DayCount) -> Result<Money, RuleError> {
        let paid = self.check(at)?;
        let currency = self.price.currency;
        let period = self.period;
        if at == period.to {
            return Ok(Money::zero(currency));
        }
        let paid_period = Period::new(self.paid_from.unwrap_or(period.from), period.to)?;
        let share = DayShare::new(day_count, self.cycle, (at, period.to), paid_period)?;
        let unused = &paid * &share.ratio();
        let left = &paid - &self.credited.exact_minor();
        Ok(Money::from_exact_minor(&unused.min(left), currency, Rounding::HalfUp)?)
    }

    /// Refuses contradictions; gives what was paid in exact minor units.
    pub fn check(&self, at: NaiveDate) -> Result<Exact, RuleError> {
        if at < self.period.from || at > self.period.to {
            return Err(RuleError::OutsidePeriod("at"));
        }
        if self.paid_from.is_some_and(|from| from < self.period.from || from > at) {
            return Err(RuleError::OutsidePeriod("paid_from"));
        }
        self.price.same_currency(self.credited)?;
        let paid = match self.paid {
            Some(paid) => {
                self.price.same_currency(paid)?;
                paid.exact_minor()
            }
            None => &self.price.exact_minor() * &Exact::from(self.quantity),
        };
        if self.credited.exact_minor() > paid {
            return Err(RuleError::OutOfRange("credited"));
        }
        Ok(paid)
    }
}
