//! Credit: what we owe an account. It is applied to invoices, never below zero, and each change is a row.

mod back;

use chrono::{DateTime, Utc};
use platform::db::constraint;
use platform::event::{self, NewEvent};
use platform::money::{Currency, Money};
use serde::Serialize;
use serde_json::json;
use tenancy::{AccountId, TenantTx, account, audit};

pub(crate) use back::{give_back, put_back};

use crate::error::currency;
use crate::ids::{CreditId, InvoiceId, PaymentId};
use crate::ledger::{self, Book, Posting};
use crate::{BillingError, allowance, invoice};

/// Invoices paid in one go; what is left over stays credit.
const PAGE: i64 = 100;

/// A change of an account's credit.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Credit {
    /// Key.
    pub id: CreditId,
    /// Whose.
    pub account_id: AccountId,
    /// Currency.
    pub currency: String,
    /// Positive: we owe more. Negative: used.
    pub amount_minor: i64,
    /// deposit, overpayment, refund, goodwill, applied, returned or withdrawn.
    pub kind: String,
    /// The invoice it came from or went to.
    pub invoice_id: Option<InvoiceId>,
    /// The payment it came from.
    pub payment_id: Option<PaymentId>,
    /// Why.
    pub reason: String,
    /// By whom.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Credit {
    /// The amount with its sign.
    ///
    /// # Errors
    /// When the row makes no sense.
    pub fn amount(&self) -> Result<Money, BillingError> {
        Ok(Money::new(self.amount_minor, currency(&self.currency)?)?)
    }
}

const COLUMNS: &str = "SELECT id, account_id, currency, amount_minor, kind, invoice_id, payment_id, reason, created_by, created_at FROM credits";

/// A row to write.
pub(crate) struct Change<'a> {
    pub account: AccountId,
    pub amount_minor: i64,
    pub currency: Currency,
    pub kind: &'static str,
    pub invoice: Option<InvoiceId>,
    pub payment: Option<PaymentId>,
    pub reason: &'a str,
    pub key: Option<&'a str>,
}

/// Adds to (or takes from) what we owe an account; it never goes below zero. The caller posts it.
///
/// # Errors
/// When it would go below zero, or is in another currency.
pub(crate) async fn change(tx: &mut TenantTx, new: &Change<'_>) -> Result<CreditId, BillingError> {
    let id: CreditId = tx.new_id();
    let by = tx.actor().to_string();
    let done = sqlx::query("UPDATE accounts SET credit_minor = credit_minor + $2 WHERE id = $1 AND credit_minor + $2 >= 0 AND currency = $3")
        .bind(new.account)
        .bind(new.amount_minor)
        .bind(new.currency.code())
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Err(BillingError::Conflict(
            "credit_short",
            "There is not enough credit in this currency.".into(),
        ));
    }
    let inserted = sqlx::query(
        "INSERT INTO credits (id, account_id, currency, amount_minor, kind, invoice_id, payment_id, reason, request_key, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(new.account)
    .bind(new.currency.code())
    .bind(new.amount_minor)
    .bind(new.kind)
    .bind(new.invoice)
    .bind(new.payment)
    .bind(new.reason)
    .bind(new.key)
    .bind(by)
    .bind(tx.now())
    .execute(tx.connection())
    .await;
    match inserted {
        Err(error) if constraint(&error) == Some("credits_request") => Err(used_key()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(id),
    }
}

fn used_key() -> BillingError {
    BillingError::Conflict("key_used", "This request was made before with other values.".into())
}

/// What staff do with an account's credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Money came in another way, ahead of any invoice.
    Deposit,
    /// A present.
    Goodwill,
    /// Taken away again: a present that was a mistake.
    Withdrawn,
    /// Paid out to the customer by hand.
    PaidOut,
}

impl Kind {
    /// By its word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "deposit" => Self::Deposit,
            "goodwill" => Self::Goodwill,
            "withdrawn" => Self::Withdrawn,
            "paid_out" => Self::PaidOut,
            _ => return None,
        })
    }

    /// The stored word, the sign, and where the other side is booked.
    fn parts(self) -> (&'static str, i64, Book) {
        match self {
            Self::Deposit => ("deposit", 1, Book::Received),
            Self::Goodwill => ("goodwill", 1, Book::Goodwill),
            Self::Withdrawn => ("withdrawn", -1, Book::Goodwill),
            Self::PaidOut => ("withdrawn", -1, Book::Received),
        }
    }
}

