//! Orders that staff place: prices that were agreed on, and who placed it.

use platform::money::Money;
use serde_json::json;
use tenancy::{TenantTx, audit};

use super::find;
use crate::BillingError;
use crate::ids::OrderId;
use crate::quote::{self, Quote};

/// What was agreed on beside the list.
#[derive(Debug, Clone, Default)]
pub struct Agreed {
    /// Price per unit and cycle of the item at the same place; none: its plan's own.
    pub prices: Vec<Option<Money>>,
    /// Why.
    pub reason: String,
}

impl Agreed {
    /// The quote at these prices: by the same function as everybody's, with another price of the unit.
    ///
    /// # Errors
    /// No reason, another currency, or less than nothing.
    pub fn over(&self, mut quote: Quote) -> Result<Quote, BillingError> {
        if self.prices.iter().all(Option::is_none) {
            return Ok(quote);
        }
        let reason = self.reason.trim();
        if reason.is_empty() || reason.chars().count() > 500 {
            return Err(BillingError::Field("reason", "Say why, in 1 to 500 characters.".into()));
        }
        let mut prices = self.prices.iter();
        let items = quote
            .items
            .into_iter()
            .map(|item| match prices.next().copied().flatten() {
                Some(price) => quote::agree(item, price),
                None => Ok(item),
            });
        quote.items = items.collect::<Result<_, _>>()?;
        let currency = quote.due_today.currency;
        quote.due_today = Money::sum(currency, quote.items.iter().map(|item| item.due_today))?;
        quote.renewals = Money::sum(currency, quote.items.iter().filter_map(|item| item.renews_at))?;
        Ok(quote)
    }
}

/// What somebody orders for somebody else is in the log with their name.
pub(super) async fn record(
    tx: &mut TenantTx,
    order: OrderId,
    total: Money,
    agreed: &Agreed,
) -> Result<(), BillingError> {
    if !["staff", "parent"].contains(&tx.actor().kind()) {
        return Ok(());
    }
    let number = find(tx, order).await?.map(|row| row.number.to_string());
    let prices: Vec<_> = agreed.prices.iter().flatten().collect();
    let mut detail = json!({ "number": number, "total": total });
    if !prices.is_empty() {
        detail["prices"] = json!(prices);
        detail["reason"] = json!(agreed.reason.trim());
    }
    Ok(audit::record(tx, "order.placed", order, detail).await?)
}
