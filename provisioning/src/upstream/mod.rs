//! The upstream panel: a reseller's service is delivered by a service of its parent.
//!
//! Every step is one transaction in one tenant: here nothing is open while the parent's is, and the
//! parent's order, suspension or operation has a key made of this side's service or operation, so a
//! repeated step finds what the first one did. The parent's own product may again be upstream: any
//! depth works, and nothing here asks how deep it is.

mod act;
mod order;
mod watch;

use async_trait::async_trait;
use billing::ids::{ProductId, ServiceId};
use billing::{BillingError, service};
use serde_json::{Value, json};
use tenancy::resolve::{self, ResolveError};
use tenancy::{TenantScope, TenantTx};

pub use watch::{LookUpstream, look_job, tell};

use crate::panel::{Capability, Link, Observed, Panel, PanelContext, PanelError, Power, Step, Target, Traffic};
use crate::{capacity, operation};

/// The adapter.
#[derive(Debug, Default, Clone, Copy)]
pub struct Upstream;

/// The parent, narrowed to our own account there.
async fn parent(context: &PanelContext) -> Result<TenantScope, PanelError> {
    resolve::upstream(&context.shop.doors, &context.scope)
        .await
        .map_err(|error| match error {
            ResolveError::Db(error) => PanelError::retry(5, error),
            other => PanelError::refused(other),
        })
}

async fn begin(context: &PanelContext, scope: &TenantScope) -> Result<TenantTx, PanelError> {
    context
        .shop
        .doors
        .begin(scope)
        .await
        .map_err(|error| PanelError::retry(5, error))
}

/// A command of the parent that did not do as asked.
fn refused(error: BillingError) -> PanelError {
    match error {
        BillingError::Db(error) => PanelError::retry(5, error),
        BillingError::Conflict("out_of_stock" | "no_capacity", why) => PanelError::NoCapacity(why),
        other => PanelError::refused(other),
    }
}

async fn commit(tx: TenantTx) -> Result<(), PanelError> {
    // A lost answer of a COMMIT: every step finds out by its key whether it happened.
    tx.commit()
        .await
        .map_err(|error| PanelError::Unknown(error.to_string()))
}

/// What we order from the parent.
fn product(context: &PanelContext) -> Result<ProductId, PanelError> {
    let text = context.credentials.expose()["product"].as_str().unwrap_or_default();
    text.parse()
        .map_err(|_| PanelError::refused("the server's product is no product id (prd_...)"))
}

/// The parent's service that delivers ours.
fn service_of(target: &Target) -> Result<ServiceId, PanelError> {
    target
        .panel_ref
        .parse()
        .map_err(|_| PanelError::refused("the service has no counterpart in the parent"))
}

/// Reads the parent's service in a transaction of its own.
async fn look(context: &PanelContext, target: &Target) -> Result<service::Service, PanelError> {
    let scope = parent(context).await?;
    let mut tx = begin(context, &scope).await?;
    let found = operation::allowed(&mut tx, service_of(target)?).await;
    commit(tx).await?;
    match found {
        Err(BillingError::NotFound(_)) => Err(PanelError::Gone),
        other => other.map_err(refused),
    }
}

