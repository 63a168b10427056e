//! What customers are told about their orders, money and services: each notice as a letter, in finished words.

use chrono::NaiveDate;
use platform::money::Money;

use super::{Letter, Words};

/// Something a customer is told. Addresses are absolute.
#[derive(Debug, Clone)]
pub enum Notice {
    /// An order was placed.
    Order { number: i64, total: Money, url: String },
    /// The money held for an order ran out before it was built.
    PayAgain { number: i64, total: Money, url: String },
    /// Nobody paid an order in time.
    Expired { number: i64, total: Money, url: String },
    /// A renewal was billed.
    Invoice {
        number: String,
        total: Money,
        due: Money,
        due_on: Option<NaiveDate>,
        /// The default method is charged without anybody doing anything.
        automatic: bool,
        url: String,
    },
    /// Money arrived.
    Receipt {
        number: String,
        amount: Money,
        /// Still open.
        left: Money,
        url: String,
    },
    /// A charge did not go through.
    Failed {
        number: String,
        amount: Money,
        reason: String,
        /// The bank wants the payer to confirm.
        confirm: bool,
        /// When it is tried again.
        again_on: Option<NaiveDate>,
        url: String,
    },
    /// An invoice is overdue.
    Overdue {
        number: String,
        due: Money,
        due_on: Option<NaiveDate>,
        /// First, second, ...
        reminder: u64,
        /// When services stop, if they do.
        suspends_on: Option<NaiveDate>,
        url: String,
    },
    /// An open invoice falls due in some days.
    DueSoon {
        number: String,
        due: Money,
        due_on: Option<NaiveDate>,
        url: String,
    },
    /// A saved card expires next month.
    CardExpiring {
        /// `Visa ···· 4242`.
        card: String,
        /// `12/2026`.
        month: String,
        /// Renewals are charged to it.
        automatic: bool,
        url: String,
    },
    /// A service was suspended; for an invoice, or by staff.
    Suspended {
        service: String,
        invoice: Option<String>,
        url: String,
    },
    /// It runs again.
    Resumed { service: String, url: String },
    /// It was built.
    Ready {
        service: String,
        addresses: Vec<String>,
        url: String,
    },
    /// It could not be built at once.
    Delayed { service: String, url: String },
    /// It was not built at all, and is not charged.
    Undelivered { service: String, url: String },
    /// It was switched off for good.
    Ended { service: String, url: String },
    /// Money went back.
    Refund {
        number: String,
        amount: Money,
        /// It is kept as credit and not sent to the card.
        credit: bool,
        url: String,
    },
}

