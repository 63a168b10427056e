//! `tiers`: what a metered quantity costs.

use platform::money::{Currency, Exact, Money};
use serde::Serialize;

use super::answer::{Amount, Answer, Result};
use super::error::{CaseError, Code};
use super::fields::Fields;
use super::item::Item;
use crate::rules::tiers::{Metered, Tier, TierModel, price_tiers};

pub(super) const FIELDS: [&str; 6] = ["currency", "units", "tiers", "model", "included", "minimum"];

const TIER_FIELDS: [&str; 4] = ["up_to", "unit_price", "flat", "block"];

#[derive(Serialize)]
pub(super) struct Printed {
    tier_amounts: Vec<Amount>,
    true_up: Amount,
    total: Amount,
}

pub(super) fn answer(case: &Fields) -> Result {
    let currency = case.required("currency")?.currency()?;
    let metered = Metered {
        units: case.required("units")?.quantity()?,
        included: case.read("included", |item| item.quantity())?.unwrap_or_default(),
        minimum: case
            .read("minimum", |item| item.money(currency))?
            .unwrap_or(Money::zero(currency)),
    };
    let tiers = case
        .required("tiers")?
        .list()?
        .iter()
        .map(|item| tier(item, currency))
        .collect::<std::result::Result<Vec<Tier>, CaseError>>()?;
    let model = case.required("model")?.one_of(&[
        ("graduated", TierModel::Graduated),
        ("volume", TierModel::Volume),
        ("package", TierModel::Package),
    ])?;
    let priced = price_tiers(currency, &metered, &tiers, model)?;
    Ok(Answer::Tiers(Printed {
        tier_amounts: priced.tier_amounts.into_iter().map(Amount).collect(),
        true_up: Amount(priced.true_up),
        total: Amount(priced.total),
    }))
}

fn tier(item: &Item, currency: Currency) -> std::result::Result<Tier, CaseError> {
    let fields = Fields::open(item, &TIER_FIELDS)?;
    let up_to = fields.required("up_to")?;
    Ok(Tier {
        up_to: if up_to.is_null() { None } else { Some(up_to.quantity()?) },
        unit_price: fields.required("unit_price")?.fine_price(currency)?,
        flat: fields
            .read("flat", |item| item.fine_price(currency))?
            .unwrap_or_default(),
        block: fields.read("block", |item| block(&item))?,
    })
}

fn block(item: &Item) -> std::result::Result<Exact, CaseError> {
    let size = item.quantity()?;
    match size.is_zero() {
        true => Err(item.wrong(Code::OutOfRange, "is not above 0")),
        false => Ok(size),
    }
}
