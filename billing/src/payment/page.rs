//! Hosted pages: the payer pays on the gateway's side. An attempt like any other, committed before the page
//! is opened. At any time at most one page of an invoice can be paid: a second wish gets the same page, or
//! the first is closed at the gateway for sure before another is opened.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use platform::job::{self, NewJob};
use platform::money::Money;
use platform::task::Shutdown;
use serde::{Deserialize, Serialize};
use tenancy::{Tenancy, TenantScope, TenantTx};

use super::pay::holds;
use super::settle::abandon;
use super::{AskPayment, KEY_LASTS, NewPayment, Payment, ask, find, in_flight, insert, settle};
use crate::gateway::{self, Asked, GatewayError, GatewayKinds, HostedPage, Outcome};
use crate::ids::{GatewayId, InvoiceId, PaymentId};
use crate::{BillingError, invoice, payment_method};

/// How long a page stays open: afterwards the invoice is free for another attempt.
pub(super) const LASTS: TimeDelta = TimeDelta::hours(1);

/// Rounds of closing one page and opening another before the caller is told to try again.
const ROUNDS: usize = 4;

/// What a page is opened with: sent again the same, the gateway answers the same page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    hold: bool,
    description: String,
    success_url: String,
    cancel_url: String,
}

/// A page to open.
#[derive(Debug, Clone)]
pub struct PageWish {
    /// What is paid: all that is due on it.
    pub invoice: InvoiceId,
    /// Where.
    pub gateway: GatewayId,
    /// Whether the method is kept for later charges: only with the payer's consent.
    pub save: bool,
    /// Back here when paid. The page there calls [`refresh`]: that somebody came back proves nothing.
    pub success_url: String,
    /// Back here when not.
    pub cancel_url: String,
}

/// Opens a page on the gateway's side where what is due is paid, and answers its address. The money is held
/// where the invoice belongs to an order that waits for it and the gateway can hold, else charged.
///
/// # Errors
/// When nothing is due, another payment is under way, or the gateway refuses or is away. Asking again is safe.
pub async fn open_page(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    wish: &PageWish,
) -> Result<String, BillingError> {
    for _ in 0..ROUNDS {
        let (payment, due) = attempt(doors, kinds, scope, wish).await?;
        if !payment.is_open_page() {
            return Err(in_flight());
        }
        let fits = payment.gateway_id == Some(wish.gateway)
            && payment.amount()? == due
            && payment.save_method == wish.save
            && payment.created_at + LASTS > now(doors, scope);
        if !fits {
            close(doors, kinds, scope, &payment).await?;
            continue;
        }
        let Some(session) = payment.session_ref.clone() else {
            return send(doors, kinds, scope, &payment).await;
        };
        let (adapter, context) = gateway::open(doors, kinds, scope, wish.gateway).await?;
        let asked = Asked {
            key: payment.id.to_string(),
            session: Some(session),
            ..Asked::default()
        };
        match (adapter.fetch(&context, &asked).await, &payment.action_url) {
            // It is the same page, also when the gateway cannot say so right now.
            (Outcome::RequiresAction { .. } | Outcome::Unknown { .. } | Outcome::NotSent { .. }, Some(url)) => {
                return Ok(url.clone());
            }
            (outcome, _) => settled(doors, scope, payment.id, &outcome).await?,
        }
    }
    Err(in_flight())
}

fn now(doors: &Tenancy, scope: &TenantScope) -> DateTime<Utc> {
    doors.now() + scope.tenant().clock_offset
}

/// The attempt that is in flight, or a new one.
async fn attempt(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    wish: &PageWish,
) -> Result<(Payment, Money), BillingError> {
    let mut tx = doors.begin(scope).await?;
    let row = invoice::locked(&mut tx, wish.invoice).await?;
    if let Some(known) = in_flight_of(&mut tx, wish.invoice).await? {
        tx.commit().await?;
        return Ok((known, row.due()?));
    }
    let configured = gateway::find(&mut tx, wish.gateway).await?;
    let configured = configured.filter(|gateway| gateway.state == "active");
    let adapter = configured.and_then(|gateway| kinds.get(&gateway.kind));
    let adapter = adapter.ok_or(BillingError::NotFound("gateway"))?;
    let hold = holds(&mut tx, &row, adapter.as_ref()).await?;
    let new = NewPayment {
        gateway: wish.gateway,
        method: None,
        mode: "redirect",
        save: wish.save,
        page: Some(Opening {
            hold,
            description: row.number.clone().unwrap_or_default(),
            success_url: wish.success_url.clone(),
            cancel_url: wish.cancel_url.clone(),
        }),
    };
    let id = insert(&mut tx, &row, &new).await?;
    let later = NewJob::new(&AskPayment { payment: id })
        .key(format!("ask:{id}"))
        .after(Duration::from_secs(60));
    job::enqueue(&mut tx, &[later]).await?;
    let payment = find(&mut tx, id).await?.ok_or(BillingError::NotFound("payment"))?;
    tx.commit().await?;
    Ok((payment, row.due()?))
}

pub(super) async fn in_flight_of(tx: &mut TenantTx, invoice: InvoiceId) -> Result<Option<Payment>, BillingError> {
    let sql = format!(
        "{} WHERE invoice_id = $1 AND status IN ('created', 'requires_action', 'processing', 'unknown', 'held')",
        super::COLUMNS
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(invoice)
        .fetch_optional(tx.connection())
        .await?)
}

