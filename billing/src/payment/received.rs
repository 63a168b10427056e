//! Money that arrived: posted, applied to its invoice, what is too much becomes credit.

use platform::event::{self, NewEvent};
use platform::money::Money;
use serde_json::json;
use tenancy::{TenantTx, audit, task};

use super::{Payment, find};
use crate::error::currency;
use crate::ids::{InvoiceId, PaymentId};
use crate::invoice::Invoice;
use crate::ledger::{self, Book, Posting};
use crate::{BillingError, allowance, credit, invoice};

/// Books a payment the gateway confirmed.
pub(super) async fn succeed(
    tx: &mut TenantTx,
    payment: &Payment,
    reference: &str,
    fee: Option<i64>,
) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE payments SET status = 'succeeded', provider_ref = $2, fee_minor = $3, settled_at = $4, failure_class = NULL, \
         failure_code = NULL, failure_message = NULL WHERE id = $1",
    )
    .bind(payment.id)
    .bind(reference)
    .bind(fee)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let row = invoice::locked(tx, payment.invoice_id).await?;
    book(tx, payment, &row, fee).await
}

/// Posts and applies; the invoice is locked.
async fn book(tx: &mut TenantTx, payment: &Payment, row: &Invoice, fee: Option<i64>) -> Result<(), BillingError> {
    let unit = currency(&payment.currency)?;
    let money = |minor| Money::new(minor, unit);
    let open = if row.status == "issued" { row.due()?.minor } else { 0 };
    let applied = open.min(payment.amount_minor);
    let excess = payment.amount_minor - applied;
    let into = payment.gateway_id.map_or(Book::Received, Book::Clearing);
    let mut entries = vec![
        (into.clone(), money(payment.amount_minor)?),
        (Book::Receivable(payment.account_id), money(-applied)?),
        (Book::Credit(payment.account_id), money(-excess)?),
    ];
    if let (Some(fee), Some(gateway)) = (fee.filter(|fee| *fee > 0), payment.gateway_id) {
        entries.push((Book::Fees(gateway), money(fee)?));
        entries.push((into, money(-fee)?));
    }
    let posting = Posting {
        key: format!("payment:{}", payment.id),
        kind: "payment.received",
        source: payment.id.to_string(),
        on: tx.today(),
        entries,
    };
    if !ledger::post(tx, &posting).await? {
        return Ok(());
    }
    if applied > 0 {
        invoice::allocate(tx, row.id, Some(payment.id), applied).await?;
    }
    if excess > 0 {
        keep_excess(tx, payment, row, money(excess)?).await?;
    }
    // What a person was asked to look at has come to its end.
    task::settle(tx, &format!("payment:{}", payment.id)).await?;
    let payload = json!({ "id": payment.id, "invoice": row.id, "amount": money(payment.amount_minor)? });
    let account = payment.account_id.uuid();
    event::publish(
        tx,
        &[NewEvent::new("payment.succeeded", payment.id, payload).for_account(account)],
    )
    .await?;
    if applied > 0 {
        invoice::after_allocation(tx, row.id).await?;
    }
    Ok(())
}

/// What is too much is owed to the account. Money for an invoice that wanted none is a person's business too.
async fn keep_excess(tx: &mut TenantTx, payment: &Payment, row: &Invoice, excess: Money) -> Result<(), BillingError> {
    let change = credit::Change {
        account: payment.account_id,
        amount_minor: excess.minor,
        currency: excess.currency,
        kind: "overpayment",
        invoice: Some(row.id),
        payment: Some(payment.id),
        reason: "paid more than was due",
        key: None,
    };
    credit::change(tx, &change).await?;
    if excess.minor < payment.amount_minor {
        return Ok(());
    }
    let number = row.number.clone().unwrap_or_default();
    let new = task::NewTask {
        kind: "payment",
        key: format!("unwanted:{}", payment.id),
        title: "Money arrived for an invoice that wanted none".to_owned(),
        reason: format!(
            "Invoice {number} is {}; {} {} became credit. Send it back if it was not meant to be.",
            if row.status == "void" { "void" } else { "paid" },
            excess.to_decimal_string(),
            excess.currency.code()
        ),
        subject: Some(payment.id.to_string()),
        job: None,
    };
    Ok(task::raise(tx, &new).await?)
}

/// Money that came without a gateway: by bank transfer, in cash.
#[derive(Debug, Clone)]
pub struct Received {
    /// For which invoice.
    pub invoice: InvoiceId,
    /// How much; none: all that is due.
    pub amount: Option<Money>,
    /// What the statement of the bank says.
    pub reference: String,
    /// The same key is the same payment.
    pub key: Option<String>,
}

/// Records money that came without a gateway. The same key twice is once.
///
/// # Errors
/// When nothing is due and no amount is named, a payment is under way (close its page first), or a field is wrong.
pub async fn record(tx: &mut TenantTx, new: &Received) -> Result<PaymentId, BillingError> {
    let reference = new.reference.trim();
    if reference.is_empty() || reference.chars().count() > 200 {
        return Err(BillingError::Field(
            "reference",
            "Say how it came, in 1 to 200 characters.".into(),
        ));
    }
    let row = invoice::locked(tx, new.invoice).await?;
    let due = row.due()?;
    let amount = new.amount.unwrap_or(due);
    if let Some(known) = by_key(tx, new.key.as_deref()).await? {
        let same = known.invoice_id == row.id && new.amount.is_none_or(|amount| amount.minor == known.amount_minor);
        let used = || BillingError::Conflict("key_used", "This request was made before with other values.".into());
        return if same { Ok(known.id) } else { Err(used()) };
    }
    if row.status != "issued" || !due.is_positive() {
        return Err(BillingError::Conflict(
            "nothing_due",
            "Nothing is due on this invoice.".into(),
        ));
    }
    if !amount.is_positive() || amount.currency != due.currency {
        let wanted = format!("Use an amount above zero in {}.", due.currency.code());
        return Err(BillingError::Field("amount", wanted));
    }
    if super::page::in_flight_of(tx, row.id).await?.is_some() {
        return Err(super::in_flight());
    }
    let id: PaymentId = tx.new_id();
    sqlx::query(
        "INSERT INTO payments (id, account_id, invoice_id, amount_minor, currency, mode, status, reference, request_key, created_at, settled_at) \
         VALUES ($1, $2, $3, $4, $5, 'manual', 'succeeded', $6, $7, $8, $8)",
    )
    .bind(id)
    .bind(row.account_id)
    .bind(row.id)
    .bind(amount.minor)
    .bind(amount.currency.code())
    .bind(reference)
    .bind(&new.key)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let payment = find(tx, id).await?.ok_or(BillingError::NotFound("payment"))?;
    book(tx, &payment, &row, None).await?;
    let detail = json!({ "invoice": row.number, "amount": amount, "reference": reference });
    audit::record(tx, "payment.recorded", id, detail).await?;
    allowance::count_payment(tx, &row, id, amount).await?;
    Ok(id)
}

async fn by_key(tx: &mut TenantTx, key: Option<&str>) -> Result<Option<Payment>, BillingError> {
    let Some(key) = key else { return Ok(None) };
    let sql = format!("{} WHERE request_key = $1", super::COLUMNS);
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key)
        .fetch_optional(tx.connection())
        .await?)
}
