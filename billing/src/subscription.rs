//! Subscriptions as they are read: what is billed again and again.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use tenancy::{AccountId, TenantTx};

use crate::BillingError;
use crate::ids::{OrderId, PlanId, ServiceId, SubscriptionId};

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
