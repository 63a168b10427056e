//! Setup intents: a card saved for later without a charge.

use serde_json::{Value, json};

use super::book::{Book, copy_texts, merge_metadata};
use super::card::{Behaviour, WANTS_AUTHENTICATION};
use super::refusal::{Refusal, Reply};
use super::{method, shape};
use crate::form;

pub(super) fn create(book: &mut Book, params: &Value) -> Reply {
    let mut intent = shape::made("setup_intent", "seti", book.now());
    let id = intent["id"].as_str().unwrap_or_default().to_owned();
    intent["client_secret"] = json!(shape::client_secret(&id));
    intent["usage"] = json!(form::text(params, "usage").unwrap_or("off_session"));
    if let Some(customer) = form::text(params, "customer") {
        intent["customer"] = book.named("customer", customer, "customer")?["id"].clone();
    }
    copy_texts(&mut intent, params, &["description"]);
    merge_metadata(&mut intent, params, "metadata");
    if form::flag(params, "automatic_payment_methods.enabled") {
        intent["automatic_payment_methods"] = json!({"allow_redirects": "always", "enabled": true});
    }
    if let Some(given) = form::text(params, "payment_method") {
        intent["payment_method"] = method::resolve(book, given, "payment_method")?["id"].clone();
        intent["status"] = json!("requires_confirmation");
    }
    book.put(&intent);
    book.fire("setup_intent.created", &intent);
    if form::flag(params, "confirm") {
        return confirm(book, &id, params);
    }
    Ok(intent)
}

pub(super) fn update(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut intent = book.get("setup_intent", id)?;
    copy_texts(&mut intent, params, &["description"]);
    merge_metadata(&mut intent, params, "metadata");
    if let Some(customer) = form::text(params, "customer") {
        intent["customer"] = book.named("customer", customer, "customer")?["id"].clone();
    }
    book.put(&intent);
    Ok(intent)
}

pub(super) fn confirm(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut intent = open(book, id)?;
    if let Some(given) = form::text(params, "payment_method") {
        intent["payment_method"] = method::resolve(book, given, "payment_method")?["id"].clone();
    }
    let Some(method_id) = intent["payment_method"].as_str().map(str::to_owned) else {
        return Err(Refusal::required("payment_method"));
    };
    book.put(&intent);
    match method::behaviour(book, &method_id) {
        Some(Behaviour::Declines(decline)) => decline_setup(book, intent, &decline),
        Some(Behaviour::Authenticates | Behaviour::AuthenticatesOnce | Behaviour::AuthenticatesThenDeclines(_)) => {
            if form::flag(params, "off_session") {
                return decline_setup(book, intent, &WANTS_AUTHENTICATION);
            }
            intent["status"] = json!("requires_action");
            intent["next_action"] = json!({"type": "redirect_to_url", "redirect_to_url": {
                "url": format!("{}/authenticate/{id}", book.base_url),
                "return_url": form::text(params, "return_url"),
            }});
            book.put(&intent);
            book.fire("setup_intent.requires_action", &intent);
            Ok(intent)
        }
        _ => Ok(succeed(book, id)),
    }
}

/// Ends a setup well: the card is attached and may be charged without the payer.
pub(super) fn succeed(book: &mut Book, id: &str) -> Value {
    let Some(mut intent) = book.find(id).cloned() else {
        return Value::Null;
    };
    intent["status"] = json!("succeeded");
    intent["next_action"] = Value::Null;
    intent["last_setup_error"] = Value::Null;
    intent["latest_attempt"] = json!(shape::id("setatt"));
    let method_id = intent["payment_method"].as_str().unwrap_or_default().to_owned();
    method::set_up(book, &method_id);
    method::bind(book, &method_id, &intent["customer"]);
    book.put(&intent);
    book.fire("setup_intent.succeeded", &intent);
    intent
}

/// The payer failed or refused the challenge.
pub(super) fn fail_authentication(book: &mut Book, id: &str) -> Reply {
    let intent = open(book, id)?;
    let decline = super::intent::FAILED_AUTHENTICATION;
    match decline_setup(book, intent, &decline) {
        Err(_) => book.get("setup_intent", id),
        done => done,
    }
}

fn decline_setup(book: &mut Book, mut intent: Value, decline: &super::refusal::Decline) -> Reply {
    let held = intent["payment_method"].as_str().and_then(|id| book.find(id));
    let refusal = Refusal::card(decline).with("payment_method", json!(held));
    intent["last_setup_error"] = refusal.error.clone();
    intent["status"] = json!("requires_payment_method");
    intent["payment_method"] = Value::Null;
    intent["next_action"] = Value::Null;
    book.put(&intent);
    book.fire("setup_intent.setup_failed", &intent);
    Err(refusal.with("setup_intent", intent))
}

pub(super) fn cancel(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut intent = open(book, id)?;
    intent["status"] = json!("canceled");
    intent["next_action"] = Value::Null;
    copy_texts(&mut intent, params, &["cancellation_reason"]);
    book.put(&intent);
    book.fire("setup_intent.canceled", &intent);
    Ok(intent)
}

fn open(book: &Book, id: &str) -> Reply {
    let intent = book.get("setup_intent", id)?;
    if intent["status"] == "succeeded" || intent["status"] == "canceled" {
        let told = format!(
            "You cannot change this SetupIntent because it has a status of {}.",
            intent["status"].as_str().unwrap_or_default()
        );
        let refusal = Refusal::coded("setup_intent_unexpected_state", "intent", &told);
        return Err(refusal.with("setup_intent", intent));
    }
    Ok(intent)
}
