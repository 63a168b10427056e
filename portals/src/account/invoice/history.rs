//! What happened to an invoice: payments, refunds, credit, disputes, newest first.

use billing::credit::{self, Credit};
use billing::dispute::{self, Dispute};
use billing::ids::InvoiceId;
use billing::payment::{self, Payment};
use billing::refund::{self, Refund, RefundFilter};
use billing::{BillingError, payment_method};
use chrono::{DateTime, Utc};
use platform::money::{Currency, Money};
use platform::views::Page;
use serde::Serialize;
use tenancy::TenantTx;

use crate::app::App;
use crate::status::{self, Badge};

/// Most rows of each kind that are read.
const MOST: i64 = 100;

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub struct History {
    /// When.
    pub at: DateTime<Utc>,
    /// Finished words.
    pub text: String,
    /// More, finished.
    pub detail: Option<String>,
    /// How much, with its sign.
    pub amount: Money,
    /// State.
    pub badge: Option<Badge>,
    /// Its own page, for staff.
    pub path: Option<String>,
}

/// Reads it; `staff` also sees attempts that came to nothing and where each row leads.
///
/// # Errors
/// When the database refuses.
pub async fn history(
    app: &App,
    page: &Page,
    tx: &mut TenantTx,
    id: InvoiceId,
    staff: bool,
) -> Result<Vec<History>, BillingError> {
    let mut rows = Vec::new();
    for paid in payment::list(tx, None, Some(id), MOST, None).await? {
        let seen = staff || !["cancelled", "created", "requires_action"].contains(&paid.status.as_str());
        if seen {
            rows.push(of_payment(app, page, tx, &paid, staff).await?);
        }
    }
    let filter = RefundFilter {
        invoice: Some(id),
        ..RefundFilter::default()
    };
    for row in refund::list(tx, &filter, MOST, None).await? {
        rows.push(of_refund(app, page, &row, staff)?);
    }
    for row in credit::list(tx, None, Some(id), MOST, None).await? {
        // What came of a refund is told by the refund.
        if ["applied", "returned", "overpayment"].contains(&row.kind.as_str()) {
            rows.push(of_credit(app, page, &row)?);
        }
    }
    for row in dispute::of_invoice(tx, id).await? {
        rows.push(of_dispute(app, page, &row)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    Ok(rows)
}

async fn of_payment(
    app: &App,
    page: &Page,
    tx: &mut TenantTx,
    paid: &Payment,
    staff: bool,
) -> Result<History, BillingError> {
    let method = match paid.payment_method_id {
        Some(id) => payment_method::find(tx, id).await?,
        None => None,
    };
    let with = match (&method, paid.mode.as_str()) {
        (Some(method), _) => method_name(app, page, &method.brand, &method.last4),
        (None, "manual") => app.say(page, "pay-by-hand", &[]),
        (None, _) => app.say(page, "pay-by-page", &[]),
    };
    Ok(History {
        at: paid.settled_at.unwrap_or(paid.created_at),
        text: app.say(page, "history-payment", &[("with", &with)]),
        detail: paid.reference.clone().or_else(|| failure(app, page, paid)),
        amount: paid.amount()?,
        badge: Some(status::payment(&paid.status)),
        path: staff.then(|| format!("/admin/payments/{}", paid.id)),
    })
}

/// Why a payment failed, in the reader's words.
pub(crate) fn failure(app: &App, page: &Page, paid: &Payment) -> Option<String> {
    let key = match (paid.status.as_str(), paid.failure_class.as_deref()) {
        ("failed", Some("action")) => "pay-failed-action",
        ("failed", Some("new_card")) => "pay-failed-new-card",
        ("failed", _) => "pay-failed-retry",
        _ => return None,
    };
    Some(app.say(page, key, &[]))
}

/// `Visa ···· 4242`, or the kind of method where it has no number.
pub(crate) fn method_name(app: &App, page: &Page, brand: &str, last4: &str) -> String {
    let mut letters = brand.chars();
    let brand = match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => app.say(page, "pay-card", &[]),
    };
    if last4.is_empty() {
        brand
    } else {
        format!("{brand} ···· {last4}")
    }
}

fn of_refund(app: &App, page: &Page, row: &Refund, staff: bool) -> Result<History, BillingError> {
    let key = if row.destination == "credit" {
        "history-refund-credit"
    } else {
        "history-refund"
    };
    Ok(History {
        at: row.created_at,
        text: app.say(page, key, &[]),
        detail: Some(row.reason.clone()).filter(|reason| !reason.is_empty()),
        amount: row.amount()?.negated(),
        badge: Some(status::payment(&row.status)),
        path: staff.then(|| format!("/admin/payments/{}", row.payment_id)),
    })
}

fn of_credit(app: &App, page: &Page, row: &Credit) -> Result<History, BillingError> {
    let key = match row.kind.as_str() {
        "applied" => "history-credit-applied",
        "returned" => "history-credit-returned",
        _ => "history-overpayment",
    };
    Ok(History {
        at: row.created_at,
        text: app.say(page, key, &[]),
        detail: None,
        amount: if row.kind == "applied" {
            row.amount()?.negated()
        } else {
            row.amount()?
        },
        badge: None,
        path: None,
    })
}

fn of_dispute(app: &App, page: &Page, row: &Dispute) -> Result<History, BillingError> {
    Ok(History {
        at: row.created_at,
        text: app.say(page, "history-dispute", &[]),
        detail: None,
        amount: Money::new(row.amount_minor, Currency::parse(&row.currency)?)?.negated(),
        badge: Some(status::payment(match row.status.as_str() {
            "won" => "succeeded",
            _ => "disputed",
        })),
        path: None,
    })
}
