//! `Money`: what is owed, paid, taxed and printed.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Currency, Decimal, Exact, MoneyError, Rounding};

/// No amount is further from zero than this, in minor units; it also is exact in a JSON number.
pub const MAX_MINOR: i64 = 9_000_000_000_000_000;

/// An amount in minor units of one currency. Adding two currencies is an error, not a panic.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Cents, yen, fils: what the currency counts in.
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    /// An amount within 9*10^15 minor units.
    pub fn new(minor: i64, currency: Currency) -> Result<Money, MoneyError> {
        if minor.unsigned_abs() > MAX_MINOR.unsigned_abs() {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Money { minor, currency })
    }

    #[must_use]
    pub fn zero(currency: Currency) -> Money {
        Money { minor: 0, currency }
    }

    /// Reads `12.34`; closing zeros beyond the currency's decimals are harmless, other digits are not.
    pub fn parse(text: &str, currency: Currency) -> Result<Money, MoneyError> {
        Decimal::parse(text).map_err(|_| MoneyError::Format)?.money(currency)
    }

    /// Rounds an exact number of minor units, once.
    pub fn from_exact_minor(minor: &Exact, currency: Currency, rounding: Rounding) -> Result<Money, MoneyError> {
        Money::new(minor.round(rounding).ok_or(MoneyError::OutOfRange)?, currency)
    }

    /// The minor units as an exact number, to calculate with.
    #[must_use]
    pub fn exact_minor(self) -> Exact {
        Exact::from(self.minor)
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    #[must_use]
    pub fn is_negative(self) -> bool {
        self.minor < 0
    }

    #[must_use]
    pub fn is_positive(self) -> bool {
        self.minor > 0
    }

    #[expect(
        clippy::should_implement_trait,
        reason = "adding two currencies must be able to fail"
    )]
    pub fn add(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        Money::new(
            self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?,
            self.currency,
        )
    }

    #[expect(
        clippy::should_implement_trait,
        reason = "subtracting two currencies must be able to fail"
    )]
    pub fn sub(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        Money::new(
            self.minor.checked_sub(other.minor).ok_or(MoneyError::OutOfRange)?,
            self.currency,
        )
    }

    /// `quantity` times the amount.
    pub fn times(self, quantity: u32) -> Result<Money, MoneyError> {
        let minor = self
            .minor
            .checked_mul(i64::from(quantity))
            .ok_or(MoneyError::OutOfRange)?;
        Money::new(minor, self.currency)
    }

    /// The same amount the other way.
    #[must_use]
    pub fn negated(self) -> Money {
        Money {
            minor: self.minor.saturating_neg(),
            currency: self.currency,
        }
    }

    /// The smaller of two amounts.
    pub fn at_most(self, limit: Money) -> Result<Money, MoneyError> {
        self.same_currency(limit)?;
        Ok(Money {
            minor: self.minor.min(limit.minor),
            currency: self.currency,
        })
    }

    /// The sum of amounts in `currency`; zero when there are none.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Money>) -> Result<Money, MoneyError> {
        // Wide, so that only the sum itself has to fit and not each step on the way to it.
        let mut minor = 0_i128;
        for amount in amounts {
            Money::zero(currency).same_currency(amount)?;
            minor += i128::from(amount.minor);
        }
        Money::new(i64::try_from(minor).map_err(|_| MoneyError::OutOfRange)?, currency)
    }

    /// Fails unless both are in one currency.
    pub fn same_currency(self, other: Money) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::MixedCurrency {
            left: self.currency,
            right: other.currency,
        })
    }

    /// `12.34`, `-0.05`, `500` (JPY): always all decimals of the currency.
    #[must_use]
    pub fn to_decimal_string(self) -> String {
        let places = usize::from(self.currency.exponent());
        let sign = if self.minor < 0 { "-" } else { "" };
        let width = places + 1;
        let digits = format!("{:0>width$}", self.minor.unsigned_abs().to_string());
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let point = if places == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.to_decimal_string(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyFields {
    amount: String,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        MoneyFields {
            amount: self.to_decimal_string(),
            currency: self.currency,
        }
        .serialize(out)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Money, D::Error> {
        let fields = MoneyFields::deserialize(input)?;
        Money::parse(&fields.amount, fields.currency).map_err(D::Error::custom)
    }
}
