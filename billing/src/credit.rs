//! Credit: what we owe an account. Paid in ahead or given, it pays open invoices, the oldest first.

use platform::money::Money;
use serde_json::json;
use tenancy::{AccountId, TenantTx, audit};

use crate::error::currency;
use crate::ids::{CreditId, InvoiceId};
use crate::ledger::{self, Book, Posting};
use crate::{BillingError, invoice};

/// Invoices paid in one go; what is left over stays credit.
const PAGE: i64 = 100;

/// Credit to add.
#[derive(Debug, Clone)]
pub struct NewCredit {
    /// Whose.
    pub account: AccountId,
    /// How much.
    pub amount: Money,
    /// Money that arrived outside every gateway (a bank transfer, cash); otherwise it is given.
    pub received: bool,
    /// Why, for the account's statement.
    pub reason: String,
}

/// Adds credit, posts it, and pays with it what is open.
///
/// # Errors
/// When the amount is not positive, or in another currency than the account.
pub async fn add(tx: &mut TenantTx, new: &NewCredit) -> Result<CreditId, BillingError> {
    if !new.amount.is_positive() {
        return Err(BillingError::Field("amount", "Use an amount above zero.".into()));
    }
    lock(tx, new.account).await?;
    let (kind, book) = if new.received {
        ("deposit", Book::Received)
    } else {
        ("goodwill", Book::Goodwill)
    };
    let code = new.amount.currency.code();
    let id = invoice::add_credit(tx, new.account, code, new.amount.minor, kind, None, &new.reason).await?;
    let posting = Posting {
        key: format!("credit:{id}"),
        kind: "credit.added",
        source: id.to_string(),
        on: tx.today(),
        entries: vec![(book, new.amount), (Book::Credit(new.account), new.amount.negated())],
    };
    ledger::post(tx, &posting).await?;
    let detail = json!({ "account": new.account, "amount": new.amount, "kind": kind, "reason": new.reason });
    audit::record(tx, "credit.added", id, detail).await?;
    pay_open(tx, new.account).await?;
    Ok(id)
}

async fn lock(tx: &mut TenantTx, account: AccountId) -> Result<(i64, String), BillingError> {
    let found: Option<(i64, String)> =
        sqlx::query_as("SELECT credit_minor, currency FROM accounts WHERE id = $1 FOR UPDATE")
            .bind(account)
            .fetch_optional(tx.connection())
            .await?;
    found.ok_or(BillingError::NotFound("account"))
}

/// Pays open invoices from the account's credit, the oldest first, as far as it reaches. One whose payment
/// is under way is left to it.
///
/// # Errors
/// When there is no such account.
pub async fn pay_open(tx: &mut TenantTx, account: AccountId) -> Result<Vec<InvoiceId>, BillingError> {
    let (mut left, code) = lock(tx, account).await?;
    let unit = currency(&code)?;
    // What is being settled this moment is locked: money that arrives there is not overtaken by credit.
    let open: Vec<(InvoiceId, i64)> = sqlx::query_as(
        "SELECT id, total_minor - allocated_minor FROM invoices WHERE account_id = $1 AND currency = $2 AND status = 'issued' \
         AND payment_status IN ('unpaid', 'partly_paid') AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.invoice_id = invoices.id \
           AND p.status IN ('created', 'requires_action', 'processing', 'unknown', 'held')) \
         ORDER BY due_on, created_at, id LIMIT $3 FOR UPDATE SKIP LOCKED",
    )
    .bind(account)
    .bind(&code)
    .bind(PAGE)
    .fetch_all(tx.connection())
    .await?;
    let mut paid = Vec::new();
    for (id, due) in open {
        let amount = due.min(left);
        if amount <= 0 {
            break;
        }
        invoice::apply_credit(tx, id, account, Money::new(amount, unit)?).await?;
        invoice::after_allocation(tx, id).await?;
        left -= amount;
        paid.push(id);
    }
    Ok(paid)
}
