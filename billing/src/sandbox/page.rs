//! The sandbox gateway's hosted page: what it shows, and what the payer's buttons do.

use platform::job::{self, NewJob};
use platform::money::Money;
use tenancy::{Mode, TenantTx};

use super::card::{Behaviour, Card, ON_PAGE};
use super::store::{self, PAGE_LASTS, Row};
use crate::BillingError;
use crate::payment::AskPayment;

/// A page as it is shown.
#[derive(Debug, Clone)]
pub struct HostedView {
    /// What is paid.
    pub description: String,
    /// How much; none on a page that only saves a card.
    pub amount: Option<Money>,
    /// Whether the payer has yet to confirm.
    pub confirming: bool,
    /// Whether it is over, and the payer belongs elsewhere.
    pub over: Option<String>,
    /// Where a payer goes who does not pay.
    pub cancel_url: String,
}

/// What paying came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paid {
    /// Done: on to this address.
    Leave(String),
    /// The payer has to confirm.
    Confirm,
    /// Declined: another card may be tried.
    Declined,
}

fn gone() -> BillingError {
    BillingError::NotFound("payment page")
}

async fn row(tx: &mut TenantTx, session: &str) -> Result<Row, BillingError> {
    if tx.tenant().mode != Mode::Sandbox {
        return Err(gone());
    }
    store::find(tx, "p.session = $1", session).await?.ok_or_else(gone)
}

fn is_usable(tx: &TenantTx, row: &Row) -> bool {
    ["open", "confirming"].contains(&row.status.as_str()) && tx.now() < row.created_at + PAGE_LASTS
}

fn leave(row: &Row) -> String {
    let paid = ["held", "succeeded"].contains(&row.status.as_str());
    let url = if paid { &row.success_url } else { &row.cancel_url };
    url.clone().unwrap_or_else(|| "/".into())
}

/// A page by its name.
///
/// # Errors
/// When there is none, or the tenant is a live one.
pub async fn find_page(tx: &mut TenantTx, session: &str) -> Result<HostedView, BillingError> {
    let row = row(tx, session).await?;
    Ok(HostedView {
        amount: row.amount(),
        confirming: row.status == "confirming",
        over: (!is_usable(tx, &row)).then(|| leave(&row)),
        cancel_url: row.cancel_url.clone().unwrap_or_else(|| "/".into()),
        description: row.description,
    })
}

/// Pays with a test card. A second click changes nothing.
///
/// # Errors
/// When there is no such page or card.
pub async fn pay(tx: &mut TenantTx, session: &str, token: &str) -> Result<Paid, BillingError> {
    let mut row = row(tx, session).await?;
    if !is_usable(tx, &row) {
        return Ok(Paid::Leave(leave(&row)));
    }
    let card = Card::named(token)
        .filter(|card| ON_PAGE.contains(&card.token))
        .ok_or_else(|| BillingError::Field("card", "Choose one of the test cards.".into()))?;
    let method = store::keep(tx, row.gateway_id, &row.customer, card).await?;
    sqlx::query("UPDATE sandbox_payments SET method_id = $2 WHERE id = $1")
        .bind(row.id)
        .bind(method)
        .execute(tx.connection())
        .await?;
    let (mut status, _) = store::answer(tx, method, card, row.hold, true).await?;
    if row.amount_minor.is_none() && status == "declined" && card.behaviour != Behaviour::Refused {
        // Nothing is charged: a card that will decline can be saved, as anywhere.
        status = "succeeded";
    }
    match status {
        // As on a real page, a declined card leaves the page open for another one.
        "declined" => return Ok(Paid::Declined),
        "confirming" => {
            store::mark(tx, row.id, status, None).await?;
            return Ok(Paid::Confirm);
        }
        _ => store::mark(tx, row.id, status, None).await?,
    }
    status.clone_into(&mut row.status);
    tell(tx, &row).await?;
    Ok(Paid::Leave(leave(&row)))
}

/// The payer's answer to their bank.
///
/// # Errors
/// When there is no such page.
pub async fn confirm(tx: &mut TenantTx, session: &str, agreed: bool) -> Result<Paid, BillingError> {
    let mut row = row(tx, session).await?;
    if row.status != "confirming" || !is_usable(tx, &row) {
        return Ok(Paid::Leave(leave(&row)));
    }
    let confirms = row
        .card
        .as_deref()
        .and_then(Card::named)
        .is_some_and(|card| card.behaviour == Behaviour::Confirms);
    if !agreed || !confirms {
        store::mark(tx, row.id, "open", None).await?;
        return Ok(Paid::Declined);
    }
    let status = if row.hold { "held" } else { "succeeded" };
    store::mark(tx, row.id, status, None).await?;
    status.clone_into(&mut row.status);
    tell(tx, &row).await?;
    Ok(Paid::Leave(leave(&row)))
}

/// The payer turns back: nothing was paid, and the page can be used again later.
///
/// # Errors
/// When there is no such page.
pub async fn cancel(tx: &mut TenantTx, session: &str) -> Result<String, BillingError> {
    let row = row(tx, session).await?;
    if row.status == "confirming" {
        store::mark(tx, row.id, "open", None).await?;
    }
    Ok(leave(&row))
}

/// What a provider's event would lead to.
async fn tell(tx: &mut TenantTx, row: &Row) -> Result<(), BillingError> {
    if let Ok(payment) = row.key.parse() {
        let ask = NewJob::new(&AskPayment { payment }).key(format!("ask:{payment}"));
        job::enqueue(tx, &[ask]).await?;
    }
    Ok(())
}
