//! The customers' services and invoices.

use axum::extract::State;
use axum::response::Response;
use billing::{BillingError, invoice, service};
use tenancy::extract::Member;
use tenancy::permission::{ReadBilling, UseServices};

use crate::admin::invoices::badge;
use crate::app::App;
use crate::status;
use crate::web::answer::internal;
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

const SERVICES: Spec = Spec {
    path: "/account/services",
    title: "menu-services",
    search: Some("list-search-own-services"),
    filters: &[Filter::Choice("status", "list-status", crate::admin::services::STATES)],
    columns: &[
        Column::new("list-service").sort("name").phone(Place::Main),
        Column::new("list-product").phone(Place::Below),
        Column::new("list-address").phone(Place::Hidden),
        Column::new("list-status").phone(Place::End),
        Column::new("list-since").sort("since").phone(Place::BelowEnd),
    ],
    sort: "-since",
    empty: Empty {
        icon: "server-2",
        title: "list-no-services",
        text: "list-no-own-services-text",
        action: Some(("list-browse-shop", "/")),
    },
};

/// `GET /account/services`
pub async fn services(State(app): State<App>, member: Member<UseServices>, asked: Asked, params: Params) -> Response {
    let wish = SERVICES.read(&params);
    let search = service::list::Search {
        account: Some(member.account),
        status: wish.choice("status"),
        typed: wish.typed(),
        ..service::list::Search::default()
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let found = service::list::browse(&mut tx, &search, &wish.window()).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(found)
    };
    let found = match read.await {
        Ok(found) => found.map(|service| {
            Row::to(
                format!("/account/services/{}", service.id),
                vec![
                    Cell::text(&service.label),
                    Cell::text(service.product_name).below(service.plan_name),
                    Cell::text(service.ip_addresses.join(", ")),
                    Cell::badge(status::service(
                        &service.status,
                        service.reason.as_deref(),
                        service.cancel_on,
                    )),
                    Cell::at(service.created_at),
                ],
            )
        }),
        Err(error) => return internal(error),
    };
    let chrome = page::account(&app, &member, &asked, "services").await;
    list::show(&app, &chrome, &ListPage::new(&app, &chrome, &SERVICES, &wish, found))
}

const INVOICES: Spec = Spec {
    path: "/account/invoices",
    title: "menu-invoices",
    search: Some("list-search-own-invoices"),
    filters: &[
        Filter::Choice(
            "status",
            "list-status",
            &[
                ("open", "status-unpaid"),
                ("overdue", "status-overdue"),
                ("paid", "status-paid"),
            ],
        ),
        Filter::Days("issued", "list-issued"),
    ],
    columns: &[
        Column::new("list-number").phone(Place::Main),
        Column::new("list-issued").sort("issued").phone(Place::Below),
        Column::new("list-due").sort("due").phone(Place::Hidden),
        Column::new("list-total").end().phone(Place::End),
        Column::new("list-status").phone(Place::BelowEnd),
    ],
    sort: "-issued",
    empty: Empty {
        icon: "file-invoice",
        title: "list-no-invoices",
        text: "list-no-own-invoices-text",
        action: None,
    },
};

/// `GET /account/invoices`
pub async fn invoices(State(app): State<App>, member: Member<ReadBilling>, asked: Asked, params: Params) -> Response {
    let wish = INVOICES.read(&params);
    let (from, to) = wish.days("issued");
    let search = invoice::list::Search {
        account: Some(member.account),
        state: wish.choice("status"),
        from,
        to,
        typed: wish.typed(),
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let found = invoice::list::browse(&mut tx, &search, &wish.window()).await?;
        let today = tx.today();
        tx.commit().await?;
        Ok::<_, BillingError>(found.map(|invoice| {
            Row::to(
                format!("/account/invoices/{}", invoice.id),
                vec![
                    Cell::text(invoice.number.as_deref().unwrap_or("-")),
                    Cell::day(invoice.issued_on),
                    Cell::day(invoice.due_on),
                    Cell::minor(invoice.total_minor, &invoice.currency),
                    Cell::badge(badge(&invoice, today)),
                ],
            )
        }))
    };
    let found = match read.await {
        Ok(found) => found,
        Err(error) => return internal(error),
    };
    let chrome = page::account(&app, &member, &asked, "billing").await;
    let methods = app.say(&chrome, "methods-title", &[]);
    let page = ListPage::new(&app, &chrome, &INVOICES, &wish, found).with_action(
        methods,
        "/account/payment-methods",
        "credit-card",
    );
    list::show(&app, &chrome, &page)
}
