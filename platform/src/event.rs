//! Facts: written to the tenant's outbox in the transaction that made them true.
//!
//! An event also enqueues one job per subscriber, so a crash after commit loses nothing and a
//! repeated job is the subscriber's to recognise.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::db::{DbError, Tx};
use crate::job::{self, Class, NewJob};

/// Which jobs follow which event type. A type may end in `*`.
#[derive(Debug, Default, Clone)]
pub struct Subscriptions {
    exact: HashMap<String, Vec<Subscriber>>,
    prefixes: Vec<(String, Subscriber)>,
}

#[derive(Debug, Clone, Copy)]
struct Subscriber {
    job: &'static str,
    class: Class,
}

impl Subscriptions {
    /// `job` (its registered name) runs after every event whose type matches `pattern`.
    #[must_use]
    pub fn on(mut self, pattern: &str, class: Class, job: &'static str) -> Self {
        let subscriber = Subscriber { job, class };
        match pattern.strip_suffix('*') {
            Some(prefix) => self.prefixes.push((prefix.to_owned(), subscriber)),
            None => self.exact.entry(pattern.to_owned()).or_default().push(subscriber),
        }
        self
    }

    /// Those whose job is of this class, and no others.
    #[must_use]
    pub fn only(mut self, class: Class) -> Self {
        for subscribers in self.exact.values_mut() {
            subscribers.retain(|subscriber| subscriber.class == class);
        }
        self.prefixes.retain(|(_, subscriber)| subscriber.class == class);
        self
    }

    fn of(&self, event_type: &str) -> impl Iterator<Item = Subscriber> {
        let exact = self.exact.get(event_type).into_iter().flatten().copied();
        let prefixed = self
            .prefixes
            .iter()
            .filter(move |(p, _)| event_type.starts_with(p.as_str()))
            .map(|(_, s)| *s);
        exact.chain(prefixed)
    }
}

/// One event to publish.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// `invoice.paid`, past tense where it is a verb.
    pub event_type: &'static str,
    /// Prefixed id of what it is about.
    pub subject: String,
    /// The account concerned, if one is.
    pub account: Option<Uuid>,
    /// What receivers may know.
    pub payload: Value,
}

impl NewEvent {
    /// An event with a serialisable payload.
    pub fn new(event_type: &'static str, subject: impl ToString, payload: impl Serialize) -> Self {
        let payload = serde_json::to_value(payload).unwrap_or(Value::Null);
        Self {
            event_type,
            subject: subject.to_string(),
            account: None,
            payload,
        }
    }

    /// Names the account the event belongs to.
    #[must_use]
    pub fn for_account(mut self, account: Uuid) -> Self {
        self.account = Some(account);
        self
    }
}

/// What a subscriber's job receives: the row's key.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct EventArgs {
    /// Key in `events`.
    pub event: Uuid,
}

/// A stored event, as subscribers and timelines read it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Event {
    /// Key.
    pub id: Uuid,
    /// Type, `invoice.paid`.
    #[sqlx(rename = "type")]
    pub event_type: String,
    /// Prefixed id.
    pub subject_id: String,
    /// Account.
    pub account_id: Option<Uuid>,
    /// Payload.
    pub payload: Value,
    /// When, by the tenant's clock.
    pub at: chrono::DateTime<chrono::Utc>,
}

/// Where [`tell`] is heard, once the transaction commits.
pub const NEWS: &str = "tenant_news";

/// Something worth redrawing.
#[derive(Debug, Clone)]
pub struct Change {
    /// Whose, where it is somebody's.
    pub account: Option<Uuid>,
    /// Prefixed id.
    pub subject: String,
}

/// Tells open pages, at commit, that these changed. An event does so by itself; this is for steps that are none.
/// The asker's role names the tenant, so nobody speaks for another.
///
/// # Errors
/// When the database refuses.
pub async fn tell(tx: &mut impl Tx, changes: &[Change]) -> Result<(), DbError> {
    if changes.is_empty() {
        return Ok(());
    }
    let line = |change: &Change| {
        let account = change.account.map_or_else(|| "-".to_owned(), |id| id.to_string());
        format!("{account} {}", change.subject)
    };
    let lines: Vec<String> = changes.iter().map(line).collect();
    sqlx::query("SELECT pg_notify($1, current_setting('role') || ' ' || line) FROM unnest($2::text[]) AS line")
        .bind(NEWS)
        .bind(lines)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Writes the events and enqueues their subscribers' jobs, in this transaction.
///
/// # Errors
/// When the database refuses.
pub async fn publish(tx: &mut impl Tx, events: &[NewEvent]) -> Result<(), DbError> {
    let now = tx.now();
    let mut jobs = Vec::new();
    let changes: Vec<Change> = events
        .iter()
        .map(|event| Change {
            account: event.account,
            subject: event.subject.clone(),
        })
        .collect();
    tell(tx, &changes).await?;
    for event in events {
        let id = tx.new_uuid();
        sqlx::query(
            "INSERT INTO events (id, type, subject_id, account_id, payload, at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id)
        .bind(event.event_type)
        .bind(&event.subject)
        .bind(event.account)
        .bind(&event.payload)
        .bind(now)
        .execute(tx.connection())
        .await?;
        for subscriber in tx.subscriptions().of(event.event_type) {
            let args = serde_json::to_value(EventArgs { event: id }).unwrap_or(Value::Null);
            jobs.push(NewJob::raw(subscriber.class, subscriber.job, args));
        }
    }
    job::enqueue(tx, &jobs).await
}

/// Reads one event back.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut impl Tx, id: Uuid) -> Result<Option<Event>, DbError> {
    Ok(
        sqlx::query_as("SELECT id, type, subject_id, account_id, payload, at FROM events WHERE id = $1")
            .bind(id)
            .fetch_optional(tx.connection())
            .await?,
    )
}
