//! Long lists, read a page at a time: conditions, an order from a whitelist, numbered pages while the rows can be counted cheaply and
//! cursors beyond that, so that the last page of a million rows costs what the first one does.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use platform::db::DbError;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, Row};
use uuid::Uuid;

/// Rows that are counted; a longer list has no total.
pub const COUNTED: i64 = 10_000;

/// What a sorted column holds, which decides how a cursor is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `timestamptz`.
    Instant,
    /// `date`.
    Day,
    /// `bigint`.
    Whole,
    /// `text`.
    Text,
}

/// A way to sort; the expression is never null.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Word in the address.
    pub key: &'static str,
    /// What is compared.
    pub sql: &'static str,
    /// Its type.
    pub kind: Kind,
}

/// Where rows come from.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// What a row has.
    pub columns: &'static str,
    /// Tables; others than the first are joined `LEFT`, so that counting leaves them out.
    pub from: &'static str,
    /// The row's uuid, which makes every order total.
    pub id: &'static str,
    /// Ways to sort; the first is used when an unknown one is asked for.
    pub orders: &'static [Order],
}

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// The n-th page, from 1.
    Page(i64),
    /// Those after a cursor.
    After(String),
    /// Those before a cursor.
    Before(String),
}

/// How a list is looked at.
#[derive(Debug, Clone)]
pub struct Window {
    /// Word of the order.
    pub sort: String,
    /// Largest first.
    pub descending: bool,
    /// Rows a page.
    pub size: i64,
    /// Which of them.
    pub at: At,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            sort: String::new(),
            descending: true,
            size: 50,
            at: At::Page(1),
        }
    }
}

/// A page of rows.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Rows in all pages; none where there are too many to count, or where a cursor was followed.
    pub total: Option<i64>,
    /// The page that this is; none when a cursor was followed.
    pub page: Option<i64>,
    /// Cursor of the first row, where there are rows before it.
    pub before: Option<String>,
    /// Cursor of the last row, where there are rows after it.
    pub after: Option<String>,
}

impl<T> Found<T> {
    /// All rows of a list that is never long.
    #[must_use]
    pub fn whole(rows: Vec<T>) -> Self {
        Self {
            total: i64::try_from(rows.len()).ok(),
            page: Some(1),
            before: None,
            after: None,
            rows,
        }
    }

    /// The same page with each row made into something else.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Found<U> {
        Found {
            rows: self.rows.into_iter().map(make).collect(),
            total: self.total,
            page: self.page,
            before: self.before,
            after: self.after,
        }
    }
}

/// Reads a page. `conditions` pushes ` AND ..` for each condition; it is called for the rows and for the count.
///
/// # Errors
/// When the database refuses.
pub async fn read<T>(
    connection: &mut PgConnection,
    source: &Source,
    window: &Window,
    conditions: impl Fn(&mut QueryBuilder<Postgres>),
) -> Result<Found<T>, DbError>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let order = order_of(source, &window.sort);
    match &window.at {
        At::Page(page) => numbered(connection, source, window, *page, &conditions).await,
        At::After(cursor) | At::Before(cursor) => match Cursor::parse(order.kind, cursor) {
            Some(cursor) => {
                let back = matches!(window.at, At::Before(_));
                let rows = fetch(connection, source, window, &conditions, &Part::Beside(cursor, back)).await?;
                Ok(beside(rows, window.size, back))
            }
            None => numbered(connection, source, window, 1, &conditions).await,
        },
    }
}

fn order_of(source: &Source, key: &str) -> Order {
    let fallback = Order {
        key: "",
        sql: source.id,
        kind: Kind::Text,
    };
    let found = source.orders.iter().find(|order| order.key == key);
    *found.or(source.orders.first()).unwrap_or(&fallback)
}

async fn numbered<T>(
    connection: &mut PgConnection,
    source: &Source,
    window: &Window,
    page: i64,
    conditions: &impl Fn(&mut QueryBuilder<Postgres>),
) -> Result<Found<T>, DbError>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let mut count = QueryBuilder::new(format!(
        "SELECT count(*) FROM (SELECT 1 FROM {} WHERE true",
        source.from
    ));
    conditions(&mut count);
    count.push(format!(" LIMIT {}) counted", COUNTED + 1));
    let count: i64 = count.build_query_scalar().fetch_one(&mut *connection).await?;
    // A page behind the last one shows the last one: a row may have gone since the link was drawn.
    let last = ((count.min(COUNTED) + window.size - 1) / window.size.max(1)).max(1);
    let page = page.clamp(1, last);
    let part = Part::Skip((page - 1) * window.size);
    let mut rows = fetch(connection, source, window, conditions, &part).await?;
    let more = rows.len() > usize::try_from(window.size).unwrap_or_default();
    rows.truncate(usize::try_from(window.size).unwrap_or_default());
    Ok(Found {
        total: (count <= COUNTED).then_some(count),
        page: Some(page),
        before: rows.first().filter(|_| page > 1).map(|(cursor, _)| cursor.clone()),
        after: rows.last().filter(|_| more).map(|(cursor, _)| cursor.clone()),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    })
}

/// Puts rows read beside a cursor into the list's order, the one too many taken off.
fn beside<T>(mut rows: Vec<(String, T)>, size: i64, back: bool) -> Found<T> {
    let more = rows.len() > usize::try_from(size).unwrap_or_default();
    rows.truncate(usize::try_from(size).unwrap_or_default());
    if back {
        rows.reverse();
    }
    let (is_before, is_after) = if back { (more, true) } else { (true, more) };
    Found {
        total: None,
        page: None,
        before: rows.first().filter(|_| is_before).map(|(cursor, _)| cursor.clone()),
        after: rows.last().filter(|_| is_after).map(|(cursor, _)| cursor.clone()),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    }
}

