//! A sandbox tenant's time is its own; everybody else's is ours.

use chrono::TimeDelta;
use tenancy::clock;
use tests::World;

#[tokio::test]
async fn only_a_sandbox_tenants_clock_moves_and_only_forward() {
    let world = World::new().await;
    world.sandbox("trial").await;
    let later = World::start() + TimeDelta::days(400);
    clock::set(&world.tenancy, &world.scope("trial"), later).await.unwrap();
    assert_eq!(world.begin("trial").await.now(), later);
    assert_eq!(world.begin("ezscale").await.now(), World::start());
    assert_eq!(world.tenancy.now(), World::start());

    let back = World::start() + TimeDelta::days(399);
    assert!(clock::set(&world.tenancy, &world.scope("trial"), back).await.is_err());
    assert!(
        clock::set(&world.tenancy, &world.scope("ezscale"), later)
            .await
            .is_err()
    );
    assert_eq!(world.begin("trial").await.now(), later);
}

#[tokio::test]
async fn a_sandbox_clock_runs_on_with_ours() {
    let world = World::new().await;
    world.sandbox("trial").await;
    clock::set(
        &world.tenancy,
        &world.scope("trial"),
        World::start() + TimeDelta::days(31),
    )
    .await
    .unwrap();
    world.clock.advance(TimeDelta::hours(5));
    assert_eq!(
        world.begin("trial").await.now(),
        World::start() + TimeDelta::days(31) + TimeDelta::hours(5)
    );
}

#[tokio::test]
async fn time_is_read_once_per_transaction() {
    let world = World::new().await;
    let tx = world.begin("ezscale").await;
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(tx.now(), World::start());
    assert_eq!(world.begin("ezscale").await.now(), World::start() + TimeDelta::days(1));
}

#[tokio::test]
async fn the_database_refuses_an_offset_on_a_live_tenant() {
    let world = World::new().await;
    let error = sqlx::query("UPDATE control.tenants SET clock_offset_us = 1")
        .execute(&mut world.admin().await)
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "23514");
}

#[tokio::test]
async fn another_node_sees_a_move_before_the_feed_tells_it() {
    let world = World::new().await;
    world.sandbox("trial").await;
    let other = world.node().await;
    let scope = tenancy::resolve::host(&other, "trial.ezscale.localhost")
        .expect("known")
        .0;
    let later = World::start() + TimeDelta::days(31);
    clock::set(&world.tenancy, &world.scope("trial"), later).await.unwrap();
    assert_eq!(scope.tenant().clock_offset, TimeDelta::zero(), "it has not heard");
    assert_eq!(other.begin(&scope).await.expect("a transaction").now(), later);
}
