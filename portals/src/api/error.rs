//! Errors of the API: problem documents with a stable code.

use axum::response::{IntoResponse, Response};
use billing::BillingError;
use http::{StatusCode, header};
use platform::db::DbError;
use platform::web::{FieldProblem, Problem};
use tenancy::token::Refused;

/// What an endpoint answers instead of a result.
#[derive(Debug)]
pub enum ApiError {
    /// There is a token, and why it is not let in.
    Token(Refused),
    /// Only a token without limits may do this.
    Narrow,
    /// The token lacks this scope.
    Scope(&'static str),
    /// The tenant is suspended: its staff are locked out, its customers are served.
    Suspended,
    /// Unknown, or another tenant's.
    NotFound,
    /// Not now: the thing is in a state that does not allow it.
    Conflict(&'static str, String),
    /// Fields.
    Fields(Vec<(String, String)>),
    /// The request is well formed and refused.
    Refused(&'static str, String),
    /// The body is no JSON of the right shape.
    Malformed(String),
    /// Somebody else's service failed or has not answered.
    Upstream(String),
    /// Too much at once: nothing was done, and the same request may come again.
    Busy(String),
    /// Ours; logged where it is made into this.
    Internal(String),
}

impl ApiError {
    /// One wrong field.
    pub fn field(field: impl ToString, message: impl ToString) -> Self {
        Self::Fields(vec![(field.to_string(), message.to_string())])
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy(_) => Self::Busy(error.to_string()),
            DbError::Driver(_) | DbError::Row(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<BillingError> for ApiError {
    fn from(error: BillingError) -> Self {
        match error {
            BillingError::Field(field, message) => Self::field(field, message),
            BillingError::Fields(fields) => Self::Fields(fields),
            BillingError::NotFound(_) => Self::NotFound,
            BillingError::Conflict("gateway_away", why) => Self::Upstream(why),
            BillingError::Conflict(code @ ("gateway_refused" | "spending_limit" | "spending_currency"), why) => {
                Self::Refused(code, why)
            }
            BillingError::Conflict(code, why) => Self::Conflict(code, why),
            BillingError::Money(error) => Self::Refused("bad_amount", error.to_string()),
            BillingError::Db(error) => error.into(),
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Who has the token is told why it does not work: its text is known to them already.
fn token_problem(refused: Refused) -> Problem {
    let (status, code, detail) = match refused {
        Refused::Unknown => (
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "A valid API token of this tenant is needed.",
        ),
        Refused::Revoked => (StatusCode::UNAUTHORIZED, "token_revoked", "This token was revoked."),
        Refused::Expired => (StatusCode::UNAUTHORIZED, "token_expired", "This token has expired."),
        Refused::Orphaned => (
            StatusCode::UNAUTHORIZED,
            "token_orphaned",
            "The person this token belongs to has no place here any more.",
        ),
        Refused::Address => (
            StatusCode::FORBIDDEN,
            "ip_not_allowed",
            "This token may not be used from your address.",
        ),
    };
    Problem::new(status, code, detail)
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = match self {
            Self::Token(refused) => token_problem(refused),
            Self::Narrow => Problem::new(
                StatusCode::FORBIDDEN,
                "token_restricted",
                "Only a token without limits of its own makes or changes tokens.",
            ),
            Self::Scope(scope) => Problem::new(
                StatusCode::FORBIDDEN,
                "scope_missing",
                format!("This token lacks the scope {scope}."),
            ),
            Self::Suspended => Problem::new(
                StatusCode::FORBIDDEN,
                "suspended",
                "This tenant is suspended; its staff cannot act in it.",
            ),
            Self::NotFound => Problem::new(StatusCode::NOT_FOUND, "not_found", "There is nothing with this id."),
            Self::Conflict(code, detail) => Problem::new(StatusCode::CONFLICT, code, detail),
            Self::Fields(fields) => {
                let errors = fields
                    .into_iter()
                    .map(|(field, message)| FieldProblem { field, message })
                    .collect();
                Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "invalid_fields",
                    "Some fields are wrong.",
                )
                .with_errors(errors)
            }
            Self::Refused(code, detail) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail),
            Self::Malformed(detail) => Problem::new(StatusCode::BAD_REQUEST, "malformed", detail),
            Self::Upstream(detail) => Problem::new(StatusCode::BAD_GATEWAY, "upstream", detail),
            Self::Busy(why) => {
                tracing::warn!(why, "an API request was turned away");
                let problem = Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "busy",
                    "Too much at once; nothing was done. Try again in a moment.",
                );
                return ([(header::RETRY_AFTER, "1")], problem).into_response();
            }
            Self::Internal(why) => {
                tracing::error!(why, "an API request failed");
                Problem::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "Something went wrong on our side; the request id helps us find it.",
                )
            }
        };
        problem.into_response()
    }
}
