//! Signing up, in and out, on every host of a tenant that shows pages.

mod password;
mod sign_in;
mod sign_up;
mod ticket;
mod verify;

pub use verify::send_verification;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-up", get(sign_up::show).post(sign_up::submit))
        .route("/verify-email", get(verify::follow).post(verify::confirm))
        .route("/forgot-password", get(password::forgot).post(password::send_link))
        .route("/reset-password", get(password::reset).post(password::set))
        .route("/accept-invite", get(password::welcome).post(password::accept))
        .route("/go/", get(ticket::go_home))
        .route("/go/{*path}", get(ticket::go))
        .route("/account/profile/verify", post(verify::again))
        .route("/enter", get(ticket::enter).post(ticket::go_on))
}

/// A path of this host to come back to; anything else would be an open redirect.
#[must_use]
pub fn safe_next(next: &str) -> &str {
    let fine =
        next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if fine { next } else { "/" }
}

/// Pages of this surface, as the test of all pages draws them.
#[cfg(test)]
pub(crate) fn samples(
    views: &platform::views::Views,
    page: &platform::views::Page,
) -> Result<Vec<(&'static str, String)>, platform::views::ViewError> {
    Ok(vec![
        ("auth-confirm", views.show(&verify::sample(), page)?),
        ("auth-switch", views.show(&ticket::sample(), page)?),
        ("auth-invite", views.show(&password::sample(), page)?),
    ])
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn one_comes_back_to_this_host_only() {
        for (next, safe) in [
            ("/account?x=1", "/account?x=1"),
            ("//evil.test", "/"),
            ("https://evil.test", "/"),
            ("/\\evil.test", "/"),
            ("/a\r\nb", "/"),
            ("", "/"),
        ] {
            assert_eq!(safe_next(next), safe);
        }
    }
}
