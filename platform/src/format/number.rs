//! Plain numbers, percentages and sizes.

use fixed_decimal::{Decimal, SignedRoundingMode, UnsignedRoundingMode};
use icu_decimal::DecimalFormatter;
use icu_decimal::options::DecimalFormatterOptions;

use super::{FormatError, MINUS};
use crate::texts::Locale;

/// A decimal taken apart: its sign and its digits without one.
pub(super) struct Parsed {
    pub(super) negative: bool,
    pub(super) magnitude: Decimal,
}

pub(super) fn parse(value: &str) -> Result<Parsed, FormatError> {
    let wrong = || FormatError::Number(value.to_owned());
    let text = value.trim();
    let (negative, digits) = match text.strip_prefix(['-', MINUS]) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(wrong());
    }
    let magnitude: Decimal = digits.parse().map_err(|_| wrong())?;
    let zero = digits.bytes().all(|b| b == b'0' || b == b'.');
    Ok(Parsed {
        negative: negative && !zero,
        magnitude,
    })
}

/// Digits with the locale's grouping and decimal mark.
pub(super) fn digits(locale: &Locale, magnitude: &Decimal) -> String {
    let formatter = locale
        .tag()
        .parse::<icu_locale_core::Locale>()
        .ok()
        .and_then(|tag| DecimalFormatter::try_new((&tag).into(), DecimalFormatterOptions::default()).ok());
    // Data is compiled in for every locale, so plain digits are only reached by a tag nobody speaks.
    formatter.map_or_else(|| magnitude.to_string(), |f| f.format(magnitude).to_string())
}

pub(super) fn rounded(magnitude: Decimal, places: i16) -> Decimal {
    let mode = SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfExpand);
    let mut out = magnitude.rounded_with_mode(-places, mode);
    out.absolute.pad_end(-places);
    out
}

fn signed(negative: bool, text: &str) -> String {
    if negative {
        format!("{MINUS}{text}")
    } else {
        text.to_owned()
    }
}

/// A number such as `1,234.5` or `1.234,5`; `places` rounds for display, `None` keeps what is there.
///
/// # Errors
/// When `value` is not a decimal.
pub fn number(locale: &Locale, value: &str, places: Option<i16>) -> Result<String, FormatError> {
    let Parsed { negative, magnitude } = parse(value)?;
    let magnitude = places.map_or_else(|| magnitude.clone(), |places| rounded(magnitude.clone(), places));
    Ok(signed(negative, &digits(locale, &magnitude)))
}

/// A percentage from a percentage: `1.5` becomes `1.5%` or `1,5 %`.
///
/// # Errors
/// When `value` is not a decimal.
pub fn percent(locale: &Locale, value: &str, places: Option<i16>) -> Result<String, FormatError> {
    let gap = if matches!(locale.language(), "de" | "fr" | "es" | "sv" | "fi" | "nb" | "cs") {
        "\u{a0}"
    } else {
        ""
    };
    number(locale, value, places).map(|text| format!("{text}{gap}%"))
}

/// A short number for a chart axis: `50k`, `1.2M`.
///
/// # Errors
/// When `value` is not a decimal.
pub fn compact(locale: &Locale, value: &str) -> Result<String, FormatError> {
    let Parsed {
        negative,
        mut magnitude,
    } = parse(value)?;
    let highest = magnitude.absolute.nonzero_magnitude_start();
    let (power, unit) = match highest {
        i16::MIN..=2 => (0, ""),
        3..=5 => (3, "k"),
        6..=8 => (6, "M"),
        _ => (9, "B"),
    };
    magnitude.absolute.multiply_pow10(-power);
    let mut short = rounded(magnitude, 2);
    short.absolute.trim_end();
    Ok(signed(negative, &format!("{}{unit}", digits(locale, &short))))
}

/// A size in decimal units: `1.84 TB`.
#[must_use]
pub fn bytes(locale: &Locale, count: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let power = count.checked_ilog(1000).unwrap_or(0).min(6);
    let mut size = Decimal::from(count);
    size.absolute.multiply_pow10(-i16::try_from(power * 3).unwrap_or(0));
    let mut short = rounded(size, if power == 0 { 0 } else { 2 });
    short.absolute.trim_end();
    let unit = UNITS.get(usize::try_from(power).unwrap_or(0)).copied().unwrap_or("B");
    format!("{}\u{a0}{unit}", digits(locale, &short))
}
