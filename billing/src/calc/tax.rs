//! `tax`: how much tax lines carry.

use platform::money::{Currency, Rounding};
use serde::Serialize;

use super::answer::{Amount, Answer, Result};
use super::error::CaseError;
use super::fields::Fields;
use super::item::Item;
use crate::rules::tax::{TaxLevel, TaxLine, tax};

pub(super) const FIELDS: [&str; 4] = ["currency", "lines", "level", "rounding"];

const LINE_FIELDS: [&str; 4] = ["currency", "amount", "rates", "inclusive"];

/// As many decimals as a rate may have.
const RATE_PLACES: u32 = 12;

#[derive(Serialize)]
pub(super) struct Printed {
    lines: Vec<PrintedLine>,
    by_rate: Vec<PrintedRate>,
    net: Amount,
    tax: Amount,
    total: Amount,
}

#[derive(Serialize)]
struct PrintedLine {
    net: Amount,
    tax: Amount,
    total: Amount,
}

#[derive(Serialize)]
struct PrintedRate {
    rate: String,
    base: Amount,
    tax: Amount,
}

pub(super) fn answer(case: &Fields) -> Result {
    let currency = case.required("currency")?.currency()?;
    let lines = case
        .required("lines")?
        .list()?
        .iter()
        .map(|item| line(item, currency))
        .collect::<std::result::Result<Vec<TaxLine>, CaseError>>()?;
    let level = case
        .required("level")?
        .one_of(&[("per_rate", TaxLevel::PerRate), ("per_line", TaxLevel::PerLine)])?;
    let rounding = case
        .read("rounding", |item| {
            item.one_of(&[("half_up", Rounding::HalfUp), ("half_even", Rounding::HalfEven)])
        })?
        .unwrap_or_default();
    let taxed = tax(currency, &lines, level, rounding)?;
    let lines = taxed.lines.iter().map(|line| PrintedLine {
        net: Amount(line.net),
        tax: Amount(line.tax),
        total: Amount(line.total),
    });
    let by_rate = taxed.by_rate.iter().map(|group| PrintedRate {
        rate: group.rate.to_short(RATE_PLACES),
        base: Amount(group.base),
        tax: Amount(group.tax),
    });
    Ok(Answer::Tax(Printed {
        lines: lines.collect(),
        by_rate: by_rate.collect(),
        net: Amount(taxed.net),
        tax: Amount(taxed.tax),
        total: Amount(taxed.total),
    }))
}

fn line(item: &Item, currency: Currency) -> std::result::Result<TaxLine, CaseError> {
    let fields = Fields::open(item, &LINE_FIELDS)?;
    fields.check_currency(currency)?;
    Ok(TaxLine {
        amount: fields.required("amount")?.signed_money(currency)?,
        rates: fields
            .required("rates")?
            .list()?
            .iter()
            .map(Item::percent)
            .collect::<std::result::Result<_, CaseError>>()?,
        inclusive: fields.read("inclusive", |item| item.bool())?.unwrap_or(false),
    })
}
