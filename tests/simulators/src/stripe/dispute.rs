//! Disputes: opened by a knob or by a test card, answered with evidence, won or lost.

use serde_json::{Value, json};

use super::book::{Book, merge_metadata};
use super::charge::{Movement, book_movement};
use super::refusal::{Refusal, Reply};
use super::shape;
use crate::form;

const FEE: i64 = 1_500;

/// The payer's bank takes the money of a charge back.
pub(super) fn open(book: &mut Book, charge_id: &str, reason: &str) -> Reply {
    let mut charge = book.get("charge", charge_id)?;
    if charge["disputed"] == true {
        return Err(Refusal::invalid("charge", "The charge is disputed already."));
    }
    if charge["captured"] != true {
        return Err(Refusal::invalid("charge", "The charge was never captured."));
    }
    let mut dispute = shape::made("dispute", "dp", book.now());
    dispute["amount"] = charge["amount_captured"].clone();
    dispute["currency"] = charge["currency"].clone();
    dispute["charge"] = charge["id"].clone();
    dispute["payment_intent"] = charge["payment_intent"].clone();
    dispute["reason"] = json!(reason);
    dispute["evidence_details"]["due_by"] = json!(book.now() + 7 * 86_400);
    let moved = withdraw(book, &dispute, -1);
    dispute["balance_transactions"] = json!([moved]);
    charge["disputed"] = json!(true);
    book.put(&charge);
    book.put(&dispute);
    book.fire("charge.dispute.created", &dispute);
    book.fire("charge.dispute.funds_withdrawn", &dispute);
    Ok(dispute)
}

fn withdraw(book: &mut Book, dispute: &Value, sign: i64) -> Value {
    let row = Movement {
        kind: "adjustment",
        amount: sign * dispute["amount"].as_i64().unwrap_or_default(),
        fee: if sign < 0 { FEE } else { 0 },
        currency: dispute["currency"].as_str().unwrap_or_default(),
        source: dispute["id"].as_str().unwrap_or_default(),
    };
    book_movement(book, &row)
}

/// `POST /v1/disputes/{id}`: evidence, and with `submit` (the default) the last word.
pub(super) fn update(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut dispute = undecided(book, id)?;
    merge_metadata(&mut dispute, params, "metadata");
    let evidence = params.get("evidence").and_then(Value::as_object);
    for (key, value) in evidence.into_iter().flatten() {
        dispute["evidence"][key.as_str()] = value.clone();
        dispute["evidence_details"]["has_evidence"] = json!(true);
    }
    let submit = form::text(params, "submit").is_none_or(|value| value == "true");
    if submit && evidence.is_some() {
        let count = dispute["evidence_details"]["submission_count"]
            .as_i64()
            .unwrap_or_default();
        dispute["evidence_details"]["submission_count"] = json!(count + 1);
        dispute["status"] = json!("under_review");
    }
    book.put(&dispute);
    book.fire("charge.dispute.updated", &dispute);
    match form::text(params, "evidence.uncategorized_text") {
        Some("winning_evidence") if submit => decide(book, id, true),
        Some("losing_evidence") if submit => decide(book, id, false),
        _ => Ok(dispute),
    }
}

/// The bank decides.
pub(super) fn decide(book: &mut Book, id: &str, won: bool) -> Reply {
    let mut dispute = undecided(book, id)?;
    dispute["status"] = json!(if won { "won" } else { "lost" });
    if won {
        let back = withdraw(book, &dispute, 1);
        if let Some(rows) = dispute["balance_transactions"].as_array_mut() {
            rows.push(back);
        }
    }
    book.put(&dispute);
    book.fire("charge.dispute.closed", &dispute);
    if won {
        book.fire("charge.dispute.funds_reinstated", &dispute);
    }
    Ok(dispute)
}

fn undecided(book: &Book, id: &str) -> Reply {
    let dispute = book.get("dispute", id)?;
    if dispute["status"] == "won" || dispute["status"] == "lost" {
        return Err(Refusal::invalid("dispute", "This dispute is already closed."));
    }
    Ok(dispute)
}
