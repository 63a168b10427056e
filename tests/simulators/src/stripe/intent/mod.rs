//! Payment intents: made, changed, confirmed, captured, cancelled.

mod pay;

use serde_json::{Value, json};

pub(super) use pay::{FAILED_AUTHENTICATION, Presence, authenticated, confirm_with, fail_authentication};

use super::book::{Book, copy_texts, merge_metadata};
use super::refusal::{Refusal, Reply};
use super::{charge, method, money, shape};
use crate::form;

const TEXTS: &[&str] = &[
    "description",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "setup_future_usage",
    "on_behalf_of",
    "transfer_group",
];

pub(super) fn create(book: &mut Book, params: &Value) -> Reply {
    let amount = form::whole(params, "amount").ok_or_else(|| Refusal::required("amount"))?;
    let currency = form::text(params, "currency").ok_or_else(|| Refusal::required("currency"))?;
    money::check(amount, currency)?;
    let confirm = form::flag(params, "confirm");
    if !confirm && form::text(params, "off_session").is_some() {
        let told = "You cannot set `off_session` when `confirm` is not `true`.";
        return Err(Refusal::invalid("off_session", told));
    }
    let mut intent = shape::made("payment_intent", "pi", book.now());
    let id = intent["id"].as_str().unwrap_or_default().to_owned();
    intent["client_secret"] = json!(shape::client_secret(&id));
    intent["amount"] = json!(amount);
    intent["currency"] = json!(currency);
    let capture = form::text(params, "capture_method").unwrap_or("automatic_async");
    if !["automatic", "automatic_async", "manual"].contains(&capture) {
        let told = "Invalid capture_method: must be one of automatic, automatic_async, or manual";
        return Err(Refusal::invalid("capture_method", told));
    }
    intent["capture_method"] = json!(capture);
    if form::flag(params, "automatic_payment_methods.enabled") {
        intent["automatic_payment_methods"] = json!({"allow_redirects": "always", "enabled": true});
    }
    fill(book, &mut intent, params)?;
    book.put(&intent);
    book.fire("payment_intent.created", &intent);
    if confirm {
        return pay::confirm(book, &id, params);
    }
    Ok(intent)
}

fn fill(book: &mut Book, intent: &mut Value, params: &Value) -> Result<(), Refusal> {
    copy_texts(intent, params, TEXTS);
    merge_metadata(intent, params, "metadata");
    if let Some(fee) = form::whole(params, "application_fee_amount") {
        if fee <= 0 || fee >= intent["amount"].as_i64().unwrap_or_default() {
            let told = "The application fee must be positive and below the amount.";
            return Err(Refusal::invalid("application_fee_amount", told));
        }
        intent["application_fee_amount"] = json!(fee);
    }
    if let Some(customer) = form::text(params, "customer") {
        intent["customer"] = book.named("customer", customer, "customer")?["id"].clone();
    }
    if let Some(given) = form::text(params, "payment_method") {
        let held = method::resolve(book, given, "payment_method")?;
        pay::check_owner(intent, &held)?;
        intent["payment_method"] = held["id"].clone();
        intent["status"] = json!("requires_confirmation");
    }
    Ok(())
}

pub(super) fn update(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut intent = book.get("payment_intent", id)?;
    let waiting = ["requires_payment_method", "requires_confirmation", "requires_action"]
        .iter()
        .any(|status| intent["status"] == *status);
    if !waiting {
        copy_texts(&mut intent, params, &["description", "receipt_email"]);
        merge_metadata(&mut intent, params, "metadata");
        if form::whole(params, "amount").is_some() {
            return Err(unexpected(&intent, "updated"));
        }
        book.put(&intent);
        return Ok(intent);
    }
    if let Some(amount) = form::whole(params, "amount") {
        money::check(amount, intent["currency"].as_str().unwrap_or_default())?;
        intent["amount"] = json!(amount);
    }
    fill(book, &mut intent, params)?;
    book.put(&intent);
    Ok(intent)
}

pub(super) fn confirm(book: &mut Book, id: &str, params: &Value) -> Reply {
    pay::confirm(book, id, params)
}

