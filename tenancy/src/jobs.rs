//! Running jobs: three workers per cell, one per class, on the cell's queue.
//!
//! A job row names the schema that enqueued it; the scope is resolved anew for every run. What follows
//! from how a run ended is in `runner`.

mod runner;
mod settle;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, Worker, WorkerContext, WorkerOptions};
use platform::db::DbError;
use platform::job::{Class, Job, Outcome};
use platform::task::Shutdown;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use settle::settle;

use crate::{Tenancy, TenantScope};
use runner::{Payload, Runner};

/// What a job's body receives besides its arguments.
#[derive(Debug, Clone)]
pub struct JobContext {
    /// The tenant, acted in by the job.
    pub scope: TenantScope,
    /// How often in a row it failed before this run.
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
