//! Single-use links: what a mail carries to its reader, and what carries a sign-in between two hosts.

use chrono::TimeDelta;
use platform::db::{DbError, Tx};
use platform::secret::sha256;

use super::{User, UserError, check_password, claim, find, set_password};
use crate::{TenantTx, UserId, password, sign_in};

/// Mails of one kind that one reader gets within [`WINDOW`]. The last of them works as long as the window at least,
/// so whoever is refused another one has one that works.
const PER_READER: i64 = 3;
/// Mails that one network causes within [`WINDOW`].
const PER_NETWORK: i64 = 30;
const WINDOW: TimeDelta = TimeDelta::hours(1);

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
            Self::ResetPassword => "reset_password",
            Self::Invite => "invite",
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

/// Where a token comes from and where it may go.
#[derive(Default)]
struct Bounds<'a> {
    /// The network that asked for it.
    network: Option<&'a str>,
    /// What has to be shown besides.
    bound_to: Option<String>,
}

/// Makes a single-use token; earlier ones of the same use end.
///
/// # Errors
/// When the database refuses.
pub async fn issue_token(tx: &mut TenantTx, user: UserId, token_use: TokenUse) -> Result<String, DbError> {
    issue(tx, user, token_use, Bounds::default()).await
}

async fn issue(tx: &mut TenantTx, user: UserId, token_use: TokenUse, bounds: Bounds<'_>) -> Result<String, DbError> {
    let token = tx.random().token(32);
    let now = tx.now();
    sqlx::query("UPDATE user_tokens SET used_at = $3 WHERE user_id = $1 AND kind = $2 AND used_at IS NULL")
        .bind(user)
        .bind(token_use.word())
        .bind(now)
        .execute(tx.connection())
        .await?;
    sqlx::query(
        "INSERT INTO user_tokens (id, user_id, kind, token_hash, network, bound_to, expires_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(tx.new_uuid())
    .bind(user)
    .bind(token_use.word())
    .bind(sha256(token.as_bytes()).to_vec())
    .bind(bounds.network)
    .bind(bounds.bound_to)
    .bind(now + token_use.lasts())
    .bind(now)
    .execute(tx.connection())
    .await?;
    Ok(token)
}

/// Makes a token for a mail; none when its reader has had enough of them, or `network` has asked for too many.
/// Whoever asks is told the same either way. What staff and jobs send has no network.
///
/// # Errors
/// When the database refuses.
pub async fn request_token(
    tx: &mut TenantTx,
    user: UserId,
    token_use: TokenUse,
    network: Option<&str>,
) -> Result<Option<String>, DbError> {
    // One after the other: two at once would both be the third.
    sqlx::query("SELECT id FROM users WHERE id = $1 FOR UPDATE")
        .bind(user)
        .execute(tx.connection())
        .await?;
    let since = tx.now() - WINDOW;
    let (reader, asker): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM user_tokens WHERE user_id = $1 AND kind = $2 AND created_at > $4), \
                (SELECT count(*) FROM user_tokens WHERE network = $3 AND created_at > $4)",
    )
    .bind(user)
    .bind(token_use.word())
    .bind(network)
    .bind(since)
    .fetch_one(tx.connection())
    .await?;
    if reader >= PER_READER || asker >= PER_NETWORK {
        return Ok(None);
    }
    let bounds = Bounds {
        network,
        bound_to: None,
    };
    issue(tx, user, token_use, bounds).await.map(Some)
}

/// Whose token it is, without using it up.
///
/// # Errors
/// When it is unknown, old or used.
pub async fn peek_token(tx: &mut TenantTx, token_use: TokenUse, token: &str) -> Result<User, UserError> {
    let user: Option<UserId> = sqlx::query_scalar(
        "SELECT user_id FROM user_tokens WHERE token_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3",
    )
    .bind(sha256(token.as_bytes()).to_vec())
    .bind(token_use.word())
    .bind(tx.now())
    .fetch_optional(tx.connection())
    .await?;
    known(tx, user).await
}

/// Uses a token up and says whose it was.
///
/// # Errors
/// When it is unknown, old or used.
pub async fn spend_token(tx: &mut TenantTx, token_use: TokenUse, token: &str) -> Result<User, UserError> {
    Ok(spend(tx, token_use, token).await?.0)
}

async fn spend(tx: &mut TenantTx, token_use: TokenUse, token: &str) -> Result<(User, Option<String>), UserError> {
    let row: Option<(UserId, Option<String>)> = sqlx::query_as(
        "UPDATE user_tokens SET used_at = $3 WHERE token_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3 \
         RETURNING user_id, bound_to",
    )
    .bind(sha256(token.as_bytes()).to_vec())
    .bind(token_use.word())
    .bind(tx.now())
    .fetch_optional(tx.connection())
    .await?;
    let (user, bound_to) = row.unzip();
    Ok((known(tx, user).await?, bound_to.flatten()))
}

