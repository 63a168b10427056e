//! The migration runner: control, then every cell, then every tenant in waves.
//!
//! Each tenant migrates in a transaction of its own under a lock of its own; one that fails is
//! parked with its reason and the others go on. Running it again goes on where it stopped.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use platform::clock::Clock;
use platform::db::DbError;
use platform::random::Random;
use platform::secret::Sealer;
use serde::Serialize;
use sqlx::{Connection, Executor, PgConnection};

use super::cell::{self, Cell, Kit};
use super::{is_tenant_schema, sources, spare};

/// What a run needs.
pub struct MigrateOptions {
    /// Administrator of the database that holds `control`.
    pub admin_url: String,
    /// Opens the cells' addresses and passwords.
    pub sealer: Sealer,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// How many tenants at once.
    pub jobs: usize,
    /// How many spares each cell should have afterwards.
    pub spares: usize,
}

/// The run could not start or could not go on.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A migration breaks a rule of the house.
    #[error("migration {name} is refused: {advice} ({statement})")]
    Refused {
        /// File.
        name: &'static str,
        /// What to do instead.
        advice: &'static str,
        /// Where.
        statement: String,
    },
    /// Control or a cell failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub struct MigrateReport {
    /// Version of `control`.
    pub control: i32,
    /// How many tenants reached the newest version in this run.
    pub migrated: usize,
    /// How many are parked, with their reason, by slug.
    pub parked: Vec<TenantStatus>,
    /// Spares built.
    pub spares: usize,
}

/// Where one tenant stands.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct TenantStatus {
    /// Slug.
    pub slug: String,
    /// Version of its schema.
    pub version: i32,
    /// Why it is parked, if it is.
    pub reason: Option<String>,
}

/// Brings everything to the newest version.
///
/// # Errors
/// When a migration breaks a rule, or control or a cell cannot be changed. A failing tenant is no
/// error: it is parked and reported.
pub async fn migrate(options: &MigrateOptions) -> Result<MigrateReport, MigrateError> {
    refuse_bad_migrations()?;
    let kit = Kit {
        admin_url: &options.admin_url,
        sealer: &options.sealer,
        random: &options.random,
        now: options.clock.now(),
    };
    let mut control = PgConnection::connect(&options.admin_url).await?;
    // One runner at a time; waiting is right, the second finds nothing to do.
    sqlx::query("SELECT pg_advisory_lock(hashtextextended('ezscale migrate', 0))")
        .execute(&mut control)
        .await?;
    let mut report = MigrateReport {
        control: migrate_control(&mut control, kit.now).await?,
        ..MigrateReport::default()
    };
    let cells = cell::all(&mut control, &kit).await?;
    for cell in &cells {
        cell::prepare(cell).await?;
    }
    migrate_spares(&mut control, &cells).await?;
    migrate_tenants(&mut control, &cells, options.jobs.max(1), &mut report).await?;
    report.spares = spare::fill(&mut control, &kit, options.spares).await?;
    sqlx::query("INSERT INTO control.changes (kind, key, at) VALUES ('migrate', '', $1)")
        .bind(kit.now)
        .execute(&mut control)
        .await?;
    sqlx::query("SELECT pg_notify('control_changes', 'migrate')")
        .execute(&mut control)
        .await?;
    control.close().await?;
    Ok(report)
}

/// Where control and every tenant stand.
///
/// # Errors
/// When control cannot be read (not migrated yet, say).
pub async fn status(admin_url: &str) -> Result<Vec<TenantStatus>, DbError> {
    let mut control = PgConnection::connect(admin_url).await?;
    Ok(sqlx::query_as(
        "SELECT slug, schema_version AS version, parked_reason AS reason FROM control.tenants ORDER BY slug",
    )
    .fetch_all(&mut control)
    .await?)
}

fn refuse_bad_migrations() -> Result<(), MigrateError> {
    for source in sources::tenant_migrations() {
        if let Some(first) = super::lint(source.sql).into_iter().next() {
            return Err(MigrateError::Refused {
                name: source.name,
                advice: first.advice,
                statement: first.statement,
            });
        }
    }
    Ok(())
}

async fn migrate_control(control: &mut PgConnection, now: DateTime<Utc>) -> Result<i32, DbError> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('control.migrations') IS NOT NULL")
        .fetch_one(&mut *control)
        .await?;
    let done: i32 = if exists {
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM control.migrations")
            .fetch_one(&mut *control)
            .await?
    } else {
        0
    };
    let mut version = done;
    for source in sources::CONTROL.iter().filter(|source| source.version > done) {
        let mut tx = control.begin().await?;
        tx.execute(sqlx::raw_sql(source.sql)).await?;
        sqlx::query(
            "INSERT INTO control.migrations (version, name, fingerprint, applied_at) VALUES ($1, $2, md5($3), $4)",
        )
        .bind(source.version)
        .bind(source.name)
        .bind(source.sql)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        version = source.version;
    }
    Ok(version)
}

