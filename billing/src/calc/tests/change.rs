//! `change` and `cancel`.

use super::{check, fails};

/// From 31.00 a month to 62.00 a month in January 2026.
fn change(at: &str, mode: &str, rest: &str) -> String {
    format!(
        r#"{{"op":"change","currency":"USD","old":{{"price":"31","cycle":{{"unit":"month","count":1}}}},
        "new":{{"price":"62","cycle":{{"unit":"month","count":1}}}},
        "period":["2026-01-01","2026-02-01"],"at":"{at}","mode":"{mode}"{rest}}}"#
    )
}

fn cancel(at: &str, policy: &str, rest: &str) -> String {
    format!(
        r#"{{"op":"cancel","currency":"USD","price":"31","period":["2026-01-01","2026-02-01"],
        "at":"{at}","policy":"{policy}"{rest}}}"#
    )
}

#[test]
fn the_change_day_belongs_to_the_new_plan() {
    check(
        &change("2026-01-22", "same_due_date", ""),
        r#"{"credit":"10.00","charge":"20.00","net":"10.00","next_period":["2026-02-01","2026-03-01"]}"#,
    );
    check(
        &change("2026-01-01", "same_due_date", ""),
        r#"{"credit":"31.00","charge":"62.00","net":"31.00"}"#,
    );
    check(
        &change("2026-02-01", "same_due_date", ""),
        r#"{"credit":"0.00","charge":"0.00","net":"0.00"}"#,
    );
    check(
        &change("2026-01-22", "reset_cycle", ""),
        r#"{"credit":"10.00","charge":"62.00","net":"52.00","next_period":["2026-01-22","2026-02-22"]}"#,
    );
    check(
        &change("2026-01-31", "reset_cycle", r#","anchor_day":5"#),
        r#"{"charge":"62.00","next_period":["2026-01-31","2026-02-28"]}"#,
    );
    check(
        &change("2026-02-01", "reset_cycle", ""),
        r#"{"credit":"0.00","charge":"62.00","next_period":["2026-02-01","2026-03-01"]}"#,
    );
    check(
        &change("2026-01-22", "at_renewal", ""),
        r#"{"credit":"0.00","charge":"0.00","net":"0.00","next_period":["2026-02-01","2026-03-01"]}"#,
    );
}

#[test]
fn the_next_period_keeps_the_anchor() {
    let late = |rest: &str| {
        change("2026-02-10", "at_renewal", rest)
            .replace("[\"2026-01-01\",\"2026-02-01\"]", "[\"2026-01-31\",\"2026-02-28\"]")
    };
    check(&late(""), r#"{"next_period":["2026-02-28","2026-03-28"]}"#);
    check(
        &late(r#","anchor_day":31"#),
        r#"{"next_period":["2026-02-28","2026-03-31"]}"#,
    );
    check(
        &late(r#","anchor_day":5"#),
        r#"{"next_period":["2026-02-28","2026-03-05"]}"#,
    );
    fails(&late(r#","anchor_day":0"#), "out_of_range");
    let weekly = |rest: &str| {
        change("2026-01-22", "at_renewal", rest).replacen(
            "\"62\",\"cycle\":{\"unit\":\"month\"",
            "\"62\",\"cycle\":{\"unit\":\"week\"",
            1,
        )
    };
    check(&weekly(""), r#"{"next_period":["2026-02-01","2026-02-08"]}"#);
    let daily = weekly(r#","anchor_day":1"#).replace("week", "day");
    fails(&daily, "malformed");
}

#[test]
fn another_cycle_is_measured_by_its_own_length() {
    let to_year = |mode: &str, rest: &str| {
        change("2026-01-22", mode, rest).replacen(
            "\"62\",\"cycle\":{\"unit\":\"month\"",
            "\"365\",\"cycle\":{\"unit\":\"year\"",
            1,
        )
    };
    check(
        &to_year("same_due_date", ""),
        r#"{"charge":"10.00","credit":"10.00","next_period":["2026-02-01","2027-02-01"]}"#,
    );
    check(
        &to_year("same_due_date", r#","day_count":"fixed_30""#),
        r#"{"charge":"9.13","credit":"9.30"}"#,
    );
    // A yearly plan changed to a monthly one pays for more than one month.
    let to_month = r#"{"op":"change","currency":"USD","old":{"price":"365","cycle":{"unit":"year","count":1}},
        "new":{"price":"31","cycle":{"unit":"month","count":1},"quantity":2},
        "period":["2026-01-01","2027-01-01"],"at":"2026-12-01","mode":"same_due_date"}"#;
    check(to_month, r#"{"credit":"31.00","charge":"62.00"}"#);
    check(
        &to_month.replace("2026-12-01", "2026-11-01"),
        r#"{"credit":"61.00","charge":"122.00","net":"61.00"}"#,
    );
    // The charge's days follow the new cycle, the credit's the old.
    let to_days = change("2026-01-16", "same_due_date", r#","day_count":"fixed_30""#).replacen(
        "\"62\",\"cycle\":{\"unit\":\"month\",\"count\":1",
        "\"30\",\"cycle\":{\"unit\":\"day\",\"count\":30",
        1,
    );
    check(&to_days, r#"{"credit":"15.50","charge":"16.00"}"#);
    // A year is twelve months: both cycles are equal and the period itself is the whole.
    let same = r#"{"op":"change","currency":"USD","old":{"price":"366","cycle":{"unit":"year","count":1}},
        "new":{"price":"732","cycle":{"unit":"month","count":12}},
        "period":["2027-02-28","2028-02-29"],"at":"2028-02-28","mode":"same_due_date"}"#;
    check(same, r#"{"credit":"1.00","charge":"2.00"}"#);
}

#[test]
fn credit_is_of_what_was_paid_and_is_left() {
    check(&cancel("2026-01-22", "credit_unused", ""), r#"{"credit":"10.00"}"#);
    check(
        &cancel("2026-01-22", "credit_unused", r#","quantity":3"#),
        r#"{"credit":"30.00"}"#,
    );
    check(&cancel("2026-01-01", "credit_unused", ""), r#"{"credit":"31.00"}"#);
    check(&cancel("2026-02-01", "credit_unused", ""), r#"{"credit":"0.00"}"#);
    check(&cancel("2026-01-22", "none", ""), r#"{"credit":"0.00"}"#);
    check(
        &cancel("2026-01-22", "credit_unused", r#","paid":"15.50""#),
        r#"{"credit":"5.00"}"#,
    );
    check(
        &cancel(
            "2026-01-22",
            "credit_unused",
            r#","paid":"20","paid_from":"2026-01-12""#,
        ),
        r#"{"credit":"10.00"}"#,
    );
    check(
        &cancel("2026-01-22", "credit_unused", r#","credited":"25""#),
        r#"{"credit":"6.00"}"#,
    );
    check(
        &cancel("2026-01-22", "credit_unused", r#","credited":"31""#),
        r#"{"credit":"0.00"}"#,
    );
    check(
        &cancel("2026-01-16", "credit_unused", r#","day_count":"fixed_30""#),
        r#"{"credit":"15.50"}"#,
    );
    check(
        &cancel(
            "2026-01-16",
            "credit_unused",
            r#","day_count":"fixed_30","cycle":{"unit":"week","count":4}"#,
        ),
        r#"{"credit":"16.00"}"#,
    );
    check(
        &cancel("2026-02-01", "credit_unused", r#","paid_from":"2026-02-01""#),
        r#"{"credit":"0.00"}"#,
    );
    check(
        &change("2026-01-22", "same_due_date", r#","paid":"15.50","credited":"12""#),
        r#"{"credit":"3.50","net":"16.50"}"#,
    );
}

#[test]
fn days_and_amounts_must_agree() {
    for at in ["2025-12-31", "2026-02-02"] {
        fails(&cancel(at, "credit_unused", ""), "outside_period");
        fails(&cancel(at, "none", ""), "outside_period");
        fails(&change(at, "at_renewal", ""), "outside_period");
    }
    fails(
        &cancel("2026-01-22", "credit_unused", r#","paid_from":"2026-01-23""#),
        "outside_period",
    );
    fails(
        &cancel("2026-01-22", "credit_unused", r#","paid_from":"2025-12-31""#),
        "outside_period",
    );
    fails(
        &cancel("2026-01-22", "credit_unused", r#","credited":"31.01""#),
        "out_of_range",
    );
    fails(
        &cancel("2026-01-22", "credit_unused", r#","paid":"-1""#),
        "out_of_range",
    );
    fails(
        &cancel(
            "2026-01-30",
            "credit_unused",
            r#","day_count":"fixed_30","paid_from":"2026-01-30""#,
        )
        .replace("02-01", "01-31"),
        "bad_range",
    );
    fails(&cancel("2026-01-22", "refund", ""), "malformed");
    fails(&change("2026-01-22", "now", ""), "malformed");
    let mixed =
        change("2026-01-22", "at_renewal", "").replacen("\"price\":\"62\"", "\"price\":\"62\",\"currency\":\"EUR\"", 1);
    fails(&mixed, "mixed_currency");
    fails(&cancel("2026-01-22", "none", r#","new":{}"#), "malformed");
}
