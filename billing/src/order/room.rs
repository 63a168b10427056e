//! Room for what is ordered: stock that is counted, and what a panel said it has.
//!
//! A panel is asked before the transaction of the order; what it said is compared with the orders that
//! came since, under the server's row lock, so that two checkouts cannot sell the last one.

use std::collections::BTreeMap;

use tenancy::TenantTx;

use crate::BillingError;
use crate::ids::{ProductId, ServerId, ServiceId};
use crate::quote::QuotedItem;

/// What was known of a server's room before the order.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// The panel endpoint.
    pub server: ServerId,
    /// Units that could be sold, what is promised already taken off.
    pub left: u32,
    /// Orders of this server until then, of whatever fate ([`count_holds`]).
    pub holds: i64,
}

/// How many units were ever ordered of a server; only grows.
///
/// # Errors
/// When the database refuses.
pub async fn count_holds(tx: &mut TenantTx, server: ServerId) -> Result<i64, BillingError> {
    Ok(
        sqlx::query_scalar("SELECT count(*) FROM capacity_holds WHERE server_id = $1")
            .bind(server)
            .fetch_one(tx.connection())
            .await?,
    )
}

fn none_left(name: &str) -> BillingError {
    BillingError::Conflict(
        "no_capacity",
        format!("There is no room left for {name} at the moment."),
    )
}

/// Locks the servers of these items, one order after the other, and refuses what has no room.
pub(super) async fn take_room(tx: &mut TenantTx, items: &[QuotedItem], known: &[Room]) -> Result<(), BillingError> {
    let mut wanted: BTreeMap<ServerId, (i64, &str)> = BTreeMap::new();
    for item in items {
        if let Some(server) = item.product.server_id {
            let entry = wanted.entry(server).or_insert((0, item.product.name.as_str()));
            entry.0 += i64::from(item.item.quantity);
        }
    }
    for (server, (units, name)) in wanted {
        sqlx::query("SELECT id FROM servers WHERE id = $1 FOR NO KEY UPDATE")
            .bind(server)
            .execute(tx.connection())
            .await?;
        let Some(room) = known.iter().find(|room| room.server == server) else {
            continue;
        };
        let since = count_holds(tx, server).await? - room.holds;
        if units + since > i64::from(room.left) {
            return Err(none_left(name));
        }
    }
    take_stock(tx, items).await
}

/// Takes stock where it is counted; the condition in the update is the lock.
async fn take_stock(tx: &mut TenantTx, items: &[QuotedItem]) -> Result<(), BillingError> {
    let mut wanted: BTreeMap<ProductId, (i32, &str)> = BTreeMap::new();
    for item in items.iter().filter(|item| item.product.stock.is_some()) {
        let entry = wanted.entry(item.product.id).or_insert((0, item.product.name.as_str()));
        entry.0 += item.item.quantity;
    }
    for (product, (units, name)) in wanted {
        let done =
            sqlx::query("UPDATE products SET stock = stock - $2 WHERE id = $1 AND (stock IS NULL OR stock >= $2)")
                .bind(product)
                .bind(units)
                .execute(tx.connection())
                .await?;
        if done.rows_affected() == 0 {
            return Err(BillingError::Conflict(
                "out_of_stock",
                format!("{name} is out of stock."),
            ));
        }
    }
    Ok(())
}

/// Gives back what was kept for a service that was not built: room, and stock where it is counted.
/// A second time gives nothing back.
///
/// # Errors
/// When the database refuses.
pub async fn release(tx: &mut TenantTx, service: ServiceId) -> Result<(), BillingError> {
    let product: Option<ProductId> = sqlx::query_scalar(
        "UPDATE capacity_holds SET released_at = $2 WHERE service_id = $1 AND released_at IS NULL RETURNING product_id",
    )
    .bind(service)
    .bind(tx.now())
    .fetch_optional(tx.connection())
    .await?;
    if let Some(product) = product {
        sqlx::query("UPDATE products SET stock = stock + 1 WHERE id = $1 AND stock IS NOT NULL")
            .bind(product)
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}

/// Keeps room again for a service whose build is tried once more.
///
/// # Errors
/// When what was given back has been sold since.
pub async fn keep_again(tx: &mut TenantTx, service: ServiceId) -> Result<(), BillingError> {
    let product: Option<ProductId> = sqlx::query_scalar(
        "UPDATE capacity_holds SET released_at = NULL WHERE service_id = $1 AND released_at IS NOT NULL RETURNING product_id",
    )
    .bind(service)
    .fetch_optional(tx.connection())
    .await?;
    let Some(product) = product else { return Ok(()) };
    let done = sqlx::query("UPDATE products SET stock = stock - 1 WHERE id = $1 AND (stock IS NULL OR stock > 0)")
        .bind(product)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Err(BillingError::Conflict(
            "out_of_stock",
            "The stock of this product is sold; raise it, then try again.".into(),
        ));
    }
    Ok(())
}
