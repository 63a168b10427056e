//! Every path of the API and the call behind it.

use serde_json::{Value, json};

use super::book::Book;
use super::refusal::{Refusal, Reply};
use super::state::State;
use super::{charge, checkout, customer, dispute, endpoint, intent, method, refund, setup};
use crate::form;

/// Serves one call of the API.
pub(super) fn call(book: &mut Book, verb: &str, path: &str, params: &Value) -> Reply {
    let segments: Vec<&str> = path
        .trim_start_matches("/v1/")
        .trim_end_matches('/')
        .split('/')
        .collect();
    let intents = matches!(segments.first(), Some(&("payment_intents" | "setup_intents")));
    let answer = if intents {
        intents_call(book, verb, &segments, params)
    } else {
        read_call(book, verb, &segments, params)
            .or_else(|| money_call(book, verb, &segments, params))
            .or_else(|| write_call(book, verb, &segments, params))
    };
    answer.unwrap_or_else(|| Err(Refusal::url(verb, path)))
}

fn intents_call(book: &mut Book, verb: &str, path: &[&str], params: &Value) -> Option<Reply> {
    Some(match (verb, path) {
        ("POST", ["payment_intents"]) => intent::create(book, params),
        ("GET", ["payment_intents"]) => book.list("payment_intent", params, &["customer"], "/v1/payment_intents"),
        ("GET", ["payment_intents", "search"]) => intent::search(book, params),
        ("GET", ["payment_intents", id]) => book.get("payment_intent", id),
        ("POST", ["payment_intents", id]) => intent::update(book, id, params),
        ("POST", ["payment_intents", id, "confirm"]) => intent::confirm(book, id, params),
        ("POST", ["payment_intents", id, "capture"]) => intent::capture(book, id, params),
        ("POST", ["payment_intents", id, "cancel"]) => intent::cancel(book, id, params),
        ("POST", ["setup_intents"]) => setup::create(book, params),
        ("GET", ["setup_intents"]) => book.list(
            "setup_intent",
            params,
            &["customer", "payment_method"],
            "/v1/setup_intents",
        ),
        ("GET", ["setup_intents", id]) => book.get("setup_intent", id),
        ("POST", ["setup_intents", id]) => setup::update(book, id, params),
        ("POST", ["setup_intents", id, "confirm"]) => setup::confirm(book, id, params),
        ("POST", ["setup_intents", id, "cancel"]) => setup::cancel(book, id, params),
        _ => return None,
    })
}

fn read_call(book: &mut Book, verb: &str, path: &[&str], params: &Value) -> Option<Reply> {
    if verb != "GET" {
        return None;
    }
    Some(match path {
        ["account"] => Ok(State::account(&book.account)),
        ["accounts", id] if *id == book.account => Ok(State::account(id)),
        ["accounts", id] => Err(Refusal::account(id)),
        ["customers"] => book.list("customer", params, &["email"], "/v1/customers"),
        ["customers", id] => book.get("customer", id),
        ["customers", id, "payment_methods"] => book.get("customer", id).and_then(|_| {
            let mut filter = params.clone();
            filter["customer"] = json!(id);
            book.list(
                "payment_method",
                &filter,
                &["customer", "type"],
                &format!("/v1/customers/{id}/payment_methods"),
            )
        }),
        ["payment_methods"] => match form::text(params, "customer") {
            Some(_) => book.list("payment_method", params, &["customer", "type"], "/v1/payment_methods"),
            None => Err(Refusal::required("customer")),
        },
        ["payment_methods", id] | ["customers", _, "payment_methods", id] => book.get("payment_method", id),
        ["events"] => book.list("event", params, &["type"], "/v1/events"),
        ["events", id] => book.get("event", id),
        ["checkout", "sessions"] => checkout::list(book, params),
        ["checkout", "sessions", id] => checkout::show(book, id),
        ["checkout", "sessions", id, "line_items"] => checkout::line_items(book, id),
        ["webhook_endpoints"] => endpoint::list(book, params),
        ["webhook_endpoints", id] => book.get("webhook_endpoint", id).map(endpoint::shown),
        _ => return None,
    })
}

/// What moved money, read back.
fn money_call(book: &Book, verb: &str, path: &[&str], params: &Value) -> Option<Reply> {
    if verb != "GET" {
        return None;
    }
    Some(match path {
        ["charges"] => book.list("charge", params, &["customer", "payment_intent"], "/v1/charges"),
        ["charges", id] => charge::show(book, id),
        ["charges", id, "refunds"] => book.list(
            "refund",
            &json!({"charge": id}),
            &["charge"],
            &format!("/v1/charges/{id}/refunds"),
        ),
        ["balance_transactions"] => book.list(
            "balance_transaction",
            params,
            &["type", "source", "currency"],
            "/v1/balance_transactions",
        ),
        ["balance_transactions", id] => book.get("balance_transaction", id),
        ["refunds"] => book.list("refund", params, &["charge", "payment_intent"], "/v1/refunds"),
        ["refunds", id] => book.get("refund", id),
        ["disputes"] => book.list("dispute", params, &["charge", "payment_intent"], "/v1/disputes"),
        ["disputes", id] => book.get("dispute", id),
        _ => return None,
    })
}

fn write_call(book: &mut Book, verb: &str, path: &[&str], params: &Value) -> Option<Reply> {
    Some(match (verb, path) {
        ("POST", ["customers"]) => customer::create(book, params),
        ("POST", ["customers", id]) => customer::update(book, id, params),
        ("DELETE", ["customers", id]) => customer::delete(book, id),
        ("POST", ["payment_methods"]) => method::create(book, params),
        ("POST", ["payment_methods", id]) => method::update(book, id, params),
        ("POST", ["payment_methods", id, "attach"]) => method::attach(book, id, params),
        ("POST", ["payment_methods", id, "detach"]) => method::detach(book, id),
        ("POST", ["refunds"]) => refund::create(book, params),
        ("POST", ["refunds", id]) => refund::update(book, id, params),
        ("POST", ["disputes", id]) => dispute::update(book, id, params),
        ("POST", ["disputes", id, "close"]) => dispute::decide(book, id, false),
        ("POST", ["checkout", "sessions"]) => checkout::create(book, params),
        ("POST", ["checkout", "sessions", id, "expire"]) => checkout::expire(book, id),
        ("POST", ["webhook_endpoints"]) => endpoint::create(book, params),
        ("POST", ["webhook_endpoints", id]) => endpoint::update(book, id, params),
        ("DELETE", ["webhook_endpoints", id]) => endpoint::delete(book, id),
        _ => return None,
    })
}
