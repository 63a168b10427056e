//! The staff portal.

mod audit;
mod customer;
mod customer_form;
mod customers;
mod dashboard;
mod desk;
pub mod invoice;
pub mod invoices;
mod mails;
mod operation;
mod orders;
pub mod payments;
mod provisioning;
mod service;
pub mod services;
mod settings;
mod styleguide;
mod tasks;
pub mod tenants;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(business())
        .merge(work())
        .route("/styleguide", get(styleguide::show))
        .merge(money())
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
        .route("/admin/mails", get(mails::list))
        .route("/admin/mails/{id}", get(mails::show))
        .route("/admin/mails/{id}/body", get(mails::body))
        .route("/admin/audit", get(audit::list))
}

/// One invoice, and payments.
fn money() -> Router<App> {
    Router::new()
        .route("/admin/invoices/{id}", get(invoice::show))
        .route("/admin/invoices/{id}/pdf", get(invoice::pdf))
        .route("/admin/invoices/{id}/refund", post(invoice::refund))
        .route("/admin/invoices/{id}/received", post(invoice::received))
        .route("/admin/invoices/{id}/charge", post(invoice::charge))
        .route("/admin/invoices/{id}/credit", post(invoice::use_credit))
        .route("/admin/invoices/{id}/void", post(invoice::void))
        .route("/admin/payments", get(payments::list))
        .route("/admin/payments/{id}", get(payments::show))
        .route("/admin/payments/{id}/ask", post(payments::ask))
}

/// Customers, orders and the list of invoices.
fn business() -> Router<App> {
    Router::new()
        .route("/admin", get(dashboard::show))
        .route("/admin/customers", get(customers::list).post(customer_form::create))
        .route("/admin/customers/new", get(customer_form::new))
        .route("/admin/customers/{id}", get(customer::show).post(customer_form::update))
        .route("/admin/customers/{id}/edit", get(customer_form::edit))
        .route("/admin/customers/{id}/notes", post(customer::set_notes))
        .route("/admin/orders", get(orders::list))
        .route("/admin/orders/{id}", get(orders::show))
        .route("/admin/invoices", get(invoices::list))
}

/// What runs, and what is to be done.
fn work() -> Router<App> {
    Router::new()
        .route("/admin/services", get(services::list))
        .route("/admin/services/{id}", get(service::show))
        .route("/admin/services/{id}/{verb}", post(service::act))
        .route("/admin/provisioning", get(provisioning::list))
        .route("/admin/provisioning/{id}", get(operation::show))
        .route("/admin/provisioning/{id}/{verb}", post(operation::act))
        .route("/admin/tasks", get(tasks::list))
        .route("/admin/tasks/{id}/{verb}", post(tasks::act))
}