impl Notice {
    /// Name of the template, and prefix of its words.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Order { .. } => "mail-order",
            Self::PayAgain { .. } => "mail-pay-again",
            Self::Expired { .. } => "mail-expired",
            Self::Invoice { .. } => "mail-invoice",
            Self::Receipt { .. } => "mail-receipt",
            Self::Failed { .. } => "mail-failed",
            Self::Overdue { .. } => "mail-overdue",
            Self::DueSoon { .. } => "mail-due-soon",
            Self::CardExpiring { .. } => "mail-card-expiring",
            Self::Suspended { .. } => "mail-suspended",
            Self::Resumed { .. } => "mail-resumed",
            Self::Ready { .. } => "mail-ready",
            Self::Delayed { .. } => "mail-delayed",
            Self::Undelivered { .. } => "mail-undelivered",
            Self::Ended { .. } => "mail-ended",
            Self::Refund { .. } => "mail-refund",
        }
    }

    /// The letter, greeting `name`.
    #[must_use]
    pub fn letter(&self, words: &Words<'_>, name: &str) -> Letter {
        let word = self.word();
        let (subject, url) = self.subject(words);
        let subject: Vec<(&str, &str)> = subject.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let paragraphs = self.paragraphs(words);
        Letter {
            subject: words.say(&format!("{word}-subject"), &subject),
            preheader: paragraphs.first().cloned().unwrap_or_default(),
            heading: words.say("mail-hello", &[("name", name)]),
            paragraphs,
            facts: self.facts(words),
            button: Some((words.say(self.button(), &[]), url.clone())),
            ..Letter::default()
        }
    }

    /// Values of the subject line, and where the button leads.
    fn subject(&self, words: &Words<'_>) -> (Vec<(&'static str, String)>, &String) {
        match self {
            Self::Order { number, url, .. }
            | Self::PayAgain { number, url, .. }
            | Self::Expired { number, url, .. } => (vec![("number", number.to_string())], url),
            Self::Invoice { number, total, url, .. } => {
                (vec![("number", number.clone()), ("amount", words.money(*total))], url)
            }
            Self::Refund {
                number, amount, url, ..
            } => (vec![("number", number.clone()), ("amount", words.money(*amount))], url),
            Self::Receipt { number, url, .. }
            | Self::Failed { number, url, .. }
            | Self::Overdue { number, url, .. } => (vec![("number", number.clone())], url),
            Self::DueSoon {
                number, due_on, url, ..
            } => {
                let on = due_on.map(|on| words.date(on)).unwrap_or_default();
                (vec![("number", number.clone()), ("date", on)], url)
            }
            Self::CardExpiring { card, url, .. } => (vec![("card", card.clone())], url),
            Self::Suspended { service, url, .. }
            | Self::Resumed { service, url }
            | Self::Ready { service, url, .. }
            | Self::Delayed { service, url }
            | Self::Undelivered { service, url }
            | Self::Ended { service, url } => (vec![("service", service.clone())], url),
        }
    }

    fn button(&self) -> &'static str {
        match self {
            Self::Order { .. } | Self::Expired { .. } => "mail-order-button",
            Self::PayAgain { .. } => "mail-pay-again-button",
            Self::Invoice { due, automatic, .. } if due.is_positive() && !automatic => "mail-failed-button",
            Self::Invoice { .. } | Self::Receipt { .. } | Self::Refund { .. } => "mail-invoice-button",
            Self::Failed { confirm: true, .. } => "mail-failed-action-button",
            Self::Failed { .. } => "mail-failed-button",
            Self::Overdue { .. } | Self::DueSoon { .. } => "mail-overdue-button",
            Self::CardExpiring { .. } => "mail-card-expiring-button",
            Self::Suspended { invoice: Some(_), .. } => "mail-suspended-button",
            Self::Suspended { .. }
            | Self::Resumed { .. }
            | Self::Ready { .. }
            | Self::Delayed { .. }
            | Self::Undelivered { .. }
            | Self::Ended { .. } => "mail-ready-button",
        }
    }

    fn paragraphs(&self, words: &Words<'_>) -> Vec<String> {
        let say = |key: &str| words.say(key, &[]);
        let word = self.word();
        let plain = say(&format!("{word}-text"));
        match self {
            Self::Invoice { due, .. } if !due.is_positive() => vec![say("mail-invoice-settled")],
            Self::Invoice { automatic: true, .. } => vec![say("mail-invoice-automatic")],
            Self::Invoice { .. } => vec![say("mail-invoice-manual")],
            Self::Receipt { left, .. } if left.is_positive() => vec![say("mail-receipt-part")],
            Self::Failed { confirm: true, .. } => vec![say("mail-failed-action-text")],
            Self::Failed { again_on: Some(on), .. } => {
                let on = words.date(*on);
                vec![plain, words.say("mail-failed-again", &[("date", on.as_str())])]
            }
            Self::Overdue {
                suspends_on: Some(on), ..
            } => {
                let on = words.date(*on);
                vec![plain, words.say("mail-overdue-suspends", &[("date", on.as_str())])]
            }
            Self::CardExpiring { automatic: true, .. } => vec![plain, say("mail-card-expiring-automatic")],
            Self::Suspended { invoice: None, .. } => vec![say("mail-suspended-staff")],
            Self::Refund { credit: true, .. } => vec![say("mail-refund-credit")],
            _ => vec![plain],
        }
    }

    fn facts(&self, words: &Words<'_>) -> Vec<(String, String)> {
        let fact = |key: &str, value: String| (words.say(key, &[]), value);
        let money = |key: &str, amount: &Money| fact(key, words.money(*amount));
        let day = |on: &Option<NaiveDate>| on.map(|on| fact("mail-fact-due", words.date(on)));
        let bill =
            |number: &String, key: &str, amount| vec![fact("mail-fact-invoice", number.clone()), money(key, amount)];
        match self {
            Self::Order { total, .. } | Self::PayAgain { total, .. } | Self::Expired { total, .. } => {
                vec![money("mail-fact-total", total)]
            }
            Self::Invoice {
                number,
                total,
                due,
                due_on,
                ..
            } => {
                let mut facts = bill(number, "mail-fact-total", total);
                if due != total {
                    facts.push(money("mail-fact-open", due));
                }
                facts.extend(day(due_on));
                facts
            }
            Self::Receipt {
                number, amount, left, ..
            } => {
                let mut facts = bill(number, "mail-fact-amount", amount);
                if left.is_positive() {
                    facts.push(money("mail-fact-open", left));
                }
                facts
            }
            Self::Failed {
                number, amount, reason, ..
            } => {
                let mut facts = bill(number, "mail-fact-amount", amount);
                facts.push(fact("mail-fact-reason", reason.clone()));
                facts
            }
            Self::CardExpiring { card, month, .. } => vec![
                fact("mail-fact-card", card.clone()),
                fact("mail-fact-expires", month.clone()),
            ],
            Self::Overdue {
                number, due, due_on, ..
            }
            | Self::DueSoon {
                number, due, due_on, ..
            } => {
                let mut facts = bill(number, "mail-fact-open", due);
                facts.extend(day(due_on));
                facts
            }
            Self::Suspended {
                invoice: Some(number), ..
            } => vec![fact("mail-fact-invoice", number.clone())],
            Self::Ready { addresses, .. } if !addresses.is_empty() => {
                vec![fact("mail-fact-address", addresses.join(", "))]
            }
            Self::Refund { number, amount, .. } => bill(number, "mail-fact-amount", amount),
            _ => Vec::new(),
        }
    }
}
