//! Subscriptions: what is billed again and again. Cancelled at the end of what is billed, withdrawn until then.

use chrono::{DateTime, NaiveDate, Utc};
use platform::event::{self, NewEvent};
use platform::money::Money;
use serde::Serialize;
use serde_json::json;
use tenancy::{AccountId, TenantTx, audit};

use crate::error::currency;
use crate::ids::{InvoiceId, OrderId, PlanId, ServiceId, SubscriptionId};
use crate::{BillingError, renewal, service};

/// A subscription.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Subscription {
    /// Key.
    pub id: SubscriptionId,
    /// Account.
    pub account_id: AccountId,
    /// Order it came from.
    pub order_id: Option<OrderId>,
    /// What it is an addition to.
    pub parent_id: Option<SubscriptionId>,
    /// Plan.
    pub plan_id: PlanId,
    /// Service it bills.
    pub service_id: Option<ServiceId>,
    /// Currency.
    pub currency: String,
    /// How many.
    pub quantity: i32,
    /// Plan and options, each and per cycle.
    pub unit_minor: i64,
    /// once, day, week, month or year.
    pub cycle_unit: String,
    /// So many of them.
    pub cycle_count: i32,
    /// First day served.
    pub start_on: NaiveDate,
    /// Every day before it is billed.
    pub billed_through: Option<NaiveDate>,
    /// pending, active or cancelled.
    pub status: String,
    /// First day not served any more.
    pub cancel_on: Option<NaiveDate>,
    /// When agreed.
    pub created_at: DateTime<Utc>,
}

impl Subscription {
    /// What a period costs.
    ///
    /// # Errors
    /// When the row's amounts make no sense.
    pub fn price(&self) -> Result<Money, BillingError> {
        let unit = Money::new(self.unit_minor, currency(&self.currency)?)?;
        Ok(unit.times(u32::try_from(self.quantity).unwrap_or(1))?)
    }

    /// When it would end if it were cancelled today; none when it cannot be: it is paid once, or over.
    #[must_use]
    pub fn ends_on(&self, today: NaiveDate) -> Option<NaiveDate> {
        if self.status != "active" || self.cycle_unit == "once" {
            return None;
        }
        self.billed_through.map(|through| through.max(today))
    }
}

const COLUMNS: &str = "SELECT s.id, s.account_id, s.order_id, s.parent_id, s.plan_id, v.id AS service_id, s.currency, s.quantity, \
     s.unit_minor, s.cycle_unit, s.cycle_count, s.start_on, s.billed_through, s.status, s.cancel_on, s.created_at \
     FROM subscriptions s LEFT JOIN services v ON v.subscription_id = s.id";

/// Which ones.
#[derive(Debug, Clone, Default)]
pub struct SubscriptionFilter {
    /// Of this account.
    pub account: Option<AccountId>,
    /// Of this plan.
    pub plan: Option<PlanId>,
    /// In this state.
    pub status: Option<String>,
}

/// A subscription by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: SubscriptionId) -> Result<Option<Subscription>, BillingError> {
    let sql = format!("{COLUMNS} WHERE s.id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// Subscriptions newest first.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    filter: &SubscriptionFilter,
    limit: i64,
    after: Option<SubscriptionId>,
) -> Result<Vec<Subscription>, BillingError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1::uuid IS NULL OR s.account_id = $1) AND ($2::uuid IS NULL OR s.plan_id = $2) \
         AND ($3::text IS NULL OR s.status = $3) \
         AND ($5::uuid IS NULL OR (s.created_at, s.id) < (SELECT p.created_at, p.id FROM subscriptions p WHERE p.id = $5)) \
         ORDER BY s.created_at DESC, s.id DESC LIMIT $4"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(filter.account)
        .bind(filter.plan)
        .bind(&filter.status)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

/// The newest invoices with lines of a subscription.
///
/// # Errors
/// When the database refuses.
pub async fn invoices_of(tx: &mut TenantTx, id: SubscriptionId, limit: i64) -> Result<Vec<InvoiceId>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT i.id FROM invoices i WHERE i.status <> 'draft' AND EXISTS (SELECT 1 FROM invoice_lines l \
         WHERE l.subscription_id = $1 AND l.invoice_id = i.id) ORDER BY i.created_at DESC, i.id DESC LIMIT $2",
    )
    .bind(id)
    .bind(limit)
    .fetch_all(tx.connection())
    .await?)
}

