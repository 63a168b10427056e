//! `plan`: which lines are missing.

use chrono::NaiveDate;
use chrono_tz::Tz;
use platform::money::{Currency, Money};
use serde::Serialize;

use super::answer::{Amount, Answer, Result};
use super::error::CaseError;
use super::fields::Fields;
use super::item::{Item, checked_day};
use crate::rules::plan::{Charge, PlannedLine, plan};

pub(super) const FIELDS: [&str; 5] = ["currency", "charges", "target", "timezone", "day_count"];

const CHARGE_FIELDS: [&str; 10] = [
    "currency",
    "price",
    "cycle",
    "start",
    "end",
    "anchor_day",
    "quantity",
    "trial_days",
    "setup",
    "billed_through",
];

const MAX_QUANTITY: u32 = 1_000_000;
const MAX_TRIAL_DAYS: u32 = 3650;

#[derive(Serialize)]
pub(super) struct Printed {
    lines: Vec<PrintedLine>,
    total: Amount,
}

#[derive(Serialize)]
struct PrintedLine {
    charge: usize,
    from: NaiveDate,
    to: NaiveDate,
    kind: &'static str,
    amount: Amount,
}

pub(super) fn answer(case: &Fields) -> Result {
    let currency = case.required("currency")?.currency()?;
    let zone = case.read("timezone", |item| item.zone())?;
    let charges = case
        .required("charges")?
        .list()?
        .iter()
        .map(|item| charge(item, currency, zone))
        .collect::<std::result::Result<Vec<Charge>, CaseError>>()?;
    let target = case.required("target")?.date()?;
    let day_count = case.read("day_count", |item| item.day_count())?.unwrap_or_default();
    let planned = plan(currency, &charges, target, day_count)?;
    let lines = planned
        .lines
        .iter()
        .map(printed_line)
        .collect::<std::result::Result<_, CaseError>>()?;
    Ok(Answer::Plan(Printed {
        lines,
        total: Amount(planned.total),
    }))
}

fn charge(item: &Item, currency: Currency, zone: Option<Tz>) -> std::result::Result<Charge, CaseError> {
    let fields = Fields::open(item, &CHARGE_FIELDS)?;
    fields.check_currency(currency)?;
    let cycle = fields.required("cycle")?.cycle()?;
    Ok(Charge {
        price: fields.required("price")?.money(currency)?,
        cycle,
        start: fields.required("start")?.start(zone)?,
        end: fields.read("end", |item| item.date())?,
        anchor_day: fields.read("anchor_day", |item| item.anchor_day(cycle.unit))?,
        quantity: quantity(&fields)?,
        trial_days: fields
            .read("trial_days", |item| item.integer(0, MAX_TRIAL_DAYS))?
            .unwrap_or(0),
        setup: fields
            .read("setup", |item| item.money(currency))?
            .unwrap_or(Money::zero(currency)),
        billed_through: fields.read("billed_through", |item| item.date())?,
    })
}

/// `quantity`, 1 when not said.
pub(super) fn quantity(fields: &Fields) -> std::result::Result<u32, CaseError> {
    Ok(fields
        .read("quantity", |item| item.integer(1, MAX_QUANTITY))?
        .unwrap_or(1))
}

fn printed_line(line: &PlannedLine) -> std::result::Result<PrintedLine, CaseError> {
    Ok(PrintedLine {
        charge: line.charge,
        from: checked_day(line.from)?,
        to: checked_day(line.to)?,
        kind: line.kind.as_str(),
        amount: Amount(line.amount),
    })
}
