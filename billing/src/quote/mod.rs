//! The one pricing function: what a page, a cart, an order and a renewal say something costs.
//!
//! [`quote`] is pure over loaded [`Offer`]s. A unit price is the plan's price plus its options; every
//! line carries the trace that leads to its amount. A trial has nothing recurring today. What a
//! subscription keeps ([`QuotedItem::unit`] and [`QuotedItem::explain`]) is what its renewals bill.

mod agree;
mod choice;
mod fault;
mod hostname;
mod load;
mod term;

#[cfg(test)]
mod tests;

use chrono::{Days, NaiveDate};
use platform::calendar::Grid;
use platform::money::{Currency, Money, MoneyError};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use agree::agree;
pub use choice::OptionPart;
pub use fault::{Fault, ItemProblem, QuoteError};
pub use hostname::{check_hostname, hostname_of_unit};
pub use load::{offers, offers_of};
pub use term::{monthly, saving};

use crate::catalogue::{OptionPrice, Plan, Price, Product, ProductOption};
use crate::ids::PlanId;
use fault::problem;

/// Most items of a cart or order.
pub const ITEMS_MAX: usize = 50;
/// Most units of an item.
pub const QUANTITY_MAX: i32 = 100;
/// A whole period is billed at its price: nothing is rounded.
pub(crate) const ROUNDING: &str = "none: a whole period at its price";

/// Something to buy.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Plan.
    pub plan: PlanId,
    /// How many.
    pub quantity: i32,
    /// Hostname, where the product wants one.
    pub hostname: String,
    /// Options by key: a value's key, a number or a text.
    pub options: Value,
}

/// A plan on sale with everything its price depends on.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Product.
    pub product: Product,
    /// Plan.
    pub plan: Plan,
    /// Latest price in each currency.
    pub prices: Vec<Price>,
    /// Options of the product that are on sale.
    pub options: Vec<ProductOption>,
    /// Latest price of each option with this plan, in each currency.
    pub option_prices: Vec<OptionPrice>,
}

impl Offer {
    /// The price in a currency.
    #[must_use]
    pub fn price(&self, currency: Currency) -> Option<&Price> {
        self.prices.iter().find(|price| price.amount.currency == currency)
    }
}

/// A line that is due today.
#[derive(Debug, Clone, Serialize)]
pub struct QuoteLine {
    /// recurring, setup or once.
    pub kind: &'static str,
    /// Half-open period it pays for; the same day twice for what has none.
    pub period: (NaiveDate, NaiveDate),
    /// Per unit.
    pub unit: Money,
    /// Units.
    pub quantity: i32,
    /// Unit times quantity.
    pub amount: Money,
    /// How the amount came about.
    pub explain: Value,
}

/// One item with its prices.
#[derive(Debug, Clone, Serialize)]
pub struct QuotedItem {
    /// The item, its hostname and options in their stored form.
    #[serde(skip)]
    pub item: Item,
    /// What it is.
    #[serde(skip)]
    pub product: Product,
    /// Its plan.
    #[serde(skip)]
    pub plan: Plan,
    /// The plan's price version it is sold at.
    #[serde(skip)]
    pub price: Price,
    /// First line for people.
    pub description: String,
    /// Per unit and cycle, options included.
    pub unit: Money,
    /// Per unit, once, options included.
    pub setup: Money,
    /// The options in it.
    pub options: Vec<OptionPart>,
    /// Lines due today.
    pub lines: Vec<QuoteLine>,
    /// Their sum.
    pub due_today: Money,
    /// First day of billing: after the trial.
    pub starts_on: NaiveDate,
    /// Day of the next charge; none for what is paid once.
    pub renews_on: Option<NaiveDate>,
    /// What it costs then: unit times quantity.
    pub renews_at: Option<Money>,
    /// How the unit price came about.
    pub explain: Value,
}

/// What everything costs.
#[derive(Debug, Clone, Serialize)]
pub struct Quote {
    /// Items in the order they were asked for.
    pub items: Vec<QuotedItem>,
    /// Sum of all lines.
    pub due_today: Money,
    /// Sum of what renews, whatever the cycle.
    pub renewals: Money,
}

/// Prices items; pure over the offers.
///
/// # Errors
/// Every wrong field of every item at once, or an amount out of range.
pub fn quote(offers: &[Offer], items: &[Item], currency: Currency, today: NaiveDate) -> Result<Quote, QuoteError> {
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(QuoteError::Items(vec![problem("items", Fault::ItemCount)]));
    }
    let mut problems = Vec::new();
    let mut quoted = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match quote_one(offers, item, currency, today) {
            Ok(done) => quoted.push(done),
            Err(QuoteError::Items(wrong)) => {
                problems.extend(wrong.into_iter().map(|p| ItemProblem { item: index, ..p }));
            }
            Err(error @ QuoteError::Money(_)) => return Err(error),
        }
    }
    if !problems.is_empty() {
        return Err(QuoteError::Items(problems));
    }
    Ok(Quote {
        due_today: Money::sum(currency, quoted.iter().map(|q| q.due_today))?,
        renewals: Money::sum(currency, quoted.iter().filter_map(|q| q.renews_at))?,
        items: quoted,
    })
}

