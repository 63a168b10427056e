//! The customers' portal: services and invoices.

mod lists;
pub mod order;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tenancy::extract::Member;
use tenancy::permission::Any;

use crate::app::App;

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/account", get(home))
        .route("/account/services", get(lists::services))
        .route("/account/invoices", get(lists::invoices))
        .route("/account/orders/{id}", get(order::show))
}

async fn home(_member: Member<Any>) -> Response {
    Redirect::to("/account/services").into_response()
}
