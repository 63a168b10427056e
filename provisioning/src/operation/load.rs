//! What a step needs, read in one transaction that ends before the call.

use std::sync::Arc;

use billing::ids::{ServerId, ServiceId};
use billing::{BillingError, service};
use chrono::TimeDelta;
use serde_json::{Map, Value, json};
use tenancy::{Actor, TenantScope, TenantTx, account, task};
use uuid::Uuid;

use super::{COLUMNS, Operation, Workshop, ending, keep};
use crate::panel::{Panel, PanelContext, REFERENCE, Target, Wanted};
use crate::{OperationId, server};

/// One step drives an operation at a time: a claim older than this was left by a crash. A step that
/// takes longer is cut off before.
pub(super) const CLAIM: TimeDelta = TimeDelta::seconds(45);
/// Owners of services that are sold on are numbered apart from accounts.
const FIRST_RESOLD_OWNER: i64 = 1_000_000_001;

/// What may be done with an operation now.
pub(super) enum Loaded {
    /// It is over, or was never there.
    Over,
    /// Another worker is at it this moment.
    Busy,
    /// An earlier change of the same service comes first.
    Behind,
    /// It is ours for one step.
    Ours(Box<Work>),
}

/// An operation that is ours for one step.
pub(super) struct Work {
    pub(super) operation: Operation,
    pub(super) service: service::Service,
    pub(super) server: Option<ServerId>,
    pub(super) target: Target,
}

/// Claims an operation for one step.
pub(super) async fn claim(tx: &mut TenantTx, id: OperationId) -> Result<Loaded, BillingError> {
    ending::lock_service_of(tx, id).await?;
    let sql = format!("{COLUMNS} WHERE id = $1 FOR UPDATE");
    let operation: Option<Operation> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
    let Some(mut operation) = operation.filter(Operation::is_open) else {
        return Ok(Loaded::Over);
    };
    if operation.status == "running" && !claim_expired(tx, id).await? {
        return Ok(Loaded::Busy);
    }
    let found = service::find(tx, operation.service_id)
        .await?
        .ok_or(BillingError::NotFound("service"))?;
    if found.status == "terminated" && operation.kind != "terminate" {
        ending::give_way(tx, &operation, &found, "the service is terminated").await?;
        if operation.kind == "create" {
            service::undelivered(tx, found.id).await?;
        }
        return Ok(Loaded::Over);
    }
    if let Some(why) = ending::gives_way(tx, &operation, &found).await? {
        ending::give_way(tx, &operation, &found, why).await?;
        return Ok(Loaded::Over);
    }
    if found.status == "pending" && operation.kind == "create" {
        wait_for_money(tx, &operation).await?;
        return Ok(Loaded::Over);
    }
    if earlier(tx, &operation).await? {
        return Ok(Loaded::Behind);
    }
    if let Some(why) = overtaken(tx, &operation).await? {
        keep::end(tx, id, "cancelled", Some(why)).await?;
        return Ok(Loaded::Over);
    }
    let now = tx.now();
    operation.started_at = operation.started_at.or(Some(now));
    sqlx::query("UPDATE operations SET status = 'running', started_at = coalesce(started_at, $2) WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(tx.connection())
        .await?;
    keep::log(tx, id, &operation.step, "started", "").await?;
    let mut target = target(tx, &found).await?;
    target.operation = id.to_string();
    target.notes = keep::notes(&operation);
    if operation.status == "running" {
        // Cut off in the middle of a step.
        keep::doubt(&operation, &mut target);
    }
    Ok(Loaded::Ours(Box::new(Work {
        server: found.server_id,
        service: found,
        operation,
        target,
    })))
}

/// Its order lost its money and waits for it again: being paid wakes it.
async fn wait_for_money(tx: &mut TenantTx, operation: &Operation) -> Result<(), BillingError> {
    let (id, why) = (operation.id, "the order waits for its payment");
    keep::mark(tx, id, "queued", &operation.step, Some(why)).await?;
    // The time its money was waited for is no time that the panel took.
    sqlx::query("UPDATE operations SET started_at = NULL WHERE id = $1")
        .bind(id)
        .execute(tx.connection())
        .await?;
    Ok(task::settle(tx, &keep::task_key(id)).await?)
}

/// The log says when the last step began: no second clock to keep.
async fn claim_expired(tx: &mut TenantTx, id: OperationId) -> Result<bool, BillingError> {
    let since = tx.now() - CLAIM;
    let fresh: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM operation_log WHERE operation_id = $1 AND outcome = 'started' AND at > $2)",
    )
    .bind(id)
    .bind(since)
    .fetch_one(tx.connection())
    .await?;
    Ok(!fresh)
}

