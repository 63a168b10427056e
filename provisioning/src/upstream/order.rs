//! Ordering from the parent, and watching what becomes of it.

use std::time::Duration;

use billing::gateway::GatewayKinds;
use billing::ids::{PaymentMethodId, PlanId, ProductId, ServiceId};
use billing::order::{self, Item, PlaceOrder, Placed};
use billing::service::{Confirmed, Service};
use billing::{BillingError, catalogue, invoice};
use serde_json::{Value, json};
use tenancy::{AccountId, Actor, TenantId, TenantTx, account};

use super::{begin, commit, parent, product, refused, service_of};
use crate::operation;
use crate::panel::{PASSWORD, PanelContext, PanelError, Progress, REFERENCE, Step, Target, Wanted};

/// Who orders: the reseller, and its account in the parent.
fn buyer(tx: &TenantTx) -> Result<(TenantId, AccountId), PanelError> {
    match tx.actor() {
        Actor::Upstream { child, account } => Ok((*child, *account)),
        _ => Err(PanelError::refused("only a reseller orders from its parent")),
    }
}

async fn currency_of(tx: &mut TenantTx, id: AccountId) -> Result<String, PanelError> {
    let found = account::find(tx, id).await.map_err(|e| PanelError::retry(5, e))?;
    found
        .map(|account| account.currency)
        .ok_or_else(|| PanelError::refused("the reseller's account in the parent is gone"))
}

/// The parent's plan: the one named, else the first on sale of the same cycle. A month sold never buys a year.
async fn choose(tx: &mut TenantTx, of: ProductId, wanted: &Wanted, currency: &str) -> Result<PlanId, BillingError> {
    if let Some(named) = wanted.settings["plan"].as_str() {
        let wrong = || BillingError::Field("plan", "The named plan is none of the provider's product.".into());
        let plan: PlanId = named.parse().map_err(|_| wrong())?;
        let found = catalogue::find_plan(tx, plan).await?;
        return found.filter(|p| p.product_id == of).map(|p| p.id).ok_or_else(wrong);
    }
    let chosen: Option<PlanId> = sqlx::query_scalar(
        "SELECT p.id FROM plans p WHERE p.product_id = $1 AND p.state = 'active' \
         AND EXISTS (SELECT 1 FROM prices r WHERE r.plan_id = p.id AND r.currency = $2) \
         AND ($3 = '' OR (p.cycle_unit = $3 AND p.cycle_count = $4)) ORDER BY p.position, p.created_at, p.id LIMIT 1",
    )
    .bind(of)
    .bind(currency)
    .bind(&wanted.cycle.0)
    .bind(wanted.cycle.1)
    .fetch_optional(tx.connection())
    .await?;
    chosen.ok_or_else(|| {
        BillingError::Field(
            "plan",
            format!("The provider sells this product for no such period in {currency}."),
        )
    })
}

/// Whether there is something to order: a sentence.
pub(super) async fn offer(tx: &mut TenantTx, of: ProductId) -> Result<String, PanelError> {
    let (_, account) = buyer(tx)?;
    let currency = currency_of(tx, account).await?;
    let found = catalogue::find_product(tx, of).await.map_err(refused)?;
    let found = found
        .filter(|p| p.state != "retired")
        .ok_or_else(|| PanelError::refused("the provider has no such product on sale"))?;
    choose(tx, of, &Wanted::default(), &currency).await.map_err(refused)?;
    Ok(format!("{} can be ordered, priced in {currency}.", found.name))
}

/// How many services there delivered ours and have ended: each was ordered by an order of its own.
async fn ended(tx: &mut TenantTx, child: TenantId, ours: ServiceId) -> Result<i64, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM services WHERE downstream_service_id = $2 AND downstream_tenant_id = $1 AND status = 'terminated'",
    )
    .bind(child)
    .bind(ours)
    .fetch_one(tx.connection())
    .await?)
}

/// What was ordered there for ours and is alive, though its answer was lost.
pub(super) async fn lost(context: &PanelContext, target: &Target) -> Result<Option<String>, PanelError> {
    let scope = parent(context).await?;
    let mut tx = begin(context, &scope).await?;
    let (child, account) = buyer(&tx)?;
    let ours = ours(&target.wanted)?;
    let found: Result<Option<ServiceId>, sqlx::Error> = sqlx::query_scalar(
        "SELECT id FROM services WHERE downstream_service_id = $2 AND downstream_tenant_id = $1 AND account_id = $3 \
         AND status <> 'terminated'",
    )
    .bind(child)
    .bind(ours)
    .bind(account)
    .fetch_optional(tx.connection())
    .await;
    let found = found.map_err(|error| PanelError::retry(5, error))?;
    commit(tx).await?;
    Ok(found.map(|id| id.to_string()))
}

