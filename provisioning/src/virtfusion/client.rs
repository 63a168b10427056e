//! Calls to VirtFusion. Answers are read leniently; a 404 without the panel's own message is an
//! outage, not an absence; what may have happened is told from what certainly did not.

use std::time::Duration;

use http::Method;
use platform::outbound::OutboundResponse;
use serde_json::Value;

use crate::panel::{PanelContext, PanelError};

/// Several calls fit into the time a step has.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// An answer that is no error.
pub(super) enum Answer {
    /// 2xx.
    Ok(Value),
    /// 404 with the panel's own message.
    Missing(String),
}

/// Every shape an error comes in: errors as list or by field, msg, message, nothing.
pub(super) fn error_text(body: &Value) -> String {
    let errors = match &body["errors"] {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => fields
            .values()
            .flat_map(|value| match value {
                Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
                Value::String(text) => vec![text.as_str()],
                _ => Vec::new(),
            })
            .collect::<Vec<_>>()
            .join(" "),
        Value::String(text) => text.clone(),
        _ => String::new(),
    };
    let texts = [
        errors.as_str(),
        body["msg"].as_str().unwrap_or_default(),
        body["message"].as_str().unwrap_or_default(),
    ];
    texts
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or("no reason given")
        .to_owned()
}

/// Reads a status and a body by what they mean to us.
pub(super) fn read(status: u16, retry_after: Option<&str>, body: &[u8]) -> Result<Answer, PanelError> {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let text = || json.as_ref().map_or_else(|| "no reason given".to_owned(), error_text);
    let own_message = json.as_ref().and_then(|b| b["msg"].as_str()).map(str::to_owned);
    match status {
        200..=299 if body.trim_ascii().is_empty() => Ok(Answer::Ok(Value::Null)),
        200..=299 => json
            .map(Answer::Ok)
            .ok_or_else(|| PanelError::Unknown("the panel's answer is not JSON".into())),
        401 => Err(PanelError::refused("the panel does not accept the token")),
        403 => Err(PanelError::refused("the token lacks a permission on the panel")),
        404 => own_message
            .map(Answer::Missing)
            .ok_or_else(|| PanelError::retry(30, "the panel answers 404 without a message: an outage")),
        422 => Err(refusal(&text())),
        423 => Err(PanelError::retry(5, format!("locked: {}", text()))),
        429 => {
            let seconds = retry_after.and_then(|v| v.trim().parse().ok()).unwrap_or(10_u64);
            Err(PanelError::retry(seconds.clamp(1, 600), "the panel limits the rate"))
        }
        500..=599 => Err(PanelError::Unknown(format!("the panel answers {status}"))),
        _ => Err(PanelError::Refused(format!("{status}: {}", text()))),
    }
}

/// A 422 that speaks of room is no capacity; any other is a no.
fn refusal(text: &str) -> PanelError {
    let lower = text.to_lowercase();
    let room = [
        "capacity",
        "resource",
        "no hypervisor",
        "not enough",
        "insufficient",
        "no available",
        "none available",
        "free ip",
        "no ip",
        "out of stock",
    ];
    if room.iter().any(|word| lower.contains(word)) {
        PanelError::NoCapacity(text.to_owned())
    } else {
        PanelError::Refused(text.to_owned())
    }
}

fn answer(response: &OutboundResponse) -> Result<Answer, PanelError> {
    read(response.status.as_u16(), response.header("retry-after"), &response.body)
}

