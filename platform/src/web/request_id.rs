//! One id per request: taken from a proxy in front when it looks sane, else made here; in the log, in every answer and
//! in every problem document.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};

use crate::random::Random;

/// The header, in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The id of one request. Also an extension of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl RequestId {
    fn new() -> Self {
        Self(Random::os().base32_lower(20).into())
    }

    /// Letters, digits, `-`, `_` and `.`, 8 to 64 of them: nothing that could break a log line.
    fn parse(text: &str) -> Option<Self> {
        let sane = (8..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        sane.then(|| Self(text.into()))
    }
}

/// The id of the request being answered, inside [`assign`].
#[must_use]
pub fn current_request_id() -> Option<RequestId> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Middleware: gives the request its id. Belongs outermost.
pub async fn assign(mut request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(&X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .and_then(RequestId::parse);
    let id = given.unwrap_or_else(RequestId::new);
    let value = HeaderValue::from_str(&id.0).ok();
    if let Some(value) = &value {
        request.headers_mut().insert(X_REQUEST_ID, value.clone());
    }
    request.extensions_mut().insert(id.clone());
    let mut response = CURRENT.scope(id, next.run(request)).await;
    if let Some(value) = value {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Problem;
    use axum::Router;
    use axum::body::Body;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn the_same_id_everywhere() {
        let app = Router::new()
            .fallback(|| async { Problem::internal() })
            .layer(axum::middleware::from_fn(assign));
        let insane = "x".repeat(65);
        for (given, kept) in [
            (Some("abc-DEF_1.2"), true),
            (None, false),
            (Some("short"), false),
            (Some("has space in it"), false),
            (Some(insane.as_str()), false),
        ] {
            let mut request = Request::get("/");
            if let Some(given) = given {
                request = request.header(X_REQUEST_ID, given);
            }
            let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let answered = response.headers()[&X_REQUEST_ID].to_str().unwrap().to_owned();
            assert_eq!(given == Some(answered.as_str()), kept, "{given:?}");
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["request_id"], answered);
        }
    }
}
