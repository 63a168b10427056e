//! Carts: what somebody means to buy. A visitor's is found by their session and kept 30 days; when they
//! sign in it becomes part of the user's own. Prices are asked for each time, never stored: a cart only
//! remembers which price was shown, so that a change can be announced.

mod item;

use chrono::{DateTime, TimeDelta, Utc};
use platform::money::Currency;
use serde::Serialize;
use tenancy::{TenantTx, UserId};

pub use item::{CartItem, CartLine, add_item, change_item, items, price, remove_item, saw, set_quantity};

use crate::BillingError;
use crate::error::currency;
use crate::ids::CartId;

/// How long a cart that nobody touches is kept.
pub const KEPT: TimeDelta = TimeDelta::days(30);
/// Forgotten carts that are cleared away whenever a new one begins.
const CLEARED_AT_ONCE: i64 = 20;

/// A cart.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Cart {
    /// Key; a visitor's session holds it.
    pub id: CartId,
    /// Whose; none: a visitor's.
    pub user_id: Option<UserId>,
    /// Currency of the prices.
    pub currency: String,
    /// Last change.
    pub touched_at: DateTime<Utc>,
}

impl Cart {
    /// The currency of its prices.
    ///
    /// # Errors
    /// When the row makes no sense.
    pub fn currency(&self) -> Result<Currency, BillingError> {
        currency(&self.currency)
    }
}

const CART: &str = "SELECT id, user_id, currency, touched_at FROM carts";

/// The cart of a session, or of the user: after a sign-in what was chosen before is in it. Another's cart is none.
///
/// # Errors
/// When the database refuses.
pub async fn find(
    tx: &mut TenantTx,
    session: Option<CartId>,
    user: Option<UserId>,
) -> Result<Option<Cart>, BillingError> {
    let guest = match session {
        Some(id) => guest(tx, id).await?,
        None => None,
    };
    let Some(user) = user else { return Ok(guest) };
    if let Some(guest) = guest {
        adopt(tx, &guest, user).await?;
    }
    of_user(tx, user).await
}

async fn guest(tx: &mut TenantTx, id: CartId) -> Result<Option<Cart>, BillingError> {
    let since = tx.now() - KEPT;
    let sql = format!("{CART} WHERE id = $1 AND user_id IS NULL AND touched_at > $2");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .bind(since)
        .fetch_optional(tx.connection())
        .await?)
}

async fn of_user(tx: &mut TenantTx, user: UserId) -> Result<Option<Cart>, BillingError> {
    let since = tx.now() - KEPT;
    let sql = format!("{CART} WHERE user_id = $1 AND touched_at > $2");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(user)
        .bind(since)
        .fetch_optional(tx.connection())
        .await?)
}

/// The cart as [`find`] knows it, or a new one.
///
/// # Errors
/// When the database refuses.
pub async fn open(
    tx: &mut TenantTx,
    session: Option<CartId>,
    user: Option<UserId>,
    currency: Currency,
) -> Result<Cart, BillingError> {
    if let Some(cart) = find(tx, session, user).await? {
        return Ok(cart);
    }
    let now = tx.now();
    clear_away(tx).await?;
    let id: CartId = tx.new_id();
    // Of two first clicks of one user, the second finds the cart of the first; one that was forgotten begins anew.
    sqlx::query(
        "INSERT INTO carts (id, user_id, currency, created_at, touched_at) VALUES ($1, $2, $3, $4, $4) \
         ON CONFLICT (user_id) DO UPDATE SET touched_at = excluded.touched_at",
    )
    .bind(id)
    .bind(user)
    .bind(currency.code())
    .bind(now)
    .execute(tx.connection())
    .await?;
    let found = match user {
        Some(user) => of_user(tx, user).await?,
        None => guest(tx, id).await?,
    };
    found.ok_or(BillingError::NotFound("cart"))
}

async fn clear_away(tx: &mut TenantTx) -> Result<(), BillingError> {
    let since = tx.now() - KEPT;
    sqlx::query(
        "DELETE FROM carts WHERE id IN (SELECT id FROM carts WHERE touched_at <= $1 ORDER BY touched_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(since)
    .bind(CLEARED_AT_ONCE)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A visitor's cart becomes the user's, or its items join those the user's cart has.
async fn adopt(tx: &mut TenantTx, guest: &Cart, user: UserId) -> Result<(), BillingError> {
    let Some(own) = of_user(tx, user).await? else {
        sqlx::query("DELETE FROM carts WHERE user_id = $1")
            .bind(user)
            .execute(tx.connection())
            .await?;
        sqlx::query("UPDATE carts SET user_id = $2, touched_at = $3 WHERE id = $1 AND user_id IS NULL")
            .bind(guest.id)
            .bind(user)
            .bind(tx.now())
            .execute(tx.connection())
            .await?;
        return Ok(());
    };
    item::join(tx, guest.id, own.id).await?;
    sqlx::query("DELETE FROM carts WHERE id = $1 AND user_id IS NULL")
        .bind(guest.id)
        .execute(tx.connection())
        .await?;
    touch(tx, own.id).await
}

async fn touch(tx: &mut TenantTx, cart: CartId) -> Result<(), BillingError> {
    sqlx::query("UPDATE carts SET touched_at = $2 WHERE id = $1")
        .bind(cart)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Chooses the currency of the prices. What was shown before is no price of it, so it is forgotten.
///
/// # Errors
/// When nothing is sold in it.
pub async fn set_currency(tx: &mut TenantTx, cart: &Cart, currency: Currency) -> Result<(), BillingError> {
    if cart.currency == currency.code() {
        return Ok(());
    }
    sqlx::query("UPDATE carts SET currency = $2, touched_at = $3 WHERE id = $1")
        .bind(cart.id)
        .bind(currency.code())
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    sqlx::query("UPDATE cart_items SET seen_minor = $2 WHERE cart_id = $1")
        .bind(cart.id)
        .bind(item::UNSEEN)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Empties a cart: what was in it is ordered.
///
/// # Errors
/// When the database refuses.
pub async fn empty(tx: &mut TenantTx, cart: CartId) -> Result<(), BillingError> {
    sqlx::query("DELETE FROM carts WHERE id = $1")
        .bind(cart)
        .execute(tx.connection())
        .await?;
    Ok(())
}
