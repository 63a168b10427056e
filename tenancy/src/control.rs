//! A transaction over what tenants share. Handed only to the resolver, the scheduler, the job
//! runner, the command line and the certificate store.

use chrono::{DateTime, Utc};
use platform::db::{DbError, GuardedTx, Slots};
use platform::id::Id;
use platform::random::Random;
use sqlx::PgConnection;

/// A transaction in `control`.
pub struct ControlTx {
    guarded: GuardedTx,
    now: DateTime<Utc>,
    random: Random,
}

impl ControlTx {
    pub(crate) async fn begin(slots: &Slots, now: DateTime<Utc>, random: Random) -> Result<Self, DbError> {
        let guarded = slots
            .begin(0, "BEGIN; SET LOCAL statement_timeout = '30s'".to_owned())
            .await?;
        Ok(Self { guarded, now, random })
    }

    /// The connection; control SQL names its schema.
    pub fn connection(&mut self) -> &mut PgConnection {
        self.guarded.connection()
    }

    /// The platform's time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// A new id for now.
    #[must_use]
    pub fn new_id<K>(&self) -> Id<K> {
        Id::new(self.random.uuid_v7(self.now))
    }

    /// Randomness.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// Adds to the change feed, so that every node re-reads `key` once this commits.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn announce(&mut self, kind: &str, key: impl ToString) -> Result<(), DbError> {
        let now = self.now;
        sqlx::query("INSERT INTO control.changes (kind, key, at) VALUES ($1, $2, $3)")
            .bind(kind)
            .bind(key.to_string())
            .bind(now)
            .execute(self.connection())
            .await?;
        sqlx::query("SELECT pg_notify('control_changes', $1)")
            .bind(kind)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Commits.
    ///
    /// # Errors
    /// When the server refuses or is lost.
    pub async fn commit(self) -> Result<(), DbError> {
        self.guarded.commit().await
    }
}
