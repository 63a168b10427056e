//! Panels: ensure verbs, each a step that can be repeated.
//!
//! A verb is called again and again until it says `Done`. What it learns on the way goes into the
//! target's `ids` (kept with the service) or `notes` (kept with the operation); both are committed
//! before the next step, so a crash between any two lines loses nothing that the panel knows.

mod answer;
mod error;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use billing::service::Confirmed;
use platform::secret::Secret;
use serde_json::{Map, Value, json};
use tenancy::TenantScope;

pub use answer::{Capability, Image, Link, Observed, Package, Power, Traffic};
pub use error::PanelError;

use crate::operation::Workshop;
use crate::{Manual, Sandbox, Upstream, Virtfusion};

/// Key under which a step hands over a password: the runner seals it and takes it out.
pub const PASSWORD: &str = "password";
/// Key of the panel's own id of the service.
pub const REFERENCE: &str = "server";

/// One configured panel endpoint, opened for calls.
#[derive(Clone)]
pub struct PanelContext {
    /// Root of the panel, without its API prefix.
    pub base_url: String,
    /// Opened credentials.
    pub credentials: Secret<Value>,
    /// Settings of the endpoint.
    pub settings: Value,
    /// Whether new services are built on it.
    pub enabled: bool,
    /// The doors, the panels and the way out.
    pub shop: Workshop,
    /// The tenant that calls.
    pub scope: TenantScope,
}

/// What a service should be on the panel.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Our service's id: the name it gets there.
    pub service: String,
    /// Hostname.
    pub hostname: String,
    /// The owner's number: the panel's external id of the owner.
    pub owner: i64,
    /// Name of the owner.
    pub owner_name: String,
    /// Address of the owner.
    pub owner_email: String,
    /// Unit and count of the cycle it is sold by.
    pub cycle: (String, i32),
    /// The product's panel settings, with what the options set.
    pub settings: Value,
    /// Ids on this endpoint that belong to other services of ours.
    pub taken: Vec<String>,
}

/// Every id the panel has given so far.
pub type PanelIds = Map<String, Value>;

/// What a verb works on.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// What it should be.
    pub wanted: Wanted,
    /// The panel's id; empty until it is created.
    pub panel_ref: String,
    /// Ids kept with the service.
    pub ids: PanelIds,
    /// Notes kept with the operation.
    pub notes: PanelIds,
    /// The operation's id: the same change asked for twice has the same one.
    pub operation: String,
}

impl Target {
    /// An id as text.
    #[must_use]
    pub fn id(&self, key: &str) -> Option<String> {
        text(&self.ids, key)
    }

    /// This one on the panel is it.
    pub fn adopt(&mut self, panel_ref: String) {
        self.ids.insert(REFERENCE.into(), json!(panel_ref));
        self.panel_ref = panel_ref;
    }

    /// A note as text.
    #[must_use]
    pub fn note(&self, key: &str) -> Option<String> {
        text(&self.notes, key)
    }
}

fn text(map: &PanelIds, key: &str) -> Option<String> {
    match map.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}

/// How far a step came.
#[derive(Debug, Clone)]
pub enum Progress {
    /// Keep what is known, then go on after this long.
    Again {
        /// Name of the step that comes next, for the log and the live page.
        step: &'static str,
        /// How long to wait.
        after: Duration,
    },
    /// It depends on somebody: asked again now and then, for some hours.
    Wait {
        /// Name of the step that waits.
        step: &'static str,
        /// What for, in words staff understand.
        why: String,
        /// How long to wait.
        after: Duration,
        /// For how long at most, before it has failed.
        hours: i64,
    },
    /// The panel confirms it; after a create or a change with what it is now.
    Done(Option<Confirmed>),
}

impl Progress {
    /// Goes on with `step` after `seconds`.
    #[must_use]
    pub fn again(step: &'static str, seconds: u64) -> Self {
        Self::Again {
            step,
            after: Duration::from_secs(seconds),
        }
    }

    /// Waits for somebody and asks again after `seconds`.
    pub fn wait(step: &'static str, why: impl ToString, seconds: u64) -> Self {
        Self::Wait {
            step,
            why: why.to_string(),
            after: Duration::from_secs(seconds),
            hours: 24,
        }
    }

    /// Waits for staff, who will say when it is done: for six days, within what a card's hold lasts.
    pub fn by_hand(step: &'static str, why: impl ToString) -> Self {
        Self::Wait {
            step,
            why: why.to_string(),
            after: Duration::from_secs(3600),
            hours: 6 * 24,
        }
    }

    /// Done, with nothing to tell.
    #[must_use]
    pub fn done() -> Self {
        Self::Done(None)
    }
}

/// The outcome of one step.
pub type Step = Result<Progress, PanelError>;

