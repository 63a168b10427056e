//! The billing day: from what is billed to what is missing, once, a failing account set aside.

mod ending;

use chrono::{Days, NaiveDate};
use platform::calendar::Grid;
use platform::db::DbError;
use platform::money::Money;
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx};

pub use ending::end_due;

use crate::catalogue::cycle;
use crate::error::currency;
use crate::ids::{InvoiceId, PaymentMethodId, PriceId, RunId, SubscriptionId};
use crate::invoice::{self, DraftLine};
use crate::{BillingError, payment};

/// How many days ahead of today somebody may have billed.
const AHEAD: u64 = 400;

/// What a run did, or would do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Run {
    /// The billing day.
    pub on: NaiveDate,
    /// Nothing was written.
    pub dry_run: bool,
    /// Accounts looked at.
    pub accounts: usize,
    /// Invoices issued (or that would be).
    pub invoices: usize,
    /// Payments begun.
    pub payments: usize,
    /// Accounts set aside, with the reason.
    pub parked: Vec<(AccountId, String)>,
    /// What was billed, per currency.
    pub totals: Vec<Money>,
}

#[derive(sqlx::FromRow)]
struct Due {
    id: SubscriptionId,
    price_id: PriceId,
    currency: String,
    quantity: i32,
    unit_minor: i64,
    price_trace: Value,
    cycle_unit: String,
    cycle_count: i32,
    anchor_day: i16,
    start_on: NaiveDate,
    billed_through: Option<NaiveDate>,
    cancel_on: Option<NaiveDate>,
    product: String,
    kind: String,
    plan: String,
    hostname: String,
}

/// Bills everything that falls due on or before `on`. A second run bills nothing.
///
/// # Errors
/// When the database refuses; what was billed before stays billed.
pub async fn bill(
    doors: &Tenancy,
    scope: &TenantScope,
    on: Option<NaiveDate>,
    dry_run: bool,
) -> Result<Run, BillingError> {
    let mut tx = doors.begin(scope).await?;
    let on = on.unwrap_or_else(|| tx.today());
    let mut run = Run {
        on,
        dry_run,
        ..Run::default()
    };
    let id: RunId = tx.new_id();
    if !dry_run {
        let by = tx.actor().to_string();
        sqlx::query(
            "INSERT INTO billing_runs (id, on_date, status, started_by, started_at) VALUES ($1, $2, 'running', $3, $4)",
        )
        .bind(id)
        .bind(on)
        .bind(by)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    }
    tx.commit().await?;
    let gone_through = accounts(doors, scope, &mut run).await;
    if !dry_run {
        finish(doors, scope, id, &run, gone_through.is_ok()).await?;
    }
    gone_through?;
    Ok(run)
}

/// Whether a day may be asked for: a slip of the pen must not bill a decade.
///
/// # Errors
/// When it is too far ahead.
pub async fn within_reach(doors: &Tenancy, scope: &TenantScope, on: Option<NaiveDate>) -> Result<(), BillingError> {
    let Some(on) = on else { return Ok(()) };
    let tx = doors.begin_read(scope).await?;
    let last = tx.today().checked_add_days(Days::new(AHEAD));
    tx.commit().await?;
    if last.is_none_or(|last| on > last) {
        return Err(BillingError::Field("on", "Bill at most 400 days ahead.".into()));
    }
    Ok(())
}

/// The last day on which a period may begin that is billed today.
fn horizon(tx: &TenantTx, on: NaiveDate) -> NaiveDate {
    let ahead = Days::new(u64::from(tx.tenant().settings.invoice_days_before));
    on.checked_add_days(ahead).unwrap_or(on)
}

/// Every account that is due; one that cannot be billed is set aside and the others go on.
async fn accounts(doors: &Tenancy, scope: &TenantScope, run: &mut Run) -> Result<(), BillingError> {
    let mut after: Option<AccountId> = None;
    loop {
        let mut tx = doors.begin_read(scope).await?;
        let page: Vec<AccountId> = sqlx::query_scalar(
            "SELECT id FROM accounts WHERE next_bill_on <= $1 AND parked_reason IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT 200",
        )
        .bind(horizon(&tx, run.on))
        .bind(after)
        .fetch_all(tx.connection())
        .await?;
        tx.commit().await?;
        let Some(last) = page.last().copied() else {
            return Ok(());
        };
        after = Some(last);
        for account in page {
            run.accounts += 1;
            match one(doors, scope, account, run).await {
                Ok(()) => {}
                // The database is away: nothing is wrong with the account, and the day is gone through again.
                Err(error) if is_away(&error) => return Err(error),
                Err(error) => {
                    park(doors, scope, account, &error.to_string(), run.dry_run).await?;
                    run.parked.push((account, error.to_string()));
                }
            }
        }
    }
}

