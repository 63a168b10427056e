//! What panels can do, and what they say.

use chrono::{DateTime, Utc};
use platform::secret::Secret;
use serde::Serialize;
use serde_json::Value;

/// Something a panel may be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Build.
    Create,
    /// Suspend and resume.
    Suspend,
    /// Remove.
    Terminate,
    /// Become another size.
    ChangePlan,
    /// Start, stop, restart.
    Power,
    /// Set a new root password.
    RootPassword,
    /// Sign the owner in.
    SignInLink,
    /// Show a console.
    ConsoleLink,
    /// Count traffic.
    Usage,
    /// List packages.
    Packages,
    /// List images.
    Images,
    /// Say how much room is left.
    Capacity,
    /// List everything that runs.
    Reconcile,
}

impl Capability {
    /// The word in `GET /panels`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Suspend => "suspend",
            Self::Terminate => "terminate",
            Self::ChangePlan => "change_plan",
            Self::Power => "power",
            Self::RootPassword => "root_password",
            Self::SignInLink => "sign_in_link",
            Self::ConsoleLink => "console_link",
            Self::Usage => "usage",
            Self::Packages => "packages",
            Self::Images => "images",
            Self::Capacity => "capacity",
            Self::Reconcile => "reconcile",
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

    /// Our own word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Shutdown => "shutdown",
            Self::Restart => "restart",
            Self::Off => "off",
        }
    }
}

/// What a panel says of one service.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Observed {
    /// The panel's id.
    pub panel_ref: String,
    /// Name there: our service's id once it is built.
    pub name: String,
    /// `running`, `stopped`, `queued`, ... as the panel says it.
    pub state: Option<String>,
    /// Suspended.
    pub suspended: bool,
    /// Whether it is built; none: it does not say.
    pub built: Option<bool>,
    /// External id of the owner.
    pub owner: Option<i64>,
    /// Addresses.
    pub ip_addresses: Vec<String>,
    /// `memory_mb`, `cpu_cores`, `storage_gb`, `traffic_gb`.
    pub resources: Value,
}

/// Traffic of one period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Begin, as the panel says it.
    pub from: String,
    /// End, as the panel says it.
    pub to: String,
    /// Received, in bytes.
    pub in_bytes: i64,
    /// Sent, in bytes.
    pub out_bytes: i64,
    /// Included, in bytes; none: unmetered.
    pub limit_bytes: Option<i64>,
}

/// A way in that works once and soon.
#[derive(Debug, Clone)]
pub struct Link {
    /// Where to.
    pub url: String,
    /// A password asked for there.
    pub password: Option<Secret<String>>,
    /// Until when, where the panel says.
    pub expires: Option<DateTime<Utc>>,
}

impl Link {
    /// A link without more.
    #[must_use]
    pub fn to(url: String) -> Self {
        Self {
            url,
            password: None,
            expires: None,
        }
    }
}

/// Something a panel can build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Package {
    /// The panel's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether it can be ordered.
    pub enabled: bool,
    /// Memory.
    pub memory_mb: Option<i64>,
    /// Disk.
    pub storage_gb: Option<i64>,
    /// Traffic; 0 is unlimited.
    pub traffic_gb: Option<i64>,
    /// Cores.
    pub cpu_cores: Option<i64>,
}

/// Something that can be installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The panel's id.
    pub id: String,
    /// Name with its version.
    pub name: String,
    /// Under which heading.
    pub group: String,
    /// Whether its maker supports it no longer.
    pub outdated: bool,
}
