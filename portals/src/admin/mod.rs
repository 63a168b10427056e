//! The staff portal.

mod audit;
pub mod lists;
mod settings;
pub mod tenants;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin", get(lists::home))
        .route("/admin/customers", get(lists::customers))
        .route("/admin/invoices", get(lists::invoices))
        .route("/admin/services", get(lists::services))
        .route("/admin/provisioning", get(lists::operations))
        .route("/admin/tenants", get(tenants::list).post(tenants::create))
        .route("/admin/tenants/new", get(tenants::new))
        .route("/admin/tenants/leave", post(tenants::leave))
        .route("/admin/tenants/{id}", get(tenants::show))
        .route("/admin/tenants/{id}/look", post(tenants::look))
        .route("/admin/tenants/{id}/suspend", post(tenants::suspend))
        .route("/admin/tenants/{id}/resume", post(tenants::resume))
        .route("/admin/settings", get(settings::show).post(settings::company))
        .route("/admin/settings/billing", post(settings::billing))
        .route("/admin/settings/brand", post(settings::brand))
        .route("/admin/audit", get(audit::list))
}
