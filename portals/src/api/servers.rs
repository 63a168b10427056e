//! Where services come from: panel endpoints.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::ids::ServerId;
use http::StatusCode;
use provisioning::server::{self, NewServer, Server, ServerChange};
use provisioning::sweep;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;

type Answer<T> = Result<Json<T>, ApiError>;
type Created<T> = Result<(StatusCode, Json<T>), ApiError>;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = Doc::new;
    e.get(
        "/panels",
        doc("Lists the kinds of panels with their schemas", "servers.read", None).gives_object(),
        panels,
    )
    .get(
        "/servers",
        doc("Lists configured panel endpoints", "servers.read", None).lists::<ServerView>(),
        servers,
    )
    .get(
        "/servers/{id}",
        doc("Reads a panel endpoint", "servers.read", None).gives::<ServerView>(),
        server_by_id,
    )
    .post(
        "/servers",
        doc("Configures a panel endpoint", "servers.write", None)
            .takes::<ServerInput>()
            .gives::<ServerView>()
            .status(201),
        create_server,
    )
    .patch(
        "/servers/{id}",
        doc("Changes a panel endpoint; services on it stay", "servers.write", None)
            .takes::<ServerPatch>()
            .gives::<ServerView>(),
        change_server,
    )
    .post(
        "/servers/{id}/check",
        doc("Asks whether endpoint and credentials work", "servers.write", None).gives::<CheckView>(),
        check_server,
    )
    .post(
        "/servers/{id}/reconciliation",
        doc(
            "Compares the server with our services on it, in the background; what differs becomes tasks",
            "servers.write",
            None,
        )
        .gives::<ReconciliationView>()
        .status(202),
        reconcile,
    )
}

async fn panels(State(app): State<App>, caller: ApiCaller) -> Answer<Value> {
    caller.need("servers.read", None)?;
    Ok(Json(json!({ "data": app.panels().describe(), "next": null })))
}

/// A configured panel endpoint; its credentials are never answered back.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerView {
    id: String,
    panel: String,
    name: String,
    base_url: String,
    #[schema(value_type = Object)]
    settings: Value,
    status: String,
    check_ok: Option<bool>,
    check_detail: Option<String>,
    created_at: String,
}

/// Whether it works, and what it said.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckView {
    pub ok: bool,
    pub detail: String,
}

/// Fields to change; what is left out stays. Credentials and settings are replaced as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerPatch {
    name: Option<String>,
    base_url: Option<String>,
    #[schema(value_type = Option<Object>)]
    credentials: Option<Value>,
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    /// Whether new services are built on it.
    enabled: Option<bool>,
}

/// A panel endpoint to configure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerInput {
    panel: String,
    name: String,
    /// The panel's root; left out where a panel has no address of its own (upstream, sandbox).
    #[serde(default)]
    base_url: String,
    #[schema(value_type = Object)]
    credentials: Value,
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
}

fn server_view(server: Server) -> ServerView {
    ServerView {
        id: server.id.to_string(),
        panel: server.panel,
        name: server.name,
        base_url: server.base_url,
        settings: server.settings,
        status: server.state,
        check_ok: server.check_ok,
        check_detail: server.check_detail,
        created_at: super::instant(server.created_at),
    }
}

async fn servers(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("servers.read", None)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = server::list(&mut tx, query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    Ok(body::page(
        rows.into_iter().map(server_view).collect(),
        query.limit,
        |v: &ServerView| v.id.clone(),
    ))
}

async fn server_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<ServerView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = server::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    caller.need("servers.read", None)?;
    tx.commit().await?;
    Ok(Json(server_view(found)))
}

async fn create_server(State(app): State<App>, caller: ApiCaller, bytes: Bytes) -> Created<ServerView> {
    caller.need("servers.write", None)?;
    let input: ServerInput = body::read(&bytes)?;
    let new = NewServer {
        panel: input.panel,
        name: input.name,
        base_url: input.base_url,
        credentials: input.credentials,
        settings: input.settings.unwrap_or_else(|| json!({})),
    };
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let made = server::configure(&mut tx, app.panels(), &new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(server_view(made))))
}

async fn change_server(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Answer<ServerView> {
    let id: ServerId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    server::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    caller.need("servers.write", None)?;
    let patch: ServerPatch = body::read(&bytes)?;
    let change = ServerChange {
        name: patch.name,
        base_url: patch.base_url,
        credentials: patch.credentials,
        settings: patch.settings,
        enabled: patch.enabled,
    };
    let changed = server::update(&mut tx, app.panels(), id, &change).await?;
    tx.commit().await?;
    Ok(Json(server_view(changed)))
}

async fn check_server(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<CheckView> {
    let id: ServerId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    server::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    caller.need("servers.write", None)?;
    let (ok, detail) = server::check(&app.workshop(), caller.scope(), id).await?;
    Ok(Json(CheckView { ok, detail }))
}

/// A comparison that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReconciliationView {
    server: String,
    /// queued.
    status: &'static str,
}

async fn reconcile(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<ReconciliationView>), ApiError> {
    let id: ServerId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    server::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    caller.need("servers.write", None)?;
    sweep::compare_now(&mut tx, id).await?;
    tx.commit().await?;
    let view = ReconciliationView {
        server: id.to_string(),
        status: "queued",
    };
    Ok((StatusCode::ACCEPTED, Json(view)))
}