/// Takes money that was held, all or a part; the rest is let go.
pub(super) fn capture(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut intent = book.get("payment_intent", id)?;
    if intent["status"] != "requires_capture" {
        return Err(unexpected(&intent, "captured"));
    }
    let held = intent["amount_capturable"].as_i64().unwrap_or_default();
    let amount = form::whole(params, "amount_to_capture").unwrap_or(held);
    if amount <= 0 || amount > held {
        let told = format!("The requested capture amount is greater than the authorized amount of {held}.");
        return Err(Refusal::coded("amount_too_large", "amount_to_capture", &told));
    }
    merge_metadata(&mut intent, params, "metadata");
    let charge_id = intent["latest_charge"].as_str().unwrap_or_default().to_owned();
    charge::capture(book, &charge_id, amount);
    intent["status"] = json!("succeeded");
    intent["amount_received"] = json!(amount);
    intent["amount_capturable"] = json!(0);
    book.put(&intent);
    book.fire("payment_intent.succeeded", &intent);
    super::checkout::paid_by(book, id);
    Ok(intent)
}

/// Gives up an intent that was not paid; held money is let go.
pub(super) fn cancel(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut intent = book.get("payment_intent", id)?;
    if intent["status"] == "succeeded" || intent["status"] == "canceled" || intent["status"] == "processing" {
        return Err(unexpected(&intent, "canceled"));
    }
    let was_held = intent["status"] == "requires_capture";
    intent["status"] = json!("canceled");
    intent["canceled_at"] = json!(book.now());
    intent["amount_capturable"] = json!(0);
    intent["next_action"] = Value::Null;
    copy_texts(&mut intent, params, &["cancellation_reason"]);
    if was_held {
        let charge_id = intent["latest_charge"].as_str().unwrap_or_default().to_owned();
        charge::release(book, &charge_id);
    }
    book.put(&intent);
    book.fire("payment_intent.canceled", &intent);
    Ok(intent)
}

/// Ends a hold as the card network does after about a week.
pub(super) fn expire_hold(book: &mut Book, id: &str) -> Reply {
    let intent = book.get("payment_intent", id)?;
    if intent["status"] != "requires_capture" {
        return Err(unexpected(&intent, "expired"));
    }
    cancel(book, id, &json!({"cancellation_reason": "automatic"}))
}

/// `GET /v1/payment_intents/search`: `field:'value'` and `metadata['key']:'value'` joined by AND.
pub(super) fn search(book: &Book, params: &Value) -> Reply {
    let query = form::text(params, "query").ok_or_else(|| Refusal::required("query"))?;
    let mut wanted = Vec::new();
    for clause in query.split(" AND ") {
        wanted.push(
            read_clause(clause.trim())
                .ok_or_else(|| Refusal::invalid("query", "We were unable to parse your search query."))?,
        );
    }
    let limit = form::whole(params, "limit").unwrap_or(10).clamp(1, 100);
    let limit = usize::try_from(limit).unwrap_or(10);
    let found: Vec<&Value> = book
        .all("payment_intent")
        .filter(|intent| {
            wanted.iter().all(|(path, value)| {
                let node = match path {
                    Path::Field(name) => &intent[name.as_str()],
                    Path::Metadata(key) => &intent["metadata"][key.as_str()],
                };
                node.as_str().map_or_else(|| node.to_string(), str::to_owned) == *value
            })
        })
        .collect();
    let more = found.len() > limit;
    let rows = &found[..found.len().min(limit)];
    Ok(
        json!({"object": "search_result", "data": rows, "has_more": more, "next_page": null, "total_count": found.len(),
        "url": "/v1/payment_intents/search"}),
    )
}

enum Path {
    Field(String),
    Metadata(String),
}

fn read_clause(clause: &str) -> Option<(Path, String)> {
    let bare = |text: &str| text.trim_matches(['\'', '"']).to_owned();
    if let Some(rest) = clause.strip_prefix("metadata[") {
        let (key, value) = rest.split_once("]:")?;
        return Some((Path::Metadata(bare(key)), bare(value)));
    }
    let (name, value) = clause.split_once(':')?;
    Some((Path::Field(name.trim().to_owned()), bare(value)))
}

/// 400 for a step that the state does not allow.
fn unexpected(intent: &Value, step: &str) -> Refusal {
    let told = format!(
        "This PaymentIntent could not be {step} because it has a status of {}.",
        intent["status"].as_str().unwrap_or_default()
    );
    Refusal::coded("payment_intent_unexpected_state", "intent", &told).with("payment_intent", intent.clone())
}
