//! What a request to the API may bring: JSON, of a size, and nothing a database cannot hold.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use platform::web::Problem;

use super::error::ApiError;
use super::idempotency::MAX_BODY;

/// Reads the body to its end before anything else does, so that one that is too large or of another kind is
/// refused in the API's own words.
pub async fn judge(request: Request, next: Next) -> Response {
    if has_nul(request.uri().query().unwrap_or_default()) {
        return ApiError::field("query", "A parameter holds a character that cannot be stored.").into_response();
    }
    if !matches!(
        *request.method(),
        Method::POST | Method::PATCH | Method::PUT | Method::DELETE
    ) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        let text = format!("The body is larger than {MAX_BODY} bytes, or was cut off.");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text).into_response();
    };
    if !bytes.is_empty() && is_something_else(&parts.headers) {
        let text = "Send JSON, with Content-Type: application/json.";
        return Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", text).into_response();
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// A NUL, as it is or written out.
pub fn has_nul(text: &str) -> bool {
    text.contains('\0') || text.contains("%00")
}

/// Whether the body says that it is not JSON. What says nothing, or what a plain command-line client says on its own,
/// is read as JSON and refused then if it is none.
fn is_something_else(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let kind = kind.to_str().unwrap_or("?").split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    let plain = [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
    ];
    let fine = plain.contains(&kind.as_str()) || kind.starts_with("application/") && kind.ends_with("+json");
    !fine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_claims_to_be_something_else_is_turned_away() {
        for (kind, refused) in [
            ("application/json", false),
            ("application/json; charset=utf-8", false),
            ("APPLICATION/JSON", false),
            ("application/merge-patch+json", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", true),
            ("application/xml", true),
            ("text/html", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            assert_eq!(is_something_else(&headers), refused, "{kind}");
        }
        assert!(!is_something_else(&HeaderMap::new()));
    }
}
