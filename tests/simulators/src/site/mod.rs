//! The HTTP server under every simulator: one accept loop, fault rules, a log of requests, control pages.
//!
//! Control lives under `/_sim/` and is never logged nor broken: `POST|GET|DELETE /_sim/faults`,
//! `GET|DELETE /_sim/requests`, `GET /_sim/state`; a simulator adds knobs of its own there.

mod fault;
mod log;
mod serve;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use fault::{FaultKind, FaultRule, Faults};
pub use log::{LoggedRequest, RequestLog};

type View = Arc<dyn Fn() -> Value + Send + Sync>;

/// A running server. It stops when the last handle that holds it goes away.
pub struct Site {
    addr: SocketAddr,
    faults: Faults,
    requests: RequestLog,
    stop: CancellationToken,
}

impl Site {
    /// Binds `addr` (port 0 picks a free one) and serves `router` until dropped. `state` feeds `/_sim/state`.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn open(
        addr: SocketAddr,
        router: Router,
        state: impl Fn() -> Value + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(addr).await?;
        Self::open_on(listener, router, state)
    }

    /// The same on a listener bound before, for routers that must know their own address.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn open_on(
        listener: tokio::net::TcpListener,
        router: Router,
        state: impl Fn() -> Value + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let site = Self {
            addr: listener.local_addr()?,
            faults: Faults::default(),
            requests: RequestLog::default(),
            stop: CancellationToken::new(),
        };
        let room = Arc::new(serve::Room {
            router,
            faults: site.faults.clone(),
            requests: site.requests.clone(),
            state: Arc::new(state),
        });
        tokio::spawn(serve::accept(listener, room, site.stop.clone()));
        Ok(site)
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The fault rules in force.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// The requests seen so far.
    #[must_use]
    pub fn requests(&self) -> RequestLog {
        self.requests.clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A client for the simulators' own tests.
#[cfg(test)]
pub(crate) fn test_client() -> reqwest::Client {
    // Installing twice is an error that does not matter here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(10))
        .build()
        .unwrap()
}

/// Writes what a simulator knows to a file, whole or not at all.
pub(crate) fn save(file: &std::path::Path, kept: &impl serde::Serialize) -> std::io::Result<()> {
    let fresh = file.with_extension("new");
    std::fs::write(&fresh, serde_json::to_vec(kept)?)?;
    std::fs::rename(&fresh, file)
}

/// Reads what a file keeps; none when there is no file.
pub(crate) fn restore<T: serde::de::DeserializeOwned>(file: &std::path::Path) -> std::io::Result<Option<T>> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
