//! `Idempotency-Key`: the same key and body within 24 hours answers the same; another body is a 409.
//!
//! The key is taken before the handler runs and its answer kept after, so a repeat while the first
//! runs is told to wait, and a crash in between is seen as an answer nobody knows: commands are
//! idempotent by their own keys, so the request may then run again.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use platform::secret::sha256;
use tenancy::idempotency::{self, Taken};

use super::caller::ApiCaller;
use super::error::ApiError;
use crate::app::App;

/// Largest request body of the API.
pub const MAX_BODY: usize = 1024 * 1024;

/// Applies to every POST that carries the header.
pub async fn keep(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get("idempotency-key").cloned();
    let caller = request.extensions().get::<ApiCaller>().cloned();
    let (Some(key), Some(caller), true) = (key, caller, request.method() == Method::POST) else {
        return next.run(request).await;
    };
    let Ok(key) = key.to_str().map(str::to_owned) else {
        return ApiError::field("Idempotency-Key", "Use printable ASCII.").into_response();
    };
    if key.is_empty() || key.len() > 255 {
        return ApiError::field("Idempotency-Key", "Use 1 to 255 characters.").into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        return ApiError::Malformed("The body is too large or was cut off.".into()).into_response();
    };
    let mut seen = format!("{} {}\n", parts.method, parts.uri).into_bytes();
    seen.extend_from_slice(&bytes);
    let row = format!("{}:{key}", caller.0.token);
    match idempotency::take(app.tenancy(), caller.scope(), &row, &sha256(&seen)).await {
        Ok(Taken::New) => {}
        Ok(Taken::Answered { status, body }) => return replay(status, body),
        Ok(Taken::Running) => {
            return ApiError::Conflict(
                "idempotency_running",
                "A request with this key is still running; try again in a moment.".into(),
            )
            .into_response();
        }
        Ok(Taken::Other) => {
            return ApiError::Conflict("idempotency_mismatch", "This key was used with another request.".into())
                .into_response();
        }
        Err(error) => return ApiError::from(error).into_response(),
    }
    // A way in is not kept: asked for again, it is made anew.
    let is_way_in = ["/console", "/sign_in_link", "/tokens"]
        .iter()
        .any(|end| parts.uri.path().ends_with(end));
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    store(&app, &caller, (&row, is_way_in), response).await
}

async fn store(app: &App, caller: &ApiCaller, (row, is_secret): (&str, bool), response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 4 * MAX_BODY).await.unwrap_or_else(|_| Bytes::new());
    // What failed on our side may be tried again with the same key.
    let kept = if is_secret || parts.status.is_server_error() {
        idempotency::forget(app.tenancy(), caller.scope(), row).await
    } else {
        idempotency::answer(app.tenancy(), caller.scope(), row, parts.status.as_u16(), &bytes).await
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "an answer could not be kept for its idempotency key");
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn replay(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = if status.is_client_error() {
        "application/problem+json"
    } else {
        "application/json"
    };
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
        .headers_mut()
        .insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}
