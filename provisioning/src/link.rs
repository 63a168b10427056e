//! Ways in and quick acts: each is checked against what the panel can do, and audited.

use billing::ids::ServiceId;
use billing::{BillingError, service};
use platform::db::Tx as _;
use platform::secret::Secret;
use serde_json::{Value, json};
use tenancy::{TenantScope, TenantTx, audit};

use crate::operation::{self, Workshop};
use crate::panel::{Capability, Link, Power};
use crate::usage::patient;
use crate::{OperationId, PanelKinds};

fn cannot() -> BillingError {
    BillingError::Conflict("not_offered", "This is not offered for this service.".into())
}

/// What can be done with a service now, for the page that offers it.
///
/// # Errors
/// When there is no such service.
pub async fn offered(
    tx: &mut TenantTx,
    kinds: &PanelKinds,
    id: ServiceId,
) -> Result<&'static [Capability], BillingError> {
    let found = operation::allowed(tx, id).await?;
    if !["active", "suspended"].contains(&found.status.as_str()) {
        return Ok(&[]);
    }
    let kind: Option<String> = sqlx::query_scalar("SELECT panel FROM servers WHERE id = $1")
        .bind(found.server_id)
        .fetch_optional(tx.connection())
        .await?;
    Ok(kind
        .and_then(|kind| kinds.get(&kind).map(|panel| panel.capabilities()))
        .unwrap_or_default())
}

/// A link that signs the owner in to the panel: made on click, used at once, never kept.
///
/// # Errors
/// When the service does not run, the panel cannot, or says no.
pub async fn sign_in_link(shop: &Workshop, scope: &TenantScope, id: ServiceId) -> Result<Link, BillingError> {
    let (panel, context, target, found) = operation::reach(shop, scope, id).await?;
    must_run(&found)?;
    if !panel.capabilities().contains(&Capability::SignInLink) {
        return Err(cannot());
    }
    let link = patient(panel.sign_in_link(&context, &target)).await?;
    note(shop, scope, id, "service.panel_opened").await?;
    Ok(link)
}

/// The way to the console: made on click, used at once, never kept.
///
/// # Errors
/// As [`sign_in_link`].
pub async fn console_link(shop: &Workshop, scope: &TenantScope, id: ServiceId) -> Result<Link, BillingError> {
    let (panel, context, target, found) = operation::reach(shop, scope, id).await?;
    must_run(&found)?;
    if !panel.capabilities().contains(&Capability::ConsoleLink) {
        return Err(cannot());
    }
    let link = patient(panel.console_link(&context, &target)).await?;
    note(shop, scope, id, "service.console_opened").await?;
    Ok(link)
}

fn must_run(found: &service::Service) -> Result<(), BillingError> {
    match found.status.as_str() {
        "active" => Ok(()),
        "suspended" => Err(BillingError::Conflict("suspended", "The service is suspended.".into())),
        _ => Err(BillingError::Conflict("not_active", "The service does not run.".into())),
    }
}

async fn note(shop: &Workshop, scope: &TenantScope, id: ServiceId, action: &str) -> Result<(), BillingError> {
    let mut tx = shop.doors.begin(scope).await?;
    audit::record(&mut tx, action, id, Value::Null).await?;
    Ok(tx.commit().await?)
}

/// Wants the power switched.
///
/// # Errors
/// When the service does not run, or its panel cannot.
pub async fn power(
    tx: &mut TenantTx,
    kinds: &PanelKinds,
    id: ServiceId,
    power: Power,
) -> Result<OperationId, BillingError> {
    let wanted = act(
        tx,
        kinds,
        id,
        (Capability::Power, "power"),
        json!({ "action": power.word() }),
    )
    .await?;
    audit::record(tx, "service.power_switched", id, json!({ "action": power.word() })).await?;
    Ok(wanted)
}

/// Wants a new root password; when the operation is done, [`take_password`] shows it.
///
/// # Errors
/// When the service does not run, or its panel cannot.
pub async fn root_password(tx: &mut TenantTx, kinds: &PanelKinds, id: ServiceId) -> Result<OperationId, BillingError> {
    let wanted = act(tx, kinds, id, (Capability::RootPassword, "root_password"), json!({})).await?;
    audit::record(tx, "service.password_wanted", id, Value::Null).await?;
    Ok(wanted)
}

async fn act(
    tx: &mut TenantTx,
    kinds: &PanelKinds,
    id: ServiceId,
    (capability, kind): (Capability, &str),
    input: Value,
) -> Result<OperationId, BillingError> {
    let found = operation::allowed(tx, id).await?;
    must_run(&found)?;
    if !offered(tx, kinds, id).await?.contains(&capability) {
        return Err(cannot());
    }
    // Locked, so that two clicks at once see each other: the same act is not asked for twice while it is under way.
    sqlx::query("SELECT id FROM services WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(tx.connection())
        .await?;
    if let Some(same) = under_way(tx, id, kind, &input).await? {
        return Ok(same);
    }
    let key = format!("{kind}:{id}:{}", tx.new_uuid());
    operation::want(tx, id, kind, &key, input).await
}

async fn under_way(
    tx: &mut TenantTx,
    id: ServiceId,
    kind: &str,
    input: &Value,
) -> Result<Option<OperationId>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM operations WHERE service_id = $1 AND kind = $2 AND input - 'notes' = $3 \
         AND status IN ('queued', 'running', 'waiting', 'retrying') ORDER BY created_at DESC LIMIT 1",
    )
    .bind(id)
    .bind(kind)
    .bind(input)
    .fetch_optional(tx.connection())
    .await?)
}

/// Whether a root password waits to be shown.
///
/// # Errors
/// When there is no such service, or it is not the actor's.
pub async fn has_password(tx: &mut TenantTx, id: ServiceId) -> Result<bool, BillingError> {
    operation::allowed(tx, id).await?;
    Ok(
        sqlx::query_scalar("SELECT secrets IS NOT NULL FROM services WHERE id = $1")
            .bind(id)
            .fetch_one(tx.connection())
            .await?,
    )
}

/// Which of these services, already known to be the actor's, have a root password that waits to be shown.
///
/// # Errors
/// When the database refuses.
pub async fn with_password(tx: &mut TenantTx, services: &[ServiceId]) -> Result<Vec<ServiceId>, BillingError> {
    Ok(
        sqlx::query_scalar("SELECT id FROM services WHERE id = ANY($1) AND secrets IS NOT NULL")
            .bind(services)
            .fetch_all(tx.connection())
            .await?,
    )
}

/// The root password as the panel gave it last: shown once, then forgotten here; none when there is none to show.
///
/// # Errors
/// When there is no such service, or the value cannot be opened.
pub async fn take_password(tx: &mut TenantTx, id: ServiceId) -> Result<Option<Secret<String>>, BillingError> {
    operation::allowed(tx, id).await?;
    let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT secrets FROM services WHERE id = $1 FOR UPDATE")
        .bind(id)
        .fetch_one(tx.connection())
        .await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let plain = tx
        .open("services", "secrets", id, &sealed)
        .map_err(|e| BillingError::Conflict("password_sealed", e.to_string()))?;
    sqlx::query("UPDATE services SET secrets = NULL WHERE id = $1")
        .bind(id)
        .execute(tx.connection())
        .await?;
    audit::record(tx, "service.password_shown", id, Value::Null).await?;
    Ok(Some(Secret::new(String::from_utf8_lossy(&plain).into_owned())))
}
