//! The sandbox gateway's books: each call one transaction, as it would be at a provider.

use chrono::{DateTime, TimeDelta, Utc};
use platform::money::Money;
use tenancy::{Portal, TenantTx};

use super::card::{Behaviour, Card, refusal};
use super::page_path;
use crate::BillingError;
use crate::error::currency;
use crate::gateway::{
    Asked, Charge, GatewayContext, HostedPage, Opened, Outcome, RefundState, SavedMethod, SeenRefund, SetupPage,
    SetupState,
};
use crate::ids::{GatewayId, SandboxMethodId, SandboxPaymentId, SandboxRefundId};

/// How long a page may be used.
pub(super) const PAGE_LASTS: TimeDelta = TimeDelta::hours(24);

/// How long money stays held, as with most cards.
const HOLD_LASTS: TimeDelta = TimeDelta::days(7);

/// What the gateway knows of a payment.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: SandboxPaymentId,
    pub(super) gateway_id: GatewayId,
    pub(super) key: String,
    pub(super) customer: String,
    pub(super) method_id: Option<SandboxMethodId>,
    pub(super) card: Option<String>,
    pub(super) amount_minor: Option<i64>,
    pub(super) taken_minor: Option<i64>,
    pub(super) currency: String,
    pub(super) hold: bool,
    pub(super) status: String,
    pub(super) decline: Option<String>,
    pub(super) refunded_minor: i64,
    pub(super) session: Option<String>,
    pub(super) save: bool,
    pub(super) description: String,
    pub(super) success_url: Option<String>,
    pub(super) cancel_url: Option<String>,
    pub(super) created_at: DateTime<Utc>,
}

const COLUMNS: &str = "SELECT p.id, p.gateway_id, p.key, p.customer, p.method_id, m.card, p.amount_minor, p.taken_minor, p.currency, p.hold, p.status, \
     p.decline, p.refunded_minor, p.session, p.save, p.description, p.success_url, p.cancel_url, p.created_at \
     FROM sandbox_payments p LEFT JOIN sandbox_methods m ON m.id = p.method_id";

impl Row {
    /// As the gateway answers it.
    pub(super) fn outcome(&self, now: DateTime<Utc>) -> Outcome {
        let reference = self.id.to_string();
        match self.status.as_str() {
            "open" | "closed" if self.status == "closed" || self.created_at + PAGE_LASTS < now => Outcome::Closed,
            "open" => Outcome::RequiresAction { reference: None },
            "confirming" => Outcome::RequiresAction {
                reference: Some(reference),
            },
            "held" if self.created_at + HOLD_LASTS < now => declined(reference, "expired"),
            "held" => Outcome::Held {
                reference,
                amount: self.amount(),
                until: Some(self.created_at + HOLD_LASTS),
                saved: self.saved(),
            },
            "succeeded" => Outcome::Succeeded {
                reference,
                amount: self.amount(),
                fee_minor: None,
                saved: self.saved(),
            },
            "released" => declined(reference, "released"),
            _ => declined(reference, self.decline.as_deref().unwrap_or("card_declined")),
        }
    }

    /// How much; none on a page that only saves a card.
    pub(super) fn amount(&self) -> Option<Money> {
        let minor = self.taken_minor.or(self.amount_minor)?;
        Money::new(minor, currency(&self.currency).ok()?).ok()
    }

    /// The method, where the payer agreed to keep it.
    fn saved(&self) -> Option<SavedMethod> {
        let card = Card::named(self.card.as_deref()?)?;
        Some(card.saved(self.method_id?.to_string())).filter(|_| self.save)
    }
}

