//! The customers' portal: services and invoices.

pub mod home;
pub mod invoice;
mod lists;
pub mod methods;
pub mod order;
pub mod profile;
pub mod service;
mod tokens;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/account", get(home::show))
        .route("/account/services", get(lists::services))
        .route("/account/invoices", get(lists::invoices))
        .route("/account/invoices/{id}", get(invoice::show))
        .route("/account/invoices/{id}/pay", get(invoice::show).post(invoice::submit))
        .route("/account/invoices/{id}/credit", post(invoice::use_credit))
        .route("/account/invoices/{id}/return", get(invoice::come_back))
        .route("/account/invoices/{id}/pdf", get(invoice::pdf))
        .route("/account/payment-methods", get(methods::show))
        .route("/account/payment-methods/add", post(methods::add))
        .route("/account/payment-methods/return", get(methods::come_back))
        .route("/account/payment-methods/automatic", post(methods::automatic))
        .route("/account/payment-methods/{id}/default", post(methods::make_default))
        .route("/account/payment-methods/{id}/remove", post(methods::remove))
        .route("/account/orders/{id}", get(order::show))
        .route("/account/tokens", get(tokens::list).post(tokens::create))
        .route("/account/tokens/new", get(tokens::new))
        .route("/account/tokens/{id}", get(tokens::show).post(tokens::update))
        .route("/account/tokens/{id}/revoke", post(tokens::revoke))
        .merge(service::routes())
        .merge(profile::routes())
}
