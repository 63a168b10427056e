//! Sign-in: throttled, and the same answer in the same time whether or not the account exists.

mod place;
mod throttle;

use std::net::IpAddr;

use platform::db::{DbError, Tx};
use platform::event::{self, NewEvent};
use platform::secret::sha256;
use serde_json::json;
use uuid::Uuid;

use crate::user::{self, User};
use crate::{Tenancy, TenantScope, TenantTx, UserId, password};

/// Where a sign-in comes from.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Address of the client.
    pub ip: String,
    /// User-Agent, as sent.
    pub user_agent: String,
    /// A secret that this browser keeps: one that was there when somebody came in is theirs. May be empty.
    pub device: String,
}

impl Client {
    /// What one customer of a provider has to themselves: an IPv4 address, or an IPv6 /64.
    #[must_use]
    pub fn network(&self) -> String {
        match self.ip.parse::<IpAddr>() {
            Ok(ip) => platform::web::client::network(ip),
            Err(_) => self.ip.clone(),
        }
    }

    /// The secret as it is stored.
    fn device_hash(&self) -> Option<String> {
        (!self.device.is_empty()).then(|| hex::encode(sha256(self.device.as_bytes())))
    }
}

/// Not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown, wrong or disabled: one answer for all.
    #[error("the address or the password is wrong")]
    Wrong,
    /// Too many wrong tries.
    #[error("too many tries; wait 15 minutes or reset the password")]
    Throttled,
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A try that was counted.
struct Try {
    id: Uuid,
    found: Option<User>,
    stored: Option<String>,
    throttled: bool,
}

/// Checks an address and a password and writes the login history. Holds no transaction while hashing.
///
/// # Errors
/// Wrong, throttled, or the database.
pub async fn sign_in(
    tenancy: &Tenancy,
    scope: &TenantScope,
    email: &str,
    password: &str,
    client: &Client,
) -> Result<User, SignInError> {
    let mut tx = tenancy.begin(scope).await?;
    let tried = begin(&mut tx, email, client).await?;
    tx.commit().await?;
    if tried.throttled {
        return Err(SignInError::Throttled);
    }
    match password::matches(scope.tenant().id, password.to_owned(), tried.stored).await {
        Ok(true) => {}
        Ok(false) => return Err(SignInError::Wrong),
        Err(error) => {
            uncount(tenancy, scope, tried.id).await?;
            return Err(error.into());
        }
    }
    let mut tx = tenancy.begin(scope).await?;
    let user = tried.found.filter(|user| user.disabled_at.is_none());
    let outcome = if user.is_some() { "ok" } else { "disabled" };
    if let Some(user) = &user
        && place::is_new(&mut tx, user.id, client).await?
    {
        // In the same transaction as the sign-in: whoever is in, their notice is on its way.
        let payload = json!({ "id": user.id, "ip": client.ip, "user_agent": client.user_agent });
        event::publish(&mut tx, &[NewEvent::new("user.signed_in_anew", user.id, payload)]).await?;
    }
    sqlx::query("UPDATE sign_ins SET outcome = $2 WHERE id = $1")
        .bind(tried.id)
        .bind(outcome)
        .execute(tx.connection())
        .await
        .map_err(DbError::from)?;
    tx.commit().await?;
    user.ok_or(SignInError::Wrong)
}

/// A try that nobody looked at is none: too much was compared at once.
async fn uncount(tenancy: &Tenancy, scope: &TenantScope, id: Uuid) -> Result<(), DbError> {
    let mut tx = tenancy.begin(scope).await?;
    sqlx::query("DELETE FROM sign_ins WHERE id = $1")
        .bind(id)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

/// Counts a try before its password is looked at, so that a hundred at once are a hundred: it is wrong until it is right.
async fn begin(tx: &mut TenantTx, email: &str, client: &Client) -> Result<Try, DbError> {
    let norm = user::normalise_email(email).unwrap_or_else(|| email.chars().take(254).collect());
    throttle::one_by_one(tx, &norm).await?;
    let found = user::find_by_email(tx, email).await?;
    let id = found.as_ref().map(|user| user.id);
    // Asked for whoever it is: an address that nobody has costs the same.
    let stored: Option<Option<String>> = sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
    let source = throttle::source(tx, id, client).await?;
    let throttled = throttle::is_throttled(tx, &norm, &source, client).await?;
    let entry = Entry {
        user: id,
        email: &norm,
        outcome: if throttled { "throttled" } else { "wrong" },
        bucket: source.bucket(),
    };
    let id = record(tx, &entry, client).await?;
    Ok(Try {
        id,
        found,
        stored: stored.flatten(),
        throttled,
    })
}

/// A row of the history.
struct Entry<'a> {
    user: Option<UserId>,
    email: &'a str,
    outcome: &'static str,
    bucket: Option<String>,
}

async fn record(tx: &mut TenantTx, entry: &Entry<'_>, client: &Client) -> Result<Uuid, DbError> {
    let id = tx.new_uuid();
    let now = tx.now();
    sqlx::query(
        "INSERT INTO sign_ins (id, user_id, email_norm, outcome, ip, user_agent, network, device, bucket, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(entry.user)
    .bind(entry.email)
    .bind(entry.outcome)
    .bind(&client.ip)
    .bind(client.user_agent.chars().take(300).collect::<String>())
    .bind(client.network())
    .bind(client.device_hash())
    .bind(&entry.bucket)
    .bind(now)
    .execute(tx.connection())
    .await?;
    Ok(id)
}

/// Somebody proved that the mailbox is theirs and chose a password here: this browser and this network are known.
///
/// # Errors
/// When the database refuses.
pub async fn remember(tx: &mut TenantTx, user: &User, client: &Client) -> Result<(), DbError> {
    let norm = user::normalise_email(&user.email).unwrap_or_default();
    let entry = Entry {
        user: Some(user.id),
        email: &norm,
        outcome: "reset",
        bucket: None,
    };
    record(tx, &entry, client).await.map(|_| ())
}

/// Wrong tries so far no longer count: the owner has a new password.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn forgive(tx: &mut TenantTx, user: &User) -> Result<(), DbError> {
    sqlx::query("UPDATE sign_ins SET bucket = 'forgiven' WHERE email_norm = $1 AND outcome = 'wrong'")
        .bind(user::normalise_email(&user.email))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Where a stranger came from is nothing that its owner is known by.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn disown(tx: &mut TenantTx, user: UserId) -> Result<(), DbError> {
    sqlx::query("UPDATE sign_ins SET user_id = NULL WHERE user_id = $1")
        .bind(user)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// One entry of a user's login history.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct SignIn {
    /// ok, wrong, throttled, disabled.
    pub outcome: String,
    /// From where.
    pub ip: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// When.
    pub at: chrono::DateTime<chrono::Utc>,
}

/// A user's login history, newest first.
///
/// # Errors
/// When the database refuses.
pub async fn history(tx: &mut TenantTx, user: UserId, limit: i64) -> Result<Vec<SignIn>, DbError> {
    Ok(sqlx::query_as(
        "SELECT outcome, ip, user_agent, at FROM sign_ins WHERE user_id = $1 AND outcome <> 'reset' ORDER BY at DESC, id DESC LIMIT $2",
    )
    .bind(user)
    .bind(limit)
    .fetch_all(tx.connection())
    .await?)
}
