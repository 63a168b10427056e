//! A VirtFusion control server: users by external relation, servers, an asynchronous build, a task queue.
//!
//! It behaves as `facts/panels/virtfusion.md` says the panel does, its hazards included: a second `POST /servers`
//! makes a second server, the root password is told once, a locked server answers 423, a user's e-mail is unique.
//! Knobs of its own: `POST /_sim/knobs` with any of `capacity`, `build_polls`, `build_ms`, `fail_builds`,
//! `task_ms`, `advance_seconds`.

mod answer;
mod catalogue;
mod config;
mod keep;
mod lifecycle;
mod network;
mod page;
mod queue;
mod route;
mod server;
mod sign_in;
mod state;
#[cfg(test)]
mod tests;
mod user;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;

pub use config::{Group, Package, Template, VirtfusionConfig};
pub use state::{Server, Task, User};

use crate::site::{Faults, RequestLog, Site};
use crate::ticker::Ticker;
use state::State;

/// A running panel. Clones share it; it stops when the last one goes away.
#[derive(Clone)]
pub struct Virtfusion {
    site: Arc<Site>,
    state: Arc<Mutex<State>>,
    token: String,
}

impl Virtfusion {
    /// Starts a panel on `addr`; port 0 picks a free one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(addr: SocketAddr, config: VirtfusionConfig) -> std::io::Result<Self> {
        let token = config.token.clone();
        let state = Arc::new(Mutex::new(State::new(config)));
        let seen = state.clone();
        let site = Site::open(addr, route::router(state.clone()), move || {
            seen.lock().unwrap().picture()
        })
        .await?;
        Ok(Self {
            site: Arc::new(site),
            state,
            token,
        })
    }

    /// Scheme, host and port, as a person would type it; the API is below `/api/v1`.
    #[must_use]
    pub fn url(&self) -> String {
        self.site.url()
    }

    /// The bearer token it accepts.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The fault rules in force.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.site.faults()
    }

    /// The requests seen so far.
    #[must_use]
    pub fn requests(&self) -> RequestLog {
        self.site.requests()
    }

    /// All servers that exist, by id.
    #[must_use]
    pub fn servers(&self) -> Vec<Server> {
        self.settled().servers.values().cloned().collect()
    }

    /// One server, or nothing once it is deleted.
    #[must_use]
    pub fn server(&self, id: i64) -> Option<Server> {
        self.settled().servers.get(&id).cloned()
    }

    /// All users, by id.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        self.settled().users.values().cloned().collect()
    }

    /// All queue items, by id.
    #[must_use]
    pub fn tasks(&self) -> Vec<Task> {
        self.settled().tasks.values().cloned().collect()
    }

    /// Leaves room for `free` more servers in every hypervisor group.
    pub fn set_capacity(&self, free: u32) {
        self.settled().set_capacity(free);
    }

    /// How many reads, and how many milliseconds at least, a build takes from now on.
    pub fn set_build_time(&self, polls: u32, ms: u64) {
        let mut state = self.settled();
        state.config.build_polls = polls;
        state.config.build_ms = ms;
    }

    /// Lets the next `count` builds end with `buildFailed`.
    pub fn fail_builds(&self, count: u32) {
        self.settled().config.fail_builds = count;
    }

    /// Holds a lock on a server for `ms`, as if somebody worked on it in the panel.
    pub fn lock(&self, server: i64, ms: u64) {
        self.settled().begin(server, "lock", 0, ms);
    }

    /// Makes a server protected (or not): the panel refuses to delete it.
    pub fn set_protected(&self, server: i64, protected: bool) {
        self.edit(server, |row| row.protected = protected);
    }

    /// Counts this many bytes in and out in the current month.
    pub fn add_traffic(&self, server: i64, rx_bytes: u64, tx_bytes: u64) {
        self.edit(server, |row| {
            row.rx_bytes += rx_bytes;
            row.tx_bytes += tx_bytes;
        });
    }

    /// Changes a server behind the platform's back, for drift.
    pub fn edit(&self, server: i64, change: impl FnOnce(&mut Server)) {
        if let Some(row) = self.settled().servers.get_mut(&server) {
            change(row);
        }
    }

    /// Takes a server away behind the platform's back.
    pub fn vanish(&self, server: i64) {
        self.settled().servers.remove(&server);
    }

    /// Adds a user the platform does not know, and answers its id.
    pub fn add_user(&self, name: &str, email: &str, ext_relation_id: Option<i64>) -> i64 {
        self.settled().add_user(name, email, ext_relation_id).id
    }

    /// The clock, to move deletions and sign-in links along.
    #[must_use]
    pub fn ticker(&self) -> Ticker {
        self.settled().config.ticker.clone()
    }

    /// Keeps what it knows in a file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, file: &Path) -> std::io::Result<()> {
        let kept = self.state.lock().unwrap().kept();
        crate::site::save(file, &kept)
    }

    /// Takes back what a file keeps; without one nothing happens.
    ///
    /// # Errors
    /// When the file makes no sense.
    pub fn restore(&self, file: &Path) -> std::io::Result<()> {
        if let Some(kept) = crate::site::restore(file)? {
            self.state.lock().unwrap().restore(kept);
        }
        Ok(())
    }

    /// What `/_sim/state` shows.
    #[must_use]
    pub fn picture(&self) -> Value {
        self.settled().picture()
    }

    fn settled(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap();
        state.settle();
        state
    }
}
