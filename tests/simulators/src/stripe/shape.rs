//! Complete objects: the response shapes in `data/stripe.json`, fresh and empty.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::random_word;

const SHAPES: &str = include_str!("../../data/stripe.json");

/// A copy of the shape called `name`.
pub(super) fn fresh(name: &str) -> Value {
    static PARSED: OnceLock<Value> = OnceLock::new();
    let shapes = PARSED.get_or_init(|| {
        // The file is part of the program; a broken one fails the first test.
        serde_json::from_str(SHAPES).unwrap_or_default()
    });
    shapes[name].clone()
}

/// The shape with an id of its own and a creation time.
pub(super) fn made(name: &str, prefix: &str, now: i64) -> Value {
    let mut object = fresh(name);
    object["id"] = json!(id(prefix));
    object["created"] = json!(now);
    object
}

/// `pi_` and 24 characters.
pub(super) fn id(prefix: &str) -> String {
    format!("{prefix}_{}", random_word(24))
}

/// `{id}_secret_...`.
pub(super) fn client_secret(id: &str) -> String {
    format!("{id}_secret_{}", random_word(25))
}
