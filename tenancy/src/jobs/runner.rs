//! One run of one job, and what follows from how it ended.
//!
//! The one rule for what fails: it is tried again after a distance that doubles up to an hour, and from the
//! eighth failure in a row on it is a task on staff's screen as well. It goes on until it works, which closes
//! the task, or until staff close it. So nothing is given up silently, and nothing waits for a person that
//! mends itself. The queue's own retry is for crashes only.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use platform::db::DbError;
use platform::job::{self, Outcome, Placement};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JobContext, Registry};
use crate::task::NewTask;
use crate::{Tenancy, TenantScope, TenantTx, resolve, task};

/// Failures in a row after which staff see it.
const TASK_AFTER: u32 = 8;
/// The longest distance between two tries.
const LONGEST: Duration = Duration::from_secs(3600);

/// A job row's payload, as the cell's enqueue function wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Payload {
    schema: String,
    name: String,
    args: Value,
    /// Failures in a row.
    #[serde(default)]
    attempt: u32,
    key: Option<String>,
    queue: Option<String>,
}

impl Payload {
    fn task_key(&self) -> String {
        let key = self.key.clone().unwrap_or_else(|| self.args.to_string());
        format!("job:{}:{key}", self.name)
    }

    fn request(&self, class: &str, attempt: u32, delay: Option<Duration>) -> Value {
        let place = Placement {
            key: self.key.clone(),
            queue: self.queue.clone(),
            delay,
            attempt,
        };
        job::request(class, &self.name, &self.args, &place)
    }
}

#[derive(Clone)]
pub(super) struct Runner {
    pub(super) tenancy: Tenancy,
    pub(super) registry: Arc<Registry>,
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runner")
    }
}

/// `after` doubled with every failure before, up to an hour, or to `after` where that is longer.
fn distance(after: Duration, attempt: u32) -> Duration {
    after.saturating_mul(1 << attempt.min(16)).min(LONGEST.max(after))
}

impl Runner {
    pub(super) async fn run(&self, class: &'static str, payload: Payload) -> Result<(), String> {
        let Some(scope) = self.scope(&payload).await? else {
            return Ok(());
        };
        let outcome = self.call(&scope, &payload).await;
        self.follow(class, &scope, payload, outcome)
            .await
            .map_err(|error| error.to_string())
    }

    async fn scope(&self, payload: &Payload) -> Result<Option<TenantScope>, String> {
        if let Ok(scope) = resolve::job(&self.tenancy, &payload.schema, &payload.name) {
            return Ok(Some(scope));
        }
        // Perhaps a tenant this node has not heard of yet; else its work ended with it.
        self.tenancy.refresh().await.map_err(|e| e.to_string())?;
        let scope = resolve::job(&self.tenancy, &payload.schema, &payload.name).ok();
        if scope.is_none() {
            tracing::warn!(
                schema = payload.schema,
                job = payload.name,
                "job of a tenant that is gone"
            );
        }
        Ok(scope)
    }

    /// A node that is older or newer than the one that enqueued it may not know a job, and a body may panic:
    /// both are failures like any other.
    async fn call(&self, scope: &TenantScope, payload: &Payload) -> Outcome {
        let failed = |why: String| Outcome::Retry {
            after: Duration::from_secs(5),
            why,
        };
        let Some(handler) = self.registry.handlers.get(payload.name.as_str()) else {
            return failed(format!("no handler for job {:?}", payload.name));
        };
        let context = JobContext {
            scope: scope.clone(),
            attempt: payload.attempt,
        };
        let body = AssertUnwindSafe(async { handler(context, payload.args.clone()).await });
        match body.catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => failed("the job's own code broke off; see the log".into()),
        }
    }

    async fn follow(
        &self,
        class: &'static str,
        scope: &TenantScope,
        payload: Payload,
        outcome: Outcome,
    ) -> Result<(), DbError> {
        let (tenant, job) = (&scope.tenant().slug, &payload.name);
        match outcome {
            Outcome::Done if payload.attempt < TASK_AFTER => Ok(()),
            Outcome::Done => {
                let mut tx = self.tenancy.begin(scope).await?;
                task::settle(&mut tx, &payload.task_key()).await?;
                tx.commit().await
            }
            Outcome::Wait { after, why } => {
                tracing::debug!(tenant, job, why, "job waits");
                let mut tx = self.tenancy.begin(scope).await?;
                if payload.attempt >= TASK_AFTER {
                    task::settle(&mut tx, &payload.task_key()).await?;
                }
                later(&mut tx, payload.request(class, 0, Some(after))).await?;
                tx.commit().await
            }
            Outcome::Retry { after, why } => {
                platform::telemetry::count_failure("job", job);
                tracing::info!(tenant, job, attempt = payload.attempt, why, "job will be tried again");
                let mut tx = self.tenancy.begin(scope).await?;
                again(&mut tx, class, &payload, after, &why).await?;
                tx.commit().await
            }
            Outcome::Fail { why } => {
                platform::telemetry::count_failure("job", job);
                tracing::warn!(tenant, job, why, "job failed for good");
                let mut tx = self.tenancy.begin(scope).await?;
                raise(&mut tx, class, &payload, why).await?;
                tx.commit().await
            }
        }
    }
}

async fn again(tx: &mut TenantTx, class: &str, payload: &Payload, after: Duration, why: &str) -> Result<(), DbError> {
    let failures = payload.attempt + 1;
    if failures > TASK_AFTER && !task::is_open(tx, &payload.task_key()).await? {
        tracing::warn!(job = payload.name, why, "given up: staff have closed its task");
        return Ok(());
    }
    if failures >= TASK_AFTER {
        let reason = format!("{why} (tried {failures} times; tried again by itself, or now by the button)");
        raise(tx, class, payload, reason).await?;
    }
    let delay = distance(after, payload.attempt);
    later(tx, payload.request(class, failures, Some(delay))).await
}

/// One of this key that was asked for meanwhile, and sooner, keeps its time.
async fn later(tx: &mut TenantTx, mut request: Value) -> Result<(), DbError> {
    request["key_mode"] = "preserve_run_at".into();
    job::enqueue_raw(tx, &[request]).await
}

async fn raise(tx: &mut TenantTx, class: &str, payload: &Payload, why: String) -> Result<(), DbError> {
    let new = NewTask {
        kind: "job",
        key: payload.task_key(),
        title: payload.name.replace('_', " "),
        reason: why,
        subject: None,
        job: Some(payload.request(class, 0, None)),
    };
    task::raise(tx, &new).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_doubles_up_to_an_hour() {
        let check = |after: u64, attempt: u32, expected: u64| {
            assert_eq!(distance(Duration::from_secs(after), attempt).as_secs(), expected);
        };
        check(5, 0, 5);
        check(5, 1, 10);
        check(5, 7, 640);
        check(5, 12, 3600);
        check(5, u32::MAX, 3600);
        check(7200, 3, 7200);
    }
}
