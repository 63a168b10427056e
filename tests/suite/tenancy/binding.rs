//! A cancelled, failed or forgotten bind never leaves a tenant behind on a connection.

use std::future::Future;
use std::pin::pin;
use std::str::FromStr;
use std::task::Poll;
use std::time::{Duration, Instant};

use platform::db::{Slots, SlotsOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tests::World;

/// The cell's login, as the server's own log would see it.
async fn login(world: &World) -> PgConnectOptions {
    let role: String = sqlx::query_scalar("SELECT login_role FROM control.cells")
        .fetch_one(&mut world.admin().await)
        .await
        .unwrap();
    PgConnectOptions::from_str(&world.database.url())
        .unwrap()
        .username(&role)
}

/// Polls a future at most `polls` times, then drops it; tells whether it was cut off.
async fn cut_off_after<F: Future>(polls: u32, future: F) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(true);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| false)
    })
    .await
}

/// Aborts the task once the time is up; tells whether it was cut off.
async fn cut_off_at<F: Future<Output = ()> + Send + 'static>(after: Duration, future: F) -> bool {
    let begun = Instant::now();
    let task = tokio::spawn(future);
    // The timer ticks in milliseconds, a transaction takes less.
    while begun.elapsed() < after {
        tokio::task::yield_now().await;
    }
    task.abort();
    task.await.is_err_and(|error| error.is_cancelled())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_cancelled_transactions_leave_nobody_behind() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let schemas = [
        world.tenant("ezscale").schema.clone(),
        world.tenant("north").schema.clone(),
    ];
    let role = login(&world).await.get_username().to_owned();
    let slots = Slots::new(
        login(&world).await,
        SlotsOptions {
            wait: Duration::from_secs(20),
            ..SlotsOptions::sized(2)
        },
    );
    let watch = slots.clone();
    let mut cancelled = 0;
    for round in 0..40_000_u32 {
        if cancelled == 10_000 {
            break;
        }
        let (slots, for_whom) = (slots.clone(), u64::from(round % 2));
        let schema = &schemas[round as usize % 2];
        let bind = format!("BEGIN; SET LOCAL ROLE {schema}; SET LOCAL search_path = {schema}");
        let work = async move {
            let mut tx = slots.begin(for_whom, bind).await.unwrap();
            sqlx::query("SELECT count(*) FROM users")
                .execute(tx.connection())
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        // Two ways to be cut off: after so many wake-ups, and after so much time.
        let point = world.random.u64();
        let cut = if round % 2 == 0 {
            cut_off_after(1 + u32::try_from(point % 7).unwrap(), work).await
        } else {
            cut_off_at(Duration::from_micros(point % 600), work).await
        };
        cancelled += u32::from(cut);
        if round % 7 == 0 {
            nobody(&watch, &role, u64::from(round % 3)).await;
        }
    }
    assert_eq!(cancelled, 10_000, "too many came through to mean anything");
    for affinity in 0..50 {
        nobody(&watch, &role, affinity).await;
    }
}

