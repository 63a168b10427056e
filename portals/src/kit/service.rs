//! Context of a service's page in the customers' portal.

use chrono::NaiveDate;
use platform::money::Money;
use platform::views::Context;
use serde::Serialize;

use super::parts::{Meta, Tab};
use crate::charts::Chart;
use crate::status::Badge;

/// A service, as its customer sees it.
#[derive(Clone, Debug, Serialize)]
pub struct ServicePage {
    /// Id, for the paths of its actions.
    pub id: String,
    /// Host name, or the product's name where there is none.
    pub name: String,
    /// Icon name of its kind.
    pub picture: &'static str,
    /// State.
    pub badge: Badge,
    /// Plan, place, system, time running.
    pub meta: Vec<Meta>,
    /// Pages of this service.
    pub tabs: Vec<Tab>,
    /// Buttons the panel can do and the member may press.
    pub actions: Vec<Action>,
    /// Traffic; `None` where the panel does not measure it.
    pub bandwidth: Option<Bandwidth>,
    /// Addresses and names, each with a copy button.
    pub access: Vec<Access>,
    /// Where new credentials are asked for, where the panel can.
    pub reset_path: Option<String>,
    /// What it costs and when again.
    pub plan: Plan,
    /// Newest invoices with this service.
    pub invoices: Vec<InvoiceRow>,
}

impl Context for ServicePage {
    const TEMPLATE: &'static str = "account/service.html";
}

/// A button.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    /// Finished words: a verb.
    pub label: String,
    /// Icon name.
    pub icon: &'static str,
    /// Where it posts, or where it leads if `link`.
    pub path: String,
    /// A link rather than a form.
    pub link: bool,
    /// Hidden field `action`.
    pub action: Option<&'static str>,
    /// Asks first, with this title and text; drawn as dangerous.
    pub confirm: Option<(String, String)>,
}

/// Traffic of a span of time, and of the billing period.
#[derive(Clone, Debug, Serialize)]
pub struct Bandwidth {
    /// The course.
    pub chart: Chart,
    /// Choice of the span.
    pub ranges: Vec<Tab>,
    /// Bytes used in this period.
    pub used: u64,
    /// Bytes included; `None` is unmetered.
    pub included: Option<u64>,
    /// First day of the next period.
    pub resets_on: NaiveDate,
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
    /// How it is paid by itself, for example `Visa ···· 4242`.
    pub pays_with: Option<String>,
    /// Sizes, as (name, value).
    pub sizes: Vec<(String, String)>,
    /// Page of other plans, where there are any.
    pub change_path: Option<String>,
    /// Page that ends it.
    pub cancel_path: Option<String>,
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
