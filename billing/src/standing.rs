//! How an account stands: what it owes, what it runs, what comes next.

use chrono::NaiveDate;
use platform::money::Money;
use tenancy::account::Account;
use tenancy::{AccountId, TenantTx};

use crate::BillingError;
use crate::error::currency;
use crate::ids::InvoiceId;
use crate::invoice::UNDELIVERED;

/// What an account is to pay.
const OPEN: &str = "i.account_id = $1 AND i.status = 'issued' AND i.payment_status IN ('unpaid', 'partly_paid')";

/// The standing of one account.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Invoices that wait to be paid by hand or by themselves.
    pub open: i64,
    /// What they come to.
    pub due: Money,
    /// The one that is due first, and when.
    pub first: Option<(InvoiceId, Option<NaiveDate>)>,
    /// Services by state: active, on their way, needing somebody.
    pub active: i64,
    /// Pending and provisioning.
    pub on_the_way: i64,
    /// Suspended and failed.
    pub in_trouble: i64,
    /// The next day anything renews.
    pub renews_on: Option<NaiveDate>,
    /// Credit.
    pub credit: Money,
    /// Whether something pays by itself.
    pub has_method: bool,
}

/// An account's standing.
///
/// # Errors
/// When the database refuses.
pub async fn of(tx: &mut TenantTx, account: &Account) -> Result<Standing, BillingError> {
    let money = currency(&account.currency)?;
    let sql = format!(
        "SELECT count(*), coalesce(sum(total_minor - allocated_minor), 0)::bigint FROM invoices i WHERE {OPEN} AND NOT {UNDELIVERED}"
    );
    let (open, due): (i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account.id)
        .fetch_one(tx.connection())
        .await?;
    let (active, on_the_way, in_trouble): (i64, i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE status IN ('pending', 'provisioning')), \
         count(*) FILTER (WHERE status IN ('suspended', 'failed')) FROM services WHERE account_id = $1",
    )
    .bind(account.id)
    .fetch_one(tx.connection())
    .await?;
    let has_method: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM payment_methods WHERE account_id = $1 AND is_default AND state = 'active')",
    )
    .bind(account.id)
    .fetch_one(tx.connection())
    .await?;
    Ok(Standing {
        open,
        due: Money::new(due, money)?,
        first: first_due(tx, account.id).await?,
        active,
        on_the_way,
        in_trouble,
        renews_on: renews_on(tx, account.id).await?,
        credit: Money::new(account.credit_minor, money)?,
        has_method,
    })
}

async fn first_due(
    tx: &mut TenantTx,
    account: AccountId,
) -> Result<Option<(InvoiceId, Option<NaiveDate>)>, BillingError> {
    let sql = format!(
        "SELECT i.id, i.due_on FROM invoices i WHERE {OPEN} AND NOT {UNDELIVERED} ORDER BY i.due_on, i.created_at, i.id LIMIT 1"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .fetch_optional(tx.connection())
        .await?)
}

async fn renews_on(tx: &mut TenantTx, account: AccountId) -> Result<Option<NaiveDate>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT min(s.billed_through) FROM subscriptions s JOIN services v ON v.subscription_id = s.id \
         WHERE s.account_id = $1 AND s.status = 'active' AND s.cycle_unit <> 'once' AND s.cancel_on IS NULL \
         AND v.status NOT IN ('failed', 'terminated')",
    )
    .bind(account)
    .fetch_one(tx.connection())
    .await?)
}
