//! Mails about addresses and passwords.

use platform::db::DbError;
use tenancy::user::User;
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
    link(app, tx, user, "mail-verify", &path).await
}

/// Sets a forgotten password.
///
/// # Errors
/// When the database refuses.
pub async fn reset(app: &App, tx: &mut TenantTx, user: &User, token: &str) -> Result<(), DbError> {
    let path = format!("/reset-password?token={token}");
    link(app, tx, user, "mail-reset", &path).await
}

async fn link(app: &App, tx: &mut TenantTx, user: &User, word: &'static str, path: &str) -> Result<(), DbError> {
    let reader = reader(user);
    let words = Words::new(app, tx, &reader);
    let url = app.link(tx.tenant(), Portal::Account, path);
    let letter = Letter {
        subject: words.say(&format!("{word}-subject"), &[]),
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
