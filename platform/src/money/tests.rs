//! Tables and laws of amounts, fractions, rounding and allocation.

use proptest::prelude::*;

use super::{Currency, Decimal, DecimalError, Exact, MAX_MINOR, Money, MoneyError, Rounding, allocate};

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

#[test]
fn currencies_know_their_decimals() {
    for (code, exponent) in [("JPY", 0), ("USD", 2), ("EUR", 2), ("KWD", 3), ("CLF", 4), ("UYW", 4)] {
        assert_eq!(currency(code).exponent(), exponent, "{code}");
    }
    for code in ["usd", "US", "XYZ", "XAU", "XXX", "", "USD "] {
        assert_eq!(Currency::parse(code), Err(MoneyError::UnknownCurrency(code.to_owned())));
    }
    assert_eq!(Currency::all().count(), 165);
}

#[test]
fn decimals_are_read_strictly() {
    for text in [
        "", "-", "+1", ".5", "1.", "1e2", " 1", "1 ", "--1", "1,0", "1.2.3", "٣", "0x1",
    ] {
        assert_eq!(Decimal::parse(text), Err(DecimalError::Format), "{text:?}");
    }
    assert_eq!(Decimal::parse("12345678901234567"), Err(DecimalError::TooLong));
    assert_eq!(Decimal::parse("0.1234567890123"), Err(DecimalError::TooLong));
    assert_eq!(
        Exact::parse("9999999999999999.123456789012").unwrap().to_fixed(12),
        "9999999999999999.123456789012"
    );
    assert_eq!(Exact::parse("-0").unwrap(), Exact::zero());
}

#[test]
fn money_is_read_and_printed_in_its_decimals() {
    let check = |text: &str, code: &str, expected: &str| {
        let money = Money::parse(text, currency(code)).unwrap();
        assert_eq!(money.to_decimal_string(), expected, "{text} {code}");
        assert_eq!(Money::parse(expected, currency(code)), Ok(money));
    };
    check("5", "USD", "5.00");
    check("-0.05", "USD", "-0.05");
    check("-0.00", "USD", "0.00");
    check("1.500000000000", "USD", "1.50");
    check("5.000", "JPY", "5");
    check("0.001", "KWD", "0.001");
    check("90000000000000.00", "USD", "90000000000000.00");
    let fail = |text: &str, code: &str| Money::parse(text, currency(code)).unwrap_err();
    assert_eq!(fail("1.005", "USD"), MoneyError::TooPrecise(currency("USD")));
    assert_eq!(fail("0.1", "JPY"), MoneyError::TooPrecise(currency("JPY")));
    assert_eq!(fail("90000000000000.01", "USD"), MoneyError::OutOfRange);
    assert_eq!(fail("9999999999999999", "CLF"), MoneyError::OutOfRange);
    assert_eq!(fail("1.", "USD"), MoneyError::Format);
}

#[test]
fn money_is_bounded_and_never_mixed() {
    let usd = currency("USD");
    let most = Money::new(MAX_MINOR, usd).unwrap();
    let cent = Money::new(1, usd).unwrap();
    let yen = Money::new(1, currency("JPY")).unwrap();
    assert_eq!(most.add(cent), Err(MoneyError::OutOfRange));
    assert_eq!(most.negated().sub(cent), Err(MoneyError::OutOfRange));
    assert_eq!(most.times(2), Err(MoneyError::OutOfRange));
    assert_eq!(most.times(u32::MAX), Err(MoneyError::OutOfRange));
    assert_eq!(Money::new(i64::MIN, usd), Err(MoneyError::OutOfRange));
    assert_eq!(
        cent.add(yen),
        Err(MoneyError::MixedCurrency {
            left: usd,
            right: yen.currency
        })
    );
    assert!(Money::sum(usd, [cent, yen]).is_err());
    assert_eq!(
        Money::sum(usd, [most, cent, most.negated()]),
        Ok(cent),
        "only the sum has to fit"
    );
}