/// One call.
pub(super) async fn call(
    context: &PanelContext,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Answer, PanelError> {
    let token = context.credentials.expose()["token"].as_str().unwrap_or_default();
    let url = format!("{}/api/v1{path}", context.base_url);
    let request = context
        .shop
        .outbound
        .request(method, &url)
        .bearer(token)
        .header("accept", "application/json")
        .timeout(CALL_TIMEOUT);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    answer(&request.send().await?)
}

/// One call whose answer carries something; missing is gone.
pub(super) async fn data(
    context: &PanelContext,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, PanelError> {
    match call(context, method, path, body).await? {
        Answer::Ok(value) => Ok(value.get("data").cloned().unwrap_or(value)),
        Answer::Missing(_) => Err(PanelError::Gone),
    }
}

/// A GET.
pub(super) async fn get(context: &PanelContext, path: &str) -> Result<Value, PanelError> {
    data(context, Method::GET, path, None).await
}

/// One page of a paginated list, and the number of the next if there is one.
pub(super) async fn page(
    context: &PanelContext,
    path: &str,
    number: i64,
) -> Result<(Vec<Value>, Option<i64>), PanelError> {
    let joint = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{joint}results=100&page={number}");
    let body = match call(context, Method::GET, &path, None).await? {
        Answer::Ok(body) => body,
        Answer::Missing(_) => return Err(PanelError::Gone),
    };
    let rows = body["data"].as_array().cloned().unwrap_or_default();
    let last = body["last_page"].as_i64().unwrap_or(1);
    let next = (!rows.is_empty() && number < last).then_some(number + 1);
    Ok((rows, next))
}

/// Every row of a paginated list, at most a hundred pages.
pub(super) async fn pages(context: &PanelContext, path: &str) -> Result<Vec<Value>, PanelError> {
    let mut rows = Vec::new();
    let mut next = Some(1);
    while let Some(number) = next.filter(|number| *number <= 100) {
        let (batch, after) = page(context, path, number).await?;
        rows.extend(batch);
        next = after;
    }
    Ok(rows)
}

/// The id in an object, as text.
pub(super) fn id_of(value: &Value) -> Result<String, PanelError> {
    match &value["id"] {
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        _ => Err(PanelError::Unknown("the panel's answer has no id".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_are_read_in_every_shape_they_come_in() {
        for (body, text) in [
            (json!({ "errors": ["no room"] }), "no room"),
            (json!({ "errors": { "name": ["too long"] } }), "too long"),
            (json!({ "errors": { "name": "too long" } }), "too long"),
            (json!({ "errors": "bad" }), "bad"),
            (json!({ "msg": "server not found" }), "server not found"),
            (json!({ "errors": [], "message": "oops" }), "oops"),
            (json!({}), "no reason given"),
            (json!(null), "no reason given"),
        ] {
            assert_eq!(error_text(&body), text);
        }
    }

    #[test]
    fn a_status_means_what_the_sheet_says() {
        let check = |status, body: &str, expected: &str| {
            let read = read(status, Some("7"), body.as_bytes());
            let word = match read {
                Ok(Answer::Ok(_)) => "ok".to_owned(),
                Ok(Answer::Missing(_)) => "missing".into(),
                Err(PanelError::Retry { after, .. }) => format!("retry {}", after.as_secs()),
                Err(PanelError::NoCapacity(_)) => "no capacity".into(),
                Err(PanelError::Refused(_)) => "refused".into(),
                Err(PanelError::Gone) => "gone".into(),
                Err(PanelError::Unknown(_)) => "unknown".into(),
            };
            assert_eq!(word, expected, "{status} {body}");
        };
        check(204, "", "ok");
        check(200, "{\"data\":{}}", "ok");
        check(200, "<html>", "unknown");
        check(401, "", "refused");
        check(403, "{\"message\":\"no\"}", "refused");
        check(404, "{\"msg\":\"server not found\"}", "missing");
        check(404, "", "retry 30");
        check(404, "{\"message\":\"Not Found\"}", "retry 30");
        check(409, "{\"msg\":\"server is suspended\"}", "refused");
        check(
            422,
            "{\"errors\":[\"No hypervisor with enough free resources\"]}",
            "no capacity",
        );
        check(
            422,
            "{\"errors\":{\"packageId\":[\"The package id field is required.\"]}}",
            "refused",
        );
        check(
            422,
            "{\"errors\":[\"The selected package is not available.\"]}",
            "refused",
        );
        check(423, "{\"msg\":\"locked\"}", "retry 5");
        check(429, "", "retry 7");
        check(500, "", "unknown");
        check(502, "<html>", "unknown");
    }

    #[test]
    fn ids_are_numbers_or_text() {
        assert_eq!(id_of(&json!({ "id": 70 })).unwrap(), "70");
        assert_eq!(id_of(&json!({ "id": "a" })).unwrap(), "a");
        assert!(matches!(id_of(&json!({})), Err(PanelError::Unknown(_))));
    }
}
