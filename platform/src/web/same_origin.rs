//! Proof that a change was asked for by a page of the same origin, from headers no page can forge.

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN, REFERER};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};
use url::Url;

use super::{Client, Problem};

/// The proof. As an extractor it refuses requests without it; requests that change nothing need none.
#[derive(Clone, Copy, Debug)]
pub struct SameOrigin(());

impl SameOrigin {
    /// Judges a request. `https` is how the visitor reached us, where that is known.
    #[must_use]
    pub fn check(method: &Method, uri: &Uri, headers: &HeaderMap, https: Option<bool>) -> Option<Self> {
        let safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
        (safe || is_proved(uri, headers, https)).then_some(Self(()))
    }

    fn of(parts: &Parts) -> Option<Self> {
        let https = parts.extensions.get::<Client>().map(|client| client.https);
        Self::check(&parts.method, &parts.uri, &parts.headers, https)
    }
}

fn is_proved(uri: &Uri, headers: &HeaderMap, https: Option<bool>) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // `none` is a request the person made without a page: a reload, or an address typed in.
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(host) = text(HOST.as_str()).or_else(|| uri.authority().map(http::uri::Authority::as_str)) else {
        return false;
    };
    let Some(source) = text(ORIGIN.as_str()).or_else(|| text(REFERER.as_str())) else {
        return false;
    };
    let Ok(source) = Url::parse(source) else { return false };
    let scheme = match https {
        Some(true) => "https",
        Some(false) => "http",
        None => source.scheme(),
    };
    // Parsed as a URL too, so that a default port, written out or not, makes no difference.
    Url::parse(&format!("{scheme}://{host}"))
        .is_ok_and(|own| own.origin().is_tuple() && own.origin() == source.origin())
}

fn refusal() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross_origin",
        "This request did not come from one of our own pages.",
    )
}

impl<S: Send + Sync> FromRequestParts<S> for SameOrigin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Self::of(parts).ok_or_else(refusal)
    }
}

/// Middleware: refuses changes without the proof. For pages; API calls prove themselves by their token.
pub async fn require(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match SameOrigin::of(&parts) {
        Some(_) => next.run(Request::from_parts(parts, body)).await,
        None => refusal().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_requests_are_ours() {
        type Row = (
            &'static str,
            &'static [(&'static str, &'static str)],
            Option<bool>,
            bool,
        );
        let table: &[Row] = &[
            ("GET", &[], None, true),
            ("HEAD", &[("sec-fetch-site", "cross-site")], None, true),
            ("POST", &[], None, false),
            ("POST", &[("sec-fetch-site", "same-origin")], None, true),
            ("POST", &[("sec-fetch-site", "none")], None, true),
            ("POST", &[("sec-fetch-site", "same-site")], None, false),
            (
                "DELETE",
                &[("sec-fetch-site", "cross-site"), ("origin", "https://a.test")],
                None,
                false,
            ),
            ("POST", &[("origin", "https://a.test")], None, true),
            ("POST", &[("origin", "https://a.test:443")], Some(true), true),
            ("POST", &[("origin", "http://a.test")], Some(true), false),
            ("POST", &[("origin", "https://a.test")], Some(false), false),
            ("POST", &[("origin", "https://a.test:8443")], None, false),
            ("POST", &[("origin", "https://b.test")], None, false),
            ("POST", &[("origin", "https://a.test.evil.test")], None, false),
            ("POST", &[("origin", "null")], None, false),
            (
                "POST",
                &[("origin", "null"), ("referer", "https://a.test/x")],
                None,
                false,
            ),
            ("POST", &[("referer", "https://a.test/cart?x=1")], None, true),
            (
                "POST",
                &[("referer", "https://evil.test/?https://a.test/")],
                None,
                false,
            ),
            ("PUT", &[("referer", "nonsense")], None, false),
            ("POST", &[("origin", "data:text/html,x")], None, false),
        ];
        for (method, headers, https, expected) in table {
            let mut map = HeaderMap::new();
            map.insert(HOST, "a.test".parse().unwrap());
            for (name, value) in *headers {
                map.insert(http::HeaderName::from_static(name), value.parse().unwrap());
            }
            let found = SameOrigin::check(&method.parse().unwrap(), &Uri::from_static("/x"), &map, *https);
            assert_eq!(found.is_some(), *expected, "{method} {headers:?} {https:?}");
        }
    }
}
