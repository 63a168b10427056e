//! One value of a case, with the path that says where it stands, read as what it should be.

use chrono::{Datelike, NaiveDate};
use platform::calendar::{Cycle, CycleUnit, DayCount, Period, StartError, parse_date, parse_start, parse_zone};
use platform::money::{Currency, Decimal, DecimalError, Exact, MAX_MINOR, Money};

use super::error::{CaseError, Code};
use super::fields::Fields;
use super::node::Node;

const FIRST_YEAR: i32 = 1900;
const LAST_YEAR: i32 = 2999;

pub(super) struct Item<'a> {
    node: &'a Node,
    path: String,
}

impl<'a> Item<'a> {
    pub fn root(node: &'a Node) -> Item<'a> {
        Item {
            node,
            path: "case".to_owned(),
        }
    }

    pub fn at(node: &'a Node, parent: &str, name: &str) -> Item<'a> {
        Item {
            node,
            path: format!("{parent}.{name}"),
        }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn malformed(&self, what: &str) -> CaseError {
        self.wrong(Code::Malformed, what)
    }

    pub fn wrong(&self, code: Code, what: &str) -> CaseError {
        CaseError::new(code, format!("{} {what}", self.path))
    }

    pub fn object(&self) -> Result<&'a [(String, Node)], CaseError> {
        match self.node {
            Node::Object(fields) => Ok(fields),
            _ => Err(self.malformed("is not an object")),
        }
    }

    /// A text field of an object, whatever else that has.
    pub fn word_in(&self, name: &str) -> Result<&'a str, CaseError> {
        self.object()?;
        match self.node.field(name) {
            Some(node) => Item::at(node, &self.path, name).text(),
            None => Err(self.malformed(&format!("has no {name:?}"))),
        }
    }

    pub fn list(&self) -> Result<Vec<Item<'a>>, CaseError> {
        match self.node {
            Node::List(items) => {
                let at = |(index, node)| Item {
                    node,
                    path: format!("{}[{index}]", self.path),
                };
                Ok(items.iter().enumerate().map(at).collect())
            }
            _ => Err(self.malformed("is not a list")),
        }
    }

    pub fn is_null(&self) -> bool {
        *self.node == Node::Null
    }

