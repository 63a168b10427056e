//! Tables and laws of cycles, grids, day counts and zones.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::{
    CalendarError, Cycle, CycleUnit, DayCount, Grid, GridPeriod, Period, StartError, parse_date, parse_start,
    parse_zone,
};

fn day(text: &str) -> NaiveDate {
    parse_date(text).unwrap()
}

fn cycle(text: &str) -> Cycle {
    text.parse().unwrap()
}

/// The first boundaries that billing from `start` meets, the start itself included.
fn boundaries(start: &str, every: &str, anchor_day: Option<u32>, count: usize) -> Vec<String> {
    let grid = Grid::new(day(start), cycle(every), anchor_day).unwrap();
    let periods: Vec<GridPeriod> = grid.periods().take(count).collect::<Result<_, _>>().unwrap();
    let ends = periods.iter().map(|found| found.period.to.to_string());
    std::iter::once(start.to_owned()).chain(ends).collect()
}

fn check_boundaries(start: &str, every: &str, anchor: Option<u32>, expected: &[&str]) {
    let found = boundaries(start, every, anchor, expected.len() - 1);
    assert_eq!(found, expected, "{start} {every} {anchor:?}");
}

#[test]
fn anchors_never_drift() {
    check_boundaries(
        "2026-01-31",
        "1 month",
        None,
        &["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
    );
    check_boundaries(
        "2024-01-31",
        "1 month",
        None,
        &["2024-01-31", "2024-02-29", "2024-03-31"],
    );
    check_boundaries(
        "2026-02-28",
        "1 month",
        Some(31),
        &["2026-02-28", "2026-03-31", "2026-04-30"],
    );
    check_boundaries(
        "2026-11-30",
        "3 months",
        None,
        &["2026-11-30", "2027-02-28", "2027-05-30"],
    );
    check_boundaries(
        "2024-02-29",
        "1 year",
        None,
        &["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"],
    );
    check_boundaries(
        "2026-01-20",
        "1 month",
        Some(15),
        &["2026-01-20", "2026-02-15", "2026-03-15"],
    );
    check_boundaries(
        "2026-01-10",
        "3 months",
        Some(15),
        &["2026-01-10", "2026-01-15", "2026-04-15"],
    );
    check_boundaries(
        "2026-01-20",
        "3 months",
        Some(15),
        &["2026-01-20", "2026-04-15", "2026-07-15"],
    );
    check_boundaries(
        "2026-01-20",
        "1 year",
        Some(1),
        &["2026-01-20", "2027-01-01", "2028-01-01"],
    );
}

#[test]
fn weeks_and_days_step_evenly() {
    check_boundaries("2026-07-29", "1 week", None, &["2026-07-29", "2026-08-05"]);
    check_boundaries(
        "2026-07-29",
        "2 weeks",
        Some(1),
        &["2026-07-29", "2026-08-03", "2026-08-17"],
    );
    check_boundaries(
        "2026-07-29",
        "2 weeks",
        Some(3),
        &["2026-07-29", "2026-08-12", "2026-08-26"],
    );
    check_boundaries(
        "2024-02-27",
        "2 days",
        None,
        &["2024-02-27", "2024-02-29", "2024-03-02"],
    );
}

#[test]
fn a_stub_lies_in_the_grid_period_around_it() {
    let check = |start: &str, every: &str, anchor: u32, whole: (&str, &str)| {
        let grid = Grid::new(day(start), cycle(every), Some(anchor)).unwrap();
        let first = grid.period_at(day(start)).unwrap();
        assert!(first.is_stub());
        assert_eq!(first.whole, Period::new(day(whole.0), day(whole.1)).unwrap());
    };
    check("2026-01-20", "1 month", 15, ("2026-01-15", "2026-02-15"));
    check("2026-01-10", "1 month", 15, ("2025-12-15", "2026-01-15"));
    check("2026-01-10", "3 months", 15, ("2025-10-15", "2026-01-15"));
    check("2026-03-15", "1 month", 31, ("2026-02-28", "2026-03-31"));
    check("2026-07-29", "2 weeks", 1, ("2026-07-20", "2026-08-03"));
}

#[test]
fn anchors_must_suit_their_cycle() {
    let check = |every: &str, anchor: u32| Grid::new(day("2026-01-01"), cycle(every), Some(anchor)).map(|_| ());
    assert_eq!(check("1 day", 1), Err(CalendarError::NoAnchor));
    assert_eq!(check("1 week", 7), Ok(()));
    assert_eq!(check("1 week", 8), Err(CalendarError::OutOfRange("anchor_day")));
    assert_eq!(check("1 month", 0), Err(CalendarError::OutOfRange("anchor_day")));
    assert_eq!(check("1 year", 31), Ok(()));
    assert_eq!(check("1 year", 32), Err(CalendarError::OutOfRange("anchor_day")));
}

#[test]
fn a_grid_ends_where_dates_end() {
    let grid = Grid::new(day("2026-01-31"), cycle("1000 years"), None).unwrap();
    assert_eq!(grid.boundary(1).unwrap(), NaiveDate::from_ymd_opt(3026, 1, 31).unwrap());
    for index in [300, i64::MAX, i64::MIN] {
        assert_eq!(grid.boundary(index), Err(CalendarError::OutOfRange("date")));
    }
}

#[test]
fn days_are_counted_as_the_policy_says() {
    let check = |every: &str, from: &str, to: &str, actual: i64, fixed: i64| {
        let days = |count: DayCount| count.days(cycle(every), day(from), day(to));
        assert_eq!(
            (days(DayCount::Actual), days(DayCount::Fixed30)),
            (actual, fixed),
            "{from} to {to}"
        );
    };
    check("1 month", "2026-01-01", "2026-02-01", 31, 30);
    check("1 month", "2026-01-30", "2026-01-31", 1, 0);
    check("1 month", "2026-01-31", "2026-02-28", 28, 28);
    check("1 month", "2026-02-28", "2026-03-31", 31, 32);
    check("1 year", "2024-01-01", "2025-01-01", 366, 360);
    check("1 week", "2026-01-30", "2026-02-06", 7, 7);
    check("30 days", "2026-01-01", "2026-01-31", 30, 30);
}

#[test]
fn a_start_is_the_date_of_its_zone() {
    let check = |text: &str, zone: &str, expected: &str| {
        assert_eq!(parse_start(text, parse_zone(zone)), Ok(day(expected)), "{text} {zone}");
    };
    check("2026-01-31", "none", "2026-01-31");
    check("2026-01-31T23:30:00", "America/New_York", "2026-01-31");
    check("2026-01-31T23:30:00Z", "Europe/Berlin", "2026-02-01");
    check("2026-02-01T03:00:00Z", "America/New_York", "2026-01-31");
    check("2026-01-31T23:30:00+02:00", "UTC", "2026-01-31");
    check("2026-01-31T23:30:00-02:00", "UTC", "2026-02-01");
    // Summer time begins at midnight: 2018-11-04 00:00 does not exist in Brazil, 01:00 does.
    check("2018-11-04T02:59:59Z", "America/Sao_Paulo", "2018-11-03");
    check("2018-11-04T03:00:00Z", "America/Sao_Paulo", "2018-11-04");
    check("2018-11-04T00:30:00", "America/Sao_Paulo", "2018-11-04");
    // Samoa crossed the date line and had no 30 December.
    check("2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29");
    check("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31");
}

#[test]
fn starts_are_read_strictly() {
    let utc = parse_zone("UTC");
    for text in [
        "2026-1-31",
        "2026-02-30",
        "2026-01-31T23:30",
        "2026-01-31 23:30:00",
        "2026-01-31T23:30:00z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T23:59:60Z",
        "2026-01-31T23:30:00.5Z",
        "2026-01-31T23:30:00+0200",
        "2026-01-31T23:30:00+24:00",
        "+2026-01-31",
        "20260131",
        "",
        "T",
    ] {
        assert_eq!(parse_start(text, utc), Err(StartError::Format), "{text:?}");
    }
    assert_eq!(parse_start("2026-01-31T23:30:00", None), Err(StartError::NoZone));
    assert_eq!(parse_start("2026-01-31T23:30:00Z", None), Err(StartError::NoZone));
    assert_eq!(parse_zone("Mars/Base"), None);
}

#[test]
fn cycles_have_one_text_and_one_json() {
    for (text, unit, count) in [
        ("1 month", CycleUnit::Month, 1),
        ("3 months", CycleUnit::Month, 3),
        ("10 days", CycleUnit::Day, 10),
    ] {
        let cycle = Cycle::new(unit, count).unwrap();
        assert_eq!(cycle.to_string(), text);
        assert_eq!(text.parse::<Cycle>(), Ok(cycle));
    }
    let json = r#"{"unit":"month","count":3}"#;
    assert_eq!(serde_json::to_string(&cycle("3 months")).unwrap(), json);
    assert_eq!(serde_json::from_str::<Cycle>(json).unwrap(), cycle("3 months"));
    for wrong in ["month", "0 months", "1001 days", "1 fortnight", "-1 day"] {
        assert!(wrong.parse::<Cycle>().is_err(), "{wrong}");
    }
    assert!(serde_json::from_str::<Cycle>(r#"{"unit":"month","count":0}"#).is_err());
    assert!(cycle("12 months").same_length(cycle("1 year")));
    assert!(cycle("14 days").same_length(cycle("2 weeks")));
    assert!(!cycle("1 month").same_length(cycle("30 days")));
}

#[test]
fn periods_are_half_open() {
    let period = Period::new(day("2026-01-01"), day("2026-02-01")).unwrap();
    assert!(period.contains(period.from) && !period.contains(period.to));
    assert_eq!(Period::new(period.to, period.to), Err(CalendarError::EmptyPeriod));
    assert_eq!(period.starting_at(period.to), None);
    assert_eq!(period.ending_at(period.from), None);
    assert!(serde_json::from_str::<Period>(r#"{"from":"2026-02-01","to":"2026-01-01"}"#).is_err());
}

prop_compose! {
    fn layouts()(
        offset in 0_u64..40_000,
        unit in prop::sample::select(vec![CycleUnit::Day, CycleUnit::Week, CycleUnit::Month, CycleUnit::Year]),
        count in 1_u16..40,
        anchor in prop::option::of(1_u32..=31),
    ) -> (NaiveDate, Cycle, Option<u32>) {
        let start = day("1950-01-01").checked_add_days(chrono::Days::new(offset)).unwrap();
        let anchor = match unit {
            CycleUnit::Day => None,
            CycleUnit::Week => anchor.map(|day| (day - 1) % 7 + 1),
            CycleUnit::Month | CycleUnit::Year => anchor,
        };
        (start, Cycle::new(unit, count).unwrap(), anchor)
    }
}

proptest! {
    #[test]
    fn periods_tile((start, cycle, anchor) in layouts()) {
        let grid = Grid::new(start, cycle, anchor).unwrap();
        let mut expected = start;
        for (index, found) in grid.periods().take(50).enumerate() {
            let GridPeriod { period, whole } = found.unwrap();
            prop_assert_eq!(period.from, expected);
            prop_assert_eq!(period.to, whole.to);
            prop_assert!(whole.encloses(period));
            prop_assert!(index == 0 || period == whole);
            expected = period.to;
        }
    }

    #[test]
    fn every_day_finds_its_period((start, cycle, anchor) in layouts(), ahead in -3000_i64..3000) {
        let grid = Grid::new(start, cycle, anchor).unwrap();
        let someday = start.checked_add_signed(chrono::Duration::days(ahead)).unwrap();
        let index = grid.index_at(someday).unwrap();
        prop_assert!(grid.whole_period(index).unwrap().contains(someday));
    }

    #[test]
    fn days_add_up((start, cycle, _) in layouts(), first in 0_u64..400, second in 0_u64..400) {
        let middle = start.checked_add_days(chrono::Days::new(first)).unwrap();
        let end = middle.checked_add_days(chrono::Days::new(second)).unwrap();
        for count in [DayCount::Actual, DayCount::Fixed30] {
            let parts = count.days(cycle, start, middle) + count.days(cycle, middle, end);
            prop_assert_eq!(parts, count.days(cycle, start, end));
        }
    }
}
