//! Contexts of staff's pages about one thing, and of their forms: parts are put together in Rust, drawn by one template each.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use platform::views::{Context, Tone};
use serde::Serialize;

use super::parts::{Choice, Crumb, FieldError, Link, Meta, Step};
use crate::status::Badge;
use crate::web::list::{Cell, Row};

/// What a form sent, by field name.
pub type Typed = BTreeMap<String, String>;

/// A page about one thing.
#[derive(Debug, Default, Serialize)]
pub struct Detail {
    /// Name of the thing.
    pub title: String,
    /// A line below.
    pub subtitle: Option<String>,
    /// Its state.
    pub badge: Option<Badge>,
    /// Where the page is.
    pub crumbs: Vec<Crumb>,
    /// Icon name.
    pub picture: Option<&'static str>,
    /// A few short facts below the title.
    pub meta: Vec<Meta>,
    /// Links drawn as buttons.
    pub links: Vec<Link>,
    /// What can be done, each asking first.
    pub acts: Vec<Act>,
    /// What needs to be read first.
    pub notices: Vec<Notice>,
    /// The wide column.
    pub main: Vec<Block>,
    /// The narrow column.
    pub side: Vec<Block>,
}

impl Context for Detail {
    const TEMPLATE: &'static str = "admin/detail.html";
}

impl Detail {
    /// The same page after an act was refused: why, and what was typed.
    pub fn refuse(&mut self, id: &str, typed: &Typed, why: String) {
        if let Some(act) = self.acts.iter_mut().find(|act| act.id == id) {
            for field in &mut act.fields {
                if let Some(value) = typed.get(field.name.as_str()) {
                    field.value.clone_from(value);
                }
            }
        }
        for form in self
            .main
            .iter_mut()
            .chain(&mut self.side)
            .filter_map(|block| block.form.as_mut())
        {
            if form.id == id {
                form.fill(typed);
            }
        }
        self.notices.insert(
            0,
            Notice {
                tone: Tone::Danger,
                title: why,
                text: None,
            },
        );
    }
}

/// A sentence in a frame.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    /// Meaning.
    pub tone: Tone,
    /// The sentence.
    pub title: String,
    /// More.
    pub text: Option<String>,
}

/// A button that opens a question before it posts.
#[derive(Debug, Default, Serialize)]
pub struct Act {
    /// Id in the page, unique.
    pub id: String,
    /// On the button.
    pub label: String,
    /// Heading of the question.
    pub title: String,
    /// What will happen.
    pub text: String,
    /// Where it posts.
    pub path: String,
    /// Whether it takes something away.
    pub danger: bool,
    /// Icon name.
    pub icon: &'static str,
    /// The name to type, where it cannot be undone.
    pub type_name: Option<String>,
    /// What to fill in.
    pub fields: Vec<Field>,
}

/// A box of a page: one of its parts is there.
#[derive(Debug, Default, Serialize)]
pub struct Block {
    /// Heading.
    pub title: String,
    /// A link at the end of the heading.
    pub link: Option<Link>,
    /// Labels and values.
    pub facts: Option<Vec<Fact>>,
    /// Rows.
    pub table: Option<Table>,
    /// What happened, newest first.
    pub timeline: Option<Vec<Moment>>,
    /// Steps of something under way.
    pub steps: Option<Vec<Step>>,
    /// A form in the box.
    pub form: Option<FormPart>,
    /// Plain text, as it was written.
    pub text: Option<String>,
}

impl Block {
    /// Labels and values.
    #[must_use]
    pub fn facts(title: String, facts: Vec<Fact>) -> Self {
        Self {
            title,
            facts: Some(facts),
            ..Self::default()
        }
    }

    /// Rows.
    #[must_use]
    pub fn table(title: String, table: Table) -> Self {
        Self {
            title,
            table: Some(table),
            ..Self::default()
        }
    }

    /// What happened.
    #[must_use]
    pub fn timeline(title: String, moments: Vec<Moment>) -> Self {
        Self {
            title,
            timeline: Some(moments),
            ..Self::default()
        }
    }

    /// A form.
    #[must_use]
    pub fn form(title: String, form: FormPart) -> Self {
        Self {
            title,
            form: Some(form),
            ..Self::default()
        }
    }

    /// With a link to all of it.
    #[must_use]
    pub fn with_link(mut self, label: String, path: impl ToString) -> Self {
        self.link = Some(Link {
            label,
            path: path.to_string(),
            icon: "chevron-right",
            tone: "ghost",
        });
        self
    }
}

/// A label and a value.
#[derive(Debug, Serialize)]
pub struct Fact {
    /// Label.
    pub label: String,
    /// Value.
    pub cell: Cell,
}

/// A fact.
#[must_use]
pub fn fact(label: String, cell: Cell) -> Fact {
    Fact { label, cell }
}

/// Rows under heads.
#[derive(Debug, Default, Serialize)]
pub struct Table {
    /// Heads.
    pub heads: Vec<TableHead>,
    /// Rows.
    pub rows: Vec<Row>,
    /// What it says without rows.
    pub empty: String,
    /// Whether rows have buttons.
    pub has_acts: bool,
}

