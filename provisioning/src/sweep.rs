//! What panels are asked regularly: traffic every hour, everything once a day. In small batches, each in its own job,
//! so that a panel that hangs holds up nobody but itself.

use std::time::{Duration, Instant};

use billing::BillingError;
use billing::ids::{ServerId, ServiceId};
use chrono::TimeDelta;
use platform::job::{self, Class, Job, NewJob, Outcome};
use serde::{Deserialize, Serialize};
use tenancy::{Tenancy, TenantScope, TenantTx};

use crate::operation::Workshop;
use crate::panel::Capability;
use crate::reconcile::comparison;
use crate::{PanelKinds, usage};

/// Traffic is read this often.
const USAGE_EVERY: TimeDelta = TimeDelta::hours(1);
/// Ours and theirs are compared this often.
const RECONCILE_EVERY: TimeDelta = TimeDelta::hours(24);
/// A panel that does not answer is left alone for so long.
const AWAY: TimeDelta = TimeDelta::minutes(15);
/// Services of one batch, and how long it may take.
const BATCH: i64 = 25;
const BATCH_TIME: Duration = Duration::from_secs(12);

/// Reads the traffic of a server's services, batch by batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadUsage {
    /// Which.
    pub server: ServerId,
}
impl Job for ReadUsage {
    const NAME: &'static str = "read_usage";
    const CLASS: Class = Class::Low;
}

/// The body of [`ReadUsage`].
pub async fn read_usage_job(shop: &Workshop, scope: &TenantScope, args: &ReadUsage) -> Outcome {
    match Box::pin(batch(shop, scope, args.server)).await {
        Ok(true) => Outcome::Done,
        Ok(false) => Outcome::wait(1, "more services on this server"),
        Err(error) => Outcome::retry(60, error),
    }
}

/// One batch; whether it was the last for now.
async fn batch(shop: &Workshop, scope: &TenantScope, server: ServerId) -> Result<bool, BillingError> {
    let mut tx = shop.doors.begin_read(scope).await?;
    let due = due(&mut tx, server).await?;
    tx.commit().await?;
    let begun = Instant::now();
    for service in &due {
        if begun.elapsed() > BATCH_TIME {
            return Ok(false);
        }
        match usage::read(shop, scope, *service).await {
            Ok(_) => {}
            Err(BillingError::Conflict("panel_away", why)) => {
                tracing::info!(%server, why, "a panel does not answer; its traffic is read later");
                put_off(shop, scope, server).await?;
                return Ok(true);
            }
            Err(BillingError::Db(error)) => return Err(error.into()),
            Err(error) => {
                tracing::info!(%service, %error, "its traffic cannot be read; asked again in an hour");
                usage::skip(shop, scope, *service).await?;
            }
        }
    }
    Ok(i64::try_from(due.len()).unwrap_or(BATCH) < BATCH)
}

async fn due(tx: &mut TenantTx, server: ServerId) -> Result<Vec<ServiceId>, BillingError> {
    // A little less than the hour, so that a batch that began late does not skip a round.
    let before = tx.now() - USAGE_EVERY + TimeDelta::minutes(5);
    Ok(sqlx::query_scalar(
        "SELECT id FROM services WHERE server_id = $1 AND status = 'active' AND panel_ref IS NOT NULL \
         AND (usage_at IS NULL OR usage_at < $2) ORDER BY usage_at NULLS FIRST, id LIMIT $3",
    )
    .bind(server)
    .bind(before)
    .bind(BATCH)
    .fetch_all(tx.connection())
    .await?)
}

async fn put_off(shop: &Workshop, scope: &TenantScope, server: ServerId) -> Result<(), BillingError> {
    let mut tx = shop.doors.begin(scope).await?;
    sqlx::query("UPDATE servers SET usage_after = $2 WHERE id = $1")
        .bind(server)
        .bind(tx.now() + AWAY)
        .execute(tx.connection())
        .await?;
    Ok(tx.commit().await?)
}

/// Asks for whatever a tenant's servers are due for; answers how many jobs that is.
///
/// # Errors
/// When the database refuses.
pub async fn wake(doors: &Tenancy, kinds: &PanelKinds, scope: &TenantScope) -> Result<usize, BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let any: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM servers WHERE coalesce(usage_after, created_at) <= $1 OR coalesce(reconcile_after, created_at) <= $1)",
    )
    .bind(tx.now())
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    if !any {
        return Ok(0);
    }
    let mut tx = doors.begin(scope).await?;
    let now = tx.now();
    let usage: Vec<(ServerId, String)> = sqlx::query_as(
        "UPDATE servers SET usage_after = $2 WHERE coalesce(usage_after, created_at) <= $1 RETURNING id, panel",
    )
    .bind(now)
    .bind(now + USAGE_EVERY)
    .fetch_all(tx.connection())
    .await?;
    let compare: Vec<ServerId> = sqlx::query_scalar(
        "UPDATE servers SET reconcile_after = $2 WHERE coalesce(reconcile_after, created_at) <= $1 RETURNING id",
    )
    .bind(now)
    .bind(now + RECONCILE_EVERY)
    .fetch_all(tx.connection())
    .await?;
    let counts = |kind: &str| {
        kinds
            .get(kind)
            .is_some_and(|p| p.capabilities().contains(&Capability::Usage))
    };
    let usage = usage
        .into_iter()
        .filter(|(_, kind)| counts(kind))
        .map(|(server, _)| NewJob::new(&ReadUsage { server }).key(format!("usage:{server}")));
    let jobs: Vec<NewJob> = usage.chain(compare.into_iter().map(comparison)).collect();
    job::enqueue(&mut tx, &jobs).await?;
    tx.commit().await?;
    Ok(jobs.len())
}

/// Asks for a comparison now.
///
/// # Errors
/// When there is no such server.
pub async fn compare_now(tx: &mut TenantTx, server: ServerId) -> Result<(), BillingError> {
    crate::server::find(tx, server)
        .await?
        .ok_or(BillingError::NotFound("server"))?;
    Ok(job::enqueue(tx, &[comparison(server)]).await?)
}
