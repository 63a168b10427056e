//! `/admin/services`: what the tenant delivers.

use axum::extract::State;
use axum::response::Response;
use billing::BillingError;
use billing::service::list::{Row as Service, Search, browse};
use tenancy::extract::Staff;
use tenancy::permission::ReadServices;

use crate::app::App;
use crate::kit::parts::Choice;
use crate::status;
use crate::web::answer::internal;
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

/// States a service is looked for by.
pub const STATES: &[(&str, &str)] = &[
    ("active", "status-active"),
    ("pending", "status-awaiting-payment"),
    ("provisioning", "status-provisioning"),
    ("suspended", "status-suspended"),
    ("failed", "status-failed"),
    ("terminated", "status-terminated"),
];

const LIST: Spec = Spec {
    path: "/admin/services",
    title: "menu-services",
    search: Some("list-search-services"),
    filters: &[
        Filter::Choice("status", "list-status", STATES),
        Filter::Own("product", "list-product"),
        Filter::Own("server", "list-server"),
        Filter::Kept("account"),
    ],
    columns: &[
        Column::new("list-service").sort("name").phone(Place::Main),
        Column::new("list-customer").phone(Place::Below),
        Column::new("list-product").phone(Place::Hidden),
        Column::new("list-address").phone(Place::Hidden),
        Column::new("list-price").end().phone(Place::Hidden),
        Column::new("list-status").phone(Place::End),
        Column::new("list-since").sort("since").phone(Place::BelowEnd),
    ],
    sort: "-since",
    empty: Empty {
        icon: "server-2",
        title: "list-no-services",
        text: "list-no-services-text",
        action: None,
    },
};

/// `GET /admin/services`
pub async fn list(State(app): State<App>, staff: Staff<ReadServices>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let search = Search {
        account: wish.id("account"),
        status: wish.choice("status"),
        product: wish.id("product"),
        server: wish.id("server"),
        typed: wish.typed(),
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let found = browse(&mut tx, &search, &wish.window()).await?;
        let products = billing::catalogue::list_products(&mut tx, None, 200, None).await?;
        let servers = provisioning::server::list(&mut tx, 200, None).await?;
        tx.commit().await?;
        Ok::<_, BillingError>((found, products, servers))
    };
    let (found, products, servers) = match read.await {
        Ok(read) => read,
        Err(error) => return internal(error),
    };
    let choice = |value: String, label: String| Choice { value, label };
    let products = products.into_iter().map(|p| choice(p.id.to_string(), p.name)).collect();
    let servers = servers.into_iter().map(|s| choice(s.id.to_string(), s.name)).collect();
    let chrome = page::admin(&app, &staff, &asked, "services").await;
    let listed = ListPage::new(&app, &chrome, &LIST, &wish, found.map(row))
        .with_options("product", products)
        .with_options("server", servers);
    list::show(&app, &chrome, &listed)
}

fn row(service: Service) -> Row {
    let price = service.unit_minor.saturating_mul(i64::from(service.quantity));
    let path = format!("/admin/services/{}", service.id);
    Row::to(
        path,
        vec![
            Cell::text(&service.label),
            Cell::text(service.account_name).to(format_args!("/admin/customers/{}", service.account_id)),
            Cell::text(service.product_name).below(service.plan_name),
            Cell::text(service.ip_addresses.join(", ")),
            Cell::minor(price, &service.currency),
            Cell::badge(status::service(
                &service.status,
                service.reason.as_deref(),
                service.cancel_on,
            )),
            Cell::at(service.created_at),
        ],
    )
}
