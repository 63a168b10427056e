//! Options as they stand in a product, and their prices as they stand in a plan.

use std::collections::HashMap;

use billing::catalogue::{NewOption, NewOptionValue, NewPrice, OptionPrice, OptionValue, ProductOption};
use billing::ids::OptionId;
use platform::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::super::error::ApiError;

/// A value of a choice.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionValueView {
    /// What an order names.
    pub key: String,
    /// What people read.
    pub name: String,
    /// What the panel is told, for staff; none: the key.
    #[serde(default)]
    #[schema(value_type = Option<Value>)]
    pub panel_value: Option<Value>,
}

/// Something a customer gives with the order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionView {
    /// What an order names.
    pub key: String,
    /// What people read.
    pub name: String,
    /// choice, quantity or text.
    pub kind: String,
    /// Whether it must be given.
    #[serde(default)]
    pub required: bool,
    /// Least quantity.
    #[serde(default)]
    pub min: i32,
    /// Most units, or characters of a text.
    #[serde(default)]
    pub max: Option<i32>,
    /// The panel setting it sets, for staff.
    #[serde(default)]
    pub panel_key: Option<String>,
    /// Values of a choice.
    #[serde(default)]
    pub values: Vec<OptionValueView>,
}

/// An option's price in a plan and a currency.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionPriceView {
    /// Key of the option.
    pub option: String,
    /// Key of a choice's value.
    #[serde(default)]
    pub value: Option<String>,
    /// Currency.
    pub currency: String,
    /// Per unit and cycle.
    pub amount: String,
    /// Per unit, once.
    #[serde(default)]
    pub setup: Option<String>,
}

pub fn view(option: ProductOption, staff: bool) -> OptionView {
    let value = |value: OptionValue| OptionValueView {
        key: value.key,
        name: value.name,
        panel_value: value.panel_value.filter(|_| staff),
    };
    OptionView {
        key: option.key,
        name: option.name,
        kind: option.kind,
        required: option.required,
        min: option.min,
        max: Some(option.max),
        panel_key: option.panel_key.filter(|_| staff),
        values: option.values.into_iter().map(value).collect(),
    }
}

pub fn new_option(view: OptionView) -> NewOption {
    let value = |value: OptionValueView| NewOptionValue {
        key: value.key,
        name: value.name,
        panel_value: value.panel_value,
    };
    let text = view.kind == "text";
    NewOption {
        key: view.key,
        name: view.name,
        kind: view.kind,
        required: view.required,
        min: view.min,
        max: view.max.unwrap_or(if text { 255 } else { 1 }),
        panel_key: view.panel_key,
        values: view.values.into_iter().map(value).collect(),
    }
}

/// Prices with the keys of what they price; those of retired options and values are left out.
pub fn price_views(prices: &[OptionPrice], options: &[ProductOption]) -> Vec<OptionPriceView> {
    let known: HashMap<OptionId, &ProductOption> = options.iter().map(|option| (option.id, option)).collect();
    let one = |price: &OptionPrice| {
        let option = known.get(&price.option)?;
        let value = match price.value {
            Some(id) => Some(option.values.iter().find(|v| v.id == id)?.key.clone()),
            None => None,
        };
        Some(OptionPriceView {
            option: option.key.clone(),
            value,
            currency: price.amount.currency.code().to_owned(),
            amount: price.amount.to_decimal_string(),
            setup: Some(price.setup.to_decimal_string()),
        })
    };
    prices.iter().filter_map(one).collect()
}

/// A price in a currency, from decimal texts.
pub fn price(field: &str, code: &str, amount: &str, setup: Option<&str>) -> Result<NewPrice, ApiError> {
    let wrong = |error: platform::money::MoneyError| ApiError::field(field, error);
    let currency = Currency::parse(code).map_err(wrong)?;
    let parse = |text: &str| Money::parse(text, currency).map_err(wrong);
    Ok(NewPrice {
        amount: parse(amount)?,
        setup: setup.map_or(Ok(Money::zero(currency)), parse)?,
    })
}
