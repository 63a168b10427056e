//! Suspending a tenant below, and lifting it: its staff are locked out, its customers go on.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use tenancy::tenant::{self, TenantError};
use tenancy::{TenantId, audit};
use utoipa::ToSchema;

use super::body;
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use super::system::{self, TenantView};
use crate::app::App;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = |summary| Doc::new(summary, "tenants.write", None).gives::<TenantView>();
    e.post(
        "/tenants/{id}/suspension",
        doc("Locks the staff of a tenant below out; its customers go on").takes::<WhyInput>(),
        suspend,
    )
    .delete(
        "/tenants/{id}/suspension",
        doc("Lets the staff of a tenant below in again"),
        resume,
    )
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyInput {
    /// What its staff read.
    reason: String,
}

async fn suspend(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<TenantView>, ApiError> {
    let child = system::child(&app, &caller, &id).await?;
    caller.need("tenants.write", None)?;
    let input: WhyInput = body::read(&bytes)?;
    let reason = input.reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(ApiError::field("reason", "Say why, in at most 500 characters."));
    }
    set(&app, &caller, child, Some(reason)).await
}

async fn resume(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<TenantView>, ApiError> {
    let child = system::child(&app, &caller, &id).await?;
    caller.need("tenants.write", None)?;
    set(&app, &caller, child, None).await
}

/// Recorded above first, then done and recorded below.
async fn set(
    app: &App,
    caller: &ApiCaller,
    child: TenantId,
    reason: Option<&str>,
) -> Result<Json<TenantView>, ApiError> {
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let action = if reason.is_some() {
        "tenant.child_suspended"
    } else {
        "tenant.child_resumed"
    };
    audit::record(&mut tx, action, child, json!({ "reason": reason })).await?;
    tx.commit().await?;
    match tenant::set_suspended(app.tenancy(), child, reason).await {
        Ok(()) => system::show(app, caller, &child.to_string()).await.map(Json),
        Err(TenantError::UnknownTenant(_)) => Err(ApiError::NotFound),
        Err(error) => Err(ApiError::Internal(error.to_string())),
    }
}
