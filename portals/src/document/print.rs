//! From a stored invoice to the values the printed page is set from. Only what was frozen at issue goes on it.

use billing::BillingError;
use billing::invoice::{Invoice, Line};
use platform::db::DbError;
use platform::money::{Currency, Money};
use platform::views::Page;
use platform_pdf::{Document, PdfError};
use serde_json::{Value, json};
use tenancy::Tenant;

use crate::account::invoice::words;
use crate::app::App;
use crate::web::{countries, page};

const TEMPLATE: &str = include_str!("../../documents/invoice.typ");

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The invoice.
    #[error(transparent)]
    Billing(#[from] BillingError),
    /// The page.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// The printer stopped.
    #[error("printing stopped: {0}")]
    Stopped(String),
}

impl From<DbError> for PrintError {
    fn from(error: DbError) -> Self {
        Self::Billing(error.into())
    }
}

/// All that is printed.
pub(super) struct Sheet {
    data: Value,
    title: String,
    lang: String,
}

impl Sheet {
    /// Sets the page; blocks for some tens of milliseconds.
    pub(super) fn print(&self) -> Result<Vec<u8>, PrintError> {
        Ok(platform_pdf::render(&Document {
            template: TEMPLATE,
            data: &self.data,
            title: &self.title,
            lang: &self.lang,
            files: &[],
        })?)
    }
}

/// Words, amounts and dates of one invoice, in the account's language.
pub(super) fn sheet(
    app: &App,
    tenant: &Tenant,
    row: &Invoice,
    lines: &[Line],
    locale: &str,
) -> Result<Sheet, BillingError> {
    let page = page::for_reader(app, tenant, locale);
    let say = |key: &str| app.say(&page, key, &[]);
    let unit = Currency::parse(&row.currency)?;
    let amount = |minor: i64| Ok::<_, BillingError>(words::money(&page, Money::new(minor, unit)?));
    let number = row.number.clone().unwrap_or_default();
    let party = |who: &Option<Value>| {
        let mut who = who.clone().unwrap_or_else(|| json!({}));
        for line in who["lines"].as_array_mut().into_iter().flatten() {
            let read = line.as_str().map(|text| countries::line(app, &page, text));
            *line = json!(read);
        }
        who
    };
    let mut printed = Vec::with_capacity(lines.len());
    for line in lines {
        printed.push(json!({
            "description": line.description,
            "detail": words::detail(&page, line),
            "quantity": line.quantity.to_string(),
            "unit_price": amount(line.unit_minor)?,
            "amount": amount(line.amount_minor)?,
        }));
    }
    let mut sums = vec![json!({ "label": say("invoice-subtotal"), "amount": amount(row.subtotal_minor)? })];
    if row.tax_minor != 0 {
        sums.push(json!({ "label": say("invoice-tax"), "amount": amount(row.tax_minor)? }));
    }
    sums.push(json!({ "label": say("invoice-total"), "amount": amount(row.total_minor)?, "strong": true }));
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| words::day(&page, day));
    let data = json!({
        "labels": labels(app, &page),
        "number": number,
        "issued": day(row.issued_on),
        "due": day(row.due_on),
        "brand": { "name": tenant.name, "color": tenant.brand.color, "logo": null },
        "seller": party(&row.seller),
        "buyer": party(&row.buyer),
        "lines": printed,
        "sums": sums,
        "notes": words::tax_note(app, &page, row).into_iter().collect::<Vec<_>>(),
        "paper": if ["US", "CA"].contains(&tenant.settings.country.as_str()) { "us-letter" } else { "a4" },
    });
    Ok(Sheet {
        data,
        title: app.say(&page, "invoice-title", &[("number", &number)]),
        lang: page.locale.tag().to_owned(),
    })
}

fn labels(app: &App, page: &Page) -> Value {
    let say = |key: &str| app.say(page, key, &[]);
    json!({
        "title": say("invoice-document"), "issued": say("invoice-issued"), "due": say("invoice-due"),
        "from": say("invoice-from"), "to": say("invoice-to"), "item": say("invoice-item"), "qty": say("invoice-quantity"),
        "price": say("invoice-price"), "amount": say("invoice-amount"), "page": say("invoice-page"), "of": say("invoice-of"),
        "vat_id": say("invoice-vat-id"), "notes": say("invoice-notes"),
    })
}
