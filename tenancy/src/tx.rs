//! The bind: the one file that sets role and path.

use chrono::{DateTime, NaiveDate, Utc};
use platform::db::{DbError, GuardedTx, Slots, Tx};
use platform::event::Subscriptions;
use platform::id::Id;
use platform::random::Random;
use platform::secret::{Aad, Sealer, SecretError};
use sqlx::PgConnection;
use std::sync::Arc;

use crate::{Actor, Mode, Tenant, TenantScope, clock};

/// A transaction in one tenant's schema, as one actor, at one moment.
pub struct TenantTx {
    guarded: GuardedTx,
    scope: TenantScope,
    now: DateTime<Utc>,
    kit: Arc<TxKit>,
}

/// What every transaction carries along.
pub(crate) struct TxKit {
    pub(crate) random: Random,
    pub(crate) sealer: Sealer,
    pub(crate) subscriptions: Subscriptions,
}

impl TenantTx {
    pub(crate) async fn begin(
        slots: &Slots,
        scope: &TenantScope,
        now: DateTime<Utc>,
        kit: Arc<TxKit>,
        read_only: bool,
    ) -> Result<Self, DbError> {
        let schema = &scope.tenant().schema;
        if !crate::schema::is_tenant_schema(schema) {
            return Err(DbError::Row(format!("{schema:?} is no tenant schema")));
        }
        let mode = if read_only { " READ ONLY" } else { "" };
        // Names were checked above: nothing a stranger typed reaches this string. Named last, pg_temp
        // cannot shadow a tenant's table with a temporary one; unnamed it would come first.
        let bind = format!(
            "BEGIN{mode}; SET LOCAL ROLE {schema}; SET LOCAL search_path = {schema}, pg_temp; SET LOCAL statement_timeout = '20s'"
        );
        let mut guarded = slots.begin(affinity(schema), bind).await?;
        let mut offset = scope.tenant().clock_offset;
        if scope.tenant().mode == Mode::Sandbox {
            // What another node moved a moment ago counts before the change feed has told this one.
            offset = offset.max(clock::stored_offset(guarded.connection()).await?);
        }
        Ok(Self {
            guarded,
            scope: scope.clone(),
            now: now + offset,
            kit,
        })
    }

    /// The bound connection, for one statement.
    pub fn connection(&mut self) -> &mut PgConnection {
        self.guarded.connection()
    }

    /// The tenant's time, read once when the transaction began.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The date in the tenant's billing zone.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.scope.tenant().timezone).date_naive()
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        self.scope.tenant()
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        self.scope.actor()
    }

    /// The scope this transaction was opened for.
    #[must_use]
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// A new id for now.
    #[must_use]
    pub fn new_id<K>(&self) -> Id<K> {
        Id::new(self.new_uuid())
    }

    /// Randomness, seeded in tests.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.kit.random
    }

    /// Seals a value for one column of one row of this tenant.
    #[must_use]
    pub fn seal(
        &self,
        table: &'static str,
        column: &'static str,
        row: impl std::fmt::Display,
        plain: &[u8],
    ) -> Vec<u8> {
        self.kit
            .sealer
            .seal(plain, &Aad::new(&self.tenant().schema, table, column, row))
    }

    /// Opens what [`Self::seal`] sealed for the same place.
    ///
    /// # Errors
    /// When the value was sealed for another place or with a key that is gone.
    pub fn open(
        &self,
        table: &'static str,
        column: &'static str,
        row: impl std::fmt::Display,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SecretError> {
        self.kit
            .sealer
            .open(sealed, &Aad::new(&self.tenant().schema, table, column, row))
    }

    /// Commits; Ok means the server has confirmed it.
    ///
    /// # Errors
    /// When a deferred constraint refuses, or the server is lost.
    pub async fn commit(self) -> Result<(), DbError> {
        self.guarded.commit().await
    }

    /// Rolls back now. Dropping does the same in the background.
    ///
    /// # Errors
    /// When the server is lost.
    pub async fn rollback(self) -> Result<(), DbError> {
        self.guarded.rollback().await
    }
}

impl Tx for TenantTx {
    fn connection(&mut self) -> &mut PgConnection {
        self.guarded.connection()
    }
    fn now(&self) -> DateTime<Utc> {
        self.now
    }
    fn new_uuid(&self) -> uuid::Uuid {
        self.kit.random.uuid_v7(self.now)
    }
    fn subscriptions(&self) -> &Subscriptions {
        &self.kit.subscriptions
    }
}

/// Which slots a schema prefers: FNV-1a of its name, the same on every node and start.
fn affinity(schema: &str) -> u64 {
    schema.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
