//! Events: the signature is checked over the raw bytes with our own clock, then ids are picked out.

use billing::gateway::{GatewayError, InboundEvent};
use chrono::{DateTime, Utc};
use platform::secret::{constant_time_eq, keyed_hash};
use serde_json::Value;

/// How far a timestamp may be from our clock, in seconds, either way.
const TOLERANCE: i64 = 300;

/// Verifies and reads an event.
///
/// # Errors
/// A wrong, missing or old signature; a body that is no event.
pub fn parse(
    secret: &str,
    headers: &[(String, String)],
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<InboundEvent, GatewayError> {
    let wrong = |why: &str| GatewayError::Signature(why.to_owned());
    let header = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("stripe-signature"));
    let (_, header) = header.ok_or_else(|| wrong("the header is missing"))?;
    let mut at = None;
    let mut candidates = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => at = value.parse::<i64>().ok(),
            Some(("v1", value)) => candidates.push(value),
            _ => {}
        }
    }
    let at = at.ok_or_else(|| wrong("no timestamp"))?;
    if (now.timestamp() - at).abs() > TOLERANCE {
        return Err(wrong("the timestamp is too far from now"));
    }
    let mut message = at.to_string().into_bytes();
    message.push(b'.');
    message.extend_from_slice(body);
    let expected = hex::encode(keyed_hash(secret.as_bytes(), &message));
    if secret.is_empty()
        || !candidates
            .iter()
            .any(|given| constant_time_eq(given.as_bytes(), expected.as_bytes()))
    {
        return Err(wrong("no signature fits"));
    }
    let event: Value = serde_json::from_slice(body).map_err(|error| GatewayError::Malformed(error.to_string()))?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let id = text(&event["id"]).ok_or_else(|| GatewayError::Malformed("no id".into()))?;
    let object = &event["data"]["object"];
    let references = [
        &object["id"],
        &object["payment_intent"],
        &object["metadata"]["payment"],
        &object["client_reference_id"],
    ];
    Ok(InboundEvent {
        id,
        event_type: text(&event["type"]).unwrap_or_default(),
        references: references.into_iter().filter_map(text).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(secret: &str, at: i64, body: &str) -> String {
        hex::encode(keyed_hash(secret.as_bytes(), format!("{at}.{body}").as_bytes()))
    }

    #[test]
    fn only_a_fresh_signature_over_these_bytes_is_taken() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let body = r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","metadata":{"payment":"pay_x"}}}}"#;
        let good = sign("whsec_a", now.timestamp(), body);
        let check = |header: String, body: &str| {
            parse("whsec_a", &[("Stripe-Signature".into(), header)], body.as_bytes(), now).map(|e| e.references)
        };
        let t = now.timestamp();
        assert_eq!(check(format!("t={t},v1={good}"), body).unwrap(), ["pi_1", "pay_x"]);
        assert!(check(format!("t={t},v1=00,v1={good}"), body).is_ok(), "any of several");
        assert!(check(format!("t={t},v0={good}"), body).is_err(), "v0 is not v1");
        assert!(check(format!("t={t},v1={}", sign("whsec_b", t, body)), body).is_err());
        assert!(check(format!("t={t},v1={good}"), "{}").is_err());
        for late in [t - 301, t + 301] {
            assert!(check(format!("t={late},v1={}", sign("whsec_a", late, body)), body).is_err());
        }
        assert!(check("garbage".into(), body).is_err());
    }
}
