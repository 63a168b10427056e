//! What is coming: an invoice that falls due, a card that expires.

use billing::BillingError;
use billing::ids::{InvoiceId, PaymentMethodId};
use billing::{invoice, payment_method};
use platform::event::Event;
use tenancy::{TenantTx, account};

use super::Notice;
use super::follow::{Written, link};
use crate::account::invoice::method_name;
use crate::app::App;
use crate::web::page;

/// Nobody is reminded of what they have paid in between.
pub(super) async fn invoice(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Ok(id) = event.subject_id.parse::<InvoiceId>() else {
        return Ok(None);
    };
    let found = invoice::find(tx, id).await?;
    let open =
        found.filter(|row| row.status == "issued" && ["unpaid", "partly_paid"].contains(&row.payment_status.as_str()));
    let Some(found) = open else { return Ok(None) };
    Ok(Some(Written {
        key: format!("due-soon:{id}"),
        account: found.account_id,
        notice: Notice::DueSoon {
            due: found.due()?,
            number: found.number.unwrap_or_default(),
            due_on: found.due_on,
            url: link(app, tx, &format!("/account/invoices/{id}/pay")),
        },
        invoice: Some(id),
    }))
}

/// One that was removed or exchanged in between is nobody's worry any more.
pub(super) async fn card(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Ok(id) = event.subject_id.parse::<PaymentMethodId>() else {
        return Ok(None);
    };
    let found = payment_method::find(tx, id)
        .await?
        .filter(|method| method.state == "active");
    let Some((method, month, year)) = found.and_then(|method| {
        let (month, year) = method.exp_month.zip(method.exp_year)?;
        Some((method, month, year))
    }) else {
        return Ok(None);
    };
    let Some(owner) = account::find(tx, method.account_id).await? else {
        return Ok(None);
    };
    let reader = page::for_reader(app, tx.tenant(), &owner.locale);
    Ok(Some(Written {
        key: format!("card-expiring:{id}"),
        account: owner.id,
        notice: Notice::CardExpiring {
            card: method_name(app, &reader, &method.brand, &method.last4),
            month: format!("{month:02}/{year}"),
            automatic: owner.auto_pay && method.is_default,
            url: link(app, tx, "/account/payment-methods"),
        },
        invoice: None,
    }))
}
