//! Provider events: verified over their raw bytes, stored once, answered at once, applied by a job
//! that asks the provider again.

use platform::job::{self, Class, Job, NewJob, Outcome as JobOutcome};
use serde::{Deserialize, Serialize};
use tenancy::{Tenancy, TenantScope};

use crate::gateway::{self, GatewayError, GatewayKinds};
use crate::ids::{GatewayId, InboxId, PaymentId};
use crate::{BillingError, dispute, payment, payment_setup, refund};

/// Applies a stored event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApplyEvent {
    /// Which.
    pub inbox: InboxId,
    /// Ids it speaks of.
    pub references: Vec<String>,
}
impl Job for ApplyEvent {
    const NAME: &'static str = "apply_provider_event";
    const CLASS: Class = Class::Critical;
}

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The signature or the body.
    #[error(transparent)]
    Event(#[from] GatewayError),
    /// No such gateway, or the database.
    #[error(transparent)]
    Billing(#[from] BillingError),
}

impl From<sqlx::Error> for ReceiveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Billing(error.into())
    }
}
impl From<platform::db::DbError> for ReceiveError {
    fn from(error: platform::db::DbError) -> Self {
        Self::Billing(error.into())
    }
}

/// Verifies and stores an event; the same one twice is stored once.
///
/// # Errors
/// A wrong signature, a body that is not understood, an unknown gateway. Nothing is written then.
pub async fn receive(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    gateway: GatewayId,
    (headers, body): (&[(String, String)], &[u8]),
) -> Result<(), ReceiveError> {
    let (adapter, context) = gateway::open(doors, kinds, scope, gateway).await?;
    let inbound = adapter.parse_event(&context, headers, body, doors.now())?;
    let mut tx = doors.begin(scope).await?;
    let id: InboxId = tx.new_id();
    let stored = sqlx::query(
        "INSERT INTO inbox (id, gateway_id, event_id, type, body, received_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (gateway_id, event_id) DO NOTHING",
    )
    .bind(id)
    .bind(gateway)
    .bind(&inbound.id)
    .bind(&inbound.event_type)
    .bind(body)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    if stored.rows_affected() == 1 {
        job::enqueue(
            &mut tx,
            &[NewJob::new(&ApplyEvent {
                inbox: id,
                references: inbound.references,
            })],
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The body of [`ApplyEvent`]: finds the payment, asks the provider, settles.
pub async fn apply(doors: &Tenancy, kinds: &GatewayKinds, scope: &TenantScope, args: &ApplyEvent) -> JobOutcome {
    match try_apply(doors, kinds, scope, args).await {
        Ok(()) => JobOutcome::Done,
        Err(error) => JobOutcome::retry(5, error),
    }
}

async fn try_apply(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    args: &ApplyEvent,
) -> Result<(), BillingError> {
    let ours: Vec<PaymentId> = args
        .references
        .iter()
        .filter_map(|reference| reference.parse().ok())
        .collect();
    let mut tx = doors.begin_read(scope).await?;
    let (gateway, event_type): (GatewayId, String) = sqlx::query_as("SELECT gateway_id, type FROM inbox WHERE id = $1")
        .bind(args.inbox)
        .fetch_one(tx.connection())
        .await?;
    // Only payments of the gateway the event came through: two gateways may share one provider account.
    let found: Option<PaymentId> = sqlx::query_scalar(
        "SELECT id FROM payments WHERE gateway_id = $1 AND (provider_ref = ANY($2) OR session_ref = ANY($2) OR id = ANY($3)) LIMIT 1",
    )
    .bind(gateway)
    .bind(&args.references)
    .bind(&ours)
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;
    let note = match found {
        Some(found) => {
            payment::ask(doors, kinds, scope, found).await?;
            if event_type.contains("refund") {
                refund::sync(doors, kinds, scope, found).await?;
            }
            if event_type.contains("dispute") {
                dispute::sync(doors, kinds, scope, found).await?;
            }
            found.to_string()
        }
        None if payment_setup::heard(doors, kinds, scope, gateway, &args.references).await? => "a saved method".into(),
        None => "concerns no payment of ours".into(),
    };
    let mut tx = doors.begin(scope).await?;
    sqlx::query("UPDATE inbox SET applied_at = $2, note = $3 WHERE id = $1")
        .bind(args.inbox)
        .bind(tx.now())
        .bind(note)
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(())
}
