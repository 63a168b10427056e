//! Which notice follows which event, once: the mail's key names the cause, so a repeated job writes none.

use billing::ids::{InvoiceId, OrderId, PaymentId, RefundId, ServiceId};
use billing::{BillingError, invoice, order, payment, service};
use chrono::{Days, NaiveDate};
use platform::event::{Event, EventArgs};
use platform::job::Outcome;
use platform::mail::Attachment;
use platform::money::{Currency, Money};
use tenancy::jobs::JobContext;
use tenancy::{AccountId, Portal, TenantTx, account};

use super::{Notice, Reader, Words, send, soon};
use crate::app::App;

/// A notice, what it is written for once, and whom it goes to.
pub(super) struct Written {
    pub key: String,
    pub account: AccountId,
    pub notice: Notice,
    /// Its document travels along.
    pub invoice: Option<InvoiceId>,
}

/// Tries of printing a document before its mail goes without it: the link in it leads there too.
const PRINTS: u32 = 5;

/// The body of the subscriber: writes what an event has to tell its account.
pub async fn on_event(app: &App, context: &JobContext, args: &EventArgs) -> Outcome {
    let again = |why: String| Outcome::retry(10, why);
    let written = match written(app, context, args).await {
        Ok(Some(written)) => written,
        Ok(None) => return Outcome::Done,
        Err(error) => return again(error.to_string()),
    };
    let file = match written.invoice {
        None => None,
        // Printed between two transactions, like anything that takes its time.
        Some(invoice) => match Box::pin(crate::document::stored(app, &context.scope, invoice)).await {
            Ok(stored) => Some(Attachment {
                filename: stored.file_name,
                content_type: "application/pdf".into(),
                bytes: stored.document.pdf,
            }),
            Err(error) if context.attempt < PRINTS => return again(error.to_string()),
            Err(error) => {
                tracing::error!(%invoice, %error, "a mail goes without its document");
                None
            }
        },
    };
    match post(app, context, written, file).await {
        Ok(()) => Outcome::Done,
        Err(error) => again(error.to_string()),
    }
}

async fn written(app: &App, context: &JobContext, args: &EventArgs) -> Result<Option<Written>, BillingError> {
    let mut tx = app.tenancy().begin_read(&context.scope).await?;
    let written = match platform::event::find(&mut tx, args.event).await? {
        Some(event) => write(app, &mut tx, &event).await?,
        None => None,
    };
    tx.commit().await?;
    Ok(written)
}

async fn post(app: &App, context: &JobContext, written: Written, file: Option<Attachment>) -> Result<(), BillingError> {
    let mut tx = app.tenancy().begin(&context.scope).await?;
    if let Some(to) = account::find(&mut tx, written.account).await? {
        let reader = Reader {
            email: to.email,
            name: to.name,
            locale: to.locale,
            account: Some(to.id),
        };
        let letter = written.notice.letter(&Words::new(app, &tx, &reader), &reader.name);
        let cause = (written.key.as_str(), written.notice.word());
        send(app, &mut tx, cause, &reader, letter, file.into_iter().collect()).await?;
    }
    Ok(tx.commit().await?)
}

async fn write(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    match event.event_type.as_str() {
        "order.created" => ordered(app, tx, event).await,
        "order.waiting" | "order.cancelled" => waited(app, tx, event).await,
        "invoice.created" => billed(app, tx, event).await,
        "invoice.reminded" => reminded(app, tx, event).await,
        "invoice.due_soon" => soon::invoice(app, tx, event).await,
        "payment_method.expiring" => soon::card(app, tx, event).await,
        "payment.succeeded" => received(app, tx, event).await,
        "payment.failed" => failed(app, tx, event).await,
        "payment.refunded" => refunded(app, tx, event).await,
        name if name.starts_with("service.") => served(app, tx, event).await,
        _ => Ok(None),
    }
}

fn money(minor: i64, code: &str) -> Result<Money, BillingError> {
    Ok(Money::new(minor, Currency::parse(code)?)?)
}

pub(super) fn link(app: &App, tx: &TenantTx, path: &str) -> String {
    app.link(tx.tenant(), Portal::Account, path)
}

fn day(event: &Event, name: &str) -> Option<NaiveDate> {
    event.payload[name].as_str().and_then(|text| text.parse().ok())
}

async fn ordered(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Ok(id) = event.subject_id.parse::<OrderId>() else {
        return Ok(None);
    };
    let Some(found) = order::find(tx, id).await? else {
        return Ok(None);
    };
    Ok(Some(Written {
        key: format!("order:{id}"),
        account: found.account_id,
        notice: Notice::Order {
            number: found.number,
            total: money(found.total_minor, &found.currency)?,
            url: link(app, tx, &format!("/account/orders/{id}")),
        },
        invoice: None,
    }))
}

