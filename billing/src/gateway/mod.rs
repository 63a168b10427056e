//! Gateways: how money is asked for. A call happens between two transactions, never inside one.
//!
//! The answer is one of a few words; anything but a clear yes or no is `Unknown` and is asked
//! about before anything else is tried.

pub mod change;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use platform::money::{Currency, Money};
use platform::secret::Secret;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tenancy::{Mode, Tenancy, TenantScope, TenantTx, audit};

pub use words::{
    Charge, Decline, DisputeState, HostedPage, Opened, Outcome, RefundState, Refunded, SavedMethod, SeenDispute,
    SeenRefund, SetupPage, SetupState,
};

use crate::BillingError;
use crate::ids::GatewayId;

/// One configured gateway, opened for a call.
#[derive(Clone)]
pub struct GatewayContext {
    /// Key.
    pub id: GatewayId,
    /// Opened credentials.
    pub credentials: Secret<Value>,
    /// Settings.
    pub settings: Value,
    /// The doors, for the gateway that keeps its books in the tenant itself.
    pub doors: Tenancy,
    /// The tenant that calls.
    pub scope: TenantScope,
}

/// An event the gateway sent, verified.
#[derive(Debug, Clone)]
pub struct InboundEvent {
    /// The gateway's id of the event: stored once.
    pub id: String,
    /// Its type.
    pub event_type: String,
    /// Ids it speaks of: intents, sessions, our own payment ids.
    pub references: Vec<String>,
}

/// A gateway call failed where no payment is at stake.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The gateway says no, in its own words.
    #[error("the gateway refuses: {0}")]
    Refused(String),
    /// The gateway cannot be reached or did not answer in its form.
    #[error("the gateway cannot be reached: {0}")]
    Away(String),
    /// A signature is missing, wrong or too old.
    #[error("the signature is wrong: {0}")]
    Signature(String),
    /// The body is not understood.
    #[error("the event is not understood: {0}")]
    Malformed(String),
}

/// A way to ask for money.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// `stripe`, `sandbox`, ...
    fn kind(&self) -> &'static str;
    /// JSON Schema of the credentials.
    fn credentials_schema(&self) -> Value;
    /// JSON Schema of the settings.
    fn settings_schema(&self) -> Value;
    /// Whether it moves no real money; sandbox tenants may use no other, live ones none of these.
    fn is_simulated(&self) -> bool {
        false
    }
    /// Whether money can be held before it is taken.
    fn can_hold(&self) -> bool;
    /// The smallest amount it moves in a currency, in minor units: what is charged is a multiple of it.
    fn step(&self, _currency: Currency) -> i64 {
        1
    }
    /// Whether the credentials work: a sentence either way.
    async fn check(&self, context: &GatewayContext) -> Result<String, GatewayError>;
    /// The payer's id at the gateway, made once per account.
    async fn ensure_customer(
        &self,
        context: &GatewayContext,
        key: &str,
        name: &str,
        email: &str,
    ) -> Result<String, GatewayError>;
    /// Keeps a method for later charges.
    async fn attach(&self, context: &GatewayContext, customer: &str, token: &str) -> Result<SavedMethod, GatewayError>;
    /// Charges or holds a saved method.
    async fn charge(&self, context: &GatewayContext, charge: &Charge) -> Outcome;
    /// Opens a hosted payment page.
    async fn open_page(&self, context: &GatewayContext, page: &HostedPage) -> Result<Opened, GatewayError>;
    /// Closes a hosted payment page for good: `Closed`, or what was paid on it before. `Unknown`: it may be open still.
    async fn close_page(&self, context: &GatewayContext, session: &str) -> Outcome;
    /// Opens a hosted page on which a method is saved.
    async fn open_setup(&self, context: &GatewayContext, page: &SetupPage) -> Result<Opened, GatewayError>;
    /// What became of such a page.
    async fn fetch_setup(&self, context: &GatewayContext, session: &str) -> Result<SetupState, GatewayError>;
    /// Forgets a saved method; one that is gone already is no error.
    async fn detach(&self, context: &GatewayContext, method: &str) -> Result<(), GatewayError>;
    /// Takes what is held: all of it, or a part and lets the rest go.
    async fn capture(&self, context: &GatewayContext, key: &str, reference: &str, part: Option<Money>) -> Outcome;
    /// Gives back what is held.
    async fn release(&self, context: &GatewayContext, key: &str, reference: &str) -> Result<(), GatewayError>;
    /// Sends money back.
    async fn refund(&self, context: &GatewayContext, key: &str, reference: &str, amount: Money) -> Refunded;
    /// Every refund of a payment that the gateway knows of, also those made on its own pages.
    async fn refunds(&self, context: &GatewayContext, reference: &str) -> Result<Vec<SeenRefund>, GatewayError>;
    /// Every dispute of a payment.
    async fn disputes(&self, context: &GatewayContext, reference: &str) -> Result<Vec<SeenDispute>, GatewayError>;
    /// Asks what became of a payment: by its id, its page, or our own key. A page that can still be paid is
    /// `RequiresAction`, whatever became of cards tried on it.
    async fn fetch(&self, context: &GatewayContext, asked: &Asked) -> Outcome;
    /// Verifies an event over its raw bytes.
    fn parse_event(
        &self,
        context: &GatewayContext,
        headers: &[(String, String)],
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<InboundEvent, GatewayError>;
}

/// How a payment is asked about.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Our payment's id.
    pub key: String,
    /// The gateway's id, once known.
    pub reference: Option<String>,
    /// The hosted page's id.
    pub session: Option<String>,
    /// The payer, for looking through their payments when no id came back.
    pub customer: Option<String>,
}

