//! The installations: their databases, cells and doors.

use anyhow::{Context, Result};
use platform::clock::Clock;
use platform::random::Random;
use platform::secret::{Aad, Sealer};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenancy::schema::MigrateOptions;
use tenancy::{Tenancy, TenancyOptions};

use crate::Plan;

/// The key everything is sealed with; nothing here outlives the run.
pub const KEY: [u8; 32] = *b"the key of the bench's databases";

/// Tenants of one database: below the limit of a cell, with room for spares.
const PER_CELL: usize = 380;

/// A database of an installation, by its number.
pub fn database(world: &str, cell: usize) -> String {
    if cell == 1 {
        format!("bench_{world}")
    } else {
        format!("bench_{world}_{cell}")
    }
}

/// `postgres://user@host:port/database`.
pub fn url(plan: &Plan, database: &str) -> String {
    format!("{}/{database}", plan.cluster.trim_end_matches('/'))
}

/// A connection as administrator.
pub async fn admin(plan: &Plan, database: &str) -> Result<PgConnection> {
    PgConnection::connect(&url(plan, database))
        .await
        .with_context(|| format!("cannot reach {database}"))
}

/// How many databases hold this many tenants.
pub fn cells(tenants: usize) -> usize {
    tenants.div_ceil(PER_CELL)
}

/// Makes the databases, cells and spare schemas of an installation.
pub async fn build(plan: &Plan, world: &str, tenants: usize, spares: usize) -> Result<()> {
    let cells = cells(tenants);
    for cell in 1..=cells {
        let sql = format!("CREATE DATABASE {}", database(world, cell));
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut admin(plan, "postgres").await?)
            .await?;
    }
    let mut options = MigrateOptions {
        admin_url: url(plan, &database(world, 1)),
        sealer: Sealer::new(KEY),
        clock: Clock::system(),
        random: Random::os(),
        jobs: 2,
        spares: 0,
    };
    tenancy::schema::migrate(&options).await?;
    let mut control = admin(plan, &database(world, 1)).await?;
    for cell in 2..=cells {
        add_cell(plan, &mut control, world, cell).await?;
    }
    options.spares = tenants.div_ceil(cells) + spares;
    tenancy::schema::migrate(&options).await?;
    Ok(())
}

async fn add_cell(plan: &Plan, control: &mut PgConnection, world: &str, cell: usize) -> Result<()> {
    let random = Random::os();
    let role = format!("c_{}", random.base32_lower(13));
    let password = random.token(24);
    let sql = format!("CREATE ROLE {role} LOGIN NOINHERIT PASSWORD '{password}'");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *control).await?;
    let id = i16::try_from(cell)?;
    let sealer = Sealer::new(KEY);
    let seal = |text: &str, column| sealer.seal(text.as_bytes(), &Aad::new("control", "cells", column, id));
    sqlx::query("INSERT INTO control.cells (id, name, login_role, password, database_url) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(format!("cell-{cell}"))
        .bind(&role)
        .bind(seal(&password, "password"))
        .bind(seal(&url(plan, &database(world, cell)), "database_url"))
        .execute(control)
        .await?;
    Ok(())
}

/// The doors of an installation.
pub async fn doors(plan: &Plan, world: &str) -> Result<Tenancy> {
    let options = TenancyOptions {
        admin_url: url(plan, &database(world, 1)),
        base_domain: "ezscale.localhost".into(),
        cname_suffix: "cname.ezscale.localhost".into(),
        public_scheme: "http://".into(),
        public_port: ":8080".into(),
        sealer: Sealer::new(KEY),
        clock: Clock::system(),
        random: Random::os(),
        subscriptions: portals::subscribers::subscriptions(),
        max_connections: 4,
        snapshot: None,
    };
    Ok(Tenancy::open(options).await?)
}
