//! A Stripe: customers, cards, intents, refunds, disputes, hosted checkout, signed webhooks.
//!
//! Objects are complete (their shapes come from Stripe's own fixtures) and belong to the account of the key, or to
//! the one `Stripe-Account` names. Control calls of its own, all JSON:
//! `POST /_sim/webhooks {url, secret, account?}`, `POST /_sim/deliveries/knobs {duplicate, reorder, stale_seconds, hold,
//! wrong_secret}`, `GET /_sim/deliveries`, `POST /_sim/resend/{event}`, `POST /_sim/disputes {charge, reason}`,
//! `POST /_sim/disputes/{id}/decide {won}`, `POST /_sim/refunds/{id}/fail`,
//! `POST /_sim/payment_intents/{id}/authenticate|expire`, `POST /_sim/processing {ms}`, `POST /_sim/clock {advance_seconds}`.

mod book;
mod call;
mod card;
mod charge;
mod checkout;
mod courier;
mod customer;
mod dispute;
mod endpoint;
mod hosted;
mod intent;
mod keep;
mod knob;
mod method;
mod money;
mod refund;
mod refusal;
mod route;
mod setup;
mod shape;
mod state;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;

pub use courier::{Delivery, DeliveryKnobs, sign};
pub use state::account_of_key;

use crate::site::{Faults, RequestLog, Site};
use crate::ticker::Ticker;
use state::{Hook, State};

/// How a gateway behaves.
#[derive(Clone)]
pub struct StripeConfig {
    /// Key and account it belongs to. Empty: any `sk_` or `rk_` key, each with an account of its own.
    pub keys: Vec<(String, String)>,
    /// Connected accounts that withdrew.
    pub revoked: Vec<String>,
    /// The version events are written in.
    pub api_version: String,
    /// Milliseconds every call thinks; a second call with the same idempotency key meanwhile gets 409.
    pub processing_ms: u64,
    /// Every delivery connects here, whatever host its address names.
    pub deliver_to: Option<SocketAddr>,
    pub ticker: Ticker,
}

impl Default for StripeConfig {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            revoked: Vec::new(),
            api_version: "2026-09-30.endive".to_owned(),
            processing_ms: 0,
            deliver_to: None,
            ticker: Ticker::default(),
        }
    }
}

/// A running gateway. Clones share it; it stops when the last one goes away.
#[derive(Clone)]
pub struct Stripe {
    site: Arc<Site>,
    state: Arc<Mutex<State>>,
}

