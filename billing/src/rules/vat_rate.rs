//! Standard rates of value added tax, each with the day it came into force. Rates change by law, so
//! a change is a new row here and old documents keep what they say.

use chrono::NaiveDate;
use platform::money::Exact;

use super::country::Country;

/// The table answers for this day and later.
pub const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2024, 1, 1);

/// Country, rate in tenths of a percent at the beginning of 2024.
const AT_START_OF_2024: [(&str, i64); 28] = [
    ("AT", 200),
    ("BE", 210),
    ("BG", 200),
    ("CY", 190),
    ("CZ", 210),
    ("DE", 190),
    ("DK", 250),
    ("EE", 220),
    ("ES", 210),
    ("FI", 240),
    ("FR", 200),
    ("GB", 200),
    ("GR", 240),
    ("HR", 250),
    ("HU", 270),
    ("IE", 230),
    ("IT", 220),
    ("LT", 210),
    ("LU", 170),
    ("LV", 210),
    ("MT", 180),
    ("NL", 210),
    ("PL", 230),
    ("PT", 230),
    ("RO", 190),
    ("SE", 250),
    ("SI", 220),
    ("SK", 200),
];

/// Country, first day, rate in tenths of a percent. In the order of the days.
const CHANGES: [(&str, (i32, u32, u32), i64); 4] = [
    ("FI", (2024, 9, 1), 255),
    ("SK", (2025, 1, 1), 230),
    ("EE", (2025, 7, 1), 240),
    ("RO", (2025, 8, 1), 210),
];

/// The standard rate in percent, for members of the European Union and the United Kingdom.
#[must_use]
pub fn standard_rate(country: Country, date: NaiveDate) -> Option<Exact> {
    let (_, first) = AT_START_OF_2024.iter().find(|(code, _)| *code == country.code())?;
    let changed = CHANGES.iter().rev().find(|(code, (year, month, day), _)| {
        *code == country.code() && NaiveDate::from_ymd_opt(*year, *month, *day).is_some_and(|from| from <= date)
    });
    Exact::ratio(changed.map_or(*first, |(_, _, tenths)| *tenths), 10)
}

/// Whether value added tax of the European Union applies there. Northern Ireland belongs to it for
/// goods only, and what we sell are services.
#[must_use]
pub fn in_eu(country: Country) -> bool {
    country.code() != "GB" && AT_START_OF_2024.iter().any(|(code, _)| *code == country.code())
}
