//! What staff's pages have in common: words, errors in words, links to whatever an id names, and what happened to something.

use platform::db::DbError;
use platform::views::Page as Chrome;
use serde_json::Value;
use tenancy::{AccountId, TenantTx, audit, timeline};

use crate::app::App;
use crate::kit::detail::{Field, Moment};
use crate::kit::parts::{Choice, FieldError, Link};
use crate::refusal::{self, Refusal};

/// Words without arguments, for one page.
#[derive(Clone, Copy)]
pub struct Say<'a>(pub &'a App, pub &'a Chrome);

impl Say<'_> {
    /// Words of a key.
    #[must_use]
    pub fn it(&self, key: &str) -> String {
        self.0.say(self.1, key, &[])
    }

    /// Words of a key with values in it.
    #[must_use]
    pub fn with(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.0.say(self.1, key, args)
    }

    /// Words of a key where there are some, else `plain`.
    #[must_use]
    pub fn or(&self, key: &str, plain: impl ToString) -> String {
        if self.0.views().texts().has(key) {
            self.it(key)
        } else {
            plain.to_string()
        }
    }

    /// Why a command refused, for the person who asked; none for a failure of ours.
    #[must_use]
    pub fn refusal(&self, error: &impl Refusal) -> Option<String> {
        let said = self.refusals(error).into_iter().map(|error| error.message);
        said.reduce(|all, next| format!("{all} {next}"))
    }

    /// The same beside each field; empty for a failure of ours.
    #[must_use]
    pub fn refusals(&self, error: &impl Refusal) -> Vec<FieldError> {
        refusal::words(self.0, self.1, error)
    }

    /// A stored sentence, such as why something waits.
    #[must_use]
    pub fn said(&self, text: &str) -> String {
        refusal::said(self.0, self.1, text)
    }

    /// What an operation waits for.
    #[must_use]
    pub fn waits(&self, reason: Option<&str>, step: &str) -> String {
        refusal::waits(self.0, self.1, reason, step)
    }

    /// What a payment says of itself.
    #[must_use]
    pub fn paid(&self, failure: Option<&str>, mode: &str) -> String {
        refusal::paid(self.0, self.1, failure, mode)
    }

    /// Fields that a panel or gateway described, with labels in the reader's language.
    #[must_use]
    pub fn labelled(&self, mut fields: Vec<Field>) -> Vec<Field> {
        for field in &mut fields {
            field.label = self.said(&field.label);
        }
        fields
    }

    /// A link drawn as a plain button.
    #[must_use]
    pub fn link(&self, key: &str, path: impl ToString, icon: &'static str) -> Link {
        Link {
            label: self.it(key),
            path: path.to_string(),
            icon,
            tone: "plain",
        }
    }

    /// Choices from known words.
    #[must_use]
    pub fn choices(&self, options: &[(&str, &str)]) -> Vec<Choice> {
        options
            .iter()
            .map(|(value, key)| Choice {
                value: (*value).to_owned(),
                label: self.it(key),
            })
            .collect()
    }

    /// `service.suspended` in words.
    #[must_use]
    pub fn deed(&self, action: &str) -> String {
        let key = format!("did-{}", action.replace(['.', '_'], "-"));
        self.or(&key, action.replace(['.', '_'], " "))
    }

    /// A cycle: `per month`, `every 3 months`, `once`.
    #[must_use]
    pub fn cycle(&self, unit: &str, count: i32) -> String {
        if unit == "once" {
            return self.it("ui-once");
        }
        if count == 1 {
            return self.it(&format!("cycle-a-{unit}"));
        }
        self.with(&format!("cycle-every-{unit}"), &[("count", &count.to_string())])
    }
}

/// Staff's page about what an id names, where there is one.
#[must_use]
pub fn path_of(id: &str) -> Option<String> {
    let folder = match id.split_once('_')?.0 {
        "acc" => "customers",
        "ord" => "orders",
        "svc" => "services",
        "opr" => "provisioning",
        "srv" => "servers",
        "gtw" => "gateways",
        "prd" => "catalogue",
        "ten" => "tenants",
        _ => return None,
    };
    Some(format!("/admin/{folder}/{id}"))
}

/// What happened to `subject`, newest first: what people did, and what followed.
///
/// # Errors
/// When the database refuses.
pub async fn past(tx: &mut TenantTx, say: Say<'_>, subject: &str, limit: i64) -> Result<Vec<Moment>, DbError> {
    let deeds = audit::list(tx, Some(subject), None, limit, None).await?;
    let filter = timeline::Filter {
        subject: Some(subject.to_owned()),
        ..timeline::Filter::default()
    };
    let events = timeline::list(tx, &filter, limit, None).await?;
    Ok(merged(say, deeds, events, limit))
}

/// The same for everything of an account.
///
/// # Errors
/// When the database refuses.
pub async fn past_of(tx: &mut TenantTx, say: Say<'_>, account: AccountId, limit: i64) -> Result<Vec<Moment>, DbError> {
    let deeds = audit::list(tx, Some(&account.to_string()), None, limit, None).await?;
    let filter = timeline::Filter {
        account: Some(account),
        ..timeline::Filter::default()
    };
    let events = timeline::list(tx, &filter, limit, None).await?;
    Ok(merged(say, deeds, events, limit))
}

fn merged(say: Say<'_>, deeds: Vec<audit::Entry>, events: Vec<timeline::Entry>, limit: i64) -> Vec<Moment> {
    let mut moments: Vec<Moment> = deeds
        .into_iter()
        .map(|deed| Moment {
            at: deed.at,
            text: with_reason(say.deed(&deed.action), &deed.detail),
            who: Some(deed.actor_name),
            icon: "user",
        })
        .collect();
    for event in events {
        let text = with_reason(say.deed(&event.event_type), &event.payload);
        // What somebody did is told with their name, and not a second time as what followed from it.
        if moments.iter().any(|deed| deed.at == event.at && deed.text == text) {
            continue;
        }
        moments.push(Moment {
            at: event.at,
            text,
            who: None,
            icon: "point",
        });
    }
    moments.sort_by_key(|moment| std::cmp::Reverse(moment.at));
    moments.truncate(usize::try_from(limit).unwrap_or_default());
    moments
}

fn with_reason(text: String, detail: &Value) -> String {
    let more = ["reason", "number", "name", "panel_ref"]
        .iter()
        .find_map(|key| detail.get(key)?.as_str())
        .filter(|more| !more.is_empty());
    more.map_or_else(|| text.clone(), |more| format!("{text}: {more}"))
}