/// A panel. What it does not list among its capabilities it refuses, and no page offers it.
#[async_trait]
pub trait Panel: Send + Sync {
    /// `virtfusion`, ...
    fn kind(&self) -> &'static str;
    /// What it can do.
    fn capabilities(&self) -> &'static [Capability];
    /// JSON Schema of the credentials.
    fn credentials_schema(&self) -> Value;
    /// JSON Schema of the endpoint's settings.
    fn settings_schema(&self) -> Value;
    /// JSON Schema of a product's settings.
    fn panel_settings_schema(&self) -> Value;
    /// Whether nothing real is built.
    fn is_simulated(&self) -> bool {
        false
    }
    /// Whether it is reached at an address.
    fn has_address(&self) -> bool {
        true
    }
    /// Whether it can say what runs on it.
    fn sees(&self) -> bool {
        true
    }
    /// Whether endpoint and credentials work: a sentence either way.
    async fn check(&self, context: &PanelContext) -> Result<String, PanelError>;
    /// One step towards a running service.
    async fn create(&self, context: &PanelContext, target: &mut Target) -> Step;
    /// Suspends; done already is done.
    async fn suspend(&self, context: &PanelContext, target: &mut Target) -> Step;
    /// Resumes; done already is done.
    async fn resume(&self, context: &PanelContext, target: &mut Target) -> Step;
    /// Removes; gone already is done.
    async fn terminate(&self, context: &PanelContext, target: &mut Target) -> Step;
    /// What a create whose answer was lost has made, where the panel can tell.
    async fn lost(&self, _context: &PanelContext, _target: &Target) -> Result<Option<String>, PanelError> {
        Ok(None)
    }
    /// Makes it what its product says now.
    async fn change_plan(&self, _context: &PanelContext, _target: &mut Target) -> Step {
        Err(PanelError::cannot("change the plan"))
    }
    /// Starts, stops or restarts.
    async fn power(&self, _context: &PanelContext, _target: &mut Target, _power: Power) -> Step {
        Err(PanelError::cannot("switch the power"))
    }
    /// Sets a new root password and hands it over under [`PASSWORD`] in the notes.
    async fn root_password(&self, _context: &PanelContext, _target: &mut Target) -> Step {
        Err(PanelError::cannot("set a password"))
    }
    /// What it is there now.
    async fn read_state(&self, context: &PanelContext, target: &Target) -> Result<Observed, PanelError>;
    /// A page of all services on the endpoint, for comparison with ours, and where the next one begins; the first
    /// is at the empty cursor.
    async fn read_some(
        &self,
        _context: &PanelContext,
        _cursor: &str,
    ) -> Result<(Vec<Observed>, Option<String>), PanelError> {
        Err(PanelError::cannot("list what runs"))
    }
    /// Traffic of the current period.
    async fn read_usage(&self, _context: &PanelContext, _target: &Target) -> Result<Traffic, PanelError> {
        Err(PanelError::cannot("count traffic"))
    }
    /// A link that signs the owner in to the panel; short-lived, never kept.
    async fn sign_in_link(&self, _context: &PanelContext, _target: &Target) -> Result<Link, PanelError> {
        Err(PanelError::cannot("sign anybody in"))
    }
    /// The way to the console; short-lived, never kept.
    async fn console_link(&self, _context: &PanelContext, _target: &Target) -> Result<Link, PanelError> {
        Err(PanelError::cannot("open a console"))
    }
    /// What it can build.
    async fn packages(&self, _context: &PanelContext) -> Result<Vec<Package>, PanelError> {
        Err(PanelError::cannot("list packages"))
    }
    /// What can be installed on what a product's settings describe.
    async fn images(&self, _context: &PanelContext, _settings: &Value) -> Result<Vec<Image>, PanelError> {
        Err(PanelError::cannot("list images"))
    }
    /// How many more of what these settings describe have room; none: it does not say.
    async fn capacity(&self, _context: &PanelContext, _settings: &Value) -> Result<Option<u32>, PanelError> {
        Ok(None)
    }
}

/// Every kind of panel this process has.
#[derive(Clone)]
pub struct PanelKinds(BTreeMap<&'static str, Arc<dyn Panel>>);

impl Default for PanelKinds {
    /// Those built in.
    fn default() -> Self {
        Self(BTreeMap::new())
            .with(Arc::new(Virtfusion))
            .with(Arc::new(Upstream))
            .with(Arc::new(Manual))
            .with(Arc::new(Sandbox))
    }
}

impl PanelKinds {
    /// With another kind.
    #[must_use]
    pub fn with(mut self, panel: Arc<dyn Panel>) -> Self {
        self.0.insert(panel.kind(), panel);
        self
    }

    /// One kind.
    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&Arc<dyn Panel>> {
        self.0.get(kind)
    }

    /// Rows of `GET /panels`.
    #[must_use]
    pub fn describe(&self) -> Vec<Value> {
        let row = |p: &Arc<dyn Panel>| {
            let capabilities: Vec<&str> = p.capabilities().iter().map(|c| c.word()).collect();
            json!({ "panel": p.kind(), "capabilities": capabilities, "credentials": p.credentials_schema(),
                    "settings": p.settings_schema(), "panel_settings": p.panel_settings_schema() })
        };
        self.0.values().map(row).collect()
    }
}
