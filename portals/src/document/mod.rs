//! The invoice as a PDF, in the tenant's brand and the account's language: printed once, when it is issued or
//! when somebody asks first, stored, and the same bytes from then on.

mod print;

use billing::BillingError;
use billing::ids::InvoiceId;
use billing::invoice::{self, Document};
use platform::event::EventArgs;
use platform::job::Outcome;
use tenancy::jobs::JobContext;
use tenancy::{TenantScope, account};

use crate::app::App;

pub use print::PrintError;

/// A document with the name it is saved under.
pub struct Stored {
    /// The file.
    pub document: Document,
    /// `INV-2026-0001.pdf`.
    pub file_name: String,
}

/// The stored document of an issued invoice, printed now if it never was.
///
/// # Errors
/// When there is no such invoice, it was never issued, or it cannot be printed.
pub async fn stored(app: &App, scope: &TenantScope, id: InvoiceId) -> Result<Stored, PrintError> {
    let mut tx = app.tenancy().begin_read(scope).await?;
    let row = invoice::find(&mut tx, id)
        .await?
        .filter(|row| row.status != "draft")
        .ok_or(BillingError::NotFound("invoice"))?;
    let file_name = format!("{}.pdf", row.number.as_deref().unwrap_or("invoice"));
    if let Some(document) = invoice::document(&mut tx, id).await? {
        tx.commit().await?;
        return Ok(Stored { document, file_name });
    }
    let lines = invoice::lines(&mut tx, id).await?;
    let buyer = account::find(&mut tx, row.account_id)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    tx.commit().await?;
    let sheet = print::sheet(app, scope.tenant(), &row, &lines, &buyer.locale)?;
    let pdf = tokio::task::spawn_blocking(move || sheet.print())
        .await
        .map_err(|error| PrintError::Stopped(error.to_string()))??;
    let mut tx = app.tenancy().begin(scope).await?;
    let document = invoice::keep_document(&mut tx, id, &pdf).await?;
    tx.commit().await?;
    Ok(Stored { document, file_name })
}

/// Subscriber of `invoice.created`: the document is there before anybody asks.
pub async fn on_issue(app: &App, context: &JobContext, args: &EventArgs) -> Outcome {
    let printed = async {
        let mut tx = app.tenancy().begin_read(&context.scope).await?;
        let event = platform::event::find(&mut tx, args.event).await?;
        tx.commit().await?;
        let id = event.and_then(|event| event.subject_id.parse::<InvoiceId>().ok());
        match id {
            Some(id) => stored(app, &context.scope, id).await.map(|_| ()),
            None => Ok(()),
        }
    };
    match printed.await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(2, error),
    }
}
