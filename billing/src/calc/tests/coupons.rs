//! `coupons`.

use super::{check, fails};

const TWO_LINES: &str = r#"{"id":"a","amount":"10"},{"id":"b","amount":"20"}"#;

fn case(lines: &str, coupons: &str, rest: &str) -> String {
    format!(r#"{{"op":"coupons","currency":"USD","lines":[{lines}],"coupons":[{coupons}]{rest}}}"#)
}

/// The discount that coupons give on lines of 10.00 and 20.00.
fn gives(coupons: &str, discount: &str) {
    check(
        &case(TWO_LINES, coupons, ""),
        &format!(r#"{{"discount":"{discount}"}}"#),
    );
}

#[test]
fn one_after_the_other_on_what_is_left() {
    check(
        &case(
            TWO_LINES,
            r#"{"kind":"percent","value":"10"},{"kind":"fixed","value":"9"}"#,
            "",
        ),
        r#"{"discounts":[{"line":"a","coupon":0,"amount":"1.00"},{"line":"b","coupon":0,"amount":"2.00"},
            {"line":"a","coupon":1,"amount":"3.00"},{"line":"b","coupon":1,"amount":"6.00"}],
            "lines":[{"id":"a","discount":"4.00","net":"6.00"},{"id":"b","discount":"8.00","net":"12.00"}],
            "discount":"12.00","net":"18.00"}"#,
    );
    check(
        &case(
            TWO_LINES,
            r#"{"kind":"percent","value":"10"},{"kind":"fixed","value":"9"}"#,
            r#","order":"fixed_first""#,
        ),
        r#"{"discount":"11.10","discounts":[{"line":"a","coupon":1,"amount":"3.00"},{"line":"b","coupon":1,"amount":"6.00"},
            {"line":"a","coupon":0,"amount":"0.70"},{"line":"b","coupon":0,"amount":"1.40"}]}"#,
    );
    check(
        &case(
            TWO_LINES,
            r#"{"kind":"fixed","value":"9"},{"kind":"percent","value":"10"}"#,
            r#","order":"percent_first""#,
        ),
        r#"{"discount":"12.00"}"#,
    );
    check(
        &case("", "", ""),
        r#"{"discounts":[],"lines":[],"discount":"0.00","net":"0.00"}"#,
    );
    check(
        &case("", r#"{"kind":"fixed","value":"9"}"#, ""),
        r#"{"discounts":[],"discount":"0.00"}"#,
    );
}

#[test]
fn percent_is_rounded_once_and_shared_out() {
    let three = r#"{"id":"a","amount":"0.05"},{"id":"b","amount":"0.05"},{"id":"c","amount":"0.05"}"#;
    check(
        &case(three, r#"{"kind":"percent","value":"10"}"#, ""),
        r#"{"discounts":[{"line":"a","coupon":0,"amount":"0.01"},{"line":"b","coupon":0,"amount":"0.01"}],"net":"0.13"}"#,
    );
    gives(r#"{"kind":"percent","value":"100"}"#, "30.00");
    gives(r#"{"kind":"percent","value":"33.333"}"#, "10.00");
}

#[test]
fn a_coupon_may_be_for_some_lines() {
    gives(r#"{"kind":"fixed","value":"50","applies_to":["a"]}"#, "10.00");
    gives(r#"{"kind":"percent","value":"50","applies_to":["b"]}"#, "10.00");
    gives(r#"{"kind":"percent","value":"50","applies_to":["b","a"]}"#, "15.00");
    gives(r#"{"kind":"percent","value":"50","applies_to":[]}"#, "0.00");
    fails(
        &case(TWO_LINES, r#"{"kind":"percent","value":"50","applies_to":["c"]}"#, ""),
        "unknown_line",
    );
    fails(
        &case(
            TWO_LINES,
            r#"{"kind":"percent","value":"50","applies_to":["a","a"]}"#,
            "",
        ),
        "malformed",
    );
}

#[test]
fn limits_hold_over_time() {
    gives(r#"{"kind":"percent","value":"50","max":"7"}"#, "7.00");
    gives(r#"{"kind":"percent","value":"50","max":"7","used":"5"}"#, "2.00");
    gives(r#"{"kind":"percent","value":"50","max":"7","used":"9"}"#, "0.00");
    gives(r#"{"kind":"percent","value":"50","used":"9"}"#, "15.00");
    gives(r#"{"kind":"fixed","value":"8","used":"5"}"#, "3.00");
    gives(r#"{"kind":"fixed","value":"8","max":"6"}"#, "6.00");
    gives(r#"{"kind":"fixed","value":"8","max":"6","used":"5"}"#, "1.00");
    gives(r#"{"kind":"fixed","value":"8","max":"60","used":"5"}"#, "3.00");
    // The limit comes off before the sum of the lines does.
    gives(r#"{"kind":"fixed","value":"100","used":"5"}"#, "30.00");
}

#[test]
fn some_stand_alone() {
    let alone = r#"{"kind":"fixed","value":"5","stack":false}"#;
    let other = r#"{"kind":"fixed","value":"3"}"#;
    let empty = r#"{"kind":"percent","value":"0"}"#;
    gives(&format!("{alone},{other}"), "5.00");
    gives(&format!("{other},{alone}"), "3.00");
    gives(&format!("{other},{alone},{other}"), "6.00");
    gives(&format!("{empty},{alone}"), "5.00");
    gives(&format!("{alone},{alone}"), "5.00");
    gives(&format!("{},{other}", alone.replace("\"5\"", "\"0\"")), "3.00");
}

#[test]
fn wrong_lines_and_coupons() {
    fails(
        &case(r#"{"id":"a","amount":"1"},{"id":"a","amount":"2"}"#, "", ""),
        "malformed",
    );
    fails(&case(r#"{"id":"a","amount":"-1"}"#, "", ""), "out_of_range");
    fails(
        &case(r#"{"id":"a","amount":"1","currency":"EUR"}"#, "", ""),
        "mixed_currency",
    );
    fails(
        &case(TWO_LINES, r#"{"kind":"fixed","value":"1","currency":"EUR"}"#, ""),
        "mixed_currency",
    );
    fails(
        &case(TWO_LINES, r#"{"kind":"percent","value":"100.1"}"#, ""),
        "out_of_range",
    );
    fails(&case(TWO_LINES, r#"{"kind":"fixed","value":"-1"}"#, ""), "out_of_range");
    fails(
        &case(TWO_LINES, r#"{"kind":"fixed","value":"0.001"}"#, ""),
        "too_precise",
    );
    fails(&case(TWO_LINES, r#"{"kind":"free","value":"1"}"#, ""), "malformed");
    fails(&case(TWO_LINES, "", r#","order":"random""#), "malformed");
}
