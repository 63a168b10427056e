//! `tax`.

use super::{check, fails};

fn case(level: &str, lines: &str, rest: &str) -> String {
    format!(r#"{{"op":"tax","currency":"EUR","level":"{level}","lines":[{lines}]{rest}}}"#)
}

#[test]
fn tax_is_added_or_contained() {
    check(
        &case("per_line", r#"{"amount":"100","rates":["19"]}"#, ""),
        r#"{"lines":[{"net":"100.00","tax":"19.00","total":"119.00"}],
            "by_rate":[{"rate":"19","base":"100.00","tax":"19.00"}],"net":"100.00","tax":"19.00","total":"119.00"}"#,
    );
    check(
        &case("per_rate", r#"{"amount":"119","rates":["19.00"],"inclusive":true}"#, ""),
        r#"{"lines":[{"net":"100.00","tax":"19.00","total":"119.00"}],"by_rate":[{"rate":"19","base":"100.00","tax":"19.00"}]}"#,
    );
    check(
        &case("per_line", r#"{"amount":"-10","rates":["25.5"]}"#, ""),
        r#"{"tax":"-2.55","total":"-12.55"}"#,
    );
    check(
        &case("per_rate", "", ""),
        r#"{"lines":[],"by_rate":[],"net":"0.00","tax":"0.00","total":"0.00"}"#,
    );
}

#[test]
fn no_tax_on_tax() {
    check(
        &case(
            "per_line",
            r#"{"amount":"115","rates":["10","5"],"inclusive":true}"#,
            "",
        ),
        r#"{"lines":[{"net":"100.00","tax":"15.00","total":"115.00"}],
            "by_rate":[{"rate":"5","base":"100.00","tax":"5.00"},{"rate":"10","base":"100.00","tax":"10.00"}]}"#,
    );
    check(
        &case("per_line", r#"{"amount":"100","rates":["10","5"]}"#, ""),
        r#"{"total":"115.00"}"#,
    );
}

#[test]
fn the_level_decides_where_cents_go() {
    let three = [r#"{"amount":"0.33","rates":["10"]}"#; 3].join(",");
    check(&case("per_line", &three, ""), r#"{"tax":"0.09"}"#);
    check(
        &case("per_rate", &three, ""),
        r#"{"tax":"0.10","lines":[{"net":"0.33","tax":"0.04","total":"0.37"},
            {"net":"0.33","tax":"0.03","total":"0.36"},{"net":"0.33","tax":"0.03","total":"0.36"}]}"#,
    );
    // An inclusive and an exclusive line share their rate's one rounding.
    check(
        &case(
            "per_rate",
            r#"{"amount":"0.05","rates":["10"]},{"amount":"0.055","rates":["10"],"inclusive":true}"#,
            "",
        )
        .replace("0.055", "0.06"),
        r#"{"tax":"0.01","lines":[{"net":"0.05","tax":"0.00","total":"0.05"},{"net":"0.05","tax":"0.01","total":"0.06"}],
            "by_rate":[{"rate":"10","base":"0.10","tax":"0.01"}]}"#,
    );
}

#[test]
fn halves_follow_the_rounding() {
    let half = r#"{"amount":"0.05","rates":["10"]}"#;
    check(&case("per_line", half, ""), r#"{"tax":"0.01"}"#);
    check(&case("per_line", half, r#","rounding":"half_up""#), r#"{"tax":"0.01"}"#);
    check(
        &case("per_line", half, r#","rounding":"half_even""#),
        r#"{"tax":"0.00"}"#,
    );
    check(
        &case("per_rate", half, r#","rounding":"half_even""#),
        r#"{"tax":"0.00"}"#,
    );
    check(
        &case("per_rate", &half.replace("0.05", "-0.05"), ""),
        r#"{"tax":"-0.01"}"#,
    );
    check(
        &case("per_line", &half.replace("0.05", "0.15"), r#","rounding":"half_even""#),
        r#"{"tax":"0.02"}"#,
    );
}

#[test]
fn equal_rates_are_one_group_and_zero_is_a_rate() {
    check(
        &case(
            "per_rate",
            r#"{"amount":"1","rates":["20"]},{"amount":"2","rates":["20.00","0"]},{"amount":"4","rates":[]}"#,
            "",
        ),
        r#"{"by_rate":[{"rate":"0","base":"2.00","tax":"0.00"},{"rate":"20","base":"3.00","tax":"0.60"}],
            "net":"7.00","tax":"0.60","total":"7.60"}"#,
    );
    check(
        &case(
            "per_rate",
            r#"{"amount":"-1","rates":["20"]},{"amount":"1","rates":["20"]}"#,
            "",
        ),
        r#"{"tax":"0.00","by_rate":[{"rate":"20","base":"0.00","tax":"0.00"}]}"#,
    );
}

#[test]
fn wrong_lines() {
    fails(
        &case("per_line", r#"{"amount":"1","rates":["20","20.0"]}"#, ""),
        "malformed",
    );
    fails(&case("per_line", r#"{"amount":"1","rates":[20]}"#, ""), "malformed");
    fails(
        &case("per_line", r#"{"amount":"1","rates":["100.01"]}"#, ""),
        "out_of_range",
    );
    fails(
        &case("per_line", r#"{"amount":"1","rates":["-1"]}"#, ""),
        "out_of_range",
    );
    fails(&case("per_line", r#"{"amount":"1"}"#, ""), "malformed");
    fails(
        &case("per_line", r#"{"amount":"1","rates":[],"inclusive":"yes"}"#, ""),
        "malformed",
    );
    fails(
        &case("per_line", r#"{"amount":"1","rates":[],"currency":"USD"}"#, ""),
        "mixed_currency",
    );
    fails(
        &case("per_line", r#"{"amount":"90000000000000","rates":["1"]}"#, ""),
        "out_of_range",
    );
    fails(&case("per_order", "", ""), "malformed");
    fails(&case("per_line", "", r#","rounding":"down""#), "malformed");
}
