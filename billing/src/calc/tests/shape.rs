//! What a case may look like, whatever it asks.

use super::super::run;
use super::{answer, check, fails, filled};

const PRORATE: &str = r#"{"op":"prorate","currency":"USD","price":"31","cycle":{"unit":"month","count":1},
    "period":["2026-01-01","2026-02-01"],"part":["2026-01-01","2026-01-11"]@}"#;

#[test]
fn one_case_or_a_list() {
    check(&filled(PRORATE, ""), r#"{"amount":"10.00"}"#);
    assert_eq!(run("[]").unwrap(), "[]");
    let list = format!(r#"[{},1,{{"op":"nope","id":7}},[]]"#, filled(PRORATE, r#","id":"a""#));
    let found = answer(&list);
    assert_eq!(found[0]["amount"], "10.00");
    assert_eq!(found[0]["id"], "a");
    assert_eq!(found[1]["error"]["code"], "malformed");
    assert_eq!(found[2]["error"]["code"], "unknown_op");
    assert_eq!(found[2]["id"], 7);
    assert_eq!(found[3]["error"]["code"], "malformed");
}

#[test]
fn what_is_no_case_has_no_result() {
    for input in ["", "{", "nope", "{} {}", "1", "null", "\"text\"", "true", "[1,]"] {
        let error = run(input).unwrap_err().to_string();
        assert!(!error.contains('\n') && !error.is_empty(), "{input}");
    }
}

#[test]
fn the_echo_comes_first_and_amounts_are_texts() {
    let printed = run(&filled(PRORATE, r#","id":"a""#)).unwrap();
    assert!(
        printed.starts_with(r#"{"id":"a","amount":"10.00","ratio":"0.322580645","#),
        "{printed}"
    );
}

#[test]
fn fields_are_known_and_there_once() {
    fails("{}", "malformed");
    fails(r#"{"op":1}"#, "malformed");
    fails(r#"{"op":"frob","currency":"USD"}"#, "unknown_op");
    fails(r#"{"op":"prorate","currency":"USD"}"#, "malformed");
    fails(&filled(PRORATE, r#","color":"red""#), "malformed");
    fails(&filled(PRORATE, r#","price":"31""#), "malformed");
    fails(&filled(PRORATE, r#","day_count":null"#), "malformed");
    fails(&filled(PRORATE, r#","day_count":"thirty""#), "malformed");
    fails(
        &PRORATE
            .replace("\"count\":1", "\"count\":1,\"count\":1")
            .replace('@', ""),
        "malformed",
    );
    fails(
        &PRORATE.replace("\"count\":1", "\"count\":1,\"x\":1").replace('@', ""),
        "malformed",
    );
}

fn prorate_with(from: &str, to: &str) -> String {
    assert!(PRORATE.contains(from), "{from}");
    PRORATE.replacen(from, to, 1).replace('@', "")
}

#[test]
fn currencies_and_decimals_are_checked() {
    let price = |text: &str| prorate_with("\"31\"", text);
    fails(&prorate_with("\"USD\"", "\"XYZ\""), "unknown_currency");
    fails(&prorate_with("\"USD\"", "840"), "malformed");
    for text in [
        "31",
        "31.0",
        "null",
        "\"\"",
        "\"1e3\"",
        "\".5\"",
        "\"5.\"",
        "\"+5\"",
        "\" 5\"",
        "\"1,000\"",
        "[]",
    ] {
        fails(&price(text), "malformed");
    }
    fails(&price("\"0.005\""), "too_precise");
    check(&price("\"31.000\""), r#"{"amount":"10.00"}"#);
    check(&price("\"-31\""), r#"{"amount":"-10.00"}"#);
    check(&price("\"-0\""), r#"{"amount":"0.00"}"#);
    fails(&price("\"90000000000000.01\""), "out_of_range");
    check(&price("\"90000000000000\""), r#"{"amount":"29032258064516.13"}"#);
    fails(&price("\"12345678901234567\""), "out_of_range");
    fails(&price("\"1.0000000000000\""), "out_of_range");
    fails(
        &prorate_with("\"USD\"", "\"JPY\"").replace("\"31\"", "\"3.1\""),
        "too_precise",
    );
    check(&prorate_with("\"USD\"", "\"JPY\""), r#"{"amount":"10"}"#);
    check(
        &prorate_with("\"USD\"", "\"KWD\"").replace("\"31\"", "\"0.031\""),
        r#"{"amount":"0.010"}"#,
    );
}

#[test]
fn integers_and_dates_are_checked() {
    let count = |text: &str| prorate_with("\"count\":1", &format!("\"count\":{text}"));
    for text in ["\"1\"", "1.0", "1e0", "1.5", "null", "true"] {
        fails(&count(text), "malformed");
    }
    for text in ["0", "-1", "1001", "99999999999", "99999999999999999999999"] {
        fails(&count(text), "out_of_range");
    }
    check(&count("1000"), r#"{"amount":"10.00"}"#);
    let to = |text: &str| prorate_with("\"2026-02-01\"", text);
    for text in [
        "\"2026-02-30\"",
        "\"2026-2-1\"",
        "\"20260201\"",
        "20260201",
        "\"2026-02-01T00:00:00Z\"",
        "\"\"",
    ] {
        fails(&to(text), "malformed");
    }
    fails(&to("\"3000-01-01\""), "out_of_range");
    fails(&prorate_with("\"2026-01-01\"", "\"1899-12-31\""), "out_of_range");
    fails(&to("\"2026-01-01\""), "bad_range");
    fails(&to("\"2025-12-01\""), "bad_range");
    fails(&to("\"2026-02-01\",\"2026-03-01\""), "malformed");
    fails(&prorate_with("\"month\"", "\"months\""), "malformed");
}
