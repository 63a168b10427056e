//! Ways into a service and what it used: links made on request, the root password shown once, traffic as read.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use provisioning::usage::{self, Reading};
use provisioning::{link, operation};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use super::services::{OperationView, find_service, operation_view};
use crate::app::App;

type Answer<T> = Result<Json<T>, ApiError>;

/// Readings answered at most.
const READINGS: i64 = 1000;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = Doc::new;
    let read = Some("services.use");
    e.post(
        "/services/{id}/console",
        doc(
            "Makes a way to the console: short-lived, never kept",
            "services.write",
            read,
        )
        .gives::<LinkView>(),
        console,
    )
    .post(
        "/services/{id}/sign_in_link",
        doc(
            "Makes a link that signs the owner in to the panel: short-lived, never kept",
            "services.write",
            read,
        )
        .gives::<LinkView>(),
        sign_in_link,
    )
    .post(
        "/services/{id}/root_password",
        doc(
            "Sets a new root password; when the operation is done, GET shows it",
            "services.write",
            read,
        )
        .gives::<OperationView>()
        .status(202),
        want_password,
    )
    .get(
        "/services/{id}/root_password",
        doc(
            "Shows the root password once, then forgets it; null when there is none to show",
            "services.write",
            read,
        )
        .gives::<PasswordView>(),
        take_password,
    )
    .get(
        "/services/{id}/usage",
        doc(
            "Reads traffic: counters of the panel's current period, the newest first",
            "services.read",
            read,
        )
        .gives::<UsageView>(),
        usage_of,
    )
}

/// A way in.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkView {
    url: String,
    password: Option<String>,
    expires_at: Option<String>,
}

/// A password.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasswordView {
    password: Option<String>,
}

/// What was counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageView {
    /// Included in this period; null where it is unmetered or not known.
    included_bytes: Option<i64>,
    /// First day of the next period, where it is known.
    resets_on: Option<String>,
    traffic_in_bytes: Vec<ReadingView>,
    traffic_out_bytes: Vec<ReadingView>,
}

/// A counter as it was read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadingView {
    at: String,
    value: i64,
}

fn reading(reading: Reading) -> ReadingView {
    ReadingView {
        at: super::instant(reading.at),
        value: reading.value,
    }
}

fn link_view(link: provisioning::panel::Link) -> LinkView {
    LinkView {
        url: link.url,
        password: link.password.map(|secret| secret.expose().clone()),
        expires_at: link.expires.map(super::instant),
    }
}

/// The service, when the caller may act on it.
async fn own(app: &App, caller: &ApiCaller, id: &str) -> Result<billing::ids::ServiceId, ApiError> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = find_service(&mut tx, caller, id).await?;
    caller.need("services.write", Some("services.use"))?;
    tx.commit().await?;
    Ok(found.id)
}

async fn console(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<LinkView> {
    let id = own(&app, &caller, &id).await?;
    let link = link::console_link(&app.workshop(), caller.scope(), id).await?;
    Ok(Json(link_view(link)))
}

async fn sign_in_link(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<LinkView> {
    let id = own(&app, &caller, &id).await?;
    let link = link::sign_in_link(&app.workshop(), caller.scope(), id).await?;
    Ok(Json(link_view(link)))
}

async fn want_password(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<OperationView>), ApiError> {
    let id = own(&app, &caller, &id).await?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let wanted = link::root_password(&mut tx, app.panels(), id).await?;
    let view = operation_view(operation::find(&mut tx, wanted).await?.ok_or(ApiError::NotFound)?);
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

async fn take_password(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<PasswordView> {
    let id = own(&app, &caller, &id).await?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let taken = link::take_password(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(PasswordView {
        password: taken.map(|secret| secret.expose().clone()),
    }))
}

async fn usage_of(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<UsageView> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = find_service(&mut tx, &caller, &id).await?;
    caller.need("services.read", Some("services.use"))?;
    let seen = usage::seen(&mut tx, found.id).await?;
    let received = usage::readings(&mut tx, found.id, "traffic_in_bytes", READINGS).await?;
    let sent = usage::readings(&mut tx, found.id, "traffic_out_bytes", READINGS).await?;
    tx.commit().await?;
    Ok(Json(UsageView {
        included_bytes: seen.included_bytes,
        resets_on: seen.resets_on.map(|day| day.to_string()),
        traffic_in_bytes: received.into_iter().map(reading).collect(),
        traffic_out_bytes: sent.into_iter().map(reading).collect(),
    }))
}
