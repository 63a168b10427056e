//! The one pricing function: what a cart, an order and a page say something costs.
//!
//! [`quote`] is pure over loaded [`Offer`]s. A unit price is the plan's price plus its options; every
//! line carries the trace that leads to its amount. A trial has nothing recurring today.

mod choice;
mod hostname;
mod load;

#[cfg(test)]
mod tests;

use chrono::{Days, NaiveDate};
use platform::calendar::Grid;
use platform::money::{Currency, Money, MoneyError};
use serde::Serialize;
use serde_json::{Value, json};

pub use choice::OptionPart;
pub use hostname::check_hostname;
pub use load::offers;

use crate::BillingError;
use crate::catalogue::{Plan, Price, Product};
use crate::ids::PlanId;
use crate::option::{OptionPrice, ProductOption};

/// Most items of a cart or order.
pub const ITEMS_MAX: usize = 50;
/// Most units of an item.
pub const QUANTITY_MAX: i32 = 100;
/// A whole period is billed at its price: nothing is rounded.
const ROUNDING: &str = "none: a whole period at its price";

/// Something to buy.
#[derive(Debug, Clone)]
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

/// What is wrong with one field of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemProblem {
    /// Which item, from 0.
    pub item: usize,
    /// plan, quantity, hostname, or `options.{key}`.
    pub field: String,
    /// What to do about it.
    pub message: String,
}

/// Nothing can be quoted.
#[derive(Debug, thiserror::Error)]
pub enum QuoteError {
    /// Fields to correct.
    #[error("some items are wrong")]
    Items(Vec<ItemProblem>),
    /// Amounts beyond what money can be.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl From<QuoteError> for BillingError {
    fn from(error: QuoteError) -> Self {
        let problems = match error {
            QuoteError::Items(problems) => problems,
            QuoteError::Money(error) => return error.into(),
        };
        let field = match problems.first().map(|p| p.field.as_str()) {
            Some("hostname") => "hostname",
            Some(field) if field.starts_with("options") => "options",
            _ => "items",
        };
        let say = |p: &ItemProblem| match p.field.strip_prefix("options.") {
            Some(key) => format!("{key}: {}", p.message),
            None => p.message.clone(),
        };
        let several = problems.iter().any(|p| p.item > 0);
        let texts: Vec<String> = problems
            .iter()
            .map(|p| if several { format!("Item {}: {}", p.item + 1, say(p)) } else { say(p) })
            .collect();
        Self::Field(field, texts.join(" "))
    }
}

/// Prices items; pure over the offers.
///
/// # Errors
/// Every wrong field of every item at once, or an amount out of range.
pub fn quote(offers: &[Offer], items: &[Item], currency: Currency, today: NaiveDate) -> Result<Quote, QuoteError> {
    let mut problems = Vec::new();
    if items.is_empty() || items.len() > ITEMS_MAX {
        problems.push(problem(0, "items", "An order has 1 to 50 items."));
        return Err(QuoteError::Items(problems));
    }
    let mut quoted = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match offers.iter().find(|offer| offer.plan.id == item.plan) {
            Some(offer) => match price_item(offer, item, currency, today) {
                Ok(done) => quoted.push(done),
                Err(QuoteError::Items(wrong)) => {
                    problems.extend(wrong.into_iter().map(|p| ItemProblem { item: index, ..p }));
                }
                Err(error @ QuoteError::Money(_)) => return Err(error),
            },
            None => problems.push(problem(index, "plan", "There is no such plan on sale.")),
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

fn problem(item: usize, field: &str, message: impl Into<String>) -> ItemProblem {
    ItemProblem { item, field: field.to_owned(), message: message.into() }
}

fn price_item(offer: &Offer, item: &Item, currency: Currency, today: NaiveDate) -> Result<QuotedItem, QuoteError> {
    let mut problems = Vec::new();
    if !(1..=QUANTITY_MAX).contains(&item.quantity) {
        problems.push(problem(0, "quantity", "A quantity is from 1 to 100."));
    }
    let mut item = item.clone();
    if offer.product.needs_hostname && !item.hostname.trim().is_empty() {
        match check_hostname(&item.hostname) {
            Ok(name) => item.hostname = name,
            Err(message) => problems.push(problem(0, "hostname", message)),
        }
    } else {
        item.hostname = String::new();
    }
    let price = offer.prices.iter().find(|p| p.amount.currency == currency);
    if price.is_none() {
        problems.push(problem(0, "plan", format!("This plan has no price in {currency}.")));
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
    let (starts_on, ends_on) = first_period(&offer.plan, today)
        .ok_or_else(|| QuoteError::Items(vec![problem(0, "plan", "This plan's cycle leads out of the calendar.")]))?;
    let trial = offer.plan.trial_days > 0;
    let mut lines = Vec::new();
    let mut add = |kind, period, unit: Money, explain| -> Result<(), MoneyError> {
        let amount = unit.times(quantity)?;
        lines.push(QuoteLine { kind, period, unit, quantity: item.quantity, amount, explain });
        Ok(())
    };
    let explain = explain(&price, &options, &item, unit, false);
    if setup.is_positive() {
        add("setup", (today, today), setup, self::explain(&price, &options, &item, setup, true))?;
    }
    match ends_on {
        _ if trial => {}
        Some(end) => add("recurring", (today, end), unit, explain.clone())?,
        None => add("once", (today, today), unit, explain.clone())?,
    }
    let renews_on = if trial { Some(starts_on) } else { ends_on };
    Ok(QuotedItem {
        description: format!("{} · {}", offer.product.name, offer.plan.name),
        due_today: Money::sum(currency, lines.iter().map(|l| l.amount))?,
        renews_at: renews_on.map(|_| unit.times(quantity)).transpose()?,
        product: offer.product.clone(),
        plan: offer.plan.clone(),
        item,
        price,
        unit,
        options,
        lines,
        starts_on,
        renews_on,
        explain,
    })
}

fn explain(price: &Price, options: &[OptionPart], item: &Item, unit: Money, setup: bool) -> Value {
    let (what, base) = if setup { ("setup", price.setup) } else { ("period", price.amount) };
    let options: Vec<Value> = options
        .iter()
        .map(|o| {
            let amount = if setup { o.setup } else { o.amount };
            json!({ "key": o.key, "value": o.value, "quantity": o.quantity, "price_version": o.price_version, "amount": amount })
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
