//! The one place that starts background work, so that shutdown can ask it to end and wait for it.

mod shares;

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use shares::{Plan, Shares, Turn};

/// A signal to stop, heard by every clone. It is given once and stays given.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// A signal that nobody has given yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells everyone to stop.
    pub fn trigger(&self) {
        self.0.cancel();
    }

    /// Whether the signal was given.
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Resolves when the signal is given.
    pub async fn wait(&self) {
        self.0.cancelled().await;
    }

    /// A signal that is given with this one, and can be given earlier on its own.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }

    /// Runs `work` to its end, or answers `None` when the signal comes first and `work` is dropped.
    pub async fn unless_triggered<F: Future>(&self, work: F) -> Option<F::Output> {
        self.0.run_until_cancelled(work).await
    }

    /// Sleeps for `pause`; answers whether the whole pause passed without the signal.
    pub async fn sleep(&self, pause: Duration) -> bool {
        self.unless_triggered(tokio::time::sleep(pause)).await.is_some()
    }

    /// The same signal for libraries that want the token itself.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.0.clone()
    }
}

/// The background work of one process or one test: started here, ended together.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    shutdown: Shutdown,
    tracker: TaskTracker,
}

impl Tasks {
    /// Work that listens to `shutdown`.
    #[must_use]
    pub fn new(shutdown: Shutdown) -> Self {
        Self {
            shutdown,
            tracker: TaskTracker::new(),
        }
    }

    /// The signal this work listens to.
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Starts `work`, which is expected to end soon after the shutdown signal.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn(self.tracker.track_future(work))
    }

    /// How much work is still running.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tracker.len()
    }

    /// Whether nothing is running.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tracker.is_empty()
    }

    /// Gives the signal and waits until all work has ended; answers `false` when `timeout` came first.
    pub async fn stop(&self, timeout: Duration) -> bool {
        self.shutdown.trigger();
        self.tracker.close();
        tokio::time::timeout(timeout, self.tracker.wait()).await.is_ok()
    }
}

/// Starts work that nobody waits for. Prefer [`Tasks::spawn`] for anything that writes.
#[expect(clippy::disallowed_methods, reason = "this is the one place that starts tasks")]
pub fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stop_waits_for_work_that_listens() {
        let tasks = Tasks::new(Shutdown::new());
        let shutdown = tasks.shutdown().clone();
        let work = tasks.spawn(async move {
            shutdown.wait().await;
            7
        });
        assert_eq!(tasks.len(), 1);
        assert!(tasks.stop(Duration::from_secs(5)).await);
        assert_eq!(work.await.unwrap(), 7);
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn stop_gives_up_on_work_that_does_not() {
        let tasks = Tasks::default();
        tasks.spawn(std::future::pending::<()>());
        assert!(!tasks.stop(Duration::from_millis(20)).await);
    }

    #[tokio::test]
    async fn a_child_stops_alone_or_with_its_parent() {
        let parent = Shutdown::new();
        let (first, second) = (parent.child(), parent.child());
        first.trigger();
        assert!(!parent.is_triggered() && !second.is_triggered());
        parent.trigger();
        assert!(second.is_triggered());
        assert!(!second.sleep(Duration::from_secs(60)).await);
    }
}
