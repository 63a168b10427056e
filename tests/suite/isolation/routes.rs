//! Every route of every surface, as the sources declare it, and the proof that they are what is served.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::people::House;
use crate::architecture::tree;

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// A path pattern and what may be done there.
#[derive(Debug, Clone)]
pub struct Route {
    pub path: String,
    pub methods: BTreeSet<String>,
    /// The bodies the API's document asks for, by method.
    pub bodies: BTreeMap<String, Value>,
}

impl Route {
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/api/v1/") && !["/api/v1/openapi.json", "/api/v1/docs"].contains(&self.path.as_str())
    }

    /// The pattern's parts.
    pub fn parts(&self) -> Vec<&str> {
        self.path.split('/').collect()
    }

    pub fn has_parameters(&self) -> bool {
        self.path.contains('{')
    }

    /// Whether a path without its query is one of this pattern.
    pub fn fits(&self, path: &str) -> bool {
        let (own, given) = (self.parts(), path.split('/').collect::<Vec<_>>());
        own.len() == given.len()
            && own
                .iter()
                .zip(&given)
                .all(|(own, given)| own == given || (own.starts_with('{') && !given.is_empty()))
    }
}

/// All of them.
pub fn all() -> Vec<Route> {
    let mut found: BTreeMap<String, Route> = BTreeMap::new();
    let mut add = |path: &str, method: &str, body: Option<Value>| {
        let route = found.entry(path.to_owned()).or_insert_with(|| Route {
            path: path.to_owned(),
            methods: BTreeSet::new(),
            bodies: BTreeMap::new(),
        });
        route.methods.insert(method.to_uppercase());
        if let Some(body) = body {
            route.bodies.insert(method.to_uppercase(), body);
        }
    };
    for file in tree::rust() {
        if !file.is_in(&["portals/src"]) || file.path == "portals/src/api/endpoints.rs" {
            continue;
        }
        let below = if file.is_in(&["portals/src/api/"]) {
            "/api/v1"
        } else {
            ""
        };
        for (path, methods) in declared(&file.text) {
            let path = path
                .unwrap_or_else(|| panic!("{}: a route's path must be a literal, or nobody can list it", file.path));
            assert!(
                !methods.is_empty(),
                "{}: {path} has no methods that can be read",
                file.path
            );
            // Metrics have a listener of their own.
            if path == "/metrics" {
                continue;
            }
            for method in methods {
                add(&format!("{below}{path}"), method, None);
            }
        }
    }
    let document = portals::api::document();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = schema.is_object().then(|| sample(&document, schema));
            add(&format!("/api/v1{path}"), method, body);
        }
    }
    assert!(found.len() > 60, "the list of routes is read: {}", found.len());
    found.into_values().collect()
}

/// `.route("/path", get(..).post(..))` in a source, with all that rustfmt may do to it.
fn declared(text: &str) -> Vec<(Option<String>, Vec<&'static str>)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(".route(") {
        let call = balanced(&text[at + ".route(".len()..]);
        let literal = call
            .trim_start()
            .strip_prefix('"')
            .and_then(|rest| rest.split_once('"'));
        let methods = METHODS
            .iter()
            .filter(|method| {
                let rest = literal.map_or("", |(_, rest)| rest);
                rest.match_indices(&format!("{method}("))
                    .any(|(at, _)| !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
            })
            .copied()
            .collect();
        found.push((literal.map(|(path, _)| path.to_owned()), methods));
    }
    found
}

/// Up to the bracket that closes.
fn balanced(text: &str) -> &str {
    let mut open = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return &text[..at];
        }
    }
    text
}

/// A body that a schema allows: what is required, with plain values.
pub fn sample(document: &Value, schema: &Value) -> Value {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => &document["components"]["schemas"][reference.rsplit('/').next().unwrap_or_default()],
        None => schema,
    };
    if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("integer" | "number") => Value::from(1),
        Some("boolean") => Value::Bool(true),
        Some("array") => Value::Array(vec![sample(document, &schema["items"])]),
        Some("object") => {
            let required = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            required
                .map(|name| (name.to_owned(), sample(document, &schema["properties"][name])))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        _ => Value::from("sample"),
    }
}

#[tokio::test]
async fn the_list_of_routes_is_what_is_served() {
    let house = House::open().await;
    let mut broken = Vec::new();
    for route in all() {
        let path: String = route
            .parts()
            .iter()
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        // No route takes it, so the router itself says what each one does take.
        let answer = house.ask(&house.owner_staff, "OPTIONS", &path, None).await;
        let served: BTreeSet<String> = answer
            .allow
            .split(',')
            .map(|method| method.trim().to_owned())
            .filter(|method| !method.is_empty() && method != "HEAD")
            .collect();
        if answer.status != 405 || served != route.methods {
            broken.push(format!(
                "{}: {} allows {:?}, listed {:?}",
                route.path, answer.status, served, route.methods
            ));
        }
    }
    tree::refuse("routes as listed are routes as served", &broken);
}

#[test]
fn routes_are_declared_in_the_one_way_that_can_be_listed() {
    let mut broken = Vec::new();
    for file in tree::rust() {
        if !file.is_in(&["portals/src"]) {
            continue;
        }
        for (number, line) in file.lines() {
            let other = [
                ".route_service(",
                ".nest_service(",
                ".fallback_service(",
                "routing::any",
            ];
            let nested = line.contains(".nest(") && !line.contains(r#".nest("/api/v1""#);
            let any = line.starts_with("use axum::routing") && line.contains("any");
            if nested || any || other.iter().any(|way| line.contains(way)) {
                broken.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    tree::refuse("the walk lists routes by .route(\"/path\", get(..))", &broken);
}

#[test]
fn declarations_are_read_however_they_are_laid_out() {
    let text = ".route(\n \"/a/{id}\",\n get(x::show)\n .post(x::forget(1)),\n ).route(\"/b\", axum::routing::delete(budget())).route(PATH, get(x))";
    let found = declared(text);
    assert_eq!(found[0], (Some("/a/{id}".into()), vec!["get", "post"]));
    assert_eq!(found[1], (Some("/b".into()), vec!["delete"]));
    assert_eq!(found[2].0, None);
}
