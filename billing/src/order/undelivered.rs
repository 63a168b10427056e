//! What an order did not deliver: taken off its invoice, or paid for once more before it is built.

use std::collections::BTreeMap;

use platform::event::{self, NewEvent};
use platform::money::Money;
use serde_json::json;
use tenancy::{AccountId, TenantTx, audit};

use super::room;
use crate::error::currency;
use crate::ids::{InvoiceId, OrderId, ServiceId};
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
           FROM subscriptions s JOIN services v ON v.subscription_id = s.id WHERE s.order_id = $1 ORDER BY v.id FOR UPDATE OF s, v) x",
    )
    .bind(order)
    .fetch_one(tx.connection())
    .await?)
}

/// Gives up what an order did not deliver, and takes it off its invoice: once. What credit had paid of it already is
/// credit again.
pub(crate) async fn credit(tx: &mut TenantTx, id: InvoiceId, order: OrderId) -> Result<(), BillingError> {
    let bill = invoice::locked(tx, id).await?;
    let given_up: Vec<(ServiceId, bool)> = sqlx::query_as(
        "UPDATE services v SET status = 'terminated', reason = $2, terminated_at = coalesce(terminated_at, $3) FROM subscriptions s \
         WHERE s.id = v.subscription_id AND s.order_id = $1 AND v.activated_at IS NULL \
           AND v.status IN ('pending', 'provisioning', 'failed', 'terminated') \
         RETURNING v.id, v.panel_ref IS NOT NULL OR v.panel_ids <> '{}'",
    )
    .bind(order)
    .bind(SORRY)
    .bind(tx.now())
    .fetch_all(tx.connection())
    .await?;
    for (service, begun) in &given_up {
        end(tx, *service, *begun).await?;
    }
    let services: Vec<ServiceId> = given_up.into_iter().map(|(service, _)| service).collect();
    take_off(tx, &bill, &services).await?;
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
    service::announce(tx, id, "service.terminated").await?;
    service::announce(tx, id, "service.undelivered").await
}

/// Posts the opposite of these lines and counts them as covered.
async fn take_off(tx: &mut TenantTx, bill: &invoice::Invoice, services: &[ServiceId]) -> Result<(), BillingError> {
    let lines: Vec<(String, i64)> = sqlx::query_as(
        "SELECT r.kind, l.amount_minor + l.tax_minor FROM invoice_lines l JOIN services v ON v.subscription_id = l.subscription_id \
         JOIN products r ON r.id = v.product_id WHERE l.invoice_id = $1 AND v.id = ANY($2)",
    )
    .bind(bill.id)
    .bind(services)
    .fetch_all(tx.connection())
    .await?;
    let unit = currency(&bill.currency)?;
    let money = |minor| Money::new(minor, unit);
    let mut kinds: BTreeMap<String, i64> = BTreeMap::new();
    for (kind, minor) in lines {
        *kinds.entry(kind).or_default() += minor;
    }
    let total: i64 = kinds.values().sum();
    if total <= 0 {
        return Ok(());
    }
    let open = total.min(bill.due()?.minor);
    let over = total - open;
    let mut entries: Vec<(Book, Money)> = Vec::new();
    for (kind, minor) in kinds {
        entries.push((Book::Revenue(kind), money(minor)?));
    }
    entries.push((Book::Receivable(bill.account_id), money(-open)?));
    entries.push((Book::Credit(bill.account_id), money(-over)?));
    let posting = Posting {
        key: invoice::taken_off_key(bill.id),
        kind: "invoice.undelivered",
        source: bill.id.to_string(),
        on: tx.today(),
        entries,
    };
    if !ledger::post(tx, &posting).await? {
        return Ok(());
    }
    if open > 0 {
        invoice::allocate(tx, bill.id, None, open).await?;
        sqlx::query("UPDATE invoices SET credited_minor = coalesce(credited_minor, 0) + $2 WHERE id = $1")
            .bind(bill.id)
            .bind(open)
            .execute(tx.connection())
            .await?;
    }
    if over > 0 {
        let back = balance::Change {
            account: bill.account_id,
            amount_minor: over,
            currency: unit,
            kind: "returned",
            invoice: Some(bill.id),
            payment: None,
            reason: "a part of the order was not delivered",
            key: None,
        };
        balance::change(tx, &back).await?;
    }
    let detail = json!({ "number": bill.number, "amount": money(total)?, "services": services });
    Ok(audit::record(tx, "invoice.undelivered_taken_off", bill.id, detail).await?)
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
