//! Changing a configured gateway: its name, its credentials, whether it is offered.

use serde_json::{Value, json};
use tenancy::{TenantTx, audit};

use super::{GatewayKinds, GatewayRow, conform, find};
use crate::BillingError;
use crate::ids::GatewayId;

/// A sealed key goes to the address it was entered for, and to no other.
const AGAIN: &str = "The address changes: enter the credentials again.";

/// What to change; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct GatewayChange {
    /// Name.
    pub name: Option<String>,
    /// New credentials, as a whole.
    pub credentials: Option<Value>,
    /// Settings, as a whole.
    pub settings: Option<Value>,
    /// Whether it is offered for new payments.
    pub enabled: Option<bool>,
}

/// Changes a gateway; payments and saved methods on it stay.
///
/// # Errors
/// An unknown gateway, or fields that do not fit its schema.
pub async fn update(
    tx: &mut TenantTx,
    kinds: &GatewayKinds,
    id: GatewayId,
    change: &GatewayChange,
) -> Result<GatewayRow, BillingError> {
    let known = find(tx, id).await?.ok_or(BillingError::NotFound("gateway"))?;
    let gateway = kinds.get(&known.kind).ok_or(BillingError::NotFound("gateway kind"))?;
    let name = change.name.as_deref().map_or(known.name.as_str(), str::trim);
    let name = if name.is_empty() { known.kind.as_str() } else { name };
    if name.chars().count() > 120 || name.chars().any(char::is_control) {
        return Err(BillingError::Field(
            "name",
            "At most 120 characters on one line.".into(),
        ));
    }
    let settings = change.settings.as_ref().unwrap_or(&known.settings);
    conform(&gateway.settings_schema(), settings, "settings")?;
    let elsewhere = ["api_base", "ca_file"]
        .iter()
        .any(|key| settings[*key] != known.settings[*key]);
    if elsewhere && change.credentials.is_none() {
        return Err(BillingError::Field("credentials", AGAIN.into()));
    }
    let sealed = match &change.credentials {
        Some(credentials) => {
            conform(&gateway.credentials_schema(), credentials, "credentials")?;
            Some(tx.seal("gateways", "credentials", id, credentials.to_string().as_bytes()))
        }
        None => None,
    };
    let state = match change.enabled {
        Some(true) => "active",
        Some(false) => "disabled",
        None => &known.state,
    };
    sqlx::query(
        "UPDATE gateways SET name = $2, settings = $3, credentials = coalesce($4, credentials), state = $5 WHERE id = $1",
    )
    .bind(id)
    .bind(name)
    .bind(settings)
    .bind(sealed)
    .bind(state)
    .execute(tx.connection())
    .await?;
    let detail = json!({ "name": name, "state": state, "credentials": change.credentials.is_some(),
        "api_base": settings["api_base"] });
    audit::record(tx, "gateway.updated", id, detail).await?;
    find(tx, id).await?.ok_or(BillingError::NotFound("gateway"))
}
