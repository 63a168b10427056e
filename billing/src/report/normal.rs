//! Amounts of any cycle as amounts of a month: exact ratios, rounded once at the end.

use std::collections::BTreeMap;

use platform::money::{Exact, MoneyError, Rounding};

use crate::BillingError;

/// How many cycles a month has: a year has 12 months and 365 days. None for what is paid once.
#[must_use]
pub fn a_month(unit: &str, count: i32) -> Option<Exact> {
    let count = i64::from(count);
    match unit {
        "month" => Exact::ratio(1, count),
        "year" => Exact::ratio(1, 12 * count),
        "day" => Exact::ratio(365, 12 * count),
        "week" => Exact::ratio(365, 84 * count),
        _ => None,
    }
}

/// Sums of (currency, unit, count, minor units a cycle) as minor units a month, by currency.
pub(super) fn by_currency(rows: Vec<(String, String, i32, i64)>) -> Result<BTreeMap<String, i64>, BillingError> {
    let mut sums: BTreeMap<String, Exact> = BTreeMap::new();
    for (currency, unit, count, minor) in rows {
        let Some(share) = a_month(&unit, count) else { continue };
        let sum = sums.entry(currency).or_insert_with(Exact::zero);
        *sum = &*sum + &(&Exact::from(minor) * &share);
    }
    sums.into_iter()
        .map(|(currency, sum)| {
            let minor = sum.round(Rounding::HalfUp);
            Ok((currency, minor.ok_or(BillingError::Money(MoneyError::OutOfRange))?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::by_currency;

    #[test]
    fn every_cycle_has_its_share_of_a_month_and_is_rounded_once() {
        let check = |rows: &[(&str, &str, i32, i64)], expected: &[(&str, i64)]| {
            let rows = rows
                .iter()
                .map(|(c, u, n, m)| ((*c).to_owned(), (*u).to_owned(), *n, *m));
            let found: Vec<(String, i64)> = by_currency(rows.collect()).unwrap().into_iter().collect();
            let expected: Vec<(String, i64)> = expected.iter().map(|(c, m)| ((*c).to_owned(), *m)).collect();
            assert_eq!(found, expected);
        };
        check(&[("EUR", "month", 1, 1000)], &[("EUR", 1000)]);
        check(&[("EUR", "month", 3, 1000)], &[("EUR", 333)]);
        check(&[("EUR", "year", 1, 12_000)], &[("EUR", 1000)]);
        check(&[("EUR", "day", 1, 12)], &[("EUR", 365)]);
        check(&[("EUR", "week", 1, 84)], &[("EUR", 365)]);
        check(&[("EUR", "once", 1, 5000)], &[]);
        // Three thirds are one, although none of them is whole.
        check(
            &[("EUR", "month", 3, 1000), ("EUR", "month", 6, 4000)],
            &[("EUR", 1000)],
        );
        check(
            &[("EUR", "month", 1, 100), ("USD", "month", 1, 200)],
            &[("EUR", 100), ("USD", 200)],
        );
    }
}