/// The next borrower's transaction belongs to the login role, sees no tenant and was begun by itself.
async fn nobody(slots: &Slots, role: &str, affinity: u64) {
    let mut tx = slots.begin(affinity, "SELECT 1".to_owned()).await.unwrap();
    let mut began = Vec::new();
    for _ in 0..2 {
        let (user, path, now): (String, String, chrono::DateTime<chrono::Utc>) =
            sqlx::query_as("SELECT current_user::text, current_setting('search_path'), now()")
                .fetch_one(tx.connection())
                .await
                .unwrap();
        assert_eq!(user, role);
        assert!(!path.contains("t_"), "{path}");
        began.push(now);
    }
    // Inside one transaction now() stands still.
    assert_ne!(began[0], began[1], "a transaction was left open");
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn a_bind_that_fails_midway_closes_its_connection() {
    let world = World::new().await;
    let slots = Slots::new(login(&world).await, SlotsOptions::sized(1));
    let role = login(&world).await.get_username().to_owned();
    for _ in 0..3 {
        let broken = slots.begin(0, "BEGIN; SET LOCAL ROLE t_nobodyknowsme".to_owned()).await;
        assert!(broken.is_err());
        nobody(&slots, &role, 0).await;
    }
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_before_its_connection_is_lent_again() {
    let world = World::new().await;
    for round in 0..50 {
        let mut tx = world.begin("ezscale").await;
        sqlx::query("INSERT INTO settings (key, value, changed_at) VALUES ($1, '1', $2)")
            .bind(format!("lost {round}"))
            .bind(tx.now())
            .execute(tx.connection())
            .await
            .unwrap();
        drop(tx);
    }
    let mut tx = world.begin("ezscale").await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM settings")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_read_only_transaction_refuses_to_write() {
    let world = World::new().await;
    let mut tx = world.tenancy.begin_read(&world.scope("ezscale")).await.unwrap();
    let error = sqlx::query("DELETE FROM users")
        .execute(tx.connection())
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "25006");
}

#[tokio::test]
async fn the_pool_says_so_when_it_is_exhausted() {
    let world = World::new().await;
    let slots = Slots::new(
        login(&world).await,
        SlotsOptions {
            wait: Duration::from_millis(50),
            ..SlotsOptions::sized(1)
        },
    );
    let held = slots.begin(0, "BEGIN".to_owned()).await.unwrap();
    assert!(matches!(
        slots.begin(1, "BEGIN".to_owned()).await,
        Err(platform::db::DbError::Busy(_))
    ));
    held.rollback().await.unwrap();
    assert!(slots.begin(1, "BEGIN".to_owned()).await.is_ok());
}

#[tokio::test]
async fn an_unbound_query_of_the_login_role_is_refused() {
    let world = World::new().await;
    let schema = world.tenant("ezscale").schema.clone();
    let mut connection = PgConnection::connect_with(&login(&world).await).await.unwrap();
    let refused = [
        (format!("SELECT count(*) FROM {schema}.users"), "42501"),
        ("SELECT count(*) FROM control.tenants".to_owned(), "42501"),
        ("SELECT cell.enqueue('[]')".to_owned(), "42501"),
        ("CREATE TABLE public.mine (a int)".to_owned(), "42501"),
        ("CREATE SCHEMA mine".to_owned(), "42501"),
        ("CREATE ROLE mine".to_owned(), "42501"),
        ("SELECT count(*) FROM users".to_owned(), "42P01"),
    ];
    for (sql, code) in refused {
        let error = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone()))
            .execute(&mut connection)
            .await
            .unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), code, "{sql}");
    }
}

#[tokio::test]
async fn a_commit_after_a_failed_statement_is_no_success() {
    let world = World::new().await;
    let insert = "INSERT INTO settings (key, value, changed_at) VALUES ('twice', '1', $1)";
    let mut tx = world.begin("ezscale").await;
    for _ in 0..2 {
        let now = tx.now();
        // The second one violates the key, and the caller does not look.
        drop(sqlx::query(insert).bind(now).execute(tx.connection()).await);
    }
    assert!(tx.commit().await.is_err(), "nothing was kept, and COMMIT must say so");
    for _ in 0..20 {
        let mut tx = world.begin("ezscale").await;
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM settings")
            .fetch_one(tx.connection())
            .await
            .unwrap();
        assert_eq!(kept, 0);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn connections_that_were_ended_while_idle_are_replaced_unnoticed() {
    let world = World::new().await;
    let role = login(&world).await.get_username().to_owned();
    let open = async || {
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(world.begin("ezscale").await);
        }
        all
    };
    for tx in open().await {
        tx.commit().await.unwrap();
    }
    let ended: i64 =
        sqlx::query_scalar("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1")
            .bind(&role)
            .fetch_one(&mut world.admin().await)
            .await
            .unwrap();
    assert!(ended >= 4, "{ended} backends");
    for tx in open().await {
        tx.commit().await.unwrap();
    }
}
