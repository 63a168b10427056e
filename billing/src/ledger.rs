//! Double entry, append-only: every document posts in its own transaction, corrections reverse.
//!
//! A deferred constraint refuses an unbalanced transaction, the role may only insert, and a key
//! makes each posting happen once.

use chrono::NaiveDate;
use platform::money::{Currency, Money};
use serde::Serialize;
use sqlx::Row;
use tenancy::{AccountId, TenantTx};

use crate::BillingError;
use crate::ids::{GatewayId, LedgerAccountId, LedgerTransactionId};

/// Where an amount is booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Book {
    /// What an account owes.
    Receivable(AccountId),
    /// What we owe an account.
    Credit(AccountId),
    /// Revenue by product kind.
    Revenue(String),
    /// Money on its way from a gateway.
    Clearing(GatewayId),
    /// What a gateway keeps.
    Fees(GatewayId),
    /// Money that came or went without a gateway.
    Received,
    /// What was given away as credit.
    Goodwill,
    /// What was paid back: revenue that was none.
    Refunds,
    /// Refunds a gateway was asked for and has not confirmed.
    Refunding(GatewayId),
    /// Money a payer's bank took back until a dispute is decided.
    Disputed(GatewayId),
    /// Money a dispute took for good.
    Losses,
    /// What is owed to us and less than a gateway can move.
    Rounding,
}

impl Book {
    fn code(&self) -> String {
        match self {
            Self::Receivable(_) => "receivable".into(),
            Self::Credit(_) => "credit".into(),
            Self::Revenue(kind) => format!("revenue:{kind}"),
            Self::Clearing(gateway) => format!("clearing:{gateway}"),
            Self::Fees(gateway) => format!("fees:{gateway}"),
            Self::Received => "received".into(),
            Self::Goodwill => "goodwill".into(),
            Self::Refunds => "refunds".into(),
            Self::Refunding(gateway) => format!("refunding:{gateway}"),
            Self::Disputed(gateway) => format!("disputed:{gateway}"),
            Self::Losses => "losses".into(),
            Self::Rounding => "rounding".into(),
        }
    }

    fn account(&self) -> Option<AccountId> {
        match self {
            Self::Receivable(account) | Self::Credit(account) => Some(*account),
            Self::Revenue(_)
            | Self::Clearing(_)
            | Self::Fees(_)
            | Self::Received
            | Self::Goodwill
            | Self::Refunds
            | Self::Refunding(_)
            | Self::Disputed(_)
            | Self::Losses
            | Self::Rounding => None,
        }
    }

    fn normal(&self) -> &'static str {
        match self {
            Self::Credit(_) | Self::Revenue(_) | Self::Refunding(_) => "credit",
            Self::Receivable(_)
            | Self::Clearing(_)
            | Self::Fees(_)
            | Self::Received
            | Self::Goodwill
            | Self::Refunds
            | Self::Disputed(_)
            | Self::Losses
            | Self::Rounding => "debit",
        }
    }
}

/// One posting: debit positive, credit negative; the sum must be zero.
#[derive(Debug, Clone)]
pub struct Posting {
    /// What happened, once.
    pub key: String,
    /// `invoice.issued`, `payment.received`, ...
    pub kind: &'static str,
    /// Prefixed id of the document.
    pub source: String,
    /// The day it belongs to.
    pub on: NaiveDate,
    /// Entries; zero amounts are left out.
    pub entries: Vec<(Book, Money)>,
}

/// Posts once; a second posting with the same key changes nothing and answers false.
///
/// # Errors
/// When the entries do not balance, or the database refuses.
pub async fn post(tx: &mut TenantTx, posting: &Posting) -> Result<bool, BillingError> {
    let entries: Vec<&(Book, Money)> = posting.entries.iter().filter(|(_, amount)| !amount.is_zero()).collect();
    if let Some((_, first)) = entries.first() {
        let sum = Money::sum(first.currency, entries.iter().map(|(_, amount)| *amount))?;
        if !sum.is_zero() {
            return Err(BillingError::Conflict(
                "unbalanced",
                format!("the posting {} does not balance", posting.key),
            ));
        }
    }
    let id: LedgerTransactionId = tx.new_id();
    let inserted = sqlx::query(
        "INSERT INTO ledger_transactions (id, key, kind, source_id, effective_on, posted_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(id)
    .bind(&posting.key)
    .bind(posting.kind)
    .bind(&posting.source)
    .bind(posting.on)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    for (position, (book, amount)) in entries.into_iter().enumerate() {
        let account = account(tx, book, amount.currency).await?;
        sqlx::query(
            "INSERT INTO ledger_entries (transaction_id, position, ledger_account_id, currency, amount_minor) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(i16::try_from(position).unwrap_or(i16::MAX))
        .bind(account)
        .bind(amount.currency.code())
        .bind(amount.minor)
        .execute(tx.connection())
        .await?;
    }
    Ok(true)
}

/// Whether something was posted under this key.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn is_posted(tx: &mut TenantTx, key: &str) -> Result<bool, BillingError> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM ledger_transactions WHERE key = $1)")
            .bind(key)
            .fetch_one(tx.connection())
            .await?,
    )
}

