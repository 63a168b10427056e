//! Stripe's error bodies and the statuses that go with them.

use serde_json::{Value, json};

/// A refusal: status and the content of `error`.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub error: Value,
}

/// An object, or why not.
pub(super) type Reply = Result<Value, Refusal>;

/// What an issuer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decline {
    pub code: &'static str,
    pub decline_code: &'static str,
    pub advice_code: Option<&'static str>,
    pub message: &'static str,
}

impl Refusal {
    fn new(status: u16, kind: &str, message: &str) -> Self {
        Self {
            status,
            error: json!({"type": kind, "message": message}),
        }
    }

    /// 400 about one parameter.
    pub fn invalid(param: &str, message: &str) -> Self {
        Self::new(400, "invalid_request_error", message).with("param", json!(param))
    }

    /// 400 with a code.
    pub fn coded(code: &str, param: &str, message: &str) -> Self {
        Self::invalid(param, message).with("code", json!(code))
    }

    /// 400 for a parameter that must be there.
    pub fn required(param: &str) -> Self {
        let told = format!("Missing required param: {param}.");
        Self::coded("parameter_missing", param, &told)
    }

    /// 404 for the object of the path.
    pub fn missing(label: &str, id: &str) -> Self {
        let told = format!("No such {label}: '{id}'");
        Self {
            status: 404,
            ..Self::coded("resource_missing", "id", &told)
        }
    }

    /// 400 for an object named in a parameter.
    pub fn missing_param(label: &str, id: &str, param: &str) -> Self {
        let told = format!("No such {label}: '{id}'");
        Self::coded("resource_missing", param, &told)
    }

    /// 401.
    pub fn key(message: &str) -> Self {
        Self::new(401, "invalid_request_error", message)
    }

    /// 403.
    pub fn account(account: &str) -> Self {
        let told =
            format!("The provided key does not have access to account '{account}' (or that account does not exist).");
        Self::new(403, "invalid_request_error", &told).with("code", json!("account_invalid"))
    }

    /// 404 for a path nobody serves.
    pub fn url(method: &str, path: &str) -> Self {
        let told = format!("Unrecognized request URL ({method}: {path}).");
        Self::new(404, "invalid_request_error", &told)
    }

    /// Idempotency trouble: 400 for other parameters, 409 while the first request runs.
    pub fn idempotency(status: u16, code: Option<&str>, message: &str) -> Self {
        let refusal = Self::new(status, "idempotency_error", message);
        match code {
            Some(code) => refusal.with("code", json!(code)),
            None => refusal,
        }
    }

    /// 402 with everything Stripe says about a declined card.
    pub fn card(decline: &Decline) -> Self {
        let mut refusal = Self::new(402, "card_error", decline.message)
            .with("code", json!(decline.code))
            .with("decline_code", json!(decline.decline_code))
            .with(
                "doc_url",
                json!(format!(
                    "https://stripe.com/docs/error-codes/{}",
                    decline.code.replace('_', "-")
                )),
            );
        if let Some(advice) = decline.advice_code {
            refusal = refusal.with("advice_code", json!(advice));
        }
        refusal
    }

    /// One more field of `error`.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.error[field] = value;
        self
    }
}
