//! Form bodies: a malformed one is a plain 400, never a half-read value.

use std::ops::RangeInclusive;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use http::StatusCode;
use serde::de::DeserializeOwned;

use super::MAX_FORM;
use super::answer::mark;

/// The rule of every number field: a form takes what was typed as text, so that a word in it is an error at its field,
/// and the number is read here. None: no whole number, or out of bounds.
pub fn whole(typed: &str, within: &RangeInclusive<u32>) -> Option<u32> {
    typed.trim().parse().ok().filter(|number| within.contains(number))
}

/// The fields of a posted form.
pub struct Form<T>(pub T);

impl<S, T> FromRequest<S> for Form<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let request = match to_bytes(body, MAX_FORM).await {
            Err(_) => return Err(mark(StatusCode::PAYLOAD_TOO_LARGE, "bad_request")),
            // What no database can hold is no field.
            Ok(bytes) if bytes.contains(&0) || bytes.windows(3).any(|part| part == b"%00") => {
                return Err(mark(StatusCode::BAD_REQUEST, "bad_request"));
            }
            Ok(bytes) => Request::from_parts(parts, Body::from(bytes)),
        };
        match axum::Form::<T>::from_request(request, state).await {
            Ok(axum::Form(fields)) => Ok(Self(fields)),
            Err(rejection) => {
                tracing::debug!(%rejection, "a form could not be read");
                let status = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    StatusCode::PAYLOAD_TOO_LARGE
                } else {
                    StatusCode::BAD_REQUEST
                };
                Err(mark(status, "bad_request"))
            }
        }
    }
}