fn ours(wanted: &Wanted) -> Result<ServiceId, PanelError> {
    wanted
        .service
        .parse()
        .map_err(|_| PanelError::refused("the service has no id"))
}

/// Places the order once: its key is this service, and how many that were ordered for it have ended before.
pub(super) async fn place(context: &PanelContext, target: &mut Target) -> Step {
    let scope = parent(context).await?;
    let mut tx = begin(context, &scope).await?;
    let placed = Box::pin(place_in(
        &mut tx,
        &context.shop.gateways,
        product(context)?,
        &target.wanted,
    ))
    .await?;
    commit(tx).await?;
    let service = placed
        .services
        .first()
        .ok_or_else(|| PanelError::refused("the provider's order holds no service"))?;
    target.ids.insert(REFERENCE.into(), json!(service));
    target.ids.insert("order".into(), json!(placed.order));
    target.ids.insert("invoice".into(), json!(placed.invoice));
    Ok(Progress::again("upstream", 0))
}

async fn place_in(
    tx: &mut TenantTx,
    gateways: &GatewayKinds,
    of: ProductId,
    wanted: &Wanted,
) -> Result<Placed, PanelError> {
    let (child, account) = buyer(tx)?;
    let currency = currency_of(tx, account).await?;
    let plan = choose(tx, of, wanted, &currency).await.map_err(refused)?;
    let ours = ours(wanted)?;
    let checkout_key = match ended(tx, child, ours).await.map_err(refused)? {
        0 => format!("upstream:{child}:{ours}"),
        before => format!("upstream:{child}:{ours}:{before}"),
    };
    let payment_method = default_method(tx, account).await.map_err(refused)?;
    // Held until the parent's panel confirms, where that can be: what is not delivered is not charged.
    let hold = match payment_method {
        Some(method) => can_hold(tx, gateways, method).await.map_err(refused)?,
        None => false,
    };
    let new = PlaceOrder {
        account,
        items: vec![Item {
            plan,
            quantity: 1,
            hostname: wanted.hostname.clone(),
            options: options(wanted),
        }],
        payment_method,
        hold,
        checkout_key: Some(checkout_key),
        ip: None,
    };
    let placed = order::place(tx, &new).await.map_err(refused)?;
    link(tx, &placed, child, ours).await.map_err(refused)?;
    Ok(placed)
}