/// A suspension whose last cause was lifted meanwhile is not carried out any more, nor a resumption of
/// what is to be suspended: what counts is what is wanted when the panel is asked.
async fn overtaken(tx: &mut TenantTx, operation: &Operation) -> Result<Option<&'static str>, BillingError> {
    let wanted = match operation.kind.as_str() {
        "suspend" => true,
        "resume" => false,
        _ => return Ok(None),
    };
    // What whoever delivers it holds against it is not ours to carry out or to take down.
    let suspended: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM suspensions WHERE service_id = $1 AND lifted_at IS NULL AND cause <> 'parent')",
    )
    .bind(operation.service_id)
    .fetch_one(tx.connection())
    .await?;
    Ok(match (wanted, suspended) {
        (true, false) => Some("its cause was lifted meanwhile"),
        (false, true) => Some("it is to be suspended again"),
        (true, true) | (false, false) => None,
    })
}

async fn earlier(tx: &mut TenantTx, operation: &Operation) -> Result<bool, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM operations WHERE service_id = $1 AND created_at < $2 AND id <> $3 \
         AND status IN ('queued', 'running', 'waiting', 'retrying'))",
    )
    .bind(operation.service_id)
    .bind(operation.created_at)
    .bind(operation.id)
    .fetch_one(tx.connection())
    .await?)
}

#[derive(sqlx::FromRow)]
struct Sold {
    panel_settings: Value,
    cycle_unit: String,
    cycle_count: i32,
    downstream_service_id: Option<Uuid>,
}

/// What a service should be, and what is known of it.
async fn target(tx: &mut TenantTx, found: &service::Service) -> Result<Target, BillingError> {
    let sold: Sold = sqlx::query_as(
        "SELECT r.panel_settings, p.cycle_unit, p.cycle_count, v.downstream_service_id FROM services v \
         JOIN products r ON r.id = v.product_id JOIN plans p ON p.id = v.plan_id WHERE v.id = $1",
    )
    .bind(found.id)
    .fetch_one(tx.connection())
    .await?;
    let mut ids: Map<String, Value> = found.panel_ids.as_object().cloned().unwrap_or_default();
    let (owner, owner_name, owner_email) = match sold.downstream_service_id {
        Some(_) => resold_owner(tx, found, &mut ids).await?,
        None => {
            let owner = account::find(tx, found.account_id)
                .await?
                .ok_or(BillingError::NotFound("account"))?;
            (owner.number, owner.name, owner.email)
        }
    };
    let wanted = Wanted {
        service: found.id.to_string(),
        hostname: found.hostname.clone(),
        owner,
        owner_name,
        owner_email,
        cycle: (sold.cycle_unit, sold.cycle_count),
        settings: with_options(tx, found, sold.panel_settings).await?,
        taken: taken(tx, found).await?,
    };
    let known = found.panel_ref.clone();
    let panel_ref = known.or_else(|| ids.get(REFERENCE).and_then(Value::as_str).map(str::to_owned));
    Ok(Target {
        wanted,
        panel_ref: panel_ref.unwrap_or_default(),
        ids,
        ..Target::default()
    })
}

/// A service that a reseller sells on gets an owner of its own: a reseller's customer who signs in to
/// the panel must not see the reseller's other services.
async fn resold_owner(
    tx: &mut TenantTx,
    found: &service::Service,
    ids: &mut Map<String, Value>,
) -> Result<(i64, String, String), BillingError> {
    let number = match ids.get("owner").and_then(Value::as_i64) {
        Some(number) => number,
        None => {
            let number = account::next_number(tx, "panel_owner", FIRST_RESOLD_OWNER).await?;
            ids.insert("owner".into(), json!(number));
            service::keep_ids(tx, found.id, &Value::Object(ids.clone()), None).await?;
            number
        }
    };
    Ok((
        number,
        format!("Customer {number}"),
        format!("{number}@customers.invalid"),
    ))
}

/// Ids on the same panel that belong to other services, so that a lost create is not mistaken for one.
async fn taken(tx: &mut TenantTx, found: &service::Service) -> Result<Vec<String>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT coalesce(v.panel_ref, v.panel_ids->>'server') FROM services v JOIN servers s ON s.id = v.server_id \
         WHERE s.base_url = (SELECT o.base_url FROM servers o WHERE o.id = $1) AND v.id <> $2 AND v.account_id = $3 \
         AND coalesce(v.panel_ref, v.panel_ids->>'server') IS NOT NULL",
    )
    .bind(found.server_id)
    .bind(found.id)
    .bind(found.account_id)
    .fetch_all(tx.connection())
    .await?)
}

