//! Migrations: from nothing, again, past a tenant that fails, and ahead of need.

use platform::clock::Clock;
use platform::random::Random;
use sqlx::PgConnection;
use tenancy::schema::{self, MigrateOptions, TENANT_VERSION};
use tests::{Database, World};

fn options(world: &World, spares: usize) -> MigrateOptions {
    MigrateOptions {
        admin_url: world.database.url(),
        sealer: world.sealer.clone(),
        clock: world.clock.clone(),
        random: Random::os(),
        jobs: 2,
        spares,
    }
}

async fn count(admin: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(admin).await.unwrap()
}

#[tokio::test]
async fn an_empty_database_gets_everything_and_a_second_run_changes_nothing() {
    let database = Database::empty().await;
    let options = MigrateOptions {
        admin_url: database.url(),
        sealer: platform::secret::Sealer::new([7; 32]),
        clock: Clock::fixed(World::start()),
        random: Random::os(),
        jobs: 2,
        spares: 2,
    };
    let first = schema::migrate(&options).await.unwrap();
    assert!(first.control > 0 && first.spares == 2 && first.parked.is_empty());
    let mut admin = database.admin().await;
    let before = count(&mut admin, "SELECT count(*) FROM pg_class").await;
    let second = schema::migrate(&options).await.unwrap();
    assert_eq!((second.control, second.migrated, second.spares), (first.control, 0, 0));
    assert_eq!(count(&mut admin, "SELECT count(*) FROM pg_class").await, before);
    assert_eq!(schema::status(&database.url()).await.unwrap().len(), 0);
    let open: Vec<bool> = sqlx::query_scalar(
        "SELECT has_database_privilege(c.login_role, current_database(), p) FROM control.cells c, unnest(ARRAY['TEMPORARY', 'CREATE']) p",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(open, [false, false], "the login role makes nothing of its own");
}

#[tokio::test]
async fn two_runners_at_once_do_the_work_once() {
    let world = World::new().await;
    world.execute("UPDATE control.tenants SET fingerprint = ''").await;
    let (options_a, options_b) = (options(&world, 0), options(&world, 0));
    let (a, b) = tokio::join!(schema::migrate(&options_a), schema::migrate(&options_b));
    assert_eq!(a.unwrap().migrated + b.unwrap().migrated, 1);
}

#[tokio::test]
async fn a_tenant_that_fails_is_parked_while_the_others_go_on() {
    let world = World::new().await;
    for slug in ["north", "south"] {
        world.reseller(slug, "ezscale").await;
    }
    // North is said to be empty, but has the first version's tables already: it must fail.
    world
        .execute("UPDATE control.tenants SET schema_version = 0 WHERE slug = 'north'")
        .await;
    world
        .execute("UPDATE control.tenants SET fingerprint = '' WHERE slug <> 'north'")
        .await;
    let report = schema::migrate(&options(&world, 0)).await.unwrap();
    let parked: Vec<&str> = report.parked.iter().map(|tenant| tenant.slug.as_str()).collect();
    assert_eq!((parked, report.migrated), (vec!["north"], 2));
    let status = schema::status(&world.database.url()).await.unwrap();
    let north = status.iter().find(|tenant| tenant.slug == "north").unwrap();
    assert!(
        north
            .reason
            .as_ref()
            .is_some_and(|reason| reason.contains("already exists")),
        "{north:?}"
    );
    assert!(
        status
            .iter()
            .filter(|tenant| tenant.slug != "north")
            .all(|tenant| tenant.reason.is_none())
    );

    world.tenancy.refresh().await.unwrap();
    assert!(world.tenant("north").parked_reason.is_some());
    assert!(world.tenant("south").parked_reason.is_none());

    // Once the cause is gone, the same command goes on where it stopped.
    world
        .execute(&format!(
            "UPDATE control.tenants SET schema_version = {TENANT_VERSION}, fingerprint = '' WHERE slug = 'north'"
        ))
        .await;
    assert_eq!(schema::migrate(&options(&world, 0)).await.unwrap().migrated, 1);
    world.tenancy.refresh().await.unwrap();
    assert!(world.tenant("north").parked_reason.is_none());
}

#[tokio::test]
async fn every_tenant_has_the_same_shape() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let mut admin = world.admin().await;
    let root = schema::fingerprint(&mut admin, &world.tenant("ezscale").schema)
        .await
        .unwrap();
    let north = schema::fingerprint(&mut admin, &world.tenant("north").schema)
        .await
        .unwrap();
    assert_eq!(root, north);
    world
        .execute(&format!(
            "ALTER TABLE {}.users ADD COLUMN drift integer",
            world.tenant("north").schema
        ))
        .await;
    assert_ne!(
        schema::fingerprint(&mut admin, &world.tenant("north").schema)
            .await
            .unwrap(),
        root
    );
}

#[tokio::test]
async fn spares_are_refilled_up_to_the_wanted_number() {
    let world = World::new().await;
    let mut admin = world.admin().await;
    let waiting = count(&mut admin, "SELECT count(*) FROM control.spares").await;
    let wanted = usize::try_from(waiting).unwrap() + 1;
    assert_eq!(schema::refill(&world.tenancy, wanted).await.unwrap(), 1);
    assert_eq!(schema::refill(&world.tenancy, wanted).await.unwrap(), 0);
}

#[tokio::test]
async fn a_cell_takes_no_more_tenants_than_it_has_room_for() {
    let world = World::new().await;
    world
        .execute("DELETE FROM control.spares; UPDATE control.cells SET max_tenants = 2")
        .await;
    world.reseller("north", "ezscale").await;
    assert!(world.create("south", None, tenancy::Mode::Live).await.is_err());
}

#[tokio::test]
async fn business_tables_take_their_time_from_us_and_have_a_key() {
    let world = World::new().await;
    let schema = world.tenant("ezscale").schema.clone();
    let timed: Vec<String> = sqlx::query_scalar(
        "SELECT table_name || '.' || column_name FROM information_schema.columns \
         WHERE table_schema = $1 AND column_default ~* 'now\\(|current_|clock_timestamp'",
    )
    .bind(&schema)
    .fetch_all(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!(timed, Vec::<String>::new());
    let types: Vec<String> = sqlx::query_scalar(
        "SELECT t.typname::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
         WHERE n.nspname = $1 AND t.typtype IN ('e', 'd') ORDER BY 1",
    )
    .bind(&schema)
    .fetch_all(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!(types, Vec::<String>::new(), "types are cached by name per connection");
    let floats: Vec<String> = sqlx::query_scalar(
        "SELECT table_name || '.' || column_name FROM information_schema.columns \
         WHERE table_schema = $1 AND data_type IN ('real', 'double precision', 'money')",
    )
    .bind(&schema)
    .fetch_all(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!(floats, Vec::<String>::new());
}
