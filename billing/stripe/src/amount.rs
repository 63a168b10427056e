//! Amounts as Stripe counts them (docs.stripe.com/currencies).

use platform::money::{Currency, Money};

/// The smallest amount Stripe moves in a currency, in minor units.
pub fn step(currency: Currency) -> i64 {
    match (currency.code(), currency.exponent()) {
        // Two decimals in ISO 4217, none in the API.
        ("MGA", 2) => 100,
        // Three decimals, of which the last must be zero.
        (_, 3) => 10,
        _ => 1,
    }
}

/// Minor units in Stripe's form.
///
/// # Errors
/// A sentence, when Stripe cannot charge this amount in this currency.
pub fn to_stripe(amount: Money) -> Result<i64, String> {
    let code = amount.currency.code();
    let minor = match code {
        // No decimals in ISO 4217, two in the API, which must be zero.
        "ISK" | "UGX" => amount.minor.checked_mul(100),
        "MGA" if amount.currency.exponent() == 2 => Some(amount.minor / 100),
        _ => Some(amount.minor),
    };
    minor
        .filter(|_| amount.minor % step(amount.currency) == 0)
        .filter(|minor| (1..=99_999_999).contains(minor))
        .ok_or_else(|| format!("{} {code} cannot be charged by card.", amount.to_decimal_string()))
}

/// An amount as Stripe reports it: minor units in its form and a currency in small letters.
pub fn from_stripe(minor: i64, code: &str) -> Option<Money> {
    let currency = Currency::parse(&code.to_ascii_uppercase()).ok()?;
    let ours = match currency.code() {
        "ISK" | "UGX" => (minor % 100 == 0).then_some(minor / 100)?,
        "MGA" if currency.exponent() == 2 => minor.checked_mul(100)?,
        _ => minor,
    };
    Money::new(ours, currency).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_each_currency() {
        for (text, code, expected) in [
            ("10.00", "EUR", Some(1000)),
            ("500", "JPY", Some(500)),
            ("5", "ISK", Some(500)),
            ("5.120", "KWD", Some(5120)),
            ("5.125", "KWD", None),
            ("2.00", "MGA", Some(2)),
            ("2.50", "MGA", None),
            ("0.00", "USD", None),
            ("1000000.00", "USD", None),
        ] {
            let money = Money::parse(text, Currency::parse(code).unwrap()).unwrap();
            assert_eq!(to_stripe(money).ok(), expected, "{text} {code}");
            let whole = Money::new(money.minor - money.minor % step(money.currency), money.currency).unwrap();
            assert!(
                whole.is_zero() || whole.minor > 99_999_999 || to_stripe(whole).is_ok(),
                "{text} {code}"
            );
            if let Some(minor) = expected {
                assert_eq!(from_stripe(minor, &code.to_lowercase()), Some(money), "{text} {code}");
            }
        }
    }
}