/// Prices one item; pure over the offers.
///
/// # Errors
/// Every wrong field of it, or an amount out of range.
pub fn quote_one(
    offers: &[Offer],
    item: &Item,
    currency: Currency,
    today: NaiveDate,
) -> Result<QuotedItem, QuoteError> {
    let offer = offers.iter().find(|offer| offer.plan.id == item.plan);
    let offer = offer.ok_or_else(|| QuoteError::Items(vec![problem("plan", Fault::NoPlan)]))?;
    let mut problems = Vec::new();
    if !(1..=QUANTITY_MAX).contains(&item.quantity) {
        problems.push(problem("quantity", Fault::Quantity));
    }
    let mut item = item.clone();
    if offer.product.needs_hostname && !item.hostname.trim().is_empty() {
        match check_hostname(&item.hostname) {
            Ok(name) => item.hostname = name,
            Err(fault) => problems.push(problem("hostname", fault)),
        }
    } else {
        item.hostname = String::new();
    }
    let price = offer.price(currency);
    if price.is_none() {
        problems.push(problem("plan", Fault::NoPrice(currency)));
    }
    let chosen = match choice::choose(offer, &item.options, currency) {
        Ok(chosen) => Some(chosen),
        Err(QuoteError::Items(wrong)) => {
            problems.extend(wrong);
            None
        }
        Err(error @ QuoteError::Money(_)) => return Err(error),
    };
    match (price, chosen) {
        (Some(price), Some(chosen)) if problems.is_empty() => {
            item.options = chosen.stored;
            whole(offer, item, price.clone(), chosen.parts, today)
        }
        _ => Err(QuoteError::Items(problems)),
    }
}

fn whole(
    offer: &Offer,
    item: Item,
    price: Price,
    options: Vec<OptionPart>,
    today: NaiveDate,
) -> Result<QuotedItem, QuoteError> {
    let currency = price.amount.currency;
    let unit = Money::sum(currency, options.iter().map(|o| o.amount).chain([price.amount]))?;
    let setup = Money::sum(currency, options.iter().map(|o| o.setup).chain([price.setup]))?;
    let quantity = u32::try_from(item.quantity).unwrap_or(1);
    let (starts_on, ends_on) =
        first_period(&offer.plan, today).ok_or_else(|| QuoteError::Items(vec![problem("plan", Fault::Calendar)]))?;
    let trial = offer.plan.trial_days > 0;
    let mut lines = Vec::new();
    let mut add = |kind, period, unit: Money, explain| -> Result<(), MoneyError> {
        let amount = unit.times(quantity)?;
        lines.push(QuoteLine {
            kind,
            period,
            unit,
            quantity: item.quantity,
            amount,
            explain,
        });
        Ok(())
    };
    let explain = explain(&price, &options, &item, unit, false);
    if setup.is_positive() {
        let explain = self::explain(&price, &options, &item, setup, true);
        add("setup", (today, today), setup, explain)?;
    }
    match ends_on {
        _ if trial => {}
        Some(end) => add("recurring", (today, end), unit, explain.clone())?,
        None => add("once", (today, today), unit, explain.clone())?,
    }
    let renews_on = match ends_on {
        Some(_) if trial => Some(starts_on),
        other => other,
    };
    Ok(QuotedItem {
        description: format!("{} · {}", offer.product.name, offer.plan.name),
        due_today: Money::sum(currency, lines.iter().map(|l| l.amount))?,
        renews_at: renews_on.map(|_| unit.times(quantity)).transpose()?,
        product: offer.product.clone(),
        plan: offer.plan.clone(),
        item,
        price,
        unit,
        setup,
        options,
        lines,
        starts_on,
        renews_on,
        explain,
    })
}

/// Base plus each option's units times its price is the unit; unit times quantity is the amount.
fn explain(price: &Price, options: &[OptionPart], item: &Item, unit: Money, setup: bool) -> Value {
    let (what, base) = if setup {
        ("setup", price.setup)
    } else {
        ("period", price.amount)
    };
    let options: Vec<Value> = options
        .iter()
        .map(|o| {
            let (each, amount) = if setup {
                (o.setup_each, o.setup)
            } else {
                (o.each, o.amount)
            };
            json!({ "key": o.key, "value": o.value, "quantity": o.quantity, "price_version": o.price_version,
                    "each": each, "amount": amount })
        })
        .collect();
    json!({ "price_version": price.version, "plan": item.plan, "what": what, "base": base, "options": options, "unit": unit,
            "quantity": item.quantity, "rounding": ROUNDING })
}

/// The first billed day and, where it repeats, the first day of the second period. None beyond the calendar.
fn first_period(plan: &Plan, today: NaiveDate) -> Option<(NaiveDate, Option<NaiveDate>)> {
    let trial = u64::try_from(plan.trial_days).ok()?;
    let start = today.checked_add_days(Days::new(trial))?;
    let Some(cycle) = plan.cycle() else {
        return Some((start, None));
    };
    let next = Grid::new(start, cycle, None).ok()?.boundary(1).ok()?;
    Some((start, Some(next)))
}
