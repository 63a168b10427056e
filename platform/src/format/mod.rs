//! How numbers, money, dates and times are written in a locale. Pure: text in, text out, no markup.
//!
//! Amounts come as exact decimal text and stay exact: no float touches them.

mod calendar_words;
mod money;
mod number;
#[cfg(test)]
mod tests;
mod time;

pub use money::{MoneyStyle, money, money_compact};
pub use number::{bytes, compact, number, percent};
pub use time::{DateStyle, ago, date, datetime};

/// The typographic minus; the hyphen is too short beside digits.
pub const MINUS: char = '\u{2212}';

/// What cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Not a plain decimal such as `-12.34`.
    #[error("{0:?} is not a decimal number")]
    Number(String),
}
