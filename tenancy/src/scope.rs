//! The right to touch a tenant's data, as a value.

use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;
use platform::money::Currency;
use uuid::Uuid;

use crate::brand::Brand;
use crate::settings::Settings;
use crate::{AccountId, TenantId, TokenId, UserId};

/// A business on the platform, as every node holds it in memory.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Key in `control.tenants`.
    pub id: TenantId,
    /// Name in `{slug}.{base}`.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// Who resells to it; none for the root.
    pub parent: Option<TenantId>,
    /// Its own account in the parent.
    pub parent_account: Option<AccountId>,
    /// Which database.
    pub cell: i16,
    /// Opaque schema and role name.
    pub schema: String,
    /// Live or sandbox.
    pub mode: Mode,
    /// Active, suspended or on its way out.
    pub state: TenantState,
    /// Why it is suspended.
    pub reason: Option<String>,
    /// Default currency and that of its reports.
    pub currency: Currency,
    /// Zone of its billing days.
    pub timezone: Tz,
    /// Default language.
    pub locale: String,
    /// A sandbox tenant's time minus ours.
    pub clock_offset: TimeDelta,
    /// Resolved: own value, else the parent's, else the default.
    pub settings: Settings,
    /// Resolved look.
    pub brand: Brand,
    /// Raised with every change of the row.
    pub generation: i64,
    /// A migration failed here; a plain page is served until it is retried.
    pub parked_reason: Option<String>,
}

/// Whether money and servers are real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Real gateways and panels.
    Live,
    /// Simulated ones, and a clock of its own.
    Sandbox,
}

/// What a tenant may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantState {
    /// Everything.
    Active,
    /// Customers are served, staff are locked out.
    Suspended,
    /// Nothing; erased after its grace.
    Deleting,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody not signed in.
    Visitor,
    /// A customer: a member of an account (none chosen yet: `account` is none).
    Member {
        /// Who.
        user: UserId,
        /// For the audit log.
        name: String,
        /// The account acted for.
        account: Option<AccountId>,
    },
    /// Somebody who works for the tenant.
    Staff {
        /// Who.
        user: UserId,
        /// For the audit log.
        name: String,
    },
    /// A job, by its name, or the command line.
    System {
        /// Job or command name.
        name: String,
    },
    /// Staff of an ancestor looking into this tenant.
    Parent {
        /// The ancestor.
        tenant: TenantId,
        /// Name of the person.
        name: String,
    },
    /// A child tenant's operation, narrowed to the reseller's own account here.
    Upstream {
        /// The child.
        child: TenantId,
        /// The reseller's account in this tenant.
        account: AccountId,
    },
    /// The parent that delivers one service of this tenant, telling about that one service.
    Provider {
        /// The parent.
        parent: TenantId,
        /// The service here.
        service: Uuid,
    },
}

impl Actor {
    /// Word for the audit log's `actor_kind`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Member { .. } => "member",
            Self::Staff { .. } => "staff",
            Self::System { .. } => "system",
            Self::Parent { .. } => "parent",
            Self::Upstream { .. } => "upstream",
            Self::Provider { .. } => "provider",
        }
    }

    /// The user or tenant behind it.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        match self {
            Self::Visitor | Self::System { .. } => None,
            Self::Member { user, .. } | Self::Staff { user, .. } => Some(user.uuid()),
            Self::Parent { tenant, .. } => Some(tenant.uuid()),
            Self::Upstream { child, .. } => Some(child.uuid()),
            Self::Provider { parent, .. } => Some(parent.uuid()),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Visitor => f.write_str("visitor"),
            Self::Member { name, .. }
            | Self::Staff { name, .. }
            | Self::System { name }
            | Self::Parent { name, .. } => f.write_str(name),
            Self::Upstream { child, .. } => write!(f, "{child}"),
            Self::Provider { parent, .. } => write!(f, "{parent}"),
        }
    }
}

/// A tenant and who acts in it. Only [`crate::resolve`] makes one.
#[derive(Debug, Clone)]
pub struct TenantScope {
    tenant: Arc<Tenant>,
    actor: Actor,
    token: Option<TokenId>,
}

impl TenantScope {
    pub(crate) fn mint(tenant: Arc<Tenant>, actor: Actor) -> Self {
        Self {
            tenant,
            actor,
            token: None,
        }
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The same tenant, acted in by somebody whom this room has just recognised.
    pub(crate) fn acting(&self, actor: Actor) -> Self {
        Self::mint(self.tenant.clone(), actor)
    }

    /// The same by an API token: what is done counts as what the token did.
    pub(crate) fn acting_by(&self, actor: Actor, token: TokenId) -> Self {
        Self {
            token: Some(token),
            ..Self::mint(self.tenant.clone(), actor)
        }
    }

    /// The API token that is used, if one is.
    #[must_use]
    pub fn token(&self) -> Option<TokenId> {
        self.token
    }

    /// The same for work of the house that a token only sets going: a billing day is nobody's spending.
    #[must_use]
    pub fn for_the_house(&self) -> Self {
        Self {
            token: None,
            ..self.clone()
        }
    }
}
