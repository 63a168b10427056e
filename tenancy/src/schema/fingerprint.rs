//! A hash of a schema's columns, indexes and constraints, to see drift between tenants.

use platform::db::DbError;
use sqlx::PgConnection;

/// The fingerprint of one schema, without its name in it.
///
/// # Errors
/// When the database refuses.
pub async fn fingerprint(connection: &mut PgConnection, schema: &str) -> Result<String, DbError> {
    Ok(sqlx::query_scalar(
        "WITH t AS (SELECT c.oid, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                    WHERE n.nspname = $1 AND c.relkind = 'r'), \
         facts AS ( \
           SELECT t.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull::text AS fact \
             FROM t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
           UNION ALL SELECT t.relname || ' ' || k.conname || ' ' || replace(pg_get_constraintdef(k.oid), $1 || '.', '') \
             FROM t JOIN pg_catalog.pg_constraint k ON k.conrelid = t.oid \
           UNION ALL SELECT t.relname || ' ' || replace(pg_get_indexdef(i.indexrelid), $1 || '.', '') \
             FROM t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid) \
         SELECT coalesce(md5(string_agg(fact, E'\\n' ORDER BY fact COLLATE \"C\")), '') FROM facts",
    )
    .bind(schema)
    .fetch_one(connection)
    .await?)
}
