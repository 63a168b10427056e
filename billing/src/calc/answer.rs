//! What is printed: amounts as decimal texts, periods as pairs of dates.

use chrono::NaiveDate;
use platform::calendar::Period;
use platform::money::Money;
use serde::{Serialize, Serializer};

use super::error::CaseError;
use super::item::checked_day;
use super::{change, coupons, plan, prorate, schedule, tax, tax_treatment, tiers};

pub(super) type Result = std::result::Result<Answer, CaseError>;

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Prorate(prorate::Printed),
    Schedule(schedule::Printed),
    Plan(plan::Printed),
    Change(change::Printed),
    Cancel(change::PrintedCancel),
    Tax(tax::Printed),
    Coupons(coupons::Printed),
    Tiers(tiers::Printed),
    TaxTreatment(tax_treatment::Printed),
    Error { error: CaseError },
}

/// An amount in all decimals of its currency; the case says which that is.
pub(super) struct Amount(pub Money);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, out: S) -> std::result::Result<S::Ok, S::Error> {
        out.serialize_str(&self.0.to_decimal_string())
    }
}

/// [from, to]
#[derive(Serialize)]
pub(super) struct Span(NaiveDate, NaiveDate);

impl Span {
    pub fn new(period: Period) -> std::result::Result<Span, CaseError> {
        Ok(Span(checked_day(period.from)?, checked_day(period.to)?))
    }
}
