//! Invoices as a list that can be searched, sorted and paged.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Postgres, QueryBuilder};
use tenancy::listing::{self, Found, Kind, Order, Source, Window};
use tenancy::{AccountId, TenantTx, account};

use super::UNDELIVERED;
use crate::BillingError;
use crate::ids::InvoiceId;

/// What the list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Of one account.
    pub account: Option<AccountId>,
    /// open, overdue, paid, processing, refunded, draft or void.
    pub state: Option<String>,
    /// Issued on that day or later.
    pub from: Option<NaiveDate>,
    /// Issued on that day or earlier.
    pub to: Option<NaiveDate>,
    /// A number, words of the customer's name, or an id, as typed.
    pub typed: Option<String>,
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Key.
    pub id: InvoiceId,
    /// Gapless number; none for a draft.
    pub number: Option<String>,
    /// Whose.
    pub account_id: AccountId,
    /// Their name today.
    pub account_name: String,
    /// draft, issued, void.
    pub status: String,
    /// unpaid, processing, partly_paid, paid, ...
    pub payment_status: String,
    /// none, overdue, promised, written_off, undelivered.
    pub collection_status: String,
    /// Currency.
    pub currency: String,
    /// Total.
    pub total_minor: i64,
    /// Paid or covered by credit.
    pub allocated_minor: i64,
    /// Day of issue.
    pub issued_on: Option<NaiveDate>,
    /// Due day.
    pub due_on: Option<NaiveDate>,
    /// When made.
    pub created_at: DateTime<Utc>,
}

const SOURCE: Source = Source {
    columns: concat!(
        "i.id, i.number, i.account_id, a.name AS account_name, i.status, i.payment_status, ",
        collection!(),
        ", i.currency, i.total_minor, i.allocated_minor, i.issued_on, i.due_on, i.created_at"
    ),
    from: "invoices i LEFT JOIN accounts a ON a.id = i.account_id",
    id: "i.id",
    orders: &[
        Order {
            key: "issued",
            sql: "i.created_at",
            kind: Kind::Instant,
        },
        Order {
            key: "due",
            sql: "coalesce(i.due_on, '9999-12-31'::date)",
            kind: Kind::Day,
        },
    ],
};

/// What is still to be paid, in the words of the partial index.
const OPEN: &str = "i.status = 'issued' AND i.payment_status IN ('unpaid', 'partly_paid', 'processing')";

/// A page of invoices.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, search: &Search, window: &Window) -> Result<Found<Row>, BillingError> {
    let today = tx.today();
    let found = listing::read(tx.connection(), &SOURCE, window, |query| {
        if let Some(account) = search.account {
            query.push(" AND i.account_id = ").push_bind(account);
        }
        if let Some(from) = search.from {
            query.push(" AND i.issued_on >= ").push_bind(from);
        }
        if let Some(to) = search.to {
            query.push(" AND i.issued_on <= ").push_bind(to);
        }
        if let Some(state) = &search.state {
            push_state(query, state, today);
        }
        if let Some(typed) = &search.typed {
            push_found(query, typed, search.account.is_none());
        }
    })
    .await?;
    Ok(found)
}

fn push_state(query: &mut QueryBuilder<Postgres>, state: &str, today: NaiveDate) {
    match state {
        "open" => {
            query.push(format!(" AND {OPEN} AND NOT {UNDELIVERED}"));
        }
        "overdue" => {
            query
                .push(format!(
                    " AND {OPEN} AND i.payment_status <> 'processing' AND NOT {UNDELIVERED} AND i.due_on < "
                ))
                .push_bind(today);
        }
        "draft" | "void" => {
            query.push(" AND i.status = ").push_bind(state.to_owned());
        }
        "refunded" => {
            query.push(" AND i.payment_status IN ('refunded', 'partly_refunded')");
        }
        other => {
            query
                .push(" AND i.status = 'issued' AND i.payment_status = ")
                .push_bind(other.to_owned());
        }
    }
}

/// Its id, the beginning of its number, or (for staff) words of its customer's name.
fn push_found(query: &mut QueryBuilder<Postgres>, typed: &str, by_customer: bool) {
    if let Ok(id) = typed.parse::<InvoiceId>() {
        query.push(" AND i.id = ").push_bind(id);
        return;
    }
    query
        .push(" AND i.id IN (SELECT w.id FROM invoices w WHERE w.number LIKE ")
        .push_bind(listing::beginning(&typed.to_uppercase()));
    if by_customer {
        query.push(" UNION ALL SELECT w.id FROM invoices w JOIN accounts c ON c.id = w.account_id WHERE ");
        account::list::push_found(query, "c", typed);
    }
    query.push(")");
}
