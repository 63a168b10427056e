//! Tables for every operation, each row a case as a stranger would type it.

mod change;
mod coupons;
mod plan;
mod prorate;
mod schedule;
mod shape;
mod tax;
mod tax_treatment;
mod tiers;

use serde_json::Value;

use super::run;

fn answer(case: &str) -> Value {
    serde_json::from_str(&run(case).unwrap()).unwrap()
}

/// Asserts the fields of `expected`; an answer may have more.
fn check(case: &str, expected: &str) {
    let found = answer(case);
    let expected: Value = serde_json::from_str(expected).unwrap();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(found.get(name), Some(value), "{name} of {case}\ngave {found}");
    }
}

fn fails(case: &str, code: &str) {
    let found = answer(case);
    assert_eq!(found["error"]["code"], code, "{case}\ngave {found}");
    assert!(found["error"]["message"].is_string());
}

/// Like a template: the first `@` of `case` becomes `with`.
fn filled(case: &str, with: &str) -> String {
    case.replacen('@', with, 1)
}
