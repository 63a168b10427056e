//! What is said to a gateway and what it answers, in words that fit every gateway.

use chrono::{DateTime, Utc};
use platform::money::{Currency, Money};

/// A charge to make. `key` is the payment's id: the same key never charges twice.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Idempotency key.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// The payer at the gateway.
    pub customer: String,
    /// The saved method at the gateway.
    pub method: String,
    /// Hold now, capture later.
    pub hold: bool,
    /// Shown on statements: the invoice number.
    pub description: String,
}

/// A hosted page to open.
#[derive(Debug, Clone)]
pub struct HostedPage {
    /// Idempotency key.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// The payer at the gateway.
    pub customer: String,
    /// Whether to keep the method for later charges: only with consent.
    pub save: bool,
    /// Hold now, capture later.
    pub hold: bool,
    /// What is paid.
    pub description: String,
    /// Back here when paid.
    pub success_url: String,
    /// Back here when not.
    pub cancel_url: String,
}

/// What a gateway says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Money moved.
    Succeeded {
        /// The gateway's id.
        reference: String,
        /// How much, when it said so: compared with what was asked for.
        amount: Option<Money>,
        /// What it kept, in minor units, when it said so.
        fee_minor: Option<i64>,
        /// The method used, when it may be used again.
        saved: Option<SavedMethod>,
    },
    /// Set aside, not taken.
    Held {
        /// The gateway's id.
        reference: String,
        /// How much, when it said so.
        amount: Option<Money>,
        /// Until when it can be taken, when it said so.
        until: Option<DateTime<Utc>>,
        /// The method used, when it may be used again.
        saved: Option<SavedMethod>,
    },
    /// On its way, not there.
    Processing {
        /// The gateway's id.
        reference: String,
    },
    /// The payer has to do something.
    RequiresAction {
        /// The gateway's id, where one exists.
        reference: Option<String>,
    },
    /// A clear no.
    Declined {
        /// The gateway's id, where one exists.
        reference: Option<String>,
        /// What helps.
        class: Decline,
        /// The gateway's word.
        code: String,
        /// A sentence for the payer.
        message: String,
    },
    /// It may have happened: ask.
    Unknown {
        /// For the log.
        why: String,
    },
    /// It certainly did not happen: send again.
    NotSent {
        /// For the log.
        why: String,
    },
    /// The gateway knows of no such payment.
    Nothing,
    /// The hosted page ended unpaid and can never be paid any more.
    Closed,
}

/// What helps after a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decline {
    /// Later, with the same method.
    Retry,
    /// Another method.
    NewCard,
    /// The payer confirms.
    Action,
}

impl Decline {
    /// The stored word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::NewCard => "new_card",
            Self::Action => "action",
        }
    }
}

/// A saved method.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedMethod {
    /// The gateway's id.
    pub reference: String,
    /// card, ...
    pub kind: String,
    /// Visa, ...
    pub brand: String,
    /// Last digits.
    pub last4: String,
    /// Expiry.
    pub exp_month: Option<i16>,
    /// Expiry.
    pub exp_year: Option<i16>,
}

/// An opened hosted page.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The page's own id.
    pub session: String,
    /// Where the payer goes.
    pub url: String,
}

/// A hosted page on which a method is saved and nothing is charged.
#[derive(Debug, Clone)]
pub struct SetupPage {
    /// Idempotency key.
    pub key: String,
    /// The payer at the gateway.
    pub customer: String,
    /// The currency it will be charged in.
    pub currency: Currency,
    /// Back here when saved.
    pub success_url: String,
    /// Back here when not.
    pub cancel_url: String,
}

/// What became of a page that saves a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupState {
    /// The payer may still use it.
    Open,
    /// Saved.
    Saved(SavedMethod),
    /// It can be used no more, and nothing was saved.
    Ended,
}

/// What a refund came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refunded {
    /// Done or on its way; cannot fail here any more as far as known.
    Succeeded(String),
    /// Accepted, not final.
    Processing(String),
    /// Refused.
    Failed(String),
    /// May have happened: ask again with the same key.
    Unknown(String),
}

/// How far a refund the gateway knows of has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    /// Money went back.
    Succeeded,
    /// On its way.
    Processing,
    /// It did not go back, or came back to us.
    Failed,
}

/// A refund as the gateway lists it, whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRefund {
    /// The gateway's id.
    pub reference: String,
    /// Our refund's id, when it was ours.
    pub key: Option<String>,
    /// How much.
    pub amount: Money,
    /// How far.
    pub state: RefundState,
}

/// How a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeState {
    /// Undecided: the money is away.
    Open,
    /// The money came back.
    Won,
    /// The money is lost.
    Lost,
}

/// A dispute as the gateway lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenDispute {
    /// The gateway's id.
    pub reference: String,
    /// How much is disputed.
    pub amount: Money,
    /// What the gateway charges for it, in minor units of that currency, when it said so.
    pub fee_minor: Option<i64>,
    /// The payer's reason, in the gateway's word.
    pub reason: String,
    /// How it stands.
    pub state: DisputeState,
    /// Until when an answer is taken.
    pub answer_by: Option<DateTime<Utc>>,
}
