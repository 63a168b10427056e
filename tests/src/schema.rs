//! What the API answers is what its document says: a checker for the JSON Schema that the document is written in.

use std::sync::OnceLock;

use serde_json::Value;

/// The document, made once.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(portals::api::document)
}

/// The operation that serves a path below `/api/v1`, with its pattern.
pub fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let given: Vec<&str> = path.split('?').next()?.split('/').collect();
    let fits = |pattern: &str| {
        let own: Vec<&str> = pattern.split('/').collect();
        own.len() == given.len()
            && own
                .iter()
                .zip(&given)
                .all(|(own, given)| own == given || own.starts_with('{'))
    };
    let paths = document()["paths"].as_object()?;
    // A pattern without parameters is meant before one with them.
    let mut found: Vec<_> = paths.iter().filter(|(pattern, _)| fits(pattern)).collect();
    found.sort_by_key(|(pattern, _)| pattern.matches('{').count());
    let (pattern, methods) = found.first()?;
    methods
        .get(method.to_lowercase())
        .map(|operation| (pattern.as_str(), operation))
}

/// Everything in an answer that its document does not say.
#[must_use]
pub fn faults(method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
    let Some((_, operation)) = operation(method, path) else {
        // A path or a method nobody serves answers with a problem.
        return if [401, 404, 405].contains(&status) {
            problem(body)
        } else {
            vec![format!("{method} {path} is not documented")]
        };
    };
    let Some(response) = operation["responses"].get(status.to_string()) else {
        return vec![format!("status {status} is not documented")];
    };
    let content = &response["content"];
    let schema = [
        &content["application/json"]["schema"],
        &content["application/problem+json"]["schema"],
    ];
    let mut faults = Vec::new();
    match schema.into_iter().find(|schema| schema.is_object()) {
        Some(schema) => check(schema, body, "answer", &mut faults),
        None if body.is_null() || body.as_str() == Some("") => {}
        None => faults.push(format!("status {status} is documented without a body")),
    }
    faults
}

fn problem(body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(
        &serde_json::json!({ "$ref": "#/components/schemas/Problem" }),
        body,
        "answer",
        &mut faults,
    );
    faults
}

/// Checks a value against a schema; what is wrong is said with its place.
pub fn check(schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/components/schemas/");
        match document()["components"]["schemas"].get(name) {
            Some(schema) => return check(schema, value, place, faults),
            None => return faults.push(format!("{place}: the schema {name} does not exist")),
        }
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[word].as_array() {
            let fits = |choice: &Value| {
                let mut wrong = Vec::new();
                check(choice, value, place, &mut wrong);
                wrong.is_empty()
            };
            if !choices.iter().any(fits) {
                faults.push(format!("{place}: {value} is none of its choices"));
            }
            return;
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(part, value, place, faults);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(word) => vec![word.as_str()],
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|word| is_a(word, value)) {
        return faults.push(format!("{place}: {value} is no {}", types.join(" or ")));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        faults.push(format!("{place}: {value} is none of {}", schema["enum"]));
    }
    match value {
        Value::Object(fields) => object(schema, fields, place, faults),
        Value::Array(rows) if schema["items"].is_object() => {
            for (at, row) in rows.iter().enumerate() {
                check(&schema["items"], row, &format!("{place}[{at}]"), faults);
            }
        }
        _ => {}
    }
}

fn object(schema: &Value, fields: &serde_json::Map<String, Value>, place: &str, faults: &mut Vec<String>) {
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !fields.contains_key(name) {
            faults.push(format!("{place}: {name} is missing"));
        }
    }
    let Some(known) = schema["properties"].as_object() else {
        // An object whose fields are not told may hold any.
        return;
    };
    for (name, value) in fields {
        match (known.get(name), &schema["additionalProperties"]) {
            (Some(schema), _) => check(schema, value, &format!("{place}.{name}"), faults),
            (None, more) if more.is_object() => check(more, value, &format!("{place}.{name}"), faults),
            (None, Value::Bool(true)) => {}
            (None, _) => faults.push(format!("{place}: {name} is not documented")),
        }
    }
}

fn is_a(word: &str, value: &Value) -> bool {
    match word {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_said_is_found() {
        let schema = json!({ "type": "object", "required": ["id"], "properties": {
            "id": { "type": "string" }, "n": { "type": ["integer", "null"] }, "rows": { "type": "array", "items": { "type": "string" } },
            "either": { "oneOf": [{ "type": "null" }, { "type": "object", "properties": { "a": { "type": "boolean" } } }] } } });
        for (value, count) in [
            (json!({ "id": "x", "n": null, "rows": ["a"], "either": null }), 0),
            (json!({ "id": "x", "either": { "a": true } }), 0),
            (json!({ "n": 1 }), 1),
            (json!({ "id": 1 }), 1),
            (json!({ "id": "x", "rows": ["a", 1] }), 1),
            (json!({ "id": "x", "either": { "a": 1 } }), 1),
            (json!({ "id": "x", "more": 1 }), 1),
            (json!([]), 1),
        ] {
            let mut faults = Vec::new();
            check(&schema, &value, "answer", &mut faults);
            assert_eq!(faults.len(), count, "{value}: {faults:?}");
        }
    }
}
