//! Context of a service's page in the customers' portal.

use chrono::{DateTime, NaiveDate, Utc};
use platform::money::Money;
use platform::views::{Context, Tone};
use serde::Serialize;

use super::parts::{Meta, Tab};
use crate::charts::Chart;
use crate::status::Badge;

/// A service, as its customer sees it.
#[derive(Clone, Debug, Serialize)]
pub struct ServicePage {
    /// Its own path, which those of its actions begin with.
    pub path: String,
    /// Topics of its stream; none when nothing changes any more.
    pub topics: Option<String>,
    /// Host name, or the product's name where there is none.
    pub name: String,
    /// Icon name of its kind.
    pub picture: &'static str,
    /// State.
    pub badge: Badge,
    /// Power as it was seen last; none where it has none.
    pub power: Option<Badge>,
    /// Plan, system, time running.
    pub meta: Vec<Meta>,
    /// What the customer should know now.
    pub notice: Option<Notice>,
    /// Buttons the panel can do and the member may press.
    pub actions: Vec<Action>,
    /// Traffic; `None` where the panel does not measure it.
    pub bandwidth: Option<Bandwidth>,
    /// Addresses and names, each with a copy button.
    pub access: Vec<Access>,
    /// The root password; none where the panel cannot set one.
    pub password: Option<Password>,
    /// What it costs and when again.
    pub plan: Plan,
    /// Newest invoices with this service; none where the member may not see them.
    pub invoices: Option<Vec<InvoiceRow>>,
    /// What happened, the newest first.
    pub activity: Vec<Activity>,
}

impl Context for ServicePage {
    const TEMPLATE: &'static str = "account/service.html";
}

/// A message on top of the page.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// Colour.
    pub tone: Tone,
    /// Finished words.
    pub title: String,
    /// Finished words.
    pub text: String,
    /// Where to go about it.
    pub link: Option<(String, String)>,
}

/// A button.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    /// Finished words: a verb.
    pub label: String,
    /// Icon name.
    pub icon: &'static str,
    /// Where it posts.
    pub path: String,
    /// Hidden field `action`.
    pub action: Option<&'static str>,
    /// Asks first, with this title and text; drawn as dangerous.
    pub confirm: Option<(String, String)>,
}

/// The root password: never on this page, only how to get to it.
#[derive(Clone, Debug, Serialize)]
pub struct Password {
    /// Whether one waits to be shown, once.
    pub waiting: bool,
    /// Whether a new one is being set.
    pub under_way: bool,
    /// Whether a new one can be asked for now.
    pub can_reset: bool,
}

/// Traffic of a span of time, and of the billing period.
#[derive(Clone, Debug, Serialize)]
pub struct Bandwidth {
    /// The course; none while there are too few readings.
    pub chart: Option<Chart>,
    /// Choice of the span.
    pub ranges: Vec<Tab>,
    /// Bytes used in this period.
    pub used: u64,
    /// Bytes included; `None` is unmetered.
    pub included: Option<u64>,
    /// First day of the next period, where it is known.
    pub resets_on: Option<NaiveDate>,
}

/// A line that can be copied.
#[derive(Clone, Debug, Serialize)]
pub struct Access {
    /// Finished words, for example `IPv4`.
    pub label: String,
    /// What is copied.
    pub value: String,
}

/// Price and renewal.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Price of a period.
    pub price: Money,
    /// Message key of the period, for example `ui-per-month`.
    pub period_key: &'static str,
    /// Next renewal; `None` when it ends.
    pub renews_on: Option<NaiveDate>,
    /// When it ends, once it is cancelled.
    pub ends_on: Option<NaiveDate>,
    /// How it is paid by itself, for example `Visa ···· 4242`.
    pub pays_with: Option<String>,
    /// Sizes, as (name, value).
    pub sizes: Vec<(String, String)>,
    /// Page of other plans, where there are any.
    pub change_path: Option<String>,
    /// Page that ends it.
    pub cancel_path: Option<String>,
    /// Where a cancellation is taken back.
    pub keep_path: Option<String>,
}

/// An invoice in a list.
#[derive(Clone, Debug, Serialize)]
pub struct InvoiceRow {
    /// Number.
    pub number: String,
    /// Its page.
    pub path: String,
    /// Day of issue.
    pub issued_on: NaiveDate,
    /// Total.
    pub total: Money,
    /// State.
    pub badge: Badge,
    /// Whether it waits to be paid.
    pub payable: bool,
}

/// Something that happened; drawn by `ui.timeline`.
#[derive(Clone, Debug, Serialize)]
pub struct Activity {
    /// When.
    pub at: DateTime<Utc>,
    /// Finished words.
    pub text: String,
    /// Whose doing, where it was somebody's.
    pub who: Option<String>,
    /// Icon name.
    pub icon: &'static str,
}
