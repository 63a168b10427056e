//! Payments: one attempt in flight per invoice, committed before the gateway is called.
//!
//! The gateway's answer, its events and our own questions all end in [`settle`], which only moves
//! forward under a row lock. A lost answer is `unknown` and is asked about, never guessed.

mod confirm;
mod hold;
pub mod list;
mod page;
mod pay;
mod received;
mod settle;

use std::time::Duration;

use chrono::{DateTime, Utc};
use platform::db::constraint;
use platform::job::{self, Class, Job, NewJob, Outcome as JobOutcome};
use platform::money::Money;
use serde::{Deserialize, Serialize};
use tenancy::{AccountId, Tenancy, TenantScope, TenantTx};

pub use hold::{finish_hold, service_decided, watch as watch_holds};
pub use page::{Opening, PageWish, close_page, open_page, refresh};
pub use pay::pay;
pub use received::{Received, record};
pub use settle::settle;

use crate::error::currency;
use crate::gateway::{self, Asked, Charge, Decline, GatewayKinds, Outcome};
use crate::ids::{GatewayId, InvoiceId, PaymentId, PaymentMethodId};
use crate::invoice::Invoice;
use crate::{BillingError, allowance, invoice, payment_method};

/// A payment.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Payment {
    /// Key; also the idempotency key at the gateway.
    pub id: PaymentId,
    /// Account.
    pub account_id: AccountId,
    /// Invoice.
    pub invoice_id: InvoiceId,
    /// Gateway; none for money that was received by hand.
    pub gateway_id: Option<GatewayId>,
    /// Saved method charged.
    pub payment_method_id: Option<PaymentMethodId>,
    /// Amount.
    pub amount_minor: i64,
    /// Currency.
    pub currency: String,
    /// charge, hold, redirect or manual.
    pub mode: String,
    /// created, requires_action, processing, unknown, held, succeeded, failed, cancelled.
    pub status: String,
    /// The gateway's id.
    pub provider_ref: Option<String>,
    /// The hosted page's id.
    pub session_ref: Option<String>,
    /// The hosted page's address, once opened.
    #[serde(skip)]
    pub action_url: Option<String>,
    /// Whether the payer agreed to keep the method.
    pub save_method: bool,
    /// What a hosted page is opened with.
    #[serde(skip)]
    pub page: Option<sqlx::types::Json<Opening>>,
    /// How it came, where it was received by hand.
    pub reference: Option<String>,
    /// What the gateway kept.
    pub fee_minor: Option<i64>,
    /// What helps after a failure: retry, new_card or action.
    pub failure_class: Option<String>,
    /// Why it failed.
    pub failure_message: Option<String>,
    /// Until when what is held can be taken, when the gateway said so.
    #[serde(skip)]
    pub held_until: Option<DateTime<Utc>>,
    /// How much of what is held is taken.
    #[serde(skip)]
    pub capture_minor: Option<i64>,
    /// Sent back.
    pub refunded_minor: i64,
    /// How often it was asked about.
    pub asks: i32,
    /// When begun.
    pub created_at: DateTime<Utc>,
    /// When it came to its end.
    pub settled_at: Option<DateTime<Utc>>,
}

impl Payment {
    /// The gateway it went through.
    ///
    /// # Errors
    /// When it was received by hand.
    pub fn gateway(&self) -> Result<GatewayId, BillingError> {
        self.gateway_id.ok_or(BillingError::NotFound("gateway"))
    }

    /// How much.
    ///
    /// # Errors
    /// When the row makes no sense.
    pub fn amount(&self) -> Result<Money, BillingError> {
        Ok(Money::new(self.amount_minor, currency(&self.currency)?)?)
    }

    /// Whether it is a hosted page that may still be paid.
    #[must_use]
    pub fn is_open_page(&self) -> bool {
        self.mode == "redirect" && ["created", "requires_action", "unknown"].contains(&self.status.as_str())
    }
}

const COLUMNS: &str = "SELECT id, account_id, invoice_id, gateway_id, payment_method_id, amount_minor, currency, mode, status, \
     provider_ref, session_ref, action_url, save_method, page, reference, fee_minor, failure_class, failure_message, held_until, capture_minor, refunded_minor, asks, \
     created_at, settled_at FROM payments";

/// How long a gateway may be trusted to know a key again, with a margin (Stripe: at least 24 hours).
const KEY_LASTS: chrono::TimeDelta = chrono::TimeDelta::hours(20);

/// Drives a payment that was begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DrivePayment {
    /// Which.
    pub payment: PaymentId,
}
impl Job for DrivePayment {
    const NAME: &'static str = "drive_payment";
    const CLASS: Class = Class::Critical;
}

