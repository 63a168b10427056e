//! Lists: declared once as a [`Spec`], asked by the address ([`Wish`]), drawn by `list.html`. Everything that is wished for stands in
//! the address, so links, Back and bookmarks work; without JavaScript it is a plain form, with it only the table is exchanged.

mod cell;
mod context;
mod wish;

pub use cell::{Act, Cell, Row};
pub use context::{Page as ListPage, show};
pub use wish::{Params, Wish};

/// Rows a list shows at once.
pub const ROWS: i64 = 50;

/// Where a column's value stands on a phone, where a row is a card of two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// First line, at the start: what the row is.
    Main,
    /// First line, at the end: an amount or a state.
    End,
    /// Second line, at the start.
    Below,
    /// Second line, at the end.
    BelowEnd,
    /// Not on a phone.
    Hidden,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    label: &'static str,
    sort: Option<&'static str>,
    place: Place,
    end: bool,
}

impl Column {
    /// A column under the words of a message key; on phones it stands on the second line.
    #[must_use]
    pub const fn new(label: &'static str) -> Self {
        Self {
            label,
            sort: None,
            place: Place::Below,
            end: false,
        }
    }

    /// The rows can be sorted by it, under this word.
    #[must_use]
    pub const fn sort(mut self, key: &'static str) -> Self {
        self.sort = Some(key);
        self
    }

    /// Aligned at the end: amounts and counts.
    #[must_use]
    pub const fn end(mut self) -> Self {
        self.end = true;
        self
    }

    /// Where it stands on a phone.
    #[must_use]
    pub const fn phone(mut self, place: Place) -> Self {
        self.place = place;
        self
    }
}

/// A way to narrow a list.
#[derive(Debug, Clone, Copy)]
pub enum Filter {
    /// One of a few known words: parameter, label, and each word with its label.
    Choice(&'static str, &'static str, &'static [(&'static str, &'static str)]),
    /// One of the tenant's own things (a server, a product), whose options the handler brings along: parameter and label.
    Own(&'static str, &'static str),
    /// From a day to a day: the parameters are `{name}_from` and `{name}_to`.
    Days(&'static str, &'static str),
    /// Not drawn, but kept in every link: parameter. For links from elsewhere, such as the invoices of one customer.
    Kept(&'static str),
}

/// What an empty list says: what it would hold, and one thing to do.
#[derive(Debug, Clone, Copy)]
pub struct Empty {
    /// Icon name.
    pub icon: &'static str,
    /// Message key of the heading.
    pub title: &'static str,
    /// Message key of the sentence below.
    pub text: &'static str,
    /// Message key and path of the one action.
    pub action: Option<(&'static str, &'static str)>,
}

/// A list, declared once.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Its path.
    pub path: &'static str,
    /// Message key of the title.
    pub title: &'static str,
    /// Message key of the search field's hint; none where nothing is searched.
    pub search: Option<&'static str>,
    /// Ways to narrow it.
    pub filters: &'static [Filter],
    /// Columns; the first holds the link.
    pub columns: &'static [Column],
    /// How it is sorted unless asked otherwise: `-since` is newest first.
    pub sort: &'static str,
    /// What it says while there is nothing.
    pub empty: Empty,
}

#[cfg(test)]
mod tests;
