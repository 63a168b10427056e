//! What a gateway said, applied: forward only, under a row lock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use platform::event::{self, NewEvent};
use platform::job::{self, Job, NewJob};
use platform::money::Money;
use serde_json::json;
use tenancy::{TenantTx, task};

use super::received::succeed;
use super::{AskPayment, DrivePayment, FinishHold, Payment, locked};
use crate::gateway::{Decline, Outcome, SavedMethod};
use crate::ids::{InvoiceId, PaymentId};
use crate::{BillingError, invoice, order, payment_method};

/// Applies what a gateway said. Forward only: what is settled stays, except that money which arrived
/// after a no is still money.
///
/// # Errors
/// When the database refuses.
pub async fn settle(tx: &mut TenantTx, id: PaymentId, outcome: &Outcome) -> Result<(), BillingError> {
    let payment = locked(tx, id).await?;
    if payment.status == "succeeded" {
        return Ok(());
    }
    let over = ["failed", "cancelled"].contains(&payment.status.as_str());
    match outcome {
        Outcome::Succeeded {
            reference,
            amount,
            fee_minor,
            saved,
        } => {
            let Some(payment) = moved(tx, payment, *amount, reference).await? else {
                return Ok(());
            };
            succeed(tx, &payment, reference, *fee_minor).await?;
            keep_method(tx, &payment, saved.as_ref()).await
        }
        // A hold on an attempt that was given up must not stay: it is given back.
        Outcome::Held { reference, .. } if over => {
            mark(tx, id, &payment.status, Some(reference)).await?;
            finish_later(tx, id, Duration::ZERO).await
        }
        _ if over => Ok(()),
        // What is held stays held until it is taken, given back, or lost for sure.
        _ if payment.status == "held" && !matches!(outcome, Outcome::Declined { .. }) => Ok(()),
        Outcome::Held {
            reference,
            amount,
            until,
            saved,
        } => {
            let Some(payment) = moved(tx, payment, *amount, reference).await? else {
                return Ok(());
            };
            hold(tx, &payment, reference, *until).await?;
            keep_method(tx, &payment, saved.as_ref()).await
        }
        Outcome::Processing { reference } => {
            mark(tx, id, "processing", Some(reference)).await?;
            invoice_waits(tx, payment.invoice_id).await?;
            ask_later(tx, &payment, Duration::from_secs(60)).await
        }
        Outcome::RequiresAction { reference } => {
            mark(tx, id, "requires_action", reference.as_deref()).await?;
            wait_for_payer(tx, &payment).await
        }
        Outcome::Declined {
            reference,
            class,
            code,
            message,
        } => fail(tx, &payment, reference.as_deref(), *class, (code, message)).await,
        // The page is there, whoever could not be asked about it.
        Outcome::Unknown { .. } | Outcome::NotSent { .. } | Outcome::Nothing if payment.is_open_page() => {
            wait_for_payer(tx, &payment).await
        }
        Outcome::Unknown { why } => unknown(tx, &payment, why).await,
        Outcome::NotSent { why } => not_sent(tx, &payment, why).await,
        Outcome::Closed => abandon(tx, &payment, None).await,
        // The gateway never saw it: the same key may be sent again.
        Outcome::Nothing => {
            mark(tx, id, "created", None).await?;
            Ok(job::enqueue(
                tx,
                &[NewJob::new(&DrivePayment { payment: id }).key(format!("drive:{id}"))],
            )
            .await?)
        }
    }
}

/// What the gateway moved is what is booked; when that is not what was asked for, a person looks too. Money in
/// another currency is not booked at all: the attempt stays open, so that nothing else is charged meanwhile.
async fn moved(
    tx: &mut TenantTx,
    payment: Payment,
    amount: Option<Money>,
    reference: &str,
) -> Result<Option<Payment>, BillingError> {
    let whole = payment.amount()?;
    // Of what was held a part may have been asked for.
    let asked = Money::new(payment.capture_minor.unwrap_or(whole.minor), whole.currency)?;
    let Some(amount) = amount.filter(|amount| *amount != asked) else {
        return match payment.capture_minor {
            Some(_) => Ok(Some(amounting(tx, payment, asked).await?)),
            None => Ok(Some(payment)),
        };
    };
    let reason = format!(
        "The gateway reports {} {} for {reference}; {} {} was asked for.",
        amount.to_decimal_string(),
        amount.currency.code(),
        asked.to_decimal_string(),
        asked.currency.code()
    );
    let new = task::NewTask {
        kind: "payment",
        key: format!("amount:{}", payment.id),
        title: "A payment is not what was asked for".to_owned(),
        reason,
        subject: Some(payment.id.to_string()),
        job: None,
    };
    task::raise(tx, &new).await?;
    if amount.currency != asked.currency || !amount.is_positive() {
        mark(tx, payment.id, "unknown", Some(reference)).await?;
        invoice_waits(tx, payment.invoice_id).await?;
        return Ok(None);
    }
    Ok(Some(amounting(tx, payment, amount).await?))
}

