//! From rows to the page of an invoice.

use axum::response::Response;
use billing::BillingError;
use billing::gateway::{self, GatewayRow};
use billing::invoice::{self, Invoice, Line};
use billing::order;
use billing::payment::{self, Payment};
use billing::payment_method::{self, PaymentMethod};
use chrono::NaiveDate;
use http::StatusCode;
use platform::money::{Currency, Money};
use platform::views::{Page, Tone};
use serde_json::Value;
use tenancy::extract::Member;
use tenancy::{TenantTx, account};

use super::history::{history, method_name};
use super::{Notice, Typed, find, words};
use crate::app::App;
use crate::kit::invoice::{InvoicePage, Line as LineView, Pay, UseCredit};
use crate::kit::parts::Card;
use crate::status::{self, InvoiceState};
use crate::web::answer::{Html, internal, not_found};
use crate::web::countries;
use crate::web::page::{self, Asked};

/// Reads and draws the page; a form that was not taken is shown again with 422.
pub(super) async fn draw<P>(app: &App, member: &Member<P>, asked: &Asked, id: &str, typed: &Typed) -> Response {
    let page = page::account(app, member, asked, "billing").await;
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let Some(row) = find(&mut tx, member.account, id).await? else {
            return Ok(None);
        };
        let may_pay = member.rights.has("billing.manage");
        let context = context(app, &page, &mut tx, &row, may_pay.then_some(typed)).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(Some(context))
    };
    let status = if typed.error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    match read.await {
        Ok(Some(context)) => Html::show(app, status, &context, &page),
        Ok(None) => not_found(),
        Err(error) => internal(error),
    }
}

async fn context(
    app: &App,
    page: &Page,
    tx: &mut TenantTx,
    row: &Invoice,
    typed: Option<&Typed>,
) -> Result<InvoicePage, BillingError> {
    let lines = invoice::lines(tx, row.id).await?;
    let mut context = paper(app, page, row, &lines, tx.today())?;
    context.history = history(app, page, tx, row.id, false).await?;
    // Nobody is asked for money for what could not be delivered; who still wants it may pay, and staff build it.
    let offer = row.collection_status == "undelivered";
    let payable = row.status == "issued"
        && ["unpaid", "partly_paid"].contains(&row.payment_status.as_str())
        && row.due()?.is_positive()
        && (!offer || order::may_be_built(tx, row).await?);
    if let (Some(typed), true) = (typed, payable) {
        let owner = account::find(tx, row.account_id)
            .await?
            .ok_or(BillingError::NotFound("account"))?;
        let credit = Money::new(
            owner.credit_minor.min(context.amount_due.minor),
            context.amount_due.currency,
        )?;
        context.credit = (credit.is_positive() && !offer).then(|| UseCredit {
            path: format!("/account/invoices/{}/credit", row.id),
            amount: credit,
        });
        let methods = payment_method::list(tx, row.account_id).await?;
        let gateways = gateway::list(tx).await?;
        let mut form = pay_form(app, page, row, offer, (&methods, &gateways), (owner.auto_pay, typed))?;
        let last = payment::list(tx, None, Some(row.id), 1, None).await?.into_iter().next();
        confirm_first(&mut form, last.as_ref(), typed);
        context.pay = Some(form);
        if typed.error.is_none() && !offer {
            context.notice = last.and_then(|last| last_failure(app, page, &last));
        }
    }
    Ok(context)
}

/// The document itself, the same for customers and staff.
pub(crate) fn paper(
    app: &App,
    page: &Page,
    row: &Invoice,
    lines: &[Line],
    today: NaiveDate,
) -> Result<InvoicePage, BillingError> {
    let unit = Currency::parse(&row.currency)?;
    let money = |minor| Money::new(minor, unit);
    let say = |key: &str| app.say(page, key, &[]);
    let mut sums = vec![(say("invoice-subtotal"), money(row.subtotal_minor)?)];
    if row.tax_minor != 0 {
        sums.push((say("invoice-tax"), money(row.tax_minor)?));
    }
    sums.push((say("invoice-total"), money(row.total_minor)?));
    let paid_minor = row.allocated_minor - row.credited_minor;
    if row.credited_minor > 0 {
        sums.push((say("invoice-undelivered-part"), money(-row.credited_minor)?));
    }
    if paid_minor > 0 {
        sums.push((say("invoice-paid"), money(-paid_minor)?));
    }
    if row.refunded_minor > 0 {
        sums.push((say("invoice-refunded"), money(row.refunded_minor)?));
    }
    let due = if row.status == "void" || row.collection_status == "undelivered" {
        Money::zero(unit)
    } else {
        row.due()?
    };
    Ok(InvoicePage {
        id: row.id.to_string(),
        number: row.number.clone().unwrap_or_default(),
        badge: status::invoice(InvoiceState {
            document: &row.status,
            payment: &row.payment_status,
            collection: &row.collection_status,
            due: row.due_on,
            today,
        }),
        issued_on: row.issued_on.unwrap_or(today),
        due_on: row.due_on.filter(|_| due.is_positive()),
        seller_name: page.brand.name.clone(),
        seller: party(app, page, row.seller.as_ref()),
        buyer: party(app, page, row.buyer.as_ref()),
        lines: lines
            .iter()
            .map(|line| line_view(app, page, line, unit))
            .collect::<Result<_, _>>()?,
        sums,
        total: money(row.total_minor)?,
        amount_due: due,
        notes: words::tax_note(app, page, row).into_iter().collect(),
        pdf_path: format!("/account/invoices/{}/pdf", row.id),
        notice: notice(app, page, row),
        history: Vec::new(),
        credit: None,
        pay: None,
    })
}

