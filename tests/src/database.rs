//! One database per test, cloned from a template that is migrated once.
//!
//! Roles are global to a server, so the clones share the template's spare schemas' roles and the
//! cell's login role; the schemas themselves, and everything in them, are each clone's own.

use std::path::Path;
use std::time::Duration;

use platform::clock::Clock;
use platform::random::Random;
use platform::secret::Sealer;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenancy::schema::MigrateOptions;

/// Spares in the template: the tenants a test can create without building a schema.
const SPARES: usize = 8;

/// The key everything in the template is sealed with.
pub(crate) const KEY: [u8; 32] = *b"the key of every test's database";

/// A database that lasts as long as this value.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// A fresh clone of the template, which is made first if it is missing or of other migrations.
    ///
    /// # Panics
    /// Without `TEST_DATABASE_URL`, a superuser's address of a server that may be littered.
    pub async fn clone_template() -> Self {
        let server =
            std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL is not set: run the tests by bin/test");
        let template = template(&server).await;
        let name = format!("world_{}", Random::os().base32_lower(13));
        let mut admin = connect(&server, "postgres").await;
        execute(
            &mut admin,
            format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"),
        )
        .await;
        Self { server, name }
    }

    /// An empty database, for tests of the migrations themselves.
    pub async fn empty() -> Self {
        let server =
            std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL is not set: run the tests by bin/test");
        let name = format!("world_{}", Random::os().base32_lower(13));
        let mut admin = connect(&server, "postgres").await;
        execute(&mut admin, format!("CREATE DATABASE {name}")).await;
        Self { server, name }
    }

    /// The administrator's address.
    #[must_use]
    pub fn url(&self) -> String {
        url(&self.server, &self.name)
    }

    /// A connection as administrator, bound to no tenant.
    pub async fn admin(&self) -> PgConnection {
        connect(&self.server, &self.name).await
    }

    /// Ends every connection and refuses new ones: control and cell are away.
    pub async fn cut(&self) {
        let mut admin = connect(&self.server, "postgres").await;
        execute(
            &mut admin,
            format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name),
        )
        .await;
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(&self.name)
            .execute(&mut admin)
            .await
            .expect("the administrator may end connections");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's own runtime may be on its way out, so the last word is spoken on another.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut admin = PgConnection::connect(&url(&server, "postgres"))
                    .await
                    .map_err(std::io::Error::other)?;
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                sqlx::raw_sql(AssertSqlSafe(sql))
                    .execute(&mut admin)
                    .await
                    .map_err(std::io::Error::other)?;
                Ok::<(), std::io::Error>(())
            })
        });
        // A leftover is cleared away when the next template is made.
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("a test's database was left behind");
        }
    }
}

/// `postgres://user@host?options` with the database put in.
fn url(server: &str, database: &str) -> String {
    match server.split_once('?') {
        Some((address, options)) => format!("{}/{database}?{options}", address.trim_end_matches('/')),
        None => format!("{}/{database}", server.trim_end_matches('/')),
    }
}

async fn connect(server: &str, database: &str) -> PgConnection {
    PgConnection::connect(&url(server, database))
        .await
        .expect("the test server answers")
}

async fn execute(connection: &mut PgConnection, sql: String) {
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(connection).await {
        panic!("{sql}: {error}");
    }
}

/// The template of the current migrations; made by whoever comes first, under a lock of the server.
async fn template(server: &str) -> String {
    let name = format!("template_{}", fingerprint());
    let mut admin = connect(server, "postgres").await;
    if exists(&mut admin, &name).await {
        return name;
    }
    sqlx::query("SELECT pg_advisory_lock(hashtextextended('ezscale test template', 0))")
        .execute(&mut admin)
        .await
        .expect("an advisory lock");
    if !exists(&mut admin, &name).await {
        clear_away(&mut admin).await;
        execute(&mut admin, "CREATE DATABASE making_template".into()).await;
        let options = MigrateOptions {
            admin_url: url(server, "making_template"),
            sealer: Sealer::new(KEY),
            clock: Clock::fixed(crate::World::start()),
            random: Random::os(),
            jobs: 2,
            spares: SPARES,
        };
        tenancy::schema::migrate(&options)
            .await
            .expect("the migrations apply to an empty database");
        rename(&mut admin, "making_template", &name).await;
    }
    sqlx::query("SELECT pg_advisory_unlock(hashtextextended('ezscale test template', 0))")
        .execute(&mut admin)
        .await
        .expect("an advisory lock");
    name
}

/// The last connections of the migration may take a moment to end.
async fn rename(admin: &mut PgConnection, from: &str, to: &str) {
    for _ in 0..50 {
        let sql = format!("ALTER DATABASE {from} RENAME TO {to}");
        if sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *admin).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{from} is still in use");
}

async fn exists(admin: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(admin)
        .await
        .expect("the catalog can be read")
}

/// Drops what earlier runs left: databases nobody is connected to, templates of other migrations.
async fn clear_away(admin: &mut PgConnection) {
    let old: Vec<String> = sqlx::query_scalar(
        "SELECT d.datname::text FROM pg_database d WHERE (d.datname ~ '^(world|template)_[a-z0-9]+$' OR d.datname = 'making_template') \
         AND d.datname NOT IN ('template0', 'template1') \
         AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname)",
    )
    .fetch_all(&mut *admin)
    .await
    .expect("the catalog can be read");
    for name in old {
        execute(admin, format!("DROP DATABASE IF EXISTS {name}")).await;
    }
}

/// Changes with every migration and with the code that applies them.
fn fingerprint() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in [
        "migrations/control",
        "migrations/cell",
        "migrations/tenant",
        "tenancy/src/schema",
    ] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
        files.extend(entries.map(|entry| entry.expect("a file's name").path()));
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
    }
    hex::encode(&hash.finalize()[..8])
}
