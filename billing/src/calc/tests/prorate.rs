//! `prorate`.

use super::{answer, check, fails};

fn case(price: &str, unit: &str, period: (&str, &str), part: (&str, &str), rest: &str) -> String {
    format!(
        r#"{{"op":"prorate","currency":"USD","price":"{price}","cycle":{{"unit":"{unit}","count":1}},
        "period":["{}","{}"],"part":["{}","{}"]{rest}}}"#,
        period.0, period.1, part.0, part.1
    )
}

const JANUARY: (&str, &str) = ("2026-01-01", "2026-02-01");
const FIXED: &str = r#","day_count":"fixed_30""#;

#[test]
fn days_of_the_part_over_days_of_the_period() {
    check(
        &case("10", "month", JANUARY, ("2026-01-22", "2026-02-01"), ""),
        r#"{"amount":"3.23","ratio":"0.322580645"}"#,
    );
    check(
        &case("10", "month", JANUARY, JANUARY, ""),
        r#"{"amount":"10.00","ratio":"1.000000000"}"#,
    );
    check(
        &case(
            "10",
            "year",
            ("2024-01-01", "2025-01-01"),
            ("2024-02-01", "2024-03-01"),
            "",
        ),
        r#"{"amount":"0.79"}"#,
    );
    check(
        &case(
            "10",
            "week",
            ("2026-03-26", "2026-04-02"),
            ("2026-03-29", "2026-04-02"),
            "",
        ),
        r#"{"amount":"5.71"}"#,
    );
    // The period is taken as given, whatever the cycle would make of it.
    check(
        &case(
            "9",
            "month",
            ("2026-01-01", "2026-01-04"),
            ("2026-01-02", "2026-01-03"),
            "",
        ),
        r#"{"amount":"3.00"}"#,
    );
}

#[test]
fn a_half_goes_away_from_zero() {
    let half = |price: &str| {
        case(
            price,
            "day",
            ("2026-01-01", "2026-01-03"),
            ("2026-01-01", "2026-01-02"),
            "",
        )
    };
    check(&half("0.01"), r#"{"amount":"0.01","ratio":"0.500000000"}"#);
    check(&half("-0.01"), r#"{"amount":"-0.01"}"#);
    check(&half("0.03"), r#"{"amount":"0.02"}"#);
}

#[test]
fn fixed_30_counts_months_of_thirty_days() {
    check(
        &case("30", "month", JANUARY, ("2026-01-16", "2026-02-01"), FIXED),
        r#"{"amount":"15.00"}"#,
    );
    check(
        &case("30", "month", JANUARY, ("2026-01-30", "2026-01-31"), FIXED),
        r#"{"amount":"0.00"}"#,
    );
    check(
        &case("31", "day", JANUARY, ("2026-01-30", "2026-01-31"), FIXED),
        r#"{"amount":"1.00"}"#,
    );
    check(
        &case("31", "week", JANUARY, ("2026-01-30", "2026-01-31"), FIXED),
        r#"{"amount":"1.00"}"#,
    );
    check(
        &case(
            "360",
            "year",
            ("2024-01-01", "2025-01-01"),
            ("2024-02-01", "2024-03-01"),
            FIXED,
        ),
        r#"{"amount":"30.00"}"#,
    );
    let nothing = ("2026-01-30", "2026-01-31");
    fails(&case("30", "month", nothing, nothing, FIXED), "bad_range");
    check(&case("30", "day", nothing, nothing, FIXED), r#"{"amount":"30.00"}"#);
}

#[test]
fn the_part_is_inside() {
    fails(
        &case("1", "month", JANUARY, ("2025-12-31", "2026-01-05"), ""),
        "outside_period",
    );
    fails(
        &case("1", "month", JANUARY, ("2026-01-05", "2026-02-02"), ""),
        "outside_period",
    );
    fails(
        &case("1", "month", JANUARY, ("2026-01-05", "2026-01-05"), ""),
        "bad_range",
    );
}

#[test]
fn it_explains_itself() {
    let found = answer(&case("10", "month", JANUARY, ("2026-01-22", "2026-02-01"), ""));
    assert_eq!(
        found["explain"],
        "3.23 USD is 10.00 USD for 2026-01-01 to 2026-02-01 times 10/31 days (actual), \
         counted from 2026-01-22 to 2026-02-01, rounded half-up."
    );
}
