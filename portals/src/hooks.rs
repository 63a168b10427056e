//! `/hooks/{gateway}/{id}`: verified over raw bytes, stored once, answered at once.

use axum::Extension;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use billing::BillingError;
use billing::gateway::GatewayError;
use billing::ids::GatewayId;
use billing::inbox::{self, ReceiveError};
use http::StatusCode;
use platform::web::Problem;
use tenancy::TenantScope;

use crate::app::App;

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new().route("/hooks/{gateway}/{id}", post(receive))
}

async fn receive(
    State(app): State<App>,
    Extension(scope): Extension<TenantScope>,
    Path((kind, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such hook.").into_response();
    let Ok(id) = id.parse::<GatewayId>() else {
        return unknown();
    };
    if app.gateways().get(&kind).is_none() {
        return unknown();
    }
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    match inbox::receive(app.tenancy(), app.gateways(), &scope, id, (&headers, &body)).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(ReceiveError::Event(GatewayError::Signature(why))) => {
            tracing::warn!(gateway = %id, why, "an event with a wrong signature was refused");
            Problem::new(StatusCode::BAD_REQUEST, "bad_signature", "The signature is wrong.").into_response()
        }
        Err(ReceiveError::Event(error)) => {
            Problem::new(StatusCode::BAD_REQUEST, "malformed", error.to_string()).into_response()
        }
        Err(ReceiveError::Billing(BillingError::NotFound(_))) => unknown(),
        Err(error) => {
            tracing::error!(%error, "an event could not be stored");
            Problem::internal().into_response()
        }
    }
}
