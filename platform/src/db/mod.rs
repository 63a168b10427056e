//! Connections, chosen by affinity, and the transaction that cannot leak.
//!
//! A [`Slots`] value is the pool of one database: a fixed number of slots, each holding at most
//! one connection. A tenant hashes to a few preferred slots, so a backend sees few tenants and
//! its catalog cache stays small (24 kB per table and backend, never returned). Only the
//! composition root builds it and only `tenancy` receives it.

mod guard;
mod slots;

pub use guard::GuardedTx;
pub use slots::{Slots, SlotsOptions};

/// What a room may hand to jobs and events: a transaction bound to one tenant.
///
/// Implemented in `tenancy` alone (a test reads the sources); everything else only uses it.
pub trait Tx: Send {
    /// The bound connection.
    fn connection(&mut self) -> &mut sqlx::PgConnection;
    /// The tenant's time, read once when the transaction began.
    fn now(&self) -> chrono::DateTime<chrono::Utc>;
    /// A fresh UUIDv7 for `now`.
    fn new_uuid(&self) -> uuid::Uuid;
    /// Which job answers which event.
    fn subscriptions(&self) -> &crate::event::Subscriptions;
}

/// The database did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The driver or the server failed.
    #[error("database: {0}")]
    Driver(#[from] sqlx::Error),
    /// No connection became free in time.
    #[error("database: no free connection within {0:?}")]
    Busy(std::time::Duration),
    /// A row was read that the code cannot make sense of.
    #[error("database row makes no sense: {0}")]
    Row(String),
}

impl DbError {
    /// The name of the violated constraint, if that is what failed.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Driver(error) => constraint(error),
            Self::Busy(_) | Self::Row(_) => None,
        }
    }
}

/// The name of the constraint a driver error names.
#[must_use]
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|e| e.constraint())
}
