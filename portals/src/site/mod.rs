//! The public site: what is sold, at which price; configuring, the cart and the checkout.

mod basket;
pub mod cart;
pub mod checkout;
pub mod configure;
pub mod product;
pub mod shelf;
pub mod view;
pub mod words;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(shelf::home))
        .route("/products/{kind}", get(shelf::kind))
        .route("/products/{kind}/{slug}", get(product::show))
        .route("/order/quote", post(product::quote))
        .route("/order/{slug}", get(configure::show).post(configure::submit))
        .route("/cart", get(cart::show))
        .route("/cart/currency", post(cart::currency))
        .route("/cart/items/{id}", post(cart::change))
        .route("/cart/items/{id}/removal", post(cart::remove))
        .route("/checkout", get(checkout::show).post(checkout::submit))
        .route("/checkout/cancellation", post(checkout::cancel))
        .route("/checkout/return", get(checkout::returned))
        .route("/checkout/sign-in", post(checkout::sign_in))
}
