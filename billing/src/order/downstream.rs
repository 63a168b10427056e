//! Orders that a child tenant's operation places here for one of its own services.

use tenancy::{TenantId, TenantTx};
use uuid::Uuid;

use super::{PlaceOrder, Placed, place};
use crate::BillingError;

/// The child tenant and its service that this order delivers.
#[derive(Debug, Clone, Copy)]
pub struct Downstream {
    /// The child.
    pub tenant: TenantId,
    /// Its service.
    pub service: Uuid,
}

/// Places an order of one unit for a child's service. Asked twice, it is the same order: the service's id
/// is the checkout key, and the column that names it is unique.
///
/// # Errors
/// As [`place`]; more than one unit.
pub async fn place_downstream(tx: &mut TenantTx, new: PlaceOrder, of: Downstream) -> Result<Placed, BillingError> {
    if new.items.len() != 1 || new.items.iter().any(|item| item.quantity != 1) {
        return Err(BillingError::Field("items", "One service is delivered by one unit.".into()));
    }
    let new = PlaceOrder { checkout_key: Some(format!("downstream:{}", of.service)), ..new };
    let placed = place(tx, &new).await?;
    sqlx::query(
        "UPDATE services SET downstream_tenant_id = $2, downstream_service_id = $3 WHERE id = ANY($1) AND downstream_service_id IS NULL",
    )
    .bind(&placed.services)
    .bind(of.tenant)
    .bind(of.service)
    .execute(tx.connection())
    .await?;
    Ok(placed)
}
