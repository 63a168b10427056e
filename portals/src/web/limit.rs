//! Rate limits: sign-in and its like by client, the API by token.

use std::sync::OnceLock;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use platform::clock::Clock;
use platform::web::client::Client;
use platform::web::rate_limit::{Quota, RateLimiter};
use tenancy::TenantScope;

use super::answer::mark;
use crate::api::ApiCaller;
use crate::app::App;

fn sign_ins() -> &'static RateLimiter {
    static LIMITER: OnceLock<RateLimiter> = OnceLock::new();
    LIMITER.get_or_init(|| RateLimiter::new(Quota::per_minute("sign-in", 60), Clock::system()))
}

/// The same of one network, at whatever tenants.
fn everywhere() -> &'static RateLimiter {
    static LIMITER: OnceLock<RateLimiter> = OnceLock::new();
    LIMITER.get_or_init(|| RateLimiter::new(Quota::per_minute("sign-in-anywhere", 300), Clock::system()))
}

fn calls() -> &'static RateLimiter {
    static LIMITER: OnceLock<RateLimiter> = OnceLock::new();
    LIMITER.get_or_init(|| RateLimiter::new(Quota::per_minute("api", 1200), Clock::system()))
}

/// Wrong tokens of one client at one tenant.
fn wrong_tokens() -> &'static RateLimiter {
    static LIMITER: OnceLock<RateLimiter> = OnceLock::new();
    LIMITER.get_or_init(|| RateLimiter::new(Quota::per_minute("wrong-tokens", WRONG_OF_CLIENT), Clock::system()))
}

/// Wrong tokens of all clients at one tenant.
fn wrong_at_tenant() -> &'static RateLimiter {
    static LIMITER: OnceLock<RateLimiter> = OnceLock::new();
    LIMITER.get_or_init(|| RateLimiter::new(Quota::per_minute("wrong-tokens-here", WRONG_AT_TENANT), Clock::system()))
}

const WRONG_OF_CLIENT: u32 = 300;
const WRONG_AT_TENANT: u32 = 3000;

/// Who sends tokens to a tenant: wrong ones are counted by client and by tenant, right ones are not.
pub struct Guesses {
    client: String,
    tenant: String,
}

impl Guesses {
    /// Of this request's client.
    #[must_use]
    pub fn of(request: &Request, tenant: &str) -> Self {
        let client = request.extensions().get::<Client>().map(Client::rate_key);
        Self {
            client: format!("{tenant} {}", client.unwrap_or_default()),
            tenant: tenant.to_owned(),
        }
    }

    /// The refusal of somebody who sent too many wrong ones. Where a tenant gets too many in all, who has sent wrong
    /// ones waits, and nobody else does.
    #[must_use]
    pub fn refusal(&self) -> Option<Response> {
        let own = wrong_tokens().peek(&self.client);
        let all = wrong_at_tenant().peek(&self.tenant);
        let is_suspect = own.remaining < WRONG_OF_CLIENT;
        if !own.allowed {
            return Some(own.problem().into_response());
        }
        (is_suspect && !all.allowed).then(|| all.problem().into_response())
    }

    /// One more was wrong.
    pub fn wrong(&self) {
        let _ = wrong_tokens().check(&self.client);
        let _ = wrong_at_tenant().check(&self.tenant);
    }
}

/// Posts to the pages that take a password or send a mail.
pub async fn sign_in(State(_app): State<App>, request: Request, next: Next) -> Response {
    let guarded = [
        "/sign-in",
        "/sign-up",
        "/forgot-password",
        "/reset-password",
        "/accept-invite",
        "/verify-email",
        "/account/profile/verify",
        "/account/team",
        "/checkout",
        "/checkout/sign-in",
        "/account/profile/password",
    ];
    if request.method() != Method::POST || !guarded.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let network = request.extensions().get::<Client>().map(Client::rate_key);
    // What happens to one tenant is nothing to the customers of another.
    let tenant = request.extensions().get::<TenantScope>().map(|scope| scope.tenant().id);
    let network = network.unwrap_or_default();
    let mut verdict = sign_ins().check(&format!("{tenant:?} {network}"));
    if verdict.allowed {
        let all = everywhere().check(&network);
        verdict = if all.allowed { verdict } else { all };
    }
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