/// Asks what became of a payment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AskPayment {
    /// Which.
    pub payment: PaymentId,
}
impl Job for AskPayment {
    const NAME: &'static str = "ask_payment";
    const CLASS: Class = Class::Critical;
}

/// Takes or gives back what is held for an order, once its services are decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FinishHold {
    /// Which.
    pub payment: PaymentId,
}
impl Job for FinishHold {
    const NAME: &'static str = "finish_hold";
    const CLASS: Class = Class::Critical;
}

/// Begins a payment of what an invoice still wants; its job makes sure that it is driven.
///
/// # Errors
/// When another is in flight, or nothing is due.
pub async fn begin(
    tx: &mut TenantTx,
    invoice: InvoiceId,
    method: PaymentMethodId,
    hold: bool,
) -> Result<PaymentId, BillingError> {
    let row = invoice::locked(tx, invoice).await?;
    let method = payment_method::find(tx, method)
        .await?
        .ok_or(BillingError::NotFound("payment method"))?;
    if method.account_id != row.account_id {
        return Err(BillingError::NotFound("payment method"));
    }
    let new = NewPayment {
        gateway: method.gateway_id,
        method: Some(method.id),
        mode: if hold { "hold" } else { "charge" },
        page: None,
        save: false,
    };
    let id = insert(tx, &row, &new).await?;
    let again = NewJob::new(&DrivePayment { payment: id })
        .key(format!("drive:{id}"))
        .after(Duration::from_secs(3));
    job::enqueue(tx, &[again]).await?;
    Ok(id)
}

/// An attempt to write down.
struct NewPayment {
    gateway: GatewayId,
    method: Option<PaymentMethodId>,
    mode: &'static str,
    page: Option<Opening>,
    save: bool,
}

/// Writes an attempt for all that is due; the invoice is locked, as settling locks it, so that what is due is
/// read after money that arrives this moment.
async fn insert(tx: &mut TenantTx, row: &Invoice, new: &NewPayment) -> Result<PaymentId, BillingError> {
    let due = row.due()?;
    if row.status != "issued" || !due.is_positive() {
        return Err(BillingError::Conflict(
            "nothing_due",
            "Nothing is due on this invoice.".into(),
        ));
    }
    let id: PaymentId = tx.new_id();
    let inserted = sqlx::query(
        "INSERT INTO payments (id, account_id, invoice_id, gateway_id, payment_method_id, amount_minor, currency, mode, status, \
         save_method, page, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'created', $9, $10, $11)",
    )
    .bind(id)
    .bind(row.account_id)
    .bind(row.id)
    .bind(new.gateway)
    .bind(new.method)
    .bind(due.minor)
    .bind(due.currency.code())
    .bind(new.mode)
    .bind(new.save)
    .bind(new.page.as_ref().map(sqlx::types::Json))
    .bind(tx.now())
    .execute(tx.connection())
    .await;
    match inserted {
        Ok(_) => allowance::count_payment(tx, row, id, due).await.map(|()| id),
        Err(error) if constraint(&error) == Some("payments_in_flight") => Err(in_flight()),
        Err(error) => Err(error.into()),
    }
}

fn in_flight() -> BillingError {
    BillingError::Conflict("payment_in_flight", "A payment of this invoice is under way.".into())
}

/// The saved method was removed before it was charged: a clear no, so that the invoice is free for another.
async fn without_method(doors: &Tenancy, scope: &TenantScope, id: PaymentId) -> Result<(), BillingError> {
    let mut tx = doors.begin(scope).await?;
    let gone = Outcome::Declined {
        reference: None,
        class: Decline::NewCard,
        code: "method_removed".into(),
        message: "The payment method was removed.".into(),
    };
    settle(&mut tx, id, &gone).await?;
    Ok(tx.commit().await?)
}

