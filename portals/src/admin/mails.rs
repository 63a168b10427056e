//! Mails that were written: what was said to whom, and in a sandbox the only place where they arrive.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use platform::views::Context;
use platform::web::security::{Csp, CspExtra};
use serde::Serialize;
use tenancy::Mode;
use tenancy::extract::Staff;
use tenancy::mail::{self, Mail, Search};
use tenancy::permission::ReadAccounts;

use crate::app::App;
use crate::status::{self, Badge};
use crate::web::answer::{Html, internal, not_found};
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

/// What the document of a mail may do in its frame: be looked at.
const BODY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; frame-ancestors 'self'; sandbox allow-popups";

/// Mails whose link signs its reader in or sets their password: in a live tenant nobody else reads them.
const SECRET: &[&str] = &["mail-reset", "mail-invite", "mail-verify"];

const STATES: &[(&str, &str)] = &[
    ("queued", "status-mail-queued"),
    ("sent", "status-mail-sent"),
    ("failed", "status-mail-failed"),
    ("kept", "status-mail-kept"),
];

const LIST: Spec = Spec {
    path: "/admin/mails",
    title: "menu-mails",
    search: Some("mails-search"),
    filters: &[Filter::Choice("state", "list-status", STATES), Filter::Kept("account")],
    columns: &[
        Column::new("mails-subject").phone(Place::Main),
        Column::new("mails-to").phone(Place::Below),
        Column::new("list-status").phone(Place::End),
        Column::new("mails-written").sort("since").phone(Place::BelowEnd),
    ],
    sort: "-since",
    empty: Empty {
        icon: "mail",
        title: "mails-none",
        text: "mails-none-text",
        action: None,
    },
};

/// `GET /admin/mails`
pub async fn list(State(app): State<App>, staff: Staff<ReadAccounts>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let search = Search {
        account: wish.id("account"),
        state: wish.choice("state"),
        typed: wish.typed(),
    };
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let found = mail::browse(&mut tx, &search, &wish.window()).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(found)
    };
    let found = match read.await {
        Ok(found) => found.map(row),
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "mails").await;
    list::show(&app, &chrome, &ListPage::new(&app, &chrome, &LIST, &wish, found))
}

fn row(mail: mail::Row) -> Row {
    Row::to(
        format_args!("/admin/mails/{}", mail.id),
        vec![
            Cell::text(mail.subject),
            Cell::text(mail.to_address),
            Cell::badge(status::mail(&mail.state)),
            Cell::at(mail.created_at),
        ],
    )
}

/// One mail.
#[derive(Debug, Serialize)]
pub struct MailPage {
    /// Key.
    pub id: String,
    /// Subject.
    pub subject: String,
    /// Recipient.
    pub to: String,
    /// State.
    pub state: Badge,
    /// Why it was not sent.
    pub error: Option<String>,
    /// When written.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Names of the files that travel along.
    pub files: Vec<String>,
    /// The plain form.
    pub text: String,
}

impl Context for MailPage {
    const TEMPLATE: &'static str = "admin/mail.html";
}

async fn read(
    app: &App,
    staff: &Staff<ReadAccounts>,
    id: &str,
) -> Result<Option<(Mail, Vec<String>)>, platform::db::DbError> {
    let Ok(id) = id.parse() else { return Ok(None) };
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let mut found = mail::find(&mut tx, id).await?;
    let files = mail::files(&mut tx, id).await?;
    tx.commit().await?;
    if let Some(mail) = &mut found
        && SECRET.contains(&mail.template.as_str())
        && staff.scope.tenant().mode == Mode::Live
    {
        mail.body_text.clear();
        mail.body_html.clear();
    }
    Ok(found.map(|found| (found, files.into_iter().map(|file| file.filename).collect())))
}

/// `GET /admin/mails/{id}`
pub async fn show(
    State(app): State<App>,
    staff: Staff<ReadAccounts>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let (found, files) = match read(&app, &staff, &id).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let page = page::admin(&app, &staff, &asked, "mails").await;
    let context = MailPage {
        id: found.id.to_string(),
        subject: found.subject,
        to: found.to_address,
        state: status::mail(&found.state),
        error: found.error,
        at: found.created_at,
        files,
        text: found.body_text,
    };
    let mut response = Html::show(&app, StatusCode::OK, &context, &page);
    let policy = format!("{}; frame-src 'self'", Csp::render(&CspExtra::new()));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// `GET /admin/mails/{id}/body`: the HTML form as it was sent, in a frame that can do nothing.
pub async fn body(State(app): State<App>, staff: Staff<ReadAccounts>, Path(id): Path<String>) -> Response {
    let found = match read(&app, &staff, &id).await {
        Ok(Some((found, _))) => found,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, BODY_POLICY),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    (headers, found.body_html).into_response()
}