fn line_view(app: &App, page: &Page, line: &Line, unit: Currency) -> Result<LineView, BillingError> {
    let (each, amount) = (Money::new(line.unit_minor, unit)?, Money::new(line.amount_minor, unit)?);
    Ok(LineView {
        title: line.description.clone(),
        detail: words::detail(page, line),
        quantity: Some(line.quantity.to_string()),
        unit_price: Some(each),
        amount,
        explain: words::explain(app, page, line, each, amount),
    })
}

fn party(app: &App, page: &Page, who: Option<&Value>) -> Vec<String> {
    let Some(who) = who else { return Vec::new() };
    let text = |key: &str| who[key].as_str().filter(|s| !s.is_empty()).map(str::to_owned);
    let lines = who["lines"].as_array().into_iter().flatten();
    let lines = lines
        .filter_map(Value::as_str)
        .map(|line| countries::line(app, page, line));
    let vat = text("vat_id").map(|id| format!("{} {id}", app.say(page, "invoice-vat-id", &[])));
    text("name").into_iter().chain(lines).chain(vat).collect()
}

fn notice(app: &App, page: &Page, row: &Invoice) -> Option<Notice> {
    let say = |tone, key: &str, text: Option<&str>| {
        Some(Notice {
            tone,
            title: app.say(page, key, &[]),
            text: text.map(|key| app.say(page, key, &[])),
        })
    };
    match (row.status.as_str(), row.payment_status.as_str()) {
        ("void", _) => say(Tone::Info, "invoice-is-void", None),
        _ if row.collection_status == "undelivered" => {
            say(Tone::Info, "invoice-undelivered", Some("invoice-undelivered-text"))
        }
        (_, "processing") => say(Tone::Info, "invoice-processing", Some("invoice-processing-text")),
        (_, "disputed") => say(Tone::Warning, "invoice-disputed", Some("invoice-disputed-text")),
        _ => None,
    }
}

fn last_failure(app: &App, page: &Page, last: &Payment) -> Option<Notice> {
    let text = super::history::failure(app, page, last)?;
    let title = if wants_confirming(last) {
        "pay-confirm-title"
    } else {
        "pay-failed"
    };
    Some(Notice {
        tone: Tone::Warning,
        title: app.say(page, title, &[]),
        text: Some(text),
    })
}

fn wants_confirming(last: &Payment) -> bool {
    last.status == "failed" && last.failure_class.as_deref() == Some("action")
}

/// The bank wants the payer: the page of the same gateway, where they confirm, is offered first.
fn confirm_first(form: &mut Pay, last: Option<&Payment>, typed: &Typed) {
    let Some(gateway) = last
        .filter(|last| wants_confirming(last))
        .and_then(|last| last.gateway_id)
    else {
        return;
    };
    let value = format!("new-{gateway}");
    if form.methods.iter().any(|way| way.value == value) {
        form.confirm = true;
        if typed.method.is_empty() || typed.error.is_some() {
            form.method = value;
        }
    }
}

fn pay_form(
    app: &App,
    page: &Page,
    row: &Invoice,
    offer: bool,
    (methods, gateways): (&[PaymentMethod], &[GatewayRow]),
    (auto_pay, typed): (bool, &Typed),
) -> Result<Pay, BillingError> {
    let mut cards: Vec<Card> = methods.iter().map(|method| saved_card(app, page, method)).collect();
    cards.extend(
        gateways
            .iter()
            .filter(|gateway| gateway.state == "active")
            .map(|gateway| Card {
                value: format!("new-{}", gateway.id),
                label: if gateway.kind == "stripe" {
                    app.say(page, "pay-new-card", &[])
                } else {
                    gateway.name.clone()
                },
                hint: Some(app.say(page, "pay-new-card-hint", &[])),
                icon: Some("external-link"),
            }),
    );
    let first = cards.first().map(|card| card.value.clone()).unwrap_or_default();
    Ok(Pay {
        path: format!("/account/invoices/{}/pay", row.id),
        amount: row.due()?,
        offer,
        method: if typed.method.is_empty() {
            first
        } else {
            typed.method.clone()
        },
        methods: cards,
        confirm: false,
        automatic: typed.automatic.unwrap_or(auto_pay),
        error: typed.error.clone(),
    })
}

fn saved_card(app: &App, page: &Page, method: &PaymentMethod) -> Card {
    Card {
        value: method.id.to_string(),
        label: method_name(app, page, &method.brand, &method.last4),
        hint: method.exp_month.zip(method.exp_year).map(|(month, year)| {
            let date = format!("{month:02}/{:02}", year % 100);
            app.say(page, "pay-expires", &[("date", &date)])
        }),
        icon: Some("credit-card"),
    }
}
