//! Orders: a price snapshot, subscriptions, services and the invoice, in one transaction.

mod read;

use chrono::{Datelike, NaiveDate};
use platform::calendar::Grid;
use platform::event::{self, NewEvent};
use platform::money::Money;
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{AccountId, TenantTx, account};

pub use read::{Order, find, invoice_of, list};

use crate::catalogue::{self, Plan, Price, Product};
use crate::error::currency;
use crate::ids::{InvoiceId, OrderId, PaymentId, PaymentMethodId, PlanId, ServiceId, SubscriptionId};
use crate::invoice::{DraftLine, Invoice};
use crate::{BillingError, invoice, payment};

/// Something to buy.
#[derive(Debug, Clone)]
pub struct Item {
    /// Plan.
    pub plan: PlanId,
    /// How many.
    pub quantity: i32,
    /// Hostname, where the product wants one.
    pub hostname: String,
    /// Options by key.
    pub options: Value,
}

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
    /// Most it may cost, in minor units.
    pub limit_minor: Option<i64>,
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

/// What an item costs.
#[derive(Debug, Clone)]
struct Priced {
    item: Item,
    plan: Plan,
    product: Product,
    price: Price,
}

/// A hostname of at least two labels (RFC 1123), in the form it is compared in.
///
/// # Errors
/// What is wrong with it.
pub fn check_hostname(text: &str) -> Result<String, BillingError> {
    let wrong = || BillingError::Field("hostname", "Use a full host name such as web-1.example.com.".into());
    let name = tenancy::resolve::normalise_host(text.trim()).map_err(|_| wrong())?;
    let label =
        |l: &str| !l.starts_with('-') && !l.ends_with('-') && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !text.contains(':') && name.contains('.') && name.split('.').all(label) {
        Ok(name)
    } else {
        Err(wrong())
    }
}

async fn price(tx: &mut TenantTx, items: &[Item], code: &str) -> Result<Vec<Priced>, BillingError> {
    if items.is_empty() || items.len() > 50 {
        return Err(BillingError::Field("items", "An order has 1 to 50 items.".into()));
    }
    let mut priced = Vec::with_capacity(items.len());
    for item in items {
        if !(1..=100).contains(&item.quantity) {
            return Err(BillingError::Field("items", "A quantity is from 1 to 100.".into()));
        }
        let no_plan = || BillingError::Field("items", "There is no such plan on sale.".into());
        let plan = catalogue::find_plan(tx, item.plan)
            .await?
            .filter(|p| p.state == "active")
            .ok_or_else(no_plan)?;
        let product = catalogue::find_product(tx, plan.product_id)
            .await?
            .filter(|p| p.state != "retired")
            .ok_or_else(no_plan)?;
        let price = catalogue::prices(tx, plan.id)
            .await?
            .into_iter()
            .find(|p| p.amount.currency.code() == code);
        let price = price.ok_or_else(|| BillingError::Field("items", format!("This plan has no price in {code}.")))?;
        if item.options.as_object().is_some_and(|o| !o.is_empty()) {
            return Err(BillingError::Field("items", "This product has no such option.".into()));
        }
        let mut item = item.clone();
        if product.needs_hostname && !item.hostname.is_empty() {
            item.hostname = check_hostname(&item.hostname)?;
        }
        priced.push(Priced {
            item,
            plan,
            product,
            price,
        });
    }
    Ok(priced)
}

/// What an order would cost today; nothing is written.
///
/// # Errors
/// As [`place`].
pub async fn preview(tx: &mut TenantTx, account: AccountId, items: &[Item]) -> Result<Money, BillingError> {
    let buyer = account::find(tx, account)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    let unit = currency(&buyer.currency)?;
    let mut total = Money::zero(unit);
    for priced in price(tx, items, unit.code()).await? {
        let quantity = u32::try_from(priced.item.quantity).unwrap_or(1);
        if priced.plan.trial_days == 0 {
            total = total.add(priced.price.amount.times(quantity)?)?;
        }
        total = total.add(priced.price.setup.times(quantity)?)?;
    }
    Ok(total)
}

/// Places an order. The same checkout key answers with the same order.
///
/// # Errors
/// A wrong item, no stock, or a price above the caller's limit; nothing is written then.
pub async fn place(tx: &mut TenantTx, new: &PlaceOrder) -> Result<Placed, BillingError> {
    // The account's row is the order of things: two checkouts of one account come one after the other.
    sqlx::query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(new.account)
        .execute(tx.connection())
        .await?;
    if let Some(known) = known(tx, new).await? {
        return Ok(known);
    }
    let buyer = account::find(tx, new.account)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    let unit = currency(&buyer.currency)?;
    let total = preview(tx, new.account, &new.items).await?;
    if new.limit_minor.is_some_and(|limit| total.minor > limit) {
        return Err(BillingError::Conflict(
            "spending_limit",
            "This order costs more than the token may spend.".into(),
        ));
    }
    let priced = price(tx, &new.items, unit.code()).await?;
    let id = insert(tx, new, total).await?;
    let mut lines = Vec::new();
    let mut services = Vec::new();
    for priced in &priced {
        take_stock(tx, priced).await?;
        for _ in 0..priced.item.quantity {
            let (subscription, service) = deliver(tx, id, new.account, priced).await?;
            services.push(service);
            lines.extend(first_lines(tx.today(), subscription, priced)?);
        }
    }
    let issued = if lines.is_empty() {
        None
    } else {
        invoice::issue(tx, new.account, Some(id), lines, tx.today()).await?
    };
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
    .await?;
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

async fn take_stock(tx: &mut TenantTx, priced: &Priced) -> Result<(), BillingError> {
    if priced.product.stock.is_none() {
        return Ok(());
    }
    let done = sqlx::query("UPDATE products SET stock = stock - $2 WHERE id = $1 AND stock >= $2")
        .bind(priced.product.id)
        .bind(priced.item.quantity)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Err(BillingError::Conflict(
            "out_of_stock",
            format!("{} is out of stock.", priced.product.name),
        ));
    }
    Ok(())
}

