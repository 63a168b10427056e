//! All hosts and tenants in memory: a request resolves without a query, an unknown host costs none.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use platform::db::DbError;
use platform::money::Currency;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::brand::{Brand, BrandValues};
use crate::settings::{self, Settings};
use crate::{AccountId, ControlTx, HostId, Mode, Tenant, TenantId, TenantState};

/// Which surfaces a host serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Portal {
    /// Every one.
    All,
    /// The public site and shop.
    Site,
    /// Customers.
    Account,
    /// Staff.
    Admin,
    /// The status page.
    Status,
}

impl Portal {
    /// Reads the word stored in `control.hosts`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "all" => Self::All,
            "site" => Self::Site,
            "account" => Self::Account,
            "admin" => Self::Admin,
            "status" => Self::Status,
            _ => return None,
        })
    }

    /// The stored word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Site => "site",
            Self::Account => "account",
            Self::Admin => "admin",
            Self::Status => "status",
        }
    }
}

/// What a hostname leads to.
#[derive(Debug, Clone)]
pub struct HostRoute {
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// Which surfaces.
    pub portal: Portal,
    /// The name itself.
    pub hostname: Arc<str>,
}

/// One snapshot of all hosts and tenants.
#[derive(Debug, Default)]
pub struct Directory {
    hosts: HashMap<Arc<str>, HostRoute>,
    tenants: HashMap<TenantId, Arc<Tenant>>,
    schemas: HashMap<String, TenantId>,
    slugs: HashMap<String, TenantId>,
    /// Last change applied.
    pub(crate) seq: i64,
}

/// The rows a snapshot is built from, also kept on disk so that a node restarts without control.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Rows {
    pub(crate) seq: i64,
    pub(crate) tenants: Vec<TenantRow>,
    pub(crate) hosts: Vec<HostRow>,
}

#[derive(Debug, Clone, Serialize, Deserialize, sqlx::FromRow)]
pub(crate) struct TenantRow {
    pub(crate) id: TenantId,
    slug: String,
    name: String,
    parent_id: Option<TenantId>,
    parent_account_id: Option<AccountId>,
    cell_id: i16,
    schema_name: String,
    mode: String,
    state: String,
    reason: Option<String>,
    currency: String,
    timezone: String,
    locale: String,
    clock_offset_us: i64,
    settings: Value,
    parked_reason: Option<String>,
    generation: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, sqlx::FromRow)]
pub(crate) struct HostRow {
    id: HostId,
    hostname: String,
    tenant_id: TenantId,
    portal: String,
}

impl Rows {
    pub(crate) async fn load(tx: &mut ControlTx) -> Result<Self, DbError> {
        let seq = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM control.changes")
            .fetch_one(tx.connection())
            .await?;
        let tenants = sqlx::query_as(
            "SELECT id, slug, name, parent_id, parent_account_id, cell_id, schema_name, mode, state, reason, currency, timezone, \
             locale, clock_offset_us, settings, parked_reason, generation FROM control.tenants",
        )
        .fetch_all(tx.connection())
        .await?;
        let hosts = sqlx::query_as(
            "SELECT id, hostname, tenant_id, portal FROM control.hosts WHERE state IN ('verified', 'issuing', 'serving', 'failing')",
        )
        .fetch_all(tx.connection())
        .await?;
        Ok(Self { seq, tenants, hosts })
    }
}

impl Directory {
    /// Builds a snapshot; `base` is the platform's own domain.
    pub(crate) fn build(rows: &Rows, base: &str) -> Self {
        let by_id: HashMap<TenantId, &TenantRow> = rows.tenants.iter().map(|row| (row.id, row)).collect();
        let mut directory = Self {
            seq: rows.seq,
            ..Self::default()
        };
        for row in &rows.tenants {
            let tenant = Arc::new(tenant(row, &by_id));
            directory.schemas.insert(tenant.schema.clone(), tenant.id);
            directory.slugs.insert(tenant.slug.clone(), tenant.id);
            directory.add(&format!("{}.{base}", tenant.slug), &tenant, Portal::All);
            if tenant.parent.is_none() {
                directory.add(base, &tenant, Portal::Site);
                for portal in [Portal::Account, Portal::Admin, Portal::Status] {
                    directory.add(&format!("{}.{base}", portal.word()), &tenant, portal);
                }
            }
            directory.tenants.insert(tenant.id, tenant);
        }
        for host in &rows.hosts {
            if let (Some(tenant), Some(portal)) = (
                directory.tenants.get(&host.tenant_id).cloned(),
                Portal::parse(&host.portal),
            ) {
                directory.add(&host.hostname, &tenant, portal);
            }
        }
        directory
    }

