//! Stripe's answers as ours. Fields are picked leniently (a missing one is missing, not a failure), words
//! are read with Stripe's own vocabularies, and a word that is not in them stays unknown.

use billing::gateway::{
    Decline, DisputeState, Outcome, RefundState, Refunded, SavedMethod, SeenDispute, SeenRefund, SetupState,
};
use chrono::{DateTime, Utc};
use platform::money::Money;
use serde_json::Value;
use stripe_shared::{ApiErrorsType, CheckoutSessionStatus, PaymentIntentStatus};

use crate::amount::from_stripe;
use crate::door::{Called, Refusal};

/// A word of one of Stripe's vocabularies.
fn word<T: std::str::FromStr<Err = std::convert::Infallible>>(value: &Value) -> T {
    match value.as_str().unwrap_or_default().parse() {
        Ok(word) => word,
    }
}

/// An object's id, also where only the id came instead of the object.
pub fn id(object: &Value) -> Option<String> {
    object.as_str().or(object["id"].as_str()).map(str::to_owned)
}

/// An error's sentence.
pub fn message(error: &Value) -> String {
    error["message"].as_str().unwrap_or("Stripe gave no reason").to_owned()
}

/// An error's kind.
pub fn error_type(error: &Value) -> ApiErrorsType {
    word(&error["type"])
}

/// The state of a hosted page.
pub fn page_status(session: &Value) -> CheckoutSessionStatus {
    word(&session["status"])
}

