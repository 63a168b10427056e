//! What every page knows about its visitor and its tenant.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::texts::{Direction, Locale, Overrides};

/// The value every template sees as `page`.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// Whose page this is.
    pub brand: Brand,
    /// Language and formats.
    pub locale: Locale,
    /// Direction of writing, from the locale.
    pub dir: Direction,
    /// Light, dark, or as the device prefers.
    pub theme: Theme,
    /// `site`, `account`, `admin` or `status`.
    pub portal: &'static str,
    /// The signed-in person.
    pub user: Option<Person>,
    /// Key of the menu entry this page belongs to.
    pub nav: &'static str,
    /// Menu of this portal, already narrowed to what the person may see.
    pub menu: Vec<MenuSection>,
    /// Messages carried over a redirect.
    pub flash: Vec<Flash>,
    /// Path and query of this page, for links that come back here.
    pub path: String,
    /// Prefix of links into another portal of the tenant; empty where this host serves them all.
    pub hop: &'static str,
    /// A line above everything, such as whose tenant one is looking into.
    pub banner: Option<Banner>,
    /// Zone instants are shown in.
    pub zone: Tz,
    /// The unit of work's time, for relative times.
    pub now: DateTime<Utc>,
    /// The tenant's own strings.
    #[serde(skip)]
    pub words: Option<Arc<Overrides>>,
}

/// The tenant as its visitors see it.
#[derive(Clone, Debug, Serialize)]
pub struct Brand {
    /// The tenant's name.
    pub name: String,
    /// Path of the logo, if there is one; otherwise the initial stands in.
    pub logo: Option<String>,
    /// Path of the logo for dark pages.
    pub logo_dark: Option<String>,
    /// Path of the theme sheet.
    pub theme_path: String,
    /// Where help is, if the tenant gave an address.
    pub support_email: Option<String>,
    /// Links to terms and privacy pages, as (label, address).
    pub legal: Vec<(String, String)>,
}

/// A signed-in person in the corner of the page.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// Display name.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// E-mail address.
    pub email: String,
}

impl Person {
    /// Derives the initials from the name, or from the address when there is no name.
    #[must_use]
    pub fn new(name: &str, email: &str) -> Self {
        let source = if name.trim().is_empty() { email } else { name };
        let mut letters = source.split_whitespace().filter_map(|word| word.chars().next());
        let first = letters.next();
        let initials: String = first
            .into_iter()
            .chain(letters.next_back())
            .flat_map(char::to_uppercase)
            .collect();
        let name = if name.trim().is_empty() { email } else { name };
        Self {
            name: name.to_owned(),
            initials,
            email: email.to_owned(),
        }
    }
}

/// The chosen colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// What the device prefers.
    #[default]
    Auto,
}

impl Theme {
    /// Reads the cookie's value; anything unknown is `Auto`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }
}

/// What a message or badge means; its colours belong to the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Done, good.
    Success,
    /// In progress, worth knowing.
    Info,
    /// Somebody should act.
    Warning,
    /// Something is wrong.
    Danger,
    /// Plain.
    Neutral,
}

/// A message shown once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flash {
    /// Colour and icon.
    pub tone: Tone,
    /// Finished words in the visitor's language.
    pub text: String,
}

/// A line above everything.
#[derive(Clone, Debug, Serialize)]
pub struct Banner {
    /// Finished words, for example `Looking into Northwind`.
    pub text: String,
    /// Where its button posts to leave, and the button's words.
    pub leave: Option<(String, String)>,
}

/// Menu entries under one heading.
#[derive(Clone, Debug, Serialize)]
pub struct MenuSection {
    /// Message key of the heading; empty for none.
    pub label_key: &'static str,
    /// The entries.
    pub entries: Vec<MenuEntry>,
}

/// One place to go.
#[derive(Clone, Debug, Serialize)]
pub struct MenuEntry {
    /// Compared with [`Page::nav`].
    pub key: &'static str,
    /// Message key.
    pub label_key: &'static str,
    /// Where it leads.
    pub path: &'static str,
    /// Icon name.
    pub icon: &'static str,
    /// Things waiting there.
    pub count: Option<u64>,
    /// Whether the count means trouble.
    pub urgent: bool,
}
