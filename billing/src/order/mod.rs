//! Orders: a price snapshot, subscriptions, services and the invoice, in one transaction.

mod agreed;
mod cancel;
mod deliver;
mod expire;
mod late;
pub mod list;
mod read;
mod room;
pub(crate) mod undelivered;

use platform::db::constraint;
use platform::event::{self, NewEvent};
use platform::money::Money;
use serde::Serialize;
use serde_json::json;
use tenancy::{AccountId, TenantTx, account};

pub use crate::quote::Item;
pub use agreed::Agreed;
pub use cancel::cancel;
pub(crate) use cancel::cancel_with_invoice;
pub use expire::expire_due;
pub(crate) use late::start_when_it_runs;
pub use read::{Made, Order, Renews, by_key, declined, find, invoice_of, list, made, of_service, products_of, renews};
pub use room::{Room, count_holds, keep_again, release};
pub use undelivered::may_be_built;

use crate::error::currency;
use crate::ids::{InvoiceId, OrderId, PaymentId, PaymentMethodId, PlanId, ServiceId};
use crate::invoice::Invoice;
use crate::quote::Quote;
use crate::{BillingError, allowance, invoice, payment, quote};

/// An order to place.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// For whom.
    pub account: AccountId,
    /// What.
    pub items: Vec<Item>,
    /// Charged (or held) at once; none: paid later.
    pub payment_method: Option<PaymentMethodId>,
    /// Whether that method's gateway can hold.
    pub hold: bool,
    /// The same key is the same order.
    pub checkout_key: Option<String>,
    /// From where.
    pub ip: Option<String>,
}

/// A placed order.
#[derive(Debug, Clone, Serialize)]
pub struct Placed {
    /// Order.
    pub order: OrderId,
    /// Invoice, unless nothing is due today.
    pub invoice: Option<InvoiceId>,
    /// Services.
    pub services: Vec<ServiceId>,
    /// Due today.
    pub total: Money,
    /// Payment that was begun.
    pub payment: Option<PaymentId>,
}

/// What an order would cost today, in the account's currency; nothing is written.
///
/// # Errors
/// As [`place`].
pub async fn preview(tx: &mut TenantTx, account: AccountId, items: &[Item]) -> Result<Money, BillingError> {
    Ok(quote(tx, account, items).await?.due_today)
}

/// What an order would cost today and later, item by item; nothing is written.
///
/// # Errors
/// As [`place`].
pub async fn quote(tx: &mut TenantTx, account: AccountId, items: &[Item]) -> Result<Quote, BillingError> {
    let buyer = account::find(tx, account)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    let unit = currency(&buyer.currency)?;
    let plans: Vec<PlanId> = items.iter().map(|item| item.plan).collect();
    let offers = quote::offers(tx, &plans).await?;
    Ok(quote::quote(&offers, items, unit, tx.today())?)
}

/// Places an order. The same checkout key answers with the same order.
///
/// # Errors
/// A wrong item, no stock, or more than the caller's token may spend; nothing is written then.
pub async fn place(tx: &mut TenantTx, new: &PlaceOrder) -> Result<Placed, BillingError> {
    place_within(tx, new, &[]).await
}

/// Places an order within the room that was asked about before; see [`Room`].
///
/// # Errors
/// As [`place`], and when the room is sold since.
pub async fn place_within(tx: &mut TenantTx, new: &PlaceOrder, rooms: &[Room]) -> Result<Placed, BillingError> {
    place_agreed(tx, new, rooms, &Agreed::default()).await
}

/// Places an order, some of its items at prices that were agreed on.
///
/// # Errors
/// As [`place_within`], and when a price was agreed on for no reason, or in another currency.
pub async fn place_agreed(
    tx: &mut TenantTx,
    new: &PlaceOrder,
    rooms: &[Room],
    agreed: &Agreed,
) -> Result<Placed, BillingError> {
    // The account's row is the order of things: two checkouts of one account come one after the other.
    sqlx::query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(new.account)
        .execute(tx.connection())
        .await?;
    if let Some(known) = known(tx, new).await? {
        return Ok(known);
    }
    let quote = agreed.over(quote(tx, new.account, &new.items).await?)?;
    let total = quote.due_today;
    room::take_room(tx, &quote.items, rooms).await?;
    let id = insert(tx, new, total).await?;
    agreed::record(tx, id, total, agreed).await?;
    let (mut lines, mut services) = (Vec::new(), Vec::new());
    for quoted in &quote.items {
        // Each unit is a service of its own, so that each can be suspended, changed and cancelled alone.
        for unit in 0..quoted.item.quantity {
            let (subscription, service) = deliver::deliver(tx, id, new.account, quoted, unit).await?;
            services.push(service);
            lines.extend(deliver::first_lines(subscription, quoted, unit));
        }
    }
    let issued = if lines.is_empty() {
        None
    } else {
        invoice::issue(tx, new.account, Some(id), lines, tx.today()).await?
    };
    allowance::count_order(tx, id, &quote.items, issued.as_ref()).await?;
    let payment = match (&issued, new.payment_method) {
        (Some(invoice), Some(method)) if invoice.due()?.is_positive() => {
            Some(payment::begin(tx, invoice.id, method, new.hold).await?)
        }
        _ => None,
    };
    if issued.is_none() {
        accept(tx, id).await?;
    }
    Ok(Placed {
        order: id,
        invoice: issued.map(|i| i.id),
        services,
        total,
        payment,
    })
}

