//! `ezscale serve`: listeners, scheduler and workers, until asked to stop.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use platform::config::Config;
use platform::task::{Shutdown, Tasks};
use tokio::net::TcpListener;

use crate::app::App;

/// How long running requests and jobs may take to finish.
const GRACE: Duration = Duration::from_secs(15);

/// Serves until SIGTERM, SIGINT or SIGHUP, then finishes or releases what it holds.
///
/// # Errors
/// When the database or a listener cannot be opened.
pub async fn run(config: Config, no_worker: bool, only_worker: bool) -> Result<()> {
    let shutdown = Shutdown::new();
    let tasks = Tasks::new(shutdown.clone());
    let app = App::open(config).await?;
    tasks.spawn(app.tenancy().clone().follow(shutdown.clone()));
    if !no_worker {
        tasks.spawn(work(app.clone(), shutdown.clone()));
        tasks.spawn(crate::scheduler::run(app.clone(), shutdown.clone()));
    }
    let address = app.config().http.addr;
    if !only_worker {
        tasks.spawn(app.live().clone().run(app.tenancy().clone(), shutdown.clone()));
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let router = crate::web::router(&app);
        let stop = shutdown.clone();
        tasks.spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            let served = axum::serve(listener, service).with_graceful_shutdown(async move { stop.wait().await });
            if let Err(error) = served.await {
                tracing::error!(%error, "the listener failed");
            }
        });
        tracing::info!(%address, "listening");
    }
    if let Some(address) = app.config().metrics.addr {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let stop = shutdown.clone();
        let router = crate::web::metrics_router(&app);
        tasks.spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(async move { stop.wait().await });
            if let Err(error) = served.await {
                tracing::error!(%error, "the metrics listener failed");
            }
        });
    }
    signal(&shutdown).await?;
    tracing::info!("stopping");
    shutdown.trigger();
    if !tasks.stop(GRACE).await {
        tracing::warn!("some work did not finish in time; its jobs are released to other workers");
    }
    Ok(())
}

/// Runs the workers, beginning again when the queue was away.
async fn work(app: App, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        if let Err(error) =
            tenancy::jobs::run(app.tenancy().clone(), crate::jobs::registry(&app), shutdown.clone()).await
        {
            tracing::error!(%error, "the job queue is away");
        }
        shutdown.sleep(Duration::from_secs(2)).await;
    }
}

async fn signal(shutdown: &Shutdown) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let mut hup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
        _ = hup.recv() => {}
        () = shutdown.wait() => {}
    }
    Ok(())
}