/// A change staff make by hand.
#[derive(Debug, Clone)]
pub struct NewCredit {
    /// Whose.
    pub account: AccountId,
    /// How much, without a sign.
    pub amount: Money,
    /// What.
    pub kind: Kind,
    /// Why; the customer reads it.
    pub reason: String,
    /// The same key is the same change.
    pub key: Option<String>,
}

/// Gives or takes credit by hand: posted, audited and published in this transaction, and what is open is paid
/// with it. The same key twice is once.
///
/// # Errors
/// A wrong amount, another currency, or less credit than is taken.
pub async fn give(tx: &mut TenantTx, new: &NewCredit) -> Result<Credit, BillingError> {
    if !new.amount.is_positive() {
        return Err(BillingError::Field(
            "amount",
            "The amount must be more than zero.".into(),
        ));
    }
    let reason = new.reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(BillingError::Field("reason", "Say why, in 1 to 500 characters.".into()));
    }
    let open = lock_open(tx, new.account).await?;
    sqlx::query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(new.account)
        .execute(tx.connection())
        .await?;
    let owner = account::find(tx, new.account)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    if owner.currency != new.amount.currency.code() {
        let wanted = format!("This account is billed in {}.", owner.currency);
        return Err(BillingError::Field("amount", wanted));
    }
    let (kind, sign, other) = new.kind.parts();
    if let Some(known) = by_key(tx, new.key.as_deref()).await? {
        let same =
            known.account_id == new.account && known.amount_minor == sign * new.amount.minor && known.kind == kind;
        return if same { Ok(known) } else { Err(used_key()) };
    }
    let row = Change {
        account: new.account,
        amount_minor: sign * new.amount.minor,
        currency: new.amount.currency,
        kind,
        invoice: None,
        payment: None,
        reason,
        key: new.key.as_deref(),
    };
    let id = change(tx, &row).await?;
    let signed = Money::new(row.amount_minor, new.amount.currency)?;
    let posting = Posting {
        key: format!("credit:{id}"),
        kind: "credit.given",
        source: id.to_string(),
        on: tx.today(),
        entries: vec![(other, signed), (Book::Credit(new.account), signed.negated())],
    };
    ledger::post(tx, &posting).await?;
    let detail = json!({ "account": new.account, "amount": signed, "kind": kind, "reason": reason });
    audit::record(tx, "credit.changed", id, detail).await?;
    let payload = json!({ "id": id, "account": new.account, "amount": signed, "kind": kind });
    event::publish(
        tx,
        &[NewEvent::new("credit.changed", id, payload).for_account(new.account.uuid())],
    )
    .await?;
    if sign > 0 {
        pay_locked(tx, new.account, open).await?;
    }
    allowance::count(tx, id, new.amount).await?;
    find(tx, id).await?.ok_or(BillingError::NotFound("credit"))
}

/// The invoices that could be paid from credit, locked one after the other as everybody locks them: invoices before
/// their account. What was waited for is read anew by [`pay_locked`], so that a payment begun meanwhile is seen.
async fn lock_open(tx: &mut TenantTx, account: AccountId) -> Result<Vec<InvoiceId>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM invoices WHERE account_id = $1 AND status = 'issued' AND payment_status IN ('unpaid', 'partly_paid') \
         ORDER BY id LIMIT $2 FOR UPDATE",
    )
    .bind(account)
    .bind(PAGE)
    .fetch_all(tx.connection())
    .await?)
}

