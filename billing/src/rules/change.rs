//! What a change of plan credits and charges. The day it happens belongs to the new plan.

use chrono::NaiveDate;
use platform::calendar::{Cycle, DayCount, Grid, Period};
use platform::money::{Exact, Money, Rounding};

use super::RuleError;
use super::credit::Bought;
use super::proration::DayShare;

/// Who owns the change day is settled; this says which day the next bill falls on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeMode {
    /// Credit the rest of the old plan, charge the same days of the new one.
    SameDueDate,
    /// Credit the rest of the old plan, start a full cycle of the new one.
    ResetCycle,
    /// Nothing until the current period ends.
    AtRenewal,
}

/// The plan that is changed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlan {
    pub price: Money,
    pub quantity: u32,
    pub cycle: Cycle,
    /// By default the day that the current period ends on.
    pub anchor_day: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub credit: Money,
    pub charge: Money,
    /// Charge less credit: what is to be paid now, or given back if negative.
    pub net: Money,
    /// The first whole period of the new plan.
    pub next_period: Period,
}

pub fn change(
    old: &Bought,
    new: &NewPlan,
    at: NaiveDate,
    mode: ChangeMode,
    day_count: DayCount,
) -> Result<Change, RuleError> {
    old.check(at)?;
    let renewal = Grid::new(old.period.to, new.cycle, new.anchor_day)?;
    let (credit, charge) = match mode {
        ChangeMode::AtRenewal => (Money::zero(old.price.currency), Money::zero(new.price.currency)),
        ChangeMode::ResetCycle => (old.unused_credit(at, day_count)?, charge_of(new, &Exact::one())?),
        ChangeMode::SameDueDate => {
            let share = rest_of_period(old, new, at, day_count)?;
            (old.unused_credit(at, day_count)?, charge_of(new, &share.ratio())?)
        }
    };
    let next_period = match mode {
        ChangeMode::ResetCycle => one_cycle_from(at, new.cycle)?,
        ChangeMode::SameDueDate | ChangeMode::AtRenewal => renewal.period_at(old.period.to)?.period,
    };
    Ok(Change {
        credit,
        charge,
        net: charge.sub(credit)?,
        next_period,
    })
}

fn charge_of(new: &NewPlan, ratio: &Exact) -> Result<Money, RuleError> {
    let full = &new.price.exact_minor() * &Exact::from(new.quantity);
    Ok(Money::from_exact_minor(
        &(&full * ratio),
        new.price.currency,
        Rounding::HalfUp,
    )?)
}

/// The days left, over the current period, or over one new cycle if that is not equally long.
fn rest_of_period(old: &Bought, new: &NewPlan, at: NaiveDate, day_count: DayCount) -> Result<DayShare, RuleError> {
    let period = old.period;
    let whole = match old.cycle.same_length(new.cycle) {
        true => period,
        false => one_cycle_from(period.from, new.cycle)?,
    };
    DayShare::new(day_count, new.cycle, (at, period.to), whole)
}

/// One cycle that begins on `day` and is anchored on it.
fn one_cycle_from(day: NaiveDate, cycle: Cycle) -> Result<Period, RuleError> {
    Ok(Grid::new(day, cycle, None)?.period_at(day)?.period)
}
