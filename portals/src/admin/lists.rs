//! Customers, invoices, services and operations, as staff see them.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::invoice::{self, InvoiceFilter};
use billing::{BillingError, service};
use http::StatusCode;
use platform::money::{Currency, Money};
use provisioning::operation;
use serde::Deserialize;
use tenancy::account::{self, AccountFilter};
use tenancy::extract::Staff;
use tenancy::permission::{Any, Permission, ReadAccounts, ReadInvoices, ReadServices};

use crate::app::App;
use crate::status::{self, InvoiceState};
use crate::web::answer::{Html, internal};
use crate::web::list::{Cell, Head, List, next};
use crate::web::page::{self, Asked};

/// One more than a page shows.
const FETCHED: i64 = 51;

#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    after: String,
}

/// `GET /admin`
pub async fn home(staff: Staff<Any>) -> Response {
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

struct Words {
    title: &'static str,
    heads: &'static [(&'static str, bool)],
    icon: &'static str,
    empty: &'static str,
}

async fn show<P>(
    app: &App,
    staff: &Staff<P>,
    asked: &Asked,
    nav: &'static str,
    words: &Words,
    (rows, next): (Vec<Vec<Cell>>, Option<String>),
) -> Response {
    let page = page::admin(app, staff, asked, nav).await;
    let say = |key: &str| app.say(&page, key, &[]);
    let list = List {
        layout: "layouts/admin.html",
        title: say(words.title),
        subtitle: None,
        heads: words
            .heads
            .iter()
            .map(|(key, end)| Head {
                label: say(key),
                align: end.then_some("end"),
            })
            .collect(),
        rows,
        next,
        empty_icon: words.icon,
        empty_text: say(words.empty),
    };
    Html::show(app, StatusCode::OK, &list, &page)
}

/// `GET /admin/customers`
pub async fn customers(
    State(app): State<App>,
    staff: Staff<ReadAccounts>,
    asked: Asked,
    Query(wish): Query<Wish>,
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let rows = account::list(&mut tx, &AccountFilter::default(), FETCHED, wish.after.parse().ok()).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(rows)
    };
    let mut rows = match read.await {
        Ok(rows) => rows,
        Err(error) => return internal(error),
    };
    let next = next(&mut rows, "/admin/customers", |row| row.id.to_string());
    let cells = rows
        .into_iter()
        .map(|row| {
            vec![
                Cell::text(row.number),
                Cell::text(row.name),
                Cell::text(row.email),
                Cell::text(row.country),
                Cell::at(row.created_at),
            ]
        })
        .collect();
    let words = Words {
        title: "menu-customers",
        heads: &[
            ("list-number", false),
            ("list-name", false),
            ("list-email", false),
            ("list-country", false),
            ("list-since", false),
        ],
        icon: "users",
        empty: "list-no-customers",
    };
    show(&app, &staff, &asked, "customers", &words, (cells, next)).await
}

/// `GET /admin/invoices`
pub async fn invoices(
    State(app): State<App>,
    staff: Staff<ReadInvoices>,
    asked: Asked,
    Query(wish): Query<Wish>,
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let rows = invoice::list(&mut tx, &InvoiceFilter::default(), FETCHED, wish.after.parse().ok()).await?;
        let today = tx.today();
        tx.commit().await?;
        Ok::<_, BillingError>((rows, today))
    };
    let (mut rows, today) = match read.await {
        Ok(both) => both,
        Err(error) => return internal(error),
    };
    let next = next(&mut rows, "/admin/invoices", |row| row.id.to_string());
    let cells = rows.into_iter().map(|row| invoice_cells(&row, today)).collect();
    let words = Words {
        title: "menu-invoices",
        heads: &[
            ("list-number", false),
            ("list-buyer", false),
            ("list-issued", false),
            ("list-total", true),
            ("list-status", false),
        ],
        icon: "file-invoice",
        empty: "list-no-invoices",
    };
    show(&app, &staff, &asked, "invoices", &words, (cells, next)).await
}

/// The cells of an invoice, for staff and customers alike.
pub fn invoice_cells(row: &invoice::Invoice, today: chrono::NaiveDate) -> Vec<Cell> {
    let total = Currency::parse(&row.currency)
        .ok()
        .and_then(|currency| Money::new(row.total_minor, currency).ok());
    let state = InvoiceState {
        document: &row.status,
        payment: &row.payment_status,
        collection: &row.collection_status,
        due: row.due_on,
        today,
    };
    let buyer = row.buyer.as_ref().and_then(|b| b["name"].as_str()).unwrap_or_default();
    vec![
        Cell::text(row.number.as_deref().unwrap_or("-")),
        Cell::text(buyer),
        Cell::text(row.issued_on.map(|d| d.to_string()).unwrap_or_default()),
        total.map_or_else(Cell::default, Cell::money),
        Cell::badge(status::invoice(state)),
    ]
}

/// `GET /admin/services`
pub async fn services(
    State(app): State<App>,
    staff: Staff<ReadServices>,
    asked: Asked,
    Query(wish): Query<Wish>,
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let rows = service::list(&mut tx, None, None, FETCHED, wish.after.parse().ok()).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(rows)
    };
    let mut rows = match read.await {
        Ok(rows) => rows,
        Err(error) => return internal(error),
    };
    let next = next(&mut rows, "/admin/services", |row| row.id.to_string());
    let cells = rows.iter().map(service_cells).collect();
    let words = Words {
        title: "menu-services",
        heads: &[
            ("list-service", false),
            ("list-address", false),
            ("list-status", false),
            ("list-since", false),
        ],
        icon: "server-2",
        empty: "list-no-services",
    };
    show(&app, &staff, &asked, "services", &words, (cells, next)).await
}

/// The cells of a service.
pub fn service_cells(row: &service::Service) -> Vec<Cell> {
    vec![
        Cell::text(&row.label),
        Cell::text(row.ip_addresses.join(", ")),
        Cell::badge(status::service(&row.status, row.reason.as_deref(), None)),
        Cell::at(row.created_at),
    ]
}

/// `GET /admin/provisioning`
pub async fn operations(
    State(app): State<App>,
    staff: Staff<ReadServices>,
    asked: Asked,
    Query(wish): Query<Wish>,
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let rows = operation::list(&mut tx, None, FETCHED, wish.after.parse().ok()).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(rows)
    };
    let mut rows = match read.await {
        Ok(rows) => rows,
        Err(error) => return internal(error),
    };
    let next = next(&mut rows, "/admin/provisioning", |row| row.id.to_string());
    let cells = rows
        .into_iter()
        .map(|row| {
            vec![
                Cell::text(row.kind),
                Cell::text(row.service_id),
                Cell::text(row.reason.unwrap_or(row.step)),
                Cell::badge(status::operation(&row.status)),
                Cell::at(row.created_at),
            ]
        })
        .collect();
    let words = Words {
        title: "menu-provisioning",
        heads: &[
            ("list-kind", false),
            ("list-service", false),
            ("list-step", false),
            ("list-status", false),
            ("list-since", false),
        ],
        icon: "list-check",
        empty: "list-no-operations",
    };
    show(&app, &staff, &asked, "provisioning", &words, (cells, next)).await
}