async fn amounting(tx: &mut TenantTx, payment: Payment, amount: Money) -> Result<Payment, BillingError> {
    sqlx::query("UPDATE payments SET amount_minor = $2 WHERE id = $1")
        .bind(payment.id)
        .bind(amount.minor)
        .execute(tx.connection())
        .await?;
    Ok(Payment {
        amount_minor: amount.minor,
        ..payment
    })
}

/// Kept only with the payer's consent; the first becomes the default.
async fn keep_method(tx: &mut TenantTx, payment: &Payment, saved: Option<&SavedMethod>) -> Result<(), BillingError> {
    let (true, Some(saved)) = (payment.save_method, saved) else {
        return Ok(());
    };
    let method = payment_method::save(tx, payment.account_id, payment.gateway()?, saved).await?;
    sqlx::query("UPDATE payments SET payment_method_id = $2 WHERE id = $1 AND payment_method_id IS NULL")
        .bind(payment.id)
        .bind(method.id)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// A charge that wants its payer could not be ended at the gateway: it is asked about, ever more slowly, and a person
/// looks after a while.
async fn not_ended(tx: &mut TenantTx, payment: &Payment) -> Result<(), BillingError> {
    sqlx::query("UPDATE payments SET asks = asks + 1 WHERE id = $1")
        .bind(payment.id)
        .execute(tx.connection())
        .await?;
    if payment.asks == 12 {
        let reason = "The payer's bank wants a confirmation, and the gateway does not let the charge be ended.";
        stuck(tx, payment, "A charge waits for its payer", reason.to_owned(), None).await?;
    }
    ask_later(tx, payment, Duration::from_secs(1 << payment.asks.clamp(0, 10))).await
}

/// An open page is asked about again, less and less often, until it is closed for its age.
async fn wait_for_payer(tx: &mut TenantTx, payment: &Payment) -> Result<(), BillingError> {
    if payment.mode != "redirect" {
        return not_ended(tx, payment).await;
    }
    let age = (tx.now() - payment.created_at).num_seconds();
    let pause = u64::try_from(age / 2).unwrap_or(0).clamp(15, 600);
    ask_later(tx, payment, Duration::from_secs(pause)).await
}

/// Given up without having been paid: the invoice is free for another attempt.
pub(super) async fn abandon(tx: &mut TenantTx, payment: &Payment, why: Option<&str>) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE payments SET status = 'cancelled', settled_at = $2, failure_message = coalesce($3, failure_message) WHERE id = $1",
    )
    .bind(payment.id)
    .bind(tx.now())
    .bind(why)
    .execute(tx.connection())
    .await?;
    free_invoice(tx, payment.invoice_id).await
}

/// Nothing is under way for it any more.
pub(super) async fn free_invoice(tx: &mut TenantTx, invoice: InvoiceId) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE invoices SET payment_status = CASE WHEN allocated_minor > 0 THEN 'partly_paid' ELSE 'unpaid' END \
         WHERE id = $1 AND payment_status = 'processing'",
    )
    .bind(invoice)
    .execute(tx.connection())
    .await?;
    Ok(())
}

async fn finish_later(tx: &mut TenantTx, payment: PaymentId, after: Duration) -> Result<(), BillingError> {
    let finish = NewJob::new(&FinishHold { payment })
        .key(format!("hold:{payment}"))
        .after(after);
    Ok(job::enqueue(tx, &[finish]).await?)
}

