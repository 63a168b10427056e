//! The HTTP surface: which layers a request passes, and where each surface hangs.

pub mod answer;
pub mod client;
pub mod countries;
pub mod form;
mod health;
pub mod layers;
pub mod limit;
pub mod list;
pub mod menu;
pub mod page;
mod preference;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{Method, StatusCode};
use platform::web::client::TrustedProxies;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::app::App;

/// Largest body a page takes.
const MAX_FORM: usize = 256 * 1024;
/// A page that takes longer has failed.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// What goes through days of a calendar before it answers.
const LONG: &[&str] = &["/api/v1/clock", "/api/v1/billing_runs"];
/// How long that may take.
const LONG_TIMEOUT: Duration = Duration::from_secs(600);

/// Every route, behind every layer.
pub fn router(app: &App) -> Router {
    let tenant = from_fn_with_state(app.clone(), layers::tenant);
    let pages = pages(app);
    let inside = Router::new()
        .merge(pages)
        .merge(crate::hooks::routes())
        .nest("/api/v1", crate::api::routes(app))
        .layer(CompressionLayer::new())
        .layer(tenant);
    let proxies = TrustedProxies::new(&app.config().trusted_proxies);
    let proxies = if app.is_secure() { proxies.on_tls() } else { proxies };
    Router::new()
        .merge(health::routes())
        .merge(inside)
        .layer(from_fn(platform::telemetry::observe))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(limit_time))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(from_fn(platform::web::security::headers))
        .layer(from_fn(client::hand_on))
        .layer(from_fn_with_state(proxies, platform::web::client::identify))
        .layer(from_fn(platform::web::request_id::assign))
        .with_state(app.clone())
}

/// Going through days of a calendar may take its time; nothing else may.
async fn limit_time(request: Request, next: Next) -> Response {
    let long = request.method() == Method::POST && LONG.contains(&request.uri().path());
    let most = if long { LONG_TIMEOUT } else { PAGE_TIMEOUT };
    match tokio::time::timeout(most, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}

/// What people see: sessions, the portal gate, the same-origin proof, error pages.
fn pages(app: &App) -> Router<App> {
    Router::new()
        .merge(crate::auth::routes())
        .merge(crate::site::routes())
        .merge(crate::account::routes())
        .merge(crate::admin::routes())
        .merge(crate::live::routes())
        .merge(crate::sandbox::routes())
        .merge(preference::routes())
        .route("/assets/{file}", get(crate::assets::serve))
        .route("/theme/{file}", get(preference::theme_sheet))
        .fallback(|| async { answer::not_found() })
        .layer(from_fn(layers::portal))
        .layer(from_fn(layers::readable))
        .layer(from_fn_with_state(app.clone(), limit::sign_in))
        .layer(from_fn(platform::web::same_origin::require))
        .layer(from_fn_with_state(app.clone(), layers::session))
        .layer(from_fn_with_state(app.clone(), layers::error_page))
}

/// `/metrics`, on its own listener.
pub fn metrics_router(_app: &App) -> Router {
    Router::new().route("/metrics", get(|| async { platform::telemetry::render() }))
}