async fn known(tx: &mut TenantTx, user: Option<UserId>) -> Result<User, UserError> {
    let user = user.ok_or(UserError::BadToken)?;
    find(tx, user).await?.ok_or(UserError::BadToken)
}

/// Ends a user's links and tickets; one that only confirms the address asks for the password anyway.
///
/// # Errors
/// When the database refuses.
pub(super) async fn end_all(tx: &mut TenantTx, user: UserId) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query(
        "UPDATE user_tokens SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL AND kind <> 'verify_email'",
    )
    .bind(user)
    .bind(now)
    .execute(tx.connection())
    .await?;
    Ok(())
}

async fn confirm(tx: &mut TenantTx, user: UserId) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query("UPDATE users SET verified_at = coalesce(verified_at, $2) WHERE id = $1")
        .bind(user)
        .bind(now)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Confirms the address behind a token. Only for whoever is signed in as that user: the reader of the mailbox is
/// proved, and that it was they who chose the password is not.
///
/// # Errors
/// When the token is no longer valid.
pub async fn verify_email(tx: &mut TenantTx, token: &str) -> Result<User, UserError> {
    let user = spend_token(tx, TokenUse::VerifyEmail, token).await?;
    confirm(tx, user.id).await?;
    Ok(user)
}

/// Confirms the address for whoever knows the password of the sign-up besides; a wrong one uses nothing up.
///
/// # Errors
/// When the token is no longer valid, or the password is another.
pub async fn verify_with_password(tx: &mut TenantTx, token: &str, password: &str) -> Result<User, UserError> {
    let user = peek_token(tx, TokenUse::VerifyEmail, token).await?;
    let stored: Option<String> = sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
        .bind(user.id)
        .fetch_one(tx.connection())
        .await?;
    if !password::matches(tx.tenant().id, password.to_owned(), stored).await? {
        return Err(UserError::WrongPassword);
    }
    verify_email(tx, token).await
}

/// The reader of the mailbox does not know the password: whoever chose it is out, and the reader gets a link to
/// choose one, which confirms the address.
///
/// # Errors
/// When the token is no longer valid.
pub async fn take_over(tx: &mut TenantTx, token: &str) -> Result<String, UserError> {
    let user = spend_token(tx, TokenUse::VerifyEmail, token).await?;
    if user.verified_at.is_some() {
        // Confirmed another way meanwhile: an old mail is no way to a new password.
        return Err(UserError::BadToken);
    }
    claim::reclaim(tx, user.id).await?;
    Ok(issue_token(tx, user.id, TokenUse::ResetPassword).await?)
}

/// Sets a new password by a reset token; every session of the user ends, and the address counts as confirmed.
///
/// # Errors
/// When the token is no longer valid or the password is too short.
pub async fn reset_password(tx: &mut TenantTx, token: &str, password: &str) -> Result<User, UserError> {
    choose(tx, TokenUse::ResetPassword, token, password).await
}

/// Sets the first password by an invitation; the address counts as confirmed.
///
/// # Errors
/// When the token is no longer valid or the password is too short.
pub async fn accept_invitation(tx: &mut TenantTx, token: &str, password: &str) -> Result<User, UserError> {
    choose(tx, TokenUse::Invite, token, password).await
}

async fn choose(tx: &mut TenantTx, token_use: TokenUse, token: &str, password: &str) -> Result<User, UserError> {
    check_password(password)?;
    let user = spend_token(tx, token_use, token).await?;
    // Whatever a stranger left behind who signed up with this address ends with their password.
    claim::reclaim(tx, user.id).await?;
    confirm(tx, user.id).await?;
    set_password(tx, user.id, password).await?;
    sign_in::forgive(tx, &user).await?;
    Ok(user)
}

/// Makes a ticket for one host, bound to the browser that showed `proof` there: the hash of a secret only it has.
///
/// # Errors
/// When the database refuses.
pub async fn issue_ticket(tx: &mut TenantTx, user: UserId, host: &str, proof: &str) -> Result<String, DbError> {
    let bounds = Bounds {
        network: None,
        bound_to: Some(bound(host, proof)),
    };
    issue(tx, user, TokenUse::Ticket, bounds).await
}

/// Uses a ticket up, on the host and in the browser it was made for; anywhere else it is used up for nothing.
///
/// # Errors
/// When it is unknown, old, used, or another's.
pub async fn spend_ticket(tx: &mut TenantTx, ticket: &str, host: &str, secret: &str) -> Result<User, UserError> {
    let (user, bound_to) = spend(tx, TokenUse::Ticket, ticket).await?;
    let here = bound(host, &hex::encode(sha256(secret.as_bytes())));
    if bound_to.as_deref() == Some(&*here) {
        Ok(user)
    } else {
        Err(UserError::BadToken)
    }
}

fn bound(host: &str, proof: &str) -> String {
    hex::encode(sha256(format!("{host}\n{proof}").as_bytes()))
}