/// A saved method.
pub fn saved(method: &Value) -> Option<SavedMethod> {
    let card = &method["card"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let small = |value: &Value| value.as_i64().and_then(|n| i16::try_from(n).ok());
    Some(SavedMethod {
        reference: id(method)?,
        kind: method["type"].as_str().unwrap_or("card").to_owned(),
        brand: text(&card["brand"]),
        last4: text(&card["last4"]),
        exp_month: small(&card["exp_month"]),
        exp_year: small(&card["exp_year"]),
    })
}

/// What a call that moves money came to.
pub fn outcome(called: Called) -> Outcome {
    match called {
        Called::Ok(object) => intent(&object),
        // Nothing of the payer's is wrong: staff mends the key, and the charge is sent again.
        Called::Refused(refusal) if refusal.is_about_the_key() => Outcome::NotSent {
            why: message(&refusal.error),
        },
        Called::Refused(refusal) => declined(&refusal),
        Called::Lost(why) => Outcome::Unknown { why },
        Called::NotSent(why) => Outcome::NotSent { why },
    }
}

/// What an intent's state means.
pub fn intent(intent: &Value) -> Outcome {
    let Some(reference) = intent["id"].as_str().map(str::to_owned) else {
        return Outcome::Unknown {
            why: "an intent without an id".into(),
        };
    };
    match word(&intent["status"]) {
        PaymentIntentStatus::Succeeded => Outcome::Succeeded {
            amount: amount(intent, "amount_received"),
            fee_minor: fee(intent),
            saved: kept(intent),
            reference,
        },
        PaymentIntentStatus::RequiresCapture => Outcome::Held {
            amount: amount(intent, "amount_capturable"),
            until: capture_before(intent),
            saved: kept(intent),
            reference,
        },
        PaymentIntentStatus::Processing => Outcome::Processing { reference },
        PaymentIntentStatus::RequiresAction | PaymentIntentStatus::RequiresConfirmation => Outcome::RequiresAction {
            reference: Some(reference),
        },
        PaymentIntentStatus::Canceled => Outcome::Declined {
            reference: Some(reference),
            class: Decline::NewCard,
            code: "canceled".into(),
            message: "The payment was cancelled.".into(),
        },
        PaymentIntentStatus::RequiresPaymentMethod => match &intent["last_payment_error"] {
            Value::Null => Outcome::RequiresAction {
                reference: Some(reference),
            },
            error => decline(Some(reference), error),
        },
        other => Outcome::Unknown {
            why: format!("an intent that is {:?}", other.as_str()),
        },
    }
}

/// Until when a held card payment can be taken.
fn capture_before(intent: &Value) -> Option<DateTime<Utc>> {
    let at = &intent["latest_charge"]["payment_method_details"]["card"]["capture_before"];
    DateTime::from_timestamp(at.as_i64()?, 0)
}

/// The method an intent was paid with, when the payer agreed that it is kept.
fn kept(intent: &Value) -> Option<SavedMethod> {
    let method = &intent["payment_method"];
    (intent["setup_future_usage"] == "off_session" && method.is_object())
        .then(|| saved(method))
        .flatten()
}

/// What a refund's state means.
pub fn refund(refund: &Value) -> Refunded {
    let Some(reference) = refund["id"].as_str().map(str::to_owned) else {
        return Refunded::Unknown("a refund without an id".into());
    };
    match refund["status"].as_str() {
        Some("succeeded") => Refunded::Succeeded(reference),
        Some("failed" | "canceled") => Refunded::Failed("Stripe could not send it back".into()),
        _ => Refunded::Processing(reference),
    }
}

/// An amount of an object, in the object's currency.
fn amount(object: &Value, field: &str) -> Option<Money> {
    from_stripe(object[field].as_i64()?, object["currency"].as_str()?)
}

/// What Stripe kept, when it counts in the currency of the payment.
fn fee(intent: &Value) -> Option<i64> {
    let booked = &intent["latest_charge"]["balance_transaction"];
    let same = booked["currency"].as_str()? == intent["currency"].as_str()?;
    same.then(|| amount(booked, "fee").map(|fee| fee.minor)).flatten()
}

/// What a payment page's state means: while it is open it can be paid, whatever became of cards tried on it.
pub fn page(session: &Value) -> Outcome {
    match page_status(session) {
        CheckoutSessionStatus::Open => Outcome::RequiresAction { reference: None },
        CheckoutSessionStatus::Expired => Outcome::Closed,
        CheckoutSessionStatus::Complete if session["payment_intent"].is_object() => intent(&session["payment_intent"]),
        _ => Outcome::Unknown {
            why: "a payment page in no state we know".into(),
        },
    }
}

/// What came of a page that saves a card.
pub fn setup(intent: &Value) -> Option<SetupState> {
    match (intent["status"].as_str(), saved(&intent["payment_method"])) {
        (Some("succeeded"), Some(method)) => Some(SetupState::Saved(method)),
        (Some("processing"), _) => Some(SetupState::Open),
        (Some("canceled"), _) => Some(SetupState::Ended),
        _ => None,
    }
}

/// A refund of a list.
pub fn seen_refund(row: &Value) -> Option<SeenRefund> {
    Some(SeenRefund {
        reference: id(row)?,
        key: row["metadata"]["refund"].as_str().map(str::to_owned),
        amount: amount(row, "amount")?,
        state: match refund(row) {
            Refunded::Succeeded(_) => RefundState::Succeeded,
            Refunded::Failed(_) => RefundState::Failed,
            Refunded::Processing(_) | Refunded::Unknown(_) => RefundState::Processing,
        },
    })
}

/// A dispute of a list. An inquiry (`warning_*`) takes no money and is none.
pub fn dispute(dispute: &Value) -> Option<SeenDispute> {
    let state = match dispute["status"].as_str()? {
        "won" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        warning if warning.starts_with("warning_") => return None,
        _ => DisputeState::Open,
    };
    let moved = dispute["balance_transactions"].as_array().into_iter().flatten();
    let moved = moved.filter(|row| row["currency"] == dispute["currency"]);
    let fee_minor = moved.filter_map(|row| amount(row, "fee")).map(|fee| fee.minor).sum();
    Some(SeenDispute {
        reference: id(dispute)?,
        amount: amount(dispute, "amount")?,
        fee_minor: Some(fee_minor),
        reason: dispute["reason"].as_str().unwrap_or_default().to_owned(),
        state,
        answer_by: dispute["evidence_details"]["due_by"]
            .as_i64()
            .and_then(|at| DateTime::from_timestamp(at, 0)),
    })
}

/// What a clear no means for a charge.
pub fn declined(refusal: &Refusal) -> Outcome {
    decline(id(&refusal.error["payment_intent"]), &refusal.error)
}

/// A clear no without an intent.
pub fn refused(code: &str, message: &str) -> Outcome {
    Outcome::Declined {
        reference: None,
        class: Decline::NewCard,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn decline(reference: Option<String>, error: &Value) -> Outcome {
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let code = if text("decline_code").is_empty() {
        text("code")
    } else {
        text("decline_code")
    };
    let class = match error_type(error) {
        // What was asked was wrong, not the card: the same again would be refused again.
        ApiErrorsType::InvalidRequestError if class(&code, "") == Decline::Retry => Decline::NewCard,
        _ => class(&code, &text("advice_code")),
    };
    // Why a card was reported lost or stolen is not for the one who holds it.
    let message = match class {
        Decline::Action => "Your bank wants you to confirm this payment.".to_owned(),
        Decline::Retry if code == "insufficient_funds" => "The card has not enough funds.".to_owned(),
        Decline::NewCard if code == "expired_card" => "The card has expired.".to_owned(),
        Decline::Retry | Decline::NewCard => "The card was declined.".to_owned(),
    };
    Outcome::Declined {
        reference,
        class,
        code,
        message,
    }
}

/// Stripe publishes the codes and no split; ours follows the networks' re-attempt rules.
fn class(code: &str, advice: &str) -> Decline {
    const NEW_CARD: &[&str] = &[
        "expired_card",
        "incorrect_number",
        "invalid_account",
        "lost_card",
        "stolen_card",
        "pickup_card",
        "restricted_card",
        "card_not_supported",
        "currency_not_supported",
        "revocation_of_authorization",
        "revocation_of_all_authorizations",
        "stop_payment_order",
        "do_not_try_again",
        "fraudulent",
        "transaction_not_allowed",
        "resource_missing",
        "amount_too_small",
        "amount_too_large",
        "parameter_invalid_integer",
    ];
    match (code, advice) {
        ("authentication_required", _) => Decline::Action,
        (_, "do_not_try_again") => Decline::NewCard,
        (code, _) if NEW_CARD.contains(&code) => Decline::NewCard,
        _ => Decline::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use serde_json::json;

    #[test]
    fn declines_fall_into_what_helps() {
        for (code, advice, expected) in [
            ("authentication_required", "", Decline::Action),
            ("insufficient_funds", "", Decline::Retry),
            ("insufficient_funds", "do_not_try_again", Decline::NewCard),
            ("stolen_card", "", Decline::NewCard),
            ("something_new", "", Decline::Retry),
        ] {
            assert_eq!(class(code, advice), expected, "{code}");
        }
    }

    #[test]
    fn a_state_nobody_knows_is_asked_about() {
        for lost in [
            json!({ "id": "pi_1", "status": "dreaming" }),
            json!({ "id": "pi_1", "status": 7 }),
            json!({ "id": "pi_1" }),
            json!({ "status": "succeeded" }),
        ] {
            assert!(matches!(intent(&lost), Outcome::Unknown { .. }), "{lost}");
        }
        assert!(matches!(
            intent(&json!({ "id": "pi_1", "status": "requires_capture" })),
            Outcome::Held { .. }
        ));
    }

    #[test]
    fn a_hold_says_until_when_it_can_be_taken() {
        let until = |charge: Value| match intent(
            &json!({ "id": "pi_1", "status": "requires_capture", "latest_charge": charge }),
        ) {
            Outcome::Held { until, .. } => until.map(|at| at.timestamp()),
            other => panic!("{other:?}"),
        };
        let card = json!({ "payment_method_details": { "card": { "capture_before": 1_700_000_000 } } });
        assert_eq!(until(card), Some(1_700_000_000));
        assert_eq!(until(json!("ch_1")), None);
    }

    #[test]
    fn a_declined_card_leaves_the_page_open() {
        let declined = json!({ "id": "pi_1", "status": "requires_payment_method", "last_payment_error": { "code": "card_declined" } });
        let seen = |status: &str| page(&json!({ "status": status, "payment_intent": declined }));
        assert_eq!(seen("open"), Outcome::RequiresAction { reference: None });
        assert_eq!(seen("expired"), Outcome::Closed);
        assert!(matches!(seen("complete"), Outcome::Declined { .. }));
        assert!(matches!(
            page(&json!({ "status": "complete" })),
            Outcome::Unknown { .. }
        ));
    }

    #[test]
    fn a_fee_in_another_currency_is_not_ours_to_book() {
        for (code, expected) in [("eur", Some(59)), ("usd", None)] {
            let paid = json!({ "id": "pi_1", "status": "succeeded", "currency": "eur", "amount_received": 1000,
                "latest_charge": { "balance_transaction": { "fee": 59, "currency": code } } });
            let Outcome::Succeeded { fee_minor, amount, .. } = intent(&paid) else {
                panic!("{code}")
            };
            assert_eq!((fee_minor, amount.map(|a| a.minor)), (expected, Some(1000)), "{code}");
        }
    }

    #[test]
    fn an_answer_of_another_version_is_read_as_far_as_it_goes() {
        // No amount, an embedded charge with two fields, a method of a kind nobody knew.
        let odd = json!({ "id": "pi_1", "status": "succeeded", "latest_charge": { "id": "ch_1", "balance_transaction": "txn_1" },
            "payment_method": { "id": "pm_1", "type": "thought_transfer" }, "setup_future_usage": "off_session" });
        let Outcome::Succeeded {
            reference,
            fee_minor,
            saved,
            amount: None,
        } = intent(&odd)
        else {
            panic!("it succeeded");
        };
        assert_eq!((reference.as_str(), fee_minor), ("pi_1", None));
        assert_eq!(saved.map(|saved| saved.kind).as_deref(), Some("thought_transfer"));
        let only_id = json!({ "id": "pi_1", "status": "succeeded", "payment_method": "pm_1", "setup_future_usage": "off_session" });
        assert!(matches!(intent(&only_id), Outcome::Succeeded { saved: None, .. }));
    }

    #[test]
    fn a_no_is_the_payers_only_when_it_is_about_them() {
        let refused = |status: u16, error: Value| {
            outcome(Called::Refused(Refusal {
                status: StatusCode::from_u16(status).unwrap(),
                error,
            }))
        };
        let key = json!({ "type": "invalid_request_error", "message": "Invalid API Key provided" });
        assert!(matches!(refused(401, key), Outcome::NotSent { .. }));
        let wrong = json!({ "type": "invalid_request_error", "code": "parameter_unknown" });
        assert!(matches!(
            refused(400, wrong),
            Outcome::Declined {
                class: Decline::NewCard,
                ..
            }
        ));
        let sca =
            json!({ "type": "card_error", "code": "authentication_required", "payment_intent": { "id": "pi_9" } });
        let Outcome::Declined { class, reference, .. } = refused(402, sca) else {
            panic!("the bank wants the payer");
        };
        assert_eq!((class, reference.as_deref()), (Decline::Action, Some("pi_9")));
    }
}
