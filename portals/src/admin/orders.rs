//! `/admin/orders`: what was bought, and how far it got.

use axum::extract::{Path, State};
use axum::response::Response;
use billing::order::list::{Ordered, Row as Order, Search, browse, ordered};
use billing::{BillingError, invoice, order, payment};
use http::StatusCode;
use platform::views::Page as Chrome;
use tenancy::account;
use tenancy::extract::Staff;
use tenancy::permission::ReadOrders;

use super::desk::{Say, past};
use crate::app::App;
use crate::kit::detail::{Block, Detail, Fact, Table, crumb, fact};
use crate::status::{self, InvoiceState};
use crate::web::answer::{Html, internal, not_found};
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

const LIST: Spec = Spec {
    path: "/admin/orders",
    title: "menu-orders",
    search: Some("list-search-orders"),
    filters: &[
        Filter::Choice(
            "status",
            "list-status",
            &[
                ("pending_payment", "status-pending-payment"),
                ("in_review", "status-in-review"),
                ("accepted", "status-accepted"),
                ("rejected", "status-rejected"),
                ("cancelled", "status-cancelled"),
            ],
        ),
        Filter::Kept("account"),
    ],
    columns: &[
        Column::new("dashboard-order").sort("number").phone(Place::Main),
        Column::new("dashboard-product").phone(Place::Hidden),
        Column::new("dashboard-customer").phone(Place::Below),
        Column::new("dashboard-total").end().phone(Place::End),
        Column::new("list-placed").sort("placed").phone(Place::Hidden),
        Column::new("list-status").phone(Place::BelowEnd),
    ],
    sort: "-placed",
    empty: Empty {
        icon: "shopping-cart",
        title: "dashboard-no-orders",
        text: "dashboard-no-orders-text",
        action: None,
    },
};

/// `GET /admin/orders`
pub async fn list(State(app): State<App>, staff: Staff<ReadOrders>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let search = Search {
        account: wish.id("account"),
        status: wish.choice("status"),
        typed: wish.typed(),
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let found = browse(&mut tx, &search, &wish.window()).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(found)
    };
    let found = match read.await {
        Ok(found) => found.map(|order| row(&order, true)),
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "orders").await;
    list::show(&app, &chrome, &ListPage::new(&app, &chrome, &LIST, &wish, found))
}

/// A row of orders, of many customers or of one.
pub fn row(order: &Order, of_many: bool) -> Row {
    let mut cells = vec![
        Cell::text(order.number),
        Cell::quiet(order.products.as_deref().unwrap_or("-")),
        Cell::minor(order.total_minor, &order.currency),
        Cell::badge(status::delivery(&order.status, order.delivery.as_deref())),
    ];
    if of_many {
        cells.insert(2, Cell::text(&order.account_name).below(&order.account_email));
        cells.insert(4, Cell::at(order.created_at));
    }
    Row::to(format_args!("/admin/orders/{}", order.id), cells)
}

/// `GET /admin/orders/{id}`
pub async fn show(State(app): State<App>, staff: Staff<ReadOrders>, asked: Asked, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let chrome = page::admin(&app, &staff, &asked, "orders").await;
    match detail(&app, &staff, &chrome, id).await {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &chrome),
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

async fn detail(
    app: &App,
    staff: &Staff<ReadOrders>,
    chrome: &Chrome,
    id: billing::ids::OrderId,
) -> Result<Detail, BillingError> {
    let say = Say(app, chrome);
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let found = order::find(&mut tx, id).await?.ok_or(BillingError::NotFound("order"))?;
    let buyer = account::find(&mut tx, found.account_id)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    let items = ordered(&mut tx, id).await?;
    let bill = match order::invoice_of(&mut tx, id).await? {
        Some(bill) => invoice::find(&mut tx, bill).await?,
        None => None,
    };
    let payments = match &bill {
        Some(bill) => payment::list(&mut tx, None, Some(bill.id), 10, None).await?,
        None => Vec::new(),
    };
    let past = past(&mut tx, say, &id.to_string(), 15).await?;
    let today = tx.today();
    tx.commit().await?;
    let worst = ["failed", "provisioning", "pending", "active", "suspended", "terminated"];
    let delivery = worst.iter().find(|word| items.iter().any(|item| item.status == **word));
    let title = say.with("order-title", &[("number", &found.number.to_string())]);
    Ok(Detail {
        title: title.clone(),
        badge: Some(status::delivery(&found.status, delivery.copied())),
        crumbs: vec![crumb(say.it("menu-orders"), Some("/admin/orders")), crumb(title, None)],
        main: vec![
            Block::table(say.it("order-items"), items_table(say, &items)),
            Block::table(say.it("menu-payments"), payments_table(say, &payments)),
            Block::timeline(say.it("detail-timeline"), past),
        ],
        side: vec![Block::facts(
            say.it("detail-facts"),
            facts(say, &found, &buyer, bill.as_ref(), today),
        )],
        ..Detail::default()
    })
}

fn facts(
    say: Say<'_>,
    found: &order::Order,
    buyer: &account::Account,
    bill: Option<&invoice::Invoice>,
    today: chrono::NaiveDate,
) -> Vec<Fact> {
    let mut facts = vec![
        fact(
            say.it("list-customer"),
            Cell::text(&buyer.name)
                .below(&buyer.email)
                .to(format_args!("/admin/customers/{}", buyer.id)),
        ),
        fact(
            say.it("dashboard-total"),
            Cell::minor(found.total_minor, &found.currency),
        ),
        fact(say.it("list-placed"), Cell::at(found.created_at)),
    ];
    if let Some(bill) = bill {
        facts.push(fact(
            say.it("service-invoice"),
            Cell::text(bill.number.as_deref().unwrap_or("-")),
        ));
        facts.push(fact(
            say.it("order-paid"),
            Cell::badge(status::invoice(InvoiceState {
                document: &bill.status,
                payment: &bill.payment_status,
                collection: &bill.collection_status,
                due: bill.due_on,
                today,
            })),
        ));
    }
    facts.push(fact(say.it("detail-id"), Cell::code(found.id)));
    facts
}

fn items_table(say: Say<'_>, items: &[Ordered]) -> Table {
    let rows = items
        .iter()
        .map(|item| {
            Row::to(
                format_args!("/admin/services/{}", item.service_id),
                vec![
                    Cell::text(&item.label),
                    Cell::quiet(&item.product_name).below(&item.plan_name),
                    Cell::minor(item.unit_minor.saturating_mul(i64::from(item.quantity)), &item.currency),
                    Cell::badge(status::service(&item.status, item.reason.as_deref(), None)),
                ],
            )
        })
        .collect();
    let labels = [
        say.it("list-service"),
        say.it("list-product"),
        format!(">{}", say.it("list-price")),
        say.it("list-status"),
    ];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Table::new(&labels, rows, say.it("list-no-services"))
}

fn payments_table(say: Say<'_>, payments: &[payment::Payment]) -> Table {
    let rows = payments
        .iter()
        .map(|row| {
            Row::plain(vec![
                Cell::at(row.created_at),
                Cell::quiet(say.paid(row.failure_message.as_deref(), &row.mode)),
                Cell::minor(row.amount_minor, &row.currency),
                Cell::badge(status::payment(&row.status)),
            ])
        })
        .collect();
    let labels = [
        say.it("audit-at"),
        say.it("customer-payment"),
        format!(">{}", say.it("invoice-amount")),
        say.it("list-status"),
    ];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Table::new(&labels, rows, say.it("customer-no-payments"))
}
