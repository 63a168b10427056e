//! What stands in a row.

use chrono::{DateTime, NaiveDate, Utc};
use platform::money::{Currency, Money};
use serde::Serialize;

use crate::status::Badge;

/// One cell.
#[derive(Debug, Default, Serialize)]
pub struct Cell {
    text: String,
    /// A second, quieter line.
    sub: Option<String>,
    path: Option<String>,
    badge: Option<Badge>,
    money: Option<Money>,
    at: Option<DateTime<Utc>>,
    day: Option<NaiveDate>,
    code: bool,
    quiet: bool,
}

impl Cell {
    /// Words.
    pub fn text(text: impl ToString) -> Self {
        Self {
            text: text.to_string(),
            ..Self::default()
        }
    }

    /// Words that matter less.
    pub fn quiet(text: impl ToString) -> Self {
        Self {
            quiet: true,
            ..Self::text(text)
        }
    }

    /// An id, an address, a key.
    pub fn code(text: impl ToString) -> Self {
        Self {
            code: true,
            ..Self::text(text)
        }
    }

    /// A state.
    #[must_use]
    pub fn badge(badge: Badge) -> Self {
        Self {
            badge: Some(badge),
            ..Self::default()
        }
    }

    /// An amount.
    #[must_use]
    pub fn money(money: Money) -> Self {
        Self {
            money: Some(money),
            ..Self::default()
        }
    }

    /// A stored amount; nothing where the row makes no sense.
    #[must_use]
    pub fn minor(minor: i64, currency: &str) -> Self {
        let money = Currency::parse(currency).and_then(|currency| Money::new(minor, currency));
        money.map_or_else(|_| Self::default(), Self::money)
    }

    /// A moment.
    #[must_use]
    pub fn at(at: DateTime<Utc>) -> Self {
        Self {
            at: Some(at),
            ..Self::default()
        }
    }

    /// A day.
    #[must_use]
    pub fn day(day: Option<NaiveDate>) -> Self {
        Self { day, ..Self::default() }
    }

    /// With a second line.
    #[must_use]
    pub fn below(mut self, text: impl ToString) -> Self {
        self.sub = Some(text.to_string()).filter(|text| !text.is_empty());
        self
    }

    /// As a link.
    #[must_use]
    pub fn to(mut self, path: impl ToString) -> Self {
        self.path = Some(path.to_string());
        self
    }
}

/// A button at the end of a row, which posts.
#[derive(Debug, Serialize)]
pub struct Act {
    /// Where it posts.
    pub path: String,
    /// Finished words.
    pub label: String,
    /// Icon name.
    pub icon: &'static str,
}

/// One row: its cells in the order of the columns, and its buttons.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    cells: Vec<Cell>,
    acts: Vec<Act>,
}

impl Row {
    /// A row whose first cell leads to `path`.
    #[must_use]
    pub fn to(path: impl ToString, mut cells: Vec<Cell>) -> Self {
        if let Some(first) = cells.first_mut() {
            first.path = Some(path.to_string());
        }
        Self {
            cells,
            acts: Vec::new(),
        }
    }

    /// A row without a page of its own.
    #[must_use]
    pub fn plain(cells: Vec<Cell>) -> Self {
        Self {
            cells,
            acts: Vec::new(),
        }
    }

    /// Whether it has any buttons.
    pub(crate) fn has_acts(&self) -> bool {
        !self.acts.is_empty()
    }

    /// With buttons.
    #[must_use]
    pub fn with(mut self, acts: Vec<Act>) -> Self {
        self.acts = acts;
        self
    }
}
