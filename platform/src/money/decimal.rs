//! Decimal text, `-?[0-9]+(\.[0-9]+)?`: the only way in for amounts, rates and quantities.

use num_bigint::BigInt;

use super::{Currency, Exact, MAX_MINOR, Money, MoneyError};

const MAX_WHOLE_DIGITS: usize = 16;
const MAX_DECIMALS: usize = 12;

/// Why a text is no decimal that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    #[error("not a decimal such as 12.34")]
    Format,
    #[error("more than 16 digits before or 12 after the point")]
    TooLong,
}

/// A decimal as it was written: at most 16 digits before and 12 after the point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    /// All digits as one number, with the sign.
    digits: i128,
    /// How many of them stand after the point, closing zeros not counted.
    decimals: u32,
}

impl Decimal {
    pub fn parse(text: &str) -> Result<Decimal, DecimalError> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (unsigned, None),
        };
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !fraction.is_none_or(is_number) {
            return Err(DecimalError::Format);
        }
        let fraction = fraction.unwrap_or_default();
        if whole.len() > MAX_WHOLE_DIGITS || fraction.len() > MAX_DECIMALS {
            return Err(DecimalError::TooLong);
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{whole}{fraction}")
            .parse::<i128>()
            .map_err(|_| DecimalError::Format)?;
        Ok(Decimal {
            digits: if text.starts_with('-') { -digits } else { digits },
            decimals: u32::try_from(fraction.len()).map_err(|_| DecimalError::TooLong)?,
        })
    }

    #[must_use]
    pub fn exact(&self) -> Exact {
        Exact::from_parts(self.digits.into(), BigInt::from(10).pow(self.decimals))
    }

    /// As money: no decimals beyond the currency's, and within 9*10^15 minor units.
    pub fn money(&self, currency: Currency) -> Result<Money, MoneyError> {
        let exponent = u32::from(currency.exponent());
        let missing = exponent
            .checked_sub(self.decimals)
            .ok_or(MoneyError::TooPrecise(currency))?;
        let minor = self.digits * 10_i128.pow(missing);
        match i64::try_from(minor) {
            Ok(minor) if minor.abs() <= MAX_MINOR => Money::new(minor, currency),
            _ => Err(MoneyError::OutOfRange),
        }
    }
}
