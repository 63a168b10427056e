//! `/admin/customers/{id}`: everything about one customer on one page.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::{BillingError, invoice, order, payment, service};
use http::StatusCode;
use platform::views::{Page as Chrome, Tone};
use tenancy::account::{self, Account, AccountError};
use tenancy::extract::Staff;
use tenancy::listing::Window;
use tenancy::member::{self, Member};
use tenancy::permission::{
    Permission, ReadAccounts, ReadInvoices, ReadOrders, ReadPayments, ReadServices, WriteAccounts, WriteOrders,
};
use tenancy::{AccountId, TenantTx, user};

use super::desk::{Say, past_of};
use crate::app::App;
use crate::kit::detail::{Block, Detail, Fact, Field, FormPart, Notice, Table, Typed, crumb, fact};
use crate::status;
use crate::web::answer::{Html, internal, not_found};
use crate::web::countries;
use crate::web::form::Form;
use crate::web::list::{Act, Cell, Row};
use crate::web::page::{self, Asked};

/// Rows of each box.
const FEW: i64 = 6;

/// Everything the page reads; what staff may not see is not read.
struct Read {
    account: Account,
    members: Vec<Member>,
    /// Whether the owner has no password yet.
    waits: bool,
    services: Option<Vec<service::list::Row>>,
    invoices: Option<Vec<invoice::list::Row>>,
    payments: Option<Vec<payment::Payment>>,
    orders: Option<Vec<order::list::Row>>,
    today: chrono::NaiveDate,
}