/// An order lost the money that was held for it, or nobody paid it in time. Who gives it up themselves knows.
async fn waited(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Ok(id) = event.subject_id.parse::<OrderId>() else {
        return Ok(None);
    };
    let Some(found) = order::find(tx, id).await? else {
        return Ok(None);
    };
    let (number, url) = (found.number, link(app, tx, &format!("/account/orders/{id}")));
    let total = money(found.total_minor, &found.currency)?;
    let notice = match event.event_type.as_str() {
        // Paid again, or given up, since.
        "order.waiting" if found.status == "pending_payment" => Notice::PayAgain { number, total, url },
        "order.cancelled" if event.payload["expired"] == true => Notice::Expired { number, total, url },
        _ => return Ok(None),
    };
    Ok(Some(Written {
        key: format!("{}:{}", notice.word(), event.id),
        account: found.account_id,
        notice,
        invoice: None,
    }))
}

/// An order's invoice is part of the order's own mails; others are told of.
async fn billed(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Ok(id) = event.subject_id.parse::<InvoiceId>() else {
        return Ok(None);
    };
    let found = invoice::find(tx, id).await?.filter(|row| row.order_id.is_none());
    let Some(found) = found else { return Ok(None) };
    let automatic: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM payment_methods m JOIN accounts a ON a.id = m.account_id \
         WHERE a.id = $1 AND a.auto_pay AND m.is_default AND m.state = 'active')",
    )
    .bind(found.account_id)
    .fetch_one(tx.connection())
    .await?;
    let due = found.due()?;
    let path = if due.is_positive() && !automatic {
        format!("/account/invoices/{id}/pay")
    } else {
        format!("/account/invoices/{id}")
    };
    Ok(Some(Written {
        key: format!("invoice:{id}"),
        account: found.account_id,
        notice: Notice::Invoice {
            number: found.number.unwrap_or_default(),
            total: money(found.total_minor, &found.currency)?,
            due,
            due_on: found.due_on,
            automatic,
            url: link(app, tx, &path),
        },
        invoice: Some(id),
    }))
}

async fn reminded(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Ok(id) = event.subject_id.parse::<InvoiceId>() else {
        return Ok(None);
    };
    let found = invoice::find(tx, id).await?;
    // Paid since: nobody is reminded of what they have done.
    let found = found.filter(|row| ["unpaid", "partly_paid"].contains(&row.payment_status.as_str()));
    let Some(found) = found.filter(|row| row.collection_status != "undelivered") else {
        return Ok(None);
    };
    let reminder = event.payload["reminder"].as_u64().unwrap_or(1);
    let serves: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM invoice_lines l JOIN services v ON v.subscription_id = l.subscription_id \
           JOIN accounts a ON a.id = v.account_id WHERE l.invoice_id = $1 AND v.status = 'active' AND a.keep_running_reason IS NULL)",
    )
    .bind(id)
    .fetch_one(tx.connection())
    .await?;
    let grace = u64::from(tx.tenant().settings.suspend_after_days);
    let suspends_on = day(event, "due_on").and_then(|due_on| due_on.checked_add_days(Days::new(grace)));
    Ok(Some(Written {
        key: format!("reminder:{id}:{reminder}"),
        account: found.account_id,
        notice: Notice::Overdue {
            due: found.due()?,
            number: found.number.unwrap_or_default(),
            due_on: found.due_on,
            reminder,
            suspends_on: suspends_on.filter(|_| serves),
            url: link(app, tx, &format!("/account/invoices/{id}/pay")),
        },
        invoice: Some(id),
    }))
}

/// A payment and the invoice it is for.
async fn paid(tx: &mut TenantTx, event: &Event) -> Result<Option<(payment::Payment, invoice::Invoice)>, BillingError> {
    let Ok(id) = event.subject_id.parse::<PaymentId>() else {
        return Ok(None);
    };
    let Some(found) = payment::find(tx, id).await? else {
        return Ok(None);
    };
    let bill = invoice::find(tx, found.invoice_id).await?;
    Ok(bill.map(|bill| (found, bill)))
}

async fn received(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Some((found, bill)) = paid(tx, event).await? else {
        return Ok(None);
    };
    Ok(Some(Written {
        key: format!("receipt:{}", found.id),
        account: found.account_id,
        notice: Notice::Receipt {
            amount: money(found.amount_minor, &found.currency)?,
            left: bill.due()?,
            number: bill.number.unwrap_or_default(),
            url: link(app, tx, &format!("/account/invoices/{}", bill.id)),
        },
        invoice: Some(bill.id),
    }))
}

