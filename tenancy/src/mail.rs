//! Mails of a tenant: written in the transaction that causes them, sent by a job, each cause once.

use platform::db::DbError;
use platform::job::{self, Class, Job, NewJob, Outcome};
use platform::mail::{Attachment, Mailer, OutgoingMail};
use serde::{Deserialize, Serialize};

use crate::listing::{self, Found, Kind, Order, Source, Window};
use crate::{AccountId, MailId, Mode, Tenancy, Tenant, TenantScope, TenantTx};

/// A rendered mail to keep and send.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// The cause, once: template and subject id.
    pub key: String,
    /// Template name.
    pub template: &'static str,
    /// The account it concerns.
    pub account: Option<AccountId>,
    /// Recipient.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// Files that travel along.
    pub files: Vec<Attachment>,
}

/// Sends one stored mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendMail {
    /// Which.
    pub mail: MailId,
}

impl Job for SendMail {
    const NAME: &'static str = "send_mail";
    const CLASS: Class = Class::Normal;
}

/// Keeps a mail and enqueues its sending; false when this cause has had its mail already.
///
/// # Errors
/// When the database refuses.
pub async fn queue(tx: &mut TenantTx, new: &NewMail) -> Result<bool, DbError> {
    let id: MailId = tx.new_id();
    let done = sqlx::query(
        "INSERT INTO mails (id, key, template, account_id, to_address, subject, body_text, body_html, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key) DO NOTHING",
    )
    .bind(id)
    .bind(&new.key)
    .bind(new.template)
    .bind(new.account)
    .bind(&new.to)
    .bind(&new.subject)
    .bind(&new.text)
    .bind(&new.html)
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for (position, file) in new.files.iter().enumerate() {
        sqlx::query(
            "INSERT INTO mail_files (mail_id, position, filename, content_type, bytes) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(i32::try_from(position).unwrap_or(i32::MAX))
        .bind(&file.filename)
        .bind(&file.content_type)
        .bind(&file.bytes)
        .execute(tx.connection())
        .await?;
    }
    job::enqueue(tx, &[NewJob::new(&SendMail { mail: id })]).await?;
    Ok(true)
}

/// A stored mail.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Mail {
    /// Key.
    pub id: MailId,
    /// Template.
    pub template: String,
    /// Recipient.
    pub to_address: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub body_text: String,
    /// HTML.
    pub body_html: String,
    /// queued, sent, failed, kept (sandbox).
    pub state: String,
    /// Why it failed.
    pub error: Option<String>,
    /// When written.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

const COLUMNS: &str =
    "SELECT id, template, to_address, subject, body_text, body_html, state, error, created_at FROM mails";

/// The newest mails, of one account or of all.
///
/// # Errors
/// When the database refuses.
pub async fn list(tx: &mut TenantTx, account: Option<AccountId>, limit: i64) -> Result<Vec<Mail>, DbError> {
    let sql = format!("{COLUMNS} WHERE $1::uuid IS NULL OR account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(account)
        .bind(limit)
        .fetch_all(tx.connection())
        .await?)
}

/// One mail.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: MailId) -> Result<Option<Mail>, DbError> {
    let sql = format!("{COLUMNS} WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// The files of a mail, in order.
///
/// # Errors
/// When the database refuses.
pub async fn files(tx: &mut TenantTx, id: MailId) -> Result<Vec<Attachment>, DbError> {
    let rows: Vec<(String, String, Vec<u8>)> =
        sqlx::query_as("SELECT filename, content_type, bytes FROM mail_files WHERE mail_id = $1 ORDER BY position")
            .bind(id)
            .fetch_all(tx.connection())
            .await?;
    Ok(rows
        .into_iter()
        .map(|(filename, content_type, bytes)| Attachment {
            filename,
            content_type,
            bytes,
        })
        .collect())
}

/// What the list of mails is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Of one account.
    pub account: Option<AccountId>,
    /// queued, sent, failed, kept.
    pub state: Option<String>,
    /// The beginning of an address, as typed.
    pub typed: Option<String>,
}

/// A row of the list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Key.
    pub id: MailId,
    /// Recipient.
    pub to_address: String,
    /// Subject.
    pub subject: String,
    /// queued, sent, failed, kept.
    pub state: String,
    /// When written.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

const SOURCE: Source = Source {
    columns: "m.id, m.to_address, m.subject, m.state, m.created_at",
    from: "mails m",
    id: "m.id",
    orders: &[Order {
        key: "since",
        sql: "m.created_at",
        kind: Kind::Instant,
    }],
};

/// A page of mails.
///
/// # Errors
/// When the database refuses.
pub async fn browse(tx: &mut TenantTx, search: &Search, window: &Window) -> Result<Found<Row>, DbError> {
    listing::read(tx.connection(), &SOURCE, window, |query| {
        if let Some(account) = search.account {
            query.push(" AND m.account_id = ").push_bind(account);
        }
        if let Some(state) = &search.state {
            query.push(" AND m.state = ").push_bind(state.clone());
        }
        if let Some(typed) = &search.typed {
            let escaped = typed
                .to_lowercase()
                .replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_");
            query
                .push(" AND lower(m.to_address) LIKE ")
                .push_bind(format!("{escaped}%"));
        }
    })
    .await
}

/// The body of [`SendMail`]: sends and marks. A sandbox tenant's mail stays in its outbox.
///
/// A crash between the send and the mark sends twice with the same Message-ID; mail offers no better.
pub async fn send(tenancy: &Tenancy, mailer: &Mailer, scope: &TenantScope, args: &SendMail, attempt: u32) -> Outcome {
    match try_send(tenancy, mailer, scope, args).await {
        Ok(outcome) if attempt < 8 => outcome,
        Ok(Outcome::Retry { why, .. }) => match mark(tenancy, scope, args.mail, "failed", Some(&why)).await {
            Ok(()) => Outcome::Fail { why },
            Err(error) => error.into(),
        },
        Ok(outcome) => outcome,
        Err(error) => error.into(),
    }
}

async fn try_send(
    tenancy: &Tenancy,
    mailer: &Mailer,
    scope: &TenantScope,
    args: &SendMail,
) -> Result<Outcome, DbError> {
    let mut tx = tenancy.begin_read(scope).await?;
    let mail = find(&mut tx, args.mail).await?;
    let attachments = files(&mut tx, args.mail).await?;
    tx.commit().await?;
    let Some(mail) = mail.filter(|mail| mail.state == "queued") else {
        return Ok(Outcome::Done);
    };
    let tenant = scope.tenant();
    if tenant.mode == Mode::Sandbox {
        mark(tenancy, scope, mail.id, "kept", None).await?;
        return Ok(Outcome::Done);
    }
    let host = sending_host(tenancy, tenant);
    let settings = &tenant.settings;
    let name = if settings.mail_from_name.is_empty() {
        &tenant.name
    } else {
        &settings.mail_from_name
    };
    let answers = [&settings.mail_from, &settings.support_email];
    let outgoing = OutgoingMail {
        from_name: name.clone(),
        from: format!("no-reply@{host}"),
        reply_to: answers.into_iter().find(|address| !address.is_empty()).cloned(),
        to: mail.to_address.clone(),
        subject: mail.subject.clone(),
        text: mail.body_text.clone(),
        html: Some(mail.body_html.clone()),
        message_id: Some(format!("<{}@{host}>", mail.id)),
        headers: Vec::new(),
        attachments,
    };
    match mailer.send(&outgoing).await {
        Ok(()) => {
            mark(tenancy, scope, mail.id, "sent", None).await?;
            Ok(Outcome::Done)
        }
        Err(platform::mail::MailError::Permanent(why)) => {
            mark(tenancy, scope, mail.id, "failed", Some(&why)).await?;
            Ok(Outcome::Fail { why })
        }
        Err(error) => Ok(Outcome::Retry {
            after: std::time::Duration::from_secs(30),
            why: error.to_string(),
        }),
    }
}

/// The name a tenant's mails are sent from: one below the platform's own domain. What a tenant calls its address,
/// and a domain that only its web server was proved for, is where answers go, never who the sender is.
#[must_use]
pub fn sending_host(tenancy: &Tenancy, tenant: &Tenant) -> String {
    let base = tenancy.base_domain();
    match tenancy.directory().host(base) {
        Some(route) if route.tenant.id == tenant.id => base.to_owned(),
        _ => format!("{}.{base}", tenant.slug),
    }
}

async fn mark(
    tenancy: &Tenancy,
    scope: &TenantScope,
    id: MailId,
    state: &str,
    error: Option<&str>,
) -> Result<(), DbError> {
    let mut tx = tenancy.begin(scope).await?;
    let sent = (state == "sent").then(|| tx.now());
    sqlx::query("UPDATE mails SET state = $2, error = $3, sent_at = coalesce(sent_at, $4) WHERE id = $1")
        .bind(id)
        .bind(state)
        .bind(error)
        .bind(sent)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}
