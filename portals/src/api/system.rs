//! Tenants below, hosts, the audit log and the event log.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::StatusCode;
use platform::money::Currency;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::host::{self, HostError};
use tenancy::tenant::{self, ChildRow, NewTenant, TenantError};
use tenancy::{HostKind, Mode, Portal, TenantId, TenantKind, audit, timeline};
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;

pub fn endpoints(e: Endpoints) -> Endpoints {
    e.get(
        "/tenants",
        Doc::new("Lists the tenants below this one", "tenants.read", None).lists::<TenantView>(),
        tenants,
    )
    .get(
        "/tenants/{id}",
        Doc::new("Reads a tenant below this one", "tenants.read", None).gives::<TenantView>(),
        tenant,
    )
    .post(
        "/tenants",
        Doc::new("Creates a tenant below this one", "tenants.write", None)
            .takes::<TenantInput>()
            .gives::<TenantView>()
            .status(201),
        create_tenant,
    )
    .get(
        "/hosts",
        Doc::new("Lists the hosts of this tenant", "settings.read", None).lists::<HostView>(),
        hosts,
    )
    .get(
        "/hosts/{id}",
        Doc::new("Reads a host", "settings.read", None).gives::<HostView>(),
        host_by_id,
    )
    .delete(
        "/hosts/{id}",
        Doc::new(
            "Gives a claim on a hostname up; it is not served any more",
            "settings.write",
            None,
        )
        .status(204),
        remove_host,
    )
    .post(
        "/hosts",
        Doc::new("Claims a hostname", "settings.write", None)
            .takes::<HostInput>()
            .gives::<HostView>()
            .status(201),
        add_host,
    )
    .and(logs)
}

fn logs(e: Endpoints) -> Endpoints {
    e.get(
        "/audit",
        Doc::new("Lists audit entries, newest first", "audit.read", None)
            .lists::<AuditView>()
            .filter("subject", "id"),
        audits,
    )
    .get(
        "/audit/{id}",
        Doc::new("Reads an audit entry", "audit.read", None).gives::<AuditView>(),
        audit_by_id,
    )
    .get(
        "/events",
        Doc::new("Lists events, newest first", "audit.read", None)
            .lists::<EventView>()
            .filter("type", "event type")
            .filter("subject", "id"),
        events,
    )
    .get(
        "/events/{id}",
        Doc::new("Reads an event", "audit.read", None).gives::<EventView>(),
        event_by_id,
    )
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantView {
    id: String,
    slug: String,
    name: String,
    parent: Option<String>,
    mode: String,
    status: String,
    reason: Option<String>,
    created_at: String,
}

/// A tenant to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantInput {
    slug: String,
    name: String,
    #[serde(default)]
    sandbox: bool,
    owner: Option<String>,
    currency: Option<String>,
    timezone: Option<String>,
}

fn tenant_view(row: ChildRow) -> TenantView {
    TenantView {
        id: row.id.to_string(),
        slug: row.slug,
        name: row.name,
        parent: row.parent_id.map(|id| id.to_string()),
        mode: row.mode,
        status: row.state,
        reason: row.reason,
        created_at: super::instant(row.created_at),
    }
}

async fn children(app: &App, caller: &ApiCaller) -> Result<Vec<TenantView>, ApiError> {
    let rows = tenant::below(app.tenancy(), caller.scope().tenant().id).await?;
    Ok(rows.into_iter().map(tenant_view).collect())
}

/// A tenant below, as it is shown.
pub async fn show(app: &App, caller: &ApiCaller, id: &str) -> Result<TenantView, ApiError> {
    let found = children(app, caller).await?.into_iter().find(|row| row.id == id);
    found.filter(|_| caller.0.account.is_none()).ok_or(ApiError::NotFound)
}

/// The tenant below with this id.
pub async fn child(app: &App, caller: &ApiCaller, id: &str) -> Result<TenantId, ApiError> {
    show(app, caller, id).await?.id.parse().map_err(|_| ApiError::NotFound)
}

async fn tenants(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    caller.need("tenants.read", None)?;
    let rows = children(&app, &caller).await?;
    body::window::<TenantKind, _>(rows, &query, |row| row.id.clone())
}

