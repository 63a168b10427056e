//! Saved payment methods of an account.

use platform::db::constraint;
use platform::job::{self, Class, Job, NewJob, Outcome as JobOutcome};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx, account, audit};

use crate::BillingError;
use crate::gateway::{self, GatewayError, GatewayKinds, SavedMethod};
use crate::ids::{GatewayId, PaymentMethodId};

/// A saved method.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PaymentMethod {
    /// Key.
    pub id: PaymentMethodId,
    /// Account.
    pub account_id: AccountId,
    /// Gateway.
    pub gateway_id: GatewayId,
    /// card, ...
    pub kind: String,
    /// Visa, ...
    pub brand: String,
    /// Last digits.
    pub last4: String,
    /// Expiry.
    pub exp_month: Option<i16>,
    /// Expiry.
    pub exp_year: Option<i16>,
    /// Charged by itself when an invoice is due.
    pub is_default: bool,
    /// active, failing or removed.
    pub state: String,
    /// When saved.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

const COLUMNS: &str = "SELECT id, account_id, gateway_id, kind, brand, last4, exp_month, exp_year, is_default, state, created_at \
     FROM payment_methods";

/// The payer's id at the gateway, made at most once and remembered.
///
/// # Errors
/// When the gateway refuses or is away.
pub async fn customer(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    gateway: GatewayId,
    payer: AccountId,
) -> Result<String, BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let find = "SELECT provider_ref FROM gateway_customers WHERE gateway_id = $1 AND account_id = $2";
    let known: Option<String> = sqlx::query_scalar(find)
        .bind(gateway)
        .bind(payer)
        .fetch_optional(tx.connection())
        .await?;
    let who = account::find(&mut tx, payer)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    tx.commit().await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let (adapter, context) = gateway::open(doors, kinds, scope, gateway).await?;
    let made = adapter
        .ensure_customer(&context, &format!("customer-{payer}"), &who.name, &who.email)
        .await
        .map_err(refused)?;
    let mut tx = doors.begin(scope).await?;
    sqlx::query("INSERT INTO gateway_customers (gateway_id, account_id, provider_ref) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(gateway)
        .bind(payer)
        .bind(&made)
        .execute(tx.connection())
        .await?;
    let kept: String = sqlx::query_scalar(find)
        .bind(gateway)
        .bind(payer)
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(kept)
}

pub(crate) fn refused(error: GatewayError) -> BillingError {
    match error {
        GatewayError::Refused(why) => BillingError::Conflict("gateway_refused", why),
        other => BillingError::Conflict("gateway_away", other.to_string()),
    }
}

/// Saves a method by the gateway's token.
///
/// # Errors
/// When the gateway refuses it or is away.
pub async fn attach(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    (payer, gateway): (AccountId, GatewayId),
    token: &str,
) -> Result<PaymentMethod, BillingError> {
    let customer = customer(doors, kinds, scope, gateway, payer).await?;
    let (adapter, context) = gateway::open(doors, kinds, scope, gateway).await?;
    let saved = adapter.attach(&context, &customer, token).await.map_err(refused)?;
    let mut tx = doors.begin(scope).await?;
    let method = save(&mut tx, payer, gateway, &saved).await?;
    audit::record(
        &mut tx,
        "payment_method.saved",
        method.id,
        json!({ "account": payer, "last4": method.last4 }),
    )
    .await?;
    tx.commit().await?;
    Ok(method)
}

