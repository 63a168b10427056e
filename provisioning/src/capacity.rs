//! Room left for a product: its own stock, and what its panel says, less what is promised already.

use std::collections::BTreeMap;

use billing::ids::{ProductId, ServerId};
use billing::order::{self, Room};
use billing::{BillingError, catalogue};
use serde_json::Value;
use tenancy::{TenantScope, TenantTx};

use crate::operation::Workshop;
use crate::{panel::PanelError, server};

/// How many more can be sold now; none: nothing limits it, or the panel does not say.
///
/// A panel that cannot be asked limits nothing: a create without room fails visibly and takes no money.
///
/// # Errors
/// When there is no such product.
pub async fn left(shop: &Workshop, scope: &TenantScope, product: ProductId) -> Result<Option<u32>, BillingError> {
    let mut tx = shop.doors.begin_read(scope).await?;
    let found = catalogue::find_product(&mut tx, product)
        .await?
        .ok_or(BillingError::NotFound("product"))?;
    let promised = match found.server_id {
        Some(server) => promised(&mut tx, server).await?,
        None => 0,
    };
    tx.commit().await?;
    let stock = found.stock.map(|n| u32::try_from(n).unwrap_or(0));
    let Some(server) = found.server_id else {
        return Ok(stock);
    };
    let room = asked(shop, scope, server, &found.panel_settings).await?;
    Ok(least(stock, room, promised))
}

/// What a product's panel has room for now, for [`order::place_within`]; none: nothing limits it, or the panel
/// does not say. Stock is not asked here: an order takes it under its own lock.
///
/// # Errors
/// When there is no such product.
pub async fn room(shop: &Workshop, scope: &TenantScope, product: ProductId) -> Result<Option<Room>, BillingError> {
    let mut tx = shop.doors.begin_read(scope).await?;
    let found = catalogue::find_product(&mut tx, product)
        .await?
        .ok_or(BillingError::NotFound("product"))?;
    let Some(server) = found.server_id else {
        tx.commit().await?;
        return Ok(None);
    };
    // Before the panel is asked: what is ordered from here on is counted again, so that nothing is sold twice.
    let holds = order::count_holds(&mut tx, server).await?;
    let promised = promised(&mut tx, server).await?;
    tx.commit().await?;
    let left = match asked(shop, scope, server, &found.panel_settings).await? {
        Some(room) => room.saturating_sub(promised),
        None => return Ok(None),
    };
    Ok(Some(Room { server, left, holds }))
}

/// What the panels of several products have room for; two products of one server share the smaller answer.
///
/// # Errors
/// When there is no such product.
pub async fn rooms(shop: &Workshop, scope: &TenantScope, products: &[ProductId]) -> Result<Vec<Room>, BillingError> {
    let mut found: BTreeMap<ServerId, Room> = BTreeMap::new();
    for product in products {
        if let Some(room) = room(shop, scope, *product).await? {
            let known = found.entry(room.server).or_insert(room);
            known.left = known.left.min(room.left);
            known.holds = known.holds.min(room.holds);
        }
    }
    Ok(found.into_values().collect())
}

/// What the panel says; none when it does not, or cannot be asked.
async fn asked(
    shop: &Workshop,
    scope: &TenantScope,
    server: ServerId,
    settings: &Value,
) -> Result<Option<u32>, BillingError> {
    let (panel, context) = server::open(shop, scope, server).await?;
    if !context.enabled {
        return Ok(Some(0));
    }
    Ok(match panel.capacity(&context, settings).await {
        Ok(room) => room,
        Err(PanelError::NoCapacity(_)) => Some(0),
        Err(error) => {
            tracing::info!(%error, server = %server, "the panel does not say how much room is left");
            None
        }
    })
}

/// Services on this server that are ordered and not made there yet.
async fn promised(tx: &mut TenantTx, server: ServerId) -> Result<u32, BillingError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM capacity_holds h JOIN services v ON v.id = h.service_id \
         WHERE h.server_id = $1 AND h.released_at IS NULL AND v.panel_ref IS NULL AND v.status IN ('pending', 'provisioning')",
    )
    .bind(server)
    .fetch_one(tx.connection())
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Stock is taken when an order is placed; room on a panel only when it is built.
fn least(stock: Option<u32>, room: Option<u32>, promised: u32) -> Option<u32> {
    let room = room.map(|room| room.saturating_sub(promised));
    [stock, room].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promised_room_is_not_sold_twice() {
        assert_eq!(least(None, None, 3), None);
        assert_eq!(least(Some(2), None, 3), Some(2));
        assert_eq!(least(None, Some(5), 3), Some(2));
        assert_eq!(least(Some(1), Some(5), 3), Some(1));
        assert_eq!(least(Some(9), Some(2), 3), Some(0));
    }
}
