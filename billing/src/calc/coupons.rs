//! `coupons`: which discount each line gets.

use platform::money::{Currency, Money};
use serde::Serialize;

use super::answer::{Amount, Answer, Result};
use super::error::{CaseError, Code};
use super::fields::Fields;
use super::item::Item;
use crate::rules::coupons::{Coupon, CouponOrder, CouponValue, apply_coupons};

pub(super) const FIELDS: [&str; 4] = ["currency", "lines", "coupons", "order"];

const LINE_FIELDS: [&str; 3] = ["currency", "id", "amount"];
const COUPON_FIELDS: [&str; 7] = ["currency", "kind", "value", "applies_to", "stack", "max", "used"];

#[derive(Serialize)]
pub(super) struct Printed {
    discounts: Vec<PrintedDiscount>,
    lines: Vec<PrintedLine>,
    discount: Amount,
    net: Amount,
}

#[derive(Serialize)]
struct PrintedDiscount {
    line: String,
    coupon: usize,
    amount: Amount,
}

#[derive(Serialize)]
struct PrintedLine {
    id: String,
    discount: Amount,
    net: Amount,
}

#[derive(Clone, Copy)]
enum Kind {
    Percent,
    Fixed,
}

pub(super) fn answer(case: &Fields) -> Result {
    let currency = case.required("currency")?.currency()?;
    let (ids, amounts) = lines(&case.required("lines")?, currency)?;
    let coupons = case
        .required("coupons")?
        .list()?
        .iter()
        .map(|item| coupon(item, currency, &ids))
        .collect::<std::result::Result<Vec<Coupon>, CaseError>>()?;
    let order = case
        .read("order", |item| {
            item.one_of(&[
                ("as_given", CouponOrder::AsGiven),
                ("percent_first", CouponOrder::PercentFirst),
                ("fixed_first", CouponOrder::FixedFirst),
            ])
        })?
        .unwrap_or_default();
    let applied = apply_coupons(currency, &amounts, &coupons, order)?;
    let id_of = |line: usize| ids.get(line).copied().unwrap_or_default().to_owned();
    let discounts = applied.discounts.iter().map(|given| PrintedDiscount {
        line: id_of(given.line),
        coupon: given.coupon,
        amount: Amount(given.amount),
    });
    let lines = applied.lines.iter().zip(&ids).map(|(line, id)| PrintedLine {
        id: (*id).to_owned(),
        discount: Amount(line.discount),
        net: Amount(line.net),
    });
    Ok(Answer::Coupons(Printed {
        discounts: discounts.collect(),
        lines: lines.collect(),
        discount: Amount(applied.discount),
        net: Amount(applied.net),
    }))
}

fn lines<'a>(item: &Item<'a>, currency: Currency) -> std::result::Result<(Vec<&'a str>, Vec<Money>), CaseError> {
    let mut ids = Vec::new();
    let mut amounts = Vec::new();
    for line in item.list()? {
        let fields = Fields::open(&line, &LINE_FIELDS)?;
        fields.check_currency(currency)?;
        let id = fields.required("id")?;
        if ids.contains(&id.text()?) {
            return Err(id.malformed("is the id of another line"));
        }
        ids.push(id.text()?);
        amounts.push(fields.required("amount")?.money(currency)?);
    }
    Ok((ids, amounts))
}

fn coupon(item: &Item, currency: Currency, ids: &[&str]) -> std::result::Result<Coupon, CaseError> {
    let fields = Fields::open(item, &COUPON_FIELDS)?;
    fields.check_currency(currency)?;
    let value = fields.required("value")?;
    Ok(Coupon {
        value: match fields
            .required("kind")?
            .one_of(&[("percent", Kind::Percent), ("fixed", Kind::Fixed)])?
        {
            Kind::Percent => CouponValue::Percent(value.percent()?),
            Kind::Fixed => CouponValue::Fixed(value.money(currency)?),
        },
        applies_to: fields.read("applies_to", |item| positions(&item, ids))?,
        stack: fields.read("stack", |item| item.bool())?.unwrap_or(true),
        max: fields.read("max", |item| item.money(currency))?,
        used: fields
            .read("used", |item| item.money(currency))?
            .unwrap_or(Money::zero(currency)),
    })
}

fn positions(item: &Item, ids: &[&str]) -> std::result::Result<Vec<usize>, CaseError> {
    let mut found = Vec::new();
    for wanted in item.list()? {
        let id = wanted.text()?;
        let position = ids
            .iter()
            .position(|known| *known == id)
            .ok_or_else(|| wanted.wrong(Code::UnknownLine, "is not the id of a line"))?;
        if found.contains(&position) {
            return Err(wanted.malformed("is named twice"));
        }
        found.push(position);
    }
    Ok(found)
}
