//! Reconciliation: what is billed and what runs are compared, and every difference is a task.
//!
//! A comparison of a server goes page by page, each kept before the next, so a big server holds up nobody and a
//! crash goes on where it was. First theirs, where the panel lists what it has: what nobody pays for, and what
//! differs. Then each of ours that was not seen, or every one where the panel lists nothing: what is gone.

mod compare;
mod round;

use std::time::{Duration, Instant};

use billing::BillingError;
use billing::ids::ServerId;
use platform::job::{self, Class, Job, NewJob, Outcome};
use serde::{Deserialize, Serialize};
use tenancy::TenantScope;

pub use compare::{Finding, Mismatch, Ours, compare, gone, unbilled};

use crate::operation::Workshop;

/// How long one run goes on before others have their turn.
const RUN: Duration = Duration::from_secs(12);

/// Compares one server, or every one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reconcile {
    /// Which; none: all.
    pub server: Option<ServerId>,
}
impl Job for Reconcile {
    const NAME: &'static str = "reconcile";
    const CLASS: Class = Class::Low;
}

/// A comparison of one server, once at a time.
pub(crate) fn comparison(server: ServerId) -> NewJob {
    NewJob::new(&Reconcile { server: Some(server) }).key(format!("reconcile:{server}"))
}

/// The body of [`Reconcile`]: a server that cannot be read does not stop the others.
pub async fn reconcile_job(shop: &Workshop, scope: &TenantScope, args: &Reconcile) -> Outcome {
    let done = match args.server {
        Some(server) => pages(shop, scope, server).await,
        None => every_server(shop, scope).await.map(|()| true),
    };
    match done {
        Ok(true) => Outcome::Done,
        Ok(false) => Outcome::wait(1, "more of this server"),
        Err(BillingError::NotFound(_)) => Outcome::Done,
        Err(BillingError::Conflict("panel_refused", why)) => Outcome::Fail { why },
        Err(error) => Outcome::retry(60, error),
    }
}

/// Page after page for a while; whether it was the last.
async fn pages(shop: &Workshop, scope: &TenantScope, server: ServerId) -> Result<bool, BillingError> {
    let begun = Instant::now();
    while !Box::pin(round::page(shop, scope, server)).await? {
        if begun.elapsed() > RUN {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn every_server(shop: &Workshop, scope: &TenantScope) -> Result<(), BillingError> {
    let mut tx = shop.doors.begin(scope).await?;
    let servers: Vec<ServerId> = sqlx::query_scalar("SELECT id FROM servers ORDER BY created_at, id")
        .fetch_all(tx.connection())
        .await?;
    let jobs: Vec<NewJob> = servers.into_iter().map(comparison).collect();
    job::enqueue(&mut tx, &jobs).await?;
    Ok(tx.commit().await?)
}
