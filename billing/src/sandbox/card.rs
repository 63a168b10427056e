//! Test cards: what each of them does, by the tokens people know from Stripe's test mode.

use crate::gateway::{Decline, SavedMethod};

/// What a card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Pays.
    Pays,
    /// Cannot be saved, and pays nothing.
    Refused,
    /// Can be saved, and declines every charge.
    Declines,
    /// Can be saved, and declines for good.
    Expired,
    /// Wants its owner present: pays on the page, never without.
    Confirms,
    /// Pays the first time and declines from then on, which is how an unpaid renewal comes about.
    Once,
}

/// One test card.
#[derive(Debug, Clone, Copy)]
pub struct Card {
    /// Token.
    pub token: &'static str,
    /// Brand.
    pub brand: &'static str,
    /// Last digits.
    pub last4: &'static str,
    /// What it does.
    pub behaviour: Behaviour,
}

const fn card(token: &'static str, brand: &'static str, last4: &'static str, behaviour: Behaviour) -> Card {
    Card {
        token,
        brand,
        last4,
        behaviour,
    }
}

/// Every test card, the ordinary one first.
pub const CARDS: &[Card] = &[
    card("pm_card_visa", "visa", "4242", Behaviour::Pays),
    card("pm_card_mastercard", "mastercard", "4444", Behaviour::Pays),
    card("pm_card_amex", "amex", "0005", Behaviour::Pays),
    card("pm_card_chargeCustomerFail", "visa", "0341", Behaviour::Declines),
    card("pm_card_chargeDeclinedExpiredCard", "visa", "0069", Behaviour::Expired),
    card("pm_card_authenticationRequired", "visa", "3184", Behaviour::Confirms),
    card("pm_card_sandboxPaysOnce", "visa", "1111", Behaviour::Once),
    card("pm_card_chargeDeclined", "visa", "0002", Behaviour::Refused),
    card("pm_card_visa_chargeDeclined", "visa", "0002", Behaviour::Refused),
    card(
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "visa",
        "9995",
        Behaviour::Refused,
    ),
];

/// The cards that the hosted page offers: one of each kind.
pub const ON_PAGE: &[&str] = &[
    "pm_card_visa",
    "pm_card_chargeCustomerFail",
    "pm_card_authenticationRequired",
    "pm_card_sandboxPaysOnce",
];

impl Card {
    /// The card of a token.
    #[must_use]
    pub fn named(token: &str) -> Option<&'static Self> {
        CARDS.iter().find(|card| card.token == token)
    }

    /// As it is saved under the gateway's id.
    pub(super) fn saved(&self, reference: String) -> SavedMethod {
        SavedMethod {
            reference,
            kind: "card".into(),
            brand: self.brand.into(),
            last4: self.last4.into(),
            exp_month: Some(12),
            exp_year: Some(2034),
        }
    }
}

/// The refusal behind a stored code: what helps, and a sentence for the payer.
pub(super) fn refusal(code: &str) -> (Decline, &'static str) {
    match code {
        "authentication_required" => (Decline::Action, "Your bank wants you to confirm this payment."),
        "expired_card" => (Decline::NewCard, "Your card has expired."),
        "released" => (Decline::Retry, "The amount that was set aside has been given back."),
        _ => (Decline::Retry, "Your card was declined."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_unique_and_the_page_offers_cards_that_exist() {
        for (at, card) in CARDS.iter().enumerate() {
            assert!(CARDS.iter().skip(at + 1).all(|other| other.token != card.token));
        }
        assert!(ON_PAGE.iter().all(|token| Card::named(token).is_some()));
    }
}