fn declined(reference: String, code: &str) -> Outcome {
    let (class, message) = refusal(code);
    Outcome::Declined {
        reference: Some(reference),
        class,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn no_payment() -> BillingError {
    BillingError::Conflict("no_payment", "The sandbox knows no such payment.".into())
}

/// A payment by its page, its key or its id, locked.
pub(super) async fn find(tx: &mut TenantTx, condition: &str, value: &str) -> Result<Option<Row>, BillingError> {
    let sql = format!("{COLUMNS} WHERE {condition} FOR UPDATE OF p");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(value)
        .fetch_optional(tx.connection())
        .await?)
}

async fn by_reference(tx: &mut TenantTx, reference: &str) -> Result<Row, BillingError> {
    let id: SandboxPaymentId = reference.parse().map_err(|_| no_payment())?;
    find(tx, "p.id = $1::uuid", &id.uuid().to_string())
        .await?
        .ok_or_else(no_payment)
}

async fn by_key(tx: &mut TenantTx, gateway: GatewayId, key: &str) -> Result<Option<Row>, BillingError> {
    let found = find(tx, "p.key = $1", key).await?;
    Ok(found.filter(|row| row.gateway_id == gateway))
}

/// Keeps a card.
pub(super) async fn keep(
    tx: &mut TenantTx,
    gateway: GatewayId,
    customer: &str,
    card: &Card,
) -> Result<SandboxMethodId, BillingError> {
    let id: SandboxMethodId = tx.new_id();
    sqlx::query("INSERT INTO sandbox_methods (id, gateway_id, customer, card, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(gateway)
        .bind(customer)
        .bind(card.token)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    Ok(id)
}

pub(super) async fn attach(context: &GatewayContext, customer: &str, card: &Card) -> Result<SavedMethod, BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    let id = keep(&mut tx, context.id, customer, card).await?;
    tx.commit().await?;
    Ok(card.saved(id.to_string()))
}

/// What a card answers to a charge without its owner: the status, and the code of a refusal.
pub(super) async fn answer(
    tx: &mut TenantTx,
    method: SandboxMethodId,
    card: &Card,
    hold: bool,
    present: bool,
) -> Result<(&'static str, Option<&'static str>), BillingError> {
    let good = if hold { "held" } else { "succeeded" };
    Ok(match card.behaviour {
        Behaviour::Pays => (good, None),
        Behaviour::Confirms if present => ("confirming", None),
        Behaviour::Confirms => ("declined", Some("authentication_required")),
        Behaviour::Expired => ("declined", Some("expired_card")),
        Behaviour::Declines | Behaviour::Refused => ("declined", Some("card_declined")),
        Behaviour::Once => {
            let before: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM sandbox_payments WHERE method_id = $1 AND status IN ('held', 'succeeded'))",
            )
            .bind(method)
            .fetch_one(tx.connection())
            .await?;
            if before {
                ("declined", Some("card_declined"))
            } else {
                (good, None)
            }
        }
    })
}

pub(super) async fn charge(context: &GatewayContext, charge: &Charge) -> Result<Outcome, BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    if let Some(known) = by_key(&mut tx, context.id, &charge.key).await? {
        return Ok(known.outcome(tx.now()));
    }
    let method: Option<(SandboxMethodId, String)> = match charge.method.parse::<SandboxMethodId>() {
        Ok(id) => {
            sqlx::query_as("SELECT id, card FROM sandbox_methods WHERE id = $1 AND gateway_id = $2 AND customer = $3 AND removed_at IS NULL")
                .bind(id)
                .bind(context.id)
                .bind(&charge.customer)
                .fetch_optional(tx.connection())
                .await?
        }
        Err(_) => None,
    };
    let Some((method, card)) = method.and_then(|(id, token)| Some((id, Card::named(&token)?))) else {
        let (class, code) = (crate::gateway::Decline::NewCard, "no_such_method".to_owned());
        let message = "This payment method is not known any more.".to_owned();
        return Ok(Outcome::Declined {
            reference: None,
            class,
            code,
            message,
        });
    };
    let (status, decline) = answer(&mut tx, method, card, charge.hold, false).await?;
    let id: SandboxPaymentId = tx.new_id();
    sqlx::query(
        "INSERT INTO sandbox_payments (id, gateway_id, key, customer, method_id, amount_minor, currency, hold, status, decline, description, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (gateway_id, key) DO NOTHING",
    )
    .bind(id)
    .bind(context.id)
    .bind(&charge.key)
    .bind(&charge.customer)
    .bind(method)
    .bind(charge.amount.minor)
    .bind(charge.amount.currency.code())
    .bind(charge.hold)
    .bind(status)
    .bind(decline)
    .bind(&charge.description)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let row = by_key(&mut tx, context.id, &charge.key).await?.ok_or_else(no_payment)?;
    let now = tx.now();
    tx.commit().await?;
    Ok(row.outcome(now))
}

