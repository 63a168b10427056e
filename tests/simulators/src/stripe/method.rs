//! Payment methods: made from test cards, attached to customers, detached for good.

use serde_json::{Value, json};

use super::book::{Book, CardFacts, merge_metadata};
use super::card::{self, Behaviour, Card};
use super::refusal::{Refusal, Reply};
use super::shape;
use crate::form;

pub(super) fn create(book: &mut Book, params: &Value) -> Reply {
    if form::text(params, "type") != Some("card") {
        return Err(Refusal::invalid(
            "type",
            "This simulator knows cards only: type must be card.",
        ));
    }
    let number = form::text(params, "card.number")
        .or(form::text(params, "card.token"))
        .ok_or_else(|| Refusal::required("card"))?;
    let known = card::find(number)
        .ok_or_else(|| Refusal::coded("incorrect_number", "card[number]", "Your card number is incorrect."))?;
    let mut method = from_card(book, known);
    if let Some(month) = form::whole(params, "card.exp_month") {
        method["card"]["exp_month"] = json!(month);
    }
    if let Some(year) = form::whole(params, "card.exp_year") {
        method["card"]["exp_year"] = json!(year);
    }
    fill(&mut method, params);
    book.put(&method);
    Ok(method)
}

pub(super) fn update(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut method = book.get("payment_method", id)?;
    fill(&mut method, params);
    book.put(&method);
    book.fire("payment_method.updated", &method);
    Ok(method)
}

fn fill(method: &mut Value, params: &Value) {
    merge_metadata(method, params, "metadata");
    for field in ["name", "email", "phone"] {
        if let Some(text) = form::text(params, &format!("billing_details.{field}")) {
            method["billing_details"][field] = json!(text);
        }
    }
    if let Some(address) = form::find(params, "billing_details.address").and_then(Value::as_object) {
        for (key, value) in address {
            method["billing_details"]["address"][key.as_str()] = value.clone();
        }
    }
}

/// A new payment method with this test card.
pub(super) fn from_card(book: &mut Book, card: &Card) -> Value {
    let mut method = shape::made("payment_method", "pm", book.now());
    let face = &mut method["card"];
    face["brand"] = json!(card.brand);
    face["display_brand"] = json!(card.brand);
    face["networks"]["available"] = json!([card.brand]);
    face["last4"] = json!(&card.number[card.number.len() - 4..]);
    face["fingerprint"] = json!(format!("sim{}", &card.number[card.number.len() - 8..]));
    face["funding"] = json!(if card.magic[0].ends_with("debit") {
        "debit"
    } else {
        "credit"
    });
    let id = method["id"].as_str().unwrap_or_default().to_owned();
    book.facts.insert(
        id,
        CardFacts {
            behaviour: card.behaviour,
            set_up: false,
            spent: false,
        },
    );
    book.put(&method);
    method
}

/// The payment method a parameter names; a magic id makes a new one, as in Stripe's sandbox.
pub(super) fn resolve(book: &mut Book, id: &str, param: &str) -> Reply {
    if let Some(card) = card::find(id).filter(|_| !id.starts_with("tok_")) {
        return Ok(from_card(book, card));
    }
    let method = book.named("payment_method", id, param)?;
    if book.facts.get(id).is_some_and(|facts| facts.spent) {
        let told = "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a \
                    connected account without Customer attachment, or was detached from a Customer. It may not be used again.";
        return Err(Refusal::invalid(param, told));
    }
    Ok(method)
}

pub(super) fn attach(book: &mut Book, id: &str, params: &Value) -> Reply {
    let customer = form::text(params, "customer").ok_or_else(|| Refusal::required("customer"))?;
    let customer = book.named("customer", customer, "customer")?;
    let method = resolve(book, id, "payment_method").map_err(|refusal| {
        if refusal.error["code"] == "resource_missing" {
            return Refusal::missing("PaymentMethod", id);
        }
        refusal
    })?;
    if method["customer"] == customer["id"] {
        return Ok(method);
    }
    if method["customer"].is_string() {
        let told = "The payment method you provided has already been attached to a customer.";
        return Err(Refusal::invalid("payment_method", told));
    }
    let id = method["id"].as_str().unwrap_or_default().to_owned();
    if let Some(Behaviour::Declines(decline)) = behaviour(book, &id) {
        return Err(Refusal::card(&decline).with("payment_method", method));
    }
    Ok(bind(book, &id, &customer["id"]))
}

/// Binds a method to a customer without asking the issuer.
pub(super) fn bind(book: &mut Book, id: &str, customer: &Value) -> Value {
    let Some(mut method) = book.find(id).cloned() else {
        return Value::Null;
    };
    if method["customer"].is_null() && customer.is_string() {
        method["customer"] = customer.clone();
        book.put(&method);
        book.fire("payment_method.attached", &method);
    }
    method
}

pub(super) fn detach(book: &mut Book, id: &str) -> Reply {
    let mut method = book.get("payment_method", id)?;
    let owner = method["customer"].take();
    let Some(owner) = owner.as_str().map(str::to_owned) else {
        let told = "The payment method you provided is not attached to a customer so detachment is impossible.";
        return Err(Refusal::invalid("payment_method", told));
    };
    method["customer"] = Value::Null;
    book.put(&method);
    if let Some(facts) = book.facts.get_mut(id) {
        facts.spent = true;
    }
    let held = book.find(&owner).cloned();
    if let Some(mut customer) = held
        && customer["invoice_settings"]["default_payment_method"] == id
    {
        customer["invoice_settings"]["default_payment_method"] = Value::Null;
        book.put(&customer);
    }
    book.fire("payment_method.detached", &method);
    Ok(method)
}

pub(super) fn behaviour(book: &Book, id: &str) -> Option<Behaviour> {
    book.facts.get(id).map(|facts| facts.behaviour)
}

/// Remembers that the payer agreed to charges without being present.
pub(super) fn set_up(book: &mut Book, id: &str) {
    if let Some(facts) = book.facts.get_mut(id) {
        facts.set_up = true;
    }
}