/// Pays from credit what of these locked invoices wants money now, the oldest first, as far as it reaches. What runs
/// is paid before orders that wait; what could not be delivered is nobody's debt.
async fn pay_locked(tx: &mut TenantTx, account: AccountId, locked: Vec<InvoiceId>) -> Result<(), BillingError> {
    let found: Option<(i64, String)> =
        sqlx::query_as("SELECT credit_minor, currency FROM accounts WHERE id = $1 FOR UPDATE")
            .bind(account)
            .fetch_optional(tx.connection())
            .await?;
    let (mut left, code) = found.ok_or(BillingError::NotFound("account"))?;
    let unit = currency(&code)?;
    let sql = format!(
        "SELECT i.id, i.total_minor - i.allocated_minor FROM invoices i WHERE i.id = ANY($1) AND i.currency = $2 AND i.status = 'issued' \
         AND i.payment_status IN ('unpaid', 'partly_paid') AND NOT {UNDELIVERED} \
         AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.invoice_id = i.id \
           AND p.status IN ('created', 'requires_action', 'processing', 'unknown', 'held')) \
         ORDER BY EXISTS (SELECT 1 FROM orders o WHERE o.id = i.order_id AND o.status <> 'accepted'), i.due_on, i.created_at, i.id",
        UNDELIVERED = invoice::UNDELIVERED
    );
    let open: Vec<(InvoiceId, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(locked)
        .bind(&code)
        .fetch_all(tx.connection())
        .await?;
    for (id, due) in open {
        let used = use_on(tx, id, account, Money::new(due, unit)?, left).await?;
        if used.is_zero() {
            break;
        }
        invoice::after_allocation(tx, id).await?;
        left -= used.minor;
    }
    Ok(())
}

async fn by_key(tx: &mut TenantTx, key: Option<&str>) -> Result<Option<Credit>, BillingError> {
    let Some(key) = key else { return Ok(None) };
    let sql = format!("{COLUMNS} WHERE request_key = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(key)
        .fetch_optional(tx.connection())
        .await?)
}

/// Uses credit on an invoice, as far as both go. The invoice's row is locked by the caller.
pub(crate) async fn use_on(
    tx: &mut TenantTx,
    invoice: InvoiceId,
    account: AccountId,
    due: Money,
    credit_minor: i64,
) -> Result<Money, BillingError> {
    let amount = Money::new(due.minor.min(credit_minor).max(0), due.currency)?;
    if amount.is_zero() {
        return Ok(amount);
    }
    let row = Change {
        account,
        amount_minor: -amount.minor,
        currency: amount.currency,
        kind: "applied",
        invoice: Some(invoice),
        payment: None,
        reason: "applied to an invoice",
        key: None,
    };
    let id = change(tx, &row).await?;
    invoice::allocate(tx, invoice, None, amount.minor).await?;
    let posting = Posting {
        key: format!("credit:{id}"),
        kind: "credit.applied",
        source: invoice.to_string(),
        on: tx.today(),
        entries: vec![
            (Book::Credit(account), amount),
            (Book::Receivable(account), amount.negated()),
        ],
    };
    ledger::post(tx, &posting).await?;
    Ok(amount)
}

/// Uses the account's credit on one of its open invoices, all that both have.
///
/// # Errors
/// When nothing is due, there is no credit, or a payment is under way (close its page first).
pub async fn apply(tx: &mut TenantTx, id: InvoiceId) -> Result<Money, BillingError> {
    let open = invoice::locked(tx, id).await?;
    let due = open.due()?;
    if open.status != "issued" || !due.is_positive() {
        return Err(BillingError::Conflict(
            "nothing_due",
            "Nothing is due on this invoice.".into(),
        ));
    }
    let under_way: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM payments WHERE invoice_id = $1 \
         AND status IN ('created', 'requires_action', 'processing', 'unknown', 'held'))",
    )
    .bind(id)
    .fetch_one(tx.connection())
    .await?;
    if under_way {
        return Err(BillingError::Conflict(
            "payment_in_flight",
            "A payment of this invoice is under way.".into(),
        ));
    }
    let credit_minor: i64 = sqlx::query_scalar("SELECT credit_minor FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(open.account_id)
        .fetch_one(tx.connection())
        .await?;
    let used = use_on(tx, id, open.account_id, due, credit_minor).await?;
    if used.is_zero() {
        return Err(BillingError::Conflict(
            "credit_short",
            "This account has no credit.".into(),
        ));
    }
    let detail = json!({ "number": open.number, "amount": used });
    audit::record(tx, "invoice.credit_applied", id, detail).await?;
    allowance::count_credit(tx, &open, used).await?;
    invoice::after_allocation(tx, id).await?;
    Ok(used)
}

/// A change by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: CreditId) -> Result<Option<Credit>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// Changes newest first, of an account, an invoice or all.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    account: Option<AccountId>,
    invoice: Option<InvoiceId>,
    limit: i64,
    after: Option<CreditId>,
) -> Result<Vec<Credit>, BillingError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::uuid IS NULL OR invoice_id = $2) \
         AND ($4::uuid IS NULL OR (created_at, id) < (SELECT c.created_at, c.id FROM credits c WHERE c.id = $4)) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .bind(invoice)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}
