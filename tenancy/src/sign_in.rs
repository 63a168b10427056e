//! Sign-in: throttled, and the same answer in the same time whether or not the account exists.

mod place;

use chrono::TimeDelta;
use platform::db::{DbError, Tx};
use platform::event::{self, NewEvent};
use serde_json::json;

use crate::user::{self, User};
use crate::{Tenancy, TenantScope, TenantTx};

/// Wrong tries within [`WINDOW`] before an address is throttled.
const PER_EMAIL: i64 = 10;
/// Wrong tries within [`WINDOW`] before a client is throttled.
const PER_IP: i64 = 50;
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Where a sign-in comes from.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Address of the client.
    pub ip: String,
    /// User-Agent, as sent.
    pub user_agent: String,
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
    let norm = user::normalise_email(email).unwrap_or_else(|| email.chars().take(254).collect());
    let mut tx = tenancy.begin(scope).await?;
    let throttled = is_throttled(&mut tx, &norm, &client.ip).await?;
    let found = user::find_by_email(&mut tx, email).await?;
    let stored: Option<String> = match &found {
        Some(user) => sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
            .bind(user.id)
            .fetch_one(tx.connection())
            .await
            .map_err(DbError::from)?,
        None => None,
    };
    tx.commit().await?;
    let right = !throttled && user::matches(password.to_owned(), stored).await;
    let user = found.as_ref().filter(|user| right && user.disabled_at.is_none());
    let outcome = match (throttled, right, &user) {
        (true, _, _) => "throttled",
        (false, true, Some(_)) => "ok",
        (false, true, None) => "disabled",
        (false, false, _) => "wrong",
    };
    let mut tx = tenancy.begin(scope).await?;
    let id = found.as_ref().map(|user| user.id);
    if let Some(user) = user
        && place::is_new(&mut tx, user.id, client).await?
    {
        // In the same transaction as the sign-in: whoever is in, their notice is on its way.
        let payload = json!({ "id": user.id, "ip": client.ip, "user_agent": client.user_agent });
        event::publish(&mut tx, &[NewEvent::new("user.signed_in_anew", user.id, payload)]).await?;
    }
    sqlx::query("INSERT INTO sign_ins (id, user_id, email_norm, outcome, ip, user_agent, at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(tx.new_uuid())
        .bind(id)
        .bind(&norm)
        .bind(outcome)
        .bind(&client.ip)
        .bind(client.user_agent.chars().take(300).collect::<String>())
        .bind(tx.now())
        .execute(tx.connection())
        .await
        .map_err(DbError::from)?;
    tx.commit().await?;
    match (throttled, user) {
        (true, _) => Err(SignInError::Throttled),
        (false, Some(user)) => Ok(user.clone()),
        (false, None) => Err(SignInError::Wrong),
    }
}

async fn is_throttled(tx: &mut TenantTx, email: &str, ip: &str) -> Result<bool, DbError> {
    let since = tx.now() - WINDOW;
    let (by_email, by_ip): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM sign_ins WHERE email_norm = $1 AND at > $3 AND outcome = 'wrong'), \
                (SELECT count(*) FROM sign_ins WHERE ip = $2 AND at > $3 AND outcome = 'wrong')",
    )
    .bind(email)
    .bind(ip)
    .bind(since)
    .fetch_one(tx.connection())
    .await?;
    Ok(by_email >= PER_EMAIL || by_ip >= PER_IP)
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
pub async fn history(tx: &mut TenantTx, user: crate::UserId, limit: i64) -> Result<Vec<SignIn>, DbError> {
    Ok(sqlx::query_as(
        "SELECT outcome, ip, user_agent, at FROM sign_ins WHERE user_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
    )
    .bind(user)
    .bind(limit)
    .fetch_all(tx.connection())
    .await?)
}
