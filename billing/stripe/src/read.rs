//! Stripe's answers as ours. Fields are picked leniently (a missing one is missing, not a failure), words
//! are read with Stripe's own vocabularies, and a word that is not in them stays unknown.

use billing::gateway::{Decline, Outcome, Refunded, SavedMethod};
use serde_json::Value;
use stripe_shared::{ApiErrorsType, CheckoutSessionStatus, PaymentIntentStatus};

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
            fee_minor: intent["latest_charge"]["balance_transaction"]["fee"].as_i64(),
            saved: kept(intent),
            reference,
        },
        PaymentIntentStatus::RequiresCapture => Outcome::Held { reference },
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
    fn an_answer_of_another_version_is_read_as_far_as_it_goes() {
        // No amount, an embedded charge with two fields, a method of a kind nobody knew.
        let odd = json!({ "id": "pi_1", "status": "succeeded", "latest_charge": { "id": "ch_1", "balance_transaction": "txn_1" },
            "payment_method": { "id": "pm_1", "type": "thought_transfer" }, "setup_future_usage": "off_session" });
        let Outcome::Succeeded {
            reference,
            fee_minor,
            saved,
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
