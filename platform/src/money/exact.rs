//! Fractions without error. Everything between two roundings is one of these.

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};
use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use serde::{Deserialize, Serialize};

use super::{Decimal, DecimalError};

/// How a fraction becomes a whole number of minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// A half goes away from zero: 0.5 is 1, -0.5 is -1.
    #[default]
    HalfUp,
    /// A half goes to the even neighbour: 0.5 is 0, 1.5 is 2.
    HalfEven,
}

impl Rounding {
    /// The word used in settings and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Rounding::HalfUp => "half_up",
            Rounding::HalfEven => "half_even",
        }
    }
}

impl FromStr for Rounding {
    type Err = String;

    fn from_str(word: &str) -> Result<Rounding, String> {
        match word {
            "half_up" => Ok(Rounding::HalfUp),
            "half_even" => Ok(Rounding::HalfEven),
            other => Err(format!("unknown rounding {other:?}")),
        }
    }
}

/// An exact fraction of any size.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Exact(BigRational);

impl Exact {
    #[must_use]
    pub fn zero() -> Exact {
        Exact(BigRational::zero())
    }

    #[must_use]
    pub fn one() -> Exact {
        Exact(BigRational::one())
    }

    /// `numerator / denominator`, or nothing when that has no meaning.
    #[must_use]
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Exact> {
        (denominator != 0).then(|| Exact(BigRational::new(numerator.into(), denominator.into())))
    }

    /// Reads a decimal such as `-12.5`, exactly.
    pub fn parse(text: &str) -> Result<Exact, DecimalError> {
        Ok(Decimal::parse(text)?.exact())
    }

    pub(super) fn from_parts(numerator: BigInt, denominator: BigInt) -> Exact {
        Exact(BigRational::new(numerator, denominator))
    }

    /// The quotient, or nothing when dividing by zero.
    #[must_use]
    pub fn divide(&self, by: &Exact) -> Option<Exact> {
        (!by.0.is_zero()).then(|| Exact(&self.0 / &by.0))
    }

    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.0.is_positive()
    }

    /// The next whole number at or above this.
    #[must_use]
    pub fn ceil(&self) -> Exact {
        Exact(self.0.ceil())
    }

    /// Cut toward zero; nothing when the result does not fit.
    #[must_use]
    pub fn truncate(&self) -> Option<i64> {
        self.0.trunc().to_integer().to_i64()
    }

    /// What `truncate` cuts off, with the sign of the whole.
    #[must_use]
    pub fn fraction(&self) -> Exact {
        Exact(self.0.fract())
    }

    /// Rounded once; nothing when the result does not fit.
    #[must_use]
    pub fn round(&self, rounding: Rounding) -> Option<i64> {
        self.round_big(rounding).to_i64()
    }

    fn round_big(&self, rounding: Rounding) -> BigInt {
        let whole = self.0.trunc().to_integer();
        let doubled = self.0.fract().abs() * BigInt::from(2);
        let up = match doubled.cmp(&BigRational::one()) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => rounding == Rounding::HalfUp || whole.bit(0),
        };
        if up { whole + self.0.numer().signum() } else { whole }
    }

    /// For display only: rounded half-up to `places` decimals, all of them written.
    #[must_use]
    pub fn to_fixed(&self, places: u32) -> String {
        let scale = Exact(BigRational::from_integer(BigInt::from(10).pow(places)));
        let scaled = (self * &scale).round_big(Rounding::HalfUp);
        let sign = if scaled.is_negative() { "-" } else { "" };
        let width = places as usize + 1;
        let digits = format!("{:0>width$}", scaled.abs().to_string());
        let (whole, fraction) = digits.split_at(digits.len() - places as usize);
        let point = if places == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }

    /// The shortest decimal text with at most `places` decimals: `20`, `25.5`.
    #[must_use]
    pub fn to_short(&self, places: u32) -> String {
        let text = self.to_fixed(places);
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        }
    }
}

impl From<i64> for Exact {
    fn from(number: i64) -> Exact {
        Exact(BigRational::from_integer(number.into()))
    }
}

impl From<u32> for Exact {
    fn from(number: u32) -> Exact {
        Exact(BigRational::from_integer(number.into()))
    }
}

impl Add for &Exact {
    type Output = Exact;

    fn add(self, other: &Exact) -> Exact {
        Exact(&self.0 + &other.0)
    }
}

impl Sub for &Exact {
    type Output = Exact;

    fn sub(self, other: &Exact) -> Exact {
        Exact(&self.0 - &other.0)
    }
}

impl Mul for &Exact {
    type Output = Exact;

    fn mul(self, other: &Exact) -> Exact {
        Exact(&self.0 * &other.0)
    }
}

impl Neg for &Exact {
    type Output = Exact;

    fn neg(self) -> Exact {
        Exact(-&self.0)
    }
}

impl<'a> std::iter::Sum<&'a Exact> for Exact {
    fn sum<I: Iterator<Item = &'a Exact>>(parts: I) -> Exact {
        parts.fold(Exact::zero(), |sum, part| &sum + part)
    }
}

impl std::iter::Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(parts: I) -> Exact {
        parts.fold(Exact::zero(), |sum, part| &sum + &part)
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
