//! Checkout sessions: an amount or a card to save, a hosted page, and how it ends.

use serde_json::{Value, json};

use super::book::{Book, copy_texts, merge_metadata};
use super::intent::{self, Presence};
use super::refusal::{Refusal, Reply};
use super::{card, customer, method, money, setup, shape};
use crate::form;
use crate::random_word;

/// `POST /v1/checkout/sessions` with mode payment or setup.
pub(super) fn create(book: &mut Book, params: &Value) -> Reply {
    let mode = form::text(params, "mode").unwrap_or("payment");
    if !["payment", "setup"].contains(&mode) {
        return Err(Refusal::invalid(
            "mode",
            "This simulator knows the modes payment and setup.",
        ));
    }
    let success_url = form::text(params, "success_url").ok_or_else(|| Refusal::required("success_url"))?;
    let now = book.now();
    let mut session = shape::made("checkout.session", "cs", now);
    let id = format!("cs_test_{}", random_word(58));
    session["id"] = json!(id);
    session["mode"] = json!(mode);
    session["success_url"] = json!(success_url);
    session["cancel_url"] = Value::Null;
    session["url"] = json!(format!("{}/c/pay/{id}", book.base_url));
    session["expires_at"] = json!(form::whole(params, "expires_at").unwrap_or(now + 86_400));
    copy_texts(
        &mut session,
        params,
        &[
            "cancel_url",
            "client_reference_id",
            "customer_email",
            "customer_creation",
            "locale",
            "submit_type",
        ],
    );
    merge_metadata(&mut session, params, "metadata");
    if let Some(payer) = form::text(params, "customer") {
        session["customer"] = book.named("customer", payer, "customer")?["id"].clone();
    }
    if mode == "payment" {
        let (total, currency, rows) = lines(params)?;
        money::check(total, &currency)?;
        session["amount_subtotal"] = json!(total);
        session["amount_total"] = json!(total);
        session["currency"] = json!(currency);
        session["simulated_lines"] = json!(rows);
    } else {
        session["payment_status"] = json!("no_payment_required");
        session["currency"] = json!(form::text(params, "currency"));
    }
    // What the intent will be made with once somebody pays; never shown.
    session["simulated_intent"] = json!(
        params
            .get("payment_intent_data")
            .or(params.get("setup_intent_data"))
            .cloned()
            .unwrap_or(json!({}))
    );
    book.put(&session);
    Ok(shown(session))
}

fn lines(params: &Value) -> Result<(i64, String, Vec<Value>), Refusal> {
    let rows = params["line_items"]
        .as_array()
        .filter(|rows| !rows.is_empty())
        .ok_or_else(|| Refusal::required("line_items"))?;
    let mut total = 0_i64;
    let mut currency = String::new();
    let mut shown = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let param = |name: &str| format!("line_items[{place}][{name}]");
        let each = form::whole(row, "price_data.unit_amount")
            .ok_or_else(|| Refusal::required(&param("price_data][unit_amount")))?;
        let code =
            form::text(row, "price_data.currency").ok_or_else(|| Refusal::required(&param("price_data][currency")))?;
        let name = form::text(row, "price_data.product_data.name")
            .ok_or_else(|| Refusal::required(&param("price_data][product_data][name")))?;
        if !currency.is_empty() && currency != code {
            return Err(Refusal::invalid("line_items", "All line items must use one currency."));
        }
        currency = code.to_owned();
        let quantity = form::whole(row, "quantity").unwrap_or(1).max(1);
        let sum = each.saturating_mul(quantity);
        total = total.saturating_add(sum);
        shown.push(json!({"id": shape::id("li"), "object": "item", "amount_discount": 0, "amount_subtotal": sum, "amount_tax": 0,
            "amount_total": sum, "currency": code, "description": name, "price": null, "quantity": quantity}));
    }
    Ok((total, currency, shown))
}

/// A session without what only the simulator needs.
pub(super) fn shown(mut session: Value) -> Value {
    if let Some(fields) = session.as_object_mut() {
        fields.retain(|name, _| !name.starts_with("simulated_"));
    }
    session
}

/// `GET /v1/checkout/sessions/{id}`; a session past its time expires as it is looked at.
pub(super) fn show(book: &mut Book, id: &str) -> Reply {
    let session = book.get("checkout.session", id)?;
    let late = session["expires_at"].as_i64().is_some_and(|at| at <= book.now());
    if late && session["status"] == "open" {
        return expire(book, id);
    }
    Ok(shown(session))
}

/// `GET /v1/checkout/sessions/{id}/line_items`.
pub(super) fn line_items(book: &Book, id: &str) -> Reply {
    let session = book.get("checkout.session", id)?;
    let rows = session["simulated_lines"].as_array().cloned().unwrap_or_default();
    Ok(
        json!({"object": "list", "data": rows, "has_more": false, "url": format!("/v1/checkout/sessions/{id}/line_items")}),
    )
}

/// `GET /v1/checkout/sessions`.
pub(super) fn list(book: &Book, params: &Value) -> Reply {
    let fields = ["customer", "payment_intent", "status"];
    let mut page = book.list("checkout.session", params, &fields, "/v1/checkout/sessions")?;
    if let Some(rows) = page["data"].as_array_mut() {
        rows.iter_mut().for_each(|row| *row = shown(row.take()));
    }
    Ok(page)
}

