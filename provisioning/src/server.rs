//! Servers: configured panel endpoints.

use std::sync::Arc;

use billing::BillingError;
use billing::gateway::conform;
use billing::ids::ServerId;
use platform::db::constraint;
use platform::outbound::Outbound;
use platform::secret::Secret;
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{Tenancy, TenantScope, TenantTx, audit};

use crate::PanelKinds;
use crate::panel::{Panel, PanelContext};

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
    if new.name.trim().is_empty() {
        return Err(BillingError::Field("name", "A name is needed.".into()));
    }
    let url = url::Url::parse(&new.base_url)
        .ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    if url.is_none() {
        return Err(BillingError::Field(
            "base_url",
            "Use an address such as https://panel.example.com.".into(),
        ));
    }
    conform(&panel.credentials_schema(), &new.credentials, "credentials")?;
    conform(&panel.settings_schema(), &new.settings, "settings")?;
    let id: ServerId = tx.new_id();
    let sealed = tx.seal("servers", "credentials", id, new.credentials.to_string().as_bytes());
    let inserted = sqlx::query(
        "INSERT INTO servers (id, panel, name, base_url, credentials, settings, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(&new.panel)
    .bind(new.name.trim())
    .bind(new.base_url.trim_end_matches('/'))
    .bind(sealed)
    .bind(&new.settings)
    .bind(tx.now())
    .execute(tx.connection())
    .await;
    if let Err(error) = inserted {
        return Err(match constraint(&error) {
            Some("servers_name_key") => BillingError::Field("name", "Another server has this name.".into()),
            _ => error.into(),
        });
    }
    audit::record(
        tx,
        "server.configured",
        id,
        json!({ "panel": new.panel, "base_url": new.base_url }),
    )
    .await?;
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
    doors: &Tenancy,
    kinds: &PanelKinds,
    outbound: &Outbound,
    scope: &TenantScope,
    id: ServerId,
) -> Result<(Arc<dyn Panel>, PanelContext), BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let row: Option<(String, String, Vec<u8>, Value)> =
        sqlx::query_as("SELECT panel, base_url, credentials, settings FROM servers WHERE id = $1")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?;
    let (kind, base_url, sealed, settings) = row.ok_or(BillingError::NotFound("server"))?;
    let failed = |why: String| BillingError::Conflict("server_sealed", why);
    let plain = tx
        .open("servers", "credentials", id, &sealed)
        .map_err(|e| failed(e.to_string()))?;
    tx.commit().await?;
    let credentials: Value = serde_json::from_slice(&plain).map_err(|e| failed(e.to_string()))?;
    let panel = kinds.get(&kind).cloned().ok_or(BillingError::NotFound("panel kind"))?;
    Ok((
        panel,
        PanelContext {
            base_url,
            credentials: Secret::new(credentials),
            settings,
            outbound: outbound.clone(),
        },
    ))
}

/// Asks whether endpoint and credentials work, and keeps the answer.
///
/// # Errors
/// When there is no such server. A panel that says no is an answer, not an error.
pub async fn check(
    doors: &Tenancy,
    kinds: &PanelKinds,
    outbound: &Outbound,
    scope: &TenantScope,
    id: ServerId,
) -> Result<(bool, String), BillingError> {
    let (panel, context) = open(doors, kinds, outbound, scope, id).await?;
    let (ok, detail) = match panel.check(&context).await {
        Ok(detail) => (true, detail),
        Err(error) => (false, error.to_string()),
    };
    let mut tx = doors.begin(scope).await?;
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