/// Opens the page of an attempt. A second sender of the same attempt gets the same page, after a moment.
async fn send(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    payment: &Payment,
) -> Result<String, BillingError> {
    for pause_ms in [300, 1_000, 0] {
        match ask_for_page(doors, kinds, scope, payment).await? {
            Ok(url) => return Ok(url),
            Err(GatewayError::Refused(why)) => {
                let mut tx = doors.begin(scope).await?;
                let now = super::locked(&mut tx, payment.id).await?;
                if now.session_ref.is_none() && now.is_open_page() {
                    abandon(&mut tx, &now, Some(&why)).await?;
                }
                tx.commit().await?;
                return Err(BillingError::Conflict("gateway_refused", why));
            }
            Err(error) => {
                tracing::warn!(payment = %payment.id, %error, "a payment page could not be opened");
                Shutdown::new().sleep(Duration::from_millis(pause_ms)).await;
                let mut tx = doors.begin_read(scope).await?;
                let known = find(&mut tx, payment.id).await?.and_then(|now| now.action_url);
                tx.commit().await?;
                if let Some(url) = known {
                    return Ok(url);
                }
            }
        }
    }
    let why = "The payment page could not be opened; please try again in a moment.";
    Err(BillingError::Conflict("gateway_away", why.into()))
}

/// One call, with all that was written down when the attempt began; what it answers is remembered.
async fn ask_for_page(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    payment: &Payment,
) -> Result<Result<String, GatewayError>, BillingError> {
    let (gateway, opening) = (payment.gateway()?, opening(payment)?);
    let customer = match payment_method::customer(doors, kinds, scope, gateway, payment.account_id).await {
        Ok(customer) => customer,
        Err(BillingError::Conflict("gateway_refused", why)) => return Ok(Err(GatewayError::Refused(why))),
        Err(BillingError::Conflict(_, why)) => return Ok(Err(GatewayError::Away(why))),
        Err(error) => return Err(error),
    };
    let (adapter, context) = gateway::open(doors, kinds, scope, gateway).await?;
    let page = HostedPage {
        key: payment.id.to_string(),
        amount: payment.amount()?,
        customer,
        save: payment.save_method,
        hold: opening.hold,
        description: opening.description,
        success_url: opening.success_url,
        cancel_url: opening.cancel_url,
    };
    let opened = match adapter.open_page(&context, &page).await {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error)),
    };
    let mut tx = doors.begin(scope).await?;
    sqlx::query(
        "UPDATE payments SET action_url = $3, session_ref = $2, status = CASE WHEN status = 'created' THEN 'requires_action' \
         ELSE status END WHERE id = $1",
    )
    .bind(payment.id)
    .bind(&opened.session)
    .bind(&opened.url)
    .execute(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(Ok(opened.url))
}

fn opening(payment: &Payment) -> Result<Opening, BillingError> {
    let page = payment.page.as_ref().map(|page| page.0.clone());
    page.ok_or(BillingError::NotFound("payment page"))
}

async fn settled(doors: &Tenancy, scope: &TenantScope, id: PaymentId, outcome: &Outcome) -> Result<(), BillingError> {
    let mut tx = doors.begin(scope).await?;
    settle(&mut tx, id, outcome).await?;
    Ok(tx.commit().await?)
}

/// Closes the page of an attempt for sure, or settles what was paid on it.
pub(super) async fn close(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    payment: &Payment,
) -> Result<(), BillingError> {
    let mut payment = payment.clone();
    if payment.session_ref.is_none() && payment.created_at + KEY_LASTS > now(doors, scope) {
        // Its answer was lost: the same key learns which page it is. One that is refused was never there.
        match send(doors, kinds, scope, &payment).await {
            Err(BillingError::Conflict("gateway_refused", _)) => return Ok(()),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        let mut tx = doors.begin_read(scope).await?;
        payment = find(&mut tx, payment.id)
            .await?
            .ok_or(BillingError::NotFound("payment"))?;
        tx.commit().await?;
    }
    let outcome = match &payment.session_ref {
        // Older than any page lives, and its address was never known to anybody.
        None => Outcome::Closed,
        Some(session) => {
            let (adapter, context) = gateway::open(doors, kinds, scope, payment.gateway()?).await?;
            adapter.close_page(&context, session).await
        }
    };
    if let Outcome::Unknown { why } | Outcome::NotSent { why } = outcome {
        return Err(BillingError::Conflict("gateway_away", why));
    }
    settled(doors, scope, payment.id, &outcome).await
}

/// Makes sure that no page of this invoice can be paid, before it is paid another way or voided.
///
/// # Errors
/// When a payment is under way that cannot be called back, or the gateway is away.
pub async fn close_page(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    invoice: InvoiceId,
) -> Result<(), BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let open = in_flight_of(&mut tx, invoice).await?;
    tx.commit().await?;
    match open {
        None => Ok(()),
        Some(payment) if payment.is_open_page() => close(doors, kinds, scope, &payment).await,
        Some(_) => Err(in_flight()),
    }
}

/// Asks at once what became of the payment in flight, for the page a payer comes back to.
///
/// # Errors
/// When the database refuses; a gateway that is away leaves everything as it was.
pub async fn refresh(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    invoice: InvoiceId,
) -> Result<(), BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let open = in_flight_of(&mut tx, invoice).await?;
    tx.commit().await?;
    match open {
        Some(payment) if payment.is_open_page() => ask(doors, kinds, scope, payment.id).await,
        _ => Ok(()),
    }
}
