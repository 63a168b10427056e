//! From rows and a wish to the page: every link of it carries the whole state.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use platform::views::{Context, Page as Chrome};
use serde::Serialize;
use tenancy::listing::{At, Found};

use super::{Empty, Filter, Place, Row, Spec, Wish};
use crate::app::App;
use crate::kit::parts::{Choice, Filters, Link, Pager, Select, Span};
use crate::web::answer::Html;

/// A column's head, as `ui.table` draws it.
#[derive(Debug, Serialize)]
struct Head {
    label: String,
    align: Option<&'static str>,
    phone: bool,
    path: Option<String>,
    sorted: Option<&'static str>,
    /// Classes of the column's cells.
    class: String,
}

/// What an empty table says.
#[derive(Debug, Serialize)]
struct Nothing {
    icon: &'static str,
    title: String,
    text: String,
    action_label: Option<String>,
    action_path: Option<String>,
}

/// The page.
#[derive(Debug, Serialize)]
pub struct Page {
    layout: &'static str,
    title: String,
    total: Option<i64>,
    actions: Vec<Link>,
    placeholder: Option<String>,
    filters: Filters,
    sort: String,
    heads: Vec<Head>,
    rows: Vec<Row>,
    has_acts: bool,
    pager: Pager,
    nothing: Nothing,
    /// Whether only the table is answered.
    part: bool,
}

impl Context for Page {
    const TEMPLATE: &'static str = "list.html";
}

impl Page {
    /// A page of `found` rows as `wish`ed.
    #[must_use]
    pub fn new(app: &App, chrome: &Chrome, spec: &Spec, wish: &Wish, found: Found<Row>) -> Self {
        let say = |key: &str| app.say(chrome, key, &[]);
        let pager = pager(spec, wish, &found);
        let has_acts = found.rows.iter().any(Row::has_acts);
        Self {
            layout: if chrome.portal == "account" {
                "layouts/account.html"
            } else {
                "layouts/admin.html"
            },
            title: say(spec.title),
            total: found.total,
            actions: Vec::new(),
            placeholder: spec.search.map(say),
            filters: filters(spec, wish, &say),
            sort: wish.sort.clone(),
            heads: heads(spec, wish, has_acts, &say),
            has_acts,
            rows: found.rows,
            pager,
            nothing: nothing(spec, wish, &say),
            part: wish.part,
        }
    }

    /// With the one thing to do on this page, beside the title.
    #[must_use]
    pub fn with_action(mut self, label: String, path: impl ToString, icon: &'static str) -> Self {
        let tone = if self.actions.is_empty() { "primary" } else { "plain" };
        self.actions.push(Link {
            label,
            path: path.to_string(),
            icon,
            tone,
        });
        self
    }

    /// With the options of a [`Filter::Own`].
    #[must_use]
    pub fn with_options(mut self, name: &str, options: Vec<Choice>) -> Self {
        if let Some(select) = self.filters.selects.iter_mut().find(|select| select.name == name) {
            select.options = options;
        }
        self
    }
}

/// Answers a list: whole, or the table alone where only that is exchanged.
#[must_use]
pub fn show(app: &App, chrome: &Chrome, page: &Page) -> Response {
    if !page.part {
        let mut response = Html::show(app, StatusCode::OK, page, chrome);
        response
            .headers_mut()
            .append(header::VARY, HeaderValue::from_static("hx-target"));
        return response;
    }
    let mut response = Html::part(app, "table", page, chrome);
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("hx-target"));
    // The address bar gets the list's own spelling, without the empty fields a form sends.
    if let Ok(here) = HeaderValue::from_str(&page.pager.here) {
        headers.insert("hx-push-url", here);
    }
    response
}

/// An address of this list: the wish with another order or place.
pub(super) fn address(spec: &Spec, wish: &Wish, sort: &str, at: &At) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(typed) = &wish.typed {
        query.append_pair("q", typed);
    }
    for (name, value) in &wish.chosen {
        query.append_pair(name, value);
    }
    if sort != spec.sort {
        query.append_pair("sort", sort);
    }
    match at {
        At::Page(page) if *page > 1 => {
            query.append_pair("page", &page.to_string());
        }
        At::Page(_) => {}
        At::After(cursor) => {
            query.append_pair("after", cursor);
        }
        At::Before(cursor) => {
            query.append_pair("before", cursor);
        }
    }
    let query = query.finish();
    if query.is_empty() {
        spec.path.to_owned()
    } else {
        format!("{}?{query}", spec.path)
    }
}

