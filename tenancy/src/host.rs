//! Hosts: which names lead to a tenant, and the claims that prove a name is theirs.
//!
//! A claim's CNAME target is unguessable and never reused, so one record proves, routes, and is
//! worthless to anyone else. Claims of several tenants may coexist; the first proof wins.

use platform::db::DbError;
use serde::Serialize;
use serde_json::json;

use crate::{ControlTx, HostId, Portal, Tenancy, TenantId, TenantScope, audit, resolve};

/// A host as listed.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Host {
    /// Key.
    pub id: HostId,
    /// The name.
    pub hostname: String,
    /// Slug of the tenant.
    pub tenant: String,
    /// Which surfaces.
    pub portal: String,
    /// pending, verified, issuing, serving, failing, released.
    pub state: String,
    /// Why it is where it is.
    pub reason: Option<String>,
    /// The claim's unguessable label.
    #[serde(skip)]
    pub claim: String,
    /// When added.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

/// A DNS record the owner of the name sets; one way is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// `cname` proves and routes; `txt` needs an address of ours besides.
    pub way: &'static str,
    /// Record type.
    #[serde(rename = "type")]
    pub record_type: &'static str,
    /// Owner name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A host cannot be added or found.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// No hostname.
    #[error("{0:?} is no hostname that can be claimed: it needs at least two labels, and no address or wildcard")]
    BadName(String),
    /// One of the platform's own names.
    #[error("{0:?} belongs to the platform")]
    Ours(String),
    /// Claimed by this tenant already.
    #[error("{0:?} is claimed by this tenant already")]
    Claimed(String),
    /// Unknown.
    #[error("this tenant has no host {0:?}")]
    Unknown(String),
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The records that prove a claim.
#[must_use]
pub fn records(host: &Host, cname_suffix: &str) -> Vec<Record> {
    vec![
        Record {
            way: "cname",
            record_type: "CNAME",
            name: host.hostname.clone(),
            value: format!("{}.{cname_suffix}", host.claim),
        },
        Record {
            way: "txt",
            record_type: "TXT",
            name: format!("_claim.{}", host.hostname),
            value: format!("claim={}", host.claim),
        },
    ]
}

/// Adds a claim for `name`; it serves once its records are seen.
///
/// # Errors
/// Names that cannot be claimed: addresses, single labels, wildcards, the platform's own.
pub async fn add(tenancy: &Tenancy, scope: &TenantScope, name: &str, portal: Portal) -> Result<Host, HostError> {
    let tenant = scope.tenant();
    let hostname = resolve::normalise_host(name).map_err(|_| HostError::BadName(name.to_owned()))?;
    if name.contains([':', '*', '_']) || !hostname.contains('.') {
        return Err(HostError::BadName(name.to_owned()));
    }
    let base = tenancy.base_domain();
    let suffix = tenancy.cname_suffix();
    for own in [base, suffix] {
        if hostname == own || hostname.ends_with(&format!(".{own}")) {
            return Err(HostError::Ours(hostname));
        }
    }
    let mut tx = tenancy.control().await?;
    let id: HostId = tx.new_id();
    let claim = tx.random().base32_lower(26);
    let now = tx.now();
    let insert = sqlx::query(
        "INSERT INTO control.hosts (id, hostname, tenant_id, portal, kind, state, claim, reason, created_at) \
         VALUES ($1, $2, $3, $4, 'custom', 'pending', $5, 'waiting for the DNS record', $6)",
    )
    .bind(id)
    .bind(&hostname)
    .bind(tenant.id)
    .bind(portal.word())
    .bind(claim)
    .bind(now)
    .execute(tx.connection())
    .await;
    if let Err(error) = insert {
        return Err(match platform::db::constraint(&error) {
            Some("hosts_tenant_id_hostname_key") => HostError::Claimed(hostname),
            _ => DbError::from(error).into(),
        });
    }
    tx.announce("host", &hostname).await?;
    let host = find(&mut tx, tenant.id, &hostname).await?;
    record(tenancy, scope, ("host.added", id), &hostname).await?;
    tx.commit().await?;
    tenancy.refresh().await?;
    host.ok_or(HostError::Unknown(hostname))
}

const COLUMNS: &str = "SELECT h.id, h.hostname, t.slug AS tenant, h.portal, h.state, h.reason, h.claim, h.created_at \
                       FROM control.hosts h JOIN control.tenants t ON t.id = h.tenant_id";

async fn find(tx: &mut ControlTx, tenant: TenantId, hostname: &str) -> Result<Option<Host>, DbError> {
    let sql = format!("{COLUMNS} WHERE h.tenant_id = $1 AND h.hostname = $2");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(tenant)
        .bind(hostname)
        .fetch_optional(tx.connection())
        .await?)
}

/// Claims of one tenant, or of all, by name.
///
/// # Errors
/// When the database refuses.
pub async fn list(tenancy: &Tenancy, tenant: Option<TenantId>) -> Result<Vec<Host>, DbError> {
    let mut tx = tenancy.control().await?;
    let sql = format!("{COLUMNS} WHERE $1::uuid IS NULL OR h.tenant_id = $1 ORDER BY h.hostname, t.slug");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(tenant)
        .fetch_all(tx.connection())
        .await?)
}

/// Written before the deed is committed in `control`: a deed that nobody wrote down cannot be.
async fn record(
    tenancy: &Tenancy,
    scope: &TenantScope,
    (action, id): (&str, HostId),
    hostname: &str,
) -> Result<(), DbError> {
    let mut tx = tenancy.begin(scope).await?;
    audit::record(&mut tx, action, id, json!({ "name": hostname })).await?;
    tx.commit().await
}

/// Removes a claim and stops serving its name.
///
/// # Errors
/// When this tenant has no such host.
pub async fn remove(tenancy: &Tenancy, scope: &TenantScope, name: &str) -> Result<(), HostError> {
    let hostname = resolve::normalise_host(name).map_err(|_| HostError::BadName(name.to_owned()))?;
    let mut tx = tenancy.control().await?;
    let gone: Option<HostId> =
        sqlx::query_scalar("DELETE FROM control.hosts WHERE tenant_id = $1 AND hostname = $2 RETURNING id")
            .bind(scope.tenant().id)
            .bind(&hostname)
            .fetch_optional(tx.connection())
            .await
            .map_err(DbError::from)?;
    let Some(id) = gone else {
        return Err(HostError::Unknown(hostname));
    };
    tx.announce("host", &hostname).await?;
    record(tenancy, scope, ("host.removed", id), &hostname).await?;
    tx.commit().await?;
    tenancy.refresh().await?;
    Ok(())
}