impl Stripe {
    /// Starts a gateway on `addr`; port 0 picks a free one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(addr: SocketAddr, config: StripeConfig) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(addr).await?;
        let (desk, courier) = courier::open(config.ticker.clone(), config.deliver_to);
        let state = Arc::new(Mutex::new(State {
            base_url: format!("http://{}", listener.local_addr()?),
            config,
            books: std::collections::BTreeMap::new(),
            hooks: Vec::new(),
            remembered: std::collections::HashMap::new(),
            desk,
            courier,
        }));
        let seen = state.clone();
        let site = Site::open_on(listener, route::router(state.clone()), move || {
            seen.lock().unwrap().picture()
        })?;
        Ok(Self {
            site: Arc::new(site),
            state,
        })
    }

    /// Scheme, host and port; the API is below `/v1`.
    #[must_use]
    pub fn url(&self) -> String {
        self.site.url()
    }

    /// The fault rules in force.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.site.faults()
    }

    /// The requests seen so far.
    #[must_use]
    pub fn requests(&self) -> RequestLog {
        self.site.requests()
    }

    /// Keeps what it knows in a file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, file: &Path) -> std::io::Result<()> {
        let kept = self.state().kept();
        crate::site::save(file, &kept)
    }

    /// Takes back what a file keeps; without one nothing happens.
    ///
    /// # Errors
    /// When the file makes no sense.
    pub fn restore(&self, file: &Path) -> std::io::Result<()> {
        if let Some(kept) = crate::site::restore(file)? {
            self.state().restore(kept);
        }
        Ok(())
    }

    /// The clock, for signatures and expiries.
    #[must_use]
    pub fn ticker(&self) -> Ticker {
        self.state().config.ticker.clone()
    }

    /// Sends the events of all accounts to `url`, signed with `secret`.
    pub fn register_webhook(&self, url: &str, secret: &str) {
        self.hook(None, url, secret);
    }

    /// Sends the events of one account (see [`account_of_key`]) to `url`.
    pub fn register_webhook_for(&self, account: &str, url: &str, secret: &str) {
        self.hook(Some(account.to_owned()), url, secret);
    }

    fn hook(&self, account: Option<String>, url: &str, secret: &str) {
        self.state().hooks.push(Hook {
            account,
            url: url.to_owned(),
            secret: secret.to_owned(),
        });
    }

    /// How deliveries misbehave from now on.
    pub fn set_deliveries(&self, knobs: DeliveryKnobs) {
        *self.state().desk.knobs.lock().unwrap() = knobs;
    }

    /// Every try to deliver so far.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state().desk.deliveries.lock().unwrap().clone()
    }

    /// Sends an event again; false when there is none with this id.
    pub fn resend(&self, event: &str) -> bool {
        knob::resend(&mut self.state(), event).is_ok()
    }

    /// Milliseconds every call thinks from now on.
    pub fn set_processing(&self, ms: u64) {
        self.state().config.processing_ms = ms;
    }

    /// Forgets every idempotency key, as happens after a day.
    pub fn forget_keys(&self) {
        self.state().remembered.clear();
    }

    /// All objects of a kind (`payment_intent`, `charge`, `refund`, `event` ...) over all accounts, oldest first.
    #[must_use]
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let state = self.state();
        let mut found: Vec<Value> = Vec::new();
        for book in state.books.values() {
            let mut rows: Vec<Value> = book.all(kind).cloned().collect();
            rows.reverse();
            found.extend(rows);
        }
        found
    }

    /// One object by id.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Value> {
        self.state().holder(id)?.find(id).cloned()
    }

    /// Charges that took money: succeeded and captured.
    #[must_use]
    pub fn captured(&self) -> Vec<Value> {
        let mut rows = self.objects("charge");
        rows.retain(|charge| charge["status"] == "succeeded" && charge["captured"] == true);
        rows
    }

    /// Opens a dispute on a captured charge and answers its id.
    pub fn open_dispute(&self, charge: &str, reason: &str) -> Option<String> {
        let made = self.act(charge, |book| dispute::open(book, charge, reason))?;
        made["id"].as_str().map(str::to_owned)
    }

    /// Decides a dispute; false when it does not exist or is decided.
    pub fn decide_dispute(&self, id: &str, won: bool) -> bool {
        self.act(id, |book| dispute::decide(book, id, won)).is_some()
    }

    /// Lets a refund that succeeded come back.
    pub fn fail_refund(&self, id: &str) -> bool {
        self.act(id, |book| refund::fail(book, id)).is_some()
    }

    /// The payer passes the challenge of an intent that waits for it.
    pub fn authenticate(&self, intent: &str) -> bool {
        self.act(intent, |book| intent::authenticated(book, intent)).is_some()
    }

    /// The payer fails the challenge of an intent that waits for it.
    pub fn fail_authentication(&self, intent: &str) -> bool {
        self.act(intent, |book| intent::fail_authentication(book, intent))
            .is_some()
    }

    /// Ends a hold as the card network does after a week.
    pub fn expire_hold(&self, intent: &str) -> bool {
        self.act(intent, |book| intent::expire_hold(book, intent)).is_some()
    }

    /// Somebody pays a checkout session with a test card number; answers the session, or why not.
    ///
    /// # Errors
    /// The message the payer would see.
    pub fn pay_session(&self, session: &str, number: &str) -> Result<Value, String> {
        let mut state = self.state();
        let reply = knob::on(&mut state, session, |book| checkout::pay(book, session, number, true));
        state.dispatch();
        reply.map_err(|refusal| refusal.error["message"].as_str().unwrap_or_default().to_owned())
    }

    /// What `/_sim/state` shows.
    #[must_use]
    pub fn picture(&self) -> Value {
        self.state().picture()
    }

    fn act(&self, id: &str, act: impl FnOnce(&mut book::Book) -> refusal::Reply) -> Option<Value> {
        let mut state = self.state();
        let reply = knob::on(&mut state, id, act).ok();
        state.dispatch();
        reply
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}
