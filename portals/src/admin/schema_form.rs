//! Fields of a form drawn from a JSON Schema, as panels and gateways describe their credentials and settings, and back to JSON.

use serde_json::{Map, Value, json};

use crate::kit::detail::{Field, Typed};
use crate::kit::parts::{Choice, FieldError};

/// What to say about fields.
pub struct Words {
    /// Below a secret that is kept when its field stays empty.
    pub kept: String,
    /// A whole number is wanted.
    pub whole: String,
    /// A value is wanted.
    pub missing: String,
    /// JSON is wanted.
    pub json: String,
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn is_required(schema: &Value, name: &str) -> bool {
    let list = schema.get("required").and_then(Value::as_array);
    list.is_some_and(|list| list.iter().any(|word| word == name))
}

fn kind(property: &Value) -> &str {
    property.get("type").and_then(Value::as_str).unwrap_or("string")
}

/// One field a property, named `{group}.{property}`. Secrets show nothing; with `kept` an empty one stays as it is.
#[must_use]
pub fn fields(group: &str, schema: &Value, values: &Value, secret: Option<bool>, words: &Words) -> Vec<Field> {
    properties(schema)
        .map(|(name, property)| {
            let label = property.get("title").and_then(Value::as_str).unwrap_or(name).to_owned();
            let value = values.get(name).map(shown).unwrap_or_default();
            let full = format!("{group}.{name}");
            let kept = secret == Some(true);
            let mut field = match (kind(property), property.get("enum").and_then(Value::as_array)) {
                (_, Some(options)) => Field {
                    blank: Some(String::new()),
                    ..Field::text(full, label, value).choices(options.iter().map(choice).collect())
                },
                ("boolean", _) => Field::tick(full, label, values.get(name) == Some(&Value::Bool(true))),
                ("integer" | "number", _) => Field::text(full, label, value).kind("number"),
                ("object" | "array", _) => Field::text(full, label, value).kind("textarea"),
                _ if secret.is_some() => Field::text(full, label, "").kind("password"),
                _ => Field::text(full, label, value),
            };
            field.optional = kept || !is_required(schema, name) || field.kind == "check";
            if kept {
                field.hint = Some(words.kept.clone());
            }
            field
        })
        .collect()
}

fn choice(value: &Value) -> Choice {
    Choice {
        value: shown(value),
        label: shown(value),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What was typed, as JSON. Properties the schema does not name keep their value from `before`.
#[must_use]
pub fn read(group: &str, schema: &Value, typed: &Typed, before: &Value, words: &Words) -> (Value, Vec<FieldError>) {
    let mut out: Map<String, Value> = before.as_object().cloned().unwrap_or_default();
    let mut errors = Vec::new();
    for (name, property) in properties(schema) {
        let full = format!("{group}.{name}");
        let text = typed.get(&full).map_or("", |text| text.trim());
        if kind(property) == "boolean" {
            out.insert(name.clone(), json!(text == "on"));
            continue;
        }
        if text.is_empty() {
            out.remove(name);
            if is_required(schema, name) {
                errors.push(FieldError {
                    field: full,
                    message: words.missing.clone(),
                });
            }
            continue;
        }
        let value = match kind(property) {
            "integer" => text.parse::<i64>().ok().map(Value::from),
            "number" => serde_json::from_str::<Value>(text).ok().filter(Value::is_number),
            "object" => serde_json::from_str::<Value>(text).ok().filter(Value::is_object),
            "array" => serde_json::from_str::<Value>(text).ok().filter(Value::is_array),
            _ => Some(Value::from(text)),
        };
        match value {
            Some(value) => {
                out.insert(name.clone(), value);
            }
            None => errors.push(FieldError {
                field: full,
                message: if ["object", "array"].contains(&kind(property)) {
                    words.json.clone()
                } else {
                    words.whole.clone()
                },
            }),
        }
    }
    (Value::Object(out), errors)
}

/// Whether any secret of the group was typed.
#[must_use]
pub fn is_typed(group: &str, schema: &Value, typed: &Typed) -> bool {
    properties(schema).any(|(name, _)| {
        typed
            .get(&format!("{group}.{name}"))
            .is_some_and(|text| !text.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let word = |text: &str| text.to_owned();
        Words {
            kept: word("kept"),
            whole: word("whole"),
            missing: word("missing"),
            json: word("json"),
        }
    }

    #[test]
    fn what_is_typed_becomes_what_the_schema_asks_for_or_a_message() {
        let schema = json!({ "type": "object", "required": ["token"], "properties": {
            "token": { "type": "string", "title": "Token" }, "group": { "type": "integer" },
            "options": { "type": "object" }, "on": { "type": "boolean" } } });
        let check = |pairs: &[(&str, &str)], expected: Value, wrong: &[&str]| {
            let typed: Typed = pairs
                .iter()
                .map(|(name, value)| (format!("c.{name}"), (*value).to_owned()))
                .collect();
            let (value, errors) = read("c", &schema, &typed, &json!({ "other": 1 }), &words());
            assert_eq!(value, expected, "{pairs:?}");
            let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, wrong, "{pairs:?}");
        };
        check(
            &[("token", " t "), ("group", "7"), ("on", "on")],
            json!({ "other": 1, "token": "t", "group": 7, "on": true }),
            &[],
        );
        check(
            &[("token", ""), ("group", "seven"), ("options", "{")],
            json!({ "other": 1, "on": false }),
            &["c.group", "c.options", "c.token"],
        );
        check(
            &[("token", "t"), ("options", "{\"a\":1}")],
            json!({ "other": 1, "token": "t", "options": { "a": 1 }, "on": false }),
            &[],
        );
    }

    #[test]
    fn a_secret_is_never_shown_again() {
        let schema = json!({ "properties": { "token": { "type": "string" } }, "required": ["token"] });
        let fields = fields(
            "credentials",
            &schema,
            &json!({ "token": "hidden" }),
            Some(true),
            &words(),
        );
        assert_eq!((fields[0].value.as_str(), fields[0].kind), ("", "password"));
        assert!(fields[0].optional && fields[0].hint.is_some());
    }
}
