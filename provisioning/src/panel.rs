//! Panels: ensure verbs, each a step that can be repeated.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use billing::service::Confirmed;
use platform::outbound::{Outbound, OutboundError};
use platform::secret::Secret;
use serde_json::{Map, Value, json};

/// One configured panel endpoint, opened for calls.
#[derive(Clone)]
pub struct PanelContext {
    /// Root of the panel, without its API prefix.
    pub base_url: String,
    /// Opened credentials.
    pub credentials: Secret<Value>,
    /// Settings of the endpoint.
    pub settings: Value,
    /// The way out.
    pub outbound: Outbound,
}

/// What a service should be on the panel.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Our service's id: the name it gets there.
    pub service: String,
    /// Hostname.
    pub hostname: String,
    /// The account's number: the panel's external id of the owner.
    pub owner: i64,
    /// Name of the owner.
    pub owner_name: String,
    /// Address of the owner.
    pub owner_email: String,
    /// The product's panel settings.
    pub settings: Value,
    /// Ids on this endpoint that belong to other services of ours.
    pub taken: Vec<String>,
}

/// Every id the panel has given so far; kept before the next step.
pub type PanelIds = Map<String, Value>;

/// How far a step came.
#[derive(Debug, Clone)]
pub enum Progress {
    /// Keep the ids, then go on after this long.
    Again {
        /// Name of the step that comes next, for the log and the live page.
        step: &'static str,
        /// How long to wait.
        after: Duration,
    },
    /// The panel confirms that it runs.
    Done(Confirmed),
}

/// Why a step did not do as asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PanelError {
    /// Later, perhaps by itself.
    #[error("{why}")]
    Retry {
        /// How long to wait.
        after: Duration,
        /// For the log.
        why: String,
    },
    /// There is no room.
    #[error("no capacity: {0}")]
    NoCapacity(String),
    /// A clear no.
    #[error("refused: {0}")]
    Refused(String),
    /// It is not there any more.
    #[error("gone")]
    Gone,
}

impl PanelError {
    /// Later, after `seconds`.
    pub fn retry(seconds: u64, why: impl ToString) -> Self {
        Self::Retry {
            after: Duration::from_secs(seconds),
            why: why.to_string(),
        }
    }
}

impl From<OutboundError> for PanelError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Blocked => Self::Refused("the panel's address may not be called; see outbound.allow".into()),
            OutboundError::Invalid(why) => Self::Refused(why),
            // A lost answer: whoever repeats the step looks first.
            other => Self::retry(10, other),
        }
    }
}

/// What an act on a running service may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Start.
    Start,
    /// Ask to shut down.
    Shutdown,
    /// Restart.
    Restart,
    /// Cut the power.
    Off,
}

impl Power {
    /// Reads the API's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "start" | "boot" => Self::Start,
            "shutdown" | "stop" => Self::Shutdown,
            "restart" => Self::Restart,
            "off" | "poweroff" => Self::Off,
            _ => return None,
        })
    }
}

/// A panel.
#[async_trait]
pub trait Panel: Send + Sync {
    /// `virtfusion`, ...
    fn kind(&self) -> &'static str;
    /// What it can do; what is not listed is not offered.
    fn capabilities(&self) -> &'static [&'static str];
    /// JSON Schema of the credentials.
    fn credentials_schema(&self) -> Value;
    /// JSON Schema of the endpoint's settings.
    fn settings_schema(&self) -> Value;
    /// JSON Schema of a product's settings.
    fn panel_settings_schema(&self) -> Value;
    /// Whether endpoint and credentials work: a sentence either way.
    async fn check(&self, context: &PanelContext) -> Result<String, PanelError>;
    /// One step towards a running service; repeated until done.
    async fn create(&self, context: &PanelContext, wanted: &Wanted, ids: &mut PanelIds)
    -> Result<Progress, PanelError>;
    /// Suspends; done already is done.
    async fn suspend(&self, context: &PanelContext, panel_ref: &str) -> Result<(), PanelError>;
    /// Resumes; done already is done.
    async fn resume(&self, context: &PanelContext, panel_ref: &str) -> Result<(), PanelError>;
    /// Removes; gone already is done.
    async fn terminate(&self, context: &PanelContext, panel_ref: &str) -> Result<(), PanelError>;
    /// Starts, stops or restarts.
    async fn power(&self, context: &PanelContext, panel_ref: &str, power: Power) -> Result<(), PanelError>;
    /// A link that signs the owner in to the panel; short-lived, never kept.
    async fn sign_in_link(&self, context: &PanelContext, owner: i64, panel_ref: &str) -> Result<String, PanelError>;
}

/// Every kind of panel this process has.
#[derive(Clone, Default)]
pub struct PanelKinds(BTreeMap<&'static str, Arc<dyn Panel>>);

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
            json!({ "panel": p.kind(), "capabilities": p.capabilities(), "credentials": p.credentials_schema(),
                    "settings": p.settings_schema(), "panel_settings": p.panel_settings_schema() })
        };
        self.0.values().map(row).collect()
    }
}
