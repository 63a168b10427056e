//! Saving a method on the gateway's own page. A second wish gets the same page.

use std::time::Duration;

use platform::task::Shutdown;
use serde_json::json;
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx, account, audit};

use crate::error::currency;
use crate::gateway::{self, GatewayKinds, SetupPage, SetupState};
use crate::ids::{GatewayId, PaymentMethodId, SetupId};
use crate::{BillingError, payment_method};

/// A page that is open, as far as known.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Setup {
    id: SetupId,
    account_id: AccountId,
    gateway_id: GatewayId,
    session_ref: Option<String>,
    action_url: Option<String>,
    success_url: String,
    cancel_url: String,
}

const COLUMNS: &str =
    "SELECT id, account_id, gateway_id, session_ref, action_url, success_url, cancel_url FROM payment_setups";

/// A page to open.
#[derive(Debug, Clone)]
pub struct SetupWish {
    /// Whose method.
    pub account: AccountId,
    /// Where.
    pub gateway: GatewayId,
    /// Back here when saved. The page there calls [`refresh`].
    pub success_url: String,
    /// Back here when not.
    pub cancel_url: String,
}

/// Opens a page on which a method is saved for later charges, and answers its address.
///
/// # Errors
/// When the gateway refuses or is away. Asking again is safe.
pub async fn open_page(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    wish: &SetupWish,
) -> Result<String, BillingError> {
    for pause_ms in [300, 1_000, 0] {
        let setup = begin(doors, scope, wish).await?;
        let known = match &setup.session_ref {
            None => None,
            Some(_) if look(doors, kinds, scope, &setup).await? => setup.action_url.clone(),
            // It came to an end: the next round opens another.
            Some(_) => continue,
        };
        match known {
            Some(url) => return Ok(url),
            None => match send(doors, kinds, scope, &setup).await {
                Err(BillingError::Conflict("gateway_away", why)) => {
                    tracing::warn!(setup = %setup.id, why, "a page to save a method could not be opened");
                    Shutdown::new().sleep(Duration::from_millis(pause_ms)).await;
                }
                other => return other,
            },
        }
    }
    let why = "The page could not be opened; please try again in a moment.";
    Err(BillingError::Conflict("gateway_away", why.into()))
}

async fn begin(doors: &Tenancy, scope: &TenantScope, wish: &SetupWish) -> Result<Setup, BillingError> {
    let mut tx = doors.begin(scope).await?;
    let configured = gateway::find(&mut tx, wish.gateway).await?;
    if configured.is_none_or(|gateway| gateway.state != "active") {
        return Err(BillingError::NotFound("gateway"));
    }
    // One that is too old for its key is not asked for again: nobody knows its address.
    sqlx::query(
        "UPDATE payment_setups SET status = 'ended', settled_at = $3 WHERE account_id = $1 AND gateway_id = $2 AND status = 'open' \
         AND created_at < $3 - interval '20 hours'",
    )
    .bind(wish.account)
    .bind(wish.gateway)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let id: SetupId = tx.new_id();
    sqlx::query(
        "INSERT INTO payment_setups (id, account_id, gateway_id, status, success_url, cancel_url, created_at) \
         VALUES ($1, $2, $3, 'open', $4, $5, $6) ON CONFLICT (account_id, gateway_id) WHERE status = 'open' DO NOTHING",
    )
    .bind(id)
    .bind(wish.account)
    .bind(wish.gateway)
    .bind(&wish.success_url)
    .bind(&wish.cancel_url)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let sql = format!("{COLUMNS} WHERE account_id = $1 AND gateway_id = $2 AND status = 'open'");
    let setup = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(wish.account)
        .bind(wish.gateway)
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(setup)
}