/// Whether the database is at fault, and not what was asked of it.
pub(crate) fn is_away(error: &BillingError) -> bool {
    match error {
        BillingError::Db(DbError::Busy(_)) => true,
        BillingError::Db(DbError::Driver(error)) => error
            .as_database_error()
            .and_then(|error| error.code())
            .is_none_or(|code| ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}

/// Runs the billing day only when an account is due, so that asking every minute leaves no empty runs behind.
///
/// # Errors
/// As [`bill`].
pub async fn bill_if_due(doors: &Tenancy, scope: &TenantScope) -> Result<Option<Run>, BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let today = tx.today();
    let until = horizon(&tx, today);
    let due: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM accounts WHERE next_bill_on <= $1 AND parked_reason IS NULL)")
            .bind(until)
            .fetch_one(tx.connection())
            .await?;
    tx.commit().await?;
    if due {
        bill(doors, scope, Some(today), false).await.map(Some)
    } else {
        Ok(None)
    }
}

async fn finish(doors: &Tenancy, scope: &TenantScope, id: RunId, run: &Run, done: bool) -> Result<(), BillingError> {
    let mut tx = doors.begin(scope).await?;
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    sqlx::query(
        "UPDATE billing_runs SET status = $7, accounts = $2, invoices = $3, parked = $4, totals = $5, finished_at = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(count(run.accounts))
    .bind(count(run.invoices))
    .bind(count(run.parked.len()))
    .bind(json!(run.totals))
    .bind(tx.now())
    .bind(if done { "done" } else { "failed" })
    .execute(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(())
}

/// One account, one transaction: all its missing lines on one invoice.
async fn one(doors: &Tenancy, scope: &TenantScope, account: AccountId, run: &mut Run) -> Result<(), BillingError> {
    let mut tx = doors.begin(scope).await?;
    sqlx::query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE")
        .bind(account)
        .execute(tx.connection())
        .await?;
    let until = horizon(&tx, run.on);
    let due = due(&mut tx, account, until).await?;
    let mut lines = Vec::new();
    for subscription in &due {
        let (mut new, through) = plan(subscription, until)?;
        lines.append(&mut new);
        sqlx::query("UPDATE subscriptions SET billed_through = $2 WHERE id = $1 AND billed_through < $2")
            .bind(subscription.id)
            .bind(through)
            .execute(tx.connection())
            .await?;
    }
    // What is billed ahead of its period is due when the period begins, and charged then.
    let begins = lines.iter().filter_map(|line| line.period).map(|period| period.0).min();
    let from = begins.map_or(run.on, |begins| begins.max(run.on));
    let due_days = Days::new(u64::from(tx.tenant().settings.due_days));
    let due_on = from.checked_add_days(due_days).unwrap_or(from);
    let issued = if lines.is_empty() {
        None
    } else {
        invoice::issue(&mut tx, account, None, lines, due_on).await?
    };
    if let Some(invoice) = &issued {
        run.invoices += 1;
        add(
            &mut run.totals,
            Money::new(invoice.total_minor, currency(&invoice.currency)?)?,
        )?;
        if invoice.due()?.is_positive() && !run.dry_run {
            run.payments +=
                usize::from(collect_from(&mut tx, account, invoice.id, (from > run.on).then_some(from)).await?);
        }
    }
    refresh_due(&mut tx, account).await?;
    if run.dry_run {
        tx.rollback().await?
    } else {
        tx.commit().await?
    }
    Ok(())
}

fn add(totals: &mut Vec<Money>, amount: Money) -> Result<(), BillingError> {
    match totals.iter_mut().find(|total| total.currency == amount.currency) {
        Some(total) => *total = total.add(amount)?,
        None => totals.push(amount),
    }
    Ok(())
}

/// Charges the account's default method, where it pays by itself: at once, or on the day it falls due.
async fn collect_from(
    tx: &mut TenantTx,
    account: AccountId,
    invoice: InvoiceId,
    later: Option<NaiveDate>,
) -> Result<bool, BillingError> {
    let method: Option<PaymentMethodId> = sqlx::query_scalar(
        "SELECT m.id FROM payment_methods m JOIN accounts a ON a.id = m.account_id \
         WHERE m.account_id = $1 AND a.auto_pay AND m.is_default AND m.state = 'active'",
    )
    .bind(account)
    .fetch_optional(tx.connection())
    .await?;
    if let Some(on) = later {
        sqlx::query("UPDATE invoices SET next_try_on = $2 WHERE id = $1")
            .bind(invoice)
            .bind(on)
            .execute(tx.connection())
            .await?;
        return Ok(false);
    }
    let Some(method) = method else { return Ok(false) };
    payment::begin(tx, invoice, method, false).await?;
    Ok(true)
}

async fn due(tx: &mut TenantTx, account: AccountId, on: NaiveDate) -> Result<Vec<Due>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT s.id, s.price_id, s.currency, s.quantity, s.unit_minor, s.price_trace, s.cycle_unit, s.cycle_count, s.anchor_day, s.start_on, \
           s.billed_through, s.cancel_on, p.name AS product, p.kind, l.name AS plan, coalesce(v.hostname, '') AS hostname \
         FROM subscriptions s JOIN plans l ON l.id = s.plan_id JOIN products p ON p.id = l.product_id \
         LEFT JOIN services v ON v.subscription_id = s.id \
         WHERE s.account_id = $1 AND s.status = 'active' AND s.cycle_unit <> 'once' AND s.billed_through <= $2 \
           AND coalesce(v.status, '') NOT IN ('failed', 'terminated') AND (v.id IS NULL OR v.activated_at IS NOT NULL) \
           AND v.ending_at IS NULL \
         ORDER BY s.id FOR UPDATE OF s",
    )
    .bind(account)
    .bind(on)
    .fetch_all(tx.connection())
    .await?)
}

