//! `change` and `cancel`: what goes back, and what the new plan costs.

use platform::calendar::{Cycle, Period};
use platform::money::{Currency, Money};
use serde::Serialize;

use super::answer::{Amount, Answer, Result, Span};
use super::error::CaseError;
use super::fields::Fields;
use super::plan::quantity;
use crate::rules::cancel::{CancelPolicy, cancel};
use crate::rules::change::{ChangeMode, NewPlan, change};
use crate::rules::credit::Bought;

pub(super) const FIELDS: [&str; 11] = [
    "currency",
    "old",
    "new",
    "period",
    "at",
    "mode",
    "anchor_day",
    "paid",
    "paid_from",
    "credited",
    "day_count",
];

pub(super) const CANCEL_FIELDS: [&str; 11] = [
    "currency",
    "price",
    "quantity",
    "cycle",
    "period",
    "at",
    "policy",
    "paid",
    "paid_from",
    "credited",
    "day_count",
];

const PLAN_FIELDS: [&str; 4] = ["currency", "price", "cycle", "quantity"];

#[derive(Serialize)]
pub(super) struct Printed {
    credit: Amount,
    charge: Amount,
    net: Amount,
    next_period: Span,
}

#[derive(Serialize)]
pub(super) struct PrintedCancel {
    credit: Amount,
}

/// A plan as `old` and `new` say it.
struct Plan {
    price: Money,
    cycle: Cycle,
    quantity: u32,
}

pub(super) fn answer(case: &Fields) -> Result {
    let currency = case.required("currency")?.currency()?;
    let old = plan(case, "old", currency)?;
    let new = plan(case, "new", currency)?;
    let anchor_day = case.read("anchor_day", |item| item.anchor_day(new.cycle.unit))?;
    let new = NewPlan {
        price: new.price,
        quantity: new.quantity,
        cycle: new.cycle,
        anchor_day,
    };
    let period = case.required("period")?.period()?;
    let at = case.required("at")?.date()?;
    let mode = case.required("mode")?.one_of(&[
        ("same_due_date", ChangeMode::SameDueDate),
        ("reset_cycle", ChangeMode::ResetCycle),
        ("at_renewal", ChangeMode::AtRenewal),
    ])?;
    let day_count = case.read("day_count", |item| item.day_count())?.unwrap_or_default();
    let changed = change(&bought(case, currency, old, period)?, &new, at, mode, day_count)?;
    Ok(Answer::Change(Printed {
        credit: Amount(changed.credit),
        charge: Amount(changed.charge),
        net: Amount(changed.net),
        next_period: Span::new(changed.next_period)?,
    }))
}

pub(super) fn answer_cancel(case: &Fields) -> Result {
    let currency = case.required("currency")?.currency()?;
    let ended = Plan {
        price: case.required("price")?.money(currency)?,
        cycle: case.read("cycle", |item| item.cycle())?.unwrap_or(Cycle::monthly()),
        quantity: quantity(case)?,
    };
    let period = case.required("period")?.period()?;
    let at = case.required("at")?.date()?;
    let policy = case.required("policy")?.one_of(&[
        ("credit_unused", CancelPolicy::CreditUnused),
        ("none", CancelPolicy::None),
    ])?;
    let day_count = case.read("day_count", |item| item.day_count())?.unwrap_or_default();
    let credit = cancel(&bought(case, currency, ended, period)?, at, policy, day_count)?;
    Ok(Answer::Cancel(PrintedCancel { credit: Amount(credit) }))
}

fn plan(case: &Fields, name: &str, currency: Currency) -> std::result::Result<Plan, CaseError> {
    let fields = Fields::open(&case.required(name)?, &PLAN_FIELDS)?;
    fields.check_currency(currency)?;
    Ok(Plan {
        price: fields.required("price")?.money(currency)?,
        cycle: fields.required("cycle")?.cycle()?,
        quantity: quantity(&fields)?,
    })
}

fn bought(case: &Fields, currency: Currency, plan: Plan, period: Period) -> std::result::Result<Bought, CaseError> {
    Ok(Bought {
        price: plan.price,
        quantity: plan.quantity,
        cycle: plan.cycle,
        period,
        paid: case.read("paid", |item| item.money(currency))?,
        paid_from: case.read("paid_from", |item| item.date())?,
        credited: case
            .read("credited", |item| item.money(currency))?
            .unwrap_or(Money::zero(currency)),
    })
}
