//! Work after commit: enqueued in the transaction that makes it necessary, run later, maybe twice.
//!
//! A job names its tenant by the schema that enqueued it; its payload is a small struct with a
//! constant name; its body finds the row and calls one command. Its failure is `Retry` or `Fail`, no third way.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::db::{DbError, Tx};

/// Which worker runs a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Payments, provisioning, suspension.
    Critical,
    /// Mail, notices, webhooks.
    Normal,
    /// Analytics, clean-up.
    Low,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Normal, Self::Low];

    /// The queue's task identifier.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// A job's arguments: a small struct with a constant name.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Name in the queue; never changes once shipped.
    const NAME: &'static str;
    /// Which worker.
    const CLASS: Class;
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing left to do.
    Done,
    /// Nothing is wrong: it waits for somebody, or there is more to do. Whoever says so sees to it that it ends.
    Wait {
        /// How long.
        after: Duration,
        /// What for, for the log.
        why: String,
    },
    /// It failed and is tried again. The distance doubles with every failure in a row, up to an hour; after
    /// some of them it is a task on staff's screen as well, until it works or they close the task.
    Retry {
        /// How long to wait after the first failure.
        after: Duration,
        /// Why, in words staff understand.
        why: String,
    },
    /// Given up: becomes a task on staff's screen.
    Fail {
        /// Why, in words staff understand.
        why: String,
    },
}

impl Outcome {
    /// Waits `seconds`.
    pub fn wait(seconds: u64, why: impl ToString) -> Self {
        Self::Wait {
            after: Duration::from_secs(seconds),
            why: why.to_string(),
        }
    }

    /// Failed: tried again after `seconds` at first.
    pub fn retry(seconds: u64, why: impl ToString) -> Self {
        Self::Retry {
            after: Duration::from_secs(seconds),
            why: why.to_string(),
        }
    }
}

impl From<DbError> for Outcome {
    fn from(error: DbError) -> Self {
        Self::Retry {
            after: Duration::from_secs(2),
            why: error.to_string(),
        }
    }
}

/// A job to enqueue.
#[derive(Debug, Clone)]
pub struct NewJob {
    class: Class,
    name: &'static str,
    args: Value,
    key: Option<String>,
    queue: Option<String>,
    delay: Option<Duration>,
}

impl NewJob {
    /// A job of a known type.
    pub fn new<J: Job>(job: &J) -> Self {
        Self::raw(J::CLASS, J::NAME, serde_json::to_value(job).unwrap_or(Value::Null))
    }

    /// A job by its registered name.
    #[must_use]
    pub fn raw(class: Class, name: &'static str, args: Value) -> Self {
        Self {
            class,
            name,
            args,
            key: None,
            queue: None,
            delay: None,
        }
    }

    /// While one with this key waits, another replaces it rather than joining it.
    #[must_use]
    pub fn key(mut self, key: impl ToString) -> Self {
        self.key = Some(key.to_string());
        self
    }

    /// Strictly in order with others of this queue (per service or account only).
    #[must_use]
    pub fn queue(mut self, queue: impl ToString) -> Self {
        self.queue = Some(queue.to_string());
        self
    }

    /// Not before this technical delay; what is due by calendar is a dated row instead.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    fn to_json(&self) -> Value {
        request(
            self.class.name(),
            self.name,
            &self.args,
            &Placement {
                key: self.key.clone(),
                queue: self.queue.clone(),
                delay: self.delay,
                attempt: 0,
            },
        )
    }
}

/// Where and when a job waits.
#[derive(Debug, Clone, Default)]
pub struct Placement {
    /// Job key, without the tenant prefix.
    pub key: Option<String>,
    /// Queue name, without the tenant prefix.
    pub queue: Option<String>,
    /// Technical delay.
    pub delay: Option<Duration>,
    /// How often in a row it failed.
    pub attempt: u32,
}

/// The JSON that the cell's enqueue function takes for one job.
#[must_use]
pub fn request(class: &str, name: &str, args: &Value, place: &Placement) -> Value {
    json!({
        "class": class,
        "name": name,
        "args": args,
        "key": place.key,
        "queue": place.queue,
        "delay_ms": place.delay.map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)),
        "attempt": place.attempt,
    })
}

/// Enqueues jobs in this transaction: they run only if it commits.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue(tx: &mut impl Tx, jobs: &[NewJob]) -> Result<(), DbError> {
    let requests: Vec<Value> = jobs.iter().map(NewJob::to_json).collect();
    enqueue_raw(tx, &requests).await
}

/// Enqueues jobs already in the enqueue function's form, in batches it accepts.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue_raw(tx: &mut impl Tx, requests: &[Value]) -> Result<(), DbError> {
    for batch in requests.chunks(1000) {
        sqlx::query("SELECT cell.enqueue($1)")
            .bind(Value::Array(batch.to_vec()))
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}
