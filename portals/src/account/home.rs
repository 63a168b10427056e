//! The customers' overview: what waits for them, what they run, what comes next.

use axum::extract::State;
use axum::response::Response;
use billing::invoice::{self, Invoice, InvoiceFilter};
use billing::service::{self, Service};
use billing::standing::{self, Standing};
use billing::{BillingError, catalogue};
use chrono::NaiveDate;
use http::StatusCode;
use platform::money::{Currency, Money};
use platform::views::{Context, Page, Tone};
use serde::Serialize;
use tenancy::account::{self, Account};
use tenancy::extract::Member;
use tenancy::permission::{Any, ManageAccount, ManageBilling, ManageServices, Permission, ReadBilling, UseServices};

use super::service::picture;
use crate::app::App;
use crate::kit::parts::Step;
use crate::status::{self, Badge, InvoiceState};
use crate::web::answer::{Html, internal};
use crate::web::page::{self, Asked};

/// Services and invoices shown.
const SHOWN: i64 = 6;

/// The page.
#[derive(Clone, Debug, Serialize)]
pub struct HomePage {
    /// Whose.
    pub name: String,
    /// The account, where it is not the person.
    pub account: String,
    /// What waits to be paid; none where nothing does or the member may not see it.
    pub open: Option<Open>,
    /// Figures; none where the member may not see money.
    pub credit: Option<Money>,
    /// Next renewal.
    pub renews_on: Option<NaiveDate>,
    /// Services that run.
    pub active: i64,
    /// Services on their way.
    pub on_the_way: i64,
    /// Services that need somebody.
    pub in_trouble: i64,
    /// Newest services; none where the member may not see them.
    pub services: Option<Vec<ServiceRow>>,
    /// Newest invoices; none where the member may not see them.
    pub invoices: Option<Vec<InvoiceRow>>,
    /// What is left to do; empty when all is done.
    pub checklist: Vec<Task>,
    /// Whether the member may order.
    pub may_order: bool,
}

impl Context for HomePage {
    const TEMPLATE: &'static str = "account/home.html";
}

/// What waits to be paid.
#[derive(Clone, Debug, Serialize)]
pub struct Open {
    /// Danger when something is overdue.
    pub tone: Tone,
    /// Whether something is overdue.
    pub overdue: bool,
    /// How many invoices.
    pub count: i64,
    /// What they come to.
    pub due: Money,
    /// When the first is due.
    pub due_on: Option<NaiveDate>,
    /// Where to pay.
    pub path: String,
}

/// A service.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceRow {
    /// Name.
    pub name: String,
    /// What it is.
    pub product: String,
    /// First address.
    pub address: String,
    /// Icon of its kind.
    pub icon: &'static str,
    /// Its page.
    pub path: String,
    /// State.
    pub badge: Badge,
}

/// An invoice.
#[derive(Clone, Debug, Serialize)]
pub struct InvoiceRow {
    /// Number.
    pub number: String,
    /// Its page.
    pub path: String,
    /// Day of issue.
    pub issued_on: Option<NaiveDate>,
    /// Total.
    pub total: Money,
    /// State.
    pub badge: Badge,
}

/// A step of getting started, from how things really are.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    /// Words and state.
    pub step: Step,
    /// Where it is done; none when it is done.
    pub path: Option<String>,
}

struct Facts {
    account: Account,
    standing: Standing,
    services: Vec<(Service, String, String)>,
    invoices: Vec<Invoice>,
    today: NaiveDate,
}

/// `GET /account`
pub async fn show(State(app): State<App>, member: Member<Any>, asked: Asked) -> Response {
    let facts = match read(&app, &member).await {
        Ok(facts) => facts,
        Err(error) => return internal(error),
    };
    let page = page::account(&app, &member, &asked, "overview").await;
    match context(&app, &page, &member, &facts) {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &page),
        Err(error) => internal(error),
    }
}

async fn read(app: &App, member: &Member<Any>) -> Result<Facts, BillingError> {
    let mut tx = app.tenancy().begin_read(&member.scope).await?;
    let account = account::find(&mut tx, member.account).await?;
    let account = account.ok_or(BillingError::NotFound("account"))?;
    let standing = standing::of(&mut tx, &account).await?;
    let mut services = Vec::new();
    if member.rights.has(UseServices::NAME) {
        for found in service::list(&mut tx, Some(account.id), None, SHOWN, None).await? {
            let product = catalogue::find_product(&mut tx, found.product_id).await?;
            let (name, kind) = product.map_or_else(Default::default, |p| (p.name, p.kind));
            services.push((found, name, kind));
        }
    }
    let filter = InvoiceFilter {
        account: Some(account.id),
        ..InvoiceFilter::default()
    };
    let invoices = if member.rights.has(ReadBilling::NAME) {
        invoice::list(&mut tx, &filter, SHOWN, None).await?
    } else {
        Vec::new()
    };
    let today = tx.today();
    tx.commit().await?;
    Ok(Facts {
        account,
        standing,
        services,
        invoices,
        today,
    })
}

