//! `schedule`.

use super::{answer, check, fails};

fn case(start: &str, unit: &str, count: u32, rest: &str) -> String {
    format!(r#"{{"op":"schedule","start":"{start}","cycle":{{"unit":"{unit}","count":{count}}},{rest}}}"#)
}

#[test]
fn periods_and_stub() {
    check(
        &case("2026-01-31", "month", 1, r#""count":3"#),
        r#"{"periods":[["2026-01-31","2026-02-28"],["2026-02-28","2026-03-31"],["2026-03-31","2026-04-30"]],"stub":null}"#,
    );
    check(
        &case("2026-01-20", "month", 1, r#""anchor_day":1,"count":2"#),
        r#"{"periods":[["2026-01-20","2026-02-01"],["2026-02-01","2026-03-01"]],
            "stub":{"period":["2026-01-20","2026-02-01"],"within":["2026-01-01","2026-02-01"]}}"#,
    );
    check(
        &case("2026-07-29", "week", 2, r#""anchor_day":1,"count":2"#),
        r#"{"periods":[["2026-07-29","2026-08-03"],["2026-08-03","2026-08-17"]],
            "stub":{"period":["2026-07-29","2026-08-03"],"within":["2026-07-20","2026-08-03"]}}"#,
    );
    check(
        &case("2024-02-29", "year", 1, r#""count":1"#),
        r#"{"periods":[["2024-02-29","2025-02-28"]],"stub":null}"#,
    );
}

#[test]
fn until_takes_every_period_that_starts_before_it_uncut() {
    let until = |day: &str| case("2026-01-01", "month", 1, &format!(r#""until":"{day}""#));
    check(&until("2026-01-02"), r#"{"periods":[["2026-01-01","2026-02-01"]]}"#);
    check(&until("2026-02-01"), r#"{"periods":[["2026-01-01","2026-02-01"]]}"#);
    check(
        &until("2026-02-02"),
        r#"{"periods":[["2026-01-01","2026-02-01"],["2026-02-01","2026-03-01"]]}"#,
    );
    fails(&until("2026-01-01"), "bad_range");
    fails(&until("2025-01-01"), "bad_range");
}

#[test]
fn no_more_than_1200_periods() {
    let periods = |rest: &str| {
        answer(&case("2026-01-01", "day", 1, rest))["periods"]
            .as_array()
            .map(Vec::len)
    };
    assert_eq!(periods(r#""count":1200"#), Some(1200));
    assert_eq!(periods(r#""until":"2029-04-15""#), Some(1200));
    fails(&case("2026-01-01", "day", 1, r#""until":"2029-04-16""#), "out_of_range");
    fails(&case("2026-01-01", "day", 1, r#""count":1201"#), "out_of_range");
    fails(&case("2026-01-01", "day", 1, r#""count":0"#), "out_of_range");
}

#[test]
fn printed_dates_stay_within_the_calendar() {
    fails(&case("2990-01-01", "year", 1, r#""count":10"#), "out_of_range");
    check(
        &case("2999-11-30", "month", 1, r#""count":1"#),
        r#"{"periods":[["2999-11-30","2999-12-30"]]}"#,
    );
    fails(&case("2026-01-01", "year", 1000, r#""count":1200"#), "out_of_range");
    fails(
        &case("1900-01-01", "month", 1, r#""anchor_day":15,"count":1"#),
        "out_of_range",
    );
}

#[test]
fn a_start_is_a_date_in_a_zone() {
    let first = |start: &str, zone: &str, expected: &str| {
        let found = answer(&case(start, "month", 1, &format!(r#""count":1,"timezone":"{zone}""#)));
        assert_eq!(found["periods"][0][0], expected, "{start} {zone}");
    };
    first("2026-01-31T23:30:00", "America/New_York", "2026-01-31");
    first("2026-01-31T23:30:00Z", "Europe/Berlin", "2026-02-01");
    first("2026-02-01T01:00:00+02:00", "UTC", "2026-01-31");
    first("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31");
    first("2026-01-31", "Asia/Tokyo", "2026-01-31");
    first("1900-01-01T00:30:00+01:00", "Asia/Tokyo", "1900-01-01");
    fails(
        &case("1900-01-01T00:30:00+01:00", "month", 1, r#""count":1,"timezone":"UTC""#),
        "out_of_range",
    );
    fails(
        &case("2026-01-31", "month", 1, r#""count":1,"timezone":"Europe/Atlantis""#),
        "unknown_timezone",
    );
    fails(
        &case("2026-01-31", "month", 1, r#""count":1,"timezone":1"#),
        "malformed",
    );
    fails(&case("2026-01-31T23:30:00Z", "month", 1, r#""count":1"#), "malformed");
    fails(&case("2026-01-31T23:30:00", "month", 1, r#""count":1"#), "malformed");
    fails(
        &case("2026-01-31T25:30:00", "month", 1, r#""count":1,"timezone":"UTC""#),
        "malformed",
    );
}

#[test]
fn contradictions_are_malformed() {
    fails(
        &case("2026-01-31", "month", 1, r#""count":1,"until":"2027-01-01""#),
        "malformed",
    );
    fails(&case("2026-01-31", "month", 1, r#""anchor_day":1"#), "malformed");
    fails(
        &case("2026-01-31", "day", 1, r#""count":1,"anchor_day":1"#),
        "malformed",
    );
    fails(
        &case("2026-01-31", "month", 1, r#""count":1,"anchor_day":32"#),
        "out_of_range",
    );
    fails(
        &case("2026-01-31", "week", 1, r#""count":1,"anchor_day":8"#),
        "out_of_range",
    );
    fails(
        &case("2026-01-31", "week", 1, r#""count":1,"anchor_day":0"#),
        "out_of_range",
    );
    fails(
        &case("2026-01-31", "month", 1, r#""count":1,"currency":"USD""#),
        "malformed",
    );
}
