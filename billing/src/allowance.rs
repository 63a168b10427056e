//! What an API token has spent this month, held to its limit.
//!
//! Whatever is done under a token's scope counts where the money is moved, whoever asked: an order (what is due now, and
//! the first period of what begins with a trial), a payment of an invoice, credit that is used, given or sent back, money
//! recorded by hand. What the house does by itself (renewals, retries) has no token and counts for nobody. A cancelled
//! order and a payment that failed are not spent. The token's row is locked last, so that two requests at once cannot
//! both fit and nobody waits in a circle.

use chrono::{Datelike, NaiveDate};
use platform::money::{Currency, Money};
use tenancy::token::{TokenError, lock_limit};
use tenancy::{TenantTx, TokenId};

use crate::BillingError;
use crate::ids::{OrderId, PaymentId};
use crate::invoice::Invoice;
use crate::quote::QuotedItem;

/// What money went for.
enum Went {
    Order(OrderId),
    Payment(PaymentId),
    Other(String),
}

/// Counts an order: what it wants now with its taxes, and the first period of what is tried out first.
pub(crate) async fn count_order(
    tx: &mut TenantTx,
    order: OrderId,
    items: &[QuotedItem],
    issued: Option<&Invoice>,
) -> Result<(), BillingError> {
    let Some(token) = tx.scope().token() else { return Ok(()) };
    let unit = items.first().map_or(tx.tenant().currency, |item| item.unit.currency);
    let now = Money::new(issued.map_or(0, |issued| issued.total_minor), unit)?;
    let later = Money::sum(unit, items.iter().filter_map(first_period_later))?;
    spend(tx, token, Went::Order(order), now.add(later)?).await
}

/// What an item costs when its trial is over, where it costs nothing recurring now.
fn first_period_later(item: &QuotedItem) -> Option<Money> {
    let bills_now = item.lines.iter().any(|line| line.kind == "recurring");
    item.renews_at.filter(|_| !bills_now)
}

/// Counts a payment of an invoice, unless its order counts already.
pub(crate) async fn count_payment(
    tx: &mut TenantTx,
    row: &Invoice,
    id: PaymentId,
    amount: Money,
) -> Result<(), BillingError> {
    let Some(token) = tx.scope().token() else { return Ok(()) };
    if is_ordered(tx, token, row.order_id).await? {
        return Ok(());
    }
    spend(tx, token, Went::Payment(id), amount).await
}

/// Counts credit that is used on an invoice, unless its order counts already.
pub(crate) async fn count_credit(tx: &mut TenantTx, row: &Invoice, amount: Money) -> Result<(), BillingError> {
    let Some(token) = tx.scope().token() else { return Ok(()) };
    if is_ordered(tx, token, row.order_id).await? {
        return Ok(());
    }
    let part = format!("{}:{}", row.id, tx.new_id::<()>().uuid());
    spend(tx, token, Went::Other(part), amount).await
}

/// Counts money that is moved by hand: credit that is given, a refund.
pub(crate) async fn count(tx: &mut TenantTx, subject: impl ToString, amount: Money) -> Result<(), BillingError> {
    let Some(token) = tx.scope().token() else { return Ok(()) };
    spend(tx, token, Went::Other(subject.to_string()), amount).await
}

async fn is_ordered(tx: &mut TenantTx, token: TokenId, order: Option<OrderId>) -> Result<bool, BillingError> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM token_spendings WHERE token_id = $1 AND order_id = $2)")
            .bind(token)
            .bind(order)
            .fetch_one(tx.connection())
            .await?,
    )
}

fn month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

async fn spend(tx: &mut TenantTx, token: TokenId, went: Went, amount: Money) -> Result<(), BillingError> {
    let limit = lock_limit(tx, token).await.map_err(|error| match error {
        TokenError::Db(error) => BillingError::Db(error),
        other => BillingError::Conflict("token_revoked", other.to_string()),
    })?;
    if let Some(limit) = limit {
        if amount.currency != limit.currency {
            let (own, other) = (limit.currency.code(), amount.currency.code());
            let why = format!("This token may spend {own} only; this is in {other}.");
            return Err(BillingError::Conflict("spending_currency", why));
        }
        let spent = in_month(tx, token, month(tx.today()), limit.currency).await?;
        if spent.add(amount)?.minor > limit.minor {
            let word = |money: Money| format!("{} {}", money.to_decimal_string(), money.currency.code());
            let (most, so_far, more) = (word(limit), word(spent), word(amount));
            let why = format!("This token may spend {most} a month; {so_far} are spent, and this is {more}.");
            return Err(BillingError::Conflict("spending_limit", why));
        }
    }
    write(tx, token, &went, amount).await
}

async fn write(tx: &mut TenantTx, token: TokenId, went: &Went, amount: Money) -> Result<(), BillingError> {
    let (subject, order, payment) = match went {
        Went::Order(id) => (id.to_string(), Some(*id), None),
        Went::Payment(id) => (id.to_string(), None, Some(*id)),
        Went::Other(subject) => (subject.clone(), None, None),
    };
    let id = tx.new_id::<()>().uuid();
    sqlx::query(
        "INSERT INTO token_spendings (id, token_id, month, subject, order_id, payment_id, amount_minor, currency, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (token_id, subject) DO NOTHING",
    )
    .bind(id)
    .bind(token)
    .bind(month(tx.today()))
    .bind(subject)
    .bind(order)
    .bind(payment)
    .bind(amount.minor)
    .bind(amount.currency.code())
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    Ok(())
}

async fn in_month(tx: &mut TenantTx, token: TokenId, month: NaiveDate, unit: Currency) -> Result<Money, BillingError> {
    let minor: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(s.amount_minor), 0)::bigint FROM token_spendings s \
         LEFT JOIN orders o ON o.id = s.order_id LEFT JOIN payments p ON p.id = s.payment_id \
         WHERE s.token_id = $1 AND s.month = $2 AND s.currency = $3 \
         AND (o.id IS NULL OR o.status NOT IN ('cancelled', 'rejected')) \
         AND (p.id IS NULL OR p.status NOT IN ('failed', 'cancelled'))",
    )
    .bind(token)
    .bind(month)
    .bind(unit.code())
    .fetch_one(tx.connection())
    .await?;
    Ok(Money::new(minor, unit)?)
}

/// What a token has spent in this calendar month, in one currency.
///
/// # Errors
/// When the database refuses.
pub async fn spent(tx: &mut TenantTx, token: TokenId, unit: Currency) -> Result<Money, BillingError> {
    in_month(tx, token, month(tx.today()), unit).await
}
