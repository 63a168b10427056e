//! Who calls: the token is checked before the path, so a stranger learns of no path at all.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, header};
use tenancy::token::{self, Caller, Refused};
use tenancy::{TenantScope, TenantState};

use super::error::ApiError;
use crate::app::App;
use crate::web::client::CLIENT_IP;
use crate::web::limit::Guesses;

/// Recognises the bearer token, or answers 401, or 403 where it is good and may not be used from here.
pub async fn authenticate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(visitor) = request.extensions().get::<TenantScope>().cloned() else {
        return ApiError::Internal("the tenant layer is missing".into()).into_response();
    };
    let text = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned());
    let ip = request
        .headers()
        .get(CLIENT_IP)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let guesses = Guesses::of(&request, &visitor.tenant().schema);
    if let Some(refusal) = guesses.refusal() {
        return refusal;
    }
    let judged = match text {
        None => Err(Refused::Unknown),
        Some(text) => match token::recognise(app.tenancy(), &visitor, &text, &ip).await {
            Ok(Err(refused)) => {
                guesses.wrong();
                Err(refused)
            }
            Ok(judged) => judged,
            Err(error) => return ApiError::from(error).into_response(),
        },
    };
    match judged {
        Err(refused) => {
            let mut response = ApiError::Token(refused).into_response();
            if response.status() == StatusCode::UNAUTHORIZED {
                let scheme = http::HeaderValue::from_static("Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            response
        }
        Ok(caller) if caller.account.is_none() && visitor.tenant().state != TenantState::Active => {
            ApiError::Suspended.into_response()
        }
        Ok(caller) => {
            request.extensions_mut().insert(ApiCaller(caller));
            next.run(request).await
        }
    }
}

/// The recognised caller, as handlers take it.
#[derive(Clone)]
pub struct ApiCaller(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for ApiCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(ApiError::Token(Refused::Unknown))
    }
}

impl ApiCaller {
    /// Demands the staff scope, or for a member's token the member scope (none: staff only).
    ///
    /// # Errors
    /// 403 with the missing scope. Ask only after the id was found.
    pub fn need(&self, staff: &'static str, member: Option<&'static str>) -> Result<(), ApiError> {
        if self.0.may(staff, member) {
            Ok(())
        } else {
            Err(ApiError::Scope(if self.0.account.is_some() {
                member.unwrap_or(staff)
            } else {
                staff
            }))
        }
    }

    /// The tenant, acted in by the token's user.
    #[must_use]
    pub fn scope(&self) -> &TenantScope {
        &self.0.scope
    }
}
