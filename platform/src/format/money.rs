//! Amounts of money: `$48.00`, `48,00 €`, `−$6.36`; `USD 48.00` where several dollars may meet.

use super::number::{Parsed, digits, parse, rounded};
use super::{FormatError, MINUS};
use crate::texts::Locale;

/// How an amount is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MoneyStyle {
    /// Write a plus before a gain too (deltas).
    pub sign: bool,
    /// Write the currency's code in place of its symbol.
    pub code: bool,
    /// Leave out the minor units (large figures).
    pub whole: bool,
}

/// Where a locale puts the symbol.
enum Place {
    Before(&'static str),
    After(&'static str),
}

fn place(locale: &Locale) -> Place {
    match locale.language() {
        "de" if matches!(locale.tag(), "de-AT" | "de-CH" | "de-LI") => Place::Before("\u{a0}"),
        "en" | "ja" | "zh" | "ko" | "tr" | "th" => Place::Before(""),
        "nl" => Place::Before("\u{a0}"),
        "pt" if locale.tag() == "pt-BR" => Place::Before("\u{a0}"),
        _ => Place::After("\u{a0}"),
    }
}

fn symbol(currency: &str) -> &str {
    match currency {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        "INR" => "₹",
        "BRL" => "R$",
        "CAD" => "CA$",
        "AUD" => "A$",
        "NZD" => "NZ$",
        "PLN" => "zł",
        "CZK" => "Kč",
        "UAH" => "₴",
        "KRW" => "₩",
        "ILS" => "₪",
        "TRY" => "₺",
        "PHP" => "₱",
        "VND" => "₫",
        other => other,
    }
}

fn arranged(locale: &Locale, currency: &str, number: &str, sign: &str, code: bool) -> String {
    let mark = if code { currency } else { symbol(currency) };
    // A code, and a symbol made of letters only, is kept off the digits.
    let lettered = mark.chars().all(char::is_alphabetic);
    match place(locale) {
        Place::Before(_) if lettered => format!("{sign}{mark}\u{a0}{number}"),
        Place::Before(gap) => format!("{sign}{mark}{gap}{number}"),
        Place::After(gap) => format!("{sign}{number}{gap}{mark}"),
    }
}

fn sign_of(negative: bool, zero: bool, style: MoneyStyle) -> &'static str {
    match (negative, style.sign && !zero) {
        (true, _) => "\u{2212}",
        (false, true) => "+",
        (false, false) => "",
    }
}

/// An exact amount (decimal text, as many places as its currency has) with its currency.
///
/// # Errors
/// When `amount` is not a decimal.
pub fn money(locale: &Locale, amount: &str, currency: &str, style: MoneyStyle) -> Result<String, FormatError> {
    let Parsed { negative, magnitude } = parse(amount)?;
    let zero = magnitude.absolute.is_zero();
    let shown = if style.whole { rounded(magnitude, 0) } else { magnitude };
    Ok(arranged(
        locale,
        currency,
        &digits(locale, &shown),
        sign_of(negative, zero, style),
        style.code,
    ))
}

/// A short amount for a chart axis: `$50k`, `−$2k`.
///
/// # Errors
/// When `amount` is not a decimal.
pub fn money_compact(locale: &Locale, amount: &str, currency: &str) -> Result<String, FormatError> {
    let short = super::compact(locale, amount)?;
    let (sign, digits) = short
        .strip_prefix(MINUS)
        .map_or(("", short.as_str()), |rest| ("\u{2212}", rest));
    Ok(arranged(locale, currency, digits, sign, false))
}
