//! The staff portal.

mod audit;
mod customers;
pub mod invoices;
mod provisioning;
pub mod services;
mod settings;
pub mod tenants;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tenancy::extract::Staff;
use tenancy::permission::{Any, Permission, ReadAccounts, ReadServices};

use crate::app::App;

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin", get(home))
        .route("/admin/customers", get(customers::list))
        .route("/admin/invoices", get(invoices::list))
        .route("/admin/services", get(services::list))
        .route("/admin/provisioning", get(provisioning::list))
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

/// `GET /admin`
async fn home(staff: Staff<Any>) -> Response {
    let may = |permission: &str| staff.rights.has(permission);
    let path = if may(ReadServices::NAME) {
        "/admin/services"
    } else if may(ReadAccounts::NAME) {
        "/admin/customers"
    } else {
        "/admin/invoices"
    };
    Redirect::to(path).into_response()
}
