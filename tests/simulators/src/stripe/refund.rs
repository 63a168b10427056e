//! Refunds: never more than was taken, never of a disputed charge.

use serde_json::{Value, json};

use super::book::{Book, merge_metadata};
use super::card::Behaviour;
use super::charge::{Movement, book_movement};
use super::refusal::{Refusal, Reply};
use super::{method, shape};
use crate::form;

pub(super) fn create(book: &mut Book, params: &Value) -> Reply {
    let mut charge = charge_of(book, params)?;
    if charge["captured"] != true {
        let told = "This charge has not been captured; cancel the PaymentIntent instead.";
        return Err(Refusal::coded("charge_not_captured", "charge", told));
    }
    if charge["disputed"] == true {
        let told = "This charge has been charged back and cannot be refunded.";
        return Err(Refusal::coded("charge_disputed", "charge", told));
    }
    let total = charge["amount"].as_i64().unwrap_or_default();
    let done = charge["amount_refunded"].as_i64().unwrap_or_default();
    let left = total - done;
    if left <= 0 {
        let told = format!(
            "Charge {} has already been refunded.",
            charge["id"].as_str().unwrap_or_default()
        );
        return Err(Refusal::coded("charge_already_refunded", "charge", &told));
    }
    let amount = form::whole(params, "amount").unwrap_or(left);
    if amount <= 0 {
        return Err(Refusal::invalid("amount", "Invalid positive integer"));
    }
    if amount > left {
        let told = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
        return Err(Refusal::invalid("amount", &told));
    }
    let reason = form::text(params, "reason");
    if reason.is_some_and(|given| !["duplicate", "fraudulent", "requested_by_customer"].contains(&given)) {
        let told = "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer";
        return Err(Refusal::invalid("reason", told));
    }
    let mut refund = shape::made("refund", "re", book.now());
    refund["amount"] = json!(amount);
    refund["currency"] = charge["currency"].clone();
    refund["charge"] = charge["id"].clone();
    refund["payment_intent"] = charge["payment_intent"].clone();
    refund["reason"] = json!(reason);
    merge_metadata(&mut refund, params, "metadata");
    let row = Movement {
        kind: "refund",
        amount: -amount,
        fee: 0,
        currency: charge["currency"].as_str().unwrap_or_default(),
        source: refund["id"].as_str().unwrap_or_default(),
    };
    refund["balance_transaction"] = book_movement(book, &row)["id"].clone();
    charge["amount_refunded"] = json!(done + amount);
    charge["refunded"] = json!(done + amount == total);
    book.put(&refund);
    book.put(&charge);
    book.fire("refund.created", &refund);
    book.fire("charge.refunded", &charge);
    let method_id = charge["payment_method"].as_str().unwrap_or_default().to_owned();
    if method::behaviour(book, &method_id) == Some(Behaviour::FailsRefunds) {
        let id = refund["id"].as_str().unwrap_or_default().to_owned();
        // The caller still sees it succeed; the failure is told by an event.
        fail(book, &id)?;
    }
    Ok(refund)
}

fn charge_of(book: &Book, params: &Value) -> Reply {
    if let Some(id) = form::text(params, "charge") {
        return book.named("charge", id, "charge");
    }
    let id = form::text(params, "payment_intent").ok_or_else(|| {
        Refusal::invalid(
            "charge",
            "One of the following params should be provided for this request: payment_intent or charge.",
        )
    })?;
    let intent = book.named("payment_intent", id, "payment_intent")?;
    match intent["latest_charge"].as_str() {
        Some(charge) if intent["status"] == "succeeded" => book.named("charge", charge, "charge"),
        _ => {
            let told = "This PaymentIntent does not have a successful charge to refund.";
            Err(Refusal::coded(
                "payment_intent_unexpected_state",
                "payment_intent",
                told,
            ))
        }
    }
}

/// The receiving bank sends a refund back: the charge counts as not refunded again.
pub(super) fn fail(book: &mut Book, id: &str) -> Reply {
    let mut refund = book.get("refund", id)?;
    if refund["status"] == "failed" {
        return Ok(refund);
    }
    let amount = refund["amount"].as_i64().unwrap_or_default();
    let row = Movement {
        kind: "refund_failure",
        amount,
        fee: 0,
        currency: refund["currency"].as_str().unwrap_or_default(),
        source: id,
    };
    let returned = book_movement(book, &row)["id"].clone();
    refund["status"] = json!("failed");
    refund["failure_reason"] = json!("expired_or_canceled_card");
    refund["failure_balance_transaction"] = returned;
    book.put(&refund);
    let charge_id = refund["charge"].as_str().unwrap_or_default().to_owned();
    if let Some(mut charge) = book.find(&charge_id).cloned() {
        let done = charge["amount_refunded"].as_i64().unwrap_or_default();
        charge["amount_refunded"] = json!((done - amount).max(0));
        charge["refunded"] = json!(false);
        book.put(&charge);
    }
    book.fire("refund.failed", &refund);
    book.fire("charge.refund.updated", &refund);
    Ok(refund)
}

pub(super) fn update(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut refund = book.get("refund", id)?;
    merge_metadata(&mut refund, params, "metadata");
    book.put(&refund);
    book.fire("refund.updated", &refund);
    book.fire("charge.refund.updated", &refund);
    Ok(refund)
}