async fn failed(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Some((found, bill)) = paid(tx, event).await? else {
        return Ok(None);
    };
    // Only a charge that nobody watched: whoever opened a page was told there.
    if found.mode == "redirect" || bill.payment_status == "paid" {
        return Ok(None);
    }
    let again_on: Option<NaiveDate> = sqlx::query_scalar("SELECT next_try_on FROM invoices WHERE id = $1")
        .bind(bill.id)
        .fetch_one(tx.connection())
        .await?;
    Ok(Some(Written {
        key: format!("failed:{}", found.id),
        account: found.account_id,
        notice: Notice::Failed {
            amount: money(found.amount_minor, &found.currency)?,
            reason: found.failure_message.unwrap_or_default(),
            confirm: event.payload["class"] == "action",
            // An order that was not paid for is not charged again by itself.
            again_on: again_on.filter(|_| bill.order_id.is_none()),
            number: bill.number.unwrap_or_default(),
            url: link(app, tx, &format!("/account/invoices/{}/pay", bill.id)),
        },
        invoice: None,
    }))
}

async fn refunded(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Some(id) = event.payload["id"]
        .as_str()
        .and_then(|text| text.parse::<RefundId>().ok())
    else {
        return Ok(None);
    };
    let found: Option<(AccountId, InvoiceId, i64, String, String)> =
        sqlx::query_as("SELECT account_id, invoice_id, amount_minor, currency, destination FROM refunds WHERE id = $1")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?;
    let Some((account, invoice, minor, code, destination)) = found else {
        return Ok(None);
    };
    let number = invoice::find(tx, invoice).await?.and_then(|row| row.number);
    Ok(Some(Written {
        key: format!("refund:{id}"),
        account,
        notice: Notice::Refund {
            number: number.unwrap_or_default(),
            amount: money(minor, &code)?,
            credit: destination == "credit",
            url: link(app, tx, &format!("/account/invoices/{invoice}")),
        },
        invoice: None,
    }))
}

async fn served(app: &App, tx: &mut TenantTx, event: &Event) -> Result<Option<Written>, BillingError> {
    let Ok(id) = event.subject_id.parse::<ServiceId>() else {
        return Ok(None);
    };
    let Some(found) = service::find(tx, id).await? else {
        return Ok(None);
    };
    let url = link(app, tx, &format!("/account/services/{id}"));
    let label = found.label;
    let (key, notice) = match event.event_type.as_str() {
        "service.provisioned" => (
            format!("ready:{id}"),
            Notice::Ready {
                service: label,
                addresses: found.ip_addresses,
                url,
            },
        ),
        "service.provisioning_failed" => (format!("delayed:{id}"), Notice::Delayed { service: label, url }),
        "service.undelivered" => (format!("undelivered:{id}"), Notice::Undelivered { service: label, url }),
        "service.suspended" => {
            let Some(notice) = suspended(app, tx, id, label, url).await? else {
                return Ok(None);
            };
            (format!("suspended:{}", event.id), notice)
        }
        "service.resumed" => (format!("resumed:{}", event.id), Notice::Resumed { service: label, url }),
        "service.terminated" if found.activated_at.is_some() => {
            (format!("ended:{id}"), Notice::Ended { service: label, url })
        }
        _ => return Ok(None),
    };
    Ok(Some(Written {
        key,
        account: found.account_id,
        notice,
        invoice: None,
    }))
}

/// Why it was suspended; nothing where it was resumed before this was written.
async fn suspended(
    app: &App,
    tx: &mut TenantTx,
    id: ServiceId,
    service: String,
    url: String,
) -> Result<Option<Notice>, BillingError> {
    let open: Vec<(String, Option<InvoiceId>)> = sqlx::query_as(
        "SELECT cause, invoice_id FROM suspensions WHERE service_id = $1 AND lifted_at IS NULL ORDER BY created_at, id",
    )
    .bind(id)
    .fetch_all(tx.connection())
    .await?;
    let owed = open
        .iter()
        .find(|(cause, _)| cause == "overdue")
        .and_then(|(_, invoice)| *invoice);
    let Some(owed) = owed else {
        return Ok((!open.is_empty()).then_some(Notice::Suspended {
            service,
            invoice: None,
            url,
        }));
    };
    let number = invoice::find(tx, owed).await?.and_then(|row| row.number);
    Ok(Some(Notice::Suspended {
        service,
        invoice: number,
        url: link(app, tx, &format!("/account/invoices/{owed}/pay")),
    }))
}