impl Table {
    /// Rows under finished labels; a label that begins with `>` is aligned at the end. The first and the last column stand on the
    /// first line of a phone's card, the others below.
    #[must_use]
    pub fn new(labels: &[&str], rows: Vec<Row>, empty: String) -> Self {
        let last = labels.len().saturating_sub(1);
        let head = |(at, label): (usize, &&str)| TableHead {
            label: label.trim_start_matches('>').to_owned(),
            align: label.starts_with('>').then_some("end"),
            class: match at {
                0 => "stack-main",
                at if at == last => "stack-end",
                1 => "stack-sub",
                _ => "phone-hide",
            },
            phone: at == 0 || at == last || at == 1,
        };
        Self {
            heads: labels.iter().enumerate().map(head).collect(),
            has_acts: rows.iter().any(Row::has_acts),
            rows,
            empty,
        }
    }
}

/// The head of a column.
#[derive(Debug, Serialize)]
pub struct TableHead {
    /// Label.
    pub label: String,
    /// `end` for amounts.
    pub align: Option<&'static str>,
    /// Classes of its cells.
    pub class: &'static str,
    /// Whether phones show it.
    pub phone: bool,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub struct Moment {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub text: String,
    /// By whom.
    pub who: Option<String>,
    /// Icon name.
    pub icon: &'static str,
}

/// A form's fields and its button.
#[derive(Debug, Default, Serialize)]
pub struct FormPart {
    /// Which form it is, to fill it in again.
    pub id: String,
    /// Where it posts.
    pub path: String,
    /// Fields.
    pub fields: Vec<Field>,
    /// On the button.
    pub submit: String,
}

impl FormPart {
    /// Puts back what was typed.
    pub fn fill(&mut self, typed: &Typed) {
        for field in &mut self.fields {
            match typed.get(field.name.as_str()) {
                Some(value) if field.kind != "password" => field.value.clone_from(value),
                // A box that is not ticked is not sent.
                None if field.kind == "check" => field.value.clear(),
                _ => {}
            }
        }
    }

    /// Puts messages beside their fields; what has no field of its own is returned.
    pub fn explain(&mut self, errors: &[FieldError]) -> Vec<FieldError> {
        let mut rest = Vec::new();
        for error in errors {
            match self.fields.iter_mut().find(|field| field.name == error.field) {
                Some(field) => field.error = Some(error.message.clone()),
                None => rest.push(error.clone()),
            }
        }
        rest
    }
}

/// A field.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Field {
    /// Name, also its id in forms of pages.
    pub name: String,
    /// Label.
    pub label: String,
    /// text, email, number, url, date, password, textarea, select, check or heading.
    pub kind: &'static str,
    /// Value; `on` for a ticked box.
    pub value: String,
    /// Below the field.
    pub hint: Option<String>,
    /// What is wrong with it.
    pub error: Option<String>,
    /// Whether it may be empty.
    pub optional: bool,
    /// Choices of a select.
    pub options: Vec<Choice>,
    /// What an empty select says.
    pub blank: Option<String>,
}

impl Field {
    /// A line of text.
    #[must_use]
    pub fn text(name: impl ToString, label: String, value: impl ToString) -> Self {
        Self {
            name: name.to_string(),
            label,
            kind: "text",
            value: value.to_string(),
            ..Self::default()
        }
    }

    /// Of another kind.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// May be left empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// With a hint.
    #[must_use]
    pub fn hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }

    /// With choices.
    #[must_use]
    pub fn choices(mut self, options: Vec<Choice>) -> Self {
        self.kind = "select";
        self.options = options;
        self
    }

    /// A box to tick.
    #[must_use]
    pub fn tick(name: impl ToString, label: String, ticked: bool) -> Self {
        Self::text(name, label, if ticked { "on" } else { "" })
            .kind("check")
            .optional()
    }
}

/// A page that is one form.
#[derive(Debug, Default, Serialize)]
pub struct FormPage {
    /// Title.
    pub title: String,
    /// A line below.
    pub subtitle: Option<String>,
    /// Where the page is.
    pub crumbs: Vec<Crumb>,
    /// The form.
    pub form: FormPart,
    /// What is wrong, on top.
    pub errors: Vec<FieldError>,
    /// Where "Cancel" leads.
    pub back: String,
}

impl Context for FormPage {
    const TEMPLATE: &'static str = "admin/form.html";
}

impl FormPage {
    /// The same form after it was refused.
    #[must_use]
    pub fn refused(mut self, typed: &Typed, errors: Vec<FieldError>) -> Self {
        self.form.fill(typed);
        self.form.explain(&errors);
        self.errors = errors;
        self
    }
}

/// A step of the crumbs.
#[must_use]
pub fn crumb(label: String, path: Option<&str>) -> Crumb {
    Crumb {
        label,
        path: path.map(str::to_owned),
    }
}
