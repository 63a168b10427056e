//! Rate limits: sign-in and its like by client, the API by token.

use std::sync::OnceLock;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use platform::clock::Clock;
use platform::web::client::Client;
use platform::web::rate_limit::{Quota, RateLimiter};

use super::answer::mark;
use crate::api::ApiCaller;
use crate::app::App;

fn sign_ins() -> &'static RateLimiter {
    static LIMITER: OnceLock<RateLimiter> = OnceLock::new();
    LIMITER.get_or_init(|| RateLimiter::new(Quota::per_minute("sign-in", 60), Clock::system()))
}

fn calls() -> &'static RateLimiter {
    static LIMITER: OnceLock<RateLimiter> = OnceLock::new();
    LIMITER.get_or_init(|| RateLimiter::new(Quota::per_minute("api", 1200), Clock::system()))
}

/// Posts to the pages that take a password or send a mail.
pub async fn sign_in(State(_app): State<App>, request: Request, next: Next) -> Response {
    let guarded = [
        "/sign-in",
        "/sign-up",
        "/forgot-password",
        "/reset-password",
        "/checkout",
        "/checkout/sign-in",
        "/account/profile/password",
    ];
    if request.method() != Method::POST || !guarded.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let key = request
        .extensions()
        .get::<Client>()
        .map(Client::rate_key)
        .unwrap_or_default();
    let verdict = sign_ins().check(&key);
    if verdict.allowed {
        return next.run(request).await;
    }
    let mut response = mark(http::StatusCode::TOO_MANY_REQUESTS, "too_many");
    verdict.apply(&mut response);
    response
}

/// Calls of one token.
pub async fn api(State(_app): State<App>, request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<ApiCaller>() else {
        return next.run(request).await;
    };
    let verdict = calls().check(&caller.0.token.to_string());
    if !verdict.allowed {
        return verdict.problem().into_response();
    }
    let mut response = next.run(request).await;
    verdict.apply(&mut response);
    response
}