async fn mark(tx: &mut TenantTx, id: PaymentId, status: &str, reference: Option<&str>) -> Result<(), BillingError> {
    sqlx::query("UPDATE payments SET status = $2, provider_ref = coalesce($3, provider_ref) WHERE id = $1")
        .bind(id)
        .bind(status)
        .bind(reference)
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn invoice_waits(tx: &mut TenantTx, invoice: InvoiceId) -> Result<(), BillingError> {
    sqlx::query("UPDATE invoices SET payment_status = 'processing' WHERE id = $1 AND payment_status IN ('unpaid', 'partly_paid')")
        .bind(invoice)
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn hold(
    tx: &mut TenantTx,
    payment: &Payment,
    reference: &str,
    until: Option<DateTime<Utc>>,
) -> Result<(), BillingError> {
    if payment.status == "held" {
        return Ok(());
    }
    mark(tx, payment.id, "held", Some(reference)).await?;
    sqlx::query("UPDATE payments SET held_until = $2 WHERE id = $1")
        .bind(payment.id)
        .bind(until.unwrap_or(tx.now() + super::hold::LASTS))
        .execute(tx.connection())
        .await?;
    invoice_waits(tx, payment.invoice_id).await?;
    let row = invoice::find(tx, payment.invoice_id)
        .await?
        .ok_or(BillingError::NotFound("invoice"))?;
    order::secured(tx, &row).await?;
    // Events finish a hold at once; this finds one whose event was lost.
    finish_later(tx, payment.id, Duration::from_secs(30)).await
}

async fn fail(
    tx: &mut TenantTx,
    payment: &Payment,
    reference: Option<&str>,
    class: Decline,
    (code, message): (&str, &str),
) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE payments SET status = 'failed', provider_ref = coalesce($2, provider_ref), failure_class = $3, failure_code = $4, \
         failure_message = $5, settled_at = $6 WHERE id = $1",
    )
    .bind(payment.id)
    .bind(reference)
    .bind(class.word())
    .bind(code)
    .bind(message)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let was_held = payment.status == "held";
    let retry = match class {
        Decline::Retry if !was_held => next_try(tx, payment.invoice_id).await?,
        Decline::Retry | Decline::NewCard | Decline::Action => None,
    };
    sqlx::query(
        "UPDATE invoices SET payment_status = CASE WHEN allocated_minor > 0 THEN 'partly_paid' ELSE 'unpaid' END, \
         tries = tries + 1, next_try_on = $2 WHERE id = $1 AND payment_status IN ('unpaid', 'partly_paid', 'processing')",
    )
    .bind(payment.invoice_id)
    .bind(retry)
    .execute(tx.connection())
    .await?;
    if was_held {
        if super::hold::lost(tx, payment).await? {
            // Something runs on this money already: a person has to look.
            let reason = format!("What was held could not be taken: {message}");
            stuck(tx, payment, "Held money was lost", reason, None).await?;
        }
    } else {
        super::hold::unpaid(tx, payment.invoice_id).await?;
    }
    let payload = json!({ "id": payment.id, "invoice": payment.invoice_id, "class": class.word(), "message": message });
    let account = payment.account_id.uuid();
    Ok(event::publish(
        tx,
        &[NewEvent::new("payment.failed", payment.id, payload).for_account(account)],
    )
    .await?)
}

/// The day of the next try: the setting names the days after each failure, and then it is over.
async fn next_try(tx: &mut TenantTx, invoice: InvoiceId) -> Result<Option<chrono::NaiveDate>, BillingError> {
    let tries: i32 = sqlx::query_scalar("SELECT tries FROM invoices WHERE id = $1")
        .bind(invoice)
        .fetch_one(tx.connection())
        .await?;
    let days = usize::try_from(tries)
        .ok()
        .and_then(|tries| tx.tenant().settings.retry_days.get(tries).copied());
    Ok(days.and_then(|days| tx.today().checked_add_days(chrono::Days::new(u64::from(days)))))
}

/// Certainly not sent: sent again, ever more slowly, and after a while a person has to look.
async fn not_sent(tx: &mut TenantTx, payment: &Payment, why: &str) -> Result<(), BillingError> {
    tracing::warn!(payment = %payment.id, why, "the charge was not sent; it will be");
    sqlx::query("UPDATE payments SET asks = asks + 1 WHERE id = $1")
        .bind(payment.id)
        .execute(tx.connection())
        .await?;
    if payment.asks == 6 {
        stuck(tx, payment, "A charge cannot be sent", why.to_owned(), None).await?;
    }
    let seconds = 5_u64 << payment.asks.clamp(0, 9);
    let again = NewJob::new(&DrivePayment { payment: payment.id })
        .key(format!("drive:{}", payment.id))
        .after(Duration::from_secs(seconds));
    Ok(job::enqueue(tx, &[again]).await?)
}

async fn stuck(
    tx: &mut TenantTx,
    payment: &Payment,
    title: &str,
    reason: String,
    job: Option<serde_json::Value>,
) -> Result<(), BillingError> {
    let new = task::NewTask {
        kind: "payment",
        key: format!("payment:{}", payment.id),
        title: title.to_owned(),
        reason,
        subject: Some(payment.id.to_string()),
        job,
    };
    Ok(task::raise(tx, &new).await?)
}

async fn unknown(tx: &mut TenantTx, payment: &Payment, why: &str) -> Result<(), BillingError> {
    tracing::warn!(payment = %payment.id, why, asks = payment.asks, "the outcome of a payment is unknown; it will be asked about");
    sqlx::query("UPDATE payments SET status = 'unknown', asks = asks + 1 WHERE id = $1")
        .bind(payment.id)
        .execute(tx.connection())
        .await?;
    invoice_waits(tx, payment.invoice_id).await?;
    if payment.asks == 12 {
        let ask = job::request(
            "critical",
            AskPayment::NAME,
            &json!({ "payment": payment.id }),
            &job::Placement::default(),
        );
        stuck(tx, payment, "A payment's outcome is unknown", why.to_owned(), Some(ask)).await?;
    }
    let seconds = 1_u64 << payment.asks.clamp(0, 10);
    ask_later(tx, payment, Duration::from_secs(seconds)).await
}

async fn ask_later(tx: &mut TenantTx, payment: &Payment, after: Duration) -> Result<(), BillingError> {
    let ask = NewJob::new(&AskPayment { payment: payment.id })
        .key(format!("ask:{}", payment.id))
        .after(after);
    Ok(job::enqueue(tx, &[ask]).await?)
}