    fn add(&mut self, hostname: &str, tenant: &Arc<Tenant>, portal: Portal) {
        let hostname: Arc<str> = hostname.into();
        let route = HostRoute {
            tenant: tenant.clone(),
            portal,
            hostname: hostname.clone(),
        };
        self.hosts.insert(hostname, route);
    }

    /// Where a normalised hostname leads.
    #[must_use]
    pub fn host(&self, hostname: &str) -> Option<&HostRoute> {
        self.hosts.get(hostname)
    }

    /// A tenant by id.
    #[must_use]
    pub fn tenant(&self, id: TenantId) -> Option<&Arc<Tenant>> {
        self.tenants.get(&id)
    }

    /// A tenant by its slug.
    #[must_use]
    pub fn slug(&self, slug: &str) -> Option<&Arc<Tenant>> {
        self.slugs.get(slug).and_then(|id| self.tenants.get(id))
    }

    /// A tenant by the schema a job row names.
    #[must_use]
    pub fn schema(&self, schema: &str) -> Option<&Arc<Tenant>> {
        self.schemas.get(schema).and_then(|id| self.tenants.get(id))
    }

    /// The tenant without a parent.
    #[must_use]
    pub fn root(&self) -> Option<&Arc<Tenant>> {
        self.tenants.values().find(|tenant| tenant.parent.is_none())
    }

    /// All tenants, in no order.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.tenants.values()
    }

    /// How many hosts are known.
    #[must_use]
    pub fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// Whether `ancestor` is above `tenant`, at any depth.
    #[must_use]
    pub fn is_ancestor(&self, ancestor: TenantId, tenant: TenantId) -> bool {
        let mut at = self.tenant(tenant).and_then(|t| t.parent);
        // Bounded: a damaged chain must not hang a node.
        for _ in 0..32 {
            match at {
                Some(id) if id == ancestor => return true,
                Some(id) => at = self.tenant(id).and_then(|t| t.parent),
                None => return false,
            }
        }
        false
    }

    /// The host a tenant's links should carry: a custom one for that portal, else `{slug}.{base}`.
    #[must_use]
    pub fn public_host(&self, tenant: &Tenant, portal: Portal, base: &str) -> Arc<str> {
        let own = format!("{}.{base}", tenant.slug);
        let custom = self
            .hosts
            .values()
            .filter(|route| route.tenant.id == tenant.id && *route.hostname != *own)
            .filter(|route| route.portal == portal || route.portal == Portal::All)
            .map(|route| route.hostname.clone())
            .min();
        custom.unwrap_or_else(|| own.into())
    }
}

fn tenant(row: &TenantRow, by_id: &HashMap<TenantId, &TenantRow>) -> Tenant {
    let mut chain: Vec<Map<String, Value>> = Vec::new();
    let mut at = Some(row);
    while let Some(ancestor) = at.filter(|_| chain.len() < 32) {
        chain.push(ancestor.settings.as_object().cloned().unwrap_or_default());
        at = ancestor.parent_id.and_then(|id| by_id.get(&id)).copied();
    }
    chain.reverse();
    let values = settings::merge(&chain);
    let brand: BrandValues = values
        .get("brand")
        .cloned()
        .and_then(|v| serde_json::from_value(v).ok())
        .unwrap_or_default();
    Tenant {
        id: row.id,
        slug: row.slug.clone(),
        name: row.name.clone(),
        parent: row.parent_id,
        parent_account: row.parent_account_id,
        cell: row.cell_id,
        schema: row.schema_name.clone(),
        mode: if row.mode == "sandbox" {
            Mode::Sandbox
        } else {
            Mode::Live
        },
        state: match row.state.as_str() {
            "active" => TenantState::Active,
            "deleting" => TenantState::Deleting,
            _ => TenantState::Suspended,
        },
        reason: row.reason.clone(),
        currency: Currency::parse(&row.currency).unwrap_or_else(|_| fallback_currency()),
        timezone: row.timezone.parse().unwrap_or(chrono_tz::UTC),
        locale: row.locale.clone(),
        clock_offset: TimeDelta::microseconds(row.clock_offset_us),
        settings: Settings::from_values(&values),
        brand: Brand::resolve(&row.name, &brand),
        generation: row.generation,
        parked_reason: row.parked_reason.clone(),
    }
}

/// Rows are checked when written; this keeps a damaged one from stopping a node.
fn fallback_currency() -> Currency {
    #[expect(clippy::expect_used, reason = "USD is in the table of currencies")]
    Currency::parse("USD").expect("USD is a currency")
}
