//! Mails about addresses and passwords.

use platform::db::DbError;
use platform::job::{Class, Job, Outcome};
use serde::{Deserialize, Serialize};
use tenancy::jobs::JobContext;
use tenancy::user::{self, TokenUse, User};
use tenancy::{AccountId, Portal, TenantTx, member};

use super::{Letter, Reader, Words, post};
use crate::app::App;

/// A link for whoever forgot their password, if somebody has this address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendReset {
    /// The address, in the form in which addresses are compared.
    pub email: String,
    /// The network that asked.
    pub network: String,
}

impl Job for SendReset {
    const NAME: &'static str = "send_reset";
    const CLASS: Class = Class::Normal;
}

/// The body of [`SendReset`].
pub async fn reset_job(app: &App, context: &JobContext, args: &SendReset) -> Outcome {
    let send = async {
        let mut tx = app.tenancy().begin(&context.scope).await?;
        let found = user::find_by_email(&mut tx, &args.email).await?;
        if let Some(user) = found.filter(|user| user.disabled_at.is_none()) {
            reset(app, &mut tx, &user, Some(&args.network)).await?;
        }
        tx.commit().await
    };
    match send.await {
        Ok(()) => Outcome::Done,
        Err(error) => error.into(),
    }
}

/// A name of up to 120 characters goes to whatever address a stranger typed: it must not carry a message.
fn greeted(user: &User) -> String {
    let speaks = |c: char| matches!(c, '/' | ':' | '@' | '\\' | '<' | '>');
    let plain = user.name.chars().count() <= 60 && !user.name.contains(speaks) && !user.name.contains("www.");
    if user.verified_at.is_some() || plain {
        return user.name.clone();
    }
    user.email.split('@').next().unwrap_or_default().to_owned()
}

fn reader(user: &User) -> Reader {
    Reader {
        email: user.email.clone(),
        name: greeted(user),
        locale: user.locale.clone(),
        account: None,
    }
}

/// Confirms an address. Nothing is sent, and nothing said, when it had enough of these mails or `network` asks too often.
///
/// # Errors
/// When the database refuses.
pub async fn verify(app: &App, tx: &mut TenantTx, user: &User, network: Option<&str>) -> Result<(), DbError> {
    let way = ("mail-verify", Portal::Account, "/verify-email");
    send(app, tx, (user, network), TokenUse::VerifyEmail, way).await
}

/// Sets a forgotten password; limited as [`verify`].
///
/// # Errors
/// When the database refuses.
pub async fn reset(app: &App, tx: &mut TenantTx, user: &User, network: Option<&str>) -> Result<(), DbError> {
    let way = ("mail-reset", Portal::Account, "/reset-password");
    send(app, tx, (user, network), TokenUse::ResetPassword, way).await
}

/// Somebody was made staff, an owner or a member, and has no password yet: the first one is theirs to set, within
/// three days. Whoever has one gets nothing. Limited as [`verify`].
///
/// # Errors
/// When the database refuses.
pub async fn invite(
    app: &App,
    tx: &mut TenantTx,
    user: &User,
    portal: Portal,
    network: Option<&str>,
) -> Result<(), DbError> {
    if !user::needs_invitation(tx, user.id).await? {
        return Ok(());
    }
    let way = ("mail-invite", portal, "/accept-invite");
    send(app, tx, (user, network), TokenUse::Invite, way).await
}

/// Somebody was given a place in a team, which counts once they have shown that the address is theirs: whoever has no
/// password sets one, whoever has one confirms. Limited as [`verify`].
///
/// # Errors
/// When the database refuses.
pub async fn join(app: &App, tx: &mut TenantTx, user: &User, network: &str) -> Result<(), DbError> {
    if user::needs_invitation(tx, user.id).await? {
        return invite(app, tx, user, Portal::Account, Some(network)).await;
    }
    match user.verified_at {
        Some(_) => Ok(()),
        None => verify(app, tx, user, Some(network)).await,
    }
}

/// Invites the owner of an account.
///
/// # Errors
/// When the database refuses.
pub async fn invite_owner(app: &App, tx: &mut TenantTx, account: AccountId) -> Result<(), DbError> {
    let Some(owner) = member::owner(tx, account).await? else {
        return Ok(());
    };
    match user::find(tx, owner).await? {
        Some(user) => invite(app, tx, &user, Portal::Account, None).await,
        None => Ok(()),
    }
}

async fn send(
    app: &App,
    tx: &mut TenantTx,
    (user, network): (&User, Option<&str>),
    token_use: TokenUse,
    (word, portal, path): (&'static str, Portal, &str),
) -> Result<(), DbError> {
    match user::request_token(tx, user.id, token_use, network).await? {
        Some(token) => link(app, tx, user, word, (portal, &format!("{path}?token={token}"))).await,
        None => Ok(()),
    }
}

async fn link(
    app: &App,
    tx: &mut TenantTx,
    user: &User,
    word: &'static str,
    (portal, path): (Portal, &str),
) -> Result<(), DbError> {
    let reader = reader(user);
    let words = Words::new(app, tx, &reader);
    let url = app.link(tx.tenant(), portal, path);
    let letter = Letter {
        subject: words.say(&format!("{word}-subject"), &[("brand", tx.tenant().name.as_str())]),
        preheader: words.say(&format!("{word}-text"), &[]),
        heading: words.say("mail-hello", &[("name", reader.name.as_str())]),
        paragraphs: vec![words.say(&format!("{word}-text"), &[])],
        button: Some((words.say(&format!("{word}-button"), &[]), url)),
        ..Letter::default()
    };
    // Every link is a cause of its own: asking twice sends twice.
    let key = format!("{word}:{}:{}", user.id, tx.random().token(8));
    post(app, tx, &key, word, &reader, letter).await
}
