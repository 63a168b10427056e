//! Services and operations.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::ids::ServiceId;
use billing::service::{self, Service};
use billing::suspension;
use http::StatusCode;
use provisioning::operation::{self, Operation, RunOperation};
use provisioning::{OperationId, link};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::TenantTx;
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
    let (read, write) = (Some("services.use"), Some("services.manage"));
    e.get(
        "/services",
        doc("Lists services, newest first", "services.read", read)
            .lists::<ServiceView>()
            .filter("account", "account id")
            .filter("status", "status"),
        services,
    )
    .get(
        "/services/{id}",
        doc("Reads a service", "services.read", read).gives::<ServiceView>(),
        service_by_id,
    )
    .post(
        "/services/{id}/suspension",
        doc("Suspends a service", "services.write", None)
            .may_take::<ReasonInput>()
            .gives::<ServiceView>()
            .status(202),
        suspend,
    )
    .delete(
        "/services/{id}/suspension",
        doc("Lifts staff's suspension", "services.write", None)
            .gives::<ServiceView>()
            .status(202),
        resume,
    )
    .post(
        "/services/{id}/termination",
        doc("Terminates a service", "services.write", write)
            .may_take::<ReasonInput>()
            .gives::<ServiceView>()
            .status(202),
        terminate,
    )
    .post(
        "/services/{id}/power",
        doc("Starts, stops or restarts", "services.write", read)
            .takes::<PowerInput>()
            .gives::<OperationView>()
            .status(202),
        power,
    )
    .get(
        "/operations",
        doc("Lists operations, newest first", "services.read", None)
            .lists::<OperationView>()
            .filter("service", "service id"),
        operations,
    )
    .get(
        "/operations/{id}",
        doc("Reads an operation", "services.read", None).gives::<OperationView>(),
        operation_by_id,
    )
    .post(
        "/operations/{id}/retry",
        doc("Tries a failed operation again", "services.write", None)
            .gives::<OperationView>()
            .status(202),
        retry,
    )
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceView {
    id: String,
    account: String,
    product: String,
    plan: String,
    subscription: String,
    server: Option<String>,
    hostname: String,
    status: String,
    reason: Option<String>,
    panel_ref: Option<String>,
    ip_addresses: Vec<String>,
    created_at: String,
    activated_at: Option<String>,
}

fn service_view(service: Service, staff: bool) -> ServiceView {
    ServiceView {
        id: service.id.to_string(),
        account: service.account_id.to_string(),
        product: service.product_id.to_string(),
        plan: service.plan_id.to_string(),
        subscription: service.subscription_id.to_string(),
        server: service.server_id.filter(|_| staff).map(|id| id.to_string()),
        hostname: service.hostname,
        status: service.status,
        reason: service.reason,
        panel_ref: service.panel_ref,
        ip_addresses: service.ip_addresses,
        created_at: super::instant(service.created_at),
        activated_at: service.activated_at.map(super::instant),
    }
}

async fn services(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("services.read", Some("services.use"))?;
    let account = caller.0.account.or(query.id("account")?);
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = service::list(
        &mut tx,
        account,
        query.filter("status"),
        query.limit + 1,
        query.after()?,
    )
    .await?;
    tx.commit().await?;
    let staff = caller.0.account.is_none();
    Ok(body::page(
        rows.into_iter().map(|s| service_view(s, staff)).collect(),
        query.limit,
        |v: &ServiceView| v.id.clone(),
    ))
}

pub(super) async fn find_service(tx: &mut TenantTx, caller: &ApiCaller, id: &str) -> Result<Service, ApiError> {
    let id: ServiceId = id.parse().map_err(|_| ApiError::NotFound)?;
    service::find(tx, id)
        .await?
        .filter(|s| caller.0.sees(s.account_id))
        .ok_or(ApiError::NotFound)
}

async fn service_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<ServiceView> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = find_service(&mut tx, &caller, &id).await?;
    caller.need("services.read", Some("services.use"))?;
    tx.commit().await?;
    Ok(Json(service_view(found, caller.0.account.is_none())))
}

/// A reason.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonInput {
    reason: Option<String>,
}

async fn answer_service(mut tx: TenantTx, id: ServiceId, staff: bool) -> Created<ServiceView> {
    let found = service::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(service_view(found, staff))))
}

async fn suspend(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Created<ServiceView> {
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let found = find_service(&mut tx, &caller, &id).await?;
    caller.need("services.write", None)?;
    let input: ReasonInput = body::read_or_default(&bytes)?;
    suspension::suspend(
        &mut tx,
        found.id,
        "staff",
        None,
        input.reason.as_deref().unwrap_or("suspended by staff"),
    )
    .await?;
    answer_service(tx, found.id, true).await
}

async fn resume(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Created<ServiceView> {
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let found = find_service(&mut tx, &caller, &id).await?;
    caller.need("services.write", None)?;
    suspension::lift(&mut tx, found.id, "staff").await?;
    answer_service(tx, found.id, true).await
}

async fn terminate(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Created<ServiceView> {
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let found = find_service(&mut tx, &caller, &id).await?;
    caller.need("services.write", Some("services.manage"))?;
    let input: ReasonInput = body::read_or_default(&bytes)?;
    service::want_termination(&mut tx, found.id, input.reason.as_deref().unwrap_or("asked for")).await?;
    answer_service(tx, found.id, caller.0.account.is_none()).await
}

/// What to do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerInput {
    /// start, shutdown, restart or off.
    action: String,
}

/// An operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationView {
    id: String,
    service: String,
    kind: String,
    status: String,
    step: String,
    tries: i32,
    reason: Option<String>,
    created_at: String,
    finished_at: Option<String>,
}

pub(super) fn operation_view(operation: Operation) -> OperationView {
    OperationView {
        id: operation.id.to_string(),
        service: operation.service_id.to_string(),
        kind: operation.kind,
        status: operation.status,
        step: operation.step,
        tries: operation.tries,
        reason: operation.reason,
        created_at: super::instant(operation.created_at),
        finished_at: operation.finished_at.map(super::instant),
    }
}

async fn power(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Created<OperationView> {
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let found = find_service(&mut tx, &caller, &id).await?;
    caller.need("services.write", Some("services.use"))?;
    let input: PowerInput = body::read(&bytes)?;
    let Some(power) = provisioning::panel::Power::parse(&input.action) else {
        return Err(ApiError::field("action", "Use start, shutdown, restart or off."));
    };
    let wanted = link::power(&mut tx, app.panels(), found.id, power).await?;
    tx.commit().await?;
    drive(&app, &caller, wanted).await
}

/// Runs an operation as far as it comes at once, so that most answers are final.
async fn drive(app: &App, caller: &ApiCaller, operation: OperationId) -> Created<OperationView> {
    operation::run(&app.workshop(), caller.scope(), &RunOperation { operation }).await;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let view = operation_view(operation::find(&mut tx, operation).await?.ok_or(ApiError::NotFound)?);
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

async fn operations(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("services.read", None)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = operation::list(&mut tx, query.id("service")?, query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    Ok(body::page(
        rows.into_iter().map(operation_view).collect(),
        query.limit,
        |v: &OperationView| v.id.clone(),
    ))
}

async fn operation_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<OperationView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = operation::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    caller.need("services.read", None)?;
    tx.commit().await?;
    Ok(Json(operation_view(found)))
}

async fn retry(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Created<OperationView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    operation::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    caller.need("services.write", None)?;
    operation::retry(&mut tx, id).await?;
    let view = operation_view(operation::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?);
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}
