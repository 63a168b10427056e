//! Charges and the balance transactions that say what they cost.

use serde_json::{Value, json};

use super::book::Book;
use super::refusal::{Decline, Reply};
use super::{money, shape};

const HOLD_SECONDS: i64 = 7 * 86_400;

/// `GET /v1/charges/{id}`.
pub(super) fn show(book: &Book, id: &str) -> Reply {
    book.get("charge", id)
}

fn drafted(book: &Book, intent: &Value) -> Value {
    let now = book.now();
    let mut charge = shape::made("charge", "ch", now);
    for field in [
        "amount",
        "currency",
        "customer",
        "description",
        "metadata",
        "payment_method",
        "receipt_email",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "application_fee_amount",
        "on_behalf_of",
        "transfer_group",
    ] {
        charge[field] = intent[field].clone();
    }
    charge["payment_intent"] = intent["id"].clone();
    charge["calculated_statement_descriptor"] = json!("SIMULATED");
    charge["balance_transaction"] = Value::Null;
    charge["receipt_url"] = json!(format!("{}/receipts/{}", book.base_url, text(&charge["id"])));
    charge["refunds"]["url"] = json!(format!("/v1/charges/{}/refunds", text(&charge["id"])));
    let method = intent["payment_method"].as_str().and_then(|id| book.find(id));
    if let Some(method) = method {
        charge["billing_details"] = method["billing_details"].clone();
        let mut card = shape::fresh("charge.card");
        for field in [
            "brand",
            "country",
            "exp_month",
            "exp_year",
            "fingerprint",
            "funding",
            "last4",
        ] {
            card[field] = method["card"][field].clone();
        }
        card["network"] = method["card"]["brand"].clone();
        card["amount_authorized"] = charge["amount"].clone();
        if intent["capture_method"] == "manual" {
            card["capture_before"] = json!(now + HOLD_SECONDS);
        }
        charge["payment_method_details"] = json!({"type": "card", "card": card});
    }
    charge
}

/// A charge that went through, captured or only held.
pub(super) fn made(book: &mut Book, intent: &Value, captured: bool) -> Value {
    let mut charge = drafted(book, intent);
    charge["status"] = json!("succeeded");
    charge["paid"] = json!(true);
    if captured {
        settle(book, &mut charge);
    }
    book.put(&charge);
    charge
}

/// A charge the issuer declined.
pub(super) fn failed(book: &mut Book, intent: &Value, decline: &Decline) -> Value {
    let mut charge = drafted(book, intent);
    charge["status"] = json!("failed");
    charge["paid"] = json!(false);
    charge["failure_code"] = json!(decline.code);
    charge["failure_message"] = json!(decline.message);
    charge["outcome"] = json!({
        "advice_code": decline.advice_code, "network_advice_code": null, "network_decline_code": "05",
        "network_status": "declined_by_network", "reason": decline.decline_code, "risk_level": "normal", "risk_score": 12,
        "seller_message": "The bank did not return any further details with this decline.", "type": "issuer_declined",
    });
    book.put(&charge);
    charge
}

/// Captures `amount` of a held charge.
pub(super) fn capture(book: &mut Book, id: &str, amount: i64) {
    let Some(mut charge) = book.find(id).cloned() else {
        return;
    };
    let rest = charge["amount"].as_i64().unwrap_or_default() - amount;
    charge["amount_captured"] = json!(amount);
    settle(book, &mut charge);
    charge["amount_refunded"] = json!(rest);
    book.put(&charge);
    book.fire("charge.captured", &charge);
}

/// Lets held money go.
pub(super) fn release(book: &mut Book, id: &str) {
    let Some(mut charge) = book.find(id).cloned() else {
        return;
    };
    charge["amount_refunded"] = charge["amount"].clone();
    charge["refunded"] = json!(true);
    book.put(&charge);
    book.fire("charge.refunded", &charge);
}

fn settle(book: &mut Book, charge: &mut Value) {
    if charge["amount_captured"] == 0 {
        charge["amount_captured"] = charge["amount"].clone();
    }
    charge["captured"] = json!(true);
    let amount = charge["amount_captured"].as_i64().unwrap_or_default();
    let fee = money::fee(amount);
    let row = Movement {
        kind: "charge",
        amount,
        fee,
        currency: text(&charge["currency"]),
        source: text(&charge["id"]),
    };
    charge["balance_transaction"] = book_movement(book, &row)["id"].clone();
}

/// Money that moved on the account's balance.
pub(super) struct Movement<'row> {
    pub kind: &'row str,
    pub amount: i64,
    pub fee: i64,
    pub currency: &'row str,
    pub source: &'row str,
}

/// Books a movement and answers its balance transaction.
pub(super) fn book_movement(book: &mut Book, row: &Movement) -> Value {
    let now = book.now();
    let mut booked = shape::made("balance_transaction", "txn", now);
    booked["amount"] = json!(row.amount);
    booked["fee"] = json!(row.fee);
    booked["net"] = json!(row.amount - row.fee);
    booked["currency"] = json!(row.currency);
    booked["source"] = json!(row.source);
    booked["type"] = json!(row.kind);
    booked["reporting_category"] = json!(match row.kind {
        "adjustment" => "dispute",
        other => other,
    });
    booked["available_on"] = json!(now + 2 * 86_400);
    booked["status"] = json!("pending");
    if row.fee != 0 {
        let told = if row.kind == "adjustment" {
            "Dispute fee"
        } else {
            "Stripe processing fees"
        };
        booked["fee_details"] = json!([{"amount": row.fee, "application": null, "currency": row.currency, "description": told,
            "type": "stripe_fee"}]);
    }
    book.put(&booked);
    booked
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
