//! Services: the things delivered. Provisioning tells what became of them; this room writes it down.

mod ending;
pub mod list;
pub mod sheet;

use chrono::{DateTime, Utc};
use platform::event::{self, NewEvent};
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{AccountId, TenantTx};

pub use ending::{end, forget_ids, mark_terminated, release_failed, stays, undelivered, want_termination};

use crate::BillingError;
use crate::ids::{PlanId, ProductId, ServerId, ServiceId, SubscriptionId};

/// A service.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Service {
    /// Key.
    pub id: ServiceId,
    /// Account.
    pub account_id: AccountId,
    /// What bills it.
    pub subscription_id: SubscriptionId,
    /// What it is.
    pub product_id: ProductId,
    /// Plan.
    pub plan_id: PlanId,
    /// Panel endpoint.
    pub server_id: Option<ServerId>,
    /// Name for people.
    pub label: String,
    /// Hostname.
    pub hostname: String,
    /// Chosen options.
    pub options: Value,
    /// pending, provisioning, active, suspended, terminated, failed.
    pub status: String,
    /// Why, in plain words.
    pub reason: Option<String>,
    /// The panel's id.
    pub panel_ref: Option<String>,
    /// Every id the panel gave.
    pub panel_ids: Value,
    /// Addresses.
    pub ip_addresses: Vec<String>,
    /// When made.
    pub created_at: DateTime<Utc>,
    /// When it ran first.
    pub activated_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "SELECT id, account_id, subscription_id, product_id, plan_id, server_id, label, hostname, options, status, reason, \
     panel_ref, panel_ids, ip_addresses, created_at, activated_at FROM services";

/// A service by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: ServiceId) -> Result<Option<Service>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// Services newest first, of an account or all, in a state or any.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    account: Option<AccountId>,
    status: Option<&str>,
    limit: i64,
    after: Option<ServiceId>,
) -> Result<Vec<Service>, BillingError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::text IS NULL OR status = $2) \
         AND ($4::uuid IS NULL OR (created_at, id) < (SELECT s.created_at, s.id FROM services s WHERE s.id = $4)) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .bind(status)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

/// What a panel confirmed.
#[derive(Debug, Clone, Default)]
pub struct Confirmed {
    /// The panel's id.
    pub panel_ref: String,
    /// Addresses.
    pub ip_addresses: Vec<String>,
    /// What it said in full.
    pub observed: Value,
}

/// Keeps every id the panel has given so far.
///
/// # Errors
/// When the database refuses.
pub async fn keep_ids(
    tx: &mut TenantTx,
    id: ServiceId,
    ids: &Value,
    panel_ref: Option<&str>,
) -> Result<(), BillingError> {
    sqlx::query("UPDATE services SET panel_ids = $2, panel_ref = coalesce($3, panel_ref) WHERE id = $1")
        .bind(id)
        .bind(ids)
        .bind(panel_ref)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Keeps the root password, sealed.
///
/// # Errors
/// When the database refuses.
pub async fn keep_password(tx: &mut TenantTx, id: ServiceId, password: &str) -> Result<(), BillingError> {
    let sealed = tx.seal("services", "secrets", id, password.as_bytes());
    sqlx::query("UPDATE services SET secrets = $2 WHERE id = $1")
        .bind(id)
        .bind(sealed)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// A panel confirmed that it runs: only now is it active.
///
/// # Errors
/// When there is no such service.
pub async fn activate(tx: &mut TenantTx, id: ServiceId, confirmed: &Confirmed) -> Result<(), BillingError> {
    crate::order::start_when_it_runs(tx, id).await?;
    let done = sqlx::query(
        "UPDATE services SET status = 'active', reason = NULL, panel_ref = $2, ip_addresses = $3, observed = $4, observed_at = $5, \
         activated_at = coalesce(activated_at, $5) WHERE id = $1 AND status IN ('pending', 'provisioning', 'failed')",
    )
    .bind(id)
    .bind(&confirmed.panel_ref)
    .bind(&confirmed.ip_addresses)
    .bind(&confirmed.observed)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query("UPDATE capacity_holds SET released_at = $2 WHERE service_id = $1 AND released_at IS NULL")
        .bind(id)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    due_again(tx, id).await?;
    announce(tx, id, "service.provisioned").await
}

/// It could not be built: the customer reads plain words, staff have a task.
///
/// # Errors
/// When there is no such service.
pub async fn mark_failed(tx: &mut TenantTx, id: ServiceId, reason: &str) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE services SET status = 'failed', reason = $2 WHERE id = $1 AND status IN ('pending', 'provisioning')",
    )
    .bind(id)
    .bind(reason)
    .execute(tx.connection())
    .await?;
    due_again(tx, id).await?;
    announce(tx, id, "service.provisioning_failed").await
}

/// A panel confirmed a suspension or its end; what another suspension holds stays suspended.
///
/// # Errors
/// When there is no such service.
pub async fn set_suspended(tx: &mut TenantTx, id: ServiceId, suspended: bool) -> Result<(), BillingError> {
    let (from, to) = if suspended {
        ("active", "suspended")
    } else {
        ("suspended", "active")
    };
    let done = sqlx::query(
        "UPDATE services SET status = $3 WHERE id = $1 AND status = $2 AND ($3 = 'suspended' \
           OR NOT EXISTS (SELECT 1 FROM suspensions s WHERE s.service_id = $1 AND s.lifted_at IS NULL))",
    )
    .bind(id)
    .bind(from)
    .bind(to)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    announce(
        tx,
        id,
        if suspended {
            "service.suspended"
        } else {
            "service.resumed"
        },
    )
    .await
}

/// Whether it is billed hangs on its state, and so does its account's next billing day.
async fn due_again(tx: &mut TenantTx, id: ServiceId) -> Result<(), BillingError> {
    let service = find(tx, id).await?.ok_or(BillingError::NotFound("service"))?;
    crate::renewal::refresh_due(tx, service.account_id).await
}

pub(crate) async fn announce(tx: &mut TenantTx, id: ServiceId, event_type: &'static str) -> Result<(), BillingError> {
    let service = find(tx, id).await?.ok_or(BillingError::NotFound("service"))?;
    let payload =
        json!({ "id": id, "account": service.account_id, "status": service.status, "hostname": service.hostname });
    Ok(event::publish(
        tx,
        &[NewEvent::new(event_type, id, payload).for_account(service.account_id.uuid())],
    )
    .await?)
}
