//! What people are told about their own sign-ins.

use std::time::Duration;

use platform::db::DbError;
use platform::event::EventArgs;
use platform::job::Outcome;
use tenancy::jobs::JobContext;
use tenancy::{Portal, UserId, member, user};

use super::{Letter, Reader, Words, post};
use crate::app::App;

const WORD: &str = "mail-new-sign-in";

/// The body of the subscriber: somebody signed in from where, and with what, they never did before.
pub async fn on_event(app: &App, context: &JobContext, args: &EventArgs) -> Outcome {
    match write(app, context, args).await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Retry {
            after: Duration::from_secs(10),
            why: error.to_string(),
        },
    }
}

async fn write(app: &App, context: &JobContext, args: &EventArgs) -> Result<(), DbError> {
    let mut tx = app.tenancy().begin(&context.scope).await?;
    let Some(event) = platform::event::find(&mut tx, args.event).await? else {
        return tx.commit().await;
    };
    let Ok(id) = event.subject_id.parse::<UserId>() else {
        return tx.commit().await;
    };
    let Some(found) = user::find(&mut tx, id).await? else {
        return tx.commit().await;
    };
    let text = |name: &str| event.payload[name].as_str().unwrap_or_default().to_owned();
    let reader = Reader {
        email: found.email,
        name: found.name,
        locale: found.locale,
        account: None,
    };
    let is_customer = !member::of_user(&mut tx, id).await?.is_empty();
    let portal = if is_customer { Portal::Account } else { Portal::Admin };
    let path = if is_customer {
        "/account/profile"
    } else {
        "/forgot-password"
    };
    let words = Words::new(app, &tx, &reader);
    let at = words.time(event.at, tx.tenant().timezone);
    let brand = tx.tenant().name.clone();
    let letter = Letter {
        subject: words.say("mail-new-sign-in-subject", &[("brand", &brand)]),
        preheader: words.say("mail-new-sign-in-text", &[("brand", &brand)]),
        heading: words.say("mail-hello", &[("name", &reader.name)]),
        paragraphs: vec![
            words.say("mail-new-sign-in-text", &[("brand", &brand)]),
            words.say("mail-new-sign-in-not-you", &[]),
        ],
        facts: vec![
            (words.say("mail-fact-when", &[]), at),
            (
                words.say("mail-fact-device", &[]),
                crate::account::profile::browser(&text("user_agent")),
            ),
            (words.say("mail-fact-network", &[]), text("ip")),
        ],
        button: Some((
            words.say("mail-new-sign-in-button", &[]),
            app.link(tx.tenant(), portal, path),
        )),
        ..Letter::default()
    };
    let key = format!("new-sign-in:{}", event.id);
    post(app, &mut tx, &key, WORD, &reader, letter).await?;
    tx.commit().await
}
