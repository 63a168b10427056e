//! What an order did not deliver: taken off its invoice, or paid for once more before it is built.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use platform::event::{self, NewEvent};
use platform::money::Money;
use serde_json::json;
use tenancy::{AccountId, TenantTx, audit};

use super::room;
use crate::error::currency;
use crate::ids::{InvoiceId, OrderId, ServiceId};
use crate::invoice::Invoice;
use crate::ledger::{self, Book, Posting};
use crate::{BillingError, credit as balance, invoice, renewal, service};

/// What the customer reads on a service that was given up.
const SORRY: &str = "We could not deliver this. It is not charged.";

/// How the services of an order stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Standing {
    /// They ran, whatever became of them since.
    pub delivered: i64,
    /// They are still to be built.
    pub waiting: i64,
    /// They failed, and somebody may build them yet.
    pub failed: i64,
    /// They were given up before they ran.
    pub gone: i64,
}

impl Standing {
    pub(crate) fn undelivered(&self) -> i64 {
        self.waiting + self.failed + self.gone
    }
}

/// How the services of an order stand; they are locked, as whoever runs one locks them.
pub(crate) async fn standing(tx: &mut TenantTx, order: OrderId) -> Result<Standing, BillingError> {
    Ok(sqlx::query_as(
        "SELECT count(*) FILTER (WHERE x.ran) AS delivered, \
           count(*) FILTER (WHERE NOT x.ran AND x.status IN ('pending', 'provisioning')) AS waiting, \
           count(*) FILTER (WHERE NOT x.ran AND x.status = 'failed') AS failed, \
           count(*) FILTER (WHERE NOT x.ran AND x.status = 'terminated') AS gone \
         FROM (SELECT v.status, v.activated_at IS NOT NULL OR v.status IN ('active', 'suspended') AS ran \
           FROM subscriptions s JOIN services v ON v.subscription_id = s.id WHERE s.order_id = $1 ORDER BY v.id FOR UPDATE OF v, s) x",
    )
    .bind(order)
    .fetch_one(tx.connection())
    .await?)
}

/// Whether a service of the order failed to be built since then.
pub(crate) async fn failed_since(
    tx: &mut TenantTx,
    order: OrderId,
    since: DateTime<Utc>,
) -> Result<bool, BillingError> {
    let services: Vec<String> = super::services_of(tx, order)
        .await?
        .iter()
        .map(ToString::to_string)
        .collect();
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM events WHERE subject_id = ANY($1) AND type = 'service.provisioning_failed' AND at >= $2)",
    )
    .bind(services)
    .bind(since)
    .fetch_one(tx.connection())
    .await?)
}

/// Whether something of an invoice's order failed that staff may build after all.
///
/// # Errors
/// When the database refuses.
pub async fn may_be_built(tx: &mut TenantTx, invoice: &Invoice) -> Result<bool, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM orders o JOIN subscriptions s ON s.order_id = o.id JOIN services v ON v.subscription_id = s.id \
         WHERE o.id = $1 AND o.status = 'accepted' AND v.status = 'failed')",
    )
    .bind(invoice.order_id)
    .fetch_one(tx.connection())
    .await?)
}

/// Gives up what an order did not deliver, and takes it off its invoice: once. What was paid of it already is
/// credit. The caller derives the invoice's state.
pub(crate) async fn credit(tx: &mut TenantTx, id: InvoiceId, order: OrderId) -> Result<(), BillingError> {
    let bill = invoice::locked(tx, id).await?;
    let given_up: Vec<(ServiceId, bool)> = sqlx::query_as(
        "UPDATE services v SET status = 'terminated', terminated_at = coalesce(terminated_at, $2) FROM subscriptions s \
         WHERE s.id = v.subscription_id AND s.order_id = $1 AND v.activated_at IS NULL AND v.status IN ('pending', 'provisioning', 'failed') \
         RETURNING v.id, v.panel_ref IS NOT NULL OR v.panel_ids <> '{}'",
    )
    .bind(order)
    .bind(tx.now())
    .fetch_all(tx.connection())
    .await?;
    for (service, begun) in &given_up {
        end(tx, *service, *begun).await?;
    }
    let gone: Vec<ServiceId> = sqlx::query_scalar(
        "SELECT v.id FROM services v JOIN subscriptions s ON s.id = v.subscription_id WHERE s.order_id = $1 \
         AND v.activated_at IS NULL AND v.status = 'terminated' ORDER BY v.id",
    )
    .bind(order)
    .fetch_all(tx.connection())
    .await?;
    if take_off(tx, &bill, &gone).await? || !given_up.is_empty() {
        sqlx::query("UPDATE services SET reason = $2 WHERE id = ANY($1)")
            .bind(&gone)
            .bind(SORRY)
            .execute(tx.connection())
            .await?;
        for service in gone {
            service::announce(tx, service, "service.undelivered").await?;
        }
    }
    renewal::refresh_due(tx, bill.account_id).await
}

