//! Acting on the parent's service: what is wanted here becomes something wanted there, once.

use billing::ids::ServiceId;
use billing::{BillingError, order as orders, service, suspension};
use serde_json::{Value, json};
use tenancy::{TenantScope, TenantTx};

use super::{begin, commit, look, order, parent, refused, service_of, watch};
use crate::OperationId;
use crate::panel::{Capability, PASSWORD, PanelContext, PanelError, Progress, Step, Target};
use crate::{link, operation};

/// The cause of a suspension there that we ask for.
pub(super) const CAUSE: &str = "reseller";
/// Note of the parent's operation that its staff gave up.
const GIVEN_UP: &str = "given_up";

/// Suspends the parent's service for us, besides whatever else suspends it.
pub(super) async fn suspend(context: &PanelContext, target: &mut Target) -> Step {
    if !target.notes.contains_key("asked") {
        let scope = parent(context).await?;
        let mut tx = begin(context, &scope).await?;
        let id = service_of(target)?;
        operation::allowed(&mut tx, id).await.map_err(refused)?;
        suspension::suspend(&mut tx, id, CAUSE, None, "Asked for by the reseller.")
            .await
            .map_err(refused)?;
        commit(tx).await?;
        target.notes.insert("asked".into(), json!(true));
        return Ok(Progress::again("upstream", 1));
    }
    Ok(match look(context, target).await?.status.as_str() {
        "suspended" => Progress::done(),
        "terminated" => return Err(PanelError::Gone),
        _ => Progress::again("upstream", 2),
    })
}

/// Lifts our own suspension there; it runs when no other is left.
pub(super) async fn resume(context: &PanelContext, target: &mut Target) -> Step {
    if !target.notes.contains_key("asked") {
        let scope = parent(context).await?;
        let mut tx = begin(context, &scope).await?;
        let id = service_of(target)?;
        operation::allowed(&mut tx, id).await.map_err(refused)?;
        match suspension::lift(&mut tx, id, CAUSE).await {
            Ok(()) | Err(BillingError::Conflict("not_suspended", _)) => {}
            Err(error) => return Err(refused(error)),
        }
        commit(tx).await?;
        target.notes.insert("asked".into(), json!(true));
        return Ok(Progress::again("upstream", 1));
    }
    let found = look(context, target).await?;
    match found.status.as_str() {
        "active" => return Ok(Progress::done()),
        "terminated" => return Err(PanelError::Gone),
        _ => {}
    }
    let scope = parent(context).await?;
    let mut tx = begin(context, &scope).await?;
    let held = held(&mut tx, found.id).await.map_err(refused)?;
    commit(tx).await?;
    if held.is_none() {
        return Ok(Progress::again("upstream", 2));
    }
    // Our part is done; the rest is the provider's own, and is written down here as such.
    let ours = target
        .wanted
        .service
        .parse()
        .map_err(|_| PanelError::refused("the service has no id"))?;
    watch::look(&context.shop, &context.scope, ours)
        .await
        .map_err(refused)?;
    Ok(Progress::done())
}

/// Why the parent itself keeps its service suspended, whatever we ask for.
pub(super) async fn held(tx: &mut TenantTx, id: ServiceId) -> Result<Option<String>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT reason FROM suspensions WHERE service_id = $1 AND lifted_at IS NULL AND cause <> $2 ORDER BY created_at LIMIT 1",
    )
    .bind(id)
    .bind(CAUSE)
    .fetch_optional(tx.connection())
    .await?)
}

/// Gives up what was ordered there: an order that waits for its money is cancelled, anything else is ended and
/// not billed any more.
pub(super) async fn terminate(context: &PanelContext, target: &mut Target) -> Step {
    if target.note("operation").is_some() {
        return pass_on(context, target, "terminate", json!({})).await;
    }
    let found = look(context, target).await?;
    let scope = parent(context).await?;
    match found.status.as_str() {
        "terminated" => Ok(Progress::done()),
        "pending" => cancel_order(context, &scope, found.id).await,
        _ => {
            let mut tx = begin(context, &scope).await?;
            match service::end(&mut tx, found.id, "Given up by the reseller.").await {
                Err(BillingError::Conflict("terminated", _)) => return Ok(Progress::done()),
                other => other.map_err(refused)?,
            }
            let wanted = operation::want_end(&mut tx, found.id, &key(target))
                .await
                .map_err(refused)?;
            commit(tx).await?;
            if let Some(wanted) = wanted {
                target.notes.insert("operation".into(), json!(wanted));
            }
            Ok(Progress::again("upstream", 1))
        }
    }
}

