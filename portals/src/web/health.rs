//! `/healthz` (the process) and `/readyz` (database and migrations), without a tenant.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;
use tenancy::schema::TENANT_VERSION;

use crate::app::App;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
}

async fn ready(State(app): State<App>) -> Response {
    let behind = async {
        let mut tx = app.tenancy().control().await?;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM control.tenants WHERE schema_version < $1")
            .bind(TENANT_VERSION)
            .fetch_one(tx.connection())
            .await?;
        Ok::<_, platform::db::DbError>(count)
    };
    match behind.await {
        Ok(behind) => Json(json!({ "ok": true, "tenants_behind": behind })).into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(json!({ "ok": false, "reason": "the database is away" })),
            )
                .into_response()
        }
    }
}