enum Part {
    Skip(i64),
    Beside(Cursor, bool),
}

async fn fetch<T>(
    connection: &mut PgConnection,
    source: &Source,
    window: &Window,
    conditions: &impl Fn(&mut QueryBuilder<Postgres>),
    part: &Part,
) -> Result<Vec<(String, T)>, DbError>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let order = order_of(source, &window.sort);
    let shown = match order.kind {
        Kind::Instant => format!("(extract(epoch FROM {}) * 1000000)::bigint::text", order.sql),
        Kind::Day => format!("to_char({}, 'YYYY-MM-DD')", order.sql),
        Kind::Whole | Kind::Text => format!("({})::text", order.sql),
    };
    let mut query = QueryBuilder::<Postgres>::new(format!(
        "SELECT {}, {shown} AS list_key, {} AS list_id FROM {} WHERE true",
        source.columns, source.id, source.from
    ));
    conditions(&mut query);
    let descending = match part {
        Part::Skip(_) => window.descending,
        Part::Beside(cursor, back) => {
            let descending = window.descending != *back;
            query.push(format!(
                " AND ({}, {}) {} (",
                order.sql,
                source.id,
                if descending { "<" } else { ">" }
            ));
            cursor.push(&mut query);
            query.push(")");
            descending
        }
    };
    let way = if descending { "DESC" } else { "ASC" };
    query.push(format!(
        " ORDER BY {} {way}, {} {way} LIMIT {}",
        order.sql,
        source.id,
        window.size + 1
    ));
    if let Part::Skip(skip) = part {
        query.push(format!(" OFFSET {skip}"));
    }
    let rows: Vec<PgRow> = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let (key, id): (String, Uuid) = (row.try_get("list_key")?, row.try_get("list_id")?);
            Ok((format!("{key}~{id}"), T::from_row(row)?))
        })
        .collect()
}

/// A place in an order: the value there, and the row's id.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Instant(DateTime<Utc>),
    Day(NaiveDate),
    Whole(i64),
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    value: Value,
    id: Uuid,
}

impl Cursor {
    /// None for what no list of ours wrote.
    fn parse(kind: Kind, text: &str) -> Option<Self> {
        let (key, id) = text.rsplit_once('~')?;
        let value = match kind {
            Kind::Instant => {
                let epoch = DateTime::UNIX_EPOCH;
                Value::Instant(epoch.checked_add_signed(TimeDelta::microseconds(key.parse().ok()?))?)
            }
            Kind::Day => Value::Day(NaiveDate::parse_from_str(key, "%Y-%m-%d").ok()?),
            Kind::Whole => Value::Whole(key.parse().ok()?),
            Kind::Text => Value::Text(key.to_owned()),
        };
        let id = id.parse().ok()?;
        Some(Self { value, id })
    }

    fn push(&self, query: &mut QueryBuilder<Postgres>) {
        match &self.value {
            Value::Instant(at) => query.push_bind(*at),
            Value::Day(day) => query.push_bind(*day),
            Value::Whole(number) => query.push_bind(*number),
            Value::Text(text) => query.push_bind(text.clone()),
        };
        query.push(", ").push_bind(self.id);
    }
}

/// What was typed into a search field, as a text search for rows that have a word beginning with each of its words; none when there
/// is no letter or digit in it. For the `words` columns.
#[must_use]
pub fn words(typed: &str) -> Option<String> {
    let parts: Vec<String> = typed
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(8)
        .map(|word| format!("'{word}':*"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" & "))
}

/// The same as a pattern for `LIKE`: everything that begins so.
#[must_use]
pub fn beginning(typed: &str) -> String {
    let mut pattern = String::with_capacity(typed.len() + 1);
    for c in typed.chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_by_its_kind_or_not_at_all() {
        let id = "018f2f6e-0000-7000-8000-000000000001";
        let reads = |kind, key: &str| Cursor::parse(kind, &format!("{key}~{id}")).is_some();
        assert!(reads(Kind::Instant, "1764000000000000") && !reads(Kind::Instant, "soon"));
        assert!(!reads(Kind::Instant, "9223372036854775807"), "no such day");
        assert!(reads(Kind::Day, "2026-02-28") && !reads(Kind::Day, "2026-02-30"));
        assert!(reads(Kind::Whole, "-4") && !reads(Kind::Whole, "4.5"));
        assert!(reads(Kind::Text, "a~b") && reads(Kind::Text, ""));
        assert_eq!(Cursor::parse(Kind::Text, "no id"), None);
        assert_eq!(Cursor::parse(Kind::Text, "a~b"), None);
    }

    #[test]
    fn words_are_taken_apart_and_nothing_else_gets_into_the_query() {
        for (typed, expected) in [
            ("Hall & Sons", Some("'hall':* & 'sons':*")),
            (" web-1.hall ", Some("'web':* & '1':* & 'hall':*")),
            ("ÄRGER", Some("'ärger':*")),
            ("a'); --", Some("'a':*")),
            ("!!! <> '", None),
            ("", None),
        ] {
            assert_eq!(words(typed).as_deref(), expected, "{typed}");
        }
        assert_eq!(beginning("50%_\\"), "50\\%\\_\\\\%");
    }

    #[test]
    fn rows_read_backwards_stand_in_order() {
        let rows = |n: i32| (0..n).map(|i| (i.to_string(), i)).collect::<Vec<_>>();
        let back = beside(rows(3), 2, true);
        assert_eq!((back.rows, back.before.as_deref()), (vec![1, 0], Some("1")));
        let forth = beside(rows(2), 2, false);
        assert_eq!(
            (forth.rows, forth.after, forth.before.as_deref()),
            (vec![0, 1], None, Some("0"))
        );
    }
}