/// `GET /admin/customers/{id}`
pub async fn show(
    State(app): State<App>,
    staff: Staff<ReadAccounts>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let chrome = page::admin(&app, &staff, &asked, "customers").await;
    match detail(&app, &staff, &chrome, id).await {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &chrome),
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

async fn read<P>(tx: &mut TenantTx, staff: &Staff<P>, id: AccountId) -> Result<Read, BillingError> {
    let window = Window {
        size: FEW,
        ..Window::default()
    };
    let may = |word: &str| staff.rights.has(word);
    let account = account::find(tx, id).await?.ok_or(BillingError::NotFound("account"))?;
    let members = member::of_account(tx, id).await?;
    let waits = match members.iter().find(|member| member.owner) {
        Some(owner) => user::needs_invitation(tx, owner.user_id).await?,
        None => false,
    };
    let mut read = Read {
        account,
        members,
        waits,
        services: None,
        invoices: None,
        payments: None,
        orders: None,
        today: tx.today(),
    };
    if may(ReadServices::NAME) {
        let search = service::list::Search {
            account: Some(id),
            ..service::list::Search::default()
        };
        read.services = Some(service::list::browse(tx, &search, &window).await?.rows);
    }
    if may(ReadInvoices::NAME) {
        let search = invoice::list::Search {
            account: Some(id),
            ..invoice::list::Search::default()
        };
        read.invoices = Some(invoice::list::browse(tx, &search, &window).await?.rows);
    }
    if may(ReadPayments::NAME) {
        read.payments = Some(payment::list(tx, Some(id), None, FEW, None).await?);
    }
    if may(ReadOrders::NAME) {
        let search = order::list::Search {
            account: Some(id),
            ..order::list::Search::default()
        };
        read.orders = Some(order::list::browse(tx, &search, &window).await?.rows);
    }
    Ok(read)
}

async fn detail<P>(app: &App, staff: &Staff<P>, chrome: &Chrome, id: AccountId) -> Result<Detail, BillingError> {
    let say = Say(app, chrome);
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let read = read(&mut tx, staff, id).await?;
    let past = past_of(&mut tx, say, id, 25).await?;
    tx.commit().await?;
    let account = &read.account;
    let may_write = staff.rights.has(WriteAccounts::NAME);
    let mut page = Detail {
        title: account.name.clone(),
        subtitle: account.company.clone(),
        badge: Some(status::tenant(&account.status)),
        crumbs: vec![
            crumb(say.it("menu-customers"), Some("/admin/customers")),
            crumb(account.name.clone(), None),
        ],
        ..Detail::default()
    };
    if staff.rights.has(WriteOrders::NAME) {
        page.links.push(say.link(
            "new-order",
            format_args!("/admin/customers/{id}/orders/new"),
            "shopping-cart-plus",
        ));
    }
    if may_write {
        page.links
            .push(say.link("customer-edit", format_args!("/admin/customers/{id}/edit"), "pencil"));
    }
    if let Some(reason) = &account.parked_reason {
        page.notices.push(Notice {
            tone: Tone::Warning,
            title: say.it("customer-parked"),
            text: Some(say.said(reason)),
        });
    }
    page.main.extend(boxes(say, &read, id));
    page.main.push(Block::timeline(say.it("detail-timeline"), past));
    page.side
        .push(Block::facts(say.it("detail-facts"), facts(say, account)));
    page.side
        .push(Block::table(say.it("customer-members"), members(say, &read, may_write)));
    page.side.push(if may_write {
        Block::form(say.it("customer-notes"), notes(say, account))
    } else {
        Block {
            title: say.it("customer-notes"),
            text: Some(account.notes.clone()),
            ..Block::default()
        }
    });
    Ok(page)
}

fn facts(say: Say<'_>, account: &Account) -> Vec<Fact> {
    let child = account.child_tenant_id.map(|id| {
        fact(
            say.it("customer-reseller"),
            Cell::text(reseller(say, id)).to(format_args!("/admin/tenants/{id}")),
        )
    });
    let mut facts = vec![
        fact(say.it("list-number"), Cell::text(account.number)),
        fact(
            say.it("list-email"),
            Cell::text(&account.email).to(format_args!("mailto:{}", account.email)),
        ),
        fact(
            say.it("customer-phone"),
            Cell::text(account.phone.as_deref().unwrap_or("-")),
        ),
        fact(say.it("settings-address"), Cell::text(address(say, account))),
        fact(
            say.it("settings-vat-id"),
            Cell::text(account.vat_id.as_deref().unwrap_or("-")),
        ),
        fact(say.it("tenants-currency"), Cell::text(&account.currency)),
        fact(say.it("customer-language"), Cell::text(&account.locale)),
        fact(
            say.it("list-credit"),
            Cell::minor(account.credit_minor, &account.currency),
        ),
        fact(
            say.it("customer-auto-pay"),
            Cell::text(say.it(if account.auto_pay { "ui-yes" } else { "ui-no" })),
        ),
        fact(say.it("list-since"), Cell::at(account.created_at)),
        fact(say.it("detail-id"), Cell::code(account.id)),
    ];
    facts.extend(child);
    facts
}

fn address(say: Say<'_>, account: &Account) -> String {
    let lines = account.address_lines();
    let lines = lines.iter().map(|line| countries::line(say.0, say.1, line));
    lines.collect::<Vec<_>>().join(", ")
}

/// The name a reseller's tenant goes by.
fn reseller(say: Say<'_>, id: tenancy::TenantId) -> String {
    let directory = say.0.tenancy().directory();
    directory
        .tenant(id)
        .map_or_else(|| id.to_string(), |tenant| tenant.name.clone())
}

/// The team; an owner who cannot sign in yet may be invited once more.
fn members(say: Say<'_>, read: &Read, may_write: bool) -> Table {
    let rows = read
        .members
        .iter()
        .map(|member| {
            let rights = if member.owner {
                say.it("customer-owner")
            } else {
                member.permissions.join(", ")
            };
            let row = Row::plain(vec![
                Cell::text(&member.user_name).below(&member.email),
                Cell::quiet(rights),
            ]);
            if !(member.owner && read.waits && may_write) {
                return row;
            }
            row.with(vec![Act {
                path: format!("/admin/customers/{}/invite", read.account.id),
                label: say.it("customer-invite"),
                icon: "send",
            }])
        })
        .collect();
    let labels = [say.it("list-name"), say.it("settings-staff-rights")];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Table::new(&labels, rows, say.it("detail-nothing-yet"))
}

fn notes(say: Say<'_>, account: &Account) -> FormPart {
    FormPart {
        id: "notes".to_owned(),
        path: format!("/admin/customers/{}/notes", account.id),
        fields: vec![
            Field::text("notes", say.it("customer-notes-label"), &account.notes)
                .kind("textarea")
                .optional()
                .hint(say.it("customer-notes-hint")),
            Field::tick("auto_pay", say.it("customer-auto-pay"), account.auto_pay),
        ],
        submit: say.it("settings-save"),
    }
}

fn labels(keys: &[&str], say: Say<'_>) -> Vec<String> {
    keys.iter()
        .map(|key| match key.strip_prefix('>') {
            Some(key) => format!(">{}", say.it(key)),
            None => say.it(key),
        })
        .collect()
}

fn table(say: Say<'_>, keys: &[&str], rows: Vec<Row>, empty: &str) -> Table {
    let labels = labels(keys, say);
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Table::new(&labels, rows, say.it(empty))
}

fn boxes(say: Say<'_>, read: &Read, id: AccountId) -> Vec<Block> {
    let mut blocks = Vec::new();
    let all =
        |block: Block, list: &str| block.with_link(say.it("ui-view-all"), format_args!("/admin/{list}?account={id}"));
    if let Some(services) = &read.services {
        let rows = services.iter().map(service_row).collect();
        let keys = [
            "list-service",
            "list-product",
            "list-address",
            ">list-price",
            "list-status",
        ];
        let block = Block::table(say.it("menu-services"), table(say, &keys, rows, "list-no-services"));
        blocks.push(all(block, "services"));
    }
    if let Some(invoices) = &read.invoices {
        let rows = invoices
            .iter()
            .map(|row| {
                Row::plain(vec![
                    Cell::text(row.number.as_deref().unwrap_or("-")),
                    Cell::day(row.issued_on),
                    Cell::day(row.due_on),
                    Cell::minor(row.total_minor, &row.currency),
                    Cell::badge(super::invoices::badge(row, read.today)),
                ])
            })
            .collect();
        let keys = ["list-number", "list-issued", "list-due", ">list-total", "list-status"];
        let block = Block::table(say.it("menu-invoices"), table(say, &keys, rows, "list-no-invoices"));
        blocks.push(all(block, "invoices"));
    }
    if let Some(payments) = &read.payments {
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
        let keys = ["audit-at", "customer-payment", ">invoice-amount", "list-status"];
        blocks.push(Block::table(
            say.it("menu-payments"),
            table(say, &keys, rows, "customer-no-payments"),
        ));
    }
    if let Some(orders) = &read.orders {
        let rows = orders.iter().map(|row| super::orders::row(row, false)).collect();
        let keys = [
            "dashboard-order",
            "dashboard-product",
            ">dashboard-total",
            "list-status",
        ];
        let block = Block::table(say.it("menu-orders"), table(say, &keys, rows, "dashboard-no-orders"));
        blocks.push(all(block, "orders"));
    }
    blocks
}

fn service_row(row: &service::list::Row) -> Row {
    Row::to(
        format_args!("/admin/services/{}", row.id),
        vec![
            Cell::text(&row.label),
            Cell::quiet(&row.product_name).below(&row.plan_name),
            Cell::text(row.ip_addresses.join(", ")),
            Cell::minor(row.unit_minor.saturating_mul(i64::from(row.quantity)), &row.currency),
            Cell::badge(status::service(&row.status, row.reason.as_deref(), row.cancel_on)),
        ],
    )
}

/// `POST /admin/customers/{id}/notes`
pub async fn set_notes(
    State(app): State<App>,
    staff: Staff<WriteAccounts>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let Ok(id) = id.parse::<AccountId>() else {
        return not_found();
    };
    let notes = typed.get("notes").map_or("", String::as_str);
    let chrome = page::admin(&app, &staff, &asked, "customers").await;
    let say = Say(&app, &chrome);
    if notes.chars().count() > 10_000 || notes.contains('\0') {
        return match detail(&app, &staff, &chrome, id).await {
            Ok(mut context) => {
                context.refuse("notes", &typed, say.it("customer-notes-long"));
                Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
            }
            Err(BillingError::NotFound(_)) => not_found(),
            Err(error) => internal(error),
        };
    }
    let done = async {
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        account::set_policy(&mut tx, id, notes, typed.contains_key("auto_pay")).await?;
        tx.commit().await?;
        Ok::<_, AccountError>(())
    };
    match done.await {
        Ok(()) => {
            page::flash(&staff.session, Tone::Success, say.it("settings-saved")).await;
            Redirect::to(&format!("/admin/customers/{id}")).into_response()
        }
        Err(AccountError::Unknown) => not_found(),
        Err(error) => internal(error),
    }
}
