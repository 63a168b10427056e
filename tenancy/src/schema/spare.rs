//! Spare schemas: built ahead, so that a new tenant is one row.

use platform::db::DbError;
use sqlx::{Connection, Executor, PgConnection};

use super::cell::{self, Cell, Kit};
use super::{fingerprint, is_tenant_schema, sources};
use crate::{ControlTx, Tenancy};

/// How many spares wait in every cell.
pub const SPARES: usize = 5;

/// Builds one tenant schema with its role, at the newest version.
pub(super) async fn build(cell: &Cell, kit: &Kit<'_>) -> Result<String, DbError> {
    // Never from the seeded generator: roles are global to the server, so names must not repeat.
    let schema = format!("t_{}", platform::random::Random::os().base32_lower(13));
    if !is_tenant_schema(&schema) {
        return Err(DbError::Row("no tenant schema name".into()));
    }
    let login = &cell.login_role;
    let mut sql = format!(
        "CREATE ROLE {schema} NOLOGIN; GRANT {schema} TO {login}; CREATE SCHEMA {schema}; \
         GRANT USAGE ON SCHEMA {schema}, cell TO {schema}; GRANT EXECUTE ON FUNCTION cell.enqueue(jsonb) TO {schema}; \
         SET LOCAL search_path = {schema};"
    );
    for source in sources::tenant_migrations() {
        sql.push_str(&source.sql.replace("{role}", &schema));
    }
    let mut connection = PgConnection::connect(&cell.url).await?;
    let mut tx = connection.begin().await?;
    tx.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await?;
    tx.commit().await?;
    let mut control = PgConnection::connect(kit.admin_url).await?;
    sqlx::query(
        "INSERT INTO control.spares (schema_name, cell_id, schema_version, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(&schema)
    .bind(cell.id)
    .bind(sources::TENANT_VERSION)
    .bind(kit.now)
    .execute(&mut control)
    .await?;
    Ok(schema)
}

/// Takes a spare out of the open cell with most room; none when all are used up.
pub(crate) async fn take(tx: &mut ControlTx) -> Result<Option<(String, i16)>, DbError> {
    Ok(sqlx::query_as(
        "DELETE FROM control.spares WHERE schema_name = (SELECT s.schema_name FROM control.spares s \
           JOIN control.cells c ON c.id = s.cell_id AND c.state = 'open' \
          WHERE s.schema_version = $1 ORDER BY s.created_at FOR UPDATE OF s SKIP LOCKED LIMIT 1) RETURNING schema_name, cell_id",
    )
    .bind(sources::TENANT_VERSION)
    .fetch_optional(tx.connection())
    .await?)
}

/// Builds spares until every open cell with room has `wanted`; says how many were built.
///
/// # Errors
/// When a database refuses.
pub async fn refill(tenancy: &Tenancy, wanted: usize) -> Result<usize, DbError> {
    let kit = Kit {
        admin_url: tenancy.admin_url(),
        sealer: tenancy.sealer(),
        random: tenancy.random(),
        now: tenancy.now(),
    };
    let mut control = PgConnection::connect(kit.admin_url).await?;
    fill(&mut control, &kit, wanted).await
}

pub(super) async fn fill(control: &mut PgConnection, kit: &Kit<'_>, wanted: usize) -> Result<usize, DbError> {
    let mut wanting = Vec::new();
    for cell in cell::all(control, kit).await? {
        let (spares, room): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM control.spares s WHERE s.cell_id = c.id), \
                    c.max_tenants - (SELECT count(*) FROM control.tenants t WHERE t.cell_id = c.id) \
             FROM control.cells c WHERE c.id = $1 AND c.state = 'open'",
        )
        .bind(cell.id)
        .fetch_optional(&mut *control)
        .await?
        .unwrap_or((0, 0));
        let missing = i64::try_from(wanted).unwrap_or(i64::MAX).min(room) - spares;
        wanting.push((cell, missing));
    }
    // Cells are databases of their own: each builds for itself.
    let building = wanting.into_iter().map(|(cell, missing)| async move {
        let mut built = 0;
        for _ in 0..missing {
            build(&cell, kit).await?;
            built += 1;
        }
        Ok::<usize, DbError>(built)
    });
    Ok(futures::future::try_join_all(building).await?.into_iter().sum())
}

/// Stores the fingerprint that every schema of this version should have.
pub(super) async fn print_of(cell: &Cell, schema: &str) -> Result<String, DbError> {
    let mut connection = PgConnection::connect(&cell.url).await?;
    fingerprint(&mut connection, schema).await
}
