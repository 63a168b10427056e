//! An adapter, a payer and the simulator behind them.

use std::sync::Arc;

use billing::gateway::{Charge, Decline, Gateway, GatewayContext, HostedPage, Outcome};
use platform::money::{Currency, Money};
use platform::outbound::{Outbound, OutboundConfig};
use serde_json::Value;
use simulators::FaultKind;

/// What can be asked of a gateway, so that one of them can be made to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Charge,
    Capture,
    Release,
    Refund,
    OpenPage,
    Attach,
    Payer,
    /// Any question.
    Fetch,
}

/// An adapter beside its simulator.
pub trait Rig: Sized {
    async fn open() -> Self;
    fn gateway(&self) -> Arc<dyn Gateway>;
    /// Working credentials and the simulator's address.
    fn context(&self) -> GatewayContext;
    /// The token of a method that pays, declines, or wants its owner.
    fn token(&self, wanted: Token) -> &'static str;
    /// Payments the simulator knows, whatever became of them.
    async fn payments(&self) -> usize;
    /// Money taken and sent back so far, in minor units.
    async fn moved(&self) -> (i64, i64);
    /// Pages opened.
    async fn pages(&self) -> usize;
    /// Somebody pays a page with a good card.
    async fn pay_page(&self, session: &str);
    /// A page ends unpaid.
    async fn end_page(&self, session: &str);
}

/// One whose calls travel, and may get lost.
pub trait Remote: Rig {
    /// Credentials nobody gave.
    fn wrong_context(&self) -> GatewayContext;
    /// The next request of this kind goes wrong.
    fn goes_wrong(&self, act: Act, kind: FaultKind);
    /// The gateway forgets every idempotency key, as after a day.
    fn forget_keys(&self);
    /// What an answer to a successful charge looks like in another version: fields missing, words new.
    fn strange_success(&self) -> Value;
    /// What it says while a key is in use, and when it was used for something else.
    fn key_troubles(&self) -> Vec<FaultKind>;
    /// What it says when it is asked too often.
    fn busy(&self) -> FaultKind;
}

/// Which kind of method.
#[derive(Debug, Clone, Copy)]
pub enum Token {
    Good,
    DeclinesCharges,
    WantsOwner,
}

/// A payer with a saved method.
pub struct Payer {
    pub customer: String,
    pub method: String,
}

/// A client that reaches the simulators.
pub fn outbound() -> Outbound {
    Outbound::new(OutboundConfig {
        allow: vec!["127.0.0.0/8".parse().expect("a network")],
        ..OutboundConfig::default()
    })
    .expect("a client")
}

pub fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("a currency")).expect("an amount")
}

/// A payer with a method of this kind.
pub async fn payer(rig: &impl Rig, token: Token) -> Payer {
    let (gateway, context) = (rig.gateway(), rig.context());
    let customer = gateway
        .ensure_customer(&context, "customer-acc_1", "Hall & Sons", "ops@hall.test")
        .await
        .expect("a payer");
    let method = gateway
        .attach(&context, &customer, rig.token(token))
        .await
        .expect("a method")
        .reference;
    Payer { customer, method }
}

impl Payer {
    pub fn charge(&self, key: &str, minor: i64, hold: bool) -> Charge {
        Charge {
            key: key.into(),
            amount: eur(minor),
            customer: self.customer.clone(),
            method: self.method.clone(),
            hold,
            description: "INV-1".into(),
        }
    }

    pub fn page(&self, key: &str, save: bool) -> HostedPage {
        HostedPage {
            key: key.into(),
            amount: eur(1234),
            customer: self.customer.clone(),
            save,
            hold: false,
            description: "Invoice 1".into(),
            success_url: "https://shop.example/account/invoices/inv_1".into(),
            cancel_url: "https://shop.example/account/invoices/inv_1/pay".into(),
        }
    }
}

/// The id of a payment that succeeded.
pub fn succeeded(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Succeeded { reference, .. } => reference.clone(),
        other => panic!("not a success: {other:?}"),
    }
}

/// The id of a payment that is held.
pub fn held(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Held { reference, .. } => reference.clone(),
        other => panic!("not held: {other:?}"),
    }
}

/// The kind of a no.
pub fn declined(outcome: &Outcome) -> Decline {
    match outcome {
        Outcome::Declined { class, message, .. } => {
            assert!(!message.is_empty(), "a payer is told why");
            *class
        }
        other => panic!("not a no: {other:?}"),
    }
}

/// Everything that can happen to a request on its way, and whether it had its effect then.
pub fn weather() -> Vec<(FaultKind, bool)> {
    vec![
        (FaultKind::FailBefore(500), false),
        (FaultKind::FailBefore(503), false),
        (FaultKind::FailAfter(502), true),
        (FaultKind::FailAfter(500), true),
        (FaultKind::Hang(20), false),
        (FaultKind::HangAfter(20), true),
        (FaultKind::Malformed, true),
    ]
}