async fn migrate_spares(control: &mut PgConnection, cells: &[Cell]) -> Result<(), DbError> {
    let behind: Vec<(String, i16, i32)> =
        sqlx::query_as("SELECT schema_name, cell_id, schema_version FROM control.spares WHERE schema_version < $1")
            .bind(sources::TENANT_VERSION)
            .fetch_all(&mut *control)
            .await?;
    for (schema, cell_id, version) in behind {
        let Some(cell) = cells.iter().find(|cell| cell.id == cell_id) else {
            continue;
        };
        migrate_schema(cell, &schema, version).await?;
        sqlx::query("UPDATE control.spares SET schema_version = $2 WHERE schema_name = $1")
            .bind(&schema)
            .bind(sources::TENANT_VERSION)
            .execute(&mut *control)
            .await?;
    }
    Ok(())
}

/// A tenant that is behind, or has no fingerprint yet.
#[derive(sqlx::FromRow)]
struct Behind {
    slug: String,
    schema_name: String,
    cell_id: i16,
    schema_version: i32,
}

/// Waves: sandbox tenants first, then one in a hundred, then all.
async fn migrate_tenants(
    control: &mut PgConnection,
    cells: &[Cell],
    jobs: usize,
    report: &mut MigrateReport,
) -> Result<(), DbError> {
    let behind: Vec<Behind> = sqlx::query_as(
        "SELECT slug, schema_name, cell_id, schema_version FROM control.tenants \
         WHERE schema_version < $1 OR fingerprint = '' ORDER BY (mode = 'live'), id",
    )
    .bind(sources::TENANT_VERSION)
    .fetch_all(&mut *control)
    .await?;
    let by_id: HashMap<i16, &Cell> = cells.iter().map(|cell| (cell.id, cell)).collect();
    let canary = behind.len().div_ceil(100).max(1);
    let (first, rest) = behind.split_at(canary.min(behind.len()));
    for wave in [first, rest] {
        let mut results = futures::stream::iter(wave.iter().map(|tenant| {
            let cell = by_id.get(&tenant.cell_id).copied();
            async move { (tenant, migrate_tenant(cell, tenant).await) }
        }))
        .buffer_unordered(jobs);
        while let Some((tenant, result)) = results.next().await {
            record(control, tenant, result, report).await?;
        }
    }
    Ok(())
}

async fn migrate_tenant(cell: Option<&Cell>, tenant: &Behind) -> Result<String, DbError> {
    let cell = cell.ok_or_else(|| DbError::Row(format!("no cell {}", tenant.cell_id)))?;
    migrate_schema(cell, &tenant.schema_name, tenant.schema_version).await?;
    spare::print_of(cell, &tenant.schema_name).await
}

async fn record(
    control: &mut PgConnection,
    tenant: &Behind,
    result: Result<String, DbError>,
    report: &mut MigrateReport,
) -> Result<(), DbError> {
    let update = match result {
        Ok(print) => {
            report.migrated += 1;
            sqlx::query(
                "UPDATE control.tenants SET schema_version = $2, fingerprint = $3, parked_reason = NULL, generation = generation + 1 \
                 WHERE slug = $1",
            )
            .bind(&tenant.slug)
            .bind(sources::TENANT_VERSION)
            .bind(print)
        }
        Err(error) => {
            tracing::error!(tenant = tenant.slug, %error, "a tenant's migration failed; it is parked");
            let reason = error.to_string();
            report.parked.push(TenantStatus {
                slug: tenant.slug.clone(),
                version: tenant.schema_version,
                reason: Some(reason.clone()),
            });
            sqlx::query("UPDATE control.tenants SET parked_reason = $2, generation = generation + 1 WHERE slug = $1")
                .bind(&tenant.slug)
                .bind(reason)
        }
    };
    update.execute(control).await?;
    Ok(())
}

/// Applies what is missing to one schema, in one transaction under its own lock.
async fn migrate_schema(cell: &Cell, schema: &str, from: i32) -> Result<(), DbError> {
    if !is_tenant_schema(schema) {
        return Err(DbError::Row(format!("{schema:?} is no tenant schema")));
    }
    if from >= sources::TENANT_VERSION {
        return Ok(());
    }
    let mut connection = PgConnection::connect(&cell.url).await?;
    let mut tx = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))")
        .bind(schema)
        .execute(&mut *tx)
        .await?;
    let mut sql = format!("SET LOCAL lock_timeout = '2s'; SET LOCAL search_path = {schema};");
    for source in sources::tenant_migrations()
        .iter()
        .filter(|source| source.version > from)
    {
        sql.push_str(&source.sql.replace("{role}", schema));
    }
    tx.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await?;
    tx.commit().await?;
    Ok(())
}
