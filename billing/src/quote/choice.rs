//! What was chosen of a product's options: checked, in its stored form, and priced.

use platform::money::{Currency, Money};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::fault::problem;
use super::{Fault, ItemProblem, Offer, QuoteError};
use crate::catalogue::ProductOption;
use crate::ids::OptionValueId;

/// One option in a unit price.
#[derive(Debug, Clone, Serialize)]
pub struct OptionPart {
    /// Option.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// What was chosen, for people.
    pub value: String,
    /// Units of it.
    pub quantity: u32,
    /// Version of its price; none: it is free with this plan.
    pub price_version: Option<i32>,
    /// Per unit of the option and cycle.
    pub each: Money,
    /// Per unit of the item and cycle: each times quantity.
    pub amount: Money,
    /// Per unit of the option, once.
    pub setup_each: Money,
    /// Per unit of the item, once.
    pub setup: Money,
}

pub(super) struct Chosen {
    /// As kept with the service.
    pub(super) stored: Value,
    pub(super) parts: Vec<OptionPart>,
}

/// One option as given: what is stored, what people read, how many units, which value.
struct Pick {
    stored: Value,
    says: String,
    quantity: u32,
    value: Option<OptionValueId>,
}

/// Checks and prices the given options.
pub(super) fn choose(offer: &Offer, given: &Value, currency: Currency) -> Result<Chosen, QuoteError> {
    let empty = Map::new();
    let given = match given {
        Value::Null => &empty,
        Value::Object(map) => map,
        _ => return Err(QuoteError::Items(vec![problem("options", Fault::OptionsShape)])),
    };
    let mut problems: Vec<ItemProblem> = given
        .keys()
        .filter(|key| !offer.options.iter().any(|o| o.key == **key))
        .map(|key| complain(key, Fault::NoOption))
        .collect();
    let (mut stored, mut parts) = (Map::new(), Vec::new());
    for option in &offer.options {
        match pick(option, given.get(&option.key)) {
            Ok(Some(pick)) => {
                match part(offer, option, &pick, currency) {
                    Ok(part) => parts.push(part),
                    Err(QuoteError::Items(wrong)) => problems.extend(wrong),
                    Err(error @ QuoteError::Money(_)) => return Err(error),
                }
                stored.insert(option.key.clone(), pick.stored);
            }
            Ok(None) => {}
            Err(fault) => problems.push(complain(&option.key, fault)),
        }
    }
    if problems.is_empty() {
        let stored = Value::Object(stored);
        Ok(Chosen { stored, parts })
    } else {
        Err(QuoteError::Items(problems))
    }
}

fn complain(key: &str, fault: Fault) -> ItemProblem {
    problem(format!("options.{key}"), fault)
}

/// What was given for one option; none when nothing was and nothing had to be.
fn pick(option: &ProductOption, given: Option<&Value>) -> Result<Option<Pick>, Fault> {
    let given = given.filter(|value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty()));
    match option.kind.as_str() {
        "quantity" => quantity(option, given),
        _ if given.is_none() => {
            if option.required {
                Err(Fault::Required)
            } else {
                Ok(None)
            }
        }
        "choice" => {
            let key = given.and_then(Value::as_str);
            let on_offer = |key: &str| option.values.iter().find(|v| v.key == key && !v.retired);
            let value = key.and_then(on_offer).ok_or(Fault::NoChoice)?;
            Ok(Some(Pick {
                stored: json!(value.key),
                says: value.name.clone(),
                quantity: 1,
                value: Some(value.id),
            }))
        }
        _ => {
            let text = given.and_then(Value::as_str).ok_or(Fault::NotText)?.trim();
            if text.chars().count() > usize::try_from(option.max).unwrap_or(0) {
                return Err(Fault::TooLong(option.max));
            }
            if text.chars().any(char::is_control) {
                return Err(Fault::NotOneLine);
            }
            Ok(Some(Pick {
                stored: json!(text),
                says: text.to_owned(),
                quantity: 1,
                value: None,
            }))
        }
    }
}

/// A number, also as a form sends it; what is not given is the least there is.
fn quantity(option: &ProductOption, given: Option<&Value>) -> Result<Option<Pick>, Fault> {
    let number = match given {
        None if option.required => return Err(Fault::Required),
        None => i64::from(option.min),
        Some(value) => value
            .as_i64()
            .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
            .ok_or(Fault::NotNumber)?,
    };
    if number < i64::from(option.min) || number > i64::from(option.max) {
        return Err(Fault::Range(option.min, option.max));
    }
    let units = u32::try_from(number).map_err(|_| Fault::NotNumber)?;
    if units == 0 {
        return Ok(None);
    }
    Ok(Some(Pick {
        stored: json!(units),
        says: units.to_string(),
        quantity: units,
        value: None,
    }))
}

/// The price of a pick. An option without any price is free; one priced in other currencies only is not for sale.
fn part(offer: &Offer, option: &ProductOption, pick: &Pick, currency: Currency) -> Result<OptionPart, QuoteError> {
    let mut all = offer
        .option_prices
        .iter()
        .filter(|p| p.option == option.id && p.value == pick.value)
        .peekable();
    let is_priced = all.peek().is_some();
    let price = all.find(|p| p.amount.currency == currency);
    if is_priced && price.is_none() {
        let wrong = complain(&option.key, Fault::OptionNoPrice(currency));
        return Err(QuoteError::Items(vec![wrong]));
    }
    let zero = Money::zero(currency);
    let (each, setup_each) = price.map_or((zero, zero), |p| (p.amount, p.setup));
    Ok(OptionPart {
        key: option.key.clone(),
        name: option.name.clone(),
        value: pick.says.clone(),
        quantity: pick.quantity,
        price_version: price.map(|p| p.version),
        each,
        amount: each.times(pick.quantity)?,
        setup_each,
        setup: setup_each.times(pick.quantity)?,
    })
}
