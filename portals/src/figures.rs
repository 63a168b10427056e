//! Figures of a tenant, counted when something happened and published for those above it.

use billing::{BillingError, report};
use tenancy::{Tenant, resolve, task, tenant};

use crate::app::App;

/// Counts and publishes a tenant's figures where they changed.
///
/// # Errors
/// When the database refuses.
pub async fn keep(app: &App, owner: &Tenant) -> Result<(), BillingError> {
    let Ok(scope) = resolve::system(app.tenancy(), owner.id, "figures") else {
        return Ok(());
    };
    let mut tx = app.tenancy().begin(&scope).await?;
    let fresh = report::refresh(&mut tx).await?;
    let open_tasks = match fresh {
        Some(_) => task::count_open(&mut tx).await?,
        None => 0,
    };
    tx.commit().await?;
    let Some(fresh) = fresh else { return Ok(()) };
    let sums = fresh.sums(owner.currency);
    let published = tenant::Figures {
        currency: owner.currency.code().to_owned(),
        mrr_minor: sums.mrr,
        active_services: fresh.active_services,
        accounts: fresh.accounts,
        open_minor: sums.open,
        overdue_minor: sums.overdue,
        open_tasks,
    };
    tenant::publish_figures(app.tenancy(), owner.id, &published).await?;
    Ok(())
}
