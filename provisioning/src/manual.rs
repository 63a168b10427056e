//! The manual panel: what no panel here can build is built by staff. Each wanted change waits as a task until
//! they say that it is done, so what is paid is delivered, or visibly waits for somebody.

use async_trait::async_trait;
use billing::service::Confirmed;
use serde_json::{Value, json};

use crate::panel::{Capability, Observed, Panel, PanelContext, PanelError, Progress, Step, Target};

/// The adapter.
#[derive(Debug, Default, Clone, Copy)]
pub struct Manual;

fn wait(what: &str) -> Step {
    Ok(Progress::by_hand("by_hand", what))
}

#[async_trait]
impl Panel for Manual {
    fn kind(&self) -> &'static str {
        "manual"
    }

    fn capabilities(&self) -> &'static [Capability] {
        &[Capability::Create, Capability::Suspend, Capability::Terminate]
    }

    fn credentials_schema(&self) -> Value {
        json!({ "type": "object", "properties": {} })
    }

    fn settings_schema(&self) -> Value {
        json!({ "type": "object", "properties": {} })
    }

    fn panel_settings_schema(&self) -> Value {
        json!({ "type": "object", "properties": {
            "instructions": { "type": "string", "title": "What staff should build" } } })
    }

    fn has_address(&self) -> bool {
        false
    }

    fn sees(&self) -> bool {
        false
    }

    async fn check(&self, _context: &PanelContext) -> Result<String, PanelError> {
        Ok("Nothing is built by itself: every change becomes a task for staff.".into())
    }

    /// Done when staff have named what they built.
    async fn create(&self, _context: &PanelContext, target: &mut Target) -> Step {
        if !target.panel_ref.is_empty() {
            return Ok(Progress::Done(Some(Confirmed {
                panel_ref: target.panel_ref.clone(),
                ip_addresses: Vec::new(),
                observed: Value::Null,
            })));
        }
        let what = target.wanted.settings["instructions"].as_str().unwrap_or_default();
        wait(format!("Build it by hand, then say what it is called. {what}").trim())
    }

    async fn suspend(&self, _context: &PanelContext, target: &mut Target) -> Step {
        wait(&format!("Suspend {} by hand, then mark this done.", target.panel_ref))
    }

    async fn resume(&self, _context: &PanelContext, target: &mut Target) -> Step {
        wait(&format!("Resume {} by hand, then mark this done.", target.panel_ref))
    }

    async fn terminate(&self, _context: &PanelContext, target: &mut Target) -> Step {
        wait(&format!("Remove {} by hand, then mark this done.", target.panel_ref))
    }

    async fn read_state(&self, _context: &PanelContext, _target: &Target) -> Result<Observed, PanelError> {
        Err(PanelError::cannot("say what runs"))
    }
}
