//! The doors: one value that opens transactions, for the composition root to build.

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use platform::clock::Clock;
use platform::db::{DbError, Slots, SlotsOptions};
use platform::event::Subscriptions;
use platform::random::Random;
use platform::secret::{Aad, Sealer};
use platform::task::Shutdown;
use sqlx::postgres::{PgConnectOptions, PgListener};

use crate::directory::{Directory, Rows};
use crate::tx::{TenantTx, TxKit};
use crate::{ControlTx, TenantScope};

/// What a process needs to open the doors.
#[derive(Clone)]
pub struct TenancyOptions {
    /// Administrator of the database that holds `control`.
    pub admin_url: String,
    /// The platform's own domain.
    pub base_domain: String,
    /// Suffix of claim targets, `cname.{base}`.
    pub cname_suffix: String,
    /// `http` or `https` with the port where it is not the default: `http://` and `:8080`.
    pub public_scheme: String,
    /// `:8080`, or empty.
    pub public_port: String,
    /// Seals columns.
    pub sealer: Sealer,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Which job follows which event.
    pub subscriptions: Subscriptions,
    /// Connections per cell.
    pub max_connections: usize,
    /// Where the host map is kept for a restart without control.
    pub snapshot: Option<PathBuf>,
}

/// The doors to every tenant. Cheap to clone.
#[derive(Clone)]
pub struct Tenancy(Arc<Inner>);

struct Inner {
    options: TenancyOptions,
    control: Slots,
    cells: ArcSwap<HashMap<i16, Cell>>,
    directory: ArcSwap<Directory>,
    kit: Arc<TxKit>,
}

/// One database of tenants.
#[derive(Clone)]
pub(crate) struct Cell {
    pub(crate) slots: Slots,
    pub(crate) login: PgConnectOptions,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Snapshot {
    rows: Rows,
    cells: Vec<CellRow>,
}

#[derive(Clone, serde::Serialize, serde::Deserialize, sqlx::FromRow)]
struct CellRow {
    id: i16,
    name: String,
    database_url: Option<Vec<u8>>,
    login_role: String,
    password: Vec<u8>,
}

impl Tenancy {
    /// Opens the doors: reads cells, tenants and hosts, from disk when control is away.
    ///
    /// # Errors
    /// When neither the database nor a snapshot can be read.
    pub async fn open(options: TenancyOptions) -> Result<Self, DbError> {
        let admin = PgConnectOptions::from_str(&options.admin_url)?.application_name("ezscale control");
        let control = Slots::new(
            admin,
            SlotsOptions {
                wait: Duration::from_secs(5),
                ..SlotsOptions::sized(4)
            },
        );
        let kit = Arc::new(TxKit {
            random: options.random.clone(),
            sealer: options.sealer.clone(),
            subscriptions: options.subscriptions.clone(),
        });
        let inner = Inner {
            control,
            cells: ArcSwap::from_pointee(HashMap::new()),
            directory: ArcSwap::from_pointee(Directory::default()),
            kit,
            options,
        };
        let tenancy = Self(Arc::new(inner));
        if let Err(error) = tenancy.refresh().await {
            let Some(snapshot) = tenancy.read_snapshot() else {
                return Err(error);
            };
            tracing::warn!(%error, "control is away; serving from the snapshot on disk");
            tenancy.apply(snapshot)?;
        }
        Ok(tenancy)
    }

    /// The current snapshot of hosts and tenants.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.0.directory.load_full()
    }

    /// The platform's own domain.
    #[must_use]
    pub fn base_domain(&self) -> &str {
        &self.0.options.base_domain
    }

    /// Suffix of claim targets.
    #[must_use]
    pub fn cname_suffix(&self) -> &str {
        &self.0.options.cname_suffix
    }

    /// `http://host:8080` for links that leave the page.
    #[must_use]
    pub fn origin(&self, host: &str) -> String {
        format!("{}{host}{}", self.0.options.public_scheme, self.0.options.public_port)
    }

