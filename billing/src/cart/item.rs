//! Items of a cart, and what they cost now.

use platform::money::{Currency, Money};
use serde::Serialize;
use serde_json::Value;
use tenancy::TenantTx;

use super::{Cart, touch};
use crate::BillingError;
use crate::ids::{CartId, CartItemId, PlanId};
use crate::quote::{self, ITEMS_MAX, Item, ItemProblem, Offer, QUANTITY_MAX, QuoteError, QuotedItem};

/// No price was shown yet.
pub(super) const UNSEEN: i64 = -1;

/// Something in a cart.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct CartItem {
    /// Key.
    pub id: CartItemId,
    /// Plan.
    pub plan_id: PlanId,
    /// How many.
    pub quantity: i32,
    /// Hostname.
    pub hostname: String,
    /// Options by key.
    pub options: Value,
    /// What one unit cost when it was shown last, setup included; negative: not shown yet.
    pub seen_minor: i64,
}

impl CartItem {
    /// As the pricing function takes it.
    #[must_use]
    pub fn item(&self) -> Item {
        Item {
            plan: self.plan_id,
            quantity: self.quantity,
            hostname: self.hostname.clone(),
            options: self.options.clone(),
        }
    }
}

/// An item with what it costs now.
#[derive(Debug, Clone)]
pub struct CartLine {
    /// The row.
    pub row: CartItem,
    /// The plan, unless it is sold no more.
    pub offer: Option<Offer>,
    /// Its price, or what is wrong with it since it was chosen.
    pub quoted: Result<QuotedItem, Vec<ItemProblem>>,
    /// What one unit cost when it was shown last, where that differs.
    pub before: Option<Money>,
}

const ITEM: &str = "SELECT id, plan_id, quantity, hostname, options, seen_minor FROM cart_items";

/// What is in a cart, in its order.
///
/// # Errors
/// When the database refuses.
pub async fn items(tx: &mut TenantTx, cart: CartId) -> Result<Vec<CartItem>, BillingError> {
    let sql = format!("{ITEM} WHERE cart_id = $1 ORDER BY position, id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(cart)
        .fetch_all(tx.connection())
        .await?)
}

/// What one unit costs today and then, as it is shown.
fn shown(quoted: &QuotedItem) -> Result<Money, BillingError> {
    Ok(quoted.unit.add(quoted.setup)?)
}

/// Prices what is in a cart by today's catalogue.
///
/// # Errors
/// When the database refuses, or an amount is out of range.
pub async fn price(tx: &mut TenantTx, cart: CartId, currency: Currency) -> Result<Vec<CartLine>, BillingError> {
    let rows = items(tx, cart).await?;
    let plans: Vec<PlanId> = rows.iter().map(|row| row.plan_id).collect();
    let offers = quote::offers(tx, &plans).await?;
    let today = tx.today();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let quoted = match quote::quote_one(&offers, &row.item(), currency, today) {
            Ok(quoted) => Ok(quoted),
            Err(QuoteError::Items(problems)) => Err(problems),
            Err(QuoteError::Money(error)) => return Err(error.into()),
        };
        let before = match &quoted {
            Ok(now) if row.seen_minor > UNSEEN && shown(now)?.minor != row.seen_minor => {
                Some(Money::new(row.seen_minor, currency)?)
            }
            _ => None,
        };
        lines.push(CartLine {
            offer: offers.iter().find(|offer| offer.plan.id == row.plan_id).cloned(),
            row,
            quoted,
            before,
        });
    }
    Ok(lines)
}

/// Remembers the prices that are being shown.
///
/// # Errors
/// When the database refuses.
pub async fn saw(tx: &mut TenantTx, lines: &[CartLine]) -> Result<(), BillingError> {
    for line in lines {
        let Ok(quoted) = &line.quoted else { continue };
        let now = shown(quoted)?.minor;
        if now != line.row.seen_minor {
            sqlx::query("UPDATE cart_items SET seen_minor = $2 WHERE id = $1")
                .bind(line.row.id)
                .bind(now)
                .execute(tx.connection())
                .await?;
        }
    }
    Ok(())
}

