//! Holds and the calendar: one near its end is decided, one nobody heard of is asked about.

use chrono::TimeDelta;
use platform::job::{self, NewJob};
use tenancy::{Tenancy, TenantScope};

use super::{LASTS, MARGIN, finish_job};
use crate::BillingError;
use crate::ids::PaymentId;
use crate::payment::AskPayment;

/// Held so long, the gateway is asked once a day whether it still is.
const ASK_AFTER: TimeDelta = TimeDelta::hours(20);

/// Holds looked at in one go; the next call goes on.
const PAGE: i64 = 500;

/// Looks after what is held, by the tenant's clock: what is decided or near its end is finished, the rest is asked
/// about now and then, because a provider may give a hold up without a word. Answers how many were woken.
///
/// # Errors
/// When the database refuses; the next call goes on.
pub async fn watch(doors: &Tenancy, scope: &TenantScope) -> Result<usize, BillingError> {
    let mut tx = doors.begin(scope).await?;
    let (now, near) = (tx.now(), tx.now() + MARGIN);
    let due: Vec<PaymentId> = sqlx::query_scalar(
        "SELECT p.id FROM payments p WHERE p.status = 'held' AND (coalesce(p.held_until, p.created_at + $2) <= $1 \
         OR (p.created_at < $3 AND NOT EXISTS (SELECT 1 FROM invoices i JOIN subscriptions s ON s.order_id = i.order_id \
           JOIN services v ON v.subscription_id = s.id WHERE i.id = p.invoice_id AND v.status IN ('pending', 'provisioning', 'failed')))) \
         ORDER BY p.created_at, p.id LIMIT $4",
    )
    .bind(near)
    .bind(LASTS)
    .bind(now - TimeDelta::minutes(10))
    .bind(PAGE)
    .fetch_all(tx.connection())
    .await?;
    let quiet: Vec<PaymentId> = sqlx::query_scalar(
        "UPDATE payments SET asked_at = $1 WHERE id IN (SELECT id FROM payments WHERE status = 'held' \
         AND coalesce(asked_at, created_at) < $2 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING id",
    )
    .bind(now)
    .bind(now - ASK_AFTER)
    .bind(PAGE)
    .fetch_all(tx.connection())
    .await?;
    let mut jobs: Vec<NewJob> = due.into_iter().map(finish_job).collect();
    jobs.extend(
        quiet
            .into_iter()
            .map(|payment| NewJob::new(&AskPayment { payment }).key(format!("ask:{payment}"))),
    );
    job::enqueue(&mut tx, &jobs).await?;
    tx.commit().await?;
    Ok(jobs.len())
}
