//! Payments as a list that can be searched, sorted and paged.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Postgres, QueryBuilder};
use tenancy::listing::{self, Found, Kind, Order, Source, Window};
use tenancy::{AccountId, TenantTx, account};

use crate::BillingError;
use crate::ids::{InvoiceId, PaymentId};

/// What the list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Of one account.
    pub account: Option<AccountId>,
    /// A status, or `refunded`.
    pub state: Option<String>,
    /// Begun on that day or later, in UTC.
    pub from: Option<NaiveDate>,
    /// Begun on that day or earlier.
    pub to: Option<NaiveDate>,
    /// The gateway's id, an invoice's number, words of the customer's name, or an id, as typed.
    pub typed: Option<String>,
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Key.
    pub id: PaymentId,
    /// Whose.
    pub account_id: AccountId,
    /// Their name today.
    pub account_name: String,
    /// For which invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub number: Option<String>,
    /// charge, hold, redirect or manual.
    pub mode: String,
    /// Status.
    pub status: String,
    /// Currency.
    pub currency: String,
    /// Amount.
    pub amount_minor: i64,
    /// Sent back.
    pub refunded_minor: i64,
    /// When begun.
    pub created_at: DateTime<Utc>,
}

const SOURCE: Source = Source {
    columns: "p.id, p.account_id, a.name AS account_name, p.invoice_id, i.number, p.mode, p.status, p.currency, p.amount_minor, \
        p.refunded_minor, p.created_at",
    from: "payments p LEFT JOIN accounts a ON a.id = p.account_id LEFT JOIN invoices i ON i.id = p.invoice_id",
    id: "p.id",
    orders: &[Order {
        key: "begun",
        sql: "p.created_at",
        kind: Kind::Instant,
    }],
};

/// A page of payments.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, search: &Search, window: &Window) -> Result<Found<Row>, BillingError> {
    let found = listing::read(tx.connection(), &SOURCE, window, |query| {
        if let Some(account) = search.account {
            query.push(" AND p.account_id = ").push_bind(account);
        }
        if let Some(from) = search.from {
            query.push(" AND p.created_at >= ").push_bind(from);
        }
        if let Some(to) = search.to.and_then(|to| to.succ_opt()) {
            query.push(" AND p.created_at < ").push_bind(to);
        }
        match search.state.as_deref() {
            None => {}
            Some("refunded") => {
                query.push(" AND p.refunded_minor > 0");
            }
            Some("open") => {
                query.push(" AND p.status IN ('created', 'requires_action', 'processing', 'unknown', 'held')");
            }
            Some(status) => {
                query.push(" AND p.status = ").push_bind(status.to_owned());
            }
        }
        if let Some(typed) = &search.typed {
            push_found(query, typed);
        }
    })
    .await?;
    Ok(found)
}

fn push_found(query: &mut QueryBuilder<Postgres>, typed: &str) {
    if let Ok(id) = typed.parse::<PaymentId>() {
        query.push(" AND p.id = ").push_bind(id);
        return;
    }
    query
        .push(" AND p.id IN (SELECT w.id FROM payments w WHERE w.provider_ref = ")
        .push_bind(typed.to_owned())
        .push(" UNION ALL SELECT w.id FROM payments w JOIN invoices n ON n.id = w.invoice_id WHERE n.number LIKE ")
        .push_bind(listing::beginning(&typed.to_uppercase()))
        .push(" UNION ALL SELECT w.id FROM payments w JOIN accounts c ON c.id = w.account_id WHERE ");
    account::list::push_found(query, "c", typed);
    query.push(")");
}
