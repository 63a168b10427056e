//! The sandbox gateway: moves no money, and remembers what it would have moved in the tenant's own
//! schema, so its state outlives a restart. It knows test cards only, and serves sandbox tenants only.
//!
//! It sends no events: a payer's act on its page enqueues the question that an event would have led to.

mod card;
mod page;
mod store;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use platform::money::Money;
use serde_json::{Value, json};

pub use card::{Behaviour, CARDS, Card, ON_PAGE};
pub use page::{HostedView, Paid, cancel, confirm, find_page, pay};

use crate::BillingError;
use crate::gateway::{
    Asked, Charge, Gateway, GatewayContext, GatewayError, HostedPage, InboundEvent, Opened, Outcome, Refunded,
    SavedMethod, SeenDispute, SeenRefund, SetupPage, SetupState,
};

/// The adapter.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sandbox;

/// Where the payer goes: a page of ours, on the tenant's own host.
#[must_use]
pub fn page_path(session: &str) -> String {
    format!("/sandbox/{session}")
}

/// What the settings make the gateway do instead.
fn told_to_fail<'a>(context: &'a GatewayContext, word: &str) -> Option<&'a str> {
    context.settings["fail"].as_str().filter(|told| *told == word)
}

fn unknown(error: &BillingError) -> Outcome {
    Outcome::Unknown { why: error.to_string() }
}

fn away(error: BillingError) -> GatewayError {
    match error {
        BillingError::Conflict(_, why) | BillingError::Field(_, why) => GatewayError::Refused(why),
        other => GatewayError::Away(other.to_string()),
    }
}

#[async_trait]
impl Gateway for Sandbox {
    fn kind(&self) -> &'static str {
        "sandbox"
    }

    fn credentials_schema(&self) -> Value {
        json!({ "type": "object", "properties": {} })
    }

    fn settings_schema(&self) -> Value {
        json!({ "type": "object", "properties": {
            "fail": { "type": "string", "title": "Fail", "enum": ["away", "lost"] } } })
    }

    fn is_simulated(&self) -> bool {
        true
    }

    fn can_hold(&self) -> bool {
        true
    }

    async fn check(&self, context: &GatewayContext) -> Result<String, GatewayError> {
        match told_to_fail(context, "away") {
            Some(_) => Err(GatewayError::Away("the sandbox is told to be away".into())),
            None => Ok("The sandbox always works, and moves no money.".into()),
        }
    }

    async fn ensure_customer(
        &self,
        _context: &GatewayContext,
        key: &str,
        _name: &str,
        _email: &str,
    ) -> Result<String, GatewayError> {
        Ok(format!("sandbox-{key}"))
    }

    async fn attach(&self, context: &GatewayContext, customer: &str, token: &str) -> Result<SavedMethod, GatewayError> {
        let card = match Card::named(token) {
            None => return Err(GatewayError::Refused(format!("There is no test card {token:?}."))),
            Some(card) if card.behaviour == Behaviour::Refused => {
                return Err(GatewayError::Refused("Your card was declined.".into()));
            }
            Some(card) => card,
        };
        store::attach(context, customer, card).await.map_err(away)
    }

    async fn charge(&self, context: &GatewayContext, charge: &Charge) -> Outcome {
        if told_to_fail(context, "away").is_some() {
            return Outcome::NotSent {
                why: "the sandbox is told to be away".into(),
            };
        }
        let outcome = store::charge(context, charge).await;
        match (outcome, told_to_fail(context, "lost")) {
            (Err(error), _) => unknown(&error),
            (Ok(_), Some(_)) => Outcome::Unknown {
                why: "the sandbox is told to lose its answers".into(),
            },
            (Ok(outcome), None) => outcome,
        }
    }

    async fn open_page(&self, context: &GatewayContext, page: &HostedPage) -> Result<Opened, GatewayError> {
        if told_to_fail(context, "away").is_some() {
            return Err(GatewayError::Away("the sandbox is told to be away".into()));
        }
        store::open_page(context, page).await.map_err(away)
    }

    async fn close_page(&self, context: &GatewayContext, session: &str) -> Outcome {
        store::close_page(context, session)
            .await
            .unwrap_or_else(|error| unknown(&error))
    }

    async fn open_setup(&self, context: &GatewayContext, page: &SetupPage) -> Result<Opened, GatewayError> {
        if told_to_fail(context, "away").is_some() {
            return Err(GatewayError::Away("the sandbox is told to be away".into()));
        }
        store::open_setup(context, page).await.map_err(away)
    }

    async fn fetch_setup(&self, context: &GatewayContext, session: &str) -> Result<SetupState, GatewayError> {
        store::fetch_setup(context, session).await.map_err(away)
    }

    async fn detach(&self, context: &GatewayContext, method: &str) -> Result<(), GatewayError> {
        store::detach(context, method).await.map_err(away)
    }

    async fn capture(&self, context: &GatewayContext, _key: &str, reference: &str, part: Option<Money>) -> Outcome {
        store::capture(context, reference, part)
            .await
            .unwrap_or_else(|error| unknown(&error))
    }

    async fn release(&self, context: &GatewayContext, _key: &str, reference: &str) -> Result<(), GatewayError> {
        store::release(context, reference).await.map_err(away)
    }

    async fn refund(&self, context: &GatewayContext, key: &str, reference: &str, amount: Money) -> Refunded {
        match store::refund(context, key, reference, amount).await {
            Ok(id) => Refunded::Succeeded(id.to_string()),
            Err(BillingError::Conflict(_, why)) => Refunded::Failed(why),
            Err(error) => Refunded::Unknown(error.to_string()),
        }
    }

    async fn refunds(&self, context: &GatewayContext, reference: &str) -> Result<Vec<SeenRefund>, GatewayError> {
        store::refunds(context, reference).await.map_err(away)
    }

    async fn disputes(&self, _context: &GatewayContext, _reference: &str) -> Result<Vec<SeenDispute>, GatewayError> {
        Ok(Vec::new())
    }

    async fn fetch(&self, context: &GatewayContext, asked: &Asked) -> Outcome {
        store::fetch(context, asked)
            .await
            .unwrap_or_else(|error| unknown(&error))
    }

    fn parse_event(
        &self,
        _context: &GatewayContext,
        _headers: &[(String, String)],
        _body: &[u8],
        _now: DateTime<Utc>,
    ) -> Result<InboundEvent, GatewayError> {
        Err(GatewayError::Malformed("the sandbox sends no events".into()))
    }
}
