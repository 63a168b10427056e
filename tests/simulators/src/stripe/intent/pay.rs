//! The moment of payment: what the card does with a confirmed intent.

use serde_json::{Value, json};

use super::super::book::{Book, copy_texts};
use super::super::card::{Behaviour, WANTS_AUTHENTICATION};
use super::super::refusal::{Decline, Refusal, Reply};
use super::super::{charge, checkout, dispute, method};
use super::unexpected;
use crate::form;

/// What the payer's failed challenge is called.
pub(in super::super) const FAILED_AUTHENTICATION: Decline = Decline {
    code: "payment_intent_authentication_failure",
    decline_code: "authentication_not_handled",
    advice_code: None,
    message: "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
};

/// How an intent is confirmed.
#[derive(Clone, Copy, Default)]
pub(in super::super) struct Presence {
    /// The payer is not there.
    pub off_session: bool,
    /// The payer passed the challenge.
    pub authenticated: bool,
    /// A wanted challenge is an error, not a next step.
    pub refuse_action: bool,
}

/// A method belongs to the intent's customer or to nobody.
pub(super) fn check_owner(intent: &Value, held: &Value) -> Result<(), Refusal> {
    if held["customer"].is_null() || held["customer"] == intent["customer"] {
        return Ok(());
    }
    let told = if intent["customer"].is_null() {
        "The provided PaymentMethod is attached to a Customer. You must provide the Customer with the PaymentMethod."
    } else {
        "The provided PaymentMethod does not belong to the provided Customer."
    };
    Err(Refusal::invalid("payment_method", told))
}

pub(super) fn confirm(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut intent = book.get("payment_intent", id)?;
    copy_texts(&mut intent, params, &["setup_future_usage", "receipt_email"]);
    if let Some(given) = form::text(params, "payment_method") {
        let held = method::resolve(book, given, "payment_method")?;
        check_owner(&intent, &held)?;
        intent["payment_method"] = held["id"].clone();
    }
    let present = form::text(params, "off_session").is_none_or(|value| value == "false");
    let presence = Presence {
        off_session: !present,
        authenticated: false,
        refuse_action: form::flag(params, "error_on_requires_action"),
    };
    let return_url = form::text(params, "return_url").map(str::to_owned);
    confirm_with(book, intent, presence, return_url.as_deref())
}

/// Confirms an intent with the method it names.
pub(in super::super) fn confirm_with(
    book: &mut Book,
    mut intent: Value,
    presence: Presence,
    return_url: Option<&str>,
) -> Reply {
    let open = ["requires_payment_method", "requires_confirmation", "requires_action"]
        .iter()
        .any(|status| intent["status"] == *status);
    if !open {
        return Err(unexpected(&intent, "confirmed"));
    }
    let Some(method_id) = intent["payment_method"].as_str().map(str::to_owned) else {
        let told = "You cannot confirm this PaymentIntent because it's missing a payment method.";
        let refusal = Refusal::coded("payment_intent_unexpected_state", "payment_method", told);
        return Err(refusal.with("payment_intent", intent));
    };
    let set_up = book.facts.get(&method_id).is_some_and(|facts| facts.set_up);
    let behaviour = method::behaviour(book, &method_id).unwrap_or(Behaviour::Good);
    let wants_challenge = match behaviour {
        Behaviour::Authenticates => !presence.authenticated,
        Behaviour::AuthenticatesOnce | Behaviour::AuthenticatesThenDeclines(_) => !presence.authenticated && !set_up,
        _ => false,
    };
    if wants_challenge && (presence.off_session || presence.refuse_action) {
        return decline(book, intent, &WANTS_AUTHENTICATION);
    }
    if wants_challenge {
        let id = intent["id"].as_str().unwrap_or_default().to_owned();
        intent["status"] = json!("requires_action");
        intent["next_action"] = json!({"type": "redirect_to_url", "redirect_to_url": {
            "url": format!("{}/authenticate/{id}", book.base_url), "return_url": return_url,
        }});
        book.put(&intent);
        book.fire("payment_intent.requires_action", &intent);
        return Ok(intent);
    }
    match behaviour {
        Behaviour::Declines(told) | Behaviour::DeclinesCharges(told) | Behaviour::AuthenticatesThenDeclines(told) => {
            decline(book, intent, &told)
        }
        _ => Ok(succeed(book, intent, behaviour)),
    }
}

