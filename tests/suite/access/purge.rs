//! What has had its time goes, what has not stays, once a day.

use chrono::TimeDelta;
use tenancy::purge::{KEPT, purge, purge_if_due};
use tests::World;

async fn count(world: &World, table: &str) -> i64 {
    let mut tx = world.begin("ezscale").await;
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(tx.connection())
        .await
        .unwrap()
}

/// A row of each kind, of this age in days after what it is kept from.
async fn leave(world: &World, table: &str, days: i64, rows: i64) {
    let mut tx = world.begin("ezscale").await;
    let at = tx.now() - TimeDelta::days(days);
    let sql = match table {
        "sessions" => {
            "INSERT INTO sessions (id, data, expires_at) SELECT gen_random_uuid()::text, '', $1 FROM generate_series(1, $2)"
        }
        "idempotency" => {
            "INSERT INTO idempotency (key, request_hash, created_at) SELECT gen_random_uuid()::text, '', $1 FROM generate_series(1, $2)"
        }
        "user_tokens" => {
            "INSERT INTO user_tokens (id, user_id, kind, token_hash, expires_at, created_at) \
             SELECT gen_random_uuid(), (SELECT id FROM users LIMIT 1), 'ticket', gen_random_uuid()::text::bytea, $1, $1 FROM generate_series(1, $2)"
        }
        "sign_ins" => {
            "INSERT INTO sign_ins (id, email_norm, outcome, at) SELECT gen_random_uuid(), 'a@b.test', 'ok', $1 FROM generate_series(1, $2)"
        }
        "token_spendings" => {
            "INSERT INTO token_spendings (id, token_id, month, subject, amount_minor, currency, at) \
             SELECT gen_random_uuid(), (SELECT id FROM api_tokens LIMIT 1), '2020-01-01', gen_random_uuid()::text, 1, 'USD', $1 \
             FROM generate_series(1, $2)"
        }
        other => panic!("{other} has no sample here"),
    };
    sqlx::query(sql)
        .bind(at)
        .bind(rows)
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn each_thing_is_kept_as_long_as_is_said_and_no_longer() {
    let world = World::new().await;
    world.staff("ezscale", "boss@root.test", &["*"]).await;
    for kept in KEPT {
        leave(&world, kept.table, kept.days - 1, 2).await;
        leave(&world, kept.table, kept.days + 1, 3).await;
    }
    let purged = purge(&world.tenancy, &world.scope("ezscale")).await.unwrap();
    for kept in KEPT {
        assert!(purged.rows.contains(&(kept.table, 3)), "{}: {purged:?}", kept.table);
        assert_eq!(count(&world, kept.table).await, 2, "{}", kept.table);
    }
    let again = purge(&world.tenancy, &world.scope("ezscale")).await.unwrap();
    assert_eq!(again.total(), 0);
}

#[tokio::test]
async fn a_day_is_swept_once_and_more_than_a_page_goes() {
    let world = World::new().await;
    world.staff("ezscale", "boss@root.test", &["*"]).await;
    leave(&world, "idempotency", 3, 2_500).await;
    let scope = world.scope("ezscale");
    let first = purge_if_due(&world.tenancy, &scope).await.unwrap();
    assert_eq!(first.map(|purged| purged.total()), Some(2_500));
    leave(&world, "idempotency", 3, 5).await;
    assert_eq!(purge_if_due(&world.tenancy, &scope).await.unwrap(), None);
    assert_eq!(count(&world, "idempotency").await, 5);
    world.clock.advance(TimeDelta::days(1));
    let next = purge_if_due(&world.tenancy, &scope).await.unwrap();
    assert_eq!(next.map(|purged| purged.total()), Some(5));
}
