//! What SQL in one tenant's transaction can reach: that tenant, and nothing else.

use tests::World;

async fn code(world: &World, slug: &str, sql: &str) -> Option<String> {
    let mut tx = world.begin(slug).await;
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(tx.connection())
        .await;
    done.err().map(|error| {
        error
            .as_database_error()
            .expect("the server refuses")
            .code()
            .unwrap_or_default()
            .into_owned()
    })
}

#[tokio::test]
async fn every_table_of_another_tenant_is_out_of_reach() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let other = world.tenant("north").schema.clone();
    let tables: Vec<String> = sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1")
        .bind(&other)
        .fetch_all(&mut world.admin().await)
        .await
        .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    for table in tables {
        for sql in [
            format!("SELECT 1 FROM {other}.{table}"),
            format!("DELETE FROM {other}.{table}"),
            format!("TRUNCATE {other}.{table}"),
        ] {
            assert_eq!(code(&world, "ezscale", &sql).await.as_deref(), Some("42501"), "{sql}");
        }
    }
}

#[tokio::test]
async fn a_tenant_reaches_neither_control_nor_the_queue_nor_the_shape_of_its_tables() {
    let world = World::new().await;
    for sql in [
        "SELECT 1 FROM control.tenants",
        "SELECT 1 FROM control.cells",
        "SELECT 1 FROM graphile_worker._private_jobs",
        "SELECT graphile_worker.add_job('critical', '{}'::json)",
        "CREATE TABLE mine (a int)",
        "ALTER TABLE users ADD COLUMN mine int",
        "DROP TABLE users",
        "TRUNCATE users",
        "CREATE ROLE mine",
        "SELECT 1 FROM pg_catalog.pg_authid",
    ] {
        assert_eq!(code(&world, "ezscale", sql).await.as_deref(), Some("42501"), "{sql}");
    }
}

#[tokio::test]
async fn what_was_done_cannot_be_rewritten() {
    let world = World::new().await;
    for sql in [
        "UPDATE audit SET actor_name = 'nobody'",
        "DELETE FROM audit",
        "UPDATE events SET type = 'x'",
        "DELETE FROM events",
    ] {
        assert_eq!(code(&world, "ezscale", sql).await.as_deref(), Some("42501"), "{sql}");
    }
}

#[tokio::test]
async fn prepared_statements_cannot_carry_a_second_one() {
    let world = World::new().await;
    let other = world.tenant("ezscale").schema.clone();
    let mut tx = world.begin("ezscale").await;
    let sql = format!("SELECT 1; SET LOCAL ROLE {other}");
    let error = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(1_i32)
        .execute(tx.connection())
        .await
        .unwrap_err();
    assert!(error.as_database_error().is_some(), "{error}");
}

#[tokio::test]
async fn whatever_a_transaction_does_to_role_and_path_ends_with_it() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let other = world.tenant("north").schema.clone();
    // Even a session-wide change, committed, is undone by the next bind, whoever it is for.
    for end in ["COMMIT", "ROLLBACK"] {
        for _ in 0..8 {
            let mut tx = world.begin("ezscale").await;
            let sql = format!("SET search_path = {other}; SET ROLE {other}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
                .execute(tx.connection())
                .await
                .unwrap();
            if end == "COMMIT" {
                tx.commit().await.unwrap()
            } else {
                tx.rollback().await.unwrap()
            }
            let mut tx = world.begin("ezscale").await;
            let own = world.tenant("ezscale").schema.clone();
            let (user, path): (String, String) =
                sqlx::query_as("SELECT current_user::text, current_setting('search_path')")
                    .fetch_one(tx.connection())
                    .await
                    .unwrap();
            assert_eq!((user.as_str(), path), (own.as_str(), format!("{own}, pg_temp")));
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_control_transaction_is_never_in_a_tenant() {
    let world = World::new().await;
    let mut tx = world.tenancy.control().await.unwrap();
    let error = sqlx::query("SELECT 1 FROM users")
        .execute(tx.connection())
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42P01");
}

#[tokio::test]
async fn the_same_statement_serves_tenants_one_after_another() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    world.reseller("south", "ezscale").await;
    for (count, slug) in [(1, "north"), (2, "south")] {
        for n in 0..count {
            world.user(slug, &format!("user{n}@{slug}.test"), None).await;
        }
    }
    for _ in 0..20 {
        for (count, slug) in [(1_i64, "north"), (2, "south")] {
            let mut tx = world.begin(slug).await;
            let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
                .fetch_one(tx.connection())
                .await
                .unwrap();
            assert_eq!(seen, count, "{slug}");
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_temporary_table_never_stands_in_for_a_real_one() {
    let world = World::new().await;
    world.user("ezscale", "ann@hall.test", None).await;
    // Clones of a database do not carry its grants, so here a tenant can make one.
    let mut tx = world.begin("ezscale").await;
    sqlx::raw_sql("CREATE TEMPORARY TABLE users (id uuid); GRANT ALL ON pg_temp.users TO PUBLIC")
        .execute(tx.connection())
        .await
        .unwrap();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert_eq!(seen, 1);
}