/// Keeps a method the gateway has saved; the first becomes the default.
pub(crate) async fn save(
    tx: &mut TenantTx,
    payer: AccountId,
    gateway: GatewayId,
    saved: &SavedMethod,
) -> Result<PaymentMethod, BillingError> {
    let id: PaymentMethodId = tx.new_id();
    sqlx::query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(payer)
        .execute(tx.connection())
        .await?;
    let inserted = sqlx::query(
        "INSERT INTO payment_methods (id, account_id, gateway_id, provider_ref, kind, brand, last4, exp_month, exp_year, is_default, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
           NOT EXISTS (SELECT 1 FROM payment_methods WHERE account_id = $2 AND is_default AND state <> 'removed'), $10) \
         ON CONFLICT (gateway_id, provider_ref) DO UPDATE SET state = 'active', exp_month = EXCLUDED.exp_month, exp_year = EXCLUDED.exp_year",
    )
    .bind(id)
    .bind(payer)
    .bind(gateway)
    .bind(&saved.reference)
    .bind(&saved.kind)
    .bind(&saved.brand)
    .bind(&saved.last4)
    .bind(saved.exp_month)
    .bind(saved.exp_year)
    .bind(tx.now())
    .execute(tx.connection())
    .await;
    if let Err(error) = inserted {
        return Err(match constraint(&error) {
            Some("payment_methods_gateway_id_fkey") => BillingError::NotFound("gateway"),
            _ => error.into(),
        });
    }
    // One that is saved again after it was removed becomes the default like a first one.
    sqlx::query(
        "UPDATE payment_methods SET is_default = true WHERE gateway_id = $1 AND provider_ref = $2 AND account_id = $3 \
         AND NOT EXISTS (SELECT 1 FROM payment_methods WHERE account_id = $3 AND is_default AND state <> 'removed')",
    )
    .bind(gateway)
    .bind(&saved.reference)
    .bind(payer)
    .execute(tx.connection())
    .await?;
    let sql = format!("{COLUMNS} WHERE gateway_id = $1 AND provider_ref = $2 AND account_id = $3");
    let kept: Option<PaymentMethod> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(gateway)
        .bind(&saved.reference)
        .bind(payer)
        .fetch_optional(tx.connection())
        .await?;
    let kept = kept.ok_or(BillingError::Conflict(
        "method_of_another",
        "This method belongs to another account.".into(),
    ))?;
    if kept.is_default {
        try_again(tx, payer).await?;
    }
    Ok(kept)
}

/// A method by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: PaymentMethodId) -> Result<Option<PaymentMethod>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1 AND state <> 'removed'");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// The methods of an account, the default first.
///
/// # Errors
/// When the database refuses.
pub async fn list(tx: &mut TenantTx, account: AccountId) -> Result<Vec<PaymentMethod>, BillingError> {
    let sql =
        format!("{COLUMNS} WHERE account_id = $1 AND state <> 'removed' ORDER BY is_default DESC, created_at, id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .fetch_all(tx.connection())
        .await?)
}

async fn locked_of(tx: &mut TenantTx, account: AccountId, id: PaymentMethodId) -> Result<PaymentMethod, BillingError> {
    sqlx::query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(account)
        .execute(tx.connection())
        .await?;
    find(tx, id)
        .await?
        .filter(|method| method.account_id == account)
        .ok_or(BillingError::NotFound("payment method"))
}

/// Makes a method the one that due invoices are charged to. Twice is once.
///
/// # Errors
/// When the account has no such method.
pub async fn make_default(tx: &mut TenantTx, account: AccountId, id: PaymentMethodId) -> Result<(), BillingError> {
    let method = locked_of(tx, account, id).await?;
    if method.is_default {
        return Ok(());
    }
    set_default(tx, account, id).await?;
    let detail = json!({ "account": account, "last4": method.last4 });
    Ok(audit::record(tx, "payment_method.made_default", id, detail).await?)
}

async fn set_default(tx: &mut TenantTx, account: AccountId, id: PaymentMethodId) -> Result<(), BillingError> {
    sqlx::query("UPDATE payment_methods SET is_default = false WHERE account_id = $1 AND is_default")
        .bind(account)
        .execute(tx.connection())
        .await?;
    sqlx::query("UPDATE payment_methods SET is_default = true WHERE id = $1")
        .bind(id)
        .execute(tx.connection())
        .await?;
    try_again(tx, account).await
}

