//! `/account/invoices/{id}`: one invoice, its history, and how to pay it.

mod history;
mod pay;
mod show;
pub mod words;

use axum::extract::{Path, State};
use axum::response::Response;
use billing::BillingError;
use billing::ids::InvoiceId;
use billing::invoice::{self, Invoice};
use http::{HeaderValue, header};
use platform::views::Tone;
use tenancy::AccountId;
use tenancy::TenantTx;
use tenancy::extract::Member;
use tenancy::permission::ReadBilling;

use crate::app::App;
use crate::document::{self, PrintError};
use crate::web::answer::{internal, not_found};
use crate::web::page::Asked;

pub(crate) use history::{History, failure, history, method_name};
pub(in crate::account) use pay::refusal;
pub use pay::{come_back, submit, use_credit};
pub(crate) use show::paper;

/// What a form said that was not taken: shown again with the reason.
#[derive(Debug, Clone, Default)]
struct Typed {
    method: String,
    automatic: Option<bool>,
    error: Option<String>,
}

/// An issued invoice of this account.
async fn find(tx: &mut TenantTx, account: AccountId, id: &str) -> Result<Option<Invoice>, BillingError> {
    let Ok(id) = id.parse::<InvoiceId>() else {
        return Ok(None);
    };
    let found = invoice::find(tx, id).await?;
    Ok(found.filter(|row| row.account_id == account && row.status != "draft"))
}

/// `GET /account/invoices/{id}` and `GET /account/invoices/{id}/pay`
pub async fn show(
    State(app): State<App>,
    member: Member<ReadBilling>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    show::draw(&app, &member, &asked, &id, &Typed::default()).await
}

/// `GET /account/invoices/{id}/pdf`
pub async fn pdf(State(app): State<App>, member: Member<ReadBilling>, Path(id): Path<String>) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let found = find(&mut tx, member.account, &id).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(found)
    };
    match read.await {
        Ok(Some(row)) => answer_pdf(document::stored(&app, &member.scope, row.id).await),
        Ok(None) => not_found(),
        Err(error) => internal(error),
    }
}

/// A stored document as an answer: shown in the browser, saved under its number.
pub(crate) fn answer_pdf(stored: Result<document::Stored, PrintError>) -> Response {
    let stored = match stored {
        Ok(stored) => stored,
        Err(PrintError::Billing(BillingError::NotFound(_))) => return not_found(),
        Err(error) => return internal(error),
    };
    let mut response = Response::new(axum::body::Body::from(stored.document.pdf));
    let headers = response.headers_mut();
    let name: String = stored
        .file_name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    let tag = hex::encode(&stored.document.sha256);
    for (field, value) in [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable".to_owned()),
        (header::ETAG, format!("\"{tag}\"")),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(field, value);
        }
    }
    response
}

/// A message over the document.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Notice {
    /// Colour.
    pub tone: Tone,
    /// Finished words.
    pub title: String,
    /// Finished words.
    pub text: Option<String>,
}
