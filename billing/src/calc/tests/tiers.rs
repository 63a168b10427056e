//! `tiers`.

use super::{check, fails};

const STEPS: &str = r#"{"up_to":"10","unit_price":"1","flat":"2"},{"up_to":"20","unit_price":"0.5","flat":"3"},
    {"up_to":null,"unit_price":"0.25"}"#;

fn case(model: &str, units: &str, tiers: &str, rest: &str) -> String {
    format!(r#"{{"op":"tiers","currency":"USD","model":"{model}","units":"{units}","tiers":[{tiers}]{rest}}}"#)
}

#[test]
fn graduated_prices_each_share() {
    let check = |units: &str, amounts: &str, total: &str| {
        check(
            &case("graduated", units, STEPS, ""),
            &format!(r#"{{"tier_amounts":{amounts},"true_up":"0.00","total":"{total}"}}"#),
        );
    };
    check("0", r#"["2.00","0.00","0.00"]"#, "2.00");
    check("10", r#"["12.00","0.00","0.00"]"#, "12.00");
    check("10.5", r#"["12.00","3.25","0.00"]"#, "15.25");
    check("24", r#"["12.00","8.00","1.00"]"#, "21.00");
}

#[test]
fn volume_prices_all_in_one_tier() {
    let check = |units: &str, amounts: &str| {
        check(
            &case("volume", units, STEPS, ""),
            &format!(r#"{{"tier_amounts":{amounts}}}"#),
        );
    };
    check("0", r#"["2.00","0.00","0.00"]"#);
    check("10", r#"["12.00","0.00","0.00"]"#);
    check("10.000000000001", r#"["0.00","8.00","0.00"]"#);
    check("20", r#"["0.00","13.00","0.00"]"#);
    check("40", r#"["0.00","0.00","10.00"]"#);
}

#[test]
fn packages_and_blocks_round_up() {
    let block = r#"{"up_to":null,"unit_price":"5","flat":"1","block":"100"}"#;
    for (units, total) in [("0", "1.00"), ("0.1", "6.00"), ("100", "6.00"), ("100.1", "11.00")] {
        check(&case("package", units, block, ""), &format!(r#"{{"total":"{total}"}}"#));
    }
    let steps = r#"{"up_to":"150","unit_price":"5","block":"100"},{"up_to":null,"unit_price":"4","block":"100"}"#;
    check(
        &case("graduated", "151", steps, ""),
        r#"{"tier_amounts":["10.00","4.00"]}"#,
    );
    check(&case("volume", "151", steps, ""), r#"{"tier_amounts":["0.00","8.00"]}"#);
    fails(&case("package", "1", STEPS, ""), "malformed");
    fails(
        &case("package", "1", r#"{"up_to":null,"unit_price":"5"}"#, ""),
        "malformed",
    );
}

#[test]
fn included_comes_off_and_minimum_lifts() {
    let one = r#"{"up_to":null,"unit_price":"1"}"#;
    check(
        &case("graduated", "12", one, r#","included":"10""#),
        r#"{"total":"2.00"}"#,
    );
    check(
        &case("graduated", "5", one, r#","included":"10""#),
        r#"{"total":"0.00"}"#,
    );
    check(
        &case("graduated", "12", one, r#","included":"10","minimum":"5""#),
        r#"{"tier_amounts":["2.00"],"true_up":"3.00","total":"5.00"}"#,
    );
    check(
        &case("graduated", "12", one, r#","minimum":"5""#),
        r#"{"true_up":"0.00","total":"12.00"}"#,
    );
    fails(&case("graduated", "12", one, r#","minimum":"0.001""#), "too_precise");
}

#[test]
fn the_sum_is_rounded_once() {
    let fine = r#"{"up_to":"1","unit_price":"0.004"},{"up_to":"2","unit_price":"0.004"},{"up_to":null,"unit_price":"0.004","flat":"0.0005"}"#;
    check(
        &case("graduated", "3", fine, ""),
        r#"{"tier_amounts":["0.00","0.00","0.01"],"total":"0.01"}"#,
    );
    let finest = r#"{"up_to":null,"unit_price":"0.000000000001"}"#;
    check(&case("volume", "5000000000", finest, ""), r#"{"total":"0.01"}"#);
    check(
        &case("volume", "4999999999.999999999999", finest, ""),
        r#"{"total":"0.00"}"#,
    );
}

#[test]
fn wrong_tiers() {
    let tiers = |list: &str| case("graduated", "1", list, "");
    fails(&tiers(""), "malformed");
    fails(&tiers(r#"{"up_to":"1","unit_price":"1"}"#), "malformed");
    fails(
        &tiers(r#"{"up_to":null,"unit_price":"1"},{"up_to":null,"unit_price":"1"}"#),
        "malformed",
    );
    fails(&tiers(r#"{"unit_price":"1"}"#), "malformed");
    let rising = |first: &str, second: &str| {
        tiers(&format!(
            r#"{{"up_to":"{first}","unit_price":"1"}},{{"up_to":"{second}","unit_price":"1"}},{{"up_to":null,"unit_price":"1"}}"#
        ))
    };
    check(&rising("1", "1.1"), r#"{"total":"1.00"}"#);
    fails(&rising("2", "1"), "bad_range");
    fails(&rising("2", "2.0"), "bad_range");
    fails(&rising("0", "2"), "bad_range");
    fails(&rising("-1", "2"), "out_of_range");
    fails(&tiers(r#"{"up_to":null,"unit_price":"1","block":"0"}"#), "out_of_range");
    fails(&tiers(r#"{"up_to":null,"unit_price":"-1"}"#), "out_of_range");
    fails(
        &tiers(r#"{"up_to":null,"unit_price":"1","currency":"USD"}"#),
        "malformed",
    );
    fails(
        &case(
            "graduated",
            "9000000000000000",
            r#"{"up_to":null,"unit_price":"1"}"#,
            "",
        ),
        "out_of_range",
    );
    fails(&case("stairs", "1", STEPS, ""), "malformed");
    fails(&case("graduated", "-1", STEPS, ""), "out_of_range");
}
