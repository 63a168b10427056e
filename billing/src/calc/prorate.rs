//! `prorate`: what part of a price some of its days cost.

use serde::Serialize;

use super::answer::{Amount, Answer, Result};
use super::fields::Fields;
use crate::rules::proration;

pub(super) const FIELDS: [&str; 6] = ["currency", "price", "cycle", "period", "part", "day_count"];

const RATIO_PLACES: u32 = 9;

#[derive(Serialize)]
pub(super) struct Printed {
    amount: Amount,
    ratio: String,
    days: i64,
    of_days: i64,
    explain: String,
}

pub(super) fn answer(case: &Fields) -> Result {
    let currency = case.required("currency")?.currency()?;
    let proration = proration::prorate(
        case.required("price")?.signed_money(currency)?,
        case.required("cycle")?.cycle()?,
        case.required("period")?.period()?,
        case.required("part")?.period()?,
        case.read("day_count", |item| item.day_count())?.unwrap_or_default(),
    )?;
    Ok(Answer::Prorate(Printed {
        amount: Amount(proration.amount),
        ratio: proration.share.ratio().to_fixed(RATIO_PLACES),
        days: proration.share.days,
        of_days: proration.share.of_days,
        explain: proration.explain(),
    }))
}