fn taken_key(error: sqlx::Error) -> BillingError {
    match constraint(&error) {
        Some("orders_checkout_key_key") => BillingError::Conflict(
            "checkout_taken",
            "This checkout was completed under another account.".into(),
        ),
        _ => error.into(),
    }
}

/// The order's row, its number and its event.
async fn insert(tx: &mut TenantTx, new: &PlaceOrder, total: Money) -> Result<OrderId, BillingError> {
    let id: OrderId = tx.new_id();
    let number = account::next_number(tx, "order", 10_001).await?;
    let by = tx.actor().to_string();
    sqlx::query(
        "INSERT INTO orders (id, number, account_id, status, currency, total_minor, payment_method_id, checkout_key, placed_by, ip, created_at) \
         VALUES ($1, $2, $3, 'pending_payment', $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(number)
    .bind(new.account)
    .bind(total.currency.code())
    .bind(total.minor)
    .bind(new.payment_method)
    .bind(&new.checkout_key)
    .bind(by)
    .bind(&new.ip)
    .bind(tx.now())
    .execute(tx.connection())
    .await
    .map_err(taken_key)?;
    let payload = json!({ "id": id, "number": number, "account": new.account, "total": total });
    event::publish(
        tx,
        &[NewEvent::new("order.created", id, payload).for_account(new.account.uuid())],
    )
    .await?;
    Ok(id)
}

async fn known(tx: &mut TenantTx, new: &PlaceOrder) -> Result<Option<Placed>, BillingError> {
    let Some(key) = &new.checkout_key else { return Ok(None) };
    let row: Option<(OrderId, String, i64)> =
        sqlx::query_as("SELECT id, currency, total_minor FROM orders WHERE checkout_key = $1 AND account_id = $2")
            .bind(key)
            .bind(new.account)
            .fetch_optional(tx.connection())
            .await?;
    let Some((order, code, total)) = row else {
        return Ok(None);
    };
    let invoice: Option<InvoiceId> = sqlx::query_scalar("SELECT id FROM invoices WHERE order_id = $1")
        .bind(order)
        .fetch_optional(tx.connection())
        .await?;
    let payment: Option<PaymentId> =
        sqlx::query_scalar("SELECT id FROM payments WHERE invoice_id = $1 ORDER BY created_at DESC LIMIT 1")
            .bind(invoice)
            .fetch_optional(tx.connection())
            .await?;
    let services = services_of(tx, order).await?;
    Ok(Some(Placed {
        order,
        invoice,
        services,
        total: Money::new(total, currency(&code)?)?,
        payment,
    }))
}

/// The services of an order.
///
/// # Errors
/// When the database refuses.
pub async fn services_of(tx: &mut TenantTx, order: OrderId) -> Result<Vec<ServiceId>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT v.id FROM services v JOIN subscriptions s ON s.id = v.subscription_id WHERE s.order_id = $1 ORDER BY v.id",
    )
    .bind(order)
    .fetch_all(tx.connection())
    .await?)
}

/// An invoice's money is held or has arrived: its order goes on, once.
pub(crate) async fn secured(tx: &mut TenantTx, invoice: &Invoice) -> Result<(), BillingError> {
    match invoice.order_id {
        Some(order) => accept(tx, order).await,
        None => Ok(()),
    }
}

async fn accept(tx: &mut TenantTx, order: OrderId) -> Result<(), BillingError> {
    let account: Option<AccountId> = sqlx::query_scalar(
        "UPDATE orders SET status = 'accepted' WHERE id = $1 AND status = 'pending_payment' RETURNING account_id",
    )
    .bind(order)
    .fetch_optional(tx.connection())
    .await?;
    let Some(account) = account else { return Ok(()) };
    late::start_today(tx, order).await?;
    sqlx::query("UPDATE subscriptions SET status = 'active' WHERE order_id = $1 AND status = 'pending'")
        .bind(order)
        .execute(tx.connection())
        .await?;
    let services = services_of(tx, order).await?;
    sqlx::query("UPDATE services SET status = 'provisioning' WHERE id = ANY($1) AND status = 'pending'")
        .bind(&services)
        .execute(tx.connection())
        .await?;
    let mut events = vec![NewEvent::new("order.accepted", order, json!({ "id": order })).for_account(account.uuid())];
    for service in services {
        events.push(NewEvent::new("service.paid", service, json!({ "id": service })).for_account(account.uuid()));
    }
    event::publish(tx, &events).await?;
    crate::renewal::refresh_due(tx, account).await
}
