//! Mails about addresses and passwords.

use platform::db::DbError;
use tenancy::user::{self, TokenUse, User};
use tenancy::{Portal, TenantTx};

use super::{Letter, Reader, Words, post};
use crate::app::App;

fn reader(user: &User) -> Reader {
    Reader {
        email: user.email.clone(),
        name: user.name.clone(),
        locale: user.locale.clone(),
        account: None,
    }
}

/// Confirms an address.
///
/// # Errors
/// When the database refuses.
pub async fn verify(app: &App, tx: &mut TenantTx, user: &User, token: &str) -> Result<(), DbError> {
    let path = format!("/verify-email?token={token}");
    link(app, tx, user, "mail-verify", (Portal::Account, &path)).await
}

/// Sets a forgotten password.
///
/// # Errors
/// When the database refuses.
pub async fn reset(app: &App, tx: &mut TenantTx, user: &User, token: &str) -> Result<(), DbError> {
    let path = format!("/reset-password?token={token}");
    link(app, tx, user, "mail-reset", (Portal::Account, &path)).await
}

/// Somebody was made staff, an owner or a member: the first password is theirs to set, within three days.
///
/// # Errors
/// When the database refuses.
pub async fn invite(app: &App, tx: &mut TenantTx, user: &User, portal: Portal) -> Result<(), DbError> {
    let token = user::issue_token(tx, user.id, TokenUse::Invite).await?;
    let path = format!("/reset-password?token={token}");
    link(app, tx, user, "mail-invite", (portal, &path)).await
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
