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
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use http::StatusCode;
use platform::web::client::TrustedProxies;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::app::App;

/// Largest body a page takes.
const MAX_FORM: usize = 256 * 1024;
/// A page that takes longer has failed.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

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
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            PAGE_TIMEOUT,
        ))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(from_fn(platform::web::security::headers))
        .layer(from_fn(client::hand_on))
        .layer(from_fn_with_state(proxies, platform::web::client::identify))
        .layer(from_fn(platform::web::request_id::assign))
        .with_state(app.clone())
}

/// What people see: sessions, the portal gate, the same-origin proof, error pages.
fn pages(app: &App) -> Router<App> {
    Router::new()
        .merge(crate::auth::routes())
        .merge(crate::site::routes())
        .merge(crate::account::routes())
        .merge(crate::admin::routes())
        .merge(crate::live::routes())
        .merge(preference::routes())
        .route("/assets/{file}", get(crate::assets::serve))
        .route("/theme/{file}", get(preference::theme_sheet))
        .fallback(|| async { answer::not_found() })
        .layer(from_fn(layers::portal))
        .layer(from_fn_with_state(app.clone(), limit::sign_in))
        .layer(from_fn(platform::web::same_origin::require))
        .layer(from_fn_with_state(app.clone(), layers::session))
        .layer(from_fn_with_state(app.clone(), layers::error_page))
}

/// `/metrics`, on its own listener.
pub fn metrics_router(_app: &App) -> Router {
    Router::new().route("/metrics", get(|| async { platform::telemetry::render() }))
}