async fn send(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    setup: &Setup,
) -> Result<String, BillingError> {
    let customer = payment_method::customer(doors, kinds, scope, setup.gateway_id, setup.account_id).await?;
    let mut tx = doors.begin_read(scope).await?;
    let owner = account::find(&mut tx, setup.account_id)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    tx.commit().await?;
    let page = SetupPage {
        key: setup.id.to_string(),
        customer,
        currency: currency(&owner.currency)?,
        success_url: setup.success_url.clone(),
        cancel_url: setup.cancel_url.clone(),
    };
    let (adapter, context) = gateway::open(doors, kinds, scope, setup.gateway_id).await?;
    let opened = adapter
        .open_setup(&context, &page)
        .await
        .map_err(payment_method::refused);
    let mut tx = doors.begin(scope).await?;
    match &opened {
        Ok(opened) => {
            sqlx::query("UPDATE payment_setups SET action_url = $3, session_ref = $2 WHERE id = $1")
                .bind(setup.id)
                .bind(&opened.session)
                .bind(&opened.url)
                .execute(tx.connection())
                .await?;
        }
        Err(BillingError::Conflict("gateway_refused", _)) => end(&mut tx, setup.id, None).await?,
        Err(_) => {}
    }
    tx.commit().await?;
    Ok(opened?.url)
}

async fn end(tx: &mut TenantTx, id: SetupId, method: Option<PaymentMethodId>) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE payment_setups SET status = $2, payment_method_id = $3, settled_at = $4 WHERE id = $1 AND status = 'open'",
    )
    .bind(id)
    .bind(if method.is_some() { "saved" } else { "ended" })
    .bind(method)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Asks what became of a page and keeps what was saved; true while it can be used.
async fn look(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope, setup: &Setup) -> Result<bool, BillingError> {
    let Some(session) = &setup.session_ref else {
        return Ok(true);
    };
    let (adapter, context) = gateway::open(doors, kinds, scope, setup.gateway_id).await?;
    let state = adapter
        .fetch_setup(&context, session)
        .await
        .map_err(payment_method::refused)?;
    let mut tx = doors.begin(scope).await?;
    let open = match state {
        SetupState::Open => true,
        SetupState::Ended => {
            end(&mut tx, setup.id, None).await?;
            false
        }
        SetupState::Saved(saved) => {
            let method = payment_method::save(&mut tx, setup.account_id, setup.gateway_id, &saved).await?;
            end(&mut tx, setup.id, Some(method.id)).await?;
            let detail = json!({ "account": setup.account_id, "last4": method.last4 });
            audit::record(&mut tx, "payment_method.saved", method.id, detail).await?;
            false
        }
    };
    tx.commit().await?;
    Ok(open)
}

/// Asks at once what became of an account's open pages, for the page a payer comes back to.
///
/// # Errors
/// When the gateway is away or the database refuses.
pub async fn refresh(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    account: AccountId,
) -> Result<(), BillingError> {
    let sql = format!("{COLUMNS} WHERE account_id = $1 AND status = 'open' AND session_ref IS NOT NULL");
    let mut tx = doors.begin_read(scope).await?;
    let open: Vec<Setup> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .fetch_all(tx.connection())
        .await?;
    tx.commit().await?;
    for setup in open {
        look(doors, kinds, scope, &setup).await?;
    }
    Ok(())
}

/// Applies an event that speaks of one of these pages of this gateway; true when it does.
pub(crate) async fn heard(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    gateway: GatewayId,
    references: &[String],
) -> Result<bool, BillingError> {
    let ours: Vec<SetupId> = references.iter().filter_map(|text| text.parse().ok()).collect();
    let sql = format!(
        "{COLUMNS} WHERE gateway_id = $1 AND status = 'open' AND (session_ref = ANY($2) OR id = ANY($3)) LIMIT 1"
    );
    let mut tx = doors.begin_read(scope).await?;
    let found: Option<Setup> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(gateway)
        .bind(references)
        .bind(&ours)
        .fetch_optional(tx.connection())
        .await?;
    tx.commit().await?;
    match found {
        None => Ok(false),
        Some(setup) => look(doors, kinds, scope, &setup).await.map(|_| true),
    }
}
