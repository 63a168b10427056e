//! What the gateway knows, kept in a file: saved cards and payments outlive a restart of `bin/dev`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::book::CardFacts;
use super::card::{self, Behaviour};
use super::state::{Hook, Remembered, State};

#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    books: BTreeMap<String, KeptBook>,
    hooks: Vec<Hook>,
    remembered: Vec<((String, String), Remembered)>,
}

/// One account: its objects, the oldest first, and its cards' secrets.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptBook {
    pub objects: Vec<Value>,
    pub cards: BTreeMap<String, KeptCard>,
}

/// A card by a number that behaves like it.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptCard {
    number: String,
    set_up: bool,
    spent: bool,
}

impl From<CardFacts> for KeptCard {
    fn from(facts: CardFacts) -> Self {
        Self {
            number: card::number_of(facts.behaviour).to_owned(),
            set_up: facts.set_up,
            spent: facts.spent,
        }
    }
}

impl From<KeptCard> for CardFacts {
    fn from(kept: KeptCard) -> Self {
        Self {
            behaviour: card::find(&kept.number).map_or(Behaviour::Good, |card| card.behaviour),
            set_up: kept.set_up,
            spent: kept.spent,
        }
    }
}

impl State {
    pub(super) fn kept(&self) -> Kept {
        let answered = |(_, remembered): &(&(String, String), &Remembered)| remembered.answer.is_some();
        Kept {
            books: self
                .books
                .iter()
                .map(|(account, book)| (account.clone(), book.kept()))
                .collect(),
            hooks: self.hooks.clone(),
            remembered: self
                .remembered
                .iter()
                .filter(answered)
                .map(|(key, remembered)| (key.clone(), remembered.clone()))
                .collect(),
        }
    }

    pub(super) fn restore(&mut self, kept: Kept) {
        for (account, book) in kept.books {
            self.book(&account).restore(book);
        }
        self.hooks = kept.hooks;
        self.remembered = kept.remembered.into_iter().collect();
    }
}
