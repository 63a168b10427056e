//! All accounts of one simulated Stripe, its keys, its memory of requests, its webhook addresses.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::UnboundedSender;

use super::StripeConfig;
use super::book::Book;
use super::courier::{Desk, Parcel};
use super::refusal::Refusal;
use super::shape;

/// A webhook address registered by handle: it hears the events of one account, or of all.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Hook {
    pub account: Option<String>,
    pub url: String,
    pub secret: String,
}

/// What was answered to an idempotency key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Remembered {
    pub fingerprint: String,
    /// Absent while the first request runs.
    pub answer: Option<(u16, Value)>,
}

pub(super) struct State {
    pub config: StripeConfig,
    pub base_url: String,
    pub books: BTreeMap<String, Book>,
    pub hooks: Vec<Hook>,
    pub remembered: HashMap<(String, String), Remembered>,
    pub desk: Arc<Desk>,
    pub courier: UnboundedSender<Parcel>,
}

impl State {
    /// The account a key and a `Stripe-Account` header speak for.
    pub fn account_of(&self, key: Option<&str>, on_behalf: Option<&str>) -> Result<String, Refusal> {
        let Some(key) = key else {
            return Err(Refusal::key("You did not provide an API key."));
        };
        let shaped = (key.starts_with("sk_") || key.starts_with("rk_")) && key.len() > 5;
        let own = if self.config.keys.is_empty() && shaped {
            Some(account_of_key(key))
        } else {
            let listed = self.config.keys.iter().find(|row| row.0 == key);
            listed.map(|row| row.1.clone())
        };
        let Some(own) = own else {
            let start: String = key.chars().take(8).collect();
            return Err(Refusal::key(&format!("Invalid API Key provided: {start}****")));
        };
        match on_behalf {
            None => Ok(own),
            Some(account) if account.starts_with("acct_") && !self.config.revoked.contains(&account.to_owned()) => {
                Ok(account.to_owned())
            }
            Some(account) => Err(Refusal::account(account)),
        }
    }

    pub fn book(&mut self, account: &str) -> &mut Book {
        let (base_url, config) = (&self.base_url, &self.config);
        self.books
            .entry(account.to_owned())
            .or_insert_with(|| Book::new(account, base_url, &config.api_version, config.ticker.clone()))
    }

    /// The book that holds an object.
    pub fn holder(&mut self, id: &str) -> Option<&mut Book> {
        self.books.values_mut().find(|book| book.find(id).is_some())
    }

    /// Hands the events of all accounts to the courier.
    pub fn dispatch(&mut self) {
        let mut fired = Vec::new();
        for (account, book) in &mut self.books {
            fired.extend(book.fired.drain(..).map(|event| (account.clone(), event)));
        }
        for (account, event) in fired {
            self.send(&account, &event);
        }
    }

    /// Sends one event to every address that wants it.
    pub fn send(&self, account: &str, event: &Value) {
        for hook in &self.hooks {
            if hook.account.as_ref().is_none_or(|only| only == account) {
                self.post(hook.url.clone(), hook.secret.clone(), event.clone());
            }
        }
        for (owner, book) in &self.books {
            for endpoint in book.all("webhook_endpoint") {
                let connected = endpoint["connect"] == true;
                if !wants(endpoint, event) || (owner != account) != connected {
                    continue;
                }
                let mut told = event.clone();
                if connected {
                    told["account"] = json!(account);
                }
                if endpoint["api_version"].is_string() {
                    told["api_version"] = endpoint["api_version"].clone();
                }
                let text = |field: &str| endpoint[field].as_str().unwrap_or_default().to_owned();
                self.post(text("url"), text("secret"), told);
            }
        }
    }

    fn post(&self, url: String, secret: String, event: Value) {
        // The courier lives as long as this sender.
        let _ = self.courier.send(Parcel { url, secret, event });
    }

    /// The account object.
    pub fn account(account: &str) -> Value {
        let mut object = shape::fresh("account");
        object["id"] = json!(account);
        object["business_profile"]["name"] = json!("Simulated business");
        object["external_accounts"]["url"] = json!(format!("/v1/accounts/{account}/external_accounts"));
        object
    }

    /// Everything, for a person who debugs.
    pub fn picture(&self) -> Value {
        const KINDS: &[&str] = &[
            "customer",
            "payment_method",
            "setup_intent",
            "payment_intent",
            "charge",
            "refund",
            "dispute",
            "checkout.session",
            "webhook_endpoint",
            "event",
        ];
        let books: BTreeMap<&String, BTreeMap<&str, Vec<&Value>>> = self
            .books
            .iter()
            .map(|(account, book)| {
                let kinds = KINDS.iter().map(|kind| (*kind, book.all(kind).collect())).collect();
                (account, kinds)
            })
            .collect();
        json!({
            "accounts": books,
            "webhooks": self.hooks.iter().map(|hook| json!({"account": hook.account, "url": hook.url})).collect::<Vec<_>>(),
            "deliveries": *self.desk.deliveries.lock().unwrap(),
            "knobs": *self.desk.knobs.lock().unwrap(),
        })
    }
}

fn wants(endpoint: &Value, event: &Value) -> bool {
    endpoint["status"] == "enabled"
        && endpoint["enabled_events"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind == "*" || *kind == event["type"]))
}

/// The account a key belongs to when no list of keys is configured: one for each key.
#[must_use]
pub fn account_of_key(key: &str) -> String {
    let digest = hex::encode(Sha256::digest(key.as_bytes()));
    format!("acct_{}", &digest[..16])
}
