//! `/admin/invoices/{id}`: the document as the customer has it, what happened to it, and what staff can do.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::ids::InvoiceId;
use billing::invoice::{self, Invoice};
use billing::payment::{self, Received};
use billing::refund::{self, Destination, NewRefund};
use billing::{BillingError, credit, payment_method};
use http::StatusCode;
use platform::money::{Currency, Money};
use platform::views::{Context, Page, Tone};
use serde::{Deserialize, Serialize};
use tenancy::extract::Staff;
use tenancy::permission::{ReadInvoices, WriteInvoices, WritePayments};
use tenancy::{TenantTx, account};

use crate::account::invoice::{answer_pdf, history, method_name, paper, words};
use crate::app::App;
use crate::document;
use crate::kit::invoice::{InvoicePage, UseCredit};
use crate::kit::parts::{Choice, Crumb, FieldError};
use crate::refusal;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked, flash};

/// The page.
#[derive(Debug, Serialize)]
struct AdminInvoice {
    #[serde(flatten)]
    paper: InvoicePage,
    crumbs: Vec<Crumb>,
    customer: String,
    customer_path: String,
    order_path: Option<String>,
    path: String,
    errors: Vec<FieldError>,
    typed: Typed,
    refundable: Vec<Choice>,
    methods: Vec<Choice>,
    may_record: bool,
    may_void: bool,
}

impl Context for AdminInvoice {
    const TEMPLATE: &'static str = "admin/invoice.html";
}

/// What was typed into one of the forms; shown again when it was not taken.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Typed {
    #[serde(default)]
    payment: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    destination: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    received: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    key: String,
}

/// Which payment a refund form opens with.
#[derive(Debug, Default, Deserialize)]
pub struct Wish {
    #[serde(default)]
    payment: String,
}

/// `GET /admin/invoices/{id}`
pub async fn show(
    State(app): State<App>,
    staff: Staff<ReadInvoices>,
    asked: Asked,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Response {
    let typed = Typed {
        payment: wish.payment,
        ..Typed::default()
    };
    draw(&app, &staff, &asked, &id, (typed, Vec::new())).await
}

/// `GET /admin/invoices/{id}/pdf`
pub async fn pdf(State(app): State<App>, staff: Staff<ReadInvoices>, Path(id): Path<String>) -> Response {
    match id.parse::<InvoiceId>() {
        Ok(id) => answer_pdf(document::stored(&app, &staff.scope, id).await),
        Err(_) => not_found(),
    }
}

async fn draw<P>(
    app: &App,
    staff: &Staff<P>,
    asked: &Asked,
    id: &str,
    (typed, errors): (Typed, Vec<FieldError>),
) -> Response {
    let Ok(id) = id.parse::<InvoiceId>() else {
        return not_found();
    };
    let page = page::admin(app, staff, asked, "invoices").await;
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let may = |word: &str| staff.rights.has(word);
    let rights = (may("payments.write"), may("invoices.write"));
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let Some(row) = invoice::find(&mut tx, id).await? else {
            return Ok(None);
        };
        let mut context = context(app, &page, &mut tx, &row, rights).await?;
        context.typed.key = fresh_key(app, &typed.key);
        context.typed = Typed {
            key: context.typed.key,
            ..typed
        };
        context.errors = errors;
        tx.commit().await?;
        Ok::<_, BillingError>(Some(context))
    };
    match read.await {
        Ok(Some(context)) => Html::show(app, status, &context, &page),
        Ok(None) => not_found(),
        Err(error) => internal(error),
    }
}

/// The key that makes a second click the same deed.
fn fresh_key(app: &App, typed: &str) -> String {
    if typed.is_empty() {
        hex::encode(app.tenancy().random().bytes::<16>())
    } else {
        typed.to_owned()
    }
}