#[derive(sqlx::FromRow)]
struct Chosen {
    key: String,
    panel_key: String,
    values: Value,
}

/// The product's settings, with what the service's options set laid over them.
async fn with_options(tx: &mut TenantTx, found: &service::Service, mut settings: Value) -> Result<Value, BillingError> {
    if found.options.as_object().is_none_or(Map::is_empty) {
        return Ok(settings);
    }
    let chosen: Vec<Chosen> = sqlx::query_as(
        "SELECT o.key, o.panel_key, coalesce(jsonb_object_agg(v.key, v.panel_value) FILTER (WHERE v.panel_value IS NOT NULL), '{}') AS values \
         FROM options o LEFT JOIN option_values v ON v.option_id = o.id \
         WHERE o.product_id = $1 AND o.panel_key IS NOT NULL GROUP BY o.id, o.key, o.panel_key, o.position ORDER BY o.position, o.id",
    )
    .bind(found.product_id)
    .fetch_all(tx.connection())
    .await?;
    for option in chosen {
        overlay(&mut settings, &option, &found.options[&option.key]);
    }
    Ok(settings)
}

fn overlay(settings: &mut Value, option: &Chosen, choice: &Value) {
    let value = match choice {
        Value::Null => return,
        Value::String(key) => option.values.get(key).unwrap_or(choice),
        _ => choice,
    };
    if let Some(map) = settings.as_object_mut() {
        map.insert(option.panel_key.clone(), value.clone());
    }
}

/// Opens the panel of a running service for a call, if the actor may touch the service.
///
/// # Errors
/// When there is no such service, it is not the actor's, or nothing is built yet.
pub async fn reach(
    shop: &Workshop,
    scope: &TenantScope,
    id: ServiceId,
) -> Result<(Arc<dyn Panel>, PanelContext, Target, service::Service), BillingError> {
    let mut tx = shop.doors.begin(scope).await?;
    let found = allowed(&mut tx, id).await?;
    let target = target(&mut tx, &found).await?;
    tx.commit().await?;
    let server = found
        .server_id
        .filter(|_| !target.panel_ref.is_empty() && !["terminated", "pending"].contains(&found.status.as_str()));
    let server = server.ok_or_else(not_built)?;
    let (panel, context) = server::open(shop, scope, server).await?;
    Ok((panel, context, target, found))
}

/// What a service should be on its panel, whatever became of it here; none when there is no such service.
pub(crate) async fn target_of(
    shop: &Workshop,
    scope: &TenantScope,
    id: ServiceId,
) -> Result<Option<Target>, BillingError> {
    let mut tx = shop.doors.begin(scope).await?;
    let target = match service::find(&mut tx, id).await? {
        Some(found) => Some(target(&mut tx, &found).await?),
        None => None,
    };
    tx.commit().await?;
    Ok(target)
}

pub(super) fn not_built() -> BillingError {
    BillingError::Conflict("not_built", "The service does not run on a server yet.".into())
}

/// A service that the actor may touch: a member and a reseller see their own account's only, a provider
/// the one it delivers.
pub(crate) async fn allowed(tx: &mut TenantTx, id: ServiceId) -> Result<service::Service, BillingError> {
    let found = service::find(tx, id).await?.ok_or(BillingError::NotFound("service"))?;
    let own = match tx.actor() {
        Actor::Upstream { account, .. } => *account == found.account_id,
        Actor::Member { account, .. } => *account == Some(found.account_id),
        Actor::Provider { service, .. } => *service == found.id.uuid(),
        Actor::Visitor => false,
        Actor::Staff { .. } | Actor::System { .. } | Actor::Parent { .. } => true,
    };
    if own {
        Ok(found)
    } else {
        Err(BillingError::NotFound("service"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_lie_over_the_products_settings() {
        let mut settings = json!({ "package_id": 5, "os_template": 12 });
        let os = Chosen {
            key: "os".into(),
            panel_key: "os_template".into(),
            values: json!({ "debian": 14 }),
        };
        overlay(&mut settings, &os, &json!("debian"));
        let ipv4 = Chosen {
            key: "ipv4".into(),
            panel_key: "ipv4".into(),
            values: json!({}),
        };
        overlay(&mut settings, &ipv4, &json!(2));
        overlay(&mut settings, &os, &Value::Null);
        assert_eq!(settings, json!({ "package_id": 5, "os_template": 14, "ipv4": 2 }));
    }
}
