//! From a request to a tenant, a portal and a session; from a bare error to a page.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use platform::web::client::Client;
use tenancy::extract::ErrorMark;
use tenancy::resolve::{self, ResolveError};
use tenancy::session::TenantStore;
use tenancy::{HostRoute, Portal, TenantScope};
use tower::{Layer, Service};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer};

use super::client::Keep;
use crate::app::App;

/// Answers for known hosts only; an unknown one gets a plain 404 with nobody's name on it, and costs no query.
pub async fn tenant(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
        .or_else(|| request.uri().authority().map(ToString::to_string));
    let Some(host) = host else {
        return plain(StatusCode::BAD_REQUEST, "bad request");
    };
    match resolve::host(app.tenancy(), &host) {
        Ok((scope, route)) => {
            if route.tenant.parked_reason.is_some() {
                return parked();
            }
            tracing::Span::current().record("tenant", route.tenant.slug.as_str());
            request.extensions_mut().insert(scope);
            request.extensions_mut().insert(route);
            next.run(request).await
        }
        Err(ResolveError::BadHost) => plain(StatusCode::BAD_REQUEST, "bad request"),
        Err(_) => plain(StatusCode::NOT_FOUND, "not found"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        format!("{text}\n"),
    )
        .into_response()
}

fn parked() -> Response {
    let mut response = plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "this site is being maintained; please try again in a few minutes",
    );
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("120"));
    response
}

/// Which surface a path belongs to; none: it answers on every host of a tenant.
fn portal_of(path: &str) -> Option<Portal> {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "account" => Some(Portal::Account),
        "admin" => Some(Portal::Admin),
        "status" => Some(Portal::Status),
        "" | "products" | "order" | "cart" | "checkout" => Some(Portal::Site),
        _ => None,
    }
}

/// A host that serves one portal sends `/` there and knows nothing of the others.
pub async fn portal(request: Request, next: Next) -> Response {
    let Some(portal) = request.extensions().get::<HostRoute>().map(|route| route.portal) else {
        return next.run(request).await;
    };
    let path = request.uri().path();
    match (portal, path) {
        (Portal::Account, "/") => return Redirect::to("/account").into_response(),
        (Portal::Admin, "/") => return Redirect::to("/admin").into_response(),
        (Portal::Status, "/") => return Redirect::to("/status").into_response(),
        _ => {}
    }
    match portal_of(path) {
        Some(wanted) if portal != Portal::All && portal != wanted => marked(StatusCode::NOT_FOUND, "not_found"),
        _ => next.run(request).await,
    }
}

/// An address with a NUL in it names nothing that can be stored or found.
pub async fn readable(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.path().contains("%00") || uri.query().is_some_and(|query| query.contains("%00")) {
        return marked(StatusCode::BAD_REQUEST, "bad_request");
    }
    next.run(request).await
}

/// A bare answer that [`error_page`] turns into a page.
pub fn marked(status: StatusCode, code: &'static str) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(ErrorMark {
        code,
        detail: String::new(),
    });
    response
}

/// The tenant's own sessions, by a cookie of this host only.
pub async fn session(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(scope) = request.extensions().get::<TenantScope>().cloned() else {
        return next.run(request).await;
    };
    // A proxy in front may speak TLS for us.
    let https = request.extensions().get::<Client>().is_some_and(|client| client.https);
    let secure = app.is_secure() || https;
    let store = TenantStore::new(app.tenancy().clone(), scope);
    let layer = SessionManagerLayer::new(store)
        .with_name(if secure { "__Host-sid" } else { "sid" })
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Duration::days(30)));
    let mut response = match layer.layer(next).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let kept = response.extensions().get::<Keep>().and_then(|keep| keep.cookie(secure));
    if let Some(cookie) = kept {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Draws the tenant's error page over a bare error, where a person asked.
pub async fn error_page(State(app): State<App>, request: Request, next: Next) -> Response {
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"));
    let asked = super::page::Asked::of(&request);
    let response = next.run(request).await;
    let status = response.status();
    let bare = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|t| t.as_bytes().starts_with(b"text/plain"));
    if !wants_page || !bare || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let code = response.extensions().get::<ErrorMark>().map_or("", |mark| mark.code);
    let (mut parts, _) = response.into_parts();
    let Some(html) = super::page::error(&app, &asked, status, code) else {
        return Response::from_parts(parts, Body::empty());
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    Response::from_parts(parts, Body::from(html))
}