/// The subscription of a service, locked.
async fn locked(tx: &mut TenantTx, id: ServiceId) -> Result<Subscription, BillingError> {
    let found = service::find(tx, id).await?.ok_or(BillingError::NotFound("service"))?;
    sqlx::query("SELECT id FROM subscriptions WHERE id = $1 FOR UPDATE")
        .bind(found.subscription_id)
        .execute(tx.connection())
        .await?;
    find(tx, found.subscription_id)
        .await?
        .ok_or(BillingError::NotFound("subscription"))
}

/// Cancels at the end of what is billed; cancelled already stays as it is. Answers the first day not served.
///
/// # Errors
/// When it is paid once, or over.
pub async fn cancel(tx: &mut TenantTx, id: ServiceId, reason: &str) -> Result<NaiveDate, BillingError> {
    let subscription = locked(tx, id).await?;
    if let Some(on) = subscription.cancel_on.filter(|_| subscription.status == "active") {
        return Ok(on);
    }
    let on = subscription.ends_on(tx.today()).ok_or(BillingError::Conflict(
        "not_cancellable",
        "There is nothing here that goes on and could be cancelled.".into(),
    ))?;
    set(tx, &subscription, id, Some(on)).await?;
    let detail = json!({ "service": id, "on": on, "reason": reason });
    audit::record(tx, "subscription.cancellation_wanted", subscription.id, detail).await?;
    Ok(on)
}

/// Takes a cancellation back while it has not come into force; none there is none to take back.
///
/// # Errors
/// When the service has ended.
pub async fn withdraw(tx: &mut TenantTx, id: ServiceId) -> Result<(), BillingError> {
    let subscription = locked(tx, id).await?;
    if subscription.status != "active" {
        return Err(BillingError::Conflict("ended", "It has ended already.".into()));
    }
    if subscription.cancel_on.is_none() {
        return Ok(());
    }
    set(tx, &subscription, id, None).await?;
    let detail = json!({ "service": id });
    audit::record(tx, "subscription.cancellation_withdrawn", subscription.id, detail).await?;
    Ok(())
}

async fn set(
    tx: &mut TenantTx,
    subscription: &Subscription,
    service: ServiceId,
    on: Option<NaiveDate>,
) -> Result<(), BillingError> {
    sqlx::query("UPDATE subscriptions SET cancel_on = $2 WHERE id = $1")
        .bind(subscription.id)
        .bind(on)
        .execute(tx.connection())
        .await?;
    let kind = if on.is_some() {
        "subscription.cancellation_scheduled"
    } else {
        "subscription.cancellation_withdrawn"
    };
    let account = subscription.account_id;
    let payload = json!({ "id": subscription.id, "account": account, "service": service, "on": on });
    // Its subject is the service, on whose timeline it stands.
    event::publish(tx, &[NewEvent::new(kind, service, payload).for_account(account.uuid())]).await?;
    renewal::refresh_due(tx, account).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn it_ends_with_what_is_billed_and_never_in_the_past() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 3, d).unwrap();
        let with = |status: &str, unit: &str, through: Option<u32>| Subscription {
            id: SubscriptionId::new(Uuid::nil()),
            account_id: AccountId::new(Uuid::nil()),
            order_id: None,
            parent_id: None,
            plan_id: PlanId::new(Uuid::nil()),
            service_id: None,
            currency: "USD".into(),
            quantity: 2,
            unit_minor: 1000,
            cycle_unit: unit.into(),
            cycle_count: 1,
            start_on: day(1),
            billed_through: through.map(day),
            status: status.into(),
            cancel_on: None,
            created_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(with("active", "month", Some(20)).ends_on(day(10)), Some(day(20)));
        assert_eq!(with("active", "month", Some(5)).ends_on(day(10)), Some(day(10)));
        assert_eq!(with("active", "once", Some(20)).ends_on(day(10)), None);
        assert_eq!(with("cancelled", "month", Some(20)).ends_on(day(10)), None);
        assert_eq!(with("pending", "month", None).ends_on(day(10)), None);
        assert_eq!(with("active", "month", None).price().unwrap().minor, 2000);
    }
}
