//! What happens to the parent's service of its own accord travels back: the parent knocks, the child looks.
//!
//! The parent's side says nothing but "look at this service"; the child reads what is so now through its own
//! link, so a knock that comes twice, late or out of order does no harm.

use billing::ids::ServiceId;
use billing::service::{self, Service};
use billing::{BillingError, suspension};
use platform::event::EventArgs;
use platform::job::{self, Class, Job, NewJob, Outcome, Placement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::resolve::{self, ResolveError};
use tenancy::task::NewTask;
use tenancy::{TenantId, TenantScope, TenantTx, task};
use uuid::Uuid;

use super::act;
use crate::operation::{self, RetryOperation, Workshop};
use crate::panel::REFERENCE;

/// What the owner reads while the provider keeps a service suspended: plain words, nobody's name.
const PAUSED: &str = "This service is paused for a technical reason. Our staff has been told and takes care of it.";
/// What the owner reads when the provider ended it.
const ENDED: &str = "This service has ended. Please contact us; our staff has been told.";

/// Looks at what the parent's service is now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookUpstream {
    /// Ours.
    pub service: ServiceId,
}
impl Job for LookUpstream {
    const NAME: &'static str = "look_upstream";
    const CLASS: Class = Class::Critical;
}

/// In the parent, after something became of a service: whoever sells it on is asked to look.
pub async fn tell(shop: &Workshop, scope: &TenantScope, args: &EventArgs) -> Outcome {
    match knock(shop, scope, args.event).await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(5, error),
    }
}

async fn knock(shop: &Workshop, scope: &TenantScope, event: Uuid) -> Result<(), BillingError> {
    let mut tx = shop.doors.begin_read(scope).await?;
    let event = platform::event::find(&mut tx, event).await?;
    let Some(there) = event.and_then(|event| event.subject_id.parse::<ServiceId>().ok()) else {
        return Ok(());
    };
    let sold_on: Option<(TenantId, Uuid)> = sqlx::query_as(
        "SELECT downstream_tenant_id, downstream_service_id FROM services \
         WHERE id = $1 AND downstream_tenant_id IS NOT NULL AND downstream_service_id IS NOT NULL",
    )
    .bind(there)
    .fetch_optional(tx.connection())
    .await?;
    tx.commit().await?;
    let Some((child, ours)) = sold_on else { return Ok(()) };
    let door = match resolve::downstream(&shop.doors, scope, child, ours) {
        Err(ResolveError::UnknownTenant) => {
            // Perhaps a tenant this node has not heard of yet; else there is nobody left to tell.
            shop.doors.refresh().await?;
            let Ok(door) = resolve::downstream(&shop.doors, scope, child, ours) else {
                return Ok(());
            };
            door
        }
        other => other.map_err(not_told)?,
    };
    let mut tx = shop.doors.begin(&door).await?;
    if is_delivered_by(&mut tx, ours, there).await? {
        let look = LookUpstream {
            service: ServiceId::new(ours),
        };
        // In order with others of the service: an older look must not overrule a newer one.
        let job = NewJob::new(&look)
            .key(format!("look:{}", look.service))
            .queue(format!("look:{}", look.service));
        job::enqueue(&mut tx, &[job]).await?;
    }
    Ok(tx.commit().await?)
}

fn not_told(error: ResolveError) -> BillingError {
    match error {
        ResolveError::Db(error) => BillingError::Db(error),
        other => BillingError::Conflict("no_link", other.to_string()),
    }
}

/// Both sides must name each other: the child's service has the parent's as its counterpart.
async fn is_delivered_by(tx: &mut TenantTx, ours: Uuid, there: ServiceId) -> Result<bool, BillingError> {
    match operation::allowed(tx, ServiceId::new(ours)).await {
        Err(BillingError::NotFound(_)) => return Ok(false),
        other => other?,
    };
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM services v JOIN servers s ON s.id = v.server_id \
         WHERE v.id = $1 AND s.panel = 'upstream' AND coalesce(v.panel_ref, v.panel_ids->>$3) = $2)",
    )
    .bind(ours)
    .bind(there.to_string())
    .bind(REFERENCE)
    .fetch_one(tx.connection())
    .await?)
}

/// The body of [`LookUpstream`].
pub async fn look_job(shop: &Workshop, scope: &TenantScope, args: &LookUpstream) -> Outcome {
    match look(shop, scope, args.service).await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(5, error),
    }
}

/// The parent's service as it is now.
struct There {
    service: Service,
    /// Why the parent itself keeps it suspended.
    held: Option<String>,
}

