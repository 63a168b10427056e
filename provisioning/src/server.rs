//! Servers: configured panel endpoints.

use std::sync::Arc;

use billing::BillingError;
use billing::gateway::conform;
use billing::ids::ServerId;
use platform::db::constraint;
use platform::secret::Secret;
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{Mode, TenantScope, TenantTx, audit};

use crate::PanelKinds;
use crate::operation::Workshop;
use crate::panel::{Panel, PanelContext, PanelError};

/// A sealed token goes to the address it was entered for, and to no other.
const AGAIN: &str = "The address changes: enter the credentials again.";

/// A server, without its credentials.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Server {
    /// Key.
    pub id: ServerId,
    /// Panel kind.
    pub panel: String,
    /// Name.
    pub name: String,
    /// Root of the panel.
    pub base_url: String,
    /// Settings.
    pub settings: Value,
    /// active or disabled.
    pub state: String,
    /// Whether the last check worked.
    pub check_ok: Option<bool>,
    /// What it said.
    pub check_detail: Option<String>,
    /// When configured.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

const COLUMNS: &str =
    "SELECT id, panel, name, base_url, settings, state, check_ok, check_detail, created_at FROM servers";

/// A server to configure.
#[derive(Debug, Clone)]
pub struct NewServer {
    /// Panel kind.
    pub panel: String,
    /// Name.
    pub name: String,
    /// Root of the panel, without its API prefix.
    pub base_url: String,
    /// Credentials, sealed at once.
    pub credentials: Value,
    /// Settings.
    pub settings: Value,
}

/// Configures a server; presence and type are checked, whether it works is what [`check`] says.
///
/// # Errors
/// An unknown panel, or fields that do not fit its schema.
pub async fn configure(tx: &mut TenantTx, kinds: &PanelKinds, new: &NewServer) -> Result<Server, BillingError> {
    let panel = kinds
        .get(&new.panel)
        .ok_or(BillingError::Field("panel", "There is no panel of this kind.".into()))?;
    if !may_use(tx, panel) {
        return Err(BillingError::Field(
            "panel",
            "This tenant cannot use a panel of this kind.".into(),
        ));
    }
    let settings = if new.settings.is_null() {
        json!({})
    } else {
        new.settings.clone()
    };
    let base_url = check_fields(panel, &new.name, &new.base_url, &settings)?;
    conform(&panel.credentials_schema(), &new.credentials, "credentials")?;
    let id: ServerId = tx.new_id();
    let sealed = tx.seal("servers", "credentials", id, new.credentials.to_string().as_bytes());
    let inserted = sqlx::query(
        "INSERT INTO servers (id, panel, name, base_url, credentials, settings, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(&new.panel)
    .bind(new.name.trim())
    .bind(&base_url)
    .bind(sealed)
    .bind(&settings)
    .bind(tx.now())
    .execute(tx.connection())
    .await;
    if let Err(error) = inserted {
        return Err(named(error));
    }
    audit::record(
        tx,
        "server.configured",
        id,
        json!({ "panel": new.panel, "base_url": base_url }),
    )
    .await?;
    find(tx, id).await?.ok_or(BillingError::NotFound("server"))
}

/// Sandbox tenants use what builds nothing, and their parent's, if that is a sandbox; live ones the others.
fn may_use(tx: &TenantTx, panel: &Arc<dyn Panel>) -> bool {
    let tenant = tx.tenant();
    match tenant.mode {
        Mode::Sandbox => panel.is_simulated() || panel.kind() == "upstream",
        Mode::Live => !panel.is_simulated() || tenant.settings.allow_simulated,
    }
}

/// The address as it is kept.
fn check_fields(panel: &Arc<dyn Panel>, name: &str, base_url: &str, settings: &Value) -> Result<String, BillingError> {
    if name.trim().is_empty() || name.chars().count() > 120 {
        return Err(BillingError::Field(
            "name",
            "A name of 1 to 120 characters is needed.".into(),
        ));
    }
    conform(&panel.settings_schema(), settings, "settings")?;
    let address = base_url.trim().trim_end_matches('/');
    if !panel.has_address() {
        return Ok(String::new());
    }
    let plain = |url: &url::Url| {
        ["http", "https"].contains(&url.scheme()) && url.has_host() && url.query().is_none() && url.fragment().is_none()
    };
    match url::Url::parse(address).ok().filter(plain) {
        Some(_) => Ok(address.to_owned()),
        None => Err(BillingError::Field(
            "base_url",
            "Use an address such as https://panel.example.com.".into(),
        )),
    }
}

fn named(error: sqlx::Error) -> BillingError {
    match constraint(&error) {
        Some("servers_name_key") => BillingError::Field("name", "Another server has this name.".into()),
        _ => error.into(),
    }
}

/// What to change on a server; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct ServerChange {
    /// Name.
    pub name: Option<String>,
    /// Root of the panel.
    pub base_url: Option<String>,
    /// New credentials, as a whole.
    pub credentials: Option<Value>,
    /// Settings, as a whole.
    pub settings: Option<Value>,
    /// Whether new services are built on it.
    pub enabled: Option<bool>,
}

