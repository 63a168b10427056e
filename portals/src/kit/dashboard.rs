//! Context of the staff dashboard.

use chrono::{DateTime, NaiveDate, Utc};
use platform::money::Money;
use platform::views::Context;
use serde::Serialize;

use super::parts::Delta;
use crate::charts::Chart;
use crate::status::Badge;

/// The staff dashboard.
#[derive(Clone, Debug, Serialize)]
pub struct Dashboard {
    /// Today in the tenant's billing zone.
    pub today: NaiveDate,
    /// Currency all amounts are in.
    pub currency: String,
    /// What there is in other currencies, a sentence each.
    pub others: Vec<String>,
    /// Four key figures.
    pub figures: Vec<Figure>,
    /// What waits for somebody.
    pub queues: Vec<Queue>,
    /// Recurring revenue by month, with the year before.
    pub revenue: Chart,
    /// Change of recurring revenue in the newest month.
    pub net_new: Money,
    /// That month.
    pub net_new_month: NaiveDate,
    /// Where the change came from, by month.
    pub movements: Chart,
    /// Newest orders.
    pub orders: Vec<OrderRow>,
    /// Operations that are under way or need somebody.
    pub operations: Vec<OperationRow>,
}

impl Context for Dashboard {
    const TEMPLATE: &'static str = "admin/dashboard.html";
}

/// A key figure: exactly one of `money`, `count` and `percent`.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// Message key of its name.
    pub label_key: &'static str,
    /// Icon name.
    pub icon: &'static str,
    /// An amount.
    pub money: Option<Money>,
    /// A number of things.
    pub count: Option<u64>,
    /// A percentage as decimal text.
    pub percent: Option<String>,
    /// Its change.
    pub delta: Option<Delta>,
    /// Its course.
    pub spark: Option<Chart>,
    /// The list behind it.
    pub path: Option<&'static str>,
}

/// A row of the newest orders.
#[derive(Clone, Debug, Serialize)]
pub struct OrderRow {
    /// What people call it.
    pub number: String,
    /// Its page.
    pub path: String,
    /// When it was placed.
    pub at: DateTime<Utc>,
    /// The account's name.
    pub account: String,
    /// The account's address.
    pub email: String,
    /// What was bought.
    pub product: String,
    /// Total with tax.
    pub total: Money,
    /// State.
    pub badge: Badge,
}

/// A row of the operations.
#[derive(Clone, Debug, Serialize)]
pub struct OperationRow {
    /// What is wanted.
    pub title: String,
    /// Its page.
    pub path: String,
    /// Service, plan, server.
    pub detail: String,
    /// State.
    pub badge: Badge,
    /// Share done, 0 to 100, where it is known.
    pub percent: Option<u8>,
    /// The current step or the reason of a failure.
    pub note: String,
    /// Where a retry is posted; only for what failed.
    pub retry_path: Option<String>,
}

/// A list of things that wait for somebody.
#[derive(Clone, Debug, Serialize)]
pub struct Queue {
    /// Finished words.
    pub label: String,
    /// How many.
    pub count: u64,
    /// The list.
    pub path: &'static str,
    /// Icon name.
    pub icon: &'static str,
}