/// Reads the parent's service and writes down here what follows from it.
pub(super) async fn look(shop: &Workshop, scope: &TenantScope, ours: ServiceId) -> Result<(), BillingError> {
    let mut tx = shop.doors.begin_read(scope).await?;
    let found = service::find(&mut tx, ours)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    tx.commit().await?;
    let reference = found
        .panel_ref
        .as_deref()
        .or_else(|| found.panel_ids[REFERENCE].as_str());
    let Some(there) = reference.and_then(|id| id.parse::<ServiceId>().ok()) else {
        return Ok(());
    };
    let above = resolve::upstream(&shop.doors, scope).await.map_err(not_told)?;
    let mut tx = shop.doors.begin_read(&above).await?;
    let there = There {
        service: operation::allowed(&mut tx, there).await?,
        held: act::held(&mut tx, there).await?,
    };
    tx.commit().await?;
    let mut tx = shop.doors.begin(scope).await?;
    follow(&mut tx, ours, &there).await?;
    Ok(tx.commit().await?)
}

async fn follow(tx: &mut TenantTx, id: ServiceId, there: &There) -> Result<(), BillingError> {
    sqlx::query("SELECT id FROM services WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(tx.connection())
        .await?;
    let ours = service::find(tx, id).await?.ok_or(BillingError::NotFound("service"))?;
    // What waits for the parent goes on at once.
    let under_way = operation::wake(tx, id).await?;
    match (ours.status.as_str(), there.service.status.as_str()) {
        ("active" | "suspended", "terminated") if under_way.iter().any(|kind| kind == "terminate") => Ok(()),
        ("active" | "suspended", "terminated") => ended(tx, &ours).await,
        ("active" | "suspended", "suspended") => match &there.held {
            Some(why) => held(tx, &ours, why).await,
            None => lifted(tx, &ours).await,
        },
        ("active" | "suspended", "active") => {
            if ours.ip_addresses != there.service.ip_addresses {
                operation::see_addresses(tx, id, &there.service.ip_addresses).await?;
            }
            lifted(tx, &ours).await
        }
        ("failed", "active") => built_late(tx, &ours).await,
        _ => Ok(()),
    }
}

fn key(id: ServiceId) -> String {
    format!("provider:{id}")
}

async fn raise(
    tx: &mut TenantTx,
    ours: &Service,
    title: &str,
    reason: String,
    retry: bool,
) -> Result<(), BillingError> {
    let look = json!({ "service": ours.id });
    let again = job::request(Class::Critical.name(), LookUpstream::NAME, &look, &Placement::default());
    let new = NewTask {
        kind: "provider",
        key: key(ours.id),
        title: format!("{}: {title}", ours.label),
        reason,
        subject: Some(ours.id.to_string()),
        job: retry.then_some(again),
    };
    Ok(task::raise(tx, &new).await?)
}

async fn held(tx: &mut TenantTx, ours: &Service, why: &str) -> Result<(), BillingError> {
    suspension::suspended_above(tx, ours.id, PAUSED).await?;
    let reason = format!("The provider says: {why} It runs again when the provider lifts this.");
    raise(tx, ours, "suspended by the provider", reason, true).await
}

async fn lifted(tx: &mut TenantTx, ours: &Service) -> Result<(), BillingError> {
    if suspension::resumed_above(tx, ours.id).await? {
        task::settle(tx, &key(ours.id)).await?;
    }
    Ok(())
}

/// There is nothing left to deliver, so nothing more is billed for it either.
async fn ended(tx: &mut TenantTx, ours: &Service) -> Result<(), BillingError> {
    service::mark_terminated(tx, ours.id).await?;
    sqlx::query("UPDATE services SET reason = $2 WHERE id = $1")
        .bind(ours.id)
        .bind(ENDED)
        .execute(tx.connection())
        .await?;
    let reason = "The provider has terminated the service that delivers it. The customer is not billed for it any more: \
                  offer a replacement, or refund what is paid ahead.";
    raise(tx, ours, "ended by the provider", reason.into(), false).await
}

/// Given up here, and built there after all: somebody must take it or end it, because it costs.
async fn built_late(tx: &mut TenantTx, ours: &Service) -> Result<(), BillingError> {
    let Some(create) = operation::failed_create(tx, ours.id).await? else {
        return Ok(());
    };
    let args = json!({ "operation": create });
    let retry = job::request(
        Class::Critical.name(),
        RetryOperation::NAME,
        &args,
        &Placement::default(),
    );
    let new = NewTask {
        kind: "operation",
        key: operation::task_key(create),
        title: format!("{}: built by the provider after it was given up here", ours.label),
        reason: "The provider bills it. Try again to take it over, or terminate it there.".into(),
        subject: Some(create.to_string()),
        job: Some(retry),
    };
    Ok(task::raise(tx, &new).await?)
}
