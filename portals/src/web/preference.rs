//! Colours: the tenant's sheet, and the visitor's choice of light or dark.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use http::{HeaderValue, header};
use serde::Deserialize;
use tenancy::extract::Visitor;

use super::form::Form;
use crate::app::App;
use crate::auth::safe_next;

pub fn routes() -> Router<App> {
    Router::new().route("/theme", post(choose))
}

/// `GET /theme/{hash}.css`: the sheet of the host's tenant; an old hash gets the current one, not kept.
pub async fn theme_sheet(State(app): State<App>, visitor: Visitor, Path(file): Path<String>) -> Response {
    let sheet = app.sheets().of(&visitor.scope.tenant().brand);
    let keep = if file.strip_suffix(".css") == Some(sheet.hash.as_str()) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    (
        [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, keep),
        ],
        sheet.css.clone(),
    )
        .into_response()
}

#[derive(Deserialize)]
struct Choice {
    theme: String,
    #[serde(default)]
    back: String,
}

async fn choose(Form(choice): Form<Choice>) -> Response {
    let theme = match choice.theme.as_str() {
        "dark" => "dark",
        "light" => "light",
        _ => "auto",
    };
    let mut response = Redirect::to(safe_next(&choice.back)).into_response();
    let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
