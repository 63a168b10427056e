//! `/admin/invoices`: the documents of the tenant.

use axum::extract::State;
use axum::response::Response;
use billing::BillingError;
use billing::invoice::list::{Row as Invoice, Search, browse};
use chrono::NaiveDate;
use tenancy::extract::Staff;
use tenancy::permission::ReadInvoices;

use crate::app::App;
use crate::status::{self, Badge, InvoiceState};
use crate::web::answer::internal;
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

/// States an invoice is looked for by.
pub const STATES: &[(&str, &str)] = &[
    ("open", "status-unpaid"),
    ("overdue", "status-overdue"),
    ("processing", "status-processing"),
    ("paid", "status-paid"),
    ("refunded", "status-refunded"),
    ("disputed", "status-disputed"),
    ("draft", "status-draft"),
    ("void", "status-void"),
];

const LIST: Spec = Spec {
    path: "/admin/invoices",
    title: "menu-invoices",
    search: Some("list-search-invoices"),
    filters: &[
        Filter::Choice("status", "list-status", STATES),
        Filter::Days("issued", "list-issued"),
        Filter::Kept("account"),
    ],
    columns: &[
        Column::new("list-number").phone(Place::Main),
        Column::new("list-buyer").phone(Place::Below),
        Column::new("list-issued").sort("issued").phone(Place::Hidden),
        Column::new("list-due").sort("due").phone(Place::Hidden),
        Column::new("list-total").end().phone(Place::End),
        Column::new("list-status").phone(Place::BelowEnd),
    ],
    sort: "-issued",
    empty: Empty {
        icon: "file-invoice",
        title: "list-no-invoices",
        text: "list-no-invoices-text",
        action: None,
    },
};

/// `GET /admin/invoices`
pub async fn list(State(app): State<App>, staff: Staff<ReadInvoices>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let (from, to) = wish.days("issued");
    let search = Search {
        account: wish.id("account"),
        state: wish.choice("status"),
        from,
        to,
        typed: wish.typed(),
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let found = browse(&mut tx, &search, &wish.window()).await?;
        let today = tx.today();
        tx.commit().await?;
        Ok::<_, BillingError>(found.map(|invoice| row(&invoice, today)))
    };
    let found = match read.await {
        Ok(found) => found,
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "invoices").await;
    list::show(&app, &chrome, &ListPage::new(&app, &chrome, &LIST, &wish, found))
}

fn row(invoice: &Invoice, today: NaiveDate) -> Row {
    Row::to(
        format!("/admin/invoices/{}", invoice.id),
        vec![
            Cell::text(invoice.number.as_deref().unwrap_or("-")),
            Cell::text(&invoice.account_name),
            Cell::day(invoice.issued_on),
            Cell::day(invoice.due_on),
            Cell::minor(invoice.total_minor, &invoice.currency),
            Cell::badge(badge(invoice, today)),
        ],
    )
}

/// The state of a listed invoice.
#[must_use]
pub fn badge(invoice: &Invoice, today: NaiveDate) -> Badge {
    status::invoice(InvoiceState {
        document: &invoice.status,
        payment: &invoice.payment_status,
        collection: &invoice.collection_status,
        due: invoice.due_on,
        today,
    })
}
