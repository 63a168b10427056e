//! Tables of written amounts and dates.

use chrono::{NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::{DateStyle, MoneyStyle, ago, bytes, compact, date, datetime, money, money_compact, number, percent};
use crate::texts::Locale;

fn locale(tag: &str) -> Locale {
    Locale::parse(tag).unwrap()
}

#[test]
fn money_is_written_as_its_readers_write_it() {
    let check = |tag: &str, amount: &str, currency: &str, style: MoneyStyle, expected: &str| {
        assert_eq!(
            money(&locale(tag), amount, currency, style).unwrap(),
            expected,
            "{tag} {amount} {currency}"
        );
    };
    let plain = MoneyStyle::default();
    check("en", "48.00", "USD", plain, "$48.00");
    check("en", "-6.36", "USD", plain, "−$6.36");
    check("en", "-0.00", "USD", plain, "$0.00");
    check("en", "1234567.5", "EUR", plain, "€1,234,567.5");
    check("de", "1234.50", "EUR", plain, "1.234,50\u{a0}€");
    check("de", "-6.36", "EUR", plain, "−6,36\u{a0}€");
    check("de-AT", "48.00", "EUR", plain, "€\u{a0}48,00");
    check("en", "5000", "JPY", plain, "¥5,000");
    check("en", "12.500", "KWD", plain, "KWD\u{a0}12.500");
    check(
        "en",
        "48.00",
        "USD",
        MoneyStyle { code: true, ..plain },
        "USD\u{a0}48.00",
    );
    check(
        "en",
        "1402.00",
        "USD",
        MoneyStyle {
            sign: true,
            whole: true,
            ..plain
        },
        "+$1,402",
    );
    check("en", "0.00", "USD", MoneyStyle { sign: true, ..plain }, "$0.00");
    assert!(money(&locale("en"), "12,5", "USD", plain).is_err());
    assert!(money(&locale("en"), "1e5", "USD", plain).is_err());
}

#[test]
fn numbers_percents_and_sizes() {
    assert_eq!(number(&locale("de"), "-1234.5", None).unwrap(), "−1.234,5");
    assert_eq!(number(&locale("en"), "1234.567", Some(1)).unwrap(), "1,234.6");
    assert_eq!(percent(&locale("en"), "1.84", None).unwrap(), "1.84%");
    assert_eq!(percent(&locale("de"), "19", None).unwrap(), "19\u{a0}%");
    assert_eq!(compact(&locale("en"), "50000").unwrap(), "50k");
    assert_eq!(compact(&locale("en"), "1250000").unwrap(), "1.25M");
    assert_eq!(compact(&locale("en"), "0").unwrap(), "0");
    assert_eq!(money_compact(&locale("en"), "-2000", "USD").unwrap(), "−$2k");
    assert_eq!(bytes(&locale("en"), 1_840_000_000_000), "1.84\u{a0}TB");
    assert_eq!(bytes(&locale("de"), 999), "999\u{a0}B");
    assert_eq!(bytes(&locale("en"), u64::MAX), "18.45\u{a0}EB");
}

#[test]
fn dates_name_their_month() {
    let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    let check = |tag: &str, style, expected: &str| assert_eq!(date(&locale(tag), day, style), expected);
    check("en", DateStyle::Medium, "22 Nov 2026");
    check("de", DateStyle::Medium, "22. Nov. 2026");
    check("en", DateStyle::Full, "Sunday 22 November 2026");
    check("de", DateStyle::Full, "Sonntag, 22. November 2026");
    check("en", DateStyle::Short, "22 Nov");
    check("fr", DateStyle::Month, "Nov 2026");
}

#[test]
fn times_near_now_are_words_and_others_dates() {
    let now = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
    let zone = Tz::Europe__Berlin;
    let check =
        |tag: &str, delta: TimeDelta, expected: &str| assert_eq!(ago(&locale(tag), now - delta, now, zone), expected);
    check("en", TimeDelta::seconds(30), "just now");
    check("en", TimeDelta::minutes(2), "2 min ago");
    check("de", TimeDelta::hours(3), "vor 3 Std.");
    check("en", TimeDelta::hours(-30), "tomorrow");
    check("de", TimeDelta::days(3), "vor 3 Tagen");
    check("en", TimeDelta::days(9), "13 Nov 2026");
    assert_eq!(datetime(&locale("en"), now, zone, false), "22 Nov 2026, 13:00 CET");
    assert_eq!(datetime(&locale("de"), now, zone, true), "22. Nov. 2026, 13:00:00 CET");
}
