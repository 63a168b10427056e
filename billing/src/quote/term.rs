//! Terms side by side: what a longer one comes to in a month, and what it saves.

use platform::money::Money;

/// Months of a cycle; none for days, weeks and what is paid once.
#[must_use]
pub fn months(unit: &str, count: i32) -> Option<i64> {
    match unit {
        "month" => Some(i64::from(count)),
        "year" => Some(i64::from(count) * 12),
        _ => None,
    }
    .filter(|months| *months > 0)
}

/// What a price comes to in a month, rounded half up; none for a term of a month or less.
#[must_use]
pub fn monthly(amount: Money, unit: &str, count: i32) -> Option<Money> {
    let months = months(unit, count).filter(|months| *months > 1)?;
    let minor = (amount.minor * 2 + months) / (months * 2);
    Money::new(minor, amount.currency).ok()
}

/// Whole percent saved against paying `base` every month; none where nothing is.
#[must_use]
pub fn saving(amount: Money, unit: &str, count: i32, base: Money) -> Option<i64> {
    let months = months(unit, count).filter(|months| *months > 1)?;
    let whole = base.minor.checked_mul(months)?;
    if amount.currency != base.currency || whole <= 0 {
        return None;
    }
    Some((whole - amount.minor) * 100 / whole).filter(|percent| *percent > 0)
}

#[cfg(test)]
mod tests {
    use platform::money::Currency;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::parse("USD").unwrap()).unwrap()
    }

    #[test]
    fn longer_terms_compare_with_a_month() {
        assert_eq!(monthly(usd(10_000), "year", 1), Some(usd(833)));
        assert_eq!(monthly(usd(3), "month", 2), Some(usd(2)));
        assert_eq!(monthly(usd(1000), "month", 1), None);
        assert_eq!(monthly(usd(1000), "week", 8), None);
        assert_eq!(saving(usd(10_000), "year", 1, usd(1000)), Some(16));
        assert_eq!(saving(usd(12_000), "year", 1, usd(1000)), None);
        assert_eq!(saving(usd(13_000), "year", 1, usd(1000)), None);
        assert_eq!(saving(usd(0), "month", 3, usd(0)), None);
    }
}
