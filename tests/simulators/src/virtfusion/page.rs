//! The few pages a person meets: the landing page of a sign-in link, an image, the console path.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use super::sign_in;
use super::state::State;
use crate::escape_html;

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" fill="#3b6fd4"/></svg>"##;

/// Answers whatever is not the API.
pub(super) fn answer(state: &mut State, method: &str, path: &str, query: &str) -> Response {
    match path.trim_end_matches('/') {
        "/token_authenticate" if method == "GET" => landing(state, query),
        "/vnc" => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        "" => Html(page(
            "Simulated VirtFusion",
            "<p>A panel for tests. The API is below <code>/api/v1</code>.</p>",
        ))
        .into_response(),
        path if path.starts_with("/img/logo/") => ([("content-type", "image/svg+xml")], LOGO).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn landing(state: &mut State, query: &str) -> Response {
    let token = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name))
            .unwrap_or_default()
    };
    match sign_in::redeem(state, token("1="), token("2=")) {
        Some((email, server)) => {
            let place = server.map_or_else(|| "the overview".to_owned(), |id| format!("server {id}"));
            let told = format!(
                "<p>Signed in as <strong>{}</strong>, at {place}.</p>",
                escape_html(&email)
            );
            Html(page("Signed in", &told)).into_response()
        }
        None => {
            let told = "<p>This sign-in link was used before or is too old.</p>";
            (StatusCode::UNAUTHORIZED, Html(page("Link expired", told))).into_response()
        }
    }
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}}</style>\
         </head><body><h1>{title}</h1>{body}</body></html>"
    )
}
