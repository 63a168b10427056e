//! Webhook endpoints made through the API.

use serde_json::{Value, json};

use super::book::{Book, copy_texts, merge_metadata};
use super::refusal::{Refusal, Reply};
use super::shape;
use crate::form;
use crate::random_word;

/// `POST /v1/webhook_endpoints`; the secret is told here only.
pub(super) fn create(book: &mut Book, params: &Value) -> Reply {
    let url = form::text(params, "url").ok_or_else(|| Refusal::required("url"))?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(Refusal::coded(
            "url_invalid",
            "url",
            "Invalid URL: must start with http:// or https://",
        ));
    }
    let kinds = params["enabled_events"]
        .as_array()
        .filter(|kinds| !kinds.is_empty())
        .ok_or_else(|| Refusal::required("enabled_events"))?;
    let mut endpoint = shape::made("webhook_endpoint", "we", book.now());
    endpoint["url"] = json!(url);
    endpoint["enabled_events"] = json!(kinds);
    endpoint["description"] = Value::Null;
    copy_texts(&mut endpoint, params, &["description", "api_version"]);
    merge_metadata(&mut endpoint, params, "metadata");
    endpoint["connect"] = json!(form::flag(params, "connect"));
    endpoint["secret"] = json!(format!("whsec_{}", random_word(32)));
    book.put(&endpoint);
    let mut told = endpoint;
    told.as_object_mut().map(|fields| fields.remove("connect"));
    Ok(told)
}

pub(super) fn update(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut endpoint = book.get("webhook_endpoint", id)?;
    copy_texts(&mut endpoint, params, &["url", "description"]);
    merge_metadata(&mut endpoint, params, "metadata");
    if let Some(kinds) = params["enabled_events"].as_array() {
        endpoint["enabled_events"] = json!(kinds);
    }
    if params.get("disabled").is_some() {
        let disabled = form::flag(params, "disabled");
        endpoint["status"] = json!(if disabled { "disabled" } else { "enabled" });
    }
    book.put(&endpoint);
    Ok(shown(endpoint))
}

/// An endpoint as it is read back: without its secret.
pub(super) fn shown(mut endpoint: Value) -> Value {
    if let Some(fields) = endpoint.as_object_mut() {
        fields.remove("secret");
        fields.remove("connect");
    }
    endpoint
}

pub(super) fn list(book: &Book, params: &Value) -> Reply {
    let mut page = book.list("webhook_endpoint", params, &[], "/v1/webhook_endpoints")?;
    if let Some(rows) = page["data"].as_array_mut() {
        for row in rows {
            *row = shown(row.take());
        }
    }
    Ok(page)
}

pub(super) fn delete(book: &mut Book, id: &str) -> Reply {
    book.get("webhook_endpoint", id)?;
    book.remove(id);
    Ok(json!({"id": id, "object": "webhook_endpoint", "deleted": true}))
}
