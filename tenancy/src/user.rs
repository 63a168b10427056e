//! Users: people who sign in. Passwords are argon2id; single-use tokens confirm mail and reset.

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use chrono::TimeDelta;
use platform::db::{DbError, Tx, constraint};
use platform::secret::sha256;

use crate::{TenantTx, UserId, audit};

/// A user.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct User {
    /// Key.
    pub id: UserId,
    /// As typed.
    pub email: String,
    /// Name for people.
    pub name: String,
    /// Language.
    pub locale: String,
    /// Zone; none: the tenant's.
    pub timezone: Option<String>,
    /// auto, light or dark.
    pub theme: String,
    /// When the address was confirmed.
    pub verified_at: Option<chrono::DateTime<chrono::Utc>>,
    /// When staff disabled it.
    pub disabled_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Sessions of an older epoch have ended.
    #[serde(skip)]
    pub session_epoch: i32,
    /// When it signed up.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

const COLUMNS: &str =
    "SELECT id, email, name, locale, timezone, theme, verified_at, disabled_at, session_epoch, created_at FROM users";

/// A user cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// No address.
    #[error("this is no e-mail address")]
    BadEmail,
    /// No name.
    #[error("a name of 1 to 120 characters is needed")]
    BadName,
    /// Too short or too long.
    #[error("a password needs 10 to 200 characters")]
    BadPassword,
    /// Somebody here uses the address.
    #[error("the address is in use")]
    EmailTaken,
    /// The link is used up, old or wrong.
    #[error("this link is no longer valid")]
    BadToken,
    /// The current password is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for UserError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// What a single-use token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenUse {
    /// Confirms the address; three days.
    VerifyEmail,
    /// Sets a new password; one hour.
    ResetPassword,
    /// Sets the first password of somebody who was invited; three days.
    Invite,
    /// Carries a sign-in between two hosts of one tenant; 60 seconds.
    Ticket,
}

impl TokenUse {
    fn word(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            // Used up on the same page.
            Self::ResetPassword | Self::Invite => "reset_password",
            Self::Ticket => "ticket",
        }
    }

    fn lasts(self) -> TimeDelta {
        match self {
            Self::VerifyEmail | Self::Invite => TimeDelta::days(3),
            Self::ResetPassword => TimeDelta::hours(1),
            Self::Ticket => TimeDelta::seconds(60),
        }
    }
}

/// The form in which addresses are compared.
#[must_use]
pub fn normalise_email(email: &str) -> Option<String> {
    let email = email.trim();
    let (local, domain) = email.rsplit_once('@')?;
    let plain =
        |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | '"' | ',' | ';' | '\\' | '(' | ')');
    let ok = !local.is_empty()
        && local.len() <= 64
        && email.len() <= 254
        && local.chars().all(plain)
        && !local.contains('@')
        && domain.contains('.')
        && crate::resolve::normalise_host(domain).is_ok()
        && !domain.contains(':');
    ok.then(|| email.to_lowercase())
}

/// Checks the length only: composition rules push people towards worse passwords (NIST SP 800-63B).
///
/// # Errors
/// Outside 10 to 200 characters.
pub fn check_password(password: &str) -> Result<(), UserError> {
    if (10..=200).contains(&password.chars().count()) {
        Ok(())
    } else {
        Err(UserError::BadPassword)
    }
}

/// Checks a person's name.
///
/// # Errors
/// When it is empty or over 120 characters.
pub fn check_name(name: &str) -> Result<&str, UserError> {
    let name = name.trim();
    let fine = (1..=120).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fine { Ok(name) } else { Err(UserError::BadName) }
}

/// Hashes off the async threads: argon2 takes tens of milliseconds on purpose.
async fn hash(password: String) -> Result<String, UserError> {
    tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|h| h.to_string())
    })
    .await
    .ok()
    .and_then(Result::ok)
    .ok_or(UserError::BadPassword)
}

/// Compares, spending the same time when there is no hash, so that nobody learns who has an account.
pub(crate) async fn matches(password: String, stored: Option<String>) -> bool {
    tokio::task::spawn_blocking(move || {
        match stored
            .as_deref()
            .and_then(|s| PasswordHash::new(s).ok().map(|h| h.to_string()))
        {
            Some(text) => PasswordHash::new(&text)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
            None => {
                let _ = Argon2::default().hash_password(password.as_bytes());
                false
            }
        }
    })
    .await
    .unwrap_or(false)
}