/// Its subscription and its room; what a panel has begun is removed there.
async fn end(tx: &mut TenantTx, id: ServiceId, begun: bool) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE subscriptions SET status = 'cancelled' WHERE id = (SELECT subscription_id FROM services WHERE id = $1)",
    )
    .bind(id)
    .execute(tx.connection())
    .await?;
    room::release(tx, id).await?;
    if begun {
        service::announce(tx, id, "service.termination_wanted").await?;
    }
    service::announce(tx, id, "service.terminated").await
}

/// Posts the opposite of these lines and counts them as covered; false when that was done before, or they cost
/// nothing. Every line of an order's invoice names what it bills, so each is taken off with what it bills.
async fn take_off(tx: &mut TenantTx, bill: &Invoice, services: &[ServiceId]) -> Result<bool, BillingError> {
    let lines: Vec<(String, i64)> = sqlx::query_as(
        "SELECT r.kind, l.amount_minor + l.tax_minor FROM invoice_lines l JOIN services v ON v.subscription_id = l.subscription_id \
         JOIN products r ON r.id = v.product_id WHERE l.invoice_id = $1 AND v.id = ANY($2)",
    )
    .bind(bill.id)
    .bind(services)
    .fetch_all(tx.connection())
    .await?;
    let unit = currency(&bill.currency)?;
    let mut kinds: BTreeMap<String, i64> = BTreeMap::new();
    for (kind, minor) in lines {
        *kinds.entry(kind).or_default() += minor;
    }
    let total: i64 = kinds.values().sum();
    if total <= 0 {
        return Ok(false);
    }
    let mut entries = vec![(Book::Receivable(bill.account_id), Money::new(-total, unit)?)];
    for (kind, minor) in kinds {
        entries.push((Book::Revenue(kind), Money::new(minor, unit)?));
    }
    let posting = Posting {
        key: invoice::taken_off_key(bill.id),
        kind: "invoice.undelivered",
        source: bill.id.to_string(),
        on: tx.today(),
        entries,
    };
    if !ledger::post(tx, &posting).await? {
        return Ok(false);
    }
    let over = (total - bill.due()?.minor).max(0);
    balance::give_back(tx, bill, over).await?;
    cover(tx, bill.id, (total - over, total)).await?;
    let detail = json!({ "number": bill.number, "amount": Money::new(total, unit)?, "services": services });
    audit::record(tx, "invoice.undelivered_taken_off", bill.id, detail).await?;
    Ok(true)
}

/// What is left of an invoice and less than its gateway can move is nobody's debt: `odd` minor units, once.
pub(crate) async fn round_off(tx: &mut TenantTx, id: InvoiceId, odd: i64) -> Result<(), BillingError> {
    if odd <= 0 {
        return Ok(());
    }
    let bill = invoice::locked(tx, id).await?;
    let amount = Money::new(odd, currency(&bill.currency)?)?;
    let posting = Posting {
        key: invoice::rounded_off_key(id),
        kind: "invoice.rounded_off",
        source: id.to_string(),
        on: tx.today(),
        entries: vec![
            (Book::Rounding, amount),
            (Book::Receivable(bill.account_id), amount.negated()),
        ],
    };
    if !ledger::post(tx, &posting).await? {
        return Ok(());
    }
    cover(tx, id, (odd, odd)).await?;
    let detail = json!({ "number": bill.number, "amount": amount });
    Ok(audit::record(tx, "invoice.rounded_off", id, detail).await?)
}

/// Counts `credited` as taken off, `open` of it as covered now: the rest was covered before.
async fn cover(tx: &mut TenantTx, id: InvoiceId, (open, credited): (i64, i64)) -> Result<(), BillingError> {
    if open > 0 {
        invoice::allocate(tx, id, None, open).await?;
    }
    sqlx::query("UPDATE invoices SET credited_minor = coalesce(credited_minor, 0) + $2 WHERE id = $1")
        .bind(id)
        .bind(credited)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// An order of which nothing runs has lost its money: it waits for its payment again, and nothing more is built
/// until that came.
pub(crate) async fn wait_again(tx: &mut TenantTx, id: OrderId) -> Result<(), BillingError> {
    let account: Option<AccountId> = sqlx::query_scalar(
        "UPDATE orders SET status = 'pending_payment', waiting_since = $2 WHERE id = $1 AND status = 'accepted' RETURNING account_id",
    )
    .bind(id)
    .bind(tx.now())
    .fetch_optional(tx.connection())
    .await?;
    let Some(account) = account else { return Ok(()) };
    sqlx::query("UPDATE subscriptions SET status = 'pending' WHERE order_id = $1 AND status = 'active'")
        .bind(id)
        .execute(tx.connection())
        .await?;
    let unpaid: Vec<ServiceId> = sqlx::query_scalar(
        "UPDATE services v SET status = 'pending' FROM subscriptions s WHERE s.id = v.subscription_id AND s.order_id = $1 \
         AND v.status = 'provisioning' RETURNING v.id",
    )
    .bind(id)
    .fetch_all(tx.connection())
    .await?;
    for service in unpaid {
        service::announce(tx, service, "service.payment_lost").await?;
    }
    renewal::refresh_due(tx, account).await?;
    let waits = NewEvent::new("order.waiting", id, json!({ "id": id, "account": account }));
    Ok(event::publish(tx, &[waits.for_account(account.uuid())]).await?)
}