/// Every kind of gateway this process has.
#[derive(Clone, Default)]
pub struct GatewayKinds(BTreeMap<&'static str, Arc<dyn Gateway>>);

impl GatewayKinds {
    /// With another kind.
    #[must_use]
    pub fn with(mut self, gateway: Arc<dyn Gateway>) -> Self {
        self.0.insert(gateway.kind(), gateway);
        self
    }

    /// One kind.
    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&Arc<dyn Gateway>> {
        self.0.get(kind)
    }

    /// Rows of `GET /gateway_kinds`.
    #[must_use]
    pub fn describe(&self) -> Vec<Value> {
        self.0
            .values()
            .map(
                |g| json!({ "kind": g.kind(), "credentials": g.credentials_schema(), "settings": g.settings_schema() }),
            )
            .collect()
    }
}

/// A configured gateway, without its credentials.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct GatewayRow {
    /// Key.
    pub id: GatewayId,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Settings.
    pub settings: Value,
    /// active or disabled.
    pub state: String,
    /// When configured.
    pub created_at: DateTime<Utc>,
}

const COLUMNS: &str = "SELECT id, kind, name, settings, state, created_at FROM gateways";

/// Checks presence and type of what a schema asks for, and that nothing unknown is there.
///
/// # Errors
/// The field, below `prefix`, and what is wrong with it.
pub fn conform(schema: &Value, value: &Value, prefix: &'static str) -> Result<(), BillingError> {
    let wrong = |text: String| Err(BillingError::Field(prefix, text));
    let Some(fields) = value.as_object() else {
        return wrong("An object is needed.".into());
    };
    let known: Map<String, Value> = schema["properties"].as_object().cloned().unwrap_or_default();
    for required in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if fields.get(required).is_none_or(|v| v.is_null() || v == "") {
            return wrong(format!("{required} is needed."));
        }
    }
    for (name, value) in fields {
        let Some(kind) = known.get(name) else {
            return wrong(format!("{name} is not known here."));
        };
        let fits = match kind["type"].as_str() {
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("boolean") => value.is_boolean(),
            Some("object") => value.is_object(),
            _ => true,
        };
        if !fits {
            return wrong(format!(
                "{name} must be {}.",
                kind["type"].as_str().unwrap_or("something else")
            ));
        }
    }
    Ok(())
}

/// Money is simulated in sandbox tenants, and there alone.
fn fits(mode: Mode, gateway: &dyn Gateway) -> bool {
    gateway.is_simulated() == (mode == Mode::Sandbox)
}

/// Configures a gateway; credentials are sealed and never answered back.
///
/// # Errors
/// An unknown kind, or fields that do not fit its schema.
pub async fn configure(
    tx: &mut TenantTx,
    kinds: &GatewayKinds,
    kind: &str,
    name: &str,
    credentials: &Value,
    settings: &Value,
) -> Result<GatewayRow, BillingError> {
    let gateway = kinds
        .get(kind)
        .ok_or(BillingError::Field("kind", "There is no gateway of this kind.".into()))?;
    if !fits(tx.tenant().mode, gateway.as_ref()) {
        return Err(BillingError::Field(
            "kind",
            "This tenant cannot use a gateway of this kind.".into(),
        ));
    }
    conform(&gateway.credentials_schema(), credentials, "credentials")?;
    conform(&gateway.settings_schema(), settings, "settings")?;
    let id: GatewayId = tx.new_id();
    let sealed = tx.seal("gateways", "credentials", id, credentials.to_string().as_bytes());
    sqlx::query(
        "INSERT INTO gateways (id, kind, name, credentials, settings, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(kind)
    .bind(if name.is_empty() { kind } else { name })
    .bind(sealed)
    .bind(settings)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    audit::record(tx, "gateway.configured", id, json!({ "kind": kind })).await?;
    find(tx, id).await?.ok_or(BillingError::NotFound("gateway"))
}

/// A gateway by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: GatewayId) -> Result<Option<GatewayRow>, BillingError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// Configured gateways, the oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<GatewayRow>, BillingError> {
    let sql = format!("{COLUMNS} ORDER BY created_at, id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .fetch_all(tx.connection())
        .await?)
}

/// Opens a gateway for a call: credentials are read in a transaction of their own, ended before it.
///
/// # Errors
/// When there is no such gateway, or its credentials cannot be opened.
pub async fn open(
    doors: &Tenancy,
    kinds: &GatewayKinds,
    scope: &TenantScope,
    id: GatewayId,
) -> Result<(Arc<dyn Gateway>, GatewayContext), BillingError> {
    let mut tx = doors.begin_read(scope).await?;
    let row: Option<(String, Vec<u8>, Value)> =
        sqlx::query_as("SELECT kind, credentials, settings FROM gateways WHERE id = $1")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?;
    let (kind, sealed, settings) = row.ok_or(BillingError::NotFound("gateway"))?;
    let failed = |why: String| BillingError::Conflict("gateway_sealed", why);
    let plain = tx
        .open("gateways", "credentials", id, &sealed)
        .map_err(|e| failed(e.to_string()))?;
    tx.commit().await?;
    let credentials: Value = serde_json::from_slice(&plain).map_err(|e| failed(e.to_string()))?;
    let gateway = kinds
        .get(&kind)
        .cloned()
        .ok_or(BillingError::NotFound("gateway kind"))?;
    if !fits(scope.tenant().mode, gateway.as_ref()) {
        let why = "This tenant cannot use a gateway of this kind.";
        return Err(BillingError::Conflict("gateway_refused", why.into()));
    }
    Ok((
        gateway,
        GatewayContext {
            id,
            credentials: Secret::new(credentials),
            settings,
            doors: doors.clone(),
            scope: scope.clone(),
        },
    ))
}