/// Calls the gateway for a payment that was begun, and settles its answer. Twice is as good as once:
/// the gateway sees one key.
///
/// # Errors
/// When the database refuses; the payment stays as it was and its job drives it again.
pub async fn drive(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: PaymentId,
) -> Result<(), BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let payment = find(&mut tx, id).await?.ok_or(BillingError::NotFound("payment"))?;
    let row = invoice::find(&mut tx, payment.invoice_id)
        .await?
        .ok_or(BillingError::NotFound("invoice"))?;
    let method: Option<String> =
        sqlx::query_scalar("SELECT provider_ref FROM payment_methods WHERE id = $1 AND state <> 'removed'")
            .bind(payment.payment_method_id)
            .fetch_optional(tx.connection())
            .await?;
    let now = tx.now();
    tx.commit().await?;
    if payment.status != "created" || payment.payment_method_id.is_none() {
        return Ok(());
    }
    let Some(method) = method else {
        return without_method(doors, scope, id).await;
    };
    let gateway = payment.gateway()?;
    let outcome = match payment_method::customer(doors, kinds, scope, gateway, payment.account_id).await {
        Err(BillingError::Conflict(_, why)) => Outcome::NotSent { why },
        Err(error) => return Err(error),
        Ok(customer) => {
            let (adapter, context) = gateway::open(doors, kinds, scope, gateway).await?;
            let charge = Charge {
                key: id.to_string(),
                amount: payment.amount()?,
                customer,
                method,
                hold: payment.mode == "hold",
                description: row.number.unwrap_or_default(),
            };
            // The gateway forgets a key after a day: an attempt that waited longer looks before it sends.
            let known = if payment.created_at + KEY_LASTS < now {
                let customer = Some(charge.customer.clone());
                let asked = Asked {
                    key: charge.key.clone(),
                    customer,
                    ..Asked::default()
                };
                adapter.fetch(&context, &asked).await
            } else {
                Outcome::Nothing
            };
            let outcome = match known {
                Outcome::Nothing => adapter.charge(&context, &charge).await,
                found => found,
            };
            confirm::ended(adapter.as_ref(), &context, &payment, outcome).await
        }
    };
    let mut tx = doors.begin(scope).await?;
    settle(&mut tx, id, &outcome).await?;
    tx.commit().await?;
    Ok(())
}

/// The body of [`DrivePayment`].
pub async fn drive_job(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope, args: &DrivePayment) -> JobOutcome {
    match drive(doors, kinds, scope, args.payment).await {
        Ok(()) => JobOutcome::Done,
        Err(error) => JobOutcome::retry(5, error),
    }
}

/// The body of [`AskPayment`]: asks the gateway and settles what it says.
pub async fn ask_job(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope, args: &AskPayment) -> JobOutcome {
    match ask(doors, kinds, scope, args.payment).await {
        Ok(()) => JobOutcome::Done,
        Err(error) => JobOutcome::retry(5, error),
    }
}

/// Asks the gateway what became of a payment.
///
/// # Errors
/// When the database refuses.
pub async fn ask(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: PaymentId,
) -> Result<(), BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let payment = find(&mut tx, id).await?.ok_or(BillingError::NotFound("payment"))?;
    let customer: Option<String> =
        sqlx::query_scalar("SELECT provider_ref FROM gateway_customers WHERE gateway_id = $1 AND account_id = $2")
            .bind(payment.gateway_id)
            .bind(payment.account_id)
            .fetch_optional(tx.connection())
            .await?;
    let now = tx.now();
    tx.commit().await?;
    // One that was given up is asked about too: money that arrives after all is still money.
    if payment.status == "succeeded" || payment.gateway_id.is_none() {
        return Ok(());
    }
    if payment.is_open_page() && payment.created_at + page::LASTS < now {
        return page::close(doors, kinds, scope, &payment).await;
    }
    let (adapter, context) = gateway::open(doors, kinds, scope, payment.gateway()?).await?;
    let asked = Asked {
        key: id.to_string(),
        reference: payment.provider_ref.clone(),
        session: payment.session_ref.clone(),
        customer,
    };
    let outcome = adapter.fetch(&context, &asked).await;
    let outcome = confirm::ended(adapter.as_ref(), &context, &payment, outcome).await;
    let mut tx = doors.begin(scope).await?;
    settle(&mut tx, id, &outcome).await?;
    tx.commit().await?;
    Ok(())
}

/// A payment by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: PaymentId) -> Result<Option<Payment>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// A payment under its row lock; its invoice is locked after it, its account last.
pub(crate) async fn locked(tx: &mut TenantTx, id: PaymentId) -> Result<Payment, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1 FOR UPDATE");
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?
        .ok_or(BillingError::NotFound("payment"))
}

/// Payments newest first, of an account, an invoice or all.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    account: Option<AccountId>,
    invoice: Option<InvoiceId>,
    limit: i64,
    after: Option<PaymentId>,
) -> Result<Vec<Payment>, BillingError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1::uuid IS NULL OR account_id = $1) AND ($2::uuid IS NULL OR invoice_id = $2) \
         AND ($4::uuid IS NULL OR (created_at, id) < (SELECT p.created_at, p.id FROM payments p WHERE p.id = $4)) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .bind(invoice)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}