fn heads(spec: &Spec, wish: &Wish, has_acts: bool, say: &impl Fn(&str) -> String) -> Vec<Head> {
    let (key, descending) = (wish.sort.trim_start_matches('-'), wish.sort.starts_with('-'));
    let head = |column: &super::Column| {
        let is_sorted = column.sort == Some(key);
        Head {
            label: say(column.label),
            align: column.end.then_some("end"),
            phone: column.place != Place::Hidden,
            path: column.sort.map(|own| {
                // A second click turns the order round.
                let turned = if is_sorted && descending {
                    own.to_owned()
                } else {
                    format!("-{own}")
                };
                let first = if is_sorted { turned } else { first_order(spec, own) };
                address(spec, wish, &first, &At::Page(1))
            }),
            sorted: is_sorted.then_some(if descending { "desc" } else { "asc" }),
            class: class(column),
        }
    };
    let acts = Head {
        label: String::new(),
        align: Some("end"),
        phone: true,
        path: None,
        sorted: None,
        class: String::new(),
    };
    spec.columns.iter().map(head).chain(has_acts.then_some(acts)).collect()
}

/// The order of a first click: the list's own where it is that column's, else rising.
fn first_order(spec: &Spec, key: &str) -> String {
    if spec.sort.trim_start_matches('-') == key {
        spec.sort.to_owned()
    } else {
        key.to_owned()
    }
}

fn class(column: &super::Column) -> String {
    let place = match column.place {
        Place::Main => "stack-main",
        Place::End => "stack-end",
        Place::Below => "stack-sub",
        Place::BelowEnd => "stack-end stack-badge",
        Place::Hidden => "phone-hide",
    };
    let end = if column.end { " text-end" } else { "" };
    format!("{place}{end}")
}

fn filters(spec: &Spec, wish: &Wish, say: &impl Fn(&str) -> String) -> Filters {
    let value = |name: &str| wish.chosen.get(name).cloned().unwrap_or_default();
    let mut filters = Filters {
        action: spec.path.to_owned(),
        query: spec.search.map(|_| wish.typed.clone().unwrap_or_default()),
        selects: Vec::new(),
        spans: Vec::new(),
        kept: Vec::new(),
        clear_path: wish.is_narrowed().then(|| spec.path.to_owned()),
    };
    for filter in spec.filters {
        match *filter {
            Filter::Choice(name, label, options) => filters.selects.push(Select {
                name,
                label: say(label),
                value: value(name),
                options: options
                    .iter()
                    .map(|(value, label)| Choice {
                        value: (*value).to_owned(),
                        label: say(label),
                    })
                    .collect(),
            }),
            Filter::Own(name, label) => filters.selects.push(Select {
                name,
                label: say(label),
                value: value(name),
                options: Vec::new(),
            }),
            Filter::Days(name, label) => filters.spans.push(Span {
                name,
                label: say(label),
                from: value(&format!("{name}_from")),
                to: value(&format!("{name}_to")),
            }),
            Filter::Kept(name) => {
                if let Some(value) = wish.chosen.get(name) {
                    filters.kept.push((name, value.clone()));
                }
            }
        }
    }
    filters
}

/// Numbered pages while there is a total, cursors beyond.
fn pager(spec: &Spec, wish: &Wish, found: &Found<Row>) -> Pager {
    let link = |at: At| Some(address(spec, wish, &wish.sort, &at));
    let shown = u64::try_from(found.rows.len()).unwrap_or_default();
    let (previous, next) = match (found.page, found.total) {
        (Some(page), Some(_)) => (
            found.before.as_ref().and_then(|_| link(At::Page(page - 1))),
            found.after.as_ref().and_then(|_| link(At::Page(page + 1))),
        ),
        _ => (
            found.before.clone().and_then(|cursor| link(At::Before(cursor))),
            found.after.clone().and_then(|cursor| link(At::After(cursor))),
        ),
    };
    let here = found.page.map_or_else(|| wish.at.clone(), At::Page);
    Pager {
        previous,
        next,
        shown,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
        here: address(spec, wish, &wish.sort, &here),
    }
}

fn nothing(spec: &Spec, wish: &Wish, say: &impl Fn(&str) -> String) -> Nothing {
    let Empty {
        icon,
        title,
        text,
        action,
    } = spec.empty;
    if wish.is_narrowed() {
        return Nothing {
            icon: "search",
            title: say("list-none-match"),
            text: say("list-none-match-text"),
            action_label: Some(say("ui-clear-filters")),
            action_path: Some(spec.path.to_owned()),
        };
    }
    Nothing {
        icon,
        title: say(title),
        text: say(text),
        action_label: action.map(|(label, _)| say(label)),
        action_path: action.map(|(_, path)| path.to_owned()),
    }
}
