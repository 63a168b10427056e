//! One request through Stripe: key, account, idempotency, the call, expansion, events.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Json, Response};
use base64::Engine;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::{Value, json};

use super::call::call;
use super::refusal::Refusal;
use super::state::{Remembered, State};
use super::{hosted, knob};
use crate::{form, random_word};

/// A request with its parts at hand.
struct Asked {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn key(&self) -> Option<String> {
        let given = self.header("authorization")?;
        if let Some(token) = given.strip_prefix("Bearer ") {
            return Some(token.trim().to_owned());
        }
        let packed = given.strip_prefix("Basic ")?;
        let plain = base64::engine::general_purpose::STANDARD.decode(packed.trim()).ok()?;
        let plain = String::from_utf8(plain).ok()?;
        plain.split(':').next().map(str::to_owned)
    }
}

pub(super) fn router(state: Arc<Mutex<State>>) -> Router {
    Router::new().fallback(
        move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let asked = Asked {
                method,
                path: uri.path().to_owned(),
                query: uri.query().unwrap_or_default().to_owned(),
                headers,
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            if asked.path.starts_with("/v1/") {
                return serve(&state, &asked).await;
            }
            let mut state = state.lock().unwrap();
            let answer = if asked.path.starts_with("/_sim/") {
                knob::turn(&mut state, asked.method.as_str(), &asked.path, &asked.body)
            } else {
                hosted::answer(&mut state, asked.method.as_str(), &asked.path, &asked.body)
            };
            state.dispatch();
            answer
        },
    )
}

async fn serve(state: &Mutex<State>, asked: &Asked) -> Response {
    let request_id = format!("req_{}", random_word(14));
    let keyed = (asked.method == Method::POST)
        .then(|| asked.header("idempotency-key"))
        .flatten()
        .map(str::to_owned);
    let begun = begin(&mut state.lock().unwrap(), asked, keyed.as_deref());
    let (account, delay_ms) = match begun {
        Begun::Fresh(account, delay_ms) => (account, delay_ms),
        Begun::Replay(status, body) => {
            return written(status, &body, &request_id, keyed.as_deref(), true);
        }
        Begun::Refused(refusal) => {
            let body = json!({"error": refusal.error});
            return written(refusal.status, &body, &request_id, keyed.as_deref(), false);
        }
    };
    if delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
    let mut state = state.lock().unwrap();
    let book = state.book(&account);
    book.request = json!({"id": request_id, "idempotency_key": keyed});
    let params = form::parse_both(&asked.query, &asked.body);
    let done = call(book, asked.method.as_str(), &asked.path, &params).and_then(|mut object| {
        book.expand(&mut object, &params)?;
        Ok(object)
    });
    book.request = json!({"id": null, "idempotency_key": null});
    let (status, body) = match done {
        Ok(object) => (200, object),
        Err(mut refusal) => {
            refusal.error["request_log_url"] = json!(format!("https://dashboard.stripe.com/test/logs/{request_id}"));
            (refusal.status, json!({"error": refusal.error}))
        }
    };
    if let Some(key) = &keyed {
        remember(&mut state, &account, key, status, &body);
    }
    state.dispatch();
    written(status, &body, &request_id, keyed.as_deref(), false)
}

enum Begun {
    /// The account to work on and how long to think first.
    Fresh(String, u64),
    Replay(u16, Value),
    Refused(Refusal),
}

fn begin(state: &mut State, asked: &Asked, key: Option<&str>) -> Begun {
    let account = match state.account_of(asked.key().as_deref(), asked.header("stripe-account")) {
        Ok(account) => account,
        Err(refusal) => return Begun::Refused(refusal),
    };
    let delay_ms = state.config.processing_ms;
    let Some(key) = key else {
        return Begun::Fresh(account, delay_ms);
    };
    if key.len() > 255 {
        let told = "Idempotency keys may be at most 255 characters.";
        return Begun::Refused(Refusal::idempotency(400, None, told));
    }
    let fingerprint = format!("{} {} {}", asked.path, asked.query, asked.body);
    let place = (account.clone(), key.to_owned());
    if let Some(known) = state.remembered.get(&place) {
        if known.fingerprint != fingerprint {
            let told = format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                 Try using a key other than '{key}' if you meant to execute a different request."
            );
            return Begun::Refused(Refusal::idempotency(400, None, &told));
        }
        return match &known.answer {
            Some((status, body)) => Begun::Replay(*status, body.clone()),
            None => {
                let told = "There is currently another in-progress request using this Idempotent Key.";
                Begun::Refused(Refusal::idempotency(409, Some("idempotency_key_in_use"), told))
            }
        };
    }
    state.remembered.insert(
        place,
        Remembered {
            fingerprint,
            answer: None,
        },
    );
    Begun::Fresh(account, delay_ms)
}

/// Keeps an answer; a request that failed validation leaves no trace, as at Stripe.
fn remember(state: &mut State, account: &str, key: &str, status: u16, body: &Value) {
    let place = (account.to_owned(), key.to_owned());
    if matches!(status, 400 | 401 | 403 | 404 | 409 | 429) {
        state.remembered.remove(&place);
    } else if let Some(row) = state.remembered.get_mut(&place) {
        row.answer = Some((status, body.clone()));
    }
}

fn written(status: u16, body: &Value, request: &str, key: Option<&str>, replayed: bool) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = (status, Json(body)).into_response();
    let headers = answer.headers_mut();
    for (name, value) in [("request-id", Some(request)), ("idempotency-key", key)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    if replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    answer
}
