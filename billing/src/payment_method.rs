//! Saved payment methods of an account.

use platform::db::constraint;
use serde::Serialize;
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
         ON CONFLICT (gateway_id, provider_ref) DO UPDATE SET state = 'active'",
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
    let sql = format!("{COLUMNS} WHERE gateway_id = $1 AND provider_ref = $2 AND account_id = $3");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(gateway)
        .bind(&saved.reference)
        .bind(payer)
        .fetch_optional(tx.connection())
        .await?
        .ok_or(BillingError::Conflict(
            "method_of_another",
            "This method belongs to another account.".into(),
        ))
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
