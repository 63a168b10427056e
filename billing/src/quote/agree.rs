//! A price that staff agreed on with a customer, instead of the plan's own.

use platform::money::{Money, MoneyError};
use serde_json::{Value, json};

use super::QuotedItem;

/// The item at another price per unit and cycle, options included; its setup stays what it is.
///
/// # Errors
/// Another currency, less than zero, or beyond what an amount can be.
pub(crate) fn agree(mut quoted: QuotedItem, price: Money) -> Result<QuotedItem, MoneyError> {
    price.same_currency(quoted.unit)?;
    if price.minor < 0 {
        return Err(MoneyError::OutOfRange);
    }
    let quantity = u32::try_from(quoted.item.quantity).unwrap_or(1);
    let listed = quoted.unit;
    let told = |explain: &mut Value| {
        explain["unit"] = json!(price);
        explain["agreed"] = json!({ "instead_of": listed, "unit": price });
    };
    for line in quoted.lines.iter_mut().filter(|line| line.kind != "setup") {
        line.unit = price;
        line.amount = price.times(quantity)?;
        told(&mut line.explain);
    }
    told(&mut quoted.explain);
    quoted.unit = price;
    quoted.renews_at = quoted.renews_at.map(|_| price.times(quantity)).transpose()?;
    quoted.due_today = Money::sum(price.currency, quoted.lines.iter().map(|line| line.amount))?;
    Ok(quoted)
}
