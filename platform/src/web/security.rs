//! Security headers of every answer, and the content policy: nothing but our own origin, with extras for the few
//! routes that need a gateway's script or frame.

use std::convert::Infallible;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponseParts, Response, ResponseParts};
use http::header::{CONTENT_SECURITY_POLICY, STRICT_TRANSPORT_SECURITY};
use http::{HeaderName, HeaderValue};

use super::Client;

/// The policy every answer starts from.
const BASE: &[(&str, &str)] = &[
    ("default-src", "'none'"),
    ("script-src", "'self'"),
    ("style-src", "'self'"),
    ("img-src", "'self' data:"),
    ("font-src", "'self'"),
    ("connect-src", "'self'"),
    ("form-action", "'self'"),
    ("base-uri", "'none'"),
    ("frame-ancestors", "'none'"),
];

const FIXED: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), browsing-topics=(), publickey-credentials-get=(self)",
    ),
];

/// Sources a route needs besides our own origin. Return it beside the body, or insert it into the response's
/// extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CspExtra(Vec<(&'static str, String)>);

impl CspExtra {
    /// No extras.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows `source` (an origin like `https://js.gateway.test`) under `directive` (like `script-src`). A source
    /// that could end the directive is ignored.
    #[must_use]
    pub fn allow(mut self, directive: &'static str, source: &str) -> Self {
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'\'' | b'"');
        if !source.is_empty() && source.bytes().all(plain) {
            self.0.push((directive, source.to_owned()));
        }
        self
    }
}

impl IntoResponseParts for CspExtra {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Self::Error> {
        response.extensions_mut().insert(self);
        Ok(response)
    }
}

/// The content policy.
#[derive(Debug)]
pub struct Csp;

impl Csp {
    /// The header's value with `extra` sources.
    #[must_use]
    pub fn render(extra: &CspExtra) -> String {
        let mut directives: Vec<(&str, String)> = BASE
            .iter()
            .map(|(directive, sources)| (*directive, (*sources).to_owned()))
            .collect();
        for (directive, source) in &extra.0 {
            match directives.iter_mut().find(|(known, _)| known == directive) {
                Some((_, sources)) if sources == "'none'" => sources.clone_from(source),
                Some((_, sources)) => {
                    sources.push(' ');
                    sources.push_str(source);
                }
                None => directives.push((directive, source.clone())),
            }
        }
        directives
            .iter()
            .map(|(directive, sources)| format!("{directive} {sources}"))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// Middleware: sets the headers. What a handler set itself, like a stricter policy for an uploaded file, stays.
pub async fn headers(request: Request, next: Next) -> Response {
    let https = request.extensions().get::<Client>().is_some_and(|client| client.https);
    let mut response = next.run(request).await;
    let extra = response.extensions().get::<CspExtra>().cloned().unwrap_or_default();
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&Csp::render(&extra)) {
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    if https {
        // No includeSubDomains: a tenant's other subdomains are not ours to promise for.
        headers
            .entry(STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=15552000"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn the_policy_and_its_extras() {
        let app = Router::new()
            .route("/", get(|| async { "x" }))
            .route(
                "/pay",
                get(|| async {
                    (
                        CspExtra::new()
                            .allow("script-src", "https://js.pay.test")
                            .allow("frame-src", "https://js.pay.test"),
                        "x",
                    )
                }),
            )
            .route(
                "/evil",
                get(|| async { (CspExtra::new().allow("script-src", "x; script-src *"), "x") }),
            )
            .route("/logo", get(|| async { ([(CONTENT_SECURITY_POLICY, "sandbox")], "x") }))
            .layer(axum::middleware::from_fn(headers));
        let strict = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
            connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        let pay = format!(
            "{}; frame-src https://js.pay.test",
            strict.replace("script-src 'self'", "script-src 'self' https://js.pay.test")
        );
        for (path, policy) in [("/", strict), ("/pay", &pay), ("/evil", strict), ("/logo", "sandbox")] {
            let response = app
                .clone()
                .oneshot(Request::get(path).body(Body::empty()).unwrap())
                .await
                .unwrap();
            assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], policy, "{path}");
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
            assert!(!response.headers().contains_key(STRICT_TRANSPORT_SECURITY));
        }
    }
}
