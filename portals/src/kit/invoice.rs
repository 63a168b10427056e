//! Context of an invoice's page in the customers' portal. All words of the document are frozen at issue.

use chrono::NaiveDate;
use platform::money::Money;
use platform::views::Context;
use serde::Serialize;

use super::parts::Card;
use crate::account::invoice::{History, Notice};
use crate::status::Badge;

/// An invoice, as its account sees it.
#[derive(Clone, Debug, Serialize)]
pub struct InvoicePage {
    /// Id, for paths.
    pub id: String,
    /// Number.
    pub number: String,
    /// State.
    pub badge: Badge,
    /// Day of issue.
    pub issued_on: NaiveDate,
    /// Due date; absent for what was paid at once.
    pub due_on: Option<NaiveDate>,
    /// Name on the document's head.
    pub seller_name: String,
    /// Lines of the seller's address and tax numbers.
    pub seller: Vec<String>,
    /// Lines of the buyer's.
    pub buyer: Vec<String>,
    /// Lines.
    pub lines: Vec<Line>,
    /// Subtotal, one line a tax rate, credit used; signs as they count.
    pub sums: Vec<(String, Money)>,
    /// Total.
    pub total: Money,
    /// What is left to pay.
    pub amount_due: Money,
    /// Sentences below, for example why no tax is charged.
    pub notes: Vec<String>,
    /// Where the stored PDF is.
    pub pdf_path: String,
    /// What has to be said first.
    pub notice: Option<Notice>,
    /// What happened to it, newest first.
    pub history: Vec<History>,
    /// Credit that can be used on it.
    pub credit: Option<UseCredit>,
    /// How to pay; `None` when there is nothing to pay or the member may not.
    pub pay: Option<Pay>,
}

impl Context for InvoicePage {
    const TEMPLATE: &'static str = "account/invoice.html";
}

/// A line of the document.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What it is for.
    pub title: String,
    /// Service and period.
    pub detail: String,
    /// Decimal text; `None` for a discount.
    pub quantity: Option<String>,
    /// Price of one.
    pub unit_price: Option<Money>,
    /// Amount without tax.
    pub amount: Money,
    /// How the amount came about, step by step; may be empty.
    pub explain: Vec<String>,
}

/// Credit that can be used.
#[derive(Clone, Debug, Serialize)]
pub struct UseCredit {
    /// Where it posts.
    pub path: String,
    /// How much.
    pub amount: Money,
}

/// The form beside the document.
#[derive(Clone, Debug, Serialize)]
pub struct Pay {
    /// Where it posts.
    pub path: String,
    /// How much is paid.
    pub amount: Money,
    /// Nobody owes it: it was not delivered, and is built after all when it is paid.
    pub offer: bool,
    /// Ways to pay, the usual first.
    pub methods: Vec<Card>,
    /// The chosen one.
    pub method: String,
    /// Whether the payer's bank wants the last attempt confirmed on the gateway's page.
    pub confirm: bool,
    /// Whether later invoices are paid by themselves.
    pub automatic: bool,
    /// Why the last attempt failed, in words.
    pub error: Option<String>,
}
