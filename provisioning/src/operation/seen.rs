//! What a panel said of a service, kept.

use billing::BillingError;
use billing::ids::ServiceId;
use platform::event::{self, NewEvent};
use serde_json::{Value, json};
use tenancy::TenantTx;

/// Keeps what the panel said last.
pub(crate) async fn see(
    tx: &mut TenantTx,
    service: ServiceId,
    ip_addresses: &[String],
    observed: &Value,
) -> Result<(), BillingError> {
    sqlx::query("UPDATE services SET ip_addresses = $2, observed_at = $4, observed = CASE WHEN jsonb_exists(observed, 'traffic') \
         THEN $3::jsonb || jsonb_build_object('traffic', observed->'traffic') ELSE $3::jsonb END WHERE id = $1")
        .bind(service)
        .bind(ip_addresses)
        .bind(observed)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Keeps the addresses a service has now, and says so: whoever it is sold on to wants to know.
pub(crate) async fn see_addresses(
    tx: &mut TenantTx,
    service: ServiceId,
    ip_addresses: &[String],
) -> Result<(), BillingError> {
    sqlx::query("UPDATE services SET ip_addresses = $2 WHERE id = $1")
        .bind(service)
        .bind(ip_addresses)
        .execute(tx.connection())
        .await?;
    let moved = NewEvent::new(
        "service.readdressed",
        service,
        json!({ "id": service, "ip_addresses": ip_addresses }),
    );
    Ok(event::publish(tx, &[moved]).await?)
}
