//! Traffic and state, read from the panel on demand and kept for the service's page.

use billing::BillingError;
use billing::ids::ServiceId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use tenancy::{TenantScope, TenantTx};

use crate::operation::{self, Workshop};
use crate::panel::{Observed, Traffic};
use crate::server::said_no;

/// Reads the current period's traffic and keeps it as readings.
///
/// # Errors
/// When the service is not built, or its panel says no.
pub async fn read(shop: &Workshop, scope: &TenantScope, id: ServiceId) -> Result<Traffic, BillingError> {
    let (panel, context, target, _) = operation::reach(shop, scope, id).await?;
    let traffic = panel.read_usage(&context, &target).await.map_err(said_no)?;
    let mut tx = shop.doors.begin(scope).await?;
    for (metric, value) in [
        ("traffic_in_bytes", traffic.in_bytes),
        ("traffic_out_bytes", traffic.out_bytes),
    ] {
        sqlx::query(
            "INSERT INTO readings (service_id, metric, at, value) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(metric)
        .bind(tx.now())
        .bind(value)
        .execute(tx.connection())
        .await?;
    }
    tx.commit().await?;
    Ok(traffic)
}

/// Reads what the service is on its panel and keeps it.
///
/// # Errors
/// When the service is not built, or its panel says no.
pub async fn refresh(shop: &Workshop, scope: &TenantScope, id: ServiceId) -> Result<Observed, BillingError> {
    let (panel, context, target, _) = operation::reach(shop, scope, id).await?;
    let seen = panel.read_state(&context, &target).await.map_err(said_no)?;
    let mut tx = shop.doors.begin(scope).await?;
    operation::see(&mut tx, id, &seen.ip_addresses, &json!(seen)).await?;
    tx.commit().await?;
    Ok(seen)
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Reading {
    /// When.
    pub at: DateTime<Utc>,
    /// In the metric's unit.
    pub value: i64,
}

/// Readings of one metric, the newest first.
///
/// # Errors
/// When there is no such service, or it is not the actor's.
pub async fn readings(
    tx: &mut TenantTx,
    id: ServiceId,
    metric: &str,
    limit: i64,
) -> Result<Vec<Reading>, BillingError> {
    operation::allowed(tx, id).await?;
    Ok(
        sqlx::query_as(
            "SELECT at, value FROM readings WHERE service_id = $1 AND metric = $2 ORDER BY at DESC LIMIT $3",
        )
        .bind(id)
        .bind(metric)
        .bind(limit)
        .fetch_all(tx.connection())
        .await?,
    )
}
