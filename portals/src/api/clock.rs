//! A sandbox tenant's clock.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::clock::{self, ClockError};
use tenancy::{Mode, audit};
use utoipa::ToSchema;

use super::body;
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;
use crate::clock::{MoveError, Wish, advance};

pub fn endpoints(e: Endpoints) -> Endpoints {
    e.get(
        "/clock",
        Doc::new("Reads the tenant's clock", "settings.read", None).gives::<ClockView>(),
        show,
    )
    .post(
        "/clock",
        Doc::new(
            "Moves a sandbox tenant's clock forward; what falls due is done before it answers",
            "settings.write",
            None,
        )
        .takes::<ClockInput>()
        .gives::<MovedView>(),
        change,
    )
}

/// A clock.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockView {
    now: String,
    /// live or sandbox
    mode: &'static str,
    timezone: String,
}

/// How far to move it: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockInput {
    /// `31d`, `12h`, `90m` or `2w`, 400 days at most
    advance: Option<String>,
    /// An instant that lies ahead
    set: Option<String>,
}

/// What a move came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedView {
    from: String,
    now: String,
    invoices: usize,
    payments: usize,
    retried: usize,
    reminders: usize,
    suspended: usize,
    ended: usize,
    parked: usize,
    waiting_jobs: i64,
}

async fn show(State(app): State<App>, caller: ApiCaller) -> Result<Json<ClockView>, ApiError> {
    caller.need("settings.read", None)?;
    let now = clock::read(app.tenancy(), caller.scope()).await?;
    let tenant = caller.scope().tenant();
    Ok(Json(ClockView {
        now: super::instant(now),
        mode: if tenant.mode == Mode::Sandbox {
            "sandbox"
        } else {
            "live"
        },
        timezone: tenant.timezone.name().to_owned(),
    }))
}

fn wish(input: &ClockInput) -> Result<Wish, ApiError> {
    match (&input.advance, &input.set) {
        (Some(text), None) => clock::parse_span(text)
            .map(Wish::By)
            .ok_or_else(|| ApiError::field("advance", "Use a span such as 31d, 12h, 90m or 2w.")),
        (None, Some(text)) => DateTime::parse_from_rfc3339(text)
            .map(|at| Wish::To(at.with_timezone(&Utc)))
            .map_err(|_| ApiError::field("set", "Use an instant such as 2026-12-31T09:00:00Z.")),
        _ => Err(ApiError::field("advance", "Give advance or set.")),
    }
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    bytes: Bytes,
) -> Result<(StatusCode, Json<MovedView>), ApiError> {
    caller.need("settings.write", None)?;
    let input: ClockInput = body::read(&bytes)?;
    let wish = wish(&input)?;
    let field = if input.set.is_some() { "set" } else { "advance" };
    let moved = Box::pin(advance(&app, &caller.scope().for_the_house(), wish))
        .await
        .map_err(|error| match error {
            MoveError::Clock(error @ ClockError::Live) => ApiError::Conflict("live_tenant", error.to_string()),
            MoveError::Clock(error @ ClockError::Busy) => ApiError::Conflict("clock_moving", error.to_string()),
            MoveError::Clock(ClockError::Db(error)) => error.into(),
            MoveError::Clock(error @ (ClockError::Backwards(_) | ClockError::TooFar)) => {
                ApiError::field(field, error.to_string())
            }
            MoveError::Billing(error) => error.into(),
        })?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let tenant = tx.tenant().id;
    let detail: Value = json!({ "from": moved.from, "now": moved.now });
    audit::record(&mut tx, "clock.moved", tenant, detail).await?;
    tx.commit().await?;
    let view = MovedView {
        from: super::instant(moved.from),
        now: super::instant(moved.now),
        invoices: moved.invoices,
        payments: moved.payments,
        retried: moved.retried,
        reminders: moved.reminders,
        suspended: moved.suspended,
        ended: moved.ended,
        parked: moved.parked,
        waiting_jobs: moved.waiting_jobs,
    };
    Ok((StatusCode::OK, Json(view)))
}
