//! VirtFusion: virtual servers.

mod change;
mod client;
mod create;
mod read;

use async_trait::async_trait;
use http::Method;
use serde_json::{Value, json};

use crate::panel::{
    Capability, Image, Link, Observed, Package, Panel, PanelContext, PanelError, Power, Progress, Step, Target, Traffic,
};
use client::{Answer, call, data, get};

/// The adapter.
#[derive(Debug, Default, Clone, Copy)]
pub struct Virtfusion;

/// Suspends or resumes, unless it is so already.
async fn set_suspended(context: &PanelContext, target: &Target, suspended: bool) -> Step {
    let path = format!("/servers/{}", target.panel_ref);
    let state = get(context, &path).await?;
    if state["suspended"].as_bool() == Some(suspended) {
        return Ok(Progress::done());
    }
    let verb = if suspended { "suspend" } else { "unsuspend" };
    data(context, Method::POST, &format!("{path}/{verb}"), None).await?;
    // It may only be queued there: the next step reads it back.
    Ok(Progress::again("verify", 1))
}

#[async_trait]
impl Panel for Virtfusion {
    fn kind(&self) -> &'static str {
        "virtfusion"
    }

    fn capabilities(&self) -> &'static [Capability] {
        &[
            Capability::Create,
            Capability::Suspend,
            Capability::Terminate,
            Capability::ChangePlan,
            Capability::Power,
            Capability::RootPassword,
            Capability::SignInLink,
            Capability::ConsoleLink,
            Capability::Usage,
            Capability::Packages,
            Capability::Images,
            Capability::Capacity,
            Capability::Reconcile,
        ]
    }

    fn credentials_schema(&self) -> Value {
        json!({ "type": "object", "required": ["token"], "properties": { "token": { "type": "string", "title": "API token" } } })
    }

    fn settings_schema(&self) -> Value {
        json!({ "type": "object", "properties": { "hypervisor_group": { "type": "integer", "title": "Hypervisor group" } } })
    }

    fn panel_settings_schema(&self) -> Value {
        let integer = |title: &str| json!({ "type": "integer", "title": title });
        json!({ "type": "object", "required": ["package_id"], "properties": {
            "package_id": integer("Package"), "hypervisor_group": integer("Hypervisor group"), "ipv4": integer("IPv4 addresses"),
            "os_template": integer("Operating system"), "memory": integer("Memory in MB"), "cpu_cores": integer("CPU cores"),
            "storage": integer("Storage in GB"), "traffic": integer("Traffic in GB, 0 is unlimited"),
            "network_speed_in": integer("Inbound speed in kB/s"), "network_speed_out": integer("Outbound speed in kB/s"),
            "storage_profile": integer("Storage profile"), "network_profile": integer("Network profile"),
            "root_user": { "type": "string", "title": "Administrator's name, root or Administrator", "enum": ["root", "Administrator"] } } })
    }

    async fn check(&self, context: &PanelContext) -> Result<String, PanelError> {
        match call(context, Method::GET, "/connect", None).await? {
            Answer::Ok(_) => {}
            Answer::Missing(why) => return Err(PanelError::Refused(why)),
        }
        match call(context, Method::GET, "/compute/hypervisors/groups?results=1", None).await {
            Ok(_) => Ok("The panel accepts the token.".into()),
            Err(PanelError::Refused(_)) => {
                Ok("The panel accepts the token, which cannot read hypervisor groups: room cannot be watched.".into())
            }
            Err(other) => Err(other),
        }
    }

    async fn create(&self, context: &PanelContext, target: &mut Target) -> Step {
        create::step(context, target).await
    }

    async fn suspend(&self, context: &PanelContext, target: &mut Target) -> Step {
        set_suspended(context, target, true).await
    }

    async fn resume(&self, context: &PanelContext, target: &mut Target) -> Step {
        set_suspended(context, target, false).await
    }

    async fn terminate(&self, context: &PanelContext, target: &mut Target) -> Step {
        let path = format!("/servers/{}?delay=0", target.panel_ref);
        match call(context, Method::DELETE, &path, None).await? {
            Answer::Ok(_) | Answer::Missing(_) => Ok(Progress::done()),
        }
    }

    async fn lost(&self, context: &PanelContext, target: &Target) -> Result<Option<String>, PanelError> {
        create::lost(context, target).await
    }

    async fn change_plan(&self, context: &PanelContext, target: &mut Target) -> Step {
        change::plan(context, target).await
    }

    async fn power(&self, context: &PanelContext, target: &mut Target, power: Power) -> Step {
        let verb = match power {
            Power::Start => "boot",
            Power::Shutdown => "shutdown",
            Power::Restart => "restart",
            Power::Off => "poweroff",
        };
        let path = format!("/servers/{}/power/{verb}", target.panel_ref);
        data(context, Method::POST, &path, None).await?;
        Ok(Progress::done())
    }

    async fn root_password(&self, context: &PanelContext, target: &mut Target) -> Step {
        change::root_password(context, target).await
    }

    async fn read_state(&self, context: &PanelContext, target: &Target) -> Result<Observed, PanelError> {
        read::state(context, &target.panel_ref).await
    }

    async fn read_some(
        &self,
        context: &PanelContext,
        cursor: &str,
    ) -> Result<(Vec<Observed>, Option<String>), PanelError> {
        read::some(context, cursor).await
    }

    async fn read_usage(&self, context: &PanelContext, target: &Target) -> Result<Traffic, PanelError> {
        read::traffic(context, &target.panel_ref).await
    }

    async fn sign_in_link(&self, context: &PanelContext, target: &Target) -> Result<Link, PanelError> {
        let path = format!(
            "/users/{}/serverAuthenticationTokens/{}",
            target.wanted.owner, target.panel_ref
        );
        let answer = data(context, Method::POST, &path, None).await?;
        read::sign_in(&context.base_url, &answer)
    }

    async fn console_link(&self, context: &PanelContext, target: &Target) -> Result<Link, PanelError> {
        // Releases differ in which key they read, and ignore the other.
        let body = json!({ "vnc": true, "action": "enable" });
        let path = format!("/servers/{}/vnc", target.panel_ref);
        let answer = data(context, Method::POST, &path, Some(&body)).await?;
        read::console(&context.base_url, &answer)
    }

    async fn packages(&self, context: &PanelContext) -> Result<Vec<Package>, PanelError> {
        read::packages(context).await
    }

    async fn images(&self, context: &PanelContext, settings: &Value) -> Result<Vec<Image>, PanelError> {
        read::images(context, settings).await
    }

    async fn capacity(&self, context: &PanelContext, settings: &Value) -> Result<Option<u32>, PanelError> {
        read::capacity(context, settings).await
    }
}