pub(super) async fn open_page(context: &GatewayContext, page: &HostedPage) -> Result<Opened, BillingError> {
    let new = NewPage {
        key: &page.key,
        customer: &page.customer,
        amount_minor: Some(page.amount.minor),
        currency: page.amount.currency.code(),
        hold: page.hold,
        save: page.save,
        description: &page.description,
        back: (&page.success_url, &page.cancel_url),
    };
    open(context, &new).await
}

pub(super) async fn open_setup(context: &GatewayContext, page: &SetupPage) -> Result<Opened, BillingError> {
    let new = NewPage {
        key: &page.key,
        customer: &page.customer,
        amount_minor: None,
        currency: page.currency.code(),
        hold: false,
        save: true,
        description: "",
        back: (&page.success_url, &page.cancel_url),
    };
    open(context, &new).await
}

/// A page to open.
struct NewPage<'a> {
    key: &'a str,
    customer: &'a str,
    amount_minor: Option<i64>,
    currency: &'a str,
    hold: bool,
    save: bool,
    description: &'a str,
    back: (&'a str, &'a str),
}

async fn open(context: &GatewayContext, page: &NewPage<'_>) -> Result<Opened, BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    let id: SandboxPaymentId = tx.new_id();
    let fresh = tx.random().token(24);
    sqlx::query(
        "INSERT INTO sandbox_payments (id, gateway_id, key, customer, amount_minor, currency, hold, status, session, save, description, \
         success_url, cancel_url, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (gateway_id, key) DO NOTHING",
    )
    .bind(id)
    .bind(context.id)
    .bind(page.key)
    .bind(page.customer)
    .bind(page.amount_minor)
    .bind(page.currency)
    .bind(page.hold)
    .bind(&fresh)
    .bind(page.save)
    .bind(page.description)
    .bind(page.back.0)
    .bind(page.back.1)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    let row = by_key(&mut tx, context.id, page.key).await?.ok_or_else(no_payment)?;
    tx.commit().await?;
    let session = row.session.ok_or_else(no_payment)?;
    let tenant = context.scope.tenant();
    let directory = context.doors.directory();
    let host = directory.public_host(tenant, Portal::Account, context.doors.base_domain());
    let url = format!("{}{}", context.doors.origin(&host), page_path(&session));
    Ok(Opened { session, url })
}

/// A page by its name, for whoever opened it.
async fn by_session(tx: &mut TenantTx, gateway: GatewayId, session: &str) -> Result<Row, BillingError> {
    let found = find(tx, "p.session = $1", session).await?;
    found.filter(|row| row.gateway_id == gateway).ok_or_else(no_payment)
}

pub(super) async fn close_page(context: &GatewayContext, session: &str) -> Result<Outcome, BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    let mut row = by_session(&mut tx, context.id, session).await?;
    if ["open", "confirming"].contains(&row.status.as_str()) {
        mark(&mut tx, row.id, "closed", None).await?;
        "closed".clone_into(&mut row.status);
    }
    let now = tx.now();
    tx.commit().await?;
    Ok(row.outcome(now))
}

pub(super) async fn fetch_setup(context: &GatewayContext, session: &str) -> Result<SetupState, BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    let row = by_session(&mut tx, context.id, session).await?;
    let now = tx.now();
    tx.commit().await?;
    Ok(match row.outcome(now) {
        Outcome::Succeeded { saved: Some(saved), .. } => SetupState::Saved(saved),
        Outcome::RequiresAction { .. } => SetupState::Open,
        _ => SetupState::Ended,
    })
}