fn context(app: &App, page: &Page, member: &Member<Any>, facts: &Facts) -> Result<HomePage, BillingError> {
    let rights = &member.rights;
    let standing = &facts.standing;
    let (see_services, see_money) = (rights.has(UseServices::NAME), rights.has(ReadBilling::NAME));
    let service = |(found, product, kind): &(Service, String, String)| ServiceRow {
        name: found.label.clone(),
        product: product.clone(),
        address: found.ip_addresses.first().cloned().unwrap_or_default(),
        icon: picture(kind),
        path: format!("/account/services/{}", found.id),
        badge: status::service(&found.status, None, None),
    };
    let invoices: Result<Vec<InvoiceRow>, BillingError> =
        facts.invoices.iter().map(|invoice| row(invoice, facts.today)).collect();
    Ok(HomePage {
        name: member.user.name.clone(),
        account: facts
            .account
            .company
            .clone()
            .unwrap_or_else(|| facts.account.name.clone()),
        open: see_money.then(|| open(standing, facts.today)).flatten(),
        credit: see_money
            .then_some(standing.credit)
            .filter(|credit| credit.is_positive()),
        renews_on: standing.renews_on.filter(|_| see_money),
        active: standing.active,
        on_the_way: standing.on_the_way,
        in_trouble: standing.in_trouble,
        services: see_services.then(|| facts.services.iter().map(service).collect()),
        invoices: if see_money { Some(invoices?) } else { None },
        checklist: checklist(app, page, member, facts),
        may_order: rights.has(ManageServices::NAME),
    })
}

fn row(invoice: &Invoice, today: NaiveDate) -> Result<InvoiceRow, BillingError> {
    let state = InvoiceState {
        document: &invoice.status,
        payment: &invoice.payment_status,
        collection: &invoice.collection_status,
        due: invoice.due_on,
        today,
    };
    Ok(InvoiceRow {
        number: invoice.number.clone().unwrap_or_default(),
        path: format!("/account/invoices/{}", invoice.id),
        issued_on: invoice.issued_on,
        total: Money::new(invoice.total_minor, Currency::parse(&invoice.currency)?)?,
        badge: status::invoice(state),
    })
}

fn open(standing: &Standing, today: NaiveDate) -> Option<Open> {
    let (invoice, due_on) = standing.first?;
    let overdue = due_on.is_some_and(|day| day < today);
    let path = match standing.open {
        1 => format!("/account/invoices/{invoice}/pay"),
        _ => "/account/invoices".to_owned(),
    };
    Some(Open {
        tone: if overdue { Tone::Danger } else { Tone::Warning },
        overdue,
        count: standing.open,
        due: standing.due,
        due_on,
        path,
    })
}

/// Getting started: nothing is ticked by hand, and nobody is asked for what they may not do.
fn checklist(app: &App, page: &Page, member: &Member<Any>, facts: &Facts) -> Vec<Task> {
    let account = &facts.account;
    let filled = |field: &Option<String>| field.as_deref().is_some_and(|text| !text.trim().is_empty());
    let runs = facts.standing.active + facts.standing.on_the_way + facts.standing.in_trouble > 0;
    let steps = [
        (
            "home-check-mail",
            member.user.verified_at.is_some(),
            "/account/profile",
            "",
        ),
        (
            "home-check-address",
            filled(&account.address1) && filled(&account.city),
            "/account/details",
            ManageAccount::NAME,
        ),
        (
            "home-check-method",
            facts.standing.has_method,
            "/account/payment-methods",
            ManageBilling::NAME,
        ),
        ("home-check-service", runs, "/", ManageServices::NAME),
    ];
    if steps
        .iter()
        .all(|(_, done, _, needs)| *done || !member.rights.has(needs))
    {
        return Vec::new();
    }
    steps
        .into_iter()
        .filter(|(_, _, _, needs)| member.rights.has(needs))
        .map(|(key, done, path, _)| Task {
            step: Step {
                label: app.say(page, key, &[]),
                state: if done { "done" } else { "waiting" },
                detail: None,
            },
            path: (!done).then(|| path.to_owned()),
        })
        .collect()
}