/// Changes a server; services on it stay.
///
/// # Errors
/// An unknown server, or fields that do not fit its panel's schema.
pub async fn update(
    tx: &mut TenantTx,
    kinds: &PanelKinds,
    id: ServerId,
    change: &ServerChange,
) -> Result<Server, BillingError> {
    let known = find(tx, id).await?.ok_or(BillingError::NotFound("server"))?;
    let panel = kinds.get(&known.panel).ok_or(BillingError::NotFound("panel kind"))?;
    let name = change.name.as_deref().unwrap_or(&known.name).trim();
    let settings = change.settings.as_ref().unwrap_or(&known.settings);
    let base_url = check_fields(
        panel,
        name,
        change.base_url.as_deref().unwrap_or(&known.base_url),
        settings,
    )?;
    if base_url != known.base_url && change.credentials.is_none() {
        return Err(BillingError::Field("credentials", AGAIN.into()));
    }
    let sealed = match &change.credentials {
        Some(credentials) => {
            conform(&panel.credentials_schema(), credentials, "credentials")?;
            Some(tx.seal("servers", "credentials", id, credentials.to_string().as_bytes()))
        }
        None => None,
    };
    let state = match change.enabled {
        Some(true) => "active",
        Some(false) => "disabled",
        None => &known.state,
    };
    sqlx::query(
        "UPDATE servers SET name = $2, base_url = $3, settings = $4, credentials = coalesce($5, credentials), state = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(name)
    .bind(&base_url)
    .bind(settings)
    .bind(sealed)
    .bind(state)
    .execute(tx.connection())
    .await
    .map_err(named)?;
    let detail = json!({ "name": name, "base_url": base_url, "base_url_before": known.base_url, "state": state, "credentials": change.credentials.is_some() });
    audit::record(tx, "server.updated", id, detail).await?;
    find(tx, id).await?.ok_or(BillingError::NotFound("server"))
}

/// A server by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: ServerId) -> Result<Option<Server>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// All servers, the newest first.
///
/// # Errors
/// When the database refuses.
pub async fn list(tx: &mut TenantTx, limit: i64, after: Option<ServerId>) -> Result<Vec<Server>, BillingError> {
    let sql = format!(
        "{COLUMNS} WHERE $2::uuid IS NULL OR (created_at, id) < (SELECT s.created_at, s.id FROM servers s WHERE s.id = $2) \
         ORDER BY created_at DESC, id DESC LIMIT $1"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

/// Opens a server for calls; the transaction ends before any is made.
///
/// # Errors
/// When there is no such server, or its credentials cannot be opened.
pub async fn open(
    shop: &Workshop,
    scope: &TenantScope,
    id: ServerId,
) -> Result<(Arc<dyn Panel>, PanelContext), BillingError> {
    let mut tx = shop.doors.begin_read(scope).await?;
    let row: Option<(String, String, Vec<u8>, Value, String)> =
        sqlx::query_as("SELECT panel, base_url, credentials, settings, state FROM servers WHERE id = $1")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?;
    let (kind, base_url, sealed, settings, state) = row.ok_or(BillingError::NotFound("server"))?;
    let failed = |why: String| BillingError::Conflict("server_sealed", why);
    let plain = tx
        .open("servers", "credentials", id, &sealed)
        .map_err(|e| failed(e.to_string()))?;
    tx.commit().await?;
    let credentials: Value = serde_json::from_slice(&plain).map_err(|e| failed(e.to_string()))?;
    let panel = shop
        .panels
        .get(&kind)
        .cloned()
        .ok_or(BillingError::NotFound("panel kind"))?;
    let context = PanelContext {
        base_url,
        credentials: Secret::new(credentials),
        settings,
        enabled: state == "active",
        shop: shop.clone(),
        scope: scope.clone(),
    };
    Ok((panel, context))
}

/// Asks whether endpoint and credentials work, and keeps the answer.
///
/// # Errors
/// When there is no such server. A panel that says no is an answer, not an error.
pub async fn check(shop: &Workshop, scope: &TenantScope, id: ServerId) -> Result<(bool, String), BillingError> {
    let (panel, context) = open(shop, scope, id).await?;
    let (ok, detail) = match panel.check(&context).await {
        Ok(detail) => (true, detail),
        Err(error) => (false, error.to_string()),
    };
    let mut tx = shop.doors.begin(scope).await?;
    sqlx::query("UPDATE servers SET checked_at = $2, check_ok = $3, check_detail = $4 WHERE id = $1")
        .bind(id)
        .bind(tx.now())
        .bind(ok)
        .bind(&detail)
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok((ok, detail))
}

/// What a panel offers for a product: packages to choose from.
///
/// # Errors
/// When there is no such server, or the panel refuses.
pub async fn packages(
    shop: &Workshop,
    scope: &TenantScope,
    id: ServerId,
) -> Result<Vec<crate::panel::Package>, BillingError> {
    let (panel, context) = open(shop, scope, id).await?;
    panel.packages(&context).await.map_err(said_no)
}

/// What can be installed on what a product's settings describe.
///
/// # Errors
/// When there is no such server, or the panel refuses.
pub async fn images(
    shop: &Workshop,
    scope: &TenantScope,
    id: ServerId,
    panel_settings: &Value,
) -> Result<Vec<crate::panel::Image>, BillingError> {
    let (panel, context) = open(shop, scope, id).await?;
    panel.images(&context, panel_settings).await.map_err(said_no)
}

/// A panel's no or its absence, for a caller who asked directly.
pub(crate) fn said_no(error: PanelError) -> BillingError {
    let code = match &error {
        PanelError::Refused(_) => "panel_refused",
        PanelError::NoCapacity(_) => "no_capacity",
        PanelError::Gone => "gone",
        PanelError::Retry { .. } | PanelError::Unknown(_) => "panel_away",
    };
    BillingError::Conflict(code, error.to_string())
}
