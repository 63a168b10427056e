//! What was paid on an invoice and is not owed any more is credit again.

use platform::money::Money;
use tenancy::TenantTx;

use super::{Change, change};
use crate::error::currency;
use crate::ids::PaymentId;
use crate::invoice::Invoice;
use crate::ledger::{self, Book, Posting};
use crate::{BillingError, payment, refund};

/// Gives back what an invoice was paid too much, first what credit had paid of it, then money, the latest first: of a
/// payment only what is left on its invoice can be refunded from there. The caller takes it off what is allocated.
pub(crate) async fn give_back(tx: &mut TenantTx, bill: &Invoice, over_minor: i64) -> Result<(), BillingError> {
    if over_minor <= 0 {
        return Ok(());
    }
    let unit = currency(&bill.currency)?;
    let reason = "a part of the order was not delivered";
    let paid: Vec<(PaymentId, i64)> = sqlx::query_as(
        "SELECT a.payment_id, a.amount_minor FROM allocations a JOIN payments p ON p.id = a.payment_id \
         WHERE a.invoice_id = $1 ORDER BY p.created_at DESC, p.id DESC",
    )
    .bind(bill.id)
    .fetch_all(tx.connection())
    .await?;
    let money: i64 = paid.iter().map(|(_, minor)| minor).sum();
    let from_credit = (bill.allocated_minor - bill.credited_minor - money).clamp(0, over_minor);
    if from_credit > 0 {
        put_back(tx, bill, Money::new(from_credit, unit)?, reason, None).await?;
    }
    let mut left = over_minor - from_credit;
    for (id, minor) in paid {
        let payment = payment::find(tx, id).await?.ok_or(BillingError::NotFound("payment"))?;
        let part = minor.min(left).min(refund::left(tx, &payment).await?.invoice_minor);
        if part > 0 {
            put_back(tx, bill, Money::new(part, unit)?, reason, Some(id)).await?;
            left -= part;
        }
    }
    sent_back_before(tx, bill, Money::new(left, unit)?).await
}

/// What of it was refunded before does not go back a second time: it was revenue that is taken off now.
async fn sent_back_before(tx: &mut TenantTx, bill: &Invoice, amount: Money) -> Result<(), BillingError> {
    if !amount.is_positive() {
        return Ok(());
    }
    let posting = Posting {
        key: format!("refunded_before:{}", bill.id),
        kind: "invoice.undelivered",
        source: bill.id.to_string(),
        on: tx.today(),
        entries: vec![
            (Book::Receivable(bill.account_id), amount),
            (Book::Refunds, amount.negated()),
        ],
    };
    ledger::post(tx, &posting).await?;
    Ok(())
}

/// Writes down that this much of what an invoice was paid is credit, and posts it.
pub(crate) async fn put_back(
    tx: &mut TenantTx,
    bill: &Invoice,
    amount: Money,
    reason: &str,
    payment: Option<PaymentId>,
) -> Result<(), BillingError> {
    let account = bill.account_id;
    let new = Change {
        account,
        amount_minor: amount.minor,
        currency: amount.currency,
        kind: if payment.is_some() { "overpayment" } else { "returned" },
        invoice: Some(bill.id),
        payment,
        reason,
        key: None,
    };
    let id = change(tx, &new).await?;
    let posting = Posting {
        key: format!("credit:{id}"),
        kind: "credit.returned",
        source: bill.id.to_string(),
        on: tx.today(),
        entries: vec![
            (Book::Receivable(account), amount),
            (Book::Credit(account), amount.negated()),
        ],
    };
    ledger::post(tx, &posting).await?;
    Ok(())
}