async fn context(
    app: &App,
    page: &Page,
    tx: &mut TenantTx,
    row: &Invoice,
    (money_rights, void_rights): (bool, bool),
) -> Result<AdminInvoice, BillingError> {
    let lines = invoice::lines(tx, row.id).await?;
    let mut sheet = paper(app, page, row, &lines, tx.today())?;
    let path = format!("/admin/invoices/{}", row.id);
    sheet.pdf_path = format!("{path}/pdf");
    sheet.history = history(app, page, tx, row.id, true).await?;
    let owner = account::find(tx, row.account_id)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    let payments = payment::list(tx, None, Some(row.id), 100, None).await?;
    let busy = payments
        .iter()
        .any(|paid| !["succeeded", "failed", "cancelled"].contains(&paid.status.as_str()) && !paid.is_open_page());
    let open = row.status == "issued" && sheet.amount_due.is_positive() && !busy;
    let refundable = if money_rights {
        refundable(app, page, tx, &payments).await?
    } else {
        Vec::new()
    };
    let credit = Money::new(
        owner.credit_minor.min(sheet.amount_due.minor),
        sheet.amount_due.currency,
    )?;
    if money_rights && open && credit.is_positive() {
        sheet.credit = Some(UseCredit {
            path: format!("{path}/credit"),
            amount: credit,
        });
    }
    let methods = payment_method::list(tx, row.account_id).await?;
    let method = |m: &payment_method::PaymentMethod| Choice {
        value: m.id.to_string(),
        label: method_name(app, page, &m.brand, &m.last4),
    };
    Ok(AdminInvoice {
        crumbs: vec![
            Crumb {
                label: app.say(page, "menu-invoices", &[]),
                path: Some("/admin/invoices".into()),
            },
            Crumb {
                label: sheet.number.clone(),
                path: None,
            },
        ],
        customer: owner.name.clone(),
        customer_path: format!("/admin/customers/{}", row.account_id),
        order_path: row.order_id.map(|order| format!("/admin/orders/{order}")),
        errors: Vec::new(),
        typed: Typed::default(),
        refundable,
        methods: if money_rights && open {
            methods.iter().map(method).collect()
        } else {
            Vec::new()
        },
        may_record: money_rights && open,
        may_void: void_rights
            && row.status == "issued"
            && !busy
            && !payments.iter().any(|paid| paid.status == "succeeded"),
        path,
        paper: sheet,
    })
}

/// Payments of which something can go back, with how much.
async fn refundable(
    app: &App,
    page: &Page,
    tx: &mut TenantTx,
    payments: &[payment::Payment],
) -> Result<Vec<Choice>, BillingError> {
    let mut choices = Vec::new();
    for paid in payments.iter().filter(|paid| paid.status == "succeeded") {
        let left = refund::left(tx, paid).await?.total_minor;
        if left > 0 {
            let left = Money::new(left, paid.amount()?.currency)?;
            choices.push(Choice {
                value: paid.id.to_string(),
                label: app.say(page, "refund-left", &[("amount", &words::money(page, left))]),
            });
        }
    }
    Ok(choices)
}

/// What a form led to: words for the flash, or which field is wrong.
type Did = Result<&'static str, BillingError>;

async fn told<P>(app: &App, staff: &Staff<P>, asked: &Asked, (id, typed): (&str, Typed), did: Did) -> Response {
    let page = page::admin(app, staff, asked, "invoices").await;
    let errors = match did {
        Ok(key) => {
            flash(&staff.session, Tone::Success, app.say(&page, key, &[])).await;
            return Redirect::to(&format!("/admin/invoices/{id}")).into_response();
        }
        Err(BillingError::NotFound("invoice")) => return not_found(),
        Err(error) => {
            let errors = refusal::words(app, &page, &error);
            if errors.is_empty() {
                return internal(error);
            }
            errors
        }
    };
    draw(app, staff, asked, id, (typed, errors)).await
}

fn parsed(id: &str) -> Result<InvoiceId, BillingError> {
    id.parse().map_err(|_| BillingError::NotFound("invoice"))
}

/// An amount as typed, in the currency of the invoice; nothing typed is none.
fn amount(text: &str, row: &Invoice, field: &'static str) -> Result<Option<Money>, BillingError> {
    let text = text.trim().replace(',', ".");
    if text.is_empty() {
        return Ok(None);
    }
    let unit = Currency::parse(&row.currency)?;
    Money::parse(&text, unit)
        .map(Some)
        .map_err(|_| BillingError::Field(field, "Use a decimal number such as 12.34.".into()))
}

async fn read_row(app: &App, staff: &Staff<WritePayments>, id: InvoiceId) -> Result<Invoice, BillingError> {
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let row = invoice::find(&mut tx, id)
        .await?
        .ok_or(BillingError::NotFound("invoice"))?;
    tx.commit().await?;
    Ok(row)
}

