//! Gateways: how this tenant is paid.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::gateway::{self, GatewayError, GatewayRow};
use billing::ids::{GatewayId, GatewayKind};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::Portal;
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use super::servers::CheckView;
use crate::app::App;

type Answer<T> = Result<Json<T>, ApiError>;
type Created<T> = Result<(StatusCode, Json<T>), ApiError>;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = Doc::new;
    e.get(
        "/gateway_kinds",
        doc("Lists the kinds of gateways with their schemas", "payments.read", None).gives_object(),
        gateway_kinds,
    )
    .get(
        "/gateways",
        doc("Lists configured gateways", "payments.read", None).lists::<GatewayView>(),
        gateways,
    )
    .get(
        "/gateways/{id}",
        doc("Reads a gateway", "payments.read", None).gives::<GatewayView>(),
        gateway_by_id,
    )
    .post(
        "/gateways",
        doc("Configures a gateway", "payments.write", None)
            .takes::<GatewayInput>()
            .gives::<GatewayView>()
            .status(201),
        create_gateway,
    )
    .post(
        "/gateways/{id}/check",
        doc("Asks whether address and credentials work", "payments.write", None).gives::<CheckView>(),
        check_gateway,
    )
}

async fn gateway_kinds(State(app): State<App>, caller: ApiCaller) -> Answer<Value> {
    caller.need("payments.read", None)?;
    Ok(Json(json!({ "data": app.gateways().describe(), "next": null })))
}

/// A configured gateway; its credentials are never answered back.
#[derive(Debug, Serialize, ToSchema)]
pub struct GatewayView {
    id: String,
    kind: String,
    name: String,
    #[schema(value_type = Object)]
    settings: Value,
    status: String,
    webhook_url: String,
    created_at: String,
}

/// A gateway to configure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayInput {
    kind: String,
    name: Option<String>,
    #[schema(value_type = Object)]
    credentials: Value,
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
}

fn gateway_view(app: &App, caller: &ApiCaller, gateway: GatewayRow) -> GatewayView {
    let path = format!("/hooks/{}/{}", gateway.kind, gateway.id);
    GatewayView {
        webhook_url: app.link(caller.scope().tenant(), Portal::All, &path),
        id: gateway.id.to_string(),
        kind: gateway.kind,
        name: gateway.name,
        settings: gateway.settings,
        status: gateway.state,
        created_at: super::instant(gateway.created_at),
    }
}

async fn gateways(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("payments.read", None)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = gateway::list(&mut tx).await?;
    tx.commit().await?;
    let views = rows.into_iter().map(|row| gateway_view(&app, &caller, row)).collect();
    body::window::<GatewayKind, _>(views, &query, |v: &GatewayView| v.id.clone())
}

async fn gateway_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<GatewayView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = gateway::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    caller.need("payments.read", None)?;
    tx.commit().await?;
    Ok(Json(gateway_view(&app, &caller, found)))
}

async fn create_gateway(State(app): State<App>, caller: ApiCaller, bytes: Bytes) -> Created<GatewayView> {
    caller.need("payments.write", None)?;
    let input: GatewayInput = body::read(&bytes)?;
    let settings = input.settings.unwrap_or_else(|| json!({}));
    let name = input.name.unwrap_or_default();
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let made = gateway::configure(
        &mut tx,
        app.gateways(),
        &input.kind,
        &name,
        &input.credentials,
        &settings,
    )
    .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(gateway_view(&app, &caller, made))))
}

async fn check_gateway(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<CheckView> {
    let id: GatewayId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    gateway::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    caller.need("payments.write", None)?;
    let (adapter, context) = gateway::open(app.tenancy(), app.gateways(), caller.scope(), id).await?;
    Ok(Json(match adapter.check(&context).await {
        Ok(detail) => CheckView { ok: true, detail },
        Err(
            GatewayError::Refused(why)
            | GatewayError::Away(why)
            | GatewayError::Signature(why)
            | GatewayError::Malformed(why),
        ) => CheckView { ok: false, detail: why },
    }))
}