/// The whole periods that begin on or before the day, each at its whole price.
fn plan(due: &Due, on: NaiveDate) -> Result<(Vec<DraftLine>, NaiveDate), BillingError> {
    let wrong = |why: String| BillingError::Conflict("bad_subscription", why);
    let cycle =
        cycle(&due.cycle_unit, due.cycle_count).ok_or_else(|| wrong("a subscription without a cycle".into()))?;
    let grid = Grid::new(due.start_on, cycle, None).map_err(|e| wrong(e.to_string()))?;
    let unit = Money::new(due.unit_minor, currency(&due.currency)?)?;
    let amount = unit.times(u32::try_from(due.quantity).unwrap_or(1))?;
    let mut through = due.billed_through.unwrap_or(due.start_on);
    let mut lines = Vec::new();
    let mut k = 0_i64;
    while through <= on && due.cancel_on.is_none_or(|end| through < end) && lines.len() < 1200 {
        let mut next = grid.boundary(k).map_err(|e| wrong(e.to_string()))?;
        while next <= through {
            k += 1;
            next = grid.boundary(k).map_err(|e| wrong(e.to_string()))?;
        }
        lines.push(DraftLine {
            kind: "recurring",
            subscription: Some(due.id),
            product_kind: due.kind.clone(),
            description: format!("{} · {}", due.product, due.plan),
            detail: due.hostname.clone(),
            period: Some((through, next)),
            quantity: i64::from(due.quantity),
            unit,
            amount,
            explain: json!({ "price": due.price_id, "base": unit, "quantity": due.quantity, "anchor_day": due.anchor_day,
                             "unit": unit, "trace": due.price_trace, "rounding": "none: a whole period at its price" }),
        });
        through = next;
    }
    Ok((lines, through))
}

async fn park(
    doors: &Tenancy,
    scope: &TenantScope,
    account: AccountId,
    why: &str,
    dry_run: bool,
) -> Result<(), BillingError> {
    if dry_run {
        return Ok(());
    }
    let mut tx = doors.begin(scope).await?;
    sqlx::query("UPDATE accounts SET parked_reason = $2 WHERE id = $1")
        .bind(account)
        .bind(why)
        .execute(tx.connection())
        .await?;
    let task = tenancy::task::NewTask {
        kind: "account",
        key: format!("parked:{account}"),
        title: "An account could not be billed".into(),
        reason: why.to_owned(),
        subject: Some(account.to_string()),
        job: None,
    };
    tenancy::task::raise(&mut tx, &task).await?;
    tx.commit().await?;
    Ok(())
}

/// Keeps the day on which anything of an account falls due next.
pub(crate) async fn refresh_due(tx: &mut TenantTx, account: AccountId) -> Result<(), BillingError> {
    sqlx::query(
        "UPDATE accounts SET next_bill_on = (SELECT min(s.billed_through) FROM subscriptions s \
           LEFT JOIN services v ON v.subscription_id = s.id \
           WHERE s.account_id = $1 AND s.status = 'active' AND s.cycle_unit <> 'once' \
             AND (s.cancel_on IS NULL OR s.billed_through < s.cancel_on) \
             AND coalesce(v.status, '') NOT IN ('failed', 'terminated') AND (v.id IS NULL OR v.activated_at IS NOT NULL) \
             AND v.ending_at IS NULL) WHERE id = $1",
    )
    .bind(account)
    .execute(tx.connection())
    .await?;
    Ok(())
}
