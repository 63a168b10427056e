//! Dates and instants in words: the month is always a name, so that nobody has to guess which number it is.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;

use super::calendar_words::{CalendarWords, words};
use crate::texts::Locale;

/// How much of a date is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateStyle {
    /// `22 Nov 2026`
    #[default]
    Medium,
    /// `22 Nov`
    Short,
    /// `22 November 2026`
    Long,
    /// `Sunday 22 November 2026`
    Full,
    /// `Nov 2026`
    Month,
}

impl DateStyle {
    /// Reads a style's name as templates write it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "medium" => Self::Medium,
            "short" => Self::Short,
            "long" => Self::Long,
            "full" => Self::Full,
            "month" => Self::Month,
            _ => return None,
        })
    }
}

/// A date such as `22 Nov 2026`.
#[must_use]
pub fn date(locale: &Locale, day: NaiveDate, style: DateStyle) -> String {
    let words = words(locale.language());
    let CalendarWords {
        after_day,
        after_weekday,
        ..
    } = words;
    let (number, year) = (day.day(), day.year());
    let short = name(&words.months_short, day.month0());
    let long = name(&words.months_long, day.month0());
    match style {
        DateStyle::Medium => format!("{number}{after_day} {short} {year}"),
        DateStyle::Short => format!("{number}{after_day} {short}"),
        DateStyle::Long => format!("{number}{after_day} {long} {year}"),
        DateStyle::Month => format!("{short} {year}"),
        DateStyle::Full => {
            let weekday = name(&words.days, day.weekday().num_days_from_monday());
            format!("{weekday}{after_weekday} {number}{after_day} {long} {year}")
        }
    }
}

fn name(names: &'static [&'static str], index: u32) -> &'static str {
    usize::try_from(index)
        .ok()
        .and_then(|i| names.get(i))
        .copied()
        .unwrap_or("")
}

/// An instant with its zone: `22 Nov 2026, 14:03 CET`; logs ask for seconds.
#[must_use]
pub fn datetime(locale: &Locale, at: DateTime<Utc>, zone: Tz, seconds: bool) -> String {
    let local = at.with_timezone(&zone);
    let clock = local.format(if seconds { "%H:%M:%S %Z" } else { "%H:%M %Z" });
    format!("{}, {clock}", date(locale, local.date_naive(), DateStyle::Medium))
}

/// A time near now in words, up to seven days away; beyond that the date.
#[must_use]
pub fn ago(locale: &Locale, at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let words = words(locale.language());
    let seconds = now.signed_duration_since(at).num_seconds();
    let span = match seconds.unsigned_abs() {
        0..60 => return words.just_now.to_owned(),
        s @ 60..3600 => format!("{} {}", s / 60, words.minutes),
        s @ 3600..86_400 => format!("{} {}", s / 3600, words.hours),
        86_400..172_800 => return if seconds > 0 { words.yesterday } else { words.tomorrow }.to_owned(),
        s @ 172_800..604_800 => format!("{} {}", s / 86_400, words.days_span),
        _ => return date(locale, at.with_timezone(&zone).date_naive(), DateStyle::Medium),
    };
    let pattern = if seconds > 0 { words.past } else { words.future };
    pattern.replace("{}", &span)
}
