//! `plan`.

use super::{answer, check, fails};

/// One monthly charge of 31.00 from 1 January 2026, with more said about it.
fn case(target: &str, charge: &str, rest: &str) -> String {
    format!(
        r#"{{"op":"plan","currency":"USD","target":"{target}"{rest},"charges":[
        {{"price":"31","cycle":{{"unit":"month","count":1}},{charge}}}]}}"#
    )
}

fn lines(case: &str) -> Vec<String> {
    let found = answer(case);
    let lines = found["lines"]
        .as_array()
        .unwrap_or_else(|| panic!("{case} gave {found}"));
    let word = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
    lines
        .iter()
        .map(|line| ["from", "to", "kind", "amount"].map(|name| word(line, name)).join(" "))
        .collect()
}

fn plans(case: &str, expected: &[&str]) {
    assert_eq!(lines(case), expected, "{case}");
}

#[test]
fn a_line_is_due_from_its_first_day() {
    let start = r#""start":"2026-01-01""#;
    plans(&case("2025-12-31", start, ""), &[]);
    plans(
        &case("2026-01-01", start, ""),
        &["2026-01-01 2026-02-01 recurring 31.00"],
    );
    plans(
        &case("2026-01-31", start, ""),
        &["2026-01-01 2026-02-01 recurring 31.00"],
    );
    plans(
        &case("2026-02-01", start, ""),
        &[
            "2026-01-01 2026-02-01 recurring 31.00",
            "2026-02-01 2026-03-01 recurring 31.00",
        ],
    );
    check(&case("2026-02-01", start, ""), r#"{"total":"62.00"}"#);
    check(
        r#"{"op":"plan","currency":"JPY","target":"2026-01-01","charges":[]}"#,
        r#"{"lines":[],"total":"0"}"#,
    );
}

#[test]
fn stubs_are_measured_against_the_grid() {
    plans(
        &case("2026-02-01", r#""start":"2026-01-22","anchor_day":1,"quantity":2"#, ""),
        &[
            "2026-01-22 2026-02-01 stub 20.00",
            "2026-02-01 2026-03-01 recurring 62.00",
        ],
    );
    plans(
        &case("2026-02-20", r#""start":"2026-01-01","end":"2026-02-15""#, ""),
        &[
            "2026-01-01 2026-02-01 recurring 31.00",
            "2026-02-01 2026-02-15 stub 15.50",
        ],
    );
    plans(
        &case(
            "2026-01-25",
            r#""start":"2026-01-22","anchor_day":1,"end":"2026-01-30""#,
            "",
        ),
        &["2026-01-22 2026-01-30 stub 8.00"],
    );
    plans(
        &case("2026-02-20", r#""start":"2026-01-01","end":"2026-02-01""#, ""),
        &["2026-01-01 2026-02-01 recurring 31.00"],
    );
    plans(
        &case(
            "2026-01-22",
            r#""start":"2026-01-16","anchor_day":1"#,
            r#","day_count":"fixed_30""#,
        ),
        &["2026-01-16 2026-02-01 stub 15.50"],
    );
}

#[test]
fn what_is_billed_is_not_planned_again() {
    let billed = |through: &str| {
        case(
            "2026-02-10",
            &format!(r#""start":"2026-01-01","setup":"5","billed_through":"{through}""#),
            "",
        )
    };
    plans(
        &billed("2026-01-01"),
        &[
            "2026-01-01 2026-01-01 setup 5.00",
            "2026-01-01 2026-02-01 recurring 31.00",
            "2026-02-01 2026-03-01 recurring 31.00",
        ],
    );
    plans(
        &billed("2026-01-02"),
        &[
            "2026-01-02 2026-02-01 stub 30.00",
            "2026-02-01 2026-03-01 recurring 31.00",
        ],
    );
    plans(&billed("2026-02-01"), &["2026-02-01 2026-03-01 recurring 31.00"]);
    plans(&billed("2026-02-10"), &["2026-02-10 2026-03-01 stub 21.04"]);
    plans(&billed("2026-02-11"), &[]);
    plans(&billed("2026-03-01"), &[]);
    plans(
        &billed("2025-06-01"),
        &lines(&billed("2026-01-01"))
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn trials_make_no_line_and_setup_does() {
    plans(
        &case(
            "2026-01-10",
            r#""start":"2026-01-01","trial_days":14,"setup":"5","quantity":3"#,
            "",
        ),
        &["2026-01-01 2026-01-01 setup 5.00"],
    );
    plans(
        &case("2026-01-15", r#""start":"2026-01-01","trial_days":14"#, ""),
        &["2026-01-15 2026-02-15 recurring 31.00"],
    );
    plans(
        &case(
            "2026-01-15",
            r#""start":"2026-01-01","trial_days":14,"anchor_day":1"#,
            "",
        ),
        &["2026-01-15 2026-02-01 stub 17.00"],
    );
    plans(
        &case(
            "2026-03-01",
            r#""start":"2026-01-01","trial_days":14,"end":"2026-01-10","setup":"1""#,
            "",
        ),
        &["2026-01-01 2026-01-01 setup 1.00"],
    );
    plans(
        &case("2026-01-01", r#""start":"2026-01-01","setup":"0.00""#, ""),
        &["2026-01-01 2026-02-01 recurring 31.00"],
    );
    plans(&case("2025-12-31", r#""start":"2026-01-01","setup":"5""#, ""), &[]);
}

#[test]
fn charges_keep_their_order_and_index() {
    let two = r#"{"op":"plan","currency":"USD","target":"2026-01-02","timezone":"Europe/Berlin","charges":[
        {"price":"7","cycle":{"unit":"week","count":1},"start":"2026-01-01T23:30:00Z","currency":"USD"},
        {"price":"1","cycle":{"unit":"day","count":1},"start":"2026-01-01"}]}"#;
    plans(
        two,
        &[
            "2026-01-02 2026-01-09 recurring 7.00",
            "2026-01-01 2026-01-02 recurring 1.00",
            "2026-01-02 2026-01-03 recurring 1.00",
        ],
    );
    let found = answer(two);
    assert_eq!([&found["lines"][0]["charge"], &found["lines"][2]["charge"]], [0, 1]);
    fails(
        &two.replace("\"currency\":\"USD\"}", "\"currency\":\"EUR\"}"),
        "mixed_currency",
    );
    fails(
        &two.replace("\"currency\":\"USD\"}", "\"currency\":\"ABC\"}"),
        "unknown_currency",
    );
    fails(&two.replace("\"timezone\":\"Europe/Berlin\",", ""), "malformed");
}

#[test]
fn bounds() {
    let start = r#""start":"2026-01-01""#;
    fails(
        &case("2026-01-01", r#""start":"2026-01-01","end":"2026-01-01""#, ""),
        "bad_range",
    );
    for field in [
        r#""quantity":0"#,
        r#""quantity":1000001"#,
        r#""trial_days":3651"#,
        r#""trial_days":-1"#,
        r#""setup":"-1""#,
    ] {
        fails(&case("2026-01-01", &format!("{start},{field}"), ""), "out_of_range");
    }
    fails(
        &case("2026-01-01", start, "").replace("\"31\"", "\"-1\""),
        "out_of_range",
    );
    fails(
        &case("2026-01-01", &format!("{start},\"quantity\":1000000"), "").replace("\"31\"", "\"90000001\""),
        "out_of_range",
    );
    plans(
        &case("2026-01-01", &format!("{start},\"quantity\":1000000"), "").replace("\"31\"", "\"90000000\""),
        &["2026-01-01 2026-02-01 recurring 90000000000000.00"],
    );
    let daily = |target: &str, rest: &str| case(target, &format!("{start}{rest}"), "").replace("month", "day");
    assert_eq!(lines(&daily("2029-04-14", "")).len(), 1200);
    fails(&daily("2029-04-15", ""), "out_of_range");
    assert_eq!(
        lines(&daily("2990-01-01", r#","billed_through":"2989-12-31""#)).len(),
        2
    );
}