/// First and next boundary of a subscription that starts on `start`.
fn first_period(priced: &Priced, start: NaiveDate) -> Result<Option<(NaiveDate, NaiveDate)>, BillingError> {
    let Some(cycle) = priced.plan.cycle() else {
        return Ok(None);
    };
    let wrong = |error: platform::calendar::CalendarError| BillingError::Field("items", error.to_string());
    let grid = Grid::new(start, cycle, None).map_err(wrong)?;
    Ok(Some((start, grid.boundary(1).map_err(wrong)?)))
}

fn starts_on(priced: &Priced, today: NaiveDate) -> NaiveDate {
    let days = u64::try_from(priced.plan.trial_days).unwrap_or(0);
    today.checked_add_days(chrono::Days::new(days)).unwrap_or(today)
}

/// The lines due today: setup, and the first period unless it is a trial.
fn first_lines(
    today: NaiveDate,
    subscription: SubscriptionId,
    priced: &Priced,
) -> Result<Vec<DraftLine>, BillingError> {
    let price = &priced.price;
    let explain = |what: &str, amount: Money| {
        json!({ "price_version": price.version, "base": amount, "quantity": 1, "what": what, "plan": priced.plan.id,
                "rounding": "none: a whole period at its price" })
    };
    let line = |kind, amount: Money, period| DraftLine {
        kind,
        subscription: Some(subscription),
        product_kind: priced.product.kind.clone(),
        description: format!("{} · {}", priced.product.name, priced.plan.name),
        detail: priced.item.hostname.clone(),
        period,
        quantity: 1,
        unit: amount,
        amount,
        explain: explain(kind, amount),
    };
    let mut lines = Vec::new();
    if price.setup.is_positive() {
        lines.push(line("setup", price.setup, Some((today, today))));
    }
    if priced.plan.trial_days == 0 {
        match first_period(priced, today)? {
            Some(period) => lines.push(line("recurring", price.amount, Some(period))),
            None => lines.push(line("once", price.amount, Some((today, today)))),
        }
    }
    Ok(lines)
}

async fn deliver(
    tx: &mut TenantTx,
    order: OrderId,
    account: AccountId,
    priced: &Priced,
) -> Result<(SubscriptionId, ServiceId), BillingError> {
    let (subscription, service): (SubscriptionId, ServiceId) = (tx.new_id(), tx.new_id());
    let (now, today) = (tx.now(), tx.today());
    let start = starts_on(priced, today);
    let billed = if priced.plan.trial_days > 0 {
        Some(start)
    } else {
        first_period(priced, today)?.map(|p| p.1)
    };
    let price = &priced.price;
    sqlx::query(
        "INSERT INTO subscriptions (id, account_id, order_id, plan_id, price_id, currency, quantity, unit_minor, price_trace, cycle_unit, \
         cycle_count, anchor_day, start_on, billed_through, status, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10, $11, $12, $13, 'pending', $14)",
    )
    .bind(subscription)
    .bind(account)
    .bind(order)
    .bind(priced.plan.id)
    .bind(price.id)
    .bind(price.amount.currency.code())
    .bind(price.amount.minor)
    .bind(json!([{ "price_version": price.version, "amount": price.amount }]))
    .bind(&priced.plan.cycle_unit)
    .bind(priced.plan.cycle_count)
    .bind(i16::try_from(start.day()).unwrap_or(1))
    .bind(start)
    .bind(billed)
    .bind(now)
    .execute(tx.connection())
    .await?;
    let label = if priced.item.hostname.is_empty() {
        &priced.product.name
    } else {
        &priced.item.hostname
    };
    sqlx::query(
        "INSERT INTO services (id, account_id, subscription_id, product_id, plan_id, server_id, label, hostname, options, status, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10)",
    )
    .bind(service)
    .bind(account)
    .bind(subscription)
    .bind(priced.product.id)
    .bind(priced.plan.id)
    .bind(priced.product.server_id)
    .bind(label)
    .bind(&priced.item.hostname)
    .bind(if priced.item.options.is_object() { priced.item.options.clone() } else { json!({}) })
    .bind(now)
    .execute(tx.connection())
    .await?;
    sqlx::query("INSERT INTO capacity_holds (service_id, product_id, server_id, created_at) VALUES ($1, $2, $3, $4)")
        .bind(service)
        .bind(priced.product.id)
        .bind(priced.product.server_id)
        .bind(now)
        .execute(tx.connection())
        .await?;
    Ok((subscription, service))
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
