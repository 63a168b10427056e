//! Mails: what is said to whom, when something happened.

mod letter;
pub mod people;

use platform::db::DbError;
use tenancy::mail::{self, NewMail};
use tenancy::{AccountId, TenantTx};

use crate::app::App;
use crate::web::page;

pub use letter::{Letter, Sender};

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
    app: &'a App,
    page: platform::views::Page,
}

impl<'a> Words<'a> {
    /// For a reader of a tenant.
    #[must_use]
    pub fn new(app: &'a App, tx: &TenantTx, reader: &Reader) -> Self {
        Self {
            app,
            page: page::for_reader(app, tx.tenant(), &reader.locale),
        }
    }

    /// One of the words.
    #[must_use]
    pub fn say(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.app.say(&self.page, key, args)
    }

    /// The page value, for money and dates in the reader's language.
    #[must_use]
    pub fn page(&self) -> &platform::views::Page {
        &self.page
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
    mut letter: Letter,
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
    };
    mail::queue(tx, &new).await?;
    Ok(())
}
