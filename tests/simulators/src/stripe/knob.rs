//! Stripe's own control calls: `/_sim/webhooks`, `/_sim/deliveries`, `/_sim/disputes`, `/_sim/resend`, `/_sim/clock` ...

use axum::response::{IntoResponse, Json, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::courier::DeliveryKnobs;
use super::refusal::{Refusal, Reply};
use super::state::{Hook, State};
use super::{dispute, intent, refund};
use crate::form;

/// Answers one control call. Bodies are JSON.
pub(super) fn turn(state: &mut State, verb: &str, path: &str, body: &str) -> Response {
    let given: Value = serde_json::from_str(body).unwrap_or_default();
    let segments: Vec<&str> = path
        .trim_start_matches("/_sim/")
        .trim_end_matches('/')
        .split('/')
        .collect();
    let reply: Reply = match (verb, segments.as_slice()) {
        ("POST", ["webhooks"]) => register(state, &given),
        ("DELETE", ["webhooks"]) => {
            state.hooks.clear();
            Ok(json!({}))
        }
        ("GET", ["deliveries"]) => Ok(json!(*state.desk.deliveries.lock().unwrap())),
        ("GET", ["deliveries", "knobs"]) => Ok(json!(*state.desk.knobs.lock().unwrap())),
        ("POST", ["deliveries", "knobs"]) => set_knobs(state, given),
        ("POST", ["resend", event]) => resend(state, event),
        ("POST", ["disputes"]) => {
            let charge = form::text(&given, "charge").unwrap_or_default();
            let reason = form::text(&given, "reason").unwrap_or("fraudulent");
            on(state, charge, |book| dispute::open(book, charge, reason))
        }
        ("POST", ["disputes", id, "decide"]) => {
            let won = form::flag(&given, "won");
            on(state, id, |book| dispute::decide(book, id, won))
        }
        ("POST", ["refunds", id, "fail"]) => on(state, id, |book| refund::fail(book, id)),
        ("POST", ["payment_intents", id, "authenticate"]) => on(state, id, |book| intent::authenticated(book, id)),
        ("POST", ["payment_intents", id, "expire"]) => on(state, id, |book| intent::expire_hold(book, id)),
        ("POST", ["processing"]) => {
            let ms = form::whole(&given, "ms").and_then(|ms| u64::try_from(ms).ok());
            state.config.processing_ms = ms.unwrap_or(0);
            Ok(json!({}))
        }
        ("POST", ["clock"]) => {
            state
                .config
                .ticker
                .advance(form::whole(&given, "advance_seconds").unwrap_or(0));
            Ok(json!({"now": state.config.ticker.stamp()}))
        }
        _ => Err(Refusal::url(verb, path)),
    };
    match reply {
        Ok(object) => Json(object).into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, Json(json!({"error": refusal.error}))).into_response()
        }
    }
}

/// Does something to the account that holds an object.
pub(super) fn on(state: &mut State, id: &str, act: impl FnOnce(&mut super::book::Book) -> Reply) -> Reply {
    match state.holder(id) {
        Some(book) => act(book),
        None => Err(Refusal::missing("object", id)),
    }
}

fn register(state: &mut State, given: &Value) -> Reply {
    let url = form::text(given, "url").ok_or_else(|| Refusal::required("url"))?;
    let secret = form::text(given, "secret").ok_or_else(|| Refusal::required("secret"))?;
    state.hooks.push(Hook {
        account: form::text(given, "account").map(str::to_owned),
        url: url.to_owned(),
        secret: secret.to_owned(),
    });
    Ok(json!({"url": url}))
}

fn set_knobs(state: &mut State, given: Value) -> Reply {
    let knobs: DeliveryKnobs =
        serde_json::from_value(given).map_err(|error| Refusal::invalid("knobs", &error.to_string()))?;
    *state.desk.knobs.lock().unwrap() = knobs.clone();
    Ok(json!(knobs))
}

/// Sends an event once more to everybody who wants it.
pub(super) fn resend(state: &mut State, id: &str) -> Reply {
    let (account, event) = state
        .books
        .iter()
        .find_map(|(account, book)| Some((account.clone(), book.find(id)?.clone())))
        .ok_or_else(|| Refusal::missing("event", id))?;
    state.send(&account, &event);
    Ok(event)
}
