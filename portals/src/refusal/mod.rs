//! Why something is refused, in the reader's language: the one place that gives an error of a command its words.

mod sentences;
#[cfg(test)]
mod tests;

use billing::BillingError;
use platform::money::MoneyError;
use platform::views::Page;
use tenancy::account::AccountError;
use tenancy::staff::change::StaffError;
use tenancy::tenant::TenantError;
use tenancy::token::TokenError;
use tenancy::user::UserError;

use crate::app::App;
use crate::kit::parts::FieldError;

/// Codes of failures of ours: their text is for the log.
const OURS: [&str; 6] = [
    "bad_subscription",
    "gateway_sealed",
    "password_sealed",
    "server_sealed",
    "template",
    "unbalanced",
];

/// Whether a code is a failure of ours and no business of the person who asked.
#[must_use]
pub fn is_ours(code: &str) -> bool {
    OURS.contains(&code)
}

/// A reason: which field, and the key of its words with their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The field it stands beside; `form` where it is about all of it.
    pub field: String,
    /// Key of the words.
    pub key: String,
    /// Values in the words.
    pub values: Vec<(&'static str, String)>,
    /// What is said where no words have this key.
    pub or: &'static str,
}

impl Reason {
    fn new(field: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            key: key.into(),
            values: Vec::new(),
            or: "refused-other",
        }
    }

    /// A sentence of a command beside its field; one that nobody gave words is a plain no.
    fn said(field: impl Into<String>, text: &str) -> Self {
        match sentences::find(text) {
            Some((key, values)) => Self {
                values,
                ..Self::new(field, key)
            },
            None => Self::new(field, "refused-field"),
        }
    }
}

/// An error a person may meet.
pub trait Refusal {
    /// What to say, and where; nothing for a failure of ours, which is no business of theirs.
    fn reasons(&self) -> Vec<Reason>;
}

impl Refusal for BillingError {
    fn reasons(&self) -> Vec<Reason> {
        match self {
            Self::Field(field, text) => vec![Reason::said(*field, text)],
            Self::Fields(fields) => fields
                .iter()
                .map(|(field, text)| Reason::said(field.as_str(), text))
                .collect(),
            Self::NotFound(what) => vec![Reason {
                values: vec![("what", (*what).to_owned())],
                ..Reason::new("form", "refused-gone")
            }],
            Self::Conflict(code, _) if is_ours(code) => Vec::new(),
            Self::Conflict(code, text) => vec![conflict(code, text)],
            Self::Money(error) => error.reasons(),
            Self::Db(_) => Vec::new(),
        }
    }
}

/// What the sentence says where it has words, else what its code says.
fn conflict(code: &str, text: &str) -> Reason {
    match sentences::find(text) {
        Some((key, values)) => Reason {
            values,
            ..Reason::new("form", key)
        },
        None => Reason {
            values: vec![("why", text.to_owned())],
            ..Reason::new("form", format!("refused-{}", code.replace('_', "-")))
        },
    }
}

impl Refusal for MoneyError {
    fn reasons(&self) -> Vec<Reason> {
        let key = match self {
            Self::UnknownCurrency(_) => "refused-money-currency",
            Self::MixedCurrency { .. } => "refused-money-mixed",
            Self::Format => "refused-money-format",
            Self::TooPrecise(_) => "refused-money-precise",
            Self::OutOfRange => "refused-money-range",
            Self::NotAllocatable => return Vec::new(),
        };
        vec![Reason::new("amount", key)]
    }
}

impl Refusal for UserError {
    fn reasons(&self) -> Vec<Reason> {
        let (field, key) = match self {
            Self::BadEmail => ("email", "refused-user-email"),
            Self::BadName => ("name", "refused-user-name"),
            Self::BadPassword => ("password", "refused-user-password"),
            Self::EmailTaken => ("email", "refused-user-taken"),
            Self::BadToken => ("form", "refused-user-link"),
            Self::WrongPassword => ("password", "refused-user-wrong-password"),
            Self::Db(_) => return Vec::new(),
        };
        vec![Reason::new(field, key)]
    }
}

