//! Test cards: magic ids and numbers, and what each of them does.

use super::refusal::Decline;

/// What a card does when it is attached or charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Good,
    /// Declines when attached, set up and charged.
    Declines(Decline),
    /// Attaches, then declines every charge.
    DeclinesCharges(Decline),
    /// Wants authentication every time, whatever was set up.
    Authenticates,
    /// Wants authentication until it was set up for use without the payer.
    AuthenticatesOnce,
    /// Wants authentication, then declines.
    AuthenticatesThenDeclines(Decline),
    /// Pays, and is disputed at once.
    Disputes,
    /// Pays; refunds fail some time after they succeeded.
    FailsRefunds,
}

/// One test card.
#[derive(Clone, Copy, Debug)]
pub(super) struct Card {
    pub number: &'static str,
    pub brand: &'static str,
    pub magic: &'static [&'static str],
    pub behaviour: Behaviour,
}

const fn decline(
    code: &'static str,
    decline_code: &'static str,
    advice: &'static str,
    message: &'static str,
) -> Decline {
    Decline {
        code,
        decline_code,
        advice_code: Some(advice),
        message,
    }
}

const GENERIC: Decline = decline(
    "card_declined",
    "generic_decline",
    "try_again_later",
    "Your card was declined.",
);
const FUNDS: Decline = decline(
    "card_declined",
    "insufficient_funds",
    "try_again_later",
    "Your card has insufficient funds.",
);
const LOST: Decline = decline(
    "card_declined",
    "lost_card",
    "do_not_try_again",
    "Your card was declined.",
);
const STOLEN: Decline = decline(
    "card_declined",
    "stolen_card",
    "do_not_try_again",
    "Your card was declined.",
);
const EXPIRED: Decline = decline(
    "expired_card",
    "expired_card",
    "do_not_try_again",
    "Your card has expired.",
);
const CVC: Decline = decline(
    "incorrect_cvc",
    "incorrect_cvc",
    "confirm_card_data",
    "Your card's security code is incorrect.",
);
const PROCESSING: Decline = decline(
    "processing_error",
    "processing_error",
    "try_again_later",
    "An error occurred while processing your card. Try again in a little bit.",
);
const FRAUD: Decline = decline(
    "card_declined",
    "fraudulent",
    "do_not_try_again",
    "Your card was declined.",
);

/// What an issuer says that wants the payer present.
pub(super) const WANTS_AUTHENTICATION: Decline = Decline {
    code: "authentication_required",
    decline_code: "authentication_required",
    advice_code: None,
    message: "Your card was declined. This transaction requires authentication.",
};

const fn card(number: &'static str, brand: &'static str, magic: &'static [&'static str], behaviour: Behaviour) -> Card {
    Card {
        number,
        brand,
        magic,
        behaviour,
    }
}

const CARDS: &[Card] = &[
    card(
        "4242424242424242",
        "visa",
        &["pm_card_visa", "pm_card_us", "tok_visa"],
        Behaviour::Good,
    ),
    card(
        "4000056655665556",
        "visa",
        &["pm_card_visa_debit", "tok_visa_debit"],
        Behaviour::Good,
    ),
    card(
        "5555555555554444",
        "mastercard",
        &["pm_card_mastercard", "tok_mastercard"],
        Behaviour::Good,
    ),
    card(
        "378282246310005",
        "amex",
        &["pm_card_amex", "tok_amex"],
        Behaviour::Good,
    ),
    card(
        "6011111111111117",
        "discover",
        &["pm_card_discover", "tok_discover"],
        Behaviour::Good,
    ),
    card(
        "4000000000000002",
        "visa",
        &[
            "pm_card_chargeDeclined",
            "pm_card_visa_chargeDeclined",
            "tok_chargeDeclined",
        ],
        Behaviour::Declines(GENERIC),
    ),
    card(
        "4000000000009995",
        "visa",
        &[
            "pm_card_chargeDeclinedInsufficientFunds",
            "pm_card_visa_chargeDeclinedInsufficientFunds",
        ],
        Behaviour::Declines(FUNDS),
    ),
    card(
        "4000000000009987",
        "visa",
        &["pm_card_chargeDeclinedLostCard", "pm_card_visa_chargeDeclinedLostCard"],
        Behaviour::Declines(LOST),
    ),
    card(
        "4000000000009979",
        "visa",
        &[
            "pm_card_chargeDeclinedStolenCard",
            "pm_card_visa_chargeDeclinedStolenCard",
        ],
        Behaviour::Declines(STOLEN),
    ),
    card(
        "4000000000000069",
        "visa",
        &[
            "pm_card_chargeDeclinedExpiredCard",
            "pm_card_visa_chargeDeclinedExpiredCard",
        ],
        Behaviour::Declines(EXPIRED),
    ),
    card(
        "4000000000000127",
        "visa",
        &[
            "pm_card_chargeDeclinedIncorrectCvc",
            "pm_card_visa_chargeDeclinedIncorrectCvc",
        ],
        Behaviour::Declines(CVC),
    ),
    card(
        "4000000000000119",
        "visa",
        &[
            "pm_card_chargeDeclinedProcessingError",
            "pm_card_visa_chargeDeclinedProcessingError",
        ],
        Behaviour::Declines(PROCESSING),
    ),
    card(
        "4100000000000019",
        "visa",
        &["pm_card_chargeDeclinedFraudulent", "pm_card_radarBlock"],
        Behaviour::Declines(FRAUD),
    ),
    card(
        "4000000000000341",
        "visa",
        &["pm_card_chargeCustomerFail", "tok_chargeCustomerFail"],
        Behaviour::DeclinesCharges(GENERIC),
    ),
    card(
        "4000002500003155",
        "visa",
        &["pm_card_authenticationRequiredOnSetup"],
        Behaviour::AuthenticatesOnce,
    ),
    card(
        "4000002760003184",
        "visa",
        &["pm_card_authenticationRequired"],
        Behaviour::Authenticates,
    ),
    card(
        "4000000000003220",
        "visa",
        &["pm_card_threeDSecure2Required", "pm_card_threeDSecureRequired"],
        Behaviour::Authenticates,
    ),
    card(
        "4000008260003178",
        "visa",
        &["pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"],
        Behaviour::AuthenticatesThenDeclines(FUNDS),
    ),
    card(
        "4000000000000259",
        "visa",
        &["pm_card_createDispute"],
        Behaviour::Disputes,
    ),
    card(
        "4000000000005126",
        "visa",
        &["pm_card_refundFail"],
        Behaviour::FailsRefunds,
    ),
];

/// The number of a card that behaves so.
pub(super) fn number_of(behaviour: Behaviour) -> &'static str {
    CARDS
        .iter()
        .find(|card| card.behaviour == behaviour)
        .map_or("4242424242424242", |card| card.number)
}

/// The card behind a magic id or a number.
pub(super) fn find(magic_or_number: &str) -> Option<&'static Card> {
    let digits: String = magic_or_number
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    CARDS
        .iter()
        .find(|card| card.number == digits || card.magic.contains(&digits.as_str()))
}
