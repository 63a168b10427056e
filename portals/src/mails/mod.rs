//! Mails: what is said to whom, when something happened.

pub mod follow;
mod letter;
mod notice;
pub mod people;
pub mod security;
mod soon;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use platform::db::DbError;
use platform::format::{self, DateStyle, MoneyStyle};
use platform::mail::Attachment;
use platform::money::Money;
use platform::texts::Texts;
use tenancy::mail::{self, NewMail};
use tenancy::{AccountId, TenantTx};

use crate::app::App;
use crate::web::page;

pub use letter::{Letter, Sender};
pub use notice::Notice;

/// Who receives a mail.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Address.
    pub email: String,
    /// Name, for the greeting.
    pub name: String,
    /// Language.
    pub locale: String,
    /// The account concerned.
    pub account: Option<AccountId>,
}

/// The words of one mail, in the reader's language.
pub struct Words<'a> {
    texts: &'a Texts,
    page: platform::views::Page,
}

impl<'a> Words<'a> {
    /// For a reader of a tenant.
    #[must_use]
    pub fn new(app: &'a App, tx: &TenantTx, reader: &Reader) -> Self {
        Self::over(app.views().texts(), page::for_reader(app, tx.tenant(), &reader.locale))
    }

    /// Over any words and page.
    #[must_use]
    pub fn over(texts: &'a Texts, page: platform::views::Page) -> Self {
        Self { texts, page }
    }

    /// One of the words.
    #[must_use]
    pub fn say(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.texts.say(&self.page.locale, self.page.words.as_deref(), key, args)
    }

    /// An amount as the reader writes it.
    #[must_use]
    pub fn money(&self, amount: Money) -> String {
        let text = amount.to_decimal_string();
        let code = amount.currency.code();
        format::money(&self.page.locale, &text, code, MoneyStyle::default())
            .unwrap_or_else(|_| format!("{text} {code}"))
    }

    /// A day as the reader writes it.
    #[must_use]
    pub fn date(&self, day: NaiveDate) -> String {
        format::date(&self.page.locale, day, DateStyle::Medium)
    }

    /// A moment as the reader writes it, in a zone.
    #[must_use]
    pub fn time(&self, at: DateTime<Utc>, zone: Tz) -> String {
        format::datetime(&self.page.locale, at, zone, false)
    }
}

/// Keeps and sends a letter, once per `key`.
///
/// # Errors
/// When the database refuses.
pub async fn post(
    app: &App,
    tx: &mut TenantTx,
    key: &str,
    template: &'static str,
    reader: &Reader,
    letter: Letter,
) -> Result<(), DbError> {
    send(app, tx, (key, template), reader, letter, Vec::new()).await
}

/// The same, with files.
///
/// # Errors
/// When the database refuses.
pub async fn send(
    app: &App,
    tx: &mut TenantTx,
    (key, template): (&str, &'static str),
    reader: &Reader,
    mut letter: Letter,
    files: Vec<Attachment>,
) -> Result<(), DbError> {
    let words = Words::new(app, tx, reader);
    if letter.footnote.is_empty() {
        letter.footnote = words.say("mail-footnote", &[("brand", tx.tenant().name.as_str())]);
    }
    let tenant = tx.tenant();
    let sender = Sender {
        name: tenant.name.clone(),
        color: tenant.brand.color,
        lang: reader.locale.clone(),
    };
    let new = NewMail {
        key: key.to_owned(),
        template,
        account: reader.account,
        to: reader.email.clone(),
        subject: letter.subject.clone(),
        text: letter.text(&sender),
        html: letter.html(&sender),
        files,
    };
    mail::queue(tx, &new).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
