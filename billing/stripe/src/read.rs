//! Stripe's answers as ours, leniently: a missing field is missing, not a failure.

use billing::gateway::{Decline, Outcome, SavedMethod};
use serde_json::Value;

/// An object's id.
pub fn id(object: &Value) -> Option<String> {
    object["id"].as_str().map(str::to_owned)
}

/// An error's sentence.
pub fn message(body: &Value) -> String {
    body["error"]["message"]
        .as_str()
        .unwrap_or("Stripe gave no reason")
        .to_owned()
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

/// What an intent's state means.
pub fn intent(intent: &Value) -> Outcome {
    let Some(reference) = id(intent) else {
        return Outcome::Unknown {
            why: "an intent without an id".into(),
        };
    };
    match intent["status"].as_str() {
        Some("succeeded") => Outcome::Succeeded {
            reference,
            fee_minor: intent["latest_charge"]["balance_transaction"]["fee"].as_i64(),
            saved: None,
        },
        Some("requires_capture") => Outcome::Held { reference },
        Some("processing") => Outcome::Processing { reference },
        Some("requires_action" | "requires_confirmation") => Outcome::RequiresAction {
            reference: Some(reference),
        },
        Some("canceled") => Outcome::Declined {
            reference: Some(reference),
            class: Decline::NewCard,
            code: "canceled".into(),
            message: "The payment was cancelled.".into(),
        },
        Some("requires_payment_method") => match &intent["last_payment_error"] {
            Value::Null => Outcome::RequiresAction {
                reference: Some(reference),
            },
            error => decline(Some(reference), error),
        },
        other => Outcome::Unknown {
            why: format!("an intent that is {}", other.unwrap_or("nothing")),
        },
    }
}

/// What an error body means for a charge.
pub fn declined(body: &Value) -> Outcome {
    let error = &body["error"];
    decline(id(&error["payment_intent"]), error)
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
    let word = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let code = if word("decline_code").is_empty() {
        word("code")
    } else {
        word("decline_code")
    };
    let class = class(&code, &word("advice_code"));
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
        assert!(matches!(
            intent(&json!({ "id": "pi_1", "status": "dreaming" })),
            Outcome::Unknown { .. }
        ));
        assert!(matches!(
            intent(&json!({ "status": "succeeded" })),
            Outcome::Unknown { .. }
        ));
        assert!(matches!(
            intent(&json!({ "id": "pi_1", "status": "requires_capture" })),
            Outcome::Held { .. }
        ));
    }
}