#[test]
fn money_travels_as_amount_and_currency() {
    let money = Money::parse("12.34", currency("USD")).unwrap();
    let json = r#"{"amount":"12.34","currency":"USD"}"#;
    assert_eq!(serde_json::to_string(&money).unwrap(), json);
    assert_eq!(serde_json::from_str::<Money>(json).unwrap(), money);
    for wrong in [
        r#"{"amount":12.34,"currency":"USD"}"#,
        r#"{"amount":"12.345","currency":"USD"}"#,
        r#"{"amount":"1","currency":"XXX"}"#,
        r#"{"amount":"1","currency":"USD","tax":"0"}"#,
    ] {
        assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn rounding_happens_at_the_half() {
    let check = |numerator: i64, denominator: i64, half_up: i64, half_even: i64| {
        let exact = Exact::ratio(numerator, denominator).unwrap();
        assert_eq!(exact.round(Rounding::HalfUp), Some(half_up), "{exact}");
        assert_eq!(exact.round(Rounding::HalfEven), Some(half_even), "{exact}");
    };
    check(1, 2, 1, 0);
    check(3, 2, 2, 2);
    check(5, 2, 3, 2);
    check(-1, 2, -1, 0);
    check(-3, 2, -2, -2);
    check(-5, 2, -3, -2);
    check(49, 100, 0, 0);
    check(-51, 100, -1, -1);
    check(7, 1, 7, 7);
}

#[test]
fn fractions_print_for_people() {
    let check = |numerator: i64, denominator: i64, places: u32, fixed: &str, short: &str| {
        let exact = Exact::ratio(numerator, denominator).unwrap();
        assert_eq!(
            (exact.to_fixed(places).as_str(), exact.to_short(places).as_str()),
            (fixed, short)
        );
    };
    check(10, 31, 9, "0.322580645", "0.322580645");
    check(2, 3, 9, "0.666666667", "0.666666667");
    check(1, 1, 9, "1.000000000", "1");
    check(51, 2, 2, "25.50", "25.5");
    check(-1, 200, 2, "-0.01", "-0.01");
    check(-1, 1000, 2, "0.00", "0");
    check(100, 1, 0, "100", "100");
}

#[test]
fn missing_units_go_to_the_largest_cut_off_parts() {
    let check = |total: i64, shares: &[(i64, i64)], expected: Result<Vec<i64>, MoneyError>| {
        let shares: Vec<Exact> = shares.iter().map(|(n, d)| Exact::ratio(*n, *d).unwrap()).collect();
        assert_eq!(allocate(total, &shares), expected, "{total} over {shares:?}");
    };
    check(100, &[(100, 3), (100, 3), (100, 3)], Ok(vec![34, 33, 33]));
    check(-100, &[(-100, 3), (-100, 3), (-100, 3)], Ok(vec![-34, -33, -33]));
    check(10, &[(52, 10), (24, 10), (24, 10)], Ok(vec![5, 3, 2]));
    check(3, &[(3, 2), (3, 2), (-4, 10)], Ok(vec![2, 1, 0]));
    check(-1, &[(4, 10), (-7, 10), (-6, 10)], Ok(vec![0, -1, 0]));
    check(0, &[(6, 10), (-6, 10)], Ok(vec![0, 0]));
    check(1, &[(1, 2)], Ok(vec![1]));
    check(0, &[(1, 2)], Ok(vec![0]));
    check(0, &[], Ok(vec![]));
    check(5, &[(2, 1), (3, 1)], Ok(vec![2, 3]));
    check(1, &[], Err(MoneyError::NotAllocatable));
    check(9, &[(2, 1), (3, 1)], Err(MoneyError::NotAllocatable));
}

fn shares() -> impl Strategy<Value = Vec<Exact>> {
    let share = (-1_000_000_i64..1_000_000, 1_i64..1000).prop_map(|(n, d)| Exact::ratio(n, d).unwrap());
    prop::collection::vec(share, 0..12)
}

proptest! {
    #[test]
    fn parts_add_up_and_stay_within_a_unit(shares in shares(), even in any::<bool>()) {
        let rounding = if even { Rounding::HalfEven } else { Rounding::HalfUp };
        let total = shares.iter().sum::<Exact>().round(rounding).unwrap();
        let parts = allocate(total, &shares).unwrap();
        prop_assert_eq!(parts.iter().sum::<i64>(), total);
        for (part, share) in parts.iter().zip(&shares) {
            let apart = &Exact::from(*part) - share;
            prop_assert!(apart < Exact::one() && apart > -&Exact::one());
        }
    }

    #[test]
    fn money_survives_its_own_text(minor in -MAX_MINOR..=MAX_MINOR, index in 0_usize..165) {
        let currency = Currency::all().nth(index).unwrap();
        let money = Money::new(minor, currency).unwrap();
        prop_assert_eq!(Money::parse(&money.to_decimal_string(), currency), Ok(money));
    }

    #[test]
    fn rounding_is_symmetric_and_near(numerator in any::<i32>(), denominator in 1_i64..5000) {
        let exact = Exact::ratio(numerator.into(), denominator).unwrap();
        for rounding in [Rounding::HalfUp, Rounding::HalfEven] {
            let rounded = exact.round(rounding).unwrap();
            prop_assert_eq!((-&exact).round(rounding), Some(-rounded));
            let twice = &(&exact - &Exact::from(rounded)) * &Exact::from(2_i64);
            prop_assert!(twice <= Exact::one() && twice >= -&Exact::one());
        }
    }
}