pub(super) async fn detach(context: &GatewayContext, method: &str) -> Result<(), BillingError> {
    let Ok(id) = method.parse::<SandboxMethodId>() else {
        return Ok(());
    };
    let mut tx = context.doors.begin(&context.scope).await?;
    sqlx::query("UPDATE sandbox_methods SET removed_at = coalesce(removed_at, $2) WHERE id = $1")
        .bind(id)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn refunds(context: &GatewayContext, reference: &str) -> Result<Vec<SeenRefund>, BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    let row = by_reference(&mut tx, reference).await?;
    let made: Vec<(SandboxRefundId, String, i64)> = sqlx::query_as(
        "SELECT id, key, amount_minor FROM sandbox_refunds WHERE payment_id = $1 ORDER BY created_at, id",
    )
    .bind(row.id)
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let unit = currency(&row.currency)?;
    made.into_iter()
        .map(|(id, key, minor)| {
            Ok(SeenRefund {
                reference: id.to_string(),
                key: Some(key),
                amount: Money::new(minor, unit)?,
                state: RefundState::Succeeded,
            })
        })
        .collect()
}

pub(super) async fn mark(
    tx: &mut TenantTx,
    id: SandboxPaymentId,
    status: &str,
    decline: Option<&str>,
) -> Result<(), BillingError> {
    sqlx::query("UPDATE sandbox_payments SET status = $2, decline = $3 WHERE id = $1")
        .bind(id)
        .bind(status)
        .bind(decline)
        .execute(tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn capture(
    context: &GatewayContext,
    reference: &str,
    part: Option<Money>,
) -> Result<Outcome, BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    let mut row = by_reference(&mut tx, reference).await?;
    let now = tx.now();
    if row.status == "held" && row.created_at + HOLD_LASTS >= now {
        let part = part.map(|part| part.minor);
        if part > row.amount_minor {
            return Err(no_payment());
        }
        sqlx::query("UPDATE sandbox_payments SET status = 'succeeded', taken_minor = $2 WHERE id = $1")
            .bind(row.id)
            .bind(part)
            .execute(tx.connection())
            .await?;
        "succeeded".clone_into(&mut row.status);
        row.taken_minor = part;
    }
    tx.commit().await?;
    Ok(row.outcome(now))
}

pub(super) async fn release(context: &GatewayContext, reference: &str) -> Result<(), BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    let row = by_reference(&mut tx, reference).await?;
    match row.status.as_str() {
        "held" => mark(&mut tx, row.id, "released", None).await?,
        "succeeded" => return Err(BillingError::Conflict("captured", "It was taken already.".into())),
        _ => {}
    }
    Ok(tx.commit().await?)
}

pub(super) async fn refund(
    context: &GatewayContext,
    key: &str,
    reference: &str,
    amount: Money,
) -> Result<SandboxRefundId, BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    let row = by_reference(&mut tx, reference).await?;
    let known: Option<SandboxRefundId> =
        sqlx::query_scalar("SELECT id FROM sandbox_refunds WHERE gateway_id = $1 AND key = $2")
            .bind(context.id)
            .bind(key)
            .fetch_optional(tx.connection())
            .await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let refused = |why: &str| Err(BillingError::Conflict("refund_refused", why.into()));
    if row.status != "succeeded" || row.currency != amount.currency.code() {
        return refused("Nothing was taken that could be sent back.");
    }
    if row.taken_minor.or(row.amount_minor).unwrap_or(0) - row.refunded_minor < amount.minor {
        return refused("More than was taken cannot be sent back.");
    }
    let id: SandboxRefundId = tx.new_id();
    sqlx::query(
        "INSERT INTO sandbox_refunds (id, gateway_id, key, payment_id, amount_minor, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(context.id)
    .bind(key)
    .bind(row.id)
    .bind(amount.minor)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    sqlx::query("UPDATE sandbox_payments SET refunded_minor = refunded_minor + $2 WHERE id = $1")
        .bind(row.id)
        .bind(amount.minor)
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(id)
}

pub(super) async fn fetch(context: &GatewayContext, asked: &Asked) -> Result<Outcome, BillingError> {
    let mut tx = context.doors.begin(&context.scope).await?;
    let row = match (&asked.reference, &asked.session) {
        (Some(reference), _) => Some(by_reference(&mut tx, reference).await?),
        (None, Some(session)) => find(&mut tx, "p.session = $1", session).await?,
        (None, None) => by_key(&mut tx, context.id, &asked.key).await?,
    };
    let now = tx.now();
    tx.commit().await?;
    Ok(row.map_or(Outcome::Nothing, |row| row.outcome(now)))
}
