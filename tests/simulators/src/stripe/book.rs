//! What one Stripe account holds: its objects by id, its cards' secrets, the events not yet sent.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::card::Behaviour;
use super::keep::KeptBook;
use super::refusal::{Refusal, Reply};
use super::shape;
use crate::form;
use crate::ticker::Ticker;

/// What the sandbox knows of a card and its object does not show.
#[derive(Clone, Copy)]
pub(super) struct CardFacts {
    pub behaviour: Behaviour,
    /// Was set up for use without the payer.
    pub set_up: bool,
    /// Was attached once and detached: it can never be used again.
    pub spent: bool,
}

pub(super) struct Book {
    pub account: String,
    pub base_url: String,
    pub api_version: String,
    pub ticker: Ticker,
    pub facts: HashMap<String, CardFacts>,
    /// Events that wait for the courier.
    pub fired: Vec<Value>,
    /// The request being served, for the events it causes.
    pub request: Value,
    objects: BTreeMap<String, Value>,
    order: Vec<String>,
}

impl Book {
    pub fn new(account: &str, base_url: &str, api_version: &str, ticker: Ticker) -> Self {
        Self {
            account: account.to_owned(),
            base_url: base_url.to_owned(),
            api_version: api_version.to_owned(),
            ticker,
            facts: HashMap::new(),
            fired: Vec::new(),
            request: json!({"id": null, "idempotency_key": null}),
            objects: BTreeMap::new(),
            order: Vec::new(),
        }
    }

    pub fn now(&self) -> i64 {
        self.ticker.unix()
    }

    /// Stores a new object or the next state of a known one.
    pub fn put(&mut self, object: &Value) {
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        if self.objects.insert(id.clone(), object.clone()).is_none() {
            self.order.push(id);
        }
    }

    pub fn remove(&mut self, id: &str) {
        self.objects.remove(id);
        self.order.retain(|held| held != id);
    }

    pub fn kept(&self) -> KeptBook {
        KeptBook {
            objects: self
                .order
                .iter()
                .filter_map(|id| self.objects.get(id))
                .cloned()
                .collect(),
            cards: self
                .facts
                .iter()
                .map(|(id, facts)| (id.clone(), (*facts).into()))
                .collect(),
        }
    }

    pub fn restore(&mut self, kept: KeptBook) {
        for object in &kept.objects {
            self.put(object);
        }
        self.facts = kept.cards.into_iter().map(|(id, card)| (id, card.into())).collect();
    }

    /// Any object by id.
    pub fn find(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// The object of a path, or 404.
    pub fn get(&self, kind: &str, id: &str) -> Reply {
        self.objects
            .get(id)
            .filter(|object| object["object"] == kind)
            .cloned()
            .ok_or_else(|| Refusal::missing(&kind.replace('.', " "), id))
    }

    /// The object a parameter names, or 400.
    pub fn named(&self, kind: &str, id: &str, param: &str) -> Reply {
        self.objects
            .get(id)
            .filter(|object| object["object"] == kind)
            .cloned()
            .ok_or_else(|| Refusal::missing_param(kind, id, param))
    }

    /// All objects of a kind, newest first.
    pub fn all<'book>(&'book self, kind: &'book str) -> impl Iterator<Item = &'book Value> {
        self.order
            .iter()
            .rev()
            .filter_map(|id| self.objects.get(id))
            .filter(move |object| object["object"] == kind)
    }

    /// Writes an event about an object as it is now.
    pub fn fire(&mut self, kind: &str, object: &Value) {
        let now = self.now();
        let mut event = shape::made("event", "evt", now);
        event["type"] = json!(kind);
        event["api_version"] = json!(self.api_version);
        event["data"] = json!({"object": object});
        event["pending_webhooks"] = json!(1);
        event["request"] = self.request.clone();
        self.put(&event);
        self.fired.push(event);
    }

    /// One page of a list, with the filters that equal a field.
    pub fn list(&self, kind: &str, params: &Value, fields: &[&str], url: &str) -> Reply {
        let created = |test: &str| form::whole(params, &format!("created.{test}"));
        let (gt, gte) = (created("gt"), created("gte"));
        let (lt, lte) = (created("lt"), created("lte"));
        let kept: Vec<&Value> = self
            .all(kind)
            .filter(|object| {
                fields
                    .iter()
                    .all(|field| form::text(params, field).is_none_or(|wanted| object[*field] == wanted))
            })
            .filter(|object| {
                let at = object["created"].as_i64().unwrap_or_default();
                gt.is_none_or(|bound| at > bound)
                    && gte.is_none_or(|bound| at >= bound)
                    && lt.is_none_or(|bound| at < bound)
                    && lte.is_none_or(|bound| at <= bound)
            })
            .collect();
        page(&kept, params, url)
    }

    /// Replaces ids by objects along every path of `expand[]`.
    pub fn expand(&self, object: &mut Value, params: &Value) -> Result<(), Refusal> {
        let Some(paths) = params["expand"].as_array() else {
            return Ok(());
        };
        for path in paths.iter().filter_map(Value::as_str) {
            let names: Vec<&str> = path.split('.').collect();
            if names.len() > 4 {
                return Err(Refusal::invalid(
                    "expand",
                    "You cannot expand more than 4 levels of a property.",
                ));
            }
            self.expand_path(object, &names);
        }
        Ok(())
    }

    fn expand_path(&self, node: &mut Value, names: &[&str]) {
        if let Value::Array(rows) = node {
            rows.iter_mut().for_each(|row| self.expand_path(row, names));
            return;
        }
        let Some((name, rest)) = names.split_first() else {
            return;
        };
        let Some(child) = node.get_mut(*name) else {
            return;
        };
        if let Some(found) = child.as_str().and_then(|id| self.objects.get(id)) {
            *child = found.clone();
        }
        self.expand_path(child, rest);
    }
}

fn page(kept: &[&Value], params: &Value, url: &str) -> Reply {
    let limit = form::whole(params, "limit").unwrap_or(10);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::invalid("limit", "This value must be between 1 and 100."));
    }
    let limit = usize::try_from(limit).unwrap_or(10);
    let place = |param: &str| {
        let id = form::text(params, param)?;
        kept.iter().position(|object| object["id"] == id)
    };
    let (rows, more) = if let Some(before) = place("ending_before") {
        let from = before.saturating_sub(limit);
        (&kept[from..before], from > 0)
    } else {
        let from = place("starting_after").map_or(0, |at| at + 1);
        let to = kept.len().min(from + limit);
        (&kept[from..to], to < kept.len())
    };
    Ok(json!({"object": "list", "data": rows, "has_more": more, "url": url}))
}

/// Adds metadata; an empty value takes a key away.
pub(super) fn merge_metadata(object: &mut Value, params: &Value, path: &str) {
    let Some(given) = form::find(params, path).and_then(Value::as_object) else {
        return;
    };
    for (key, value) in given {
        let empty = value.as_str().is_some_and(str::is_empty);
        match object["metadata"].as_object_mut() {
            Some(held) if empty => {
                held.remove(key);
            }
            Some(held) => {
                held.insert(key.clone(), value.clone());
            }
            None => object["metadata"] = json!({ key: value }),
        }
    }
}

/// Copies the text parameters that are given onto the fields of the same name.
pub(super) fn copy_texts(object: &mut Value, params: &Value, fields: &[&str]) {
    for field in fields {
        if let Some(value) = params.get(*field).filter(|value| value.is_string()) {
            object[*field] = if value == "" { Value::Null } else { value.clone() };
        }
    }
}
