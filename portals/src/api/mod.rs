//! `/api/v1`: the same commands as the pages, for programs.

mod accounts;
mod body;
mod caller;
mod catalogue;
mod clock;
mod docs;
mod endpoints;
mod error;
mod gateways;
mod idempotency;
mod intake;
mod invoices;
mod orders;
mod payment_methods;
mod payments;
mod refunds;
mod servers;
mod service_acts;
mod services;
mod subscriptions;
mod suspension;
mod system;
mod tokens;
mod users;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use serde_json::Value;

use crate::app::App;
pub use caller::ApiCaller;
use endpoints::Endpoints;

fn endpoints() -> Endpoints {
    Endpoints::default()
        .and(accounts::endpoints)
        .and(users::endpoints)
        .and(system::endpoints)
        .and(tokens::endpoints)
        .and(clock::endpoints)
        .and(catalogue::endpoints)
        .and(orders::endpoints)
        .and(servers::endpoints)
        .and(gateways::endpoints)
        .and(services::endpoints)
        .and(subscriptions::endpoints)
        .and(suspension::endpoints)
        .and(service_acts::endpoints)
        .and(invoices::endpoints)
        .and(payments::endpoints)
        .and(payment_methods::endpoints)
        .and(refunds::endpoints)
}

/// The OpenAPI document.
#[must_use]
pub fn document() -> Value {
    endpoints().document()
}

/// The router, below `/api/v1`. The token is checked before the path, the document excepted.
pub fn routes(app: &App) -> Router<App> {
    let guarded = endpoints()
        .router()
        .fallback(|| async { error::ApiError::NotFound })
        .method_not_allowed_fallback(|| async {
            platform::web::Problem::new(
                http::StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This resource has no such method.",
            )
        })
        .layer(from_fn_with_state(app.clone(), idempotency::keep))
        .layer(DefaultBodyLimit::max(idempotency::MAX_BODY))
        .layer(from_fn(intake::judge))
        .layer(from_fn_with_state(app.clone(), crate::web::limit::api))
        .layer(from_fn_with_state(app.clone(), caller::authenticate));
    Router::new().merge(docs::routes(app)).merge(guarded)
}

/// An instant as the API writes it: RFC 3339, UTC.
pub(crate) fn instant(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}
