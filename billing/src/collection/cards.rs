//! Saved cards that expire: named in the month before, so that a renewal does not fail for it.

use chrono::Datelike;
use platform::event::{self, NewEvent};
use serde_json::{Value, json};
use tenancy::{AccountId, Tenancy, TenantScope};

use crate::BillingError;
use crate::ids::PaymentMethodId;

/// Row in the tenant's settings: the last month whose cards were named.
const DONE: &str = "cards_named_for";

/// Names every saved card that expires next month, once a month by the tenant's clock; how many were named.
///
/// # Errors
/// When the database refuses; nothing was named then.
pub async fn expiring(doors: &Tenancy, scope: &TenantScope) -> Result<usize, BillingError> {
    let mut tx = doors.begin(scope).await?;
    let today = tx.today();
    let month = format!("{:04}-{:02}", today.year(), today.month());
    // The row is the lock: a second worker waits here, and finds the month done.
    let taken: Option<Value> = sqlx::query_scalar(
        "INSERT INTO settings (key, value, changed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at \
         WHERE settings.value <> excluded.value RETURNING value",
    )
    .bind(DONE)
    .bind(json!(month))
    .bind(tx.now())
    .fetch_optional(tx.connection())
    .await?;
    if taken.is_none() {
        tx.rollback().await?;
        return Ok(0);
    }
    let (year, next) = match today.month() {
        12 => (today.year() + 1, 1),
        month => (today.year(), month + 1),
    };
    let cards: Vec<(PaymentMethodId, AccountId)> = sqlx::query_as(
        "SELECT id, account_id FROM payment_methods \
         WHERE state = 'active' AND exp_year = $1 AND exp_month = $2 ORDER BY id",
    )
    .bind(i16::try_from(year).unwrap_or(i16::MAX))
    .bind(i16::try_from(next).unwrap_or_default())
    .fetch_all(tx.connection())
    .await?;
    let named: Vec<NewEvent> = cards
        .iter()
        .map(|(id, account)| {
            let payload = json!({ "id": id, "account": account, "month": next, "year": year });
            NewEvent::new("payment_method.expiring", id, payload).for_account(account.uuid())
        })
        .collect();
    for some in named.chunks(500) {
        event::publish(&mut tx, some).await?;
    }
    tx.commit().await?;
    Ok(cards.len())
}