/// Posts the opposite of an earlier posting, once.
///
/// # Errors
/// When there is no such posting, or the database refuses.
pub async fn reverse(
    tx: &mut TenantTx,
    posted: &str,
    key: &str,
    kind: &'static str,
    source: &str,
) -> Result<bool, BillingError> {
    let id: LedgerTransactionId = tx.new_id();
    let original: Option<LedgerTransactionId> = sqlx::query_scalar("SELECT id FROM ledger_transactions WHERE key = $1")
        .bind(posted)
        .fetch_optional(tx.connection())
        .await?;
    let original = original.ok_or(BillingError::NotFound("posting"))?;
    let inserted = sqlx::query(
        "INSERT INTO ledger_transactions (id, key, kind, source_id, effective_on, posted_at, reverses) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(id)
    .bind(key)
    .bind(kind)
    .bind(source)
    .bind(tx.today())
    .bind(tx.now())
    .bind(original)
    .execute(tx.connection())
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO ledger_entries (transaction_id, position, ledger_account_id, currency, amount_minor) \
         SELECT $1, position, ledger_account_id, currency, -amount_minor FROM ledger_entries WHERE transaction_id = $2",
    )
    .bind(id)
    .bind(original)
    .execute(tx.connection())
    .await?;
    Ok(true)
}

async fn account(tx: &mut TenantTx, book: &Book, currency: Currency) -> Result<LedgerAccountId, BillingError> {
    let find =
        "SELECT id FROM ledger_accounts WHERE code = $1 AND currency = $2 AND account_id IS NOT DISTINCT FROM $3";
    let code = book.code();
    if let Some(row) = sqlx::query(find)
        .bind(&code)
        .bind(currency.code())
        .bind(book.account())
        .fetch_optional(tx.connection())
        .await?
    {
        return Ok(row.try_get(0)?);
    }
    let id: LedgerAccountId = tx.new_id();
    sqlx::query(
        "INSERT INTO ledger_accounts (id, code, currency, account_id, normal) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(&code)
    .bind(currency.code())
    .bind(book.account())
    .bind(book.normal())
    .execute(tx.connection())
    .await?;
    let row = sqlx::query(find)
        .bind(&code)
        .bind(currency.code())
        .bind(book.account())
        .fetch_one(tx.connection())
        .await?;
    Ok(row.try_get(0)?)
}

/// What `check` finds wrong.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Fault {
    /// Which rule.
    pub rule: String,
    /// Where.
    pub subject: String,
    /// Difference in minor units.
    pub off_by: i64,
}

/// Proves the books: transactions balance, receivables equal open invoices, credit equals its entries.
///
/// # Errors
/// When the database refuses.
pub async fn check(tx: &mut TenantTx) -> Result<Vec<Fault>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT 'transaction balances' AS rule, transaction_id::text AS subject, sum(amount_minor)::bigint AS off_by \
           FROM ledger_entries GROUP BY transaction_id, currency HAVING sum(amount_minor) <> 0 \
         UNION ALL \
         SELECT 'receivable equals open invoices', a.id::text, \
                coalesce(l.owed, 0)::bigint - coalesce(i.open, 0)::bigint FROM accounts a \
           LEFT JOIN (SELECT la.account_id, sum(e.amount_minor) AS owed FROM ledger_entries e \
                        JOIN ledger_accounts la ON la.id = e.ledger_account_id WHERE la.code = 'receivable' GROUP BY 1) l ON l.account_id = a.id \
           LEFT JOIN (SELECT account_id, sum(total_minor - allocated_minor) AS open FROM invoices WHERE status = 'issued' GROUP BY 1) i \
             ON i.account_id = a.id WHERE coalesce(l.owed, 0) <> coalesce(i.open, 0) \
         UNION ALL \
         SELECT 'credit equals its entries', a.id::text, a.credit_minor - coalesce(c.sum, 0)::bigint FROM accounts a \
           LEFT JOIN (SELECT account_id, sum(amount_minor) AS sum FROM credits GROUP BY 1) c ON c.account_id = a.id \
          WHERE a.credit_minor <> coalesce(c.sum, 0) \
         UNION ALL \
         SELECT 'credit in the ledger equals what accounts have', a.id::text, a.credit_minor + coalesce(l.owed, 0)::bigint FROM accounts a \
           LEFT JOIN (SELECT la.account_id, sum(e.amount_minor) AS owed FROM ledger_entries e \
                        JOIN ledger_accounts la ON la.id = e.ledger_account_id WHERE la.code = 'credit' GROUP BY 1) l ON l.account_id = a.id \
          WHERE a.credit_minor <> -coalesce(l.owed, 0) \
         UNION ALL \
         SELECT 'refunds equal what a payment gave back', p.id::text, p.refunded_minor - coalesce(r.sum, 0)::bigint FROM payments p \
           LEFT JOIN (SELECT payment_id, sum(amount_minor) AS sum FROM refunds WHERE status <> 'failed' GROUP BY 1) r ON r.payment_id = p.id \
          WHERE p.refunded_minor <> coalesce(r.sum, 0) \
         UNION ALL \
         SELECT 'allocations equal what an invoice was paid', i.id::text, i.allocated_minor - coalesce(s.sum, 0)::bigint FROM invoices i \
           LEFT JOIN (SELECT invoice_id, sum(amount_minor) AS sum FROM allocations GROUP BY 1) s ON s.invoice_id = i.id \
          WHERE i.allocated_minor <> coalesce(s.sum, 0)",
    )
    .fetch_all(tx.connection())
    .await?)
}