/// `POST /admin/invoices/{id}/refund`
pub async fn refund(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let did = async {
        let row = read_row(&app, &staff, parsed(&id)?).await?;
        let none = || BillingError::Field("payment", "Choose a payment.".into());
        let new = NewRefund {
            payment: typed.payment.parse().map_err(|_| none())?,
            amount: amount(&typed.amount, &row, "amount")?,
            destination: Destination::named(&typed.destination)
                .ok_or_else(|| BillingError::Field("destination", "Choose where the money goes.".into()))?,
            reason: typed.reason.clone(),
            key: Some(format!("staff:{}", typed.key)).filter(|_| !typed.key.is_empty()),
        };
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        let paid = payment::find(&mut tx, new.payment).await?;
        paid.filter(|paid| paid.invoice_id == row.id).ok_or_else(none)?;
        let begun = refund::begin(&mut tx, &new).await?;
        tx.commit().await?;
        let done = refund::drive(app.tenancy(), app.gateways(), &staff.scope, begun.id).await?;
        match done.status.as_str() {
            "succeeded" => Ok("refund-done"),
            "failed" => Err(BillingError::Conflict(
                "refund_failed",
                done.failure_message.unwrap_or_default(),
            )),
            _ => Ok("refund-under-way"),
        }
    };
    let did = did.await;
    told(&app, &staff, &asked, (&id, typed), did).await
}

/// `POST /admin/invoices/{id}/received`
pub async fn received(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let did = async {
        let row = read_row(&app, &staff, parsed(&id)?).await?;
        let new = Received {
            invoice: row.id,
            amount: amount(&typed.received, &row, "received")?,
            reference: typed.reference.clone(),
            key: Some(format!("staff:{}", typed.key)).filter(|_| !typed.key.is_empty()),
        };
        payment::close_page(app.tenancy(), app.gateways(), &staff.scope, row.id).await?;
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        payment::record(&mut tx, &new).await?;
        tx.commit().await?;
        Ok("received-done")
    };
    let did = did.await;
    told(&app, &staff, &asked, (&id, typed), did).await
}

/// `POST /admin/invoices/{id}/charge`
pub async fn charge(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let did = async {
        let row = read_row(&app, &staff, parsed(&id)?).await?;
        let none = || BillingError::Field("method", "Choose a payment method.".into());
        let method = typed.method.parse().map_err(|_| none())?;
        let paid = payment::pay(app.tenancy(), app.gateways(), &staff.scope, row.id, method).await?;
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let paid = payment::find(&mut tx, paid).await?;
        tx.commit().await?;
        match paid {
            Some(paid) if paid.status == "failed" => Err(BillingError::Conflict(
                "declined",
                paid.failure_message.unwrap_or_default(),
            )),
            Some(paid) if paid.status == "succeeded" => Ok("charge-done"),
            _ => Ok("charge-under-way"),
        }
    };
    let did = did.await;
    told(&app, &staff, &asked, (&id, typed), did).await
}

/// `POST /admin/invoices/{id}/credit`
pub async fn use_credit(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let did = async {
        let id = parsed(&id)?;
        payment::close_page(app.tenancy(), app.gateways(), &staff.scope, id).await?;
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        credit::apply(&mut tx, id).await?;
        tx.commit().await?;
        Ok("pay-credit-used")
    };
    let did = did.await;
    told(&app, &staff, &asked, (&id, Typed::default()), did).await
}

/// `POST /admin/invoices/{id}/void`
pub async fn void(
    State(app): State<App>,
    staff: Staff<WriteInvoices>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let did = async {
        let id = parsed(&id)?;
        payment::close_page(app.tenancy(), app.gateways(), &staff.scope, id).await?;
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        invoice::void(&mut tx, id, &typed.reason).await?;
        tx.commit().await?;
        Ok("void-done")
    };
    let did = did.await;
    told(&app, &staff, &asked, (&id, typed), did).await
}

/// A value of the page, for tests that draw every page.
#[cfg(test)]
pub fn sample(currency: Currency) -> impl Context {
    let choice = |value: &str, label: &str| Choice {
        value: value.into(),
        label: label.into(),
    };
    AdminInvoice {
        paper: InvoicePage {
            pay: None,
            ..crate::kit::samples::invoice(currency)
        },
        crumbs: vec![Crumb {
            label: "Invoices".into(),
            path: Some("/admin/invoices".into()),
        }],
        customer: "Hall & Sons".into(),
        customer_path: "#".into(),
        order_path: Some("#".into()),
        path: "/admin/invoices/inv_sample".into(),
        errors: vec![FieldError {
            field: "amount".into(),
            message: "At most 10.00 USD can be refunded.".into(),
        }],
        typed: Typed {
            amount: "10.01".into(),
            ..Typed::default()
        },
        refundable: vec![choice("pay_1", "$10.00 can be refunded")],
        methods: vec![choice("pmt_1", "Visa ···· 4242")],
        may_record: true,
        may_void: true,
    }
}
