//! Which lines are missing: from what a subscription charges and what is billed already to the
//! lines that are due by a day. Planning again after billing them plans nothing.

use chrono::{Days, NaiveDate};
use platform::calendar::{Cycle, DayCount, Grid, GridPeriod, Period};
use platform::money::{Currency, Exact, Money, Rounding};

use super::RuleError;
use super::proration::DayShare;
use super::schedule::MAX_PERIODS;

/// Something that is charged in advance, every cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub price: Money,
    pub cycle: Cycle,
    pub start: NaiveDate,
    /// First day that is not served any more.
    pub end: Option<NaiveDate>,
    pub anchor_day: Option<u32>,
    pub quantity: u32,
    pub trial_days: u32,
    /// Once, whatever the quantity.
    pub setup: Money,
    /// Every day before this one is billed.
    pub billed_through: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    Setup,
    /// A whole grid period at the full price.
    Recurring,
    /// What is left of a grid period, at its share of days.
    Stub,
}

impl LineKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LineKind::Setup => "setup",
            LineKind::Recurring => "recurring",
            LineKind::Stub => "stub",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedLine {
    /// Position of the charge this line belongs to.
    pub charge: usize,
    pub from: NaiveDate,
    /// Equal to `from` for a setup.
    pub to: NaiveDate,
    pub kind: LineKind,
    pub amount: Money,
    /// The days behind a stub's amount.
    pub share: Option<DayShare>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub lines: Vec<PlannedLine>,
    pub total: Money,
}

/// The lines that are missing up to and with `target`, charge by charge.
pub fn plan(currency: Currency, charges: &[Charge], target: NaiveDate, day_count: DayCount) -> Result<Plan, RuleError> {
    let mut lines = Vec::new();
    for (index, charge) in charges.iter().enumerate() {
        charge.price.same_currency(charge.setup)?;
        if charge.end.is_some_and(|end| end <= charge.start) {
            return Err(RuleError::BadRange("a charge must end after it starts"));
        }
        lines.extend(setup_line(index, charge, target));
        recurring_lines(index, charge, target, day_count, &mut lines)?;
    }
    let total = Money::sum(currency, lines.iter().map(|line| line.amount))?;
    Ok(Plan { lines, total })
}

fn setup_line(index: usize, charge: &Charge, target: NaiveDate) -> Option<PlannedLine> {
    let billed = charge.billed_through.is_some_and(|through| charge.start < through);
    (charge.setup.is_positive() && !billed && charge.start <= target).then_some(PlannedLine {
        charge: index,
        from: charge.start,
        to: charge.start,
        kind: LineKind::Setup,
        amount: charge.setup,
        share: None,
    })
}

fn recurring_lines(
    index: usize,
    charge: &Charge,
    target: NaiveDate,
    day_count: DayCount,
    lines: &mut Vec<PlannedLine>,
) -> Result<(), RuleError> {
    let billing_start = charge
        .start
        .checked_add_days(Days::new(charge.trial_days.into()))
        .ok_or(RuleError::OutOfRange("trial_days"))?;
    let grid = Grid::new(billing_start, charge.cycle, charge.anchor_day)?;
    let first_day = charge
        .billed_through
        .map_or(billing_start, |through| through.max(billing_start));
    if first_day > target || charge.end.is_some_and(|end| end <= first_day) {
        return Ok(());
    }
    let mut count = 0;
    for found in grid.periods_from(first_day) {
        let Some((whole, left)) = cut(found?, charge, first_day).filter(|(_, left)| left.from <= target) else {
            return Ok(());
        };
        count += 1;
        if count > MAX_PERIODS {
            return Err(RuleError::OutOfRange("the number of lines"));
        }
        lines.push(period_line(index, charge, whole, left, day_count)?);
    }
    Ok(())
}

/// What of a period is still to be billed, with the grid period it is measured against.
fn cut(found: GridPeriod, charge: &Charge, first_day: NaiveDate) -> Option<(Period, Period)> {
    let left = found.period.starting_at(first_day)?;
    let left = match charge.end {
        Some(end) => left.ending_at(end)?,
        None => left,
    };
    Some((found.whole, left))
}

fn period_line(
    index: usize,
    charge: &Charge,
    whole: Period,
    left: Period,
    day_count: DayCount,
) -> Result<PlannedLine, RuleError> {
    let full = &charge.price.exact_minor() * &Exact::from(charge.quantity);
    // A whole period never goes through day fractions.
    let (kind, share, exact) = if left == whole {
        (LineKind::Recurring, None, full)
    } else {
        let share = DayShare::new(day_count, charge.cycle, (left.from, left.to), whole)?;
        let exact = &full * &share.ratio();
        (LineKind::Stub, Some(share), exact)
    };
    let amount = Money::from_exact_minor(&exact, charge.price.currency, Rounding::HalfUp)?;
    Ok(PlannedLine {
        charge: index,
        from: left.from,
        to: left.to,
        kind,
        amount,
        share,
    })
}
