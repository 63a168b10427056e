//! A transaction whose connection goes back only after COMMIT or ROLLBACK was confirmed.
//!
//! A request can be cancelled at any await (a closed browser tab is enough). A connection
//! dropped during the bind may be bound to a tenant without anyone knowing, so it is closed. A
//! transaction dropped later is rolled back by a task that keeps the slot until the server has
//! said so; if that fails or takes long, the connection is closed.

use std::time::Duration;

use sqlx::{Executor, PgConnection};

use super::DbError;
use super::slots::Lease;

const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(2);

/// An open, bound transaction.
pub struct GuardedTx {
    lease: Option<Lease>,
}

impl GuardedTx {
    pub(super) async fn begin(lease: Lease, bind: String) -> Result<Self, DbError> {
        let mut binding = Binding(Some(lease));
        let connection = binding.connection()?;
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(bind))).await?;
        Ok(Self {
            lease: binding.0.take(),
        })
    }

    /// The bound connection.
    ///
    /// # Panics
    /// Never: the lease is only taken by methods that consume the transaction.
    pub fn connection(&mut self) -> &mut PgConnection {
        #[expect(clippy::expect_used, reason = "the lease leaves only with self")]
        self.lease
            .as_mut()
            .and_then(|lease| lease.slot.connection.as_mut())
            .expect("an open transaction has a connection")
    }

    /// Commits; when this returns Ok the server has confirmed it.
    ///
    /// # Errors
    /// When the server refuses (a deferred constraint, say) or is lost. A lost answer leaves the
    /// outcome unknown to the caller, as with any database.
    pub async fn commit(mut self) -> Result<(), DbError> {
        // A transaction in which a statement failed answers COMMIT with a quiet ROLLBACK. The SELECT
        // before it fails there instead, so that nothing is taken for kept that was not.
        self.end("SELECT 1; COMMIT").await
    }

    /// Rolls back at once, rather than in the background.
    ///
    /// # Errors
    /// When the server is lost; nothing was kept then either.
    pub async fn rollback(mut self) -> Result<(), DbError> {
        self.end("ROLLBACK").await
    }

    async fn end(&mut self, verb: &'static str) -> Result<(), DbError> {
        let mut binding = Binding(self.lease.take());
        let connection = binding.connection()?;
        let done = connection.execute(sqlx::raw_sql(verb)).await;
        match done {
            Ok(_) => {
                drop(binding.0.take());
                Ok(())
            }
            Err(error) => {
                // A refused COMMIT has rolled back already, a failed transaction is still open; after
                // this both are over, and a connection that cannot even say so is closed.
                if error.as_database_error().is_some() && connection.execute(sqlx::raw_sql("ROLLBACK")).await.is_ok() {
                    drop(binding.0.take());
                }
                Err(error.into())
            }
        }
    }
}

impl Drop for GuardedTx {
    fn drop(&mut self) {
        let Some(lease) = self.lease.take() else { return };
        if tokio::runtime::Handle::try_current().is_err() {
            drop(Binding(Some(lease)));
            return;
        }
        crate::task::spawn(async move {
            let mut binding = Binding(Some(lease));
            let Ok(connection) = binding.connection() else { return };
            let rollback = connection.execute(sqlx::raw_sql("ROLLBACK"));
            if let Ok(Ok(_)) = tokio::time::timeout(ROLLBACK_TIMEOUT, rollback).await {
                drop(binding.0.take());
            }
        });
    }
}

/// While its content is here, the state of the connection is in doubt: dropping it closes it.
struct Binding(Option<Lease>);

impl Binding {
    fn connection(&mut self) -> Result<&mut PgConnection, DbError> {
        self.0
            .as_mut()
            .and_then(|lease| lease.slot.connection.as_mut())
            .ok_or_else(|| DbError::Row("the slot is empty".into()))
    }
}

impl Drop for Binding {
    fn drop(&mut self) {
        if let Some(lease) = self.0.as_mut() {
            lease.slot.connection = None;
        }
    }
}
