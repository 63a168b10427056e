//! What the address asks of a list. Nothing in it can be wrong enough to fail: what makes no sense is left out.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use chrono::NaiveDate;
use http::request::Parts;
use tenancy::listing::{At, Window};

use super::{Filter, ROWS, Spec};

/// Longest value that is read.
const LONGEST: usize = 200;

/// The parameters of an address, the last of a name counting, and what kind of answer is wanted.
#[derive(Debug, Clone, Default)]
pub struct Params {
    values: BTreeMap<String, String>,
    /// Whether only the table is asked for.
    pub(super) part: bool,
}

impl Params {
    /// From a query string.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let clean = |value: &str| {
            let value: String = value.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
            value.trim().to_owned()
        };
        let values = url::form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), clean(&value)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        Self { values, part: false }
    }

    /// One value; none where it is missing or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // The whole page is wanted when the browser goes back, and when something else than the table is exchanged.
        let part = parts.headers.get("hx-request").is_some()
            && parts.headers.get("hx-history-restore-request").is_none()
            && parts
                .headers
                .get("hx-target")
                .is_some_and(|target| target.as_bytes().ends_with(b"#table"));
        Ok(Self {
            part,
            ..Self::parse(parts.uri.query().unwrap_or_default())
        })
    }
}

/// What a list is asked for.
#[derive(Debug, Clone)]
pub struct Wish {
    pub(super) typed: Option<String>,
    /// Valid filter values by parameter.
    pub(super) chosen: BTreeMap<String, String>,
    pub(super) sort: String,
    pub(super) at: At,
    pub(super) part: bool,
}

impl Spec {
    /// What `params` ask of this list.
    #[must_use]
    pub fn read(&self, params: &Params) -> Wish {
        let mut chosen = BTreeMap::new();
        for filter in self.filters {
            for (name, value) in valid(*filter, params) {
                chosen.insert(name, value.to_owned());
            }
        }
        let known = |sort: &&str| {
            let key = sort.trim_start_matches('-');
            sort.len() <= key.len() + 1 && self.columns.iter().any(|column| column.sort == Some(key))
        };
        Wish {
            typed: self.search.and_then(|_| params.get("q")).map(str::to_owned),
            chosen,
            sort: params.get("sort").filter(known).unwrap_or(self.sort).to_owned(),
            at: at(params),
            part: params.part,
        }
    }
}

fn at(params: &Params) -> At {
    if let Some(cursor) = params.get("after") {
        return At::After(cursor.to_owned());
    }
    if let Some(cursor) = params.get("before") {
        return At::Before(cursor.to_owned());
    }
    let page = params.get("page").and_then(|page| page.parse().ok());
    At::Page(page.filter(|page| *page > 0).unwrap_or(1))
}

fn valid(filter: Filter, params: &Params) -> Vec<(String, &str)> {
    match filter {
        Filter::Choice(name, _, options) => params
            .get(name)
            .filter(|value| options.iter().any(|(known, _)| known == value))
            .map(|value| vec![(name.to_owned(), value)])
            .unwrap_or_default(),
        Filter::Own(name, _) | Filter::Kept(name) => params
            .get(name)
            .map(|value| vec![(name.to_owned(), value)])
            .unwrap_or_default(),
        Filter::Days(name, _) => [format!("{name}_from"), format!("{name}_to")]
            .into_iter()
            .filter_map(|name| params.get(&name).map(|value| (name.clone(), value)))
            .filter(|(_, value)| NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok())
            .collect(),
    }
}

impl Wish {
    /// What was typed into the search field.
    #[must_use]
    pub fn typed(&self) -> Option<String> {
        self.typed.clone()
    }

    /// The chosen value of a filter.
    #[must_use]
    pub fn choice(&self, name: &str) -> Option<String> {
        self.chosen.get(name).cloned()
    }

    /// The chosen value of a filter as an id; what is no id of that kind chooses nothing.
    #[must_use]
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.chosen.get(name)?.parse().ok()
    }

    /// The chosen days, both included.
    #[must_use]
    pub fn days(&self, name: &str) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let day = |end: &str| {
            let value = self.chosen.get(&format!("{name}_{end}"))?;
            NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()
        };
        (day("from"), day("to"))
    }

    /// Which rows to read, and in which order.
    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            sort: self.sort.trim_start_matches('-').to_owned(),
            descending: self.sort.starts_with('-'),
            size: ROWS,
            at: self.at.clone(),
        }
    }

    /// Whether anything narrows the list.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.typed.is_some() || !self.chosen.is_empty()
    }
}