impl Refusal for AccountError {
    fn reasons(&self) -> Vec<Reason> {
        match self {
            Self::Fields(fields) => fields
                .iter()
                .map(|error| Reason::said(error.field, &error.message))
                .collect(),
            Self::User(error) => error.reasons(),
            Self::Unknown | Self::Db(_) => Vec::new(),
        }
    }
}

impl Refusal for StaffError {
    fn reasons(&self) -> Vec<Reason> {
        match self {
            Self::NotYours(word) => vec![Reason {
                values: vec![("word", word.clone())],
                ..Reason::new("rights", "staff-not-yours")
            }],
            Self::AboveYou => vec![Reason::new("rights", "staff-above-you")],
            Self::LastOne => vec![Reason::new("rights", "staff-last-one")],
            Self::User(error) => error.reasons(),
            Self::Unknown | Self::Db(_) => Vec::new(),
        }
    }
}

impl Refusal for TokenError {
    fn reasons(&self) -> Vec<Reason> {
        let with = |field: &str, key: &str, name, value: &String| Reason {
            values: vec![(name, value.clone())],
            ..Reason::new(field, key)
        };
        vec![match self {
            Self::NotYours(word) => with("scopes", "refused-token-scope", "word", word),
            Self::UnknownScope(word) => with("scopes", "refused-token-no-scope", "word", word),
            Self::BadNetwork(text) => with("ip_list", "refused-token-network", "text", text),
            Self::ManyNetworks => Reason::new("ip_list", "refused-token-networks"),
            Self::BadName => Reason::new("name", "refused-token-name"),
            Self::PastExpiry => Reason::new("expires_on", "refused-token-past"),
            Self::BadLimit => Reason::new("limit", "refused-token-limit"),
            Self::Revoked => Reason::new("form", "refused-token-revoked"),
            Self::TooMany => Reason::new("form", "refused-token-many"),
            Self::NoRights => Reason::new("form", "refused-token-no-rights"),
            Self::Unknown | Self::Made(_) | Self::Db(_) => return Vec::new(),
        }]
    }
}

impl Refusal for TenantError {
    fn reasons(&self) -> Vec<Reason> {
        let (field, key) = match self {
            Self::BadSlug(_) => ("slug", "refused-tenant-slug"),
            Self::SlugTaken(_) => ("slug", "refused-tenant-slug-taken"),
            Self::BadName => ("name", "refused-tenant-name"),
            Self::UnknownTenant(_) | Self::Setting(_) | Self::Account(_) | Self::Db(_) => return Vec::new(),
        };
        vec![Reason::new(field, key)]
    }
}

/// What a refusal says beside each field, in the reader's language; empty for a failure of ours.
#[must_use]
pub fn words(app: &App, page: &Page, error: &impl Refusal) -> Vec<FieldError> {
    let message = |reason: &Reason| {
        let values: Vec<(&str, &str)> = reason
            .values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let known = app.views().texts().has(&reason.key);
        app.say(page, if known { &reason.key } else { reason.or }, &values)
    };
    error
        .reasons()
        .into_iter()
        .map(|reason| FieldError {
            message: message(&reason),
            field: reason.field,
        })
        .collect()
}

/// What an operation waits for: why, where it says so, else its step.
#[must_use]
pub fn waits(app: &App, page: &Page, reason: Option<&str>, step: &str) -> String {
    match reason {
        Some(reason) => said(app, page, reason),
        None => keyed(app, page, "step", step),
    }
}

/// What a payment says of itself: why it failed, else how it was made.
#[must_use]
pub fn paid(app: &App, page: &Page, failure: Option<&str>, mode: &str) -> String {
    match failure {
        Some(failure) => said(app, page, failure),
        None => keyed(app, page, "payment-mode", mode),
    }
}

fn keyed(app: &App, page: &Page, group: &str, word: &str) -> String {
    let key = format!("{group}-{}", word.replace('_', "-"));
    if app.views().texts().has(&key) {
        app.say(page, &key, &[])
    } else {
        word.to_owned()
    }
}

/// A stored sentence of a command in the reader's language; what a provider said stays as it was said.
#[must_use]
pub fn said(app: &App, page: &Page, text: &str) -> String {
    match sentences::find(text) {
        Some((key, values)) => {
            let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            app.say(page, key, &values)
        }
        None => text.to_owned(),
    }
}
