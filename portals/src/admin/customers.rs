//! `/admin/customers`: the accounts of the tenant.

use axum::extract::State;
use axum::response::Response;
use tenancy::account::list::{Row as Account, Search, browse};
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadAccounts, WriteAccounts};

use crate::app::App;
use crate::status;
use crate::web::answer::internal;
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

const LIST: Spec = Spec {
    path: "/admin/customers",
    title: "menu-customers",
    search: Some("list-search-customers"),
    filters: &[Filter::Choice(
        "status",
        "list-status",
        &[("active", "status-active"), ("closed", "status-closed")],
    )],
    columns: &[
        Column::new("list-name").sort("name").phone(Place::Main),
        Column::new("list-number").sort("number").phone(Place::Hidden),
        Column::new("list-email").phone(Place::Below),
        Column::new("list-country").phone(Place::Hidden),
        Column::new("list-credit").end().phone(Place::Hidden),
        Column::new("list-status").phone(Place::End),
        Column::new("list-since").sort("since").phone(Place::BelowEnd),
    ],
    sort: "-since",
    empty: Empty {
        icon: "users",
        title: "list-no-customers",
        text: "list-no-customers-text",
        action: None,
    },
};

/// `GET /admin/customers`
pub async fn list(State(app): State<App>, staff: Staff<ReadAccounts>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let search = Search {
        typed: wish.typed(),
        status: wish.choice("status"),
        country: None,
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let found = browse(&mut tx, &search, &wish.window()).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(found)
    };
    let found = match read.await {
        Ok(found) => found.map(row),
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "customers").await;
    let mut listed = ListPage::new(&app, &chrome, &LIST, &wish, found);
    if staff.rights.has(WriteAccounts::NAME) {
        listed = listed.with_action(app.say(&chrome, "customer-new", &[]), "/admin/customers/new", "plus");
    }
    list::show(&app, &chrome, &listed)
}

fn row(account: Account) -> Row {
    let credit = if account.credit_minor > 0 {
        Cell::minor(account.credit_minor, &account.currency)
    } else {
        Cell::default()
    };
    let path = format!("/admin/customers/{}", account.id);
    Row::to(
        path,
        vec![
            Cell::text(&account.name).below(account.company.unwrap_or_default()),
            Cell::quiet(account.number),
            Cell::text(account.email),
            Cell::text(account.country),
            credit,
            Cell::badge(status::tenant(&account.status)),
            Cell::at(account.created_at),
        ],
    )
}
