//! Orders that nobody paid in time, by the tenant's clock: they keep stock, room and a claim, so they end.

use chrono::{DateTime, TimeDelta, Utc};
use tenancy::{Tenancy, TenantScope};

use super::cancel::{Why, give_up};
use crate::gateway::GatewayKinds;
use crate::ids::OrderId;
use crate::{BillingError, renewal};

/// Orders looked at in one go; the next page goes on after the last of this one.
const PAGE: i64 = 200;

/// Cancels orders that have waited for their payment longer than the tenant's setting says. One that is being paid,
/// or was paid in part, is left alone; so is one whose payment page cannot be closed for sure. Answers how many ended.
///
/// # Errors
/// When the database is away; what was done stays done, and the next call goes on.
pub async fn expire_due(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope) -> Result<usize, BillingError> {
    let days = scope.tenant().settings.order_expire_days;
    if days == 0 {
        return Ok(0);
    }
    let (mut after, mut ended): (Option<(DateTime<Utc>, OrderId)>, usize) = (None, 0);
    loop {
        let mut tx = doors.begin_read(scope).await?;
        let before = tx.now() - TimeDelta::days(i64::from(days));
        let page: Vec<(DateTime<Utc>, OrderId)> = sqlx::query_as(
            "SELECT o.created_at, o.id FROM orders o WHERE o.status = 'pending_payment' AND o.created_at < $1 \
             AND (o.waiting_since IS NULL OR o.waiting_since < $1) AND ($2::timestamptz IS NULL OR (o.created_at, o.id) > ($2, $3)) \
             AND NOT EXISTS (SELECT 1 FROM invoices i JOIN payments p ON p.invoice_id = i.id WHERE i.order_id = o.id \
               AND (p.status IN ('processing', 'unknown', 'held') OR (p.status = 'created' AND p.mode <> 'redirect'))) \
             AND NOT EXISTS (SELECT 1 FROM invoices i JOIN allocations a ON a.invoice_id = i.id WHERE i.order_id = o.id \
               AND a.payment_id IS NOT NULL) ORDER BY o.created_at, o.id LIMIT $4",
        )
        .bind(before)
        .bind(after.map(|at| at.0))
        .bind(after.map(|at| at.1))
        .bind(PAGE)
        .fetch_all(tx.connection())
        .await?;
        tx.commit().await?;
        let Some(last) = page.last().copied() else {
            return Ok(ended);
        };
        after = Some(last);
        for (_, order) in page {
            let why = Why {
                reason: "It was not paid in time.",
                expired: true,
            };
            match give_up(doors, kinds, scope, order, &why).await {
                Ok(done) => ended += usize::from(done),
                Err(error) if renewal::is_away(&error) => return Err(error),
                // Paid this moment, or its gateway is away: the next day looks again.
                Err(error) => tracing::warn!(%order, %error, "an unpaid order could not be given up yet"),
            }
        }
    }
}
