//! Small shapes shared by many contexts; each is what one macro of `ui.html` wants.

use serde::Serialize;

/// One step of `ui.crumbs`; the last has no path.
#[derive(Clone, Debug, Serialize)]
pub struct Crumb {
    /// Finished words.
    pub label: String,
    /// Where it leads.
    pub path: Option<String>,
}

/// An entry of `ui.tabs` and `ui.segments`.
#[derive(Clone, Debug, Serialize)]
pub struct Tab {
    /// Finished words.
    pub label: String,
    /// Where it leads.
    pub path: String,
    /// Whether this page is it.
    pub active: bool,
}

/// An item of the line under a title.
#[derive(Clone, Debug, Serialize)]
pub struct Meta {
    /// Icon name.
    pub icon: Option<&'static str>,
    /// Finished words.
    pub text: String,
}

/// An option of `ui.select`.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
}

/// An option of `ui.radio_cards`.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A second line.
    pub hint: Option<String>,
    /// Icon name.
    pub icon: Option<&'static str>,
}

/// A filter of `ui.filter_row`.
#[derive(Clone, Debug, Serialize)]
pub struct Select {
    /// Parameter name.
    pub name: &'static str,
    /// Finished words, also shown when nothing is chosen.
    pub label: String,
    /// The chosen value, or empty.
    pub value: String,
    /// What can be chosen.
    pub options: Vec<Choice>,
}

/// Two days of `ui.filter_row`, sent as `{name}_from` and `{name}_to`.
#[derive(Clone, Debug, Serialize)]
pub struct Span {
    /// Parameter name.
    pub name: &'static str,
    /// Finished words.
    pub label: String,
    /// First day, or empty.
    pub from: String,
    /// Last day, or empty.
    pub to: String,
}

/// A link drawn as a button.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// Finished words.
    pub label: String,
    /// Where it leads.
    pub path: String,
    /// Icon name.
    pub icon: &'static str,
    /// `primary`, `plain` or `ghost`.
    pub tone: &'static str,
}

/// What `ui.filter_row` draws.
#[derive(Clone, Debug, Serialize)]
pub struct Filters {
    /// Path of the list.
    pub action: String,
    /// Search words; `None` where a list cannot be searched.
    pub query: Option<String>,
    /// Filters.
    pub selects: Vec<Select>,
    /// Filters by day.
    pub spans: Vec<Span>,
    /// What a link from elsewhere narrowed the list by, sent along unseen.
    pub kept: Vec<(&'static str, String)>,
    /// The list without filters; `None` while nothing is filtered.
    pub clear_path: Option<String>,
}

/// What `ui.pager` draws.
#[derive(Clone, Debug, Serialize)]
pub struct Pager {
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// Rows on this page.
    pub shown: u64,
    /// Rows in all, where counting is cheap.
    pub total: Option<u64>,
    /// This page itself.
    pub here: String,
}

/// A change beside a key figure.
#[derive(Clone, Debug, Serialize)]
pub struct Delta {
    /// `+3.0%`, with its sign.
    pub text: String,
    /// `up`, `down` or `flat`.
    pub direction: &'static str,
    /// Whether that is good; more churn is not.
    pub good: Option<bool>,
    /// Against what.
    pub hint: String,
}

/// A step of `ui.stepper`.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Finished words.
    pub label: String,
    /// `waiting`, `running`, `done` or `failed`.
    pub state: &'static str,
    /// Duration, cause, what comes next.
    pub detail: Option<String>,
}

/// A message about one field of a form.
#[derive(Clone, Debug, Serialize)]
pub struct FieldError {
    /// Name of the field.
    pub field: String,
    /// Finished words that say what to do.
    pub message: String,
}
