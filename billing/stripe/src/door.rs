//! The way to Stripe: async-stripe's requests over the platform's one way out, and what came of a call.

use std::time::Duration;

use billing::gateway::GatewayContext;
use http::{Method, StatusCode};
use platform::outbound::{Outbound, OutboundError, OutboundRequest};
use serde_json::Value;
use stripe_client_core::{RequestBuilder, StripeMethod, VERSION};
use stripe_shared::ApiErrorsType;

use crate::read;

const API: &str = "https://api.stripe.com";
/// No chain of an authority is longer.
const MAX_CA: u64 = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(40);

/// How a call ended.
#[derive(Debug)]
pub enum Called {
    /// 2xx with an object.
    Ok(Value),
    /// A clear no in Stripe's own words.
    Refused(Refusal),
    /// It may have happened.
    Lost(String),
    /// It certainly did not.
    NotSent(String),
}

/// A clear no.
#[derive(Debug)]
pub struct Refusal {
    /// The answer's status.
    pub status: StatusCode,
    /// The `error` object.
    pub error: Value,
}

impl Refusal {
    /// Whether it speaks of the key, not of what was asked.
    pub fn is_about_the_key(&self) -> bool {
        matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    }
}

/// Sends one request. Never twice: whether to send again is for those to say who keep the key.
pub async fn call(outbound: &Outbound, context: &GatewayContext, asked: RequestBuilder, key: Option<&str>) -> Called {
    // Ids become parts of the path as they are: what Stripe cannot have given is not asked for.
    if !is_plain(&asked.path) {
        return Called::Refused(Refusal {
            status: StatusCode::NOT_FOUND,
            error: serde_json::json!({ "type": "invalid_request_error", "code": "resource_missing", "message": "No such object." }),
        });
    }
    let request = match prepare(outbound, context, asked, key) {
        Ok(request) => request,
        Err(why) => return Called::NotSent(why),
    };
    match request.send().await {
        Ok(response) => judge(response.status, &response.body),
        Err(error @ (OutboundError::Blocked | OutboundError::Connect(_) | OutboundError::Invalid(_))) => {
            Called::NotSent(error.to_string())
        }
        Err(error) => Called::Lost(error.to_string()),
    }
}

/// Reads a certificate: whoever sets the path learns nothing of other files, and none that never ends is read.
fn authority(path: &str) -> Option<Vec<u8>> {
    let told = std::fs::metadata(path).ok()?;
    (told.is_file() && told.len() <= MAX_CA).then(|| std::fs::read(path).ok())?
}

fn prepare(
    outbound: &Outbound,
    context: &GatewayContext,
    asked: RequestBuilder,
    key: Option<&str>,
) -> Result<OutboundRequest, String> {
    let base = context.settings["api_base"].as_str().unwrap_or(API);
    let mut url = format!("{}/v1{}", base.trim_end_matches('/'), asked.path);
    if let Some(query) = asked.query.filter(|query| !query.is_empty()) {
        url = format!("{url}?{query}");
    }
    let outbound = match context.settings["ca_file"].as_str() {
        None => outbound.clone(),
        Some(path) => authority(path)
            .and_then(|pem| outbound.with_ca(&pem).ok())
            .ok_or("ca_file: this is no certificate of an authority")?,
    };
    let (method, body) = match asked.method {
        StripeMethod::Get => (Method::GET, None),
        StripeMethod::Post => (Method::POST, Some(asked.body.unwrap_or_default())),
        StripeMethod::Delete => (Method::DELETE, asked.body),
    };
    let secret = context.credentials.expose()["secret_key"].as_str().unwrap_or_default();
    let mut request = outbound
        .request(method, &url)
        .bearer(secret)
        .header("stripe-version", VERSION.as_str())
        .timeout(TIMEOUT);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    if let Some(account) = context.settings["connected_account"].as_str() {
        request = request.header("stripe-account", account);
    }
    if let Some(body) = body {
        request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
    }
    Ok(request)
}

fn is_plain(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let mut parts = path.split('/');
    parts.next() == Some("") && parts.all(|part| !part.is_empty() && part.bytes().all(plain))
}

/// What an answer says of the call. Only Stripe's own error object is a no; the rest may have happened.
fn judge(status: StatusCode, body: &[u8]) -> Called {
    let code = status.as_u16();
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Called::Lost(format!("Stripe answers {code} without JSON"));
    };
    let error = &body["error"];
    match code {
        200..=299 if body.is_object() => Called::Ok(body),
        429 if error.is_object() => Called::NotSent(read::message(error)),
        // Our key was seen by another request or with another body, or something behind them failed.
        409 | 424 => Called::Lost(format!("Stripe answers {code}: {}", read::message(error))),
        400..=499 if error.is_object() => match read::error_type(error) {
            ApiErrorsType::IdempotencyError | ApiErrorsType::ApiError => Called::Lost(read::message(error)),
            _ => Called::Refused(Refusal {
                status,
                error: error.clone(),
            }),
        },
        _ => Called::Lost(format!("Stripe answers {code}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(called: &Called) -> &'static str {
        match called {
            Called::Ok(_) => "ok",
            Called::Refused(_) => "refused",
            Called::Lost(_) => "lost",
            Called::NotSent(_) => "not sent",
        }
    }

    #[test]
    fn only_a_clear_no_is_a_no() {
        let card = r#"{"error":{"type":"card_error","code":"card_declined","message":"No."}}"#;
        for (status, body, expected) in [
            (200, r#"{"id":"pi_1"}"#, "ok"),
            (200, r#"{"id":"pi_"#, "lost"),
            (200, "[]", "lost"),
            (204, "", "lost"),
            (302, "<a>", "lost"),
            (402, card, "refused"),
            (400, r#"{"error":{"type":"invalid_request_error"}}"#, "refused"),
            (400, r#"{"error":{"type":"something_new"}}"#, "refused"),
            (400, r#"{"error":{"type":"idempotency_error"}}"#, "lost"),
            (400, r#"{"message":"a proxy speaks"}"#, "lost"),
            (401, r#"{"error":{"type":"invalid_request_error"}}"#, "refused"),
            (404, "not found", "lost"),
            (
                409,
                r#"{"error":{"type":"idempotency_error","code":"idempotency_key_in_use"}}"#,
                "lost",
            ),
            (424, card, "lost"),
            (
                429,
                r#"{"error":{"type":"invalid_request_error","code":"rate_limit"}}"#,
                "not sent",
            ),
            (429, "slow down", "lost"),
            (500, r#"{"error":{"type":"api_error"}}"#, "lost"),
            (502, "<html>", "lost"),
        ] {
            let called = judge(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            assert_eq!(word(&called), expected, "{status} {body}");
        }
    }

    #[test]
    fn only_ids_go_into_a_path() {
        for (path, plain) in [
            ("/payment_methods/pm_card_visa/attach", true),
            ("/checkout/sessions/cs_test_a1-B2", true),
            ("/payment_methods/../charges/attach", false),
            ("/payment_methods/pm_1?x=1/attach", false),
            ("/payment_methods//attach", false),
            ("/payment_methods/pm%2f1/attach", false),
            ("//evil.example", false),
        ] {
            assert_eq!(is_plain(path), plain, "{path}");
        }
    }
}