async fn tenant(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<TenantView>, ApiError> {
    let found = show(&app, &caller, &id).await?;
    caller.need("tenants.read", None)?;
    Ok(Json(found))
}

async fn create_tenant(
    State(app): State<App>,
    caller: ApiCaller,
    bytes: Bytes,
) -> Result<(StatusCode, Json<TenantView>), ApiError> {
    caller.need("tenants.write", None)?;
    let input: TenantInput = body::read(&bytes)?;
    let own = caller.scope().tenant();
    let currency = match &input.currency {
        Some(code) => Currency::parse(code).map_err(|_| ApiError::field("currency", "This is no currency."))?,
        None => own.currency,
    };
    let timezone = match &input.timezone {
        Some(name) => name
            .parse()
            .map_err(|_| ApiError::field("timezone", "This is no IANA time zone."))?,
        None => own.timezone,
    };
    let owner = input.owner.unwrap_or_default();
    if !owner.is_empty() && tenancy::user::normalise_email(&owner).is_none() {
        return Err(ApiError::field("owner", "This is no e-mail address."));
    }
    let new = NewTenant {
        slug: input.slug,
        name: input.name,
        parent: Some(own.slug.clone()),
        mode: if input.sandbox { Mode::Sandbox } else { Mode::Live },
        currency,
        timezone,
        locale: None,
        settings: serde_json::Map::new(),
    };
    let id = crate::admin::tenants::make(&app, caller.scope(), &new, &owner)
        .await
        .map_err(|error| match error {
            TenantError::BadSlug(_) | TenantError::SlugTaken(_) => ApiError::field("slug", error),
            TenantError::BadName => ApiError::field("name", error),
            other => ApiError::Internal(other.to_string()),
        })?;
    let made = children(&app, &caller)
        .await?
        .into_iter()
        .find(|row| row.id == id.to_string())
        .ok_or(ApiError::NotFound)?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// A host.
#[derive(Debug, Serialize, ToSchema)]
pub struct HostView {
    id: String,
    hostname: String,
    portal: String,
    state: String,
    reason: Option<String>,
    #[schema(value_type = Vec<Object>)]
    records: Value,
}

/// A host to claim.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HostInput {
    hostname: String,
    /// all, site, account, admin or status.
    portal: Option<String>,
}

fn host_view(app: &App, host: &host::Host) -> HostView {
    HostView {
        id: host.id.to_string(),
        hostname: host.hostname.clone(),
        portal: host.portal.clone(),
        state: host.state.clone(),
        reason: host.reason.clone(),
        records: json!(host::records(host, app.tenancy().cname_suffix())),
    }
}

async fn own_hosts(app: &App, caller: &ApiCaller) -> Result<Vec<HostView>, ApiError> {
    let rows = host::list(app.tenancy(), Some(caller.scope().tenant().id)).await?;
    Ok(rows.iter().map(|row| host_view(app, row)).collect())
}

async fn hosts(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    caller.need("settings.read", None)?;
    let rows = own_hosts(&app, &caller).await?;
    body::window::<HostKind, _>(rows, &query, |row| row.id.clone())
}

async fn host_by_id(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<HostView>, ApiError> {
    let found = own_hosts(&app, &caller)
        .await?
        .into_iter()
        .find(|row| row.id == id)
        .ok_or(ApiError::NotFound)?;
    caller.need("settings.read", None)?;
    Ok(Json(found))
}

async fn remove_host(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let found = own_hosts(&app, &caller).await?.into_iter().find(|row| row.id == id);
    let found = found.filter(|_| caller.0.account.is_none()).ok_or(ApiError::NotFound)?;
    caller.need("settings.write", None)?;
    match host::remove(app.tenancy(), caller.scope(), &found.hostname).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(HostError::Db(error)) => Err(error.into()),
        Err(_) => Err(ApiError::NotFound),
    }
}

async fn add_host(
    State(app): State<App>,
    caller: ApiCaller,
    bytes: Bytes,
) -> Result<(StatusCode, Json<HostView>), ApiError> {
    caller.need("settings.write", None)?;
    let input: HostInput = body::read(&bytes)?;
    let word = input.portal.as_deref().unwrap_or("all");
    let portal =
        Portal::parse(word).ok_or_else(|| ApiError::field("portal", "Use all, site, account, admin or status."))?;
    let added = host::add(app.tenancy(), caller.scope(), &input.hostname, portal)
        .await
        .map_err(|error| match error {
            HostError::Db(error) => error.into(),
            other => ApiError::field("hostname", other),
        })?;
    Ok((StatusCode::CREATED, Json(host_view(&app, &added))))
}

/// An audit entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    id: String,
    at: String,
    actor_kind: String,
    actor: String,
    action: String,
    subject: String,
    #[schema(value_type = Object)]
    detail: Value,
}

fn audit_view(entry: audit::Entry) -> AuditView {
    AuditView {
        id: entry.id.to_string(),
        at: super::instant(entry.at),
        actor_kind: entry.actor_kind,
        actor: entry.actor_name,
        action: entry.action,
        subject: entry.subject_id,
        detail: if entry.detail.is_null() {
            json!({})
        } else {
            entry.detail
        },
    }
}

async fn audits(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    caller.need("audit.read", None)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = audit::list(&mut tx, query.filter("subject"), None, query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    Ok(body::page(
        rows.into_iter().map(audit_view).collect(),
        query.limit,
        |view: &AuditView| view.id.clone(),
    ))
}

async fn audit_by_id(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<AuditView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let entry = audit::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    caller.need("audit.read", None)?;
    Ok(Json(audit_view(entry)))
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    timestamp: String,
    subject: String,
    #[schema(value_type = Object)]
    data: Value,
}

fn event_view(event: timeline::Entry) -> EventView {
    EventView {
        id: event.id.to_string(),
        event_type: event.event_type,
        timestamp: super::instant(event.at),
        subject: event.subject_id,
        data: event.payload,
    }
}

async fn events(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    caller.need("audit.read", None)?;
    let filter = timeline::Filter {
        subject: query.filter("subject").map(str::to_owned),
        event_type: query.filter("type").map(str::to_owned),
        account: None,
    };
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = timeline::list(&mut tx, &filter, query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    Ok(body::page(
        rows.into_iter().map(event_view).collect(),
        query.limit,
        |view: &EventView| view.id.clone(),
    ))
}

async fn event_by_id(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<EventView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let event = timeline::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    caller.need("audit.read", None)?;
    Ok(Json(event_view(event)))
}