/// Puts an item into a cart. The same thing again is more of it.
///
/// # Errors
/// When the cart is full.
pub async fn add_item(tx: &mut TenantTx, cart: &Cart, quoted: &QuotedItem) -> Result<(), BillingError> {
    lock(tx, cart.id).await?;
    let item = &quoted.item;
    let known = items(tx, cart.id).await?;
    let same = known
        .iter()
        .find(|row| row.plan_id == item.plan && row.hostname == item.hostname && row.options == item.options);
    if let Some(same) = same {
        let quantity = (same.quantity + item.quantity).min(QUANTITY_MAX);
        sqlx::query("UPDATE cart_items SET quantity = $2 WHERE id = $1")
            .bind(same.id)
            .bind(quantity)
            .execute(tx.connection())
            .await?;
        return touch(tx, cart.id).await;
    }
    if known.len() >= ITEMS_MAX {
        return Err(BillingError::Conflict(
            "cart_full",
            "A cart holds 50 items; order these first.".into(),
        ));
    }
    let id: CartItemId = tx.new_id();
    sqlx::query(
        "INSERT INTO cart_items (id, cart_id, plan_id, quantity, hostname, options, position, seen_minor) \
         SELECT $1, $2, $3, $4, $5, $6, coalesce(max(position), 0) + 1, $7 FROM cart_items WHERE cart_id = $2",
    )
    .bind(id)
    .bind(cart.id)
    .bind(item.plan)
    .bind(item.quantity)
    .bind(&item.hostname)
    .bind(&item.options)
    .bind(shown(quoted)?.minor)
    .execute(tx.connection())
    .await?;
    touch(tx, cart.id).await
}

async fn lock(tx: &mut TenantTx, cart: CartId) -> Result<(), BillingError> {
    sqlx::query("SELECT id FROM carts WHERE id = $1 FOR UPDATE")
        .bind(cart)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Changes an item of this cart to what was quoted.
///
/// # Errors
/// When the cart has no such item.
pub async fn change_item(
    tx: &mut TenantTx,
    cart: &Cart,
    id: CartItemId,
    quoted: &QuotedItem,
) -> Result<(), BillingError> {
    let item = &quoted.item;
    let done = sqlx::query(
        "UPDATE cart_items SET plan_id = $3, quantity = $4, hostname = $5, options = $6, seen_minor = $7 WHERE id = $2 AND cart_id = $1",
    )
    .bind(cart.id)
    .bind(id)
    .bind(item.plan)
    .bind(item.quantity)
    .bind(&item.hostname)
    .bind(&item.options)
    .bind(shown(quoted)?.minor)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Err(BillingError::NotFound("item"));
    }
    touch(tx, cart.id).await
}

/// Takes an item out of this cart.
///
/// # Errors
/// When the cart has no such item.
pub async fn remove_item(tx: &mut TenantTx, cart: &Cart, id: CartItemId) -> Result<(), BillingError> {
    let done = sqlx::query("DELETE FROM cart_items WHERE id = $2 AND cart_id = $1")
        .bind(cart.id)
        .bind(id)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Err(BillingError::NotFound("item"));
    }
    touch(tx, cart.id).await
}

/// The items of one cart join those of another; what does not fit stays behind.
pub(super) async fn join(tx: &mut TenantTx, from: CartId, to: CartId) -> Result<(), BillingError> {
    lock(tx, to).await?;
    sqlx::query(
        "UPDATE cart_items k SET quantity = least(k.quantity + g.quantity, $3) FROM cart_items g WHERE k.cart_id = $2 \
         AND g.cart_id = $1 AND g.plan_id = k.plan_id AND g.hostname = k.hostname AND g.options = k.options",
    )
    .bind(from)
    .bind(to)
    .bind(QUANTITY_MAX)
    .execute(tx.connection())
    .await?;
    sqlx::query(
        "UPDATE cart_items g SET cart_id = $2, position = g.position + 1000, seen_minor = $4 WHERE g.cart_id = $1 \
         AND NOT EXISTS (SELECT 1 FROM cart_items k WHERE k.cart_id = $2 AND g.plan_id = k.plan_id AND g.hostname = k.hostname \
           AND g.options = k.options) \
         AND (SELECT count(*) FROM cart_items k WHERE k.cart_id = $2) + (SELECT count(*) FROM cart_items o WHERE o.cart_id = $1) <= $3",
    )
    .bind(from)
    .bind(to)
    .bind(i64::try_from(ITEMS_MAX).unwrap_or(50))
    .bind(UNSEEN)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Sets how many of an item this cart holds.
///
/// # Errors
/// When nobody sells that many, or the cart has no such item.
pub async fn set_quantity(tx: &mut TenantTx, cart: &Cart, id: CartItemId, quantity: i32) -> Result<(), BillingError> {
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        return Err(BillingError::Field("quantity", quote::Fault::Quantity.to_string()));
    }
    let done = sqlx::query("UPDATE cart_items SET quantity = $3 WHERE id = $2 AND cart_id = $1")
        .bind(cart.id)
        .bind(id)
        .bind(quantity)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Err(BillingError::NotFound("item"));
    }
    touch(tx, cart.id).await
}
