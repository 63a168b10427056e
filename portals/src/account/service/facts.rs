//! What the database knows of a service, in one transaction that waits for no panel.

use billing::catalogue::{self, Plan, Product};
use billing::ids::{OrderId, ServiceId};
use billing::invoice::{self, Invoice};
use billing::payment_method::{self, PaymentMethod};
use billing::service::{self, Service};
use billing::subscription::{self, Subscription};
use billing::suspension::{self, Cause};
use billing::{BillingError, order};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use provisioning::link;
use provisioning::operation::{self, Operation};
use provisioning::panel::Capability;
use provisioning::usage::{self, Reading, Seen};
use tenancy::account::{self, Account};
use tenancy::{AccountId, TenantTx, timeline};

use crate::app::App;

/// The span of a traffic chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Span {
    /// 24 hours, by the hour.
    #[default]
    Day,
    /// 7 days, by a quarter of a day.
    Week,
    /// 30 days, by the day.
    Month,
}

impl Span {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Reads `?range=`.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|span| span.word() == word)
            .unwrap_or_default()
    }

    /// The word in the address.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// How many columns, and how long each is.
    #[must_use]
    pub fn columns(self) -> (usize, TimeDelta) {
        match self {
            Self::Day => (24, TimeDelta::hours(1)),
            Self::Week => (28, TimeDelta::hours(6)),
            Self::Month => (30, TimeDelta::days(1)),
        }
    }

    /// How long it is.
    #[must_use]
    pub fn length(self) -> TimeDelta {
        let (columns, each) = self.columns();
        each * i32::try_from(columns).unwrap_or(1)
    }
}

/// Readings of a counter, sent and received.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Received.
    pub into: Vec<Reading>,
    /// Sent.
    pub out: Vec<Reading>,
}

/// Everything its page shows.
pub struct Facts {
    /// The service.
    pub service: Service,
    /// What it is.
    pub product: Product,
    /// In which plan.
    pub plan: Option<Plan>,
    /// What bills it.
    pub subscription: Subscription,
    /// The order it came with.
    pub order: Option<OrderId>,
    /// As it was seen on the panel.
    pub seen: Seen,
    /// What its panel can do.
    pub offered: &'static [Capability],
    /// Whether a password waits to be shown.
    pub has_password: bool,
    /// Newest changes.
    pub operations: Vec<Operation>,
    /// Newest facts.
    pub events: Vec<timeline::Entry>,
    /// Newest invoices.
    pub invoices: Vec<Invoice>,
    /// Why it is suspended.
    pub causes: Vec<Cause>,
    /// What pays by itself.
    pub method: Option<PaymentMethod>,
    /// The account.
    pub account: Account,
    /// Traffic.
    pub traffic: Traffic,
    /// Today, by the tenant's zone.
    pub today: NaiveDate,
    /// Now, by the tenant's clock.
    pub now: DateTime<Utc>,
}

/// Reads it; none when it is not this account's.
///
/// # Errors
/// When the database refuses.
pub async fn read(
    app: &App,
    tx: &mut TenantTx,
    (account, id): (AccountId, ServiceId),
    span: Span,
) -> Result<Option<Facts>, BillingError> {
    let Some(found) = service::find(tx, id)
        .await?
        .filter(|service| service.account_id == account)
    else {
        return Ok(None);
    };
    let product = catalogue::find_product(tx, found.product_id).await?;
    let product = product.ok_or(BillingError::NotFound("product"))?;
    let plan = catalogue::find_plan(tx, found.plan_id).await?;
    let subscription = subscription::find(tx, found.subscription_id).await?;
    let subscription = subscription.ok_or(BillingError::NotFound("subscription"))?;
    let account = account::find(tx, account)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    let mut invoices = Vec::new();
    for id in subscription::invoices_of(tx, subscription.id, 5).await? {
        invoices.extend(invoice::find(tx, id).await?);
    }
    let methods = payment_method::list(tx, account.id).await?;
    let seen = usage::seen(tx, id).await?;
    let offered = link::offered(tx, app.panels(), id).await?;
    let traffic = if offered.contains(&Capability::Usage) {
        let since = tx.now() - span.length();
        Traffic {
            into: usage::readings_since(tx, id, "traffic_in_bytes", since).await?,
            out: usage::readings_since(tx, id, "traffic_out_bytes", since).await?,
        }
    } else {
        Traffic::default()
    };
    let filter = timeline::Filter {
        subject: Some(id.to_string()),
        ..timeline::Filter::default()
    };
    Ok(Some(Facts {
        order: order::of_service(tx, id).await?,
        has_password: link::has_password(tx, id).await?,
        operations: operation::list(tx, Some(id), 12, None).await?,
        events: timeline::list(tx, &filter, 20, None).await?,
        causes: suspension::causes(tx, id).await?,
        method: methods.into_iter().find(|m| m.is_default && m.state == "active"),
        today: tx.today(),
        now: tx.now(),
        service: found,
        product,
        plan,
        subscription,
        seen,
        offered,
        invoices,
        account,
        traffic,
    }))
}