async fn cancel_order(context: &PanelContext, scope: &TenantScope, id: ServiceId) -> Step {
    let mut tx = begin(context, scope).await?;
    let found = orders::of_service(&mut tx, id).await.map_err(refused)?;
    commit(tx).await?;
    let found = found.ok_or_else(|| PanelError::refused("the provider's service has no order"))?;
    let (doors, gateways) = (&context.shop.doors, &context.shop.gateways);
    match Box::pin(orders::cancel(
        doors,
        gateways,
        scope,
        found,
        "The reseller has given it up.",
    ))
    .await
    {
        // Looked at again: it may have been paid this moment.
        Ok(()) | Err(BillingError::Conflict("order_closed", _)) => Ok(Progress::again("upstream", 1)),
        Err(BillingError::Conflict("payment_in_flight", _)) => Ok(Progress::wait(
            "upstream",
            "a payment of the provider's invoice is under way",
            30,
        )),
        Err(error) => Err(refused(error)),
    }
}

/// Wants the same operation there, under a key made of ours, and follows it.
pub(super) async fn pass_on(context: &PanelContext, target: &mut Target, kind: &str, input: Value) -> Step {
    let scope = parent(context).await?;
    let mut tx = begin(context, &scope).await?;
    let id = service_of(target)?;
    operation::allowed(&mut tx, id).await.map_err(refused)?;
    let Some(known) = target.note("operation") else {
        let needed = match kind {
            "power" => Some(Capability::Power),
            "root_password" => Some(Capability::RootPassword),
            _ => None,
        };
        let offered = link::offered(&mut tx, &context.shop.panels, id)
            .await
            .map_err(refused)?;
        if needed.is_some_and(|needed| !offered.contains(&needed)) {
            return Err(PanelError::refused("the provider does not offer this for its service"));
        }
        let wanted = operation::want(&mut tx, id, kind, &key(target), input)
            .await
            .map_err(refused)?;
        commit(tx).await?;
        target.notes.insert("operation".into(), json!(wanted));
        return Ok(Progress::again("upstream", 1));
    };
    let known: OperationId = known
        .parse()
        .map_err(|_| PanelError::refused("the provider's operation is unknown"))?;
    let there = operation::find(&mut tx, known).await.map_err(refused)?;
    commit(tx).await?;
    let there = there.ok_or_else(|| PanelError::refused("the provider's operation is unknown"))?;
    Ok(match there.status.as_str() {
        "done" => Progress::done(),
        "failed" => Progress::wait("upstream", "the provider could not do it; its staff have been told", 60),
        "cancelled" => {
            // Tried again, it is asked for anew.
            target.notes.remove("operation");
            target.notes.insert(GIVEN_UP.into(), json!(known));
            return Err(PanelError::refused("the provider's staff gave it up"));
        }
        "waiting" if there.reason.is_some() => {
            Progress::wait("upstream", "the provider waits for its own provider", 10)
        }
        _ => Progress::again("upstream", 2),
    })
}

/// Of one operation here comes one there, and another when that was given up.
fn key(target: &Target) -> String {
    match target.note(GIVEN_UP) {
        Some(last) => format!("downstream:{}:{last}", target.operation),
        None => format!("downstream:{}", target.operation),
    }
}

/// The parent's new password travels back when it holds.
pub(super) async fn root_password(context: &PanelContext, target: &mut Target) -> Step {
    let progress = pass_on(context, target, "root_password", json!({})).await?;
    if matches!(progress, Progress::Done(_)) {
        let scope = parent(context).await?;
        let mut tx = begin(context, &scope).await?;
        let password = order::password(&mut tx, service_of(target)?).await.map_err(refused)?;
        commit(tx).await?;
        let password = password.ok_or_else(|| PanelError::refused("the provider kept no password"))?;
        target.notes.insert(PASSWORD.into(), json!(password));
    }
    Ok(progress)
}
