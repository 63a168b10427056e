//! A fixed number of connections; each tenant prefers a few of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::{DbError, GuardedTx};

/// How a pool is sized.
#[derive(Debug, Clone)]
pub struct SlotsOptions {
    /// Most connections at once.
    pub size: usize,
    /// How many slots a tenant prefers (shuffle sharding).
    pub preferred: usize,
    /// A backend that has served this many tenants is replaced: its memory never shrinks.
    pub tenants_per_backend: usize,
    /// How long to wait for a free slot.
    pub wait: Duration,
}

impl SlotsOptions {
    /// Sane figures for `size` connections: 60 tables of 24 kB times 40 tenants stay under 64 MB.
    #[must_use]
    pub fn sized(size: usize) -> Self {
        Self {
            size: size.max(1),
            preferred: 3,
            tenants_per_backend: 40,
            wait: Duration::from_secs(5),
        }
    }
}

/// The pool of one database. Cheap to clone.
#[derive(Clone)]
pub struct Slots {
    inner: Arc<Inner>,
}

struct Inner {
    slots: Vec<Arc<Mutex<Slot>>>,
    free: Arc<Semaphore>,
    connect: PgConnectOptions,
    options: SlotsOptions,
}

/// One place for a connection, and what that backend has seen.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) connection: Option<PgConnection>,
    tenants: HashSet<u64>,
}

/// A slot held by one transaction.
pub(super) struct Lease {
    pub(super) slot: OwnedMutexGuard<Slot>,
    /// Whether its connection served somebody before.
    is_used: bool,
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    /// A pool that connects as `connect` says; no connection is made yet.
    #[must_use]
    pub fn new(connect: PgConnectOptions, options: SlotsOptions) -> Self {
        let slots = (0..options.size)
            .map(|_| Arc::new(Mutex::new(Slot::default())))
            .collect();
        let free = Arc::new(Semaphore::new(options.size));
        let connect = connect.disable_statement_logging().statement_cache_capacity(400);
        Self {
            inner: Arc::new(Inner {
                slots,
                free,
                connect,
                options,
            }),
        }
    }

    /// Begins a transaction with `bind`, one simple-query string that starts with BEGIN.
    ///
    /// `affinity` names who it is for: the same value comes back to the same few backends.
    ///
    /// # Errors
    /// When no slot is free in time, the server is away, or the bind is refused. The connection
    /// of a failed or cancelled bind is closed, never returned.
    pub async fn begin(&self, affinity: u64, bind: String) -> Result<GuardedTx, DbError> {
        for _ in 0..self.inner.options.size {
            let lease = self.lease(affinity).await?;
            let is_used = lease.is_used;
            match GuardedTx::begin(lease, bind.clone()).await {
                // The server went away since the last use, and nothing has begun: ask again.
                Err(DbError::Driver(error)) if is_used && is_lost(&error) => {
                    tracing::debug!(%error, "a connection was lost while it was idle");
                }
                done => return done,
            }
        }
        // Every slot was stale and is empty now.
        GuardedTx::begin(self.lease(affinity).await?, bind).await
    }

    async fn lease(&self, affinity: u64) -> Result<Lease, DbError> {
        let inner = &self.inner;
        let wait = inner.options.wait;
        let permit = tokio::time::timeout(wait, inner.free.clone().acquire_owned())
            .await
            .map_err(|_| DbError::Busy(wait))?
            .map_err(|_| DbError::Busy(wait))?;
        let mut slot = self.take(affinity).await;
        if slot.tenants.len() >= inner.options.tenants_per_backend && !slot.tenants.contains(&affinity) {
            // Dropping the connection ends the backend; the next line opens a fresh one.
            slot.connection = None;
        }
        let is_used = slot.connection.is_some();
        if !is_used {
            slot.tenants.clear();
            let connection = tokio::time::timeout(wait, PgConnection::connect_with(&inner.connect))
                .await
                .map_err(|_| DbError::Busy(wait))??;
            slot.connection = Some(connection);
        }
        slot.tenants.insert(affinity);
        Ok(Lease {
            slot,
            is_used,
            _permit: permit,
        })
    }

    /// A permit is held, so at least one slot is free or about to be.
    async fn take(&self, affinity: u64) -> OwnedMutexGuard<Slot> {
        let slots = &self.inner.slots;
        let n = slots.len();
        let order = |i: usize| {
            let mixed = affinity.wrapping_add(i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            usize::try_from((mixed >> 33) % n as u64).unwrap_or_default()
        };
        let preferred: Vec<usize> = (0..self.inner.options.preferred.min(n)).map(order).collect();
        loop {
            // Best: a preferred slot that is warm; then any preferred; then a warm one; then any.
            let mut fallback = None;
            for index in preferred.iter().copied().chain(0..n) {
                if let Ok(slot) = slots[index].clone().try_lock_owned() {
                    if slot.connection.is_some() || preferred.contains(&index) {
                        return slot;
                    }
                    fallback.get_or_insert(slot);
                }
            }
            if let Some(slot) = fallback {
                return slot;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Whether the connection is gone rather than the statement refused (57P01, 57P02: the backend was ended).
fn is_lost(error: &sqlx::Error) -> bool {
    match error.as_database_error() {
        Some(told) => matches!(told.code().as_deref(), Some("57P01" | "57P02")),
        None => matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_)),
    }
}
