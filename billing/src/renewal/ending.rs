//! Agreements that were given notice end on their day: the service is terminated, and nothing is billed any more.

use chrono::NaiveDate;
use platform::event::{self, NewEvent};
use serde_json::json;
use tenancy::{Tenancy, TenantScope, TenantTx};

use crate::ids::{ServiceId, SubscriptionId};
use crate::{BillingError, service};

const PAGE: i64 = 200;

/// Ends what was given notice for today or earlier; answers how many. A second run ends nothing.
///
/// # Errors
/// When the database refuses; what was ended before stays ended.
pub async fn end_due(doors: &Tenancy, scope: &TenantScope) -> Result<usize, BillingError> {
    let mut ended = 0;
    let mut after: Option<SubscriptionId> = None;
    loop {
        let mut tx = doors.begin_read(scope).await?;
        let today = tx.today();
        let page = due(&mut tx, today, after).await?;
        tx.commit().await?;
        let Some(last) = page.last().copied() else { break };
        after = Some(last);
        for subscription in page {
            match end(doors, scope, subscription, today).await {
                Ok(done) => ended += usize::from(done),
                // One that cannot be ended does not keep the others.
                Err(error) => tracing::error!(%subscription, %error, "an agreement could not be ended; tried again"),
            }
        }
    }
    Ok(ended)
}

async fn due(
    tx: &mut TenantTx,
    today: NaiveDate,
    after: Option<SubscriptionId>,
) -> Result<Vec<SubscriptionId>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM subscriptions WHERE status = 'active' AND cancel_on <= $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
    )
    .bind(today)
    .bind(after)
    .bind(PAGE)
    .fetch_all(tx.connection())
    .await?)
}

async fn end(
    doors: &Tenancy,
    scope: &TenantScope,
    subscription: SubscriptionId,
    today: NaiveDate,
) -> Result<bool, BillingError> {
    let mut tx = doors.begin(scope).await?;
    let account: Option<tenancy::AccountId> = sqlx::query_scalar(
        "UPDATE subscriptions SET status = 'cancelled' WHERE id = $1 AND status = 'active' AND cancel_on <= $2 RETURNING account_id",
    )
    .bind(subscription)
    .bind(today)
    .fetch_optional(tx.connection())
    .await?;
    let Some(account) = account else {
        tx.commit().await?;
        return Ok(false);
    };
    let running: Vec<ServiceId> =
        sqlx::query_scalar("SELECT id FROM services WHERE subscription_id = $1 AND status <> 'terminated'")
            .bind(subscription)
            .fetch_all(tx.connection())
            .await?;
    for id in running {
        service::want_termination(&mut tx, id, "It was cancelled to this day.").await?;
    }
    let payload = json!({ "id": subscription, "account": account });
    let event = NewEvent::new("subscription.ended", subscription, payload).for_account(account.uuid());
    event::publish(&mut tx, &[event]).await?;
    super::refresh_due(&mut tx, account).await?;
    tx.commit().await?;
    Ok(true)
}
