//! What is wrong with an item, as a value: pages say it in the reader's language, the API in English.

use platform::money::{Currency, MoneyError};
use serde::Serialize;

use crate::BillingError;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No items, or too many.
    #[error("An order has 1 to 50 items.")]
    ItemCount,
    /// Unknown, or not on sale.
    #[error("There is no such plan on sale.")]
    NoPlan,
    /// Not sold in this currency.
    #[error("This plan has no price in {0}.")]
    NoPrice(Currency),
    /// Units of an item.
    #[error("A quantity is from 1 to 100.")]
    Quantity,
    /// Not a full host name.
    #[error("Use a full host name such as web-1.example.com.")]
    Hostname,
    /// Not an object.
    #[error("Options are an object of keys and values.")]
    OptionsShape,
    /// Unknown, or not on sale.
    #[error("This product has no such option.")]
    NoOption,
    /// Must be given.
    #[error("This is needed.")]
    Required,
    /// Not one of the choice's values.
    #[error("There is no such choice.")]
    NoChoice,
    /// Not a text.
    #[error("A text is needed.")]
    NotText,
    /// Too long.
    #[error("At most {0} characters.")]
    TooLong(i32),
    /// Control characters.
    #[error("A text of one line is needed.")]
    NotOneLine,
    /// Not a whole number.
    #[error("A whole number is needed.")]
    NotNumber,
    /// Outside of what is sold.
    #[error("From {0} to {1}.")]
    Range(i32, i32),
    /// Priced in other currencies only.
    #[error("This option has no price in {0}.")]
    OptionNoPrice(Currency),
    /// Beyond what dates can say.
    #[error("This plan's cycle leads out of the calendar.")]
    Calendar,
}

/// What is wrong with one field of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemProblem {
    /// Which item, from 0.
    pub item: usize,
    /// plan, quantity, hostname, or `options.{key}`.
    pub field: String,
    /// What it is.
    #[serde(skip)]
    pub fault: Fault,
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

pub(super) fn problem(field: impl Into<String>, fault: Fault) -> ItemProblem {
    ItemProblem {
        item: 0,
        field: field.into(),
        fault,
    }
}

impl From<QuoteError> for BillingError {
    fn from(error: QuoteError) -> Self {
        let problems = match error {
            QuoteError::Items(problems) => problems,
            QuoteError::Money(error) => return error.into(),
        };
        let field = |p: &ItemProblem| match p.fault {
            Fault::ItemCount => "items".to_owned(),
            _ => format!("items.{}.{}", p.item, p.field),
        };
        Self::Fields(problems.iter().map(|p| (field(p), p.fault.to_string())).collect())
    }
}