/// A user to create.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// Address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Password; none: set later by a reset link.
    pub password: Option<String>,
    /// Language.
    pub locale: Option<String>,
}

/// Creates a user.
///
/// # Errors
/// A bad address, name or password, or an address in use.
pub async fn create(tx: &mut TenantTx, new: &NewUser) -> Result<User, UserError> {
    let norm = normalise_email(&new.email).ok_or(UserError::BadEmail)?;
    let name = check_name(&new.name)?;
    let password = match &new.password {
        Some(password) => {
            check_password(password)?;
            Some(hash(password.clone()).await?)
        }
        None => None,
    };
    let id: UserId = tx.new_id();
    let locale = new.locale.clone().unwrap_or_else(|| tx.tenant().locale.clone());
    let insert = sqlx::query(
        "INSERT INTO users (id, email, email_norm, name, password_hash, locale, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(new.email.trim())
    .bind(norm)
    .bind(name)
    .bind(password)
    .bind(locale)
    .bind(tx.now())
    .execute(tx.connection())
    .await;
    if let Err(error) = insert {
        return Err(match constraint(&error) {
            Some("users_email_norm_key") => UserError::EmailTaken,
            _ => error.into(),
        });
    }
    find(tx, id).await?.ok_or(UserError::BadEmail)
}

/// A user by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: UserId) -> Result<Option<User>, DbError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// A user by address.
///
/// # Errors
/// When the database refuses.
pub async fn find_by_email(tx: &mut TenantTx, email: &str) -> Result<Option<User>, DbError> {
    let Some(norm) = normalise_email(email) else {
        return Ok(None);
    };
    let sql = format!("{COLUMNS} WHERE email_norm = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(norm)
        .fetch_optional(tx.connection())
        .await?)
}

/// Makes a single-use token; earlier ones of the same use end.
///
/// # Errors
/// When the database refuses.
pub async fn issue_token(tx: &mut TenantTx, user: UserId, token_use: TokenUse) -> Result<String, DbError> {
    let token = tx.random().token(32);
    let now = tx.now();
    sqlx::query("UPDATE user_tokens SET used_at = $3 WHERE user_id = $1 AND kind = $2 AND used_at IS NULL")
        .bind(user)
        .bind(token_use.word())
        .bind(now)
        .execute(tx.connection())
        .await?;
    sqlx::query("INSERT INTO user_tokens (id, user_id, kind, token_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(tx.new_uuid())
        .bind(user)
        .bind(token_use.word())
        .bind(sha256(token.as_bytes()).to_vec())
        .bind(now + token_use.lasts())
        .bind(now)
        .execute(tx.connection())
        .await?;
    Ok(token)
}

/// Uses a token up and says whose it was.
///
/// # Errors
/// When it is unknown, old or used.
pub async fn spend_token(tx: &mut TenantTx, token_use: TokenUse, token: &str) -> Result<User, UserError> {
    let now = tx.now();
    let user: Option<UserId> = sqlx::query_scalar(
        "UPDATE user_tokens SET used_at = $3 WHERE token_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3 RETURNING user_id",
    )
    .bind(sha256(token.as_bytes()).to_vec())
    .bind(token_use.word())
    .bind(now)
    .fetch_optional(tx.connection())
    .await?;
    let user = user.ok_or(UserError::BadToken)?;
    find(tx, user).await?.ok_or(UserError::BadToken)
}

/// Confirms the address behind a token.
///
/// # Errors
/// When the token is no longer valid.
pub async fn verify_email(tx: &mut TenantTx, token: &str) -> Result<User, UserError> {
    let user = spend_token(tx, TokenUse::VerifyEmail, token).await?;
    let now = tx.now();
    sqlx::query("UPDATE users SET verified_at = coalesce(verified_at, $2) WHERE id = $1")
        .bind(user.id)
        .bind(now)
        .execute(tx.connection())
        .await?;
    Ok(user)
}

/// Sets a new password by a reset token; every session of the user ends, and the address counts as confirmed.
///
/// # Errors
/// When the token is no longer valid or the password is too short.
pub async fn reset_password(tx: &mut TenantTx, token: &str, password: &str) -> Result<User, UserError> {
    check_password(password)?;
    let user = spend_token(tx, TokenUse::ResetPassword, token).await?;
    let now = tx.now();
    sqlx::query("UPDATE users SET verified_at = coalesce(verified_at, $2) WHERE id = $1")
        .bind(user.id)
        .bind(now)
        .execute(tx.connection())
        .await?;
    set_password(tx, user.id, password).await?;
    Ok(user)
}

/// Sets a password; older sessions end.
///
/// # Errors
/// When it is too short.
pub async fn set_password(tx: &mut TenantTx, user: UserId, password: &str) -> Result<(), UserError> {
    check_password(password)?;
    let hashed = hash(password.to_owned()).await?;
    sqlx::query("UPDATE users SET password_hash = $2, session_epoch = session_epoch + 1 WHERE id = $1")
        .bind(user)
        .bind(hashed)
        .execute(tx.connection())
        .await?;
    sqlx::query("DELETE FROM sessions WHERE user_id = $1")
        .bind(user)
        .execute(tx.connection())
        .await?;
    audit::record(tx, "user.password_changed", user, serde_json::Value::Null).await?;
    Ok(())
}

/// Changes the password of somebody who knows the current one.
///
/// # Errors
/// When the current password is wrong or the new one too short.
pub async fn change_password(tx: &mut TenantTx, user: UserId, current: &str, new: &str) -> Result<(), UserError> {
    let stored: Option<String> = sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
        .bind(user)
        .fetch_optional(tx.connection())
        .await?
        .flatten();
    if !matches(current.to_owned(), stored).await {
        return Err(UserError::WrongPassword);
    }
    set_password(tx, user, new).await
}

/// Changes name, language, zone and theme.
///
/// # Errors
/// When the name is bad.
pub async fn update(
    tx: &mut TenantTx,
    user: UserId,
    name: &str,
    locale: &str,
    timezone: Option<&str>,
) -> Result<(), UserError> {
    let name = check_name(name)?;
    sqlx::query("UPDATE users SET name = $2, locale = $3, timezone = $4 WHERE id = $1")
        .bind(user)
        .bind(name)
        .bind(locale)
        .bind(timezone.filter(|z| z.parse::<chrono_tz::Tz>().is_ok()))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Changes the colours; anything unknown is as the device has it.
///
/// # Errors
/// When the database refuses.
pub async fn set_theme(tx: &mut TenantTx, user: UserId, theme: &str) -> Result<(), DbError> {
    let theme = if ["light", "dark"].contains(&theme) {
        theme
    } else {
        "auto"
    };
    sqlx::query("UPDATE users SET theme = $2 WHERE id = $1")
        .bind(user)
        .bind(theme)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Users newest first, of one account or of all.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    account: Option<crate::AccountId>,
    email: Option<&str>,
    limit: i64,
    after: Option<UserId>,
) -> Result<Vec<User>, DbError> {
    let sql = format!(
        "{COLUMNS} WHERE ($1::uuid IS NULL OR id IN (SELECT m.user_id FROM members m WHERE m.account_id = $1)) \
         AND ($2::text IS NULL OR email_norm = lower($2)) \
         AND ($4::uuid IS NULL OR (created_at, id) < (SELECT u.created_at, u.id FROM users u WHERE u.id = $4)) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .bind(email)
        .bind(limit)
        .bind(after)
        .fetch_all(tx.connection())
        .await?)
}

/// Before rights are given to whoever has an address: a sign-in that was made with it and never confirmed may be
/// a stranger's, so its password, sessions, links and tokens end. True when there was one: its mailbox gets a link then.
///
/// # Errors
/// When the database refuses.
pub async fn reclaim(tx: &mut TenantTx, id: UserId) -> Result<bool, DbError> {
    let done = sqlx::query(
        "UPDATE users SET password_hash = NULL, session_epoch = session_epoch + 1 \
         WHERE id = $1 AND verified_at IS NULL AND password_hash IS NOT NULL",
    )
    .bind(id)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for statement in [
        "DELETE FROM sessions WHERE user_id = $1",
        "DELETE FROM user_tokens WHERE user_id = $1",
        "DELETE FROM api_tokens WHERE user_id = $1",
    ] {
        sqlx::query(statement).bind(id).execute(tx.connection()).await?;
    }
    audit::record(tx, "user.reclaimed", id, serde_json::Value::Null).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_one_form() {
        for (typed, norm) in [
            (" Ops@Hall.Test ", Some("ops@hall.test")),
            ("a+b@x.co", Some("a+b@x.co")),
            ("a@localhost", None),
            ("a b@x.co", None),
            ("a@x.co\r\nBcc: b@x.co", None),
            ("@x.co", None),
            ("a@", None),
            ("<a@x.co>", None),
            ("a@127.0.0.1", None),
        ] {
            assert_eq!(normalise_email(typed).as_deref(), norm, "{typed:?}");
        }
    }
}
