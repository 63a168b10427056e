//! The customers' portal: services and invoices.

pub mod order;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use billing::invoice::{self, InvoiceFilter};
use billing::{BillingError, service};
use http::StatusCode;
use serde::Deserialize;
use tenancy::extract::Member;
use tenancy::permission::{Any, ReadBilling, UseServices};

use crate::admin::lists::{invoice_cells, service_cells};
use crate::app::App;
use crate::web::answer::{Html, internal};
use crate::web::list::{Cell, Head, List, next};
use crate::web::page::{self, Asked};

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/account", get(home))
        .route("/account/services", get(services))
        .route("/account/invoices", get(invoices))
        .route("/account/orders/{id}", get(order::show))
}

async fn home(_member: Member<Any>) -> Response {
    Redirect::to("/account/services").into_response()
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    after: String,
}

async fn show<P>(
    app: &App,
    member: &Member<P>,
    asked: &Asked,
    nav: &'static str,
    keys: &[(&str, bool)],
    (rows, next): (Vec<Vec<Cell>>, Option<String>),
) -> Response {
    let page = page::account(app, member, asked, nav).await;
    let say = |key: &str| app.say(&page, key, &[]);
    let list = List {
        layout: "layouts/account.html",
        title: say(if nav == "billing" {
            "menu-invoices"
        } else {
            "menu-services"
        }),
        subtitle: None,
        heads: keys
            .iter()
            .map(|(key, end)| Head {
                label: say(key),
                align: end.then_some("end"),
            })
            .collect(),
        rows,
        next,
        empty_icon: if nav == "billing" { "file-invoice" } else { "server-2" },
        empty_text: say(if nav == "billing" {
            "list-no-invoices"
        } else {
            "list-no-services"
        }),
    };
    Html::show(app, StatusCode::OK, &list, &page)
}

async fn services(
    State(app): State<App>,
    member: Member<UseServices>,
    asked: Asked,
    Query(wish): Query<Wish>,
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let rows = service::list(&mut tx, Some(member.account), None, 51, wish.after.parse().ok()).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(rows)
    };
    let mut rows = match read.await {
        Ok(rows) => rows,
        Err(error) => return internal(error),
    };
    let next = next(&mut rows, "/account/services", |row| row.id.to_string());
    let cells = rows.iter().map(service_cells).collect();
    let heads = [
        ("list-service", false),
        ("list-address", false),
        ("list-status", false),
        ("list-since", false),
    ];
    show(&app, &member, &asked, "services", &heads, (cells, next)).await
}

async fn invoices(
    State(app): State<App>,
    member: Member<ReadBilling>,
    asked: Asked,
    Query(wish): Query<Wish>,
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let filter = InvoiceFilter {
            account: Some(member.account),
            ..InvoiceFilter::default()
        };
        let rows = invoice::list(&mut tx, &filter, 51, wish.after.parse().ok()).await?;
        let today = tx.today();
        tx.commit().await?;
        Ok::<_, BillingError>((rows, today))
    };
    let (mut rows, today) = match read.await {
        Ok(both) => both,
        Err(error) => return internal(error),
    };
    let next = next(&mut rows, "/account/invoices", |row| row.id.to_string());
    let cells = rows.iter().map(|row| invoice_cells(row, today)).collect();
    let heads = [
        ("list-number", false),
        ("list-buyer", false),
        ("list-issued", false),
        ("list-total", true),
        ("list-status", false),
    ];
    show(&app, &member, &asked, "billing", &heads, (cells, next)).await
}