/// Marks the parent's service as the one that delivers ours, in the transaction that made it.
async fn link(tx: &mut TenantTx, placed: &Placed, child: TenantId, ours: ServiceId) -> Result<(), BillingError> {
    for service in &placed.services {
        sqlx::query(
            "UPDATE services SET downstream_tenant_id = $2, downstream_service_id = $3 WHERE id = $1 AND downstream_service_id IS NULL",
        )
        .bind(service)
        .bind(child)
        .bind(ours)
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// What credit does not cover is charged to the reseller's own default method, if it pays by itself.
async fn default_method(tx: &mut TenantTx, account: AccountId) -> Result<Option<PaymentMethodId>, BillingError> {
    Ok(sqlx::query_scalar(
        "SELECT m.id FROM payment_methods m JOIN accounts a ON a.id = m.account_id \
         WHERE a.id = $1 AND a.auto_pay AND m.is_default AND m.state = 'active'",
    )
    .bind(account)
    .fetch_optional(tx.connection())
    .await?)
}

/// What the product always asks for, and over it what the customer chose: an option whose panel setting is
/// named after one of the provider's options chooses that one.
fn options(wanted: &Wanted) -> Value {
    let mut options = wanted.settings["options"].as_object().cloned().unwrap_or_default();
    let chosen = wanted.settings.as_object().into_iter().flatten();
    for (key, value) in chosen.filter(|(key, _)| !["plan", "options"].contains(&key.as_str())) {
        options.insert(key.clone(), value.clone());
    }
    Value::Object(options)
}

async fn can_hold(tx: &mut TenantTx, gateways: &GatewayKinds, id: PaymentMethodId) -> Result<bool, BillingError> {
    let kind: Option<String> = sqlx::query_scalar(
        "SELECT g.kind FROM gateways g JOIN payment_methods m ON m.gateway_id = g.id WHERE m.id = $1",
    )
    .bind(id)
    .fetch_optional(tx.connection())
    .await?;
    Ok(kind.is_some_and(|kind| gateways.get(&kind).is_some_and(|gateway| gateway.can_hold())))
}

/// What became of the order: its service, and the create behind it.
pub(super) async fn poll(context: &PanelContext, target: &mut Target) -> Step {
    let scope = parent(context).await?;
    let mut tx = begin(context, &scope).await?;
    let id = service_of(target)?;
    let found = operation::allowed(&mut tx, id).await.map_err(refused)?;
    let progress = match found.status.as_str() {
        "pending" => pending(&mut tx, target).await,
        "active" => {
            if let Some(password) = password(&mut tx, id).await.map_err(refused)? {
                target.ids.insert(PASSWORD.into(), json!(password));
            }
            Ok(Progress::Done(Some(confirmed(&found))))
        }
        "provisioning" => building(&mut tx, id).await,
        "failed" => Err(failed(&mut tx, id).await),
        "suspended" => Ok(Progress::wait("upstream", "the provider has suspended its service", 60)),
        _ => {
            // The next try orders anew.
            for key in [REFERENCE, "order", "invoice"] {
                target.ids.remove(key);
            }
            Err(PanelError::refused(
                "the provider has cancelled the order or ended its service; try again to order anew",
            ))
        }
    };
    commit(tx).await?;
    progress
}

fn confirmed(found: &Service) -> Confirmed {
    Confirmed {
        panel_ref: found.id.to_string(),
        ip_addresses: found.ip_addresses.clone(),
        observed: json!({ "panel_ref": found.id, "state": found.status, "suspended": false, "built": true,
                          "ip_addresses": found.ip_addresses }),
    }
}

/// Not paid yet: it says which invoice, and starts by itself when that is paid.
async fn pending(tx: &mut TenantTx, target: &Target) -> Step {
    let id = target.id("invoice").and_then(|id| id.parse().ok());
    let open = match id {
        Some(id) => invoice::find(tx, id).await.map_err(refused)?,
        None => None,
    };
    let why = match open {
        Some(invoice) => format!(
            "the provider waits for payment of invoice {}: add credit there or pay it",
            invoice.number.unwrap_or_default()
        ),
        None => "the provider has not accepted the order yet".into(),
    };
    Ok(Progress::wait("upstream_payment", why, 10))
}

#[derive(sqlx::FromRow)]
struct Building {
    status: String,
    reason: Option<String>,
    no_capacity: bool,
}

async fn create_of(tx: &mut TenantTx, id: ServiceId) -> Result<Option<Building>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT status, reason, no_capacity FROM operations WHERE service_id = $1 AND kind = 'create' \
         ORDER BY created_at DESC, id DESC LIMIT 1",
    )
    .bind(id)
    .fetch_optional(tx.connection())
    .await?)
}

async fn building(tx: &mut TenantTx, id: ServiceId) -> Step {
    let create = create_of(tx, id).await.map_err(refused)?;
    // The provider itself waits for somebody: so do we, rather than give up after half an hour.
    let waits = create.is_some_and(|c| c.status == "waiting" && c.reason.is_some());
    Ok(if waits {
        // As long as its staff may take to build by hand.
        Progress::Wait {
            step: "upstream",
            why: "the provider waits for its staff, or for its own provider".into(),
            after: Duration::from_secs(10),
            hours: 6 * 24,
        }
    } else {
        Progress::again("upstream", 2)
    })
}

/// Its staff have the details; ours learn what helps.
async fn failed(tx: &mut TenantTx, id: ServiceId) -> PanelError {
    match create_of(tx, id).await {
        Ok(create) if create.as_ref().is_some_and(|c| c.no_capacity) => {
            PanelError::NoCapacity("the provider has no room".into())
        }
        Ok(_) => PanelError::refused(
            "the provider could not build it and its staff have been told; try again when they have mended it",
        ),
        Err(error) => refused(error),
    }
}

/// The password kept with the parent's service, for sealing on our side.
pub(super) async fn password(tx: &mut TenantTx, id: ServiceId) -> Result<Option<String>, BillingError> {
    let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT secrets FROM services WHERE id = $1")
        .bind(id)
        .fetch_one(tx.connection())
        .await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let plain = tx
        .open("services", "secrets", id, &sealed)
        .map_err(|e| BillingError::Conflict("password_sealed", e.to_string()))?;
    Ok(Some(String::from_utf8_lossy(&plain).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_customer_chose_is_chosen_at_the_provider_too() {
        let check = |settings: Value, expected: Value| {
            let wanted = Wanted {
                settings,
                ..Wanted::default()
            };
            assert_eq!(options(&wanted), expected);
        };
        check(Value::Null, json!({}));
        check(
            json!({ "plan": "pln_1", "options": { "os": "debian-13" } }),
            json!({ "os": "debian-13" }),
        );
        check(
            json!({ "options": { "os": "debian-13" }, "os": "alma-10", "ipv4": "2" }),
            json!({ "os": "alma-10", "ipv4": "2" }),
        );
    }
}
