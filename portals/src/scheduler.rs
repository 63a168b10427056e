//! What is due by calendar: asked per tenant, by the tenant's own clock, so missed days are caught up.

use std::collections::HashSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use billing::collection::{self, Collected};
use billing::renewal::{self, Run};
use billing::{BillingError, order, payment};
use chrono::Timelike;
use platform::task::{Shutdown, Tasks};
use provisioning::sweep;
use tenancy::schema::{self, SPARES};
use tenancy::{Tenant, TenantId, TenantScope, TenantState, resolve};
use tokio::sync::Semaphore;

use crate::app::App;

/// How often the question is asked.
const EVERY: Duration = Duration::from_secs(60);
/// Tenants gone through at once.
const AT_ONCE: usize = 4;
/// A step that takes longer is cut off; what it has done stays done, and the next round goes on.
const STEP: Duration = Duration::from_secs(600);
/// How long steps under way may take when the process ends.
const GRACE: Duration = Duration::from_secs(10);

/// What a tenant's day came to.
#[derive(Debug, Default)]
pub struct Day {
    /// Agreements that ended.
    pub ended: usize,
    /// Orders that nobody paid in time.
    pub expired: usize,
    /// The billing day.
    pub billed: Option<Run>,
    /// What was collected.
    pub collected: Option<Collected>,
}

/// Runs until shutdown: every tenant's steps once a minute, and spare schemas.
pub async fn run(app: App, shutdown: Shutdown) {
    let rounds = Rounds::new(app.clone(), shutdown.clone());
    while !shutdown.is_triggered() {
        rounds.begin();
        if let Err(error) = schema::refill(app.tenancy(), SPARES).await {
            tracing::warn!(%error, "spare schemas could not be built");
        }
        shutdown.sleep(EVERY).await;
    }
    if !rounds.tasks.stop(GRACE).await {
        tracing::warn!("steps of the scheduler are cut off; the next process goes on with them");
    }
}

/// Goes through the tenants, a few at once. One that is still under way is left to it, so a slow one holds up
/// itself alone.
#[derive(Clone)]
pub struct Rounds {
    app: App,
    tasks: Tasks,
    slots: Arc<Semaphore>,
    under_way: Arc<Mutex<HashSet<TenantId>>>,
}

/// A tenant that is gone through, until this is dropped.
struct UnderWay {
    tenant: TenantId,
    all: Arc<Mutex<HashSet<TenantId>>>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        locked(&self.all).remove(&self.tenant);
    }
}

fn locked(all: &Mutex<HashSet<TenantId>>) -> MutexGuard<'_, HashSet<TenantId>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rounds {
    /// None under way.
    #[must_use]
    pub fn new(app: App, shutdown: Shutdown) -> Self {
        Self {
            app,
            tasks: Tasks::new(shutdown),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            under_way: Arc::default(),
        }
    }

    /// Begins with every tenant that is not under way.
    pub fn begin(&self) {
        let directory = self.app.tenancy().directory();
        for tenant in directory.tenants() {
            if tenant.state == TenantState::Deleting || tenant.parked_reason.is_some() {
                continue;
            }
            if !locked(&self.under_way).insert(tenant.id) {
                continue;
            }
            let guard = UnderWay {
                tenant: tenant.id,
                all: self.under_way.clone(),
            };
            let (rounds, tenant) = (self.clone(), tenant.clone());
            self.tasks.spawn(async move {
                let _guard = guard;
                if let Ok(_slot) = rounds.slots.acquire().await {
                    Box::pin(rounds.tenant(&tenant)).await;
                }
            });
        }
    }

    /// How many tenants are under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        locked(&self.under_way).len()
    }

    /// A tenant's steps, each for itself. A second run of the same day finds nothing that is due.
    async fn tenant(&self, tenant: &Tenant) {
        let (app, slug) = (&self.app, tenant.slug.as_str());
        let doors = app.tenancy();
        let Ok(scope) = resolve::system(doors, tenant.id, "billing day") else {
            return;
        };
        self.step(slug, "figures", crate::figures::keep(app, tenant)).await;
        self.step(slug, "holds", payment::watch_holds(doors, &scope)).await;
        if self.step(slug, "clock", has_begun(app, &scope)).await == Some(true) {
            self.step(slug, "ending", renewal::end_due(doors, &scope)).await;
            self.step(slug, "unpaid orders", order::expire_due(doors, app.gateways(), &scope))
                .await;
            if let Some(billed) = self.step(slug, "billing", renewal::bill_if_due(doors, &scope)).await {
                report_billed(slug, billed.as_ref());
            }
            let collecting = collection::collect_if_due(doors, &scope);
            if let Some(collected) = self.step(slug, "collection", collecting).await {
                report_collected(slug, collected.as_ref());
            }
        }
        let purging = async { Ok(tenancy::purge::purge_if_due(doors, &scope).await?) };
        if let Some(Some(purged)) = self.step(slug, "purge", purging).await {
            tracing::info!(
                tenant = slug,
                rows = purged.total(),
                "what has had its time is forgotten"
            );
        }
        self.step(slug, "panels", sweep::wake(doors, app.panels(), &scope))
            .await;
    }

    /// One step: what goes wrong is logged and counted here, and keeps no other.
    async fn step<T>(
        &self,
        tenant: &str,
        step: &'static str,
        work: impl Future<Output = Result<T, BillingError>>,
    ) -> Option<T> {
        if self.tasks.shutdown().is_triggered() {
            return None;
        }
        let why = match tokio::time::timeout(STEP, Box::pin(work)).await {
            Ok(Ok(done)) => return Some(done),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it took too long".to_owned(),
        };
        platform::telemetry::count_failure("scheduler", step);
        tracing::error!(tenant, step, why, "a step of the scheduler failed; it is tried again");
        None
    }
}

fn report_billed(slug: &str, billed: Option<&Run>) {
    if let Some(run) = billed {
        tracing::info!(tenant = slug, on = %run.on, invoices = run.invoices, parked = run.parked.len(), "billing day done");
    }
}

fn report_collected(slug: &str, collected: Option<&Collected>) {
    if let Some(done) = collected.filter(|done| done.invoices > 0) {
        tracing::info!(tenant = slug, on = %done.on, retried = done.retried, reminded = done.reminded, suspended = done.suspended,
            failed = done.failed.len(), "unpaid invoices followed up");
    }
}

/// Whether the hour has come at which a tenant's day begins, by its own clock.
async fn has_begun(app: &App, scope: &TenantScope) -> Result<bool, BillingError> {
    let tenant = scope.tenant();
    let now = tenancy::clock::read(app.tenancy(), scope).await?;
    Ok(now.with_timezone(&tenant.timezone).hour() >= tenant.settings.billing_hour)
}

/// Goes through what a tenant's calendar has come to: what ends, what is billed, what is collected.
/// Before its billing hour nothing is due. A part that fails does not keep the others.
///
/// # Errors
/// When the database refuses; what was done stays done, and the next call goes on.
pub async fn day(app: &App, scope: &TenantScope) -> Result<Day, BillingError> {
    let doors = app.tenancy();
    let holds = payment::watch_holds(doors, scope).await;
    if !has_begun(app, scope).await? {
        holds?;
        return Ok(Day::default());
    }
    let ended = renewal::end_due(doors, scope).await;
    let expired = order::expire_due(doors, app.gateways(), scope).await;
    let billed = renewal::bill_if_due(doors, scope).await;
    let collected = collection::collect_if_due(doors, scope).await;
    holds?;
    Ok(Day {
        ended: ended?,
        expired: expired?,
        billed: billed?,
        collected: collected?,
    })
}
