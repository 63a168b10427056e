//! The staff portal.

mod audit;
mod catalogue;
mod customer;
mod customer_form;
mod customers;
mod dashboard;
mod desk;
mod gateways;
pub mod invoice;
pub mod invoices;
mod mails;
pub mod new_order;
mod operation;
mod orders;
pub mod payments;
mod people;
mod provisioning;
mod schema_form;
mod servers;
mod service;
pub mod services;
mod settings;
mod styleguide;
mod tasks;
pub mod tenants;
mod tokens;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(business())
        .merge(work())
        .merge(supply())
        .merge(shelf())
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
        .route("/admin/customers/{id}/invite", post(customer_form::invite))
        .route(
            "/admin/customers/{id}/orders/new",
            get(new_order::show).post(new_order::submit),
        )
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

/// Where services come from, how they are paid, and who works here.
fn supply() -> Router<App> {
    Router::new()
        .route("/admin/servers", get(servers::list).post(servers::create))
        .route("/admin/servers/new", get(servers::new).post(servers::chosen))
        .route("/admin/servers/{id}", get(servers::show).post(servers::update))
        .route("/admin/servers/{id}/edit", get(servers::edit))
        .route("/admin/servers/{id}/{verb}", post(servers::act))
        .route("/admin/gateways", get(gateways::list).post(gateways::create))
        .route("/admin/gateways/new", get(gateways::new).post(gateways::chosen))
        .route("/admin/gateways/{id}", get(gateways::show).post(gateways::update))
        .route("/admin/gateways/{id}/edit", get(gateways::edit))
        .route("/admin/gateways/{id}/{verb}", post(gateways::act))
        .route("/admin/staff", get(people::list).post(people::create))
        .route("/admin/staff/new", get(people::new))
        .route("/admin/staff/{id}", get(people::edit).post(people::update))
        .route("/admin/staff/{id}/revoke", post(people::end))
        .route("/admin/tokens", get(tokens::list).post(tokens::create))
        .route("/admin/tokens/new", get(tokens::new))
        .route("/admin/tokens/{id}", get(tokens::show).post(tokens::update))
        .route("/admin/tokens/{id}/revoke", post(tokens::revoke))
}

/// What is sold.
fn shelf() -> Router<App> {
    use catalogue::{option, panel, plan, product};
    Router::new()
        .route("/admin/catalogue", get(catalogue::list).post(product::create))
        .route("/admin/catalogue/new", get(product::new))
        .route("/admin/catalogue/{id}", get(catalogue::show).post(product::update))
        .route("/admin/catalogue/{id}/edit", get(product::edit))
        .route("/admin/catalogue/{id}/panel", get(panel::show).post(panel::save))
        .route("/admin/catalogue/{id}/plans", post(plan::create))
        .route("/admin/catalogue/{id}/plans/new", get(plan::new))
        .route("/admin/catalogue/{id}/plans/{plan}", get(plan::edit).post(plan::update))
        .route("/admin/catalogue/{id}/options", post(option::create))
        .route("/admin/catalogue/{id}/options/new", get(option::new))
        .route(
            "/admin/catalogue/{id}/options/{option}",
            get(option::edit).post(option::update),
        )
        .route("/admin/catalogue/{id}/{verb}", post(catalogue::act))
}