#[async_trait]
impl Panel for Upstream {
    fn kind(&self) -> &'static str {
        "upstream"
    }

    fn capabilities(&self) -> &'static [Capability] {
        &[
            Capability::Create,
            Capability::Suspend,
            Capability::Terminate,
            Capability::Power,
            Capability::RootPassword,
            Capability::SignInLink,
            Capability::ConsoleLink,
            Capability::Usage,
            Capability::Capacity,
        ]
    }

    fn credentials_schema(&self) -> Value {
        json!({ "type": "object", "required": ["product"], "properties": {
            "product": { "type": "string", "title": "The provider's product, prd_..." } } })
    }

    fn settings_schema(&self) -> Value {
        json!({ "type": "object", "properties": {} })
    }

    fn panel_settings_schema(&self) -> Value {
        json!({ "type": "object", "properties": {
            "plan": { "type": "string", "title": "The provider's plan, pln_...; else the one with the same cycle" },
            "options": { "type": "object", "title": "Options at the provider" } } })
    }

    fn has_address(&self) -> bool {
        false
    }

    async fn check(&self, context: &PanelContext) -> Result<String, PanelError> {
        let scope = parent(context).await?;
        let mut tx = begin(context, &scope).await?;
        let told = order::offer(&mut tx, product(context)?).await;
        commit(tx).await?;
        told
    }

    async fn create(&self, context: &PanelContext, target: &mut Target) -> Step {
        if target.panel_ref.is_empty() {
            return order::place(context, target).await;
        }
        order::poll(context, target).await
    }

    async fn suspend(&self, context: &PanelContext, target: &mut Target) -> Step {
        act::suspend(context, target).await
    }

    async fn resume(&self, context: &PanelContext, target: &mut Target) -> Step {
        act::resume(context, target).await
    }

    async fn terminate(&self, context: &PanelContext, target: &mut Target) -> Step {
        act::terminate(context, target).await
    }

    async fn lost(&self, context: &PanelContext, target: &Target) -> Result<Option<String>, PanelError> {
        order::lost(context, target).await
    }

    async fn power(&self, context: &PanelContext, target: &mut Target, power: Power) -> Step {
        act::pass_on(context, target, "power", json!({ "action": power.word() })).await
    }

    async fn root_password(&self, context: &PanelContext, target: &mut Target) -> Step {
        act::root_password(context, target).await
    }

    async fn read_state(&self, context: &PanelContext, target: &Target) -> Result<Observed, PanelError> {
        let found = look(context, target).await?;
        if found.status == "terminated" {
            return Err(PanelError::Gone);
        }
        Ok(Observed {
            panel_ref: target.panel_ref.clone(),
            name: target.wanted.service.clone(),
            suspended: found.status == "suspended",
            built: Some(found.activated_at.is_some()),
            state: Some(found.status),
            owner: None,
            ip_addresses: found.ip_addresses,
            resources: Value::Null,
        })
    }

    async fn read_usage(&self, context: &PanelContext, target: &Target) -> Result<Traffic, PanelError> {
        let scope = parent(context).await?;
        let (panel, context, target, _) = operation::reach(&context.shop, &scope, service_of(target)?)
            .await
            .map_err(refused)?;
        panel.read_usage(&context, &target).await
    }

    async fn sign_in_link(&self, context: &PanelContext, target: &Target) -> Result<Link, PanelError> {
        let scope = parent(context).await?;
        let (panel, context, target, _) = operation::reach(&context.shop, &scope, service_of(target)?)
            .await
            .map_err(refused)?;
        panel.sign_in_link(&context, &target).await
    }

    async fn console_link(&self, context: &PanelContext, target: &Target) -> Result<Link, PanelError> {
        let scope = parent(context).await?;
        let (panel, context, target, _) = operation::reach(&context.shop, &scope, service_of(target)?)
            .await
            .map_err(refused)?;
        panel.console_link(&context, &target).await
    }

    async fn capacity(&self, context: &PanelContext, _settings: &Value) -> Result<Option<u32>, PanelError> {
        let scope = parent(context).await?;
        capacity::left(&context.shop, &scope, product(context)?)
            .await
            .map_err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parents_no_keeps_its_meaning() {
        let no_stock = BillingError::Conflict("out_of_stock", "KVM 2 is out of stock.".into());
        assert!(matches!(refused(no_stock), PanelError::NoCapacity(_)));
        assert!(matches!(
            refused(BillingError::NotFound("plan")),
            PanelError::Refused(_)
        ));
        let away = BillingError::Db(platform::db::DbError::Row("away".into()));
        assert!(matches!(refused(away), PanelError::Retry { .. }));
    }
}
