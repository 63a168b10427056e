//! A whole installation in miniature.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use platform::clock::Clock;
use platform::event::Subscriptions;
use platform::mail::Mailer;
use platform::money::Currency;
use platform::random::Random;
use platform::secret::Sealer;
use platform::task::Shutdown;
use sqlx::{AssertSqlSafe, PgConnection};
use tenancy::jobs::Registry;
use tenancy::tenant::{NewTenant, TenantError};
use tenancy::{Mode, Tenancy, TenancyOptions, Tenant, TenantScope, TenantTx, resolve};

use crate::Database;
use crate::database::KEY;

/// How long jobs may take before a test gives up on them.
const JOBS_TIMEOUT: Duration = Duration::from_secs(240);

/// An installation with a database of its own. It ends with the value.
pub struct World {
    /// Our time; move it by hand.
    pub clock: Clock,
    /// Seeded: a test draws the same every time.
    pub random: Random,
    /// Seals with the template's key.
    pub sealer: Sealer,
    /// What was sent is in its memory.
    pub mailer: Mailer,
    /// The doors, as the first node has them.
    pub tenancy: Tenancy,
    /// The options of `tenancy`, for further nodes.
    pub options: TenancyOptions,
    /// Last, so that everything else has let go of it.
    pub database: Database,
}

impl World {
    /// When every test begins: a Thursday morning without anything special about it.
    #[must_use]
    pub fn start() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 1, 15, 10, 0, 0).single().expect("a time")
    }

    /// A world without any tenant.
    pub async fn empty() -> Self {
        Self::build(Subscriptions::default(), |_| {}).await
    }

    /// A world with the root tenant `ezscale`.
    pub async fn new() -> Self {
        let world = Self::empty().await;
        world.root("ezscale").await;
        world
    }

    /// A world with `ezscale`, whose events are followed as `subscriptions` says.
    pub async fn with_subscriptions(subscriptions: Subscriptions) -> Self {
        let world = Self::build(subscriptions, |_| {}).await;
        world.root("ezscale").await;
        world
    }

    /// A world without tenants, with other options.
    pub async fn build(subscriptions: Subscriptions, change: impl FnOnce(&mut TenancyOptions)) -> Self {
        // Shown with a test that fails: what an answer of 500 keeps to itself.
        platform::telemetry::init(false, "warn");
        let database = Database::clone_template().await;
        let clock = Clock::fixed(Self::start());
        let random = Random::seeded(1);
        let sealer = Sealer::new(KEY);
        let mut options = TenancyOptions {
            admin_url: database.url(),
            base_domain: "ezscale.localhost".into(),
            cname_suffix: "cname.ezscale.localhost".into(),
            public_scheme: "http://".into(),
            public_port: ":8080".into(),
            sealer: sealer.clone(),
            clock: clock.clone(),
            random: random.clone(),
            subscriptions,
            max_connections: 8,
            snapshot: None,
        };
        change(&mut options);
        let tenancy = Tenancy::open(options.clone()).await.expect("the doors open");
        Self {
            clock,
            random,
            sealer,
            mailer: Mailer::memory(),
            tenancy,
            options,
            database,
        }
    }

    /// Another node over the same database, with randomness of its own.
    pub async fn node(&self) -> Tenancy {
        let options = TenancyOptions {
            random: Random::seeded(2),
            ..self.options.clone()
        };
        Tenancy::open(options).await.expect("the doors open")
    }

    /// A connection as administrator, bound to no tenant.
    pub async fn admin(&self) -> PgConnection {
        self.database.admin().await
    }

    /// Creates the root tenant.
    pub async fn root(&self, slug: &str) -> Arc<Tenant> {
        self.create(slug, None, Mode::Live).await.expect("the root tenant")
    }

    /// Creates a reseller below `parent`.
    pub async fn reseller(&self, slug: &str, parent: &str) -> Arc<Tenant> {
        self.create(slug, Some(parent), Mode::Live).await.expect("a reseller")
    }

    /// Creates a sandbox tenant below the root.
    pub async fn sandbox(&self, slug: &str) -> Arc<Tenant> {
        self.create(slug, None, Mode::Sandbox).await.expect("a sandbox tenant")
    }

    /// Creates a tenant, or says why not.
    ///
    /// # Errors
    /// What [`tenancy::tenant::create`] answers.
    pub async fn create(&self, slug: &str, parent: Option<&str>, mode: Mode) -> Result<Arc<Tenant>, TenantError> {
        let new = NewTenant {
            slug: slug.into(),
            name: format!("The {slug} company"),
            parent: parent.map(str::to_owned),
            mode,
            currency: Currency::parse("USD").expect("a currency"),
            timezone: chrono_tz::UTC,
            locale: None,
            settings: serde_json::Map::new(),
        };
        tenancy::tenant::create(&self.tenancy, &new).await?;
        Ok(self.tenant(slug))
    }

    /// A tenant as this node knows it now.
    #[must_use]
    pub fn tenant(&self, slug: &str) -> Arc<Tenant> {
        self.tenancy
            .directory()
            .slug(slug)
            .unwrap_or_else(|| panic!("there is no tenant {slug}"))
            .clone()
    }

    /// A tenant, acted in by the system.
    #[must_use]
    pub fn scope(&self, slug: &str) -> TenantScope {
        resolve::system(&self.tenancy, self.tenant(slug).id, "test").expect("the tenant is known")
    }

    /// A visitor on a tenant's own host.
    #[must_use]
    pub fn visitor(&self, slug: &str) -> TenantScope {
        resolve::host(&self.tenancy, &format!("{slug}.ezscale.localhost"))
            .expect("the host is known")
            .0
    }

    /// A transaction in a tenant, by the system.
    pub async fn begin(&self, slug: &str) -> TenantTx {
        self.tenancy.begin(&self.scope(slug)).await.expect("a transaction")
    }

    /// Runs every job that is due, and those that follow from it, until none is left. Jobs that
    /// wait for a later time stay; [`Self::hasten_jobs`] brings them forward.
    ///
    /// # Panics
    /// When jobs are still due after four minutes.
    pub async fn run_jobs_until_idle(&self, registry: Registry) {
        let shutdown = Shutdown::new();
        let working = tokio::spawn(tenancy::jobs::run(self.tenancy.clone(), registry, shutdown.clone()));
        let mut admin = self.admin().await;
        let deadline = tokio::time::Instant::now() + JOBS_TIMEOUT;
        while due(&mut admin).await > 0 {
            assert!(!working.is_finished(), "the workers ended: {:?}", working.await);
            assert!(
                tokio::time::Instant::now() < deadline,
                "jobs are still due after {JOBS_TIMEOUT:?}: {:?}",
                self.jobs().await
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        shutdown.trigger();
        working.await.expect("the workers end").expect("the queue answers");
    }

    /// Makes every waiting job due at once.
    pub async fn hasten_jobs(&self) {
        self.execute("UPDATE graphile_worker._private_jobs SET run_at = now() WHERE locked_at IS NULL")
            .await;
    }

    /// The jobs in the queue: key, payload.
    pub async fn jobs(&self) -> Vec<(Option<String>, serde_json::Value)> {
        sqlx::query_as("SELECT key, payload::jsonb FROM graphile_worker._private_jobs ORDER BY id")
            .fetch_all(&mut self.admin().await)
            .await
            .expect("the queue can be read")
    }

    /// Runs SQL as administrator.
    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut self.admin().await)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

async fn due(admin: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM graphile_worker._private_jobs WHERE run_at <= now() AND attempts < max_attempts",
    )
    .fetch_one(admin)
    .await
    .expect("the queue can be read")
}