/// What could not be charged to the method before is tried today with the new one. What is being settled this
/// moment is left alone.
async fn try_again(tx: &mut TenantTx, account: AccountId) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE invoices SET next_try_on = $2 WHERE id IN (SELECT id FROM invoices WHERE account_id = $1 AND status = 'issued' \
         AND payment_status IN ('unpaid', 'partly_paid') AND tries > 0 AND next_try_on IS NULL ORDER BY id FOR UPDATE SKIP LOCKED)",
    )
    .bind(account)
    .bind(tx.today())
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Forgets a method at its gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DetachMethod {
    /// Which.
    pub method: PaymentMethodId,
}
impl Job for DetachMethod {
    const NAME: &'static str = "detach_payment_method";
    const CLASS: Class = Class::Normal;
}

/// Removes a method; the gateway forgets it afterwards. If it was the default, the next one is.
///
/// # Errors
/// When a payment with it is under way, or when it is the last one and services renew by themselves: switch that
/// off first, so that nobody loses a server by tidying up.
pub async fn remove(tx: &mut TenantTx, account: AccountId, id: PaymentMethodId) -> Result<(), BillingError> {
    let method = locked_of(tx, account, id).await?;
    let (busy, needed): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM payments WHERE payment_method_id = $2 AND status IN ('created', 'requires_action', 'processing', 'unknown')), \
         (SELECT auto_pay FROM accounts WHERE id = $1) \
           AND NOT EXISTS (SELECT 1 FROM payment_methods WHERE account_id = $1 AND state <> 'removed' AND id <> $2) \
           AND EXISTS (SELECT 1 FROM subscriptions WHERE account_id = $1 AND status = 'active' AND cycle_unit <> 'once' AND cancel_on IS NULL)",
    )
    .bind(account)
    .bind(id)
    .fetch_one(tx.connection())
    .await?;
    if busy {
        return Err(BillingError::Conflict(
            "payment_in_flight",
            "A payment with this method is under way.".into(),
        ));
    }
    if needed {
        return Err(BillingError::Conflict(
            "last_method",
            "Services are renewed with this method. Add another one, or switch automatic payment off first.".into(),
        ));
    }
    sqlx::query("UPDATE payment_methods SET state = 'removed', is_default = false WHERE id = $1")
        .bind(id)
        .execute(tx.connection())
        .await?;
    let next: Option<PaymentMethodId> = sqlx::query_scalar(
        "SELECT id FROM payment_methods WHERE account_id = $1 AND state = 'active' ORDER BY is_default DESC, created_at, id LIMIT 1",
    )
    .bind(account)
    .fetch_optional(tx.connection())
    .await?;
    if let (true, Some(next)) = (method.is_default, next) {
        set_default(tx, account, next).await?;
    }
    job::enqueue(tx, &[NewJob::new(&DetachMethod { method: id })]).await?;
    let detail = json!({ "account": account, "last4": method.last4 });
    Ok(audit::record(tx, "payment_method.removed", id, detail).await?)
}

/// The body of [`DetachMethod`].
pub async fn detach_job(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope, args: &DetachMethod) -> JobOutcome {
    match detach(doors, kinds, scope, args.method).await {
        Ok(()) => JobOutcome::Done,
        Err(error) => JobOutcome::retry(60, error),
    }
}

async fn detach(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: PaymentMethodId,
) -> Result<(), BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let removed: Option<(GatewayId, String)> =
        sqlx::query_as("SELECT gateway_id, provider_ref FROM payment_methods WHERE id = $1 AND state = 'removed'")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?;
    tx.commit().await?;
    // Saved again meanwhile: it stays.
    let Some((gateway, reference)) = removed else {
        return Ok(());
    };
    let (adapter, context) = gateway::open(doors, kinds, scope, gateway).await?;
    adapter.detach(&context, &reference).await.map_err(refused)
}

/// Switches on or off that due invoices are charged to the default method.
///
/// # Errors
/// When there is no such account.
pub async fn set_auto_pay(tx: &mut TenantTx, account: AccountId, on: bool) -> Result<(), BillingError> {
    let changed = sqlx::query("UPDATE accounts SET auto_pay = $2 WHERE id = $1 AND auto_pay <> $2")
        .bind(account)
        .bind(on)
        .execute(tx.connection())
        .await?;
    if changed.rows_affected() == 1 {
        audit::record(tx, "account.auto_pay_changed", account, json!({ "on": on })).await?;
    }
    Ok(())
}
