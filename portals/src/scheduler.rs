//! What is due by calendar: asked per tenant, by the tenant's own clock, so missed days are caught up.

use std::time::Duration;

use billing::collection::{self, Collected};
use billing::renewal::{self, Run};
use billing::{BillingError, order, payment};
use chrono::Timelike;
use platform::task::Shutdown;
use provisioning::sweep;
use tenancy::schema::{self, SPARES};
use tenancy::{TenantScope, TenantState, resolve};

use crate::app::App;

/// How often the question is asked.
const EVERY: Duration = Duration::from_secs(60);

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

/// Runs until shutdown: the day of every tenant whose local hour has come, and spare schemas.
pub async fn run(app: App, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        let directory = app.tenancy().directory();
        for tenant in directory.tenants().filter(|t| t.state != TenantState::Deleting) {
            if tenant.parked_reason.is_some() {
                continue;
            }
            let Ok(scope) = resolve::system(app.tenancy(), tenant.id, "billing day") else {
                continue;
            };
            if let Err(error) = crate::figures::keep(&app, tenant).await {
                tracing::warn!(tenant = tenant.slug, %error, "figures could not be counted; they are next time");
            }
            // A second run of the same day finds nothing that is due.
            match Box::pin(day(&app, &scope)).await {
                Ok(day) => report(&tenant.slug, &day),
                Err(error) => {
                    tracing::error!(tenant = tenant.slug, %error, "the day could not be gone through; it is tried again");
                }
            }
            if let Err(error) = sweep::wake(app.tenancy(), app.panels(), &scope).await {
                tracing::error!(tenant = tenant.slug, %error, "panels could not be asked; it is tried again");
            }
        }
        if let Err(error) = schema::refill(app.tenancy(), SPARES).await {
            tracing::warn!(%error, "spare schemas could not be built");
        }
        shutdown.sleep(EVERY).await;
    }
}

fn report(slug: &str, day: &Day) {
    if let Some(run) = &day.billed {
        tracing::info!(tenant = slug, on = %run.on, invoices = run.invoices, parked = run.parked.len(), "billing day done");
    }
    if let Some(done) = day.collected.as_ref().filter(|done| done.invoices > 0) {
        tracing::info!(tenant = slug, on = %done.on, retried = done.retried, reminded = done.reminded, suspended = done.suspended,
            failed = done.failed.len(), "unpaid invoices followed up");
    }
}

/// Goes through what a tenant's calendar has come to: what ends, what is billed, what is collected.
/// Before its billing hour nothing is due.
///
/// # Errors
/// When the database refuses; what was done stays done, and the next call goes on.
pub async fn day(app: &App, scope: &TenantScope) -> Result<Day, BillingError> {
    let doors = app.tenancy();
    let tenant = scope.tenant();
    payment::watch_holds(doors, scope).await?;
    let now = tenancy::clock::read(doors, scope).await?;
    if now.with_timezone(&tenant.timezone).hour() < tenant.settings.billing_hour {
        return Ok(Day::default());
    }
    Ok(Day {
        ended: renewal::end_due(doors, scope).await?,
        expired: order::expire_due(doors, app.gateways(), scope).await?,
        billed: renewal::bill_if_due(doors, scope).await?,
        collected: collection::collect_if_due(doors, scope).await?,
    })
}
