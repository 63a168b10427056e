//! One database of tenants: its login role, its job queue, its enqueue function.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use platform::db::DbError;
use platform::random::Random;
use platform::secret::{Aad, Sealer};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection};

use super::{is_login_role, sources};

/// A cell as the runner works on it.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) id: i16,
    pub(super) login_role: String,
    pub(super) url: String,
}

type CellRow = (i16, Option<Vec<u8>>, String);

/// All cells; the first is made when there is none.
pub(super) async fn all(control: &mut PgConnection, kit: &Kit<'_>) -> Result<Vec<Cell>, DbError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM control.cells")
        .fetch_one(&mut *control)
        .await?;
    if count == 0 {
        let role = format!("c_{}", kit.random.base32_lower(13));
        let password = kit.random.token(24);
        let sealed = kit
            .sealer
            .seal(password.as_bytes(), &Aad::new("control", "cells", "password", 1));
        create_login(control, &role, &password).await?;
        sqlx::query("INSERT INTO control.cells (id, name, login_role, password) VALUES (1, 'cell-1', $1, $2)")
            .bind(&role)
            .bind(sealed)
            .execute(&mut *control)
            .await?;
    }
    let rows: Vec<CellRow> = sqlx::query_as("SELECT id, database_url, login_role FROM control.cells ORDER BY id")
        .fetch_all(&mut *control)
        .await?;
    rows.into_iter()
        .map(|(id, url, login_role)| {
            let url = match url {
                None => kit.admin_url.to_owned(),
                Some(sealed) => kit
                    .sealer
                    .open(&sealed, &Aad::new("control", "cells", "database_url", id))
                    .ok()
                    .and_then(|plain| String::from_utf8(plain).ok())
                    .ok_or_else(|| {
                        DbError::Row(format!("the address of cell {id} cannot be opened: wrong secret_key?"))
                    })?,
            };
            Ok(Cell { id, login_role, url })
        })
        .collect()
}

/// What the runner carries along.
pub(super) struct Kit<'a> {
    pub(super) admin_url: &'a str,
    pub(super) sealer: &'a Sealer,
    pub(super) random: &'a Random,
    pub(super) now: DateTime<Utc>,
}

async fn create_login(connection: &mut PgConnection, role: &str, password: &str) -> Result<(), DbError> {
    if !is_login_role(role)
        || !password
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        return Err(DbError::Row("not a login role".into()));
    }
    let sql = format!("CREATE ROLE {role} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{password}'");
    connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await?;
    Ok(())
}

/// Brings the queue and the cell schema to the newest version.
pub(super) async fn prepare(cell: &Cell) -> Result<(), DbError> {
    if !is_login_role(&cell.login_role) {
        return Err(DbError::Row(format!("{:?} is no login role", cell.login_role)));
    }
    let options = PgConnectOptions::from_str(&cell.url)?;
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options.clone())
        .await?;
    let migrated = graphile_worker::WorkerUtils::new(pool.clone(), "graphile_worker")
        .migrate()
        .await;
    pool.close().await;
    migrated.map_err(|e| DbError::Row(format!("the job queue's migrations: {e}")))?;

    let mut connection = PgConnection::connect_with(&options).await?;
    let mut tx = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('ezscale cell', 0))")
        .execute(&mut *tx)
        .await?;
    sqlx::raw_sql(
        "CREATE SCHEMA IF NOT EXISTS cell; \
         CREATE TABLE IF NOT EXISTS cell.migrations (version integer PRIMARY KEY, name text NOT NULL)",
    )
    .execute(&mut *tx)
    .await?;
    let done: i32 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM cell.migrations")
        .fetch_one(&mut *tx)
        .await?;
    for source in sources::CELL.iter().filter(|source| source.version > done) {
        tx.execute(sqlx::raw_sql(source.sql)).await?;
        sqlx::query("INSERT INTO cell.migrations (version, name) VALUES ($1, $2)")
            .bind(source.version)
            .bind(source.name)
            .execute(&mut *tx)
            .await?;
    }
    // Granted to everybody by default; a copy or a restore of the database has it again.
    sqlx::raw_sql(
        "DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database()); END $$",
    )
    .execute(&mut *tx)
    .await?;
    grant_queue(&mut tx, &cell.login_role).await?;
    tx.commit().await?;
    Ok(())
}

/// The worker runs as the login role: it may run the queue and nothing else unbound.
async fn grant_queue(tx: &mut PgConnection, role: &str) -> Result<(), DbError> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'graphile_worker' AND c.relkind = 'r' AND c.relrowsecurity",
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut sql = format!(
        "GRANT USAGE ON SCHEMA graphile_worker TO {role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA graphile_worker TO {role}; \
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA graphile_worker TO {role}; \
         GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA graphile_worker TO {role};"
    );
    for table in tables
        .iter()
        .filter(|t| t.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    {
        sql.push_str(&format!(
            "DROP POLICY IF EXISTS {role} ON graphile_worker.{table}; \
             CREATE POLICY {role} ON graphile_worker.{table} TO {role} USING (true) WITH CHECK (true);"
        ));
    }
    tx.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await?;
    Ok(())
}
