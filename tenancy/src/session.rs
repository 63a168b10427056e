//! Sessions: rows of the tenant they belong to, so one is nothing on another tenant's host.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use chrono::DateTime;
use platform::db::DbError;
use platform::secret::sha256;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Session, SessionStore};

use crate::{AccountId, Tenancy, TenantId, TenantScope, TenantTx, UserId, user};

/// The store of one tenant, built per request.
#[derive(Clone)]
pub struct TenantStore {
    tenancy: Tenancy,
    scope: TenantScope,
}

impl TenantStore {
    /// Over the tenant of `scope`.
    #[must_use]
    pub fn new(tenancy: Tenancy, scope: TenantScope) -> Self {
        Self { tenancy, scope }
    }
}

impl fmt::Debug for TenantStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantStore({})", self.scope.tenant().slug)
    }
}

/// The row's key: a reader of the table cannot use a session.
fn key(id: &Id) -> String {
    hex::encode(sha256(id.to_string().as_bytes()))
}

fn failed(error: impl ToString) -> Error {
    Error::Backend(error.to_string())
}

impl TenantStore {
    /// Writes a record by a statement that takes id, user, data and expiry; answers how many rows it wrote.
    async fn write(&self, record: &Record, statement: &'static str) -> Result<u64> {
        let data = serde_json::to_vec(&record.data).map_err(failed)?;
        let user: Option<SignedIn> = record
            .data
            .get(SIGNED_IN)
            .cloned()
            .and_then(|v| serde_json::from_value(v).ok());
        let expires = DateTime::from_timestamp(record.expiry_date.unix_timestamp(), 0)
            .ok_or_else(|| failed("expiry out of range"))?;
        let mut tx = self.tenancy.begin(&self.scope).await.map_err(failed)?;
        let done = sqlx::query(statement)
            .bind(key(&record.id))
            .bind(user.map(|u| u.user))
            .bind(data)
            .bind(expires)
            .execute(tx.connection())
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(done.rows_affected())
    }
}

#[async_trait]
impl SessionStore for TenantStore {
    /// A new session never takes over the row of another.
    async fn create(&self, record: &mut Record) -> Result<()> {
        let statement =
            "INSERT INTO sessions (id, user_id, data, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
        while self.write(record, statement).await? == 0 {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.write(
            record,
            "INSERT INTO sessions (id, user_id, data, expires_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, data = excluded.data, expires_at = excluded.expires_at",
        )
        .await?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let mut tx = self.tenancy.begin_read(&self.scope).await.map_err(failed)?;
        let row: Option<(Vec<u8>, DateTime<chrono::Utc>)> =
            sqlx::query_as("SELECT data, expires_at FROM sessions WHERE id = $1 AND expires_at > $2")
                .bind(key(id))
                .bind(self.tenancy.now())
                .fetch_optional(tx.connection())
                .await
                .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        let Some((data, expires)) = row else { return Ok(None) };
        let data: HashMap<String, Value> = serde_json::from_slice(&data).map_err(failed)?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(expires.timestamp()).map_err(failed)?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut tx = self.tenancy.begin(&self.scope).await.map_err(failed)?;
        sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(key(id))
            .execute(tx.connection())
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}

const SIGNED_IN: &str = "signed_in";
const ACCOUNT: &str = "account";
const LOOKING: &str = "looking";

/// Who a session belongs to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SignedIn {
    /// The user.
    pub user: UserId,
    /// Epoch at sign-in; a password change ends older ones.
    pub epoch: i32,
    /// Unix seconds of the sign-in, for acts that want a fresh one.
    pub at: i64,
}

/// A look into a child tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Looking {
    /// The child.
    pub tenant: TenantId,
    /// Why.
    pub reason: String,
    /// Unix seconds of its begin; a look without one is over.
    #[serde(default)]
    pub since: i64,
}

impl Looking {
    /// When it ends, whatever is done meanwhile.
    #[must_use]
    pub fn until(&self) -> DateTime<chrono::Utc> {
        DateTime::from_timestamp(self.since, 0).unwrap_or_default() + LOOK_LASTS
    }
}

/// A look ends this long after it began; another one wants another reason.
pub const LOOK_LASTS: chrono::TimeDelta = chrono::TimeDelta::minutes(60);

/// Signs a user in: the session gets a new id, so one planted before is worth nothing.
///
/// # Errors
/// When the store fails.
pub async fn sign_in(
    session: &Session,
    user: &user::User,
    now: DateTime<chrono::Utc>,
) -> std::result::Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    // Who signs in looks into nobody yet, whoever used this browser before.
    look(session, None).await?;
    session
        .insert(
            SIGNED_IN,
            SignedIn {
                user: user.id,
                epoch: user.session_epoch,
                at: now.timestamp(),
            },
        )
        .await
}

/// Signs out and forgets everything the session held.
///
/// # Errors
/// When the store fails.
pub async fn sign_out(session: &Session) -> std::result::Result<(), tower_sessions::session::Error> {
    session.flush().await
}

/// Who is signed in.
pub async fn signed_in(session: &Session) -> Option<SignedIn> {
    session.get(SIGNED_IN).await.ok().flatten()
}

/// Whether this session is still that user's: none that was signed out, has expired or belongs to somebody disabled.
/// Sessions live by our time, whatever the tenant's clock says.
///
/// # Errors
/// When the database refuses.
pub async fn lasts(
    tx: &mut TenantTx,
    id: &Id,
    user: UserId,
    now: DateTime<chrono::Utc>,
) -> std::result::Result<bool, DbError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.id = $1 AND s.user_id = $2 AND s.expires_at > $3 AND u.disabled_at IS NULL)",
    )
    .bind(key(id))
    .bind(user)
    .bind(now)
    .fetch_one(tx.connection())
    .await?)
}

/// The account chosen for this session.
pub async fn account(session: &Session) -> Option<AccountId> {
    session.get(ACCOUNT).await.ok().flatten()
}

/// Chooses an account.
///
/// # Errors
/// When the store fails.
pub async fn choose_account(
    session: &Session,
    account: AccountId,
) -> std::result::Result<(), tower_sessions::session::Error> {
    session.insert(ACCOUNT, account).await
}

/// The child tenant this session looks into.
pub async fn looking(session: &Session) -> Option<Looking> {
    session.get(LOOKING).await.ok().flatten()
}

/// Begins or ends a look.
///
/// # Errors
/// When the store fails.
pub async fn look(session: &Session, into: Option<Looking>) -> std::result::Result<(), tower_sessions::session::Error> {
    match into {
        Some(looking) => session.insert(LOOKING, looking).await,
        None => session.remove::<Looking>(LOOKING).await.map(|_| ()),
    }
}
