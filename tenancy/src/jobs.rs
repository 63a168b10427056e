//! Running jobs: three workers per cell, one per class, on the cell's queue.
//!
//! A job row names the schema that enqueued it; the scope is resolved anew for every run. The
//! queue's own retry is for crashes; ours re-enqueues with its own delay, and what fails for good
//! becomes a task on staff's screen.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, Worker, WorkerContext, WorkerOptions};
use platform::db::DbError;
use platform::job::{self, Class, Job, Outcome, Placement};
use platform::task::Shutdown;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Connection;

use crate::task::NewTask;
use crate::{Tenancy, TenantScope, resolve, task};

/// What a job's body receives besides its arguments.
#[derive(Debug, Clone)]
pub struct JobContext {
    /// The tenant, acted in by the job.
    pub scope: TenantScope,
    /// How often it has been tried before.
    pub attempt: u32,
}

/// How often a worker looks for jobs that it was not told of.
const POLL: Duration = Duration::from_secs(1);

type Handler = Arc<dyn Fn(JobContext, Value) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// Which function runs which job.
#[derive(Clone, Default)]
pub struct Registry {
    handlers: HashMap<&'static str, Handler>,
}

impl Registry {
    /// Runs jobs of type `J` by `run`.
    #[must_use]
    pub fn on<J, F, Fut>(self, run: F) -> Self
    where
        J: Job,
        F: Fn(JobContext, J) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        self.on_name(J::NAME, run)
    }

    /// Runs jobs of a name by `run`, reading the arguments as `A` (event subscribers share one type).
    #[must_use]
    pub fn on_name<A, F, Fut>(mut self, name: &'static str, run: F) -> Self
    where
        A: serde::de::DeserializeOwned + Send + 'static,
        F: Fn(JobContext, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let run = Arc::new(run);
        let handler: Handler = Arc::new(move |context, args| {
            let run = run.clone();
            Box::pin(async move {
                match serde_json::from_value(args) {
                    Ok(args) => run(context, args).await,
                    Err(error) => Outcome::Fail {
                        why: format!("the arguments do not fit: {error}"),
                    },
                }
            })
        });
        self.handlers.insert(name, handler);
        self
    }

    /// Every registered name, for the test that compares them with the subscriptions.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.handlers.keys().copied().collect()
    }
}

/// A job row's payload, as the cell's enqueue function wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    schema: String,
    name: String,
    args: Value,
    #[serde(default)]
    attempt: u32,
    key: Option<String>,
    queue: Option<String>,
}

#[derive(Clone)]
struct Runner {
    tenancy: Tenancy,
    registry: Arc<Registry>,
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runner")
    }
}

impl Runner {
    async fn run(&self, class: &'static str, payload: Payload) -> Result<(), String> {
        let scope = match resolve::job(&self.tenancy, &payload.schema, &payload.name) {
            Ok(scope) => scope,
            Err(_) => {
                // Perhaps a tenant this node has not heard of yet; else its work ended with it.
                self.tenancy.refresh().await.map_err(|e| e.to_string())?;
                match resolve::job(&self.tenancy, &payload.schema, &payload.name) {
                    Ok(scope) => scope,
                    Err(_) => {
                        tracing::warn!(
                            schema = payload.schema,
                            job = payload.name,
                            "job of a tenant that is gone"
                        );
                        return Ok(());
                    }
                }
            }
        };
        let Some(handler) = self.registry.handlers.get(payload.name.as_str()) else {
            return Err(format!("no handler for job {:?}", payload.name));
        };
        let context = JobContext {
            scope: scope.clone(),
            attempt: payload.attempt,
        };
        match handler(context, payload.args.clone()).await {
            Outcome::Done => Ok(()),
            Outcome::Retry { after, why } => {
                tracing::info!(
                    tenant = scope.tenant().slug,
                    job = payload.name,
                    attempt = payload.attempt,
                    why,
                    "job will be tried again"
                );
                self.again(class, &scope, payload, after)
                    .await
                    .map_err(|e| e.to_string())
            }
            Outcome::Fail { why } => {
                tracing::warn!(
                    tenant = scope.tenant().slug,
                    job = payload.name,
                    why,
                    "job failed for good"
                );
                self.give_up(class, &scope, payload, why)
                    .await
                    .map_err(|e| e.to_string())
            }
        }
    }

    async fn again(&self, class: &str, scope: &TenantScope, payload: Payload, after: Duration) -> Result<(), DbError> {
        let place = Placement {
            key: payload.key,
            queue: payload.queue,
            delay: Some(after),
            attempt: payload.attempt + 1,
        };
        let mut request = job::request(class, &payload.name, &payload.args, &place);
        // One of this key that was asked for meanwhile, and sooner, keeps its time.
        request["key_mode"] = "preserve_run_at".into();
        let mut tx = self.tenancy.begin(scope).await?;
        job::enqueue_raw(&mut tx, &[request]).await?;
        tx.commit().await
    }

    async fn give_up(&self, class: &str, scope: &TenantScope, payload: Payload, why: String) -> Result<(), DbError> {
        let place = Placement {
            key: payload.key.clone(),
            queue: payload.queue,
            delay: None,
            attempt: 0,
        };
        let request = job::request(class, &payload.name, &payload.args, &place);
        let key = payload.key.unwrap_or_else(|| payload.args.to_string());
        let mut tx = self.tenancy.begin(scope).await?;
        let new = NewTask {
            kind: "job",
            key: format!("job:{}:{key}", payload.name),
            title: payload.name.replace('_', " "),
            reason: why,
            subject: None,
            job: Some(request),
        };
        task::raise(&mut tx, &new).await?;
        tx.commit().await
    }
}