/// The payer passed the challenge of this intent.
pub(in super::super) fn authenticated(book: &mut Book, id: &str) -> Reply {
    let intent = book.get("payment_intent", id)?;
    if intent["status"] != "requires_action" {
        return Err(unexpected(&intent, "authenticated"));
    }
    let presence = Presence {
        authenticated: true,
        ..Presence::default()
    };
    confirm_with(book, intent, presence, None)
}

/// The payer failed or refused the challenge; the intent waits for another card.
pub(in super::super) fn fail_authentication(book: &mut Book, id: &str) -> Reply {
    let mut intent = book.get("payment_intent", id)?;
    if intent["status"] != "requires_action" {
        return Err(unexpected(&intent, "authenticated"));
    }
    let held = intent["payment_method"].as_str().and_then(|id| book.find(id));
    let mut error = Refusal::card(&FAILED_AUTHENTICATION).error;
    error["type"] = json!("invalid_request_error");
    error["payment_method"] = json!(held);
    intent["last_payment_error"] = error;
    wait_for_another_card(&mut intent);
    book.put(&intent);
    book.fire("payment_intent.payment_failed", &intent);
    Ok(intent)
}

fn wait_for_another_card(intent: &mut Value) {
    intent["status"] = json!("requires_payment_method");
    intent["payment_method"] = Value::Null;
    intent["next_action"] = Value::Null;
}

fn decline(book: &mut Book, mut intent: Value, told: &Decline) -> Reply {
    let failed = charge::failed(book, &intent, told);
    let held = intent["payment_method"].as_str().and_then(|id| book.find(id));
    let refusal = Refusal::card(told)
        .with("charge", failed["id"].clone())
        .with("payment_method", json!(held));
    intent["last_payment_error"] = refusal.error.clone();
    intent["latest_charge"] = failed["id"].clone();
    wait_for_another_card(&mut intent);
    book.put(&intent);
    book.fire("charge.failed", &failed);
    book.fire("payment_intent.payment_failed", &intent);
    Err(refusal.with("payment_intent", intent))
}

fn succeed(book: &mut Book, mut intent: Value, behaviour: Behaviour) -> Value {
    let id = intent["id"].as_str().unwrap_or_default().to_owned();
    let method_id = intent["payment_method"].as_str().unwrap_or_default().to_owned();
    if intent["setup_future_usage"].is_string() {
        method::set_up(book, &method_id);
        method::bind(book, &method_id, &intent["customer"]);
    }
    let held = intent["capture_method"] == "manual";
    let made = charge::made(book, &intent, !held);
    intent["latest_charge"] = made["id"].clone();
    intent["next_action"] = Value::Null;
    intent["last_payment_error"] = Value::Null;
    if held {
        intent["status"] = json!("requires_capture");
        intent["amount_capturable"] = intent["amount"].clone();
    } else {
        intent["status"] = json!("succeeded");
        intent["amount_received"] = intent["amount"].clone();
    }
    book.put(&intent);
    book.fire("charge.succeeded", &made);
    if held {
        book.fire("payment_intent.amount_capturable_updated", &intent);
    } else {
        book.fire("payment_intent.succeeded", &intent);
        checkout::paid_by(book, &id);
    }
    if behaviour == Behaviour::Disputes {
        let charge_id = made["id"].as_str().unwrap_or_default().to_owned();
        // A fresh charge can always be disputed.
        let _ = dispute::open(book, &charge_id, "fraudulent");
    }
    intent
}
