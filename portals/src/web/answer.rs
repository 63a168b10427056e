//! Pages and failures as answers.

use axum::response::{Html as Body, IntoResponse, Response};
use http::StatusCode;
use platform::views::{Context, Page};
use serde::Serialize;
use tenancy::extract::ErrorMark;

use crate::app::App;

/// A rendered page.
pub struct Html;

impl Html {
    /// Renders `context` with its template.
    pub fn show<C: Context>(app: &App, status: StatusCode, context: &C, page: &Page) -> Response {
        match app.views().show(context, page) {
            Ok(html) => (status, Body(html)).into_response(),
            Err(error) => internal(error),
        }
    }

    /// Renders one block of a page, for an answer that replaces a part of it.
    pub fn part<C: Context>(app: &App, block: &str, context: &C, page: &Page) -> Response {
        match app.views().part(block, context, page) {
            Ok(html) => Body(html).into_response(),
            Err(error) => internal(error),
        }
    }
}

/// A page that leads to another origin: a redirect after a form would be stopped by the policy on where forms
/// may lead, and a link of its own works without any script.
pub fn leave(app: &App, page: &Page, url: &str) -> Response {
    let host = url
        .split_once("://")
        .filter(|(scheme, _)| ["https", "http"].contains(scheme));
    let Some(host) = host.and_then(|(_, rest)| rest.split(['/', '?', '#']).next()) else {
        return internal("a page to go on to has no address");
    };
    let context = Leave {
        url: url.to_owned(),
        host: host.to_owned(),
    };
    Html::show(app, StatusCode::OK, &context, page)
}

/// On the way to another origin.
#[derive(Debug, Serialize)]
pub struct Leave {
    /// Where.
    pub url: String,
    /// Its host, for the reader.
    pub host: String,
}

impl Context for Leave {
    const TEMPLATE: &'static str = "leave.html";
}

/// A failure of ours: logged here, once; the visitor sees the error page with the request's number.
pub fn internal(error: impl std::fmt::Display) -> Response {
    tracing::error!(%error, "a request failed");
    mark(StatusCode::INTERNAL_SERVER_ERROR, "broken")
}

/// Nothing here for this person.
pub fn not_found() -> Response {
    mark(StatusCode::NOT_FOUND, "not_found")
}

/// A bare answer, which the error page layer draws.
pub fn mark(status: StatusCode, code: &'static str) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(ErrorMark {
        code,
        detail: String::new(),
    });
    response
}