macro_rules! class_task {
    ($name:ident, $identifier:literal) => {
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        struct $name(Payload);

        impl TaskHandler for $name {
            const IDENTIFIER: &'static str = $identifier;

            async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
                match context.get_ext::<Runner>() {
                    Some(runner) => runner.run($identifier, self.0).await,
                    None => Err("the worker has no runner".to_owned()),
                }
            }
        }
    };
}

class_task!(CriticalTask, "critical");
class_task!(NormalTask, "normal");
class_task!(LowTask, "low");

/// Runs the workers of every cell until shutdown, then lets running jobs finish or releases them.
///
/// # Errors
/// When a queue cannot be reached at the start.
pub async fn run(tenancy: Tenancy, registry: Registry, shutdown: Shutdown) -> Result<(), DbError> {
    run_polling(tenancy, registry, shutdown, POLL).await
}

/// The same, looking for jobs more or less often than a busy process does.
///
/// # Errors
/// As [`run`].
pub async fn run_polling(
    tenancy: Tenancy,
    registry: Registry,
    shutdown: Shutdown,
    poll: Duration,
) -> Result<(), DbError> {
    let runner = Runner {
        tenancy: tenancy.clone(),
        registry: Arc::new(registry),
    };
    let mut workers = Vec::new();
    for id in tenancy.cell_ids() {
        let cell = tenancy.cell(id)?;
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(6)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(cell.login.clone())
            .await?;
        for class in Class::ALL {
            workers.push(worker(pool.clone(), class, &runner, &shutdown, poll).await?);
        }
    }
    let running = workers.iter().map(|worker| async move {
        if let Err(error) = worker.run().await {
            tracing::error!(%error, "a job worker stopped");
        }
    });
    futures::future::join_all(running).await;
    Ok(())
}

async fn worker(
    pool: sqlx::PgPool,
    class: Class,
    runner: &Runner,
    shutdown: &Shutdown,
    poll: Duration,
) -> Result<Worker, DbError> {
    let stop = shutdown.clone();
    let options = WorkerOptions::default()
        .pg_pool(pool)
        .schema("graphile_worker")
        .add_extension(runner.clone())
        .poll_interval(poll)
        .heartbeat_interval(Duration::from_secs(2))
        .sweep_interval(Duration::from_secs(5))
        .sweep_threshold(Duration::from_secs(10))
        .recovery_delay(Duration::from_millis(100))
        .listen_os_shutdown_signals(false)
        .shutdown_grace_period(Duration::from_secs(10))
        .shutdown_interrupted_job_retry_delay(Duration::from_secs(1))
        .shutdown_signal(async move { stop.wait().await });
    let options = match class {
        Class::Critical => options.concurrency(6).define_job::<CriticalTask>(),
        Class::Normal => options.concurrency(3).define_job::<NormalTask>(),
        Class::Low => options.concurrency(1).define_job::<LowTask>(),
    };
    options
        .init()
        .await
        .map_err(|error| DbError::Row(format!("the job queue: {error}")))
}

/// How often one job is brought forward in one [`settle`]: what still waits then waits for somebody.
const FORWARD: u32 = 8;

/// Waits until nothing of a tenant is left to run, not waiting for technical delays. Some worker has to
/// be at work; answers how many jobs are left after `patience`, or wait for somebody.
///
/// # Errors
/// When the queue cannot be read.
pub async fn settle(tenancy: &Tenancy, scope: &TenantScope, patience: Duration) -> Result<i64, DbError> {
    let cell = tenancy.cell(scope.tenant().cell)?;
    let schema = &scope.tenant().schema;
    let mut connection = sqlx::PgConnection::connect_with(&cell.login).await?;
    let started = tokio::time::Instant::now();
    let mut forwarded: HashMap<String, u32> = HashMap::new();
    loop {
        let waiting: Vec<(i64, Option<String>, bool)> = sqlx::query_as(
            "SELECT id, key, locked_at IS NULL AND run_at > clock_timestamp() FROM graphile_worker._private_jobs \
             WHERE payload->>'schema' = $1 AND attempts < max_attempts ORDER BY id LIMIT 5000",
        )
        .bind(schema)
        .fetch_all(&mut connection)
        .await?;
        let mut forward = Vec::new();
        let mut busy = false;
        for (id, key, later) in &waiting {
            let name = key.clone().unwrap_or_else(|| id.to_string());
            let times = forwarded.entry(name).or_default();
            if *later && *times < FORWARD {
                *times += 1;
                forward.push(*id);
            }
            busy |= !*later;
        }
        sqlx::query(
            "UPDATE graphile_worker._private_jobs SET run_at = clock_timestamp(), priority = -10 \
             WHERE id = ANY($1) AND locked_at IS NULL",
        )
        .bind(&forward)
        .execute(&mut connection)
        .await?;
        let idle = forward.is_empty() && !busy;
        if idle || started.elapsed() > patience {
            return Ok(i64::try_from(waiting.len()).unwrap_or(i64::MAX));
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}