    pub fn text(&self) -> Result<&'a str, CaseError> {
        match self.node {
            Node::Text(text) => Ok(text),
            _ => Err(self.malformed("is not a text")),
        }
    }

    pub fn bool(&self) -> Result<bool, CaseError> {
        match self.node {
            Node::Bool(value) => Ok(*value),
            _ => Err(self.malformed("is neither true nor false")),
        }
    }

    /// A JSON integer between `least` and `most`.
    pub fn integer(&self, least: u32, most: u32) -> Result<u32, CaseError> {
        let out_of_range = || self.wrong(Code::OutOfRange, &format!("is not between {least} and {most}"));
        match self.node {
            Node::Integer(value) => u32::try_from(*value)
                .ok()
                .filter(|value| (least..=most).contains(value))
                .ok_or_else(out_of_range),
            // The JSON reader hands integers of more than 64 bits over as fractions.
            Node::Number(number) if number.as_f64().is_some_and(|value| value.abs() >= 1e18) => Err(out_of_range()),
            _ => Err(self.malformed("is not an integer")),
        }
    }

    /// One of some words.
    pub fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, CaseError> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text);
        found
            .map(|(_, value)| *value)
            .ok_or_else(|| self.malformed("is an unknown word"))
    }

    fn decimal(&self) -> Result<Decimal, CaseError> {
        Decimal::parse(self.text()?).map_err(|error| match error {
            DecimalError::Format => self.malformed(&format!("is {error}")),
            DecimalError::TooLong => self.wrong(Code::OutOfRange, &format!("has {error}")),
        })
    }

    /// A decimal that is not negative.
    pub fn quantity(&self) -> Result<Exact, CaseError> {
        let exact = self.decimal()?.exact();
        match exact.is_negative() {
            true => Err(self.wrong(Code::OutOfRange, "is negative")),
            false => Ok(exact),
        }
    }

    /// A decimal from 0 to 100.
    pub fn percent(&self) -> Result<Exact, CaseError> {
        let exact = self.quantity()?;
        match exact > Exact::from(100_u32) {
            true => Err(self.wrong(Code::OutOfRange, "is more than 100")),
            false => Ok(exact),
        }
    }

    /// A price that may be finer than the currency, in its major unit.
    pub fn fine_price(&self, currency: Currency) -> Result<Exact, CaseError> {
        let exact = self.quantity()?;
        match &exact * &Exact::from(currency.minor_per_major()) > Exact::from(MAX_MINOR) {
            true => Err(self.wrong(Code::OutOfRange, "is beyond 9*10^15 minor units")),
            false => Ok(exact),
        }
    }

    /// An amount that may be negative.
    pub fn signed_money(&self, currency: Currency) -> Result<Money, CaseError> {
        self.decimal()?
            .money(currency)
            .map_err(|error| CaseError::of_money(&self.path, &error))
    }

    pub fn money(&self, currency: Currency) -> Result<Money, CaseError> {
        let money = self.signed_money(currency)?;
        match money.is_negative() {
            true => Err(self.wrong(Code::OutOfRange, "is negative")),
            false => Ok(money),
        }
    }

    pub fn currency(&self) -> Result<Currency, CaseError> {
        Currency::parse(self.text()?).map_err(|error| CaseError::of_money(&self.path, &error))
    }

    pub fn date(&self) -> Result<NaiveDate, CaseError> {
        let date = parse_date(self.text()?).ok_or_else(|| self.malformed("is not a date such as 2026-01-31"))?;
        checked_day(date)
    }

    pub fn period(&self) -> Result<Period, CaseError> {
        let days = self.list()?;
        let [from, to] = days.as_slice() else {
            return Err(self.malformed("is not a pair of dates"));
        };
        Period::new(from.date()?, to.date()?)
            .map_err(|error| self.wrong(Code::BadRange, &format!("is no period: {error}")))
    }

    pub fn zone(&self) -> Result<chrono_tz::Tz, CaseError> {
        parse_zone(self.text()?).ok_or_else(|| self.wrong(Code::UnknownTimezone, "is not an IANA timezone"))
    }

    /// A date, or the date that a time falls on in the zone.
    pub fn start(&self, zone: Option<chrono_tz::Tz>) -> Result<NaiveDate, CaseError> {
        let date = parse_start(self.text()?, zone).map_err(|error| match error {
            StartError::Format => self.malformed("is not a date, local time or instant"),
            StartError::NoZone => self.malformed("is a time and there is no timezone"),
        })?;
        checked_day(date)
    }

    pub fn cycle(&self) -> Result<Cycle, CaseError> {
        let fields = Fields::open(self, &["unit", "count"])?;
        let unit = fields.required("unit")?.one_of(&[
            ("day", CycleUnit::Day),
            ("week", CycleUnit::Week),
            ("month", CycleUnit::Month),
            ("year", CycleUnit::Year),
        ])?;
        let count = fields.required("count")?;
        let out_of_range = |_| count.wrong(Code::OutOfRange, "is not between 1 and 1000");
        let number = u16::try_from(count.integer(1, 1000)?).map_err(|_| count.malformed("is not an integer"))?;
        Cycle::new(unit, number).map_err(out_of_range)
    }

    /// A day of the month, or an ISO weekday for weeks. Cycles in days have none.
    pub fn anchor_day(&self, unit: CycleUnit) -> Result<u32, CaseError> {
        match unit {
            CycleUnit::Day => Err(self.malformed("contradicts a cycle in days")),
            CycleUnit::Week => self.integer(1, 7),
            CycleUnit::Month | CycleUnit::Year => self.integer(1, 31),
        }
    }

    pub fn day_count(&self) -> Result<DayCount, CaseError> {
        self.one_of(&[("actual", DayCount::Actual), ("fixed_30", DayCount::Fixed30)])
    }
}

/// A date that may be read and printed: from 1900 to 2999.
pub(super) fn checked_day(date: NaiveDate) -> Result<NaiveDate, CaseError> {
    if (FIRST_YEAR..=LAST_YEAR).contains(&date.year()) {
        return Ok(date);
    }
    Err(CaseError::new(
        Code::OutOfRange,
        format!("{date} is not between {FIRST_YEAR} and {LAST_YEAR}"),
    ))
}
