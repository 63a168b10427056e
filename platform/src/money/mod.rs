//! Money: integer minor units with a currency, exact fractions before the one rounding.
//!
//! | file | holds |
//! |---|---|
//! | `currency` | ISO 4217 codes and their exponents |
//! | `amount` | `Money` and its checked arithmetic |
//! | `exact` | `Exact`, a fraction without error, and `Rounding` |
//! | `decimal` | the one decimal text format that we read |
//! | `allocate` | splitting a rounded sum so that its parts add up to it |

mod allocate;
mod amount;
mod currency;
mod decimal;
mod exact;

#[cfg(test)]
mod tests;

pub use allocate::allocate;
pub use amount::{MAX_MINOR, Money};
pub use currency::Currency;
pub use decimal::{Decimal, DecimalError};
pub use exact::{Exact, Rounding};

/// Why an amount could not be read or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a three-letter code of ISO 4217 that has minor units.
    #[error("unknown currency {0:?}")]
    UnknownCurrency(String),
    /// Two currencies met in one sum.
    #[error("{left} and {right} cannot be added")]
    MixedCurrency { left: Currency, right: Currency },
    /// Not a decimal like `12.34`.
    #[error("not a decimal amount")]
    Format,
    /// More decimals than the currency has.
    #[error("more decimals than {0} has")]
    TooPrecise(Currency),
    /// Beyond 9*10^15 minor units.
    #[error("amount out of range")]
    OutOfRange,
    /// The whole is not the rounded sum of the shares, so no fair split exists.
    #[error("the shares do not add up to the whole")]
    NotAllocatable,
}
