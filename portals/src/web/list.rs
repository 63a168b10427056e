//! A plain list: what staff and customers see of rows that have no page of their own yet.

use platform::money::Money;
use platform::views::Context;
use serde::Serialize;

use crate::status::Badge;

/// Rows a list shows at once.
pub const ROWS: usize = 50;

/// One cell.
#[derive(Debug, Default, Serialize)]
pub struct Cell {
    text: String,
    path: Option<String>,
    badge: Option<Badge>,
    money: Option<Money>,
    at: Option<chrono::DateTime<chrono::Utc>>,
}

impl Cell {
    /// Words.
    pub fn text(text: impl ToString) -> Self {
        Self {
            text: text.to_string(),
            ..Self::default()
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

    /// A moment.
    #[must_use]
    pub fn at(at: chrono::DateTime<chrono::Utc>) -> Self {
        Self {
            at: Some(at),
            ..Self::default()
        }
    }
}

/// A column.
#[derive(Debug, Serialize)]
pub struct Head {
    /// Finished words.
    pub label: String,
    /// `end` for amounts.
    pub align: Option<&'static str>,
}

/// The page.
#[derive(Debug, Serialize)]
pub struct List {
    /// Whose portal.
    pub layout: &'static str,
    /// Title.
    pub title: String,
    /// Line below.
    pub subtitle: Option<String>,
    /// Columns.
    pub heads: Vec<Head>,
    /// Rows.
    pub rows: Vec<Vec<Cell>>,
    /// Next page.
    pub next: Option<String>,
    /// Icon of an empty list.
    pub empty_icon: &'static str,
    /// Words of an empty list.
    pub empty_text: String,
}

impl Context for List {
    const TEMPLATE: &'static str = "list.html";
}

/// The address of the page after `rows`, whose extra row is taken off.
pub fn next<T>(rows: &mut Vec<T>, path: &str, id: impl Fn(&T) -> String) -> Option<String> {
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    rows.last()
        .filter(|_| more)
        .map(|last| format!("{path}?after={}", id(last)))
}