/// `POST /v1/checkout/sessions/{id}/expire`.
pub(super) fn expire(book: &mut Book, id: &str) -> Reply {
    let mut session = book.get("checkout.session", id)?;
    if session["status"] != "open" {
        let told = "Only Checkout Sessions with a status in [\"open\"] can be expired.";
        return Err(Refusal::invalid("session", told));
    }
    session["status"] = json!("expired");
    session["url"] = Value::Null;
    book.put(&session);
    if let Some(intent) = session["payment_intent"].as_str() {
        // An intent that cannot be cancelled any more stays as it is.
        let _ = intent::cancel(book, intent, &json!({"cancellation_reason": "automatic"}));
    }
    let session = shown(session);
    book.fire("checkout.session.expired", &session);
    Ok(session)
}

/// Somebody pays on the hosted page with a test card. `passed` says that a challenge was shown and passed.
pub(super) fn pay(book: &mut Book, id: &str, number: &str, passed: bool) -> Reply {
    let mut session = book.get("checkout.session", id)?;
    if session["status"] != "open" {
        return Err(Refusal::invalid(
            "session",
            "This Checkout Session is not open any more.",
        ));
    }
    let known = card::find(number).ok_or_else(|| Refusal::invalid("card", "Your card number is incorrect."))?;
    let held = method::from_card(book, known);
    if session["customer"].is_null() && wants_customer(&session) {
        let fields = json!({"email": session["customer_email"].as_str().unwrap_or("payer@example.com")});
        session["customer"] = customer::create(book, &fields)?["id"].clone();
        book.put(&session);
    }
    if session["mode"] == "setup" {
        pay_by_setup(book, &mut session, &held, passed)?;
    } else {
        pay_by_intent(book, &mut session, &held, passed)?;
    }
    Ok(complete(book, id))
}

fn wants_customer(session: &Value) -> bool {
    session["customer_creation"] == "always" || form::text(&session["simulated_intent"], "setup_future_usage").is_some()
}

fn pay_by_intent(book: &mut Book, session: &mut Value, held: &Value, passed: bool) -> Result<(), Refusal> {
    let id = match session["payment_intent"].as_str() {
        Some(id) => id.to_owned(),
        None => {
            let mut order = session["simulated_intent"].clone();
            order["amount"] = session["amount_total"].clone();
            order["currency"] = session["currency"].clone();
            order["customer"] = session["customer"].clone();
            let made = intent::create(book, &order)?;
            session["payment_intent"] = made["id"].clone();
            book.put(session);
            made["id"].as_str().unwrap_or_default().to_owned()
        }
    };
    let mut paying = book.get("payment_intent", &id)?;
    paying["payment_method"] = held["id"].clone();
    let presence = Presence {
        authenticated: passed,
        refuse_action: true,
        off_session: false,
    };
    intent::confirm_with(book, paying, presence, None)?;
    Ok(())
}

fn pay_by_setup(book: &mut Book, session: &mut Value, held: &Value, passed: bool) -> Result<(), Refusal> {
    let id = match session["setup_intent"].as_str() {
        Some(id) => id.to_owned(),
        None => {
            let mut order = session["simulated_intent"].clone();
            order["customer"] = session["customer"].clone();
            let made = setup::create(book, &order)?;
            session["setup_intent"] = made["id"].clone();
            book.put(session);
            made["id"].as_str().unwrap_or_default().to_owned()
        }
    };
    let confirm = json!({"payment_method": held["id"], "off_session": if passed { "false" } else { "true" }});
    let done = setup::confirm(book, &id, &confirm)?;
    if done["status"] == "requires_action" {
        setup::succeed(book, &id);
    }
    Ok(())
}

fn complete(book: &mut Book, id: &str) -> Value {
    let Some(mut session) = book.find(id).cloned() else {
        return Value::Null;
    };
    session["status"] = json!("complete");
    session["url"] = Value::Null;
    let paid = session["payment_intent"]
        .as_str()
        .and_then(|intent| book.find(intent))
        .is_some_and(|intent| intent["status"] == "succeeded");
    if paid {
        session["payment_status"] = json!("paid");
    }
    let payer = session["customer"]
        .as_str()
        .and_then(|id| book.find(id))
        .cloned()
        .unwrap_or_default();
    session["customer_details"] = json!({
        "address": payer["address"], "email": payer["email"].as_str().or(session["customer_email"].as_str()).unwrap_or("payer@example.com"),
        "name": payer["name"], "phone": null, "tax_exempt": "none", "tax_ids": [], "business_name": null, "individual_name": null,
    });
    book.put(&session);
    let session = shown(session);
    book.fire("checkout.session.completed", &session);
    session
}

/// A held intent was captured: its session, if it has one, is paid.
pub(super) fn paid_by(book: &mut Book, intent: &str) {
    let session = book
        .all("checkout.session")
        .find(|session| session["payment_intent"] == intent && session["status"] == "complete")
        .cloned();
    if let Some(mut session) = session {
        session["payment_status"] = json!("paid");
        book.put(&session);
    }
}