    /// Our time (a tenant's own is in its transactions).
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.0.options.clock.now()
    }

    /// Randomness.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.0.options.random
    }

    /// Begins a transaction in the scope's tenant.
    ///
    /// # Errors
    /// When the database is away or the pool is exhausted.
    pub async fn begin(&self, scope: &TenantScope) -> Result<TenantTx, DbError> {
        self.bind(scope, false).await
    }

    /// The same, for reading only: the server refuses any write.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn begin_read(&self, scope: &TenantScope) -> Result<TenantTx, DbError> {
        self.bind(scope, true).await
    }

    async fn bind(&self, scope: &TenantScope, read_only: bool) -> Result<TenantTx, DbError> {
        let cell = self.cell(scope.tenant().cell)?;
        TenantTx::begin(&cell.slots, scope, self.now(), self.0.kit.clone(), read_only).await
    }

    /// Begins a transaction in `control`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn control(&self) -> Result<ControlTx, DbError> {
        ControlTx::begin(&self.0.control, self.now(), self.0.options.random.clone()).await
    }

    pub(crate) fn cell(&self, id: i16) -> Result<Cell, DbError> {
        self.0
            .cells
            .load()
            .get(&id)
            .cloned()
            .ok_or_else(|| DbError::Row(format!("no cell {id}")))
    }

    pub(crate) fn cell_ids(&self) -> Vec<i16> {
        self.0.cells.load().keys().copied().collect()
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.0.options.sealer
    }

    pub(crate) fn admin_url(&self) -> &str {
        &self.0.options.admin_url
    }

    /// Re-reads cells, tenants and hosts now.
    ///
    /// # Errors
    /// When control is away; the snapshot in memory stays.
    pub async fn refresh(&self) -> Result<(), DbError> {
        let mut tx = self.control().await?;
        let cells = sqlx::query_as("SELECT id, name, database_url, login_role, password FROM control.cells")
            .fetch_all(tx.connection())
            .await?;
        let rows = Rows::load(&mut tx).await?;
        drop(tx);
        let snapshot = Snapshot { rows, cells };
        self.write_snapshot(&snapshot);
        self.apply(snapshot)
    }

    fn apply(&self, snapshot: Snapshot) -> Result<(), DbError> {
        let known = self.0.cells.load();
        let mut cells = HashMap::new();
        for row in &snapshot.cells {
            let cell = match known.get(&row.id) {
                Some(cell) => cell.clone(),
                None => self.connect_cell(row)?,
            };
            cells.insert(row.id, cell);
        }
        drop(known);
        self.0.cells.store(Arc::new(cells));
        let directory = Directory::build(&snapshot.rows, self.base_domain());
        self.0.directory.store(Arc::new(directory));
        Ok(())
    }

    fn connect_cell(&self, row: &CellRow) -> Result<Cell, DbError> {
        let aad = |column| Aad::new("control", "cells", column, row.id);
        let open = |sealed: &[u8], column| {
            let plain = self
                .sealer()
                .open(sealed, &aad(column))
                .map_err(|e| DbError::Row(e.to_string()))?;
            String::from_utf8(plain).map_err(|e| DbError::Row(e.to_string()))
        };
        let url = match &row.database_url {
            Some(sealed) => open(sealed, "database_url")?,
            None => self.admin_url().to_owned(),
        };
        let login = PgConnectOptions::from_str(&url)?
            .username(&row.login_role)
            .password(&open(&row.password, "password")?)
            .application_name("ezscale");
        let slots = Slots::new(login.clone(), SlotsOptions::sized(self.0.options.max_connections));
        Ok(Cell { slots, login })
    }

    fn read_snapshot(&self) -> Option<Snapshot> {
        let bytes = std::fs::read(self.0.options.snapshot.as_ref()?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn write_snapshot(&self, snapshot: &Snapshot) {
        let Some(path) = &self.0.options.snapshot else { return };
        let Ok(bytes) = serde_json::to_vec(snapshot) else {
            return;
        };
        let fresh = path.with_extension("new");
        if let Err(error) = std::fs::write(&fresh, bytes).and_then(|()| std::fs::rename(&fresh, path)) {
            tracing::warn!(%error, path = %path.display(), "the host map could not be kept on disk");
        }
    }

    /// Follows the change feed until shutdown: at once by NOTIFY, within a second by polling.
    pub async fn follow(self, shutdown: Shutdown) {
        let mut listener: Option<PgListener> = None;
        while !shutdown.is_triggered() {
            if listener.is_none() {
                listener = self.listen().await;
            }
            let heard = async {
                match listener.as_mut() {
                    Some(l) => l.recv().await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            let heard = tokio::time::timeout(Duration::from_secs(1), heard);
            match shutdown.unless_triggered(heard).await {
                None => return,
                Some(Ok(false)) => listener = None,
                Some(_) => {}
            }
            if let Err(error) = self.catch_up().await {
                tracing::warn!(%error, "the change feed cannot be read; known hosts keep being served");
            }
        }
    }

    async fn listen(&self) -> Option<PgListener> {
        let mut listener = PgListener::connect(self.admin_url()).await.ok()?;
        listener.listen("control_changes").await.ok()?;
        Some(listener)
    }

    async fn catch_up(&self) -> Result<(), DbError> {
        let mut tx = self.control().await?;
        let seq: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM control.changes")
            .fetch_one(tx.connection())
            .await?;
        drop(tx);
        if seq != self.directory().seq {
            self.refresh().await
        } else {
            Ok(())
        }
    }
}
