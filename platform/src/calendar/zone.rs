//! Zones: which date it is somewhere, and the texts that say when something starts.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

/// Why a text does not say when something starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    #[error("not a date, local time or instant")]
    Format,
    #[error("a time needs a timezone")]
    NoZone,
}

/// The date that `instant` falls on in `zone`.
#[must_use]
pub fn date_in_zone(instant: DateTime<Utc>, zone: Tz) -> NaiveDate {
    instant.with_timezone(&zone).date_naive()
}

/// An IANA zone by its name.
#[must_use]
pub fn parse_zone(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// Reads `2026-01-31` and nothing else: four, two and two digits.
#[must_use]
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    if !has_shape(text, "dddd-dd-dd") {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Reads a date, a local time `2026-01-31T23:30:00`, or an instant `...Z` or `...+hh:mm`, and gives
/// the date it is in `zone`. Times need a zone; a date is that date everywhere.
pub fn parse_start(text: &str, zone: Option<Tz>) -> Result<NaiveDate, StartError> {
    if !text.contains('T') {
        return parse_date(text).ok_or(StartError::Format);
    }
    let local_shape = "dddd-dd-ddTdd:dd:dd";
    let (local, offset) = text.split_at_checked(local_shape.len()).ok_or(StartError::Format)?;
    if !has_shape(local, local_shape) || !is_offset(offset) {
        return Err(StartError::Format);
    }
    let time = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S").map_err(|_| StartError::Format)?;
    // chrono reads second 60 as a leap second; a clock on the wall does not show it.
    if local.ends_with("60") {
        return Err(StartError::Format);
    }
    let zone = zone.ok_or(StartError::NoZone)?;
    if offset.is_empty() {
        return Ok(time.date());
    }
    let instant = DateTime::parse_from_rfc3339(text).map_err(|_| StartError::Format)?;
    Ok(date_in_zone(instant.with_timezone(&Utc), zone))
}

fn is_offset(text: &str) -> bool {
    text.is_empty() || text == "Z" || has_shape(text, "+dd:dd") || has_shape(text, "-dd:dd")
}

/// Whether `text` has a digit wherever `shape` has a `d`, and the shape's own sign elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(found, wanted)| match wanted {
            b'd' => found.is_ascii_digit(),
            other => found == other,
        })
}
