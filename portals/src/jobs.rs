//! What each job calls.

use tenancy::jobs::Registry;
use tenancy::mail::{self, SendMail};

use crate::app::App;

/// Every job of the platform.
#[must_use]
pub fn registry(app: &App) -> Registry {
    let own = app.clone();
    Registry::default().on(move |context, args: SendMail| {
        let app = own.clone();
        async move { mail::send(app.tenancy(), app.mailer(), &context.scope, &args, context.attempt).await }
    })
}
