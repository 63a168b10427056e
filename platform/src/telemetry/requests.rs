//! One span and one measurement per request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use tracing::{Instrument as _, field};

use crate::web::RequestId;

/// Middleware: measures by route pattern and status, and opens the span that carries the request's id; a handler may
/// record `tenant` in it. Goes on with `Router::layer`, inside [`crate::web::request_id::assign`], so that the route
/// is known; whatever matches no route counts as one.
pub async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method_label(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string)
        .unwrap_or_default();
    let span = tracing::info_span!("request", %request_id, method, route, tenant = field::Empty, status = field::Empty);
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.record("status", status);
    let elapsed = started.elapsed();
    span.in_scope(|| {
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        if status >= 500 {
            tracing::warn!(elapsed_us, status, "answered with an error");
        } else {
            tracing::debug!(elapsed_us, status, "answered");
        }
    });
    let labels = [
        ("method", method.to_owned()),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(elapsed.as_secs_f64());
    response
}

/// Made-up methods share one label, so that a caller cannot make up metrics.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn requests_are_counted_by_route() {
        crate::telemetry::init_metrics();
        let app = Router::new()
            .route("/measured/{id}", get(|| async { StatusCode::ACCEPTED }))
            .layer(axum::middleware::from_fn(observe));
        for path in ["/measured/1", "/measured/2"] {
            app.clone()
                .oneshot(Request::get(path).body(Body::empty()).unwrap())
                .await
                .unwrap();
        }
        let text = crate::telemetry::render();
        let counter = "http_requests_total{method=\"GET\",route=\"/measured/{id}\",status=\"202\"} 2";
        assert!(text.contains(counter), "{text}");
        assert!(
            text.contains("http_request_duration_seconds_bucket{method=\"GET\",route=\"/measured/{id}\""),
            "{text}"
        );
    }
}
