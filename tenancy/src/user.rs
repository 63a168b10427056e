//! Users: people who sign in. Passwords are argon2id; single-use tokens confirm mail and reset.

mod claim;
mod link;

use platform::db::{DbError, constraint};

pub use claim::{needs_invitation, reclaim};
pub use link::{
    TokenUse, accept_invitation, issue_ticket, issue_token, peek_token, request_token, reset_password, spend_ticket,
    spend_token, take_over, verify_email, verify_with_password,
};

use crate::{Tenancy, TenantId, TenantScope, TenantTx, UserId, audit, password};

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

/// A password in its stored form.
pub struct Hashed(String);

/// Hashes a password before the transaction that stores it: whoever waits for a turn holds no connection.
///
/// # Errors
/// When it is too short, or too much is hashed for this tenant at once.
pub async fn hash_password(tenant: TenantId, password: &str) -> Result<Hashed, UserError> {
    check_password(password)?;
    Ok(Hashed(password::hash(tenant, password.to_owned()).await?))
}

/// Creates a user, hashing the password now: where strangers ask, hash before ([`hash_password`]).
///
/// # Errors
/// A bad address, name or password, or an address in use.
pub async fn create(tx: &mut TenantTx, new: &NewUser) -> Result<User, UserError> {
    let password = match &new.password {
        Some(password) => Some(hash_password(tx.tenant().id, password).await?),
        None => None,
    };
    create_with(tx, new, password).await
}

/// Creates a user with a password that is hashed already.
///
/// # Errors
/// A bad address or name, or an address in use.
pub async fn create_with(tx: &mut TenantTx, new: &NewUser, password: Option<Hashed>) -> Result<User, UserError> {
    let norm = normalise_email(&new.email).ok_or(UserError::BadEmail)?;
    let name = check_name(&new.name)?;
    let password = password.map(|Hashed(hash)| hash);
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

/// Sets a password; older sessions and whatever links are on their way end.
///
/// # Errors
/// When it is too short.
pub async fn set_password(tx: &mut TenantTx, user: UserId, password: &str) -> Result<(), UserError> {
    check_password(password)?;
    let hashed = password::hash(tx.tenant().id, password.to_owned()).await?;
    store_password(tx, user, &hashed).await
}

async fn store_password(tx: &mut TenantTx, user: UserId, hashed: &str) -> Result<(), UserError> {
    sqlx::query("UPDATE users SET password_hash = $2, session_epoch = session_epoch + 1 WHERE id = $1")
        .bind(user)
        .bind(hashed)
        .execute(tx.connection())
        .await?;
    sqlx::query("DELETE FROM sessions WHERE user_id = $1")
        .bind(user)
        .execute(tx.connection())
        .await?;
    link::end_all(tx, user).await?;
    audit::record(tx, "user.password_changed", user, serde_json::Value::Null).await?;
    Ok(())
}

/// Changes the password of somebody who knows the current one. Holds no transaction while comparing and hashing.
///
/// # Errors
/// When the current password is wrong or the new one too short, or too much is hashed at once.
pub async fn change_password(
    tenancy: &Tenancy,
    scope: &TenantScope,
    user: UserId,
    current: &str,
    new: &str,
) -> Result<(), UserError> {
    let tenant = scope.tenant().id;
    let mut tx = tenancy.begin_read(scope).await?;
    let stored: Option<String> = sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
        .bind(user)
        .fetch_optional(tx.connection())
        .await?
        .flatten();
    tx.commit().await?;
    if !password::matches(tenant, current.to_owned(), stored.clone()).await? {
        return Err(UserError::WrongPassword);
    }
    check_password(new)?;
    let hashed = password::hash(tenant, new.to_owned()).await?;
    let mut tx = tenancy.begin(scope).await?;
    // What was compared is what is replaced: somebody may have set another one meanwhile.
    let same: Option<bool> =
        sqlx::query_scalar("SELECT password_hash IS NOT DISTINCT FROM $2 FROM users WHERE id = $1 FOR UPDATE")
            .bind(user)
            .bind(stored)
            .fetch_optional(tx.connection())
            .await?;
    if same != Some(true) {
        return Err(UserError::WrongPassword);
    }
    store_password(&mut tx, user, &hashed).await?;
    Ok(tx.commit().await?)
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
