//! Bodies, paths and queries whose refusals are problem documents.
//!
//! Malformed JSON is 400, JSON of the wrong shape 422 with the field's path, too much 413, another content type 415.
//! A path that cannot name anything is 404.

use axum::extract::rejection::{BytesRejection, FormRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Problem;

/// Layer: how many bytes a body may have on these routes.
pub fn body_limit(max_bytes: usize) -> DefaultBodyLimit {
    DefaultBodyLimit::max(max_bytes)
}

/// A JSON body; as an answer, JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

/// The path's parameters.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// The query's parameters.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// A form's fields.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

/// The body as it came, for signatures.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        Bytes::from_request(request, state)
            .await
            .map(Self)
            .map_err(|error| unreadable(&error))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers()) {
            let detail = "The body must be JSON, with content-type: application/json.";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                detail,
            ));
        }
        let RawBody(body) = RawBody::from_request(request, state).await?;
        from_json(&body).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Parses a JSON body as the extractor does, for handlers that need the bytes too.
///
/// # Errors
/// A 400 problem when it is not JSON, a 422 one with the field when it is JSON of another shape.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let reader = &mut serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut *reader).map_err(|error| {
        if error.inner().classify() == serde_json::error::Category::Data {
            let (field, message) = field_error(error.path().to_string(), &error.inner().to_string());
            Problem::invalid_fields(Vec::new()).with_field(field, message)
        } else {
            malformed(error.inner())
        }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let detail = format!(
        "The body is not valid JSON (line {}, column {}).",
        error.line(),
        error.column()
    );
    Problem::new(StatusCode::BAD_REQUEST, "malformed", detail)
}

/// The path to what is missing ends at the object it is missing from, so its own name is added.
fn field_error(path: String, message: &str) -> (String, String) {
    let path = if path == "." { String::new() } else { path };
    let message = message.split(" at line ").next().unwrap_or_default();
    match message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        Some(name) if path.is_empty() => (name.to_owned(), "is required".to_owned()),
        Some(name) => (format!("{path}.{name}"), "is required".to_owned()),
        None => (path, message.to_owned()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn unreadable(error: &BytesRejection) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        Problem::new(StatusCode::BAD_REQUEST, "malformed", "The body could not be read.")
    }
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large.")
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        match axum::extract::Form::<T>::from_request(request, state).await {
            Ok(form) => Ok(Self(form.0)),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
            Err(FormRejection::InvalidFormContentType(_)) => {
                let detail = "The body must be a form.";
                Err(Problem::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "unsupported_media_type",
                    detail,
                ))
            }
            Err(error) => Err(parameter_problem(&error.body_text())),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|query| Self(query.0))
            .map_err(|error: QueryRejection| parameter_problem(&error.body_text()))
    }
}

/// The framework says `Failed to deserialize ...: field: message`, the field where it knows one.
fn parameter_problem(text: &str) -> Problem {
    let reason = text.split_once(": ").map_or(text, |(_, reason)| reason);
    let named = reason
        .split_once(": ")
        .filter(|(field, _)| !field.contains(char::is_whitespace));
    let (field, message) = named.unwrap_or(("", reason));
    let (field, message) = field_error(field.to_owned(), message);
    Problem::invalid_fields(Vec::new()).with_field(field, message)
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|error| {
                if error.status().is_server_error() {
                    Problem::internal()
                } else {
                    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.")
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::{get, post};
    use serde::Deserialize;
    use tower::ServiceExt as _;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        items: Vec<Item>,
    }

    #[derive(Deserialize)]
    struct Item {
        quantity: u32,
    }

    #[derive(Deserialize)]
    struct Page {
        limit: u32,
    }

    fn app() -> Router {
        Router::new()
            .route(
                "/json",
                post(|Json(order): Json<Order>| async move {
                    order.items.iter().map(|item| item.quantity).sum::<u32>().to_string()
                }),
            )
            .route(
                "/form",
                post(|Form(page): Form<Page>| async move { page.limit.to_string() }),
            )
            .route(
                "/query",
                get(|Query(page): Query<Page>| async move { page.limit.to_string() }),
            )
            .route("/path/{id}", get(|Path(id): Path<u32>| async move { id.to_string() }))
            .layer(body_limit(200))
    }

    async fn call(method: &str, path: &str, kind: &str, body: &str) -> (u16, String, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, kind);
        let response = app()
            .oneshot(request.body(Body::from(body.to_owned())).unwrap())
            .await
            .unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        (status, text(&document["code"]), text(&document["errors"][0]["field"]))
    }

    #[tokio::test]
    async fn refusals() {
        let json = "application/json";
        let form = "application/x-www-form-urlencoded";
        let large = format!("{{\"items\":[{}]}}", " ".repeat(300));
        for (method, path, kind, body, status, code, field) in [
            ("POST", "/json", json, r#"{"items":[{"quantity":2}]}"#, 200, "", ""),
            (
                "POST",
                "/json",
                "application/vnd.x+json; charset=utf-8",
                r#"{"items":[]}"#,
                200,
                "",
                "",
            ),
            (
                "POST",
                "/json",
                json,
                r#"{"items":[{"quantity":"2"}]}"#,
                422,
                "invalid_fields",
                "items[0].quantity",
            ),
            (
                "POST",
                "/json",
                json,
                r#"{"items":[{"quantity":1},{}]}"#,
                422,
                "invalid_fields",
                "items[1].quantity",
            ),
            ("POST", "/json", json, "{}", 422, "invalid_fields", "items"),
            (
                "POST",
                "/json",
                json,
                r#"{"items":[],"more":1}"#,
                422,
                "invalid_fields",
                "more",
            ),
            ("POST", "/json", json, "[", 400, "malformed", ""),
            ("POST", "/json", json, "", 400, "malformed", ""),
            ("POST", "/json", json, r#"{"items":[]} x"#, 400, "malformed", ""),
            ("POST", "/json", "text/plain", "{}", 415, "unsupported_media_type", ""),
            ("POST", "/json", json, &large, 413, "too_large", ""),
            ("POST", "/form", form, "limit=3", 200, "", ""),
            ("POST", "/form", form, "limit=x", 422, "invalid_fields", "limit"),
            ("POST", "/form", json, "{}", 415, "unsupported_media_type", ""),
            ("POST", "/form", form, &large, 413, "too_large", ""),
            ("GET", "/query?limit=3", form, "", 200, "", ""),
            ("GET", "/query?limit=x", form, "", 422, "invalid_fields", "limit"),
            ("GET", "/query", form, "", 422, "invalid_fields", "limit"),
            ("GET", "/path/7", form, "", 200, "", ""),
            ("GET", "/path/x", form, "", 404, "not_found", ""),
        ] {
            let found = call(method, path, kind, body).await;
            assert_eq!(
                found,
                (status, code.to_owned(), field.to_owned()),
                "{method} {path} {kind} {body}"
            );
        }
    }
}
