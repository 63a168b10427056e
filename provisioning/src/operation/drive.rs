//! Driving an operation: claim, call the panel outside any transaction, keep what it said.

use std::time::Duration;

use billing::BillingError;
use platform::job::Outcome;
use tenancy::TenantScope;

use super::load::{CLAIM, Loaded, Work, claim};
use super::{RunOperation, Workshop, keep};
use crate::panel::{PanelError, Power, Progress, Step};
use crate::{OperationId, server};

/// What comes after a step.
pub(super) enum Next {
    /// The operation is over.
    Over,
    /// Another worker takes the step this moment.
    Busy,
    /// Another step, after this long.
    After(Duration, String),
}

/// The body of [`RunOperation`]: steps until it has to wait, is done, or fails.
pub async fn run(shop: &Workshop, scope: &TenantScope, args: &RunOperation) -> Outcome {
    // Bounded: a panel that never gets anywhere must not hold a worker.
    for _ in 0..12 {
        match Box::pin(step(shop, scope, args.operation)).await {
            Ok(Next::Over) => return Outcome::Done,
            // A request and a job may drive the same operation: the other's answer is moments away.
            Ok(Next::Busy) => tokio::time::sleep(Duration::from_millis(150)).await,
            Ok(Next::After(after, _)) if after.is_zero() => {}
            Ok(Next::After(after, why)) => return Outcome::Wait { after, why },
            Err(error) => return stumbled(shop, scope, args.operation, &error).await,
        }
    }
    Outcome::wait(1, "more steps")
}

/// Our own side failed: the claim is given back.
async fn stumbled(shop: &Workshop, scope: &TenantScope, id: OperationId, error: &BillingError) -> Outcome {
    let why = error.to_string();
    if let Err(error) = release(shop, scope, id, &why).await {
        tracing::warn!(%error, operation = %id, "the claim stays until it expires");
    }
    Outcome::retry(5, why)
}

async fn release(shop: &Workshop, scope: &TenantScope, id: OperationId, why: &str) -> Result<(), BillingError> {
    let mut tx = shop.doors.begin(scope).await?;
    keep::stumbled(&mut tx, id, why).await?;
    Ok(tx.commit().await?)
}

async fn step(shop: &Workshop, scope: &TenantScope, id: OperationId) -> Result<Next, BillingError> {
    let mut tx = shop.doors.begin(scope).await?;
    let loaded = claim(&mut tx, id).await?;
    tx.commit().await?;
    let mut work = match loaded {
        Loaded::Over => return Ok(Next::Over),
        Loaded::Busy => return Ok(Next::Busy),
        Loaded::Behind => {
            // Woken when that ends; this is for a wake that was lost.
            let why = "an earlier change of this service comes first";
            return Ok(Next::After(Duration::from_secs(30), why.into()));
        }
        Loaded::Ours(work) => work,
    };
    // Cut off before the claim runs out; what was sent by then has an unknown outcome.
    let limit = CLAIM
        .to_std()
        .unwrap_or_default()
        .saturating_sub(Duration::from_secs(5));
    let result = match tokio::time::timeout(limit, call(shop, scope, &mut work)).await {
        Ok(result) => result?,
        Err(_) => Err(PanelError::Unknown("the panel took too long".into())),
    };
    let mut tx = shop.doors.begin(scope).await?;
    let next = keep::keep(&mut tx, &mut work, result).await?;
    tx.commit().await?;
    Ok(next)
}

async fn call(shop: &Workshop, scope: &TenantScope, work: &mut Work) -> Result<Step, BillingError> {
    let kind = work.operation.kind.clone();
    let unknown = work.target.panel_ref.is_empty();
    if unknown && !["create", "terminate"].contains(&kind.as_str()) {
        return Ok(Err(PanelError::refused("the service was never built")));
    }
    let Some(server) = work.server else {
        return Ok(match kind.as_str() {
            "terminate" if unknown => Ok(Progress::done()),
            _ => Err(PanelError::refused("the product names no server to build on")),
        });
    };
    let (panel, context) = match server::open(shop, scope, server).await {
        Ok(opened) => opened,
        Err(BillingError::Conflict(_, why)) => return Ok(Err(PanelError::Refused(why))),
        Err(error) => return Err(error),
    };
    if kind == "create" && !context.enabled {
        return Ok(Err(PanelError::refused(
            "the server is disabled: nothing new is built on it",
        )));
    }
    let target = &mut work.target;
    if unknown && kind == "terminate" {
        // A build whose answer was lost may have made something after all.
        match panel.lost(&context, target).await {
            Ok(Some(found)) => target.adopt(found),
            Ok(None) => return Ok(Ok(Progress::done())),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(match kind.as_str() {
        "create" => panel.create(&context, target).await,
        "suspend" => panel.suspend(&context, target).await,
        "resume" => panel.resume(&context, target).await,
        "terminate" => panel.terminate(&context, target).await,
        "change_plan" => panel.change_plan(&context, target).await,
        "root_password" => panel.root_password(&context, target).await,
        "power" => match Power::parse(work.operation.input["action"].as_str().unwrap_or_default()) {
            Some(power) => panel.power(&context, target, power).await,
            None => Err(PanelError::refused("there is no such action")),
        },
        other => Err(PanelError::Refused(format!("{other} is not known here"))),
    })
}
