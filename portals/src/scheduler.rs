//! What is due by calendar: asked per tenant, by the tenant's own clock, so missed days are caught up.

use std::time::Duration;

use billing::renewal;
use chrono::Timelike;
use platform::task::Shutdown;
use tenancy::schema::{self, SPARES};
use tenancy::{TenantState, resolve};

use crate::app::App;

/// How often the question is asked.
const EVERY: Duration = Duration::from_secs(60);

/// Runs until shutdown: the billing day of every tenant whose local hour has come, and spare schemas.
pub async fn run(app: App, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        for tenant in app.tenancy().directory().tenants() {
            let local = (app.tenancy().now() + tenant.clock_offset).with_timezone(&tenant.timezone);
            if tenant.state == TenantState::Deleting || local.hour() < tenant.settings.billing_hour {
                continue;
            }
            let Ok(scope) = resolve::system(app.tenancy(), tenant.id, "billing day") else {
                continue;
            };
            // A second run of the same day finds nothing that is due.
            match renewal::bill_if_due(app.tenancy(), &scope).await {
                Ok(Some(run)) => {
                    tracing::info!(tenant = tenant.slug, on = %run.on, invoices = run.invoices, parked = run.parked.len(), "billing day done");
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(tenant = tenant.slug, %error, "the billing day could not run; it is tried again")
                }
            }
        }
        if let Err(error) = schema::refill(app.tenancy(), SPARES).await {
            tracing::warn!(%error, "spare schemas could not be built");
        }
        shutdown.sleep(EVERY).await;
    }
}
