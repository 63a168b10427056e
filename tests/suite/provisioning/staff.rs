//! What staff do with an operation that went wrong: give it a server made by hand, call it done, give it up.

use billing::service;
use billing::{BillingError, suspension};
use provisioning::panel::Power;
use provisioning::{link, operation};
use serde_json::json;
use simulators::{FaultKind, FaultRule};

use super::yard::{Yard, small};

fn code(error: &BillingError) -> &str {
    match error {
        BillingError::Conflict(code, _) => code,
        BillingError::Field(field, _) => field,
        _ => "",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_create_goes_on_with_the_server_that_staff_name() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let first = yard.buy("demo", plan).await;
    let taken = yard.until("demo", first, "active").await.panel_ref.expect("a server");
    yard.virtfusion.fail_builds(1);
    let account = yard.world.account("demo", "Second").await.id;
    yard.credit("demo", account, 1000).await;
    let id = yard.order("demo", account, plan).await;
    yard.until("demo", id, "failed").await;
    let failed = yard.operations("demo", id).await[0].id;
    let by_hand = yard
        .virtfusion
        .servers()
        .iter()
        .map(|s| s.id)
        .max()
        .expect("the second one");

    let mut tx = yard.world.begin("demo").await;
    for wrong in ["", " ", taken.as_str()] {
        let refused = operation::adopt(&mut tx, failed, wrong).await.expect_err("refused");
        assert_eq!(code(&refused), "panel_ref", "{wrong:?}");
    }
    operation::adopt(&mut tx, failed, &by_hand.to_string())
        .await
        .expect("adopted");
    let again = operation::adopt(&mut tx, failed, "77").await.expect_err("once");
    assert_eq!(code(&again), "not_failed");
    tx.commit().await.expect("a commit");
    let built = yard.until("demo", id, "active").await;
    assert_eq!(built.panel_ref, Some(by_hand.to_string()));
    assert_eq!(yard.virtfusion.servers().len(), 2, "none was made beside it");
    assert!(yard.open_tasks("demo").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_by_hand_counts_as_done() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    let create = yard.operations("demo", id).await[0].id;
    let refuses = FaultRule::new("/suspend", FaultKind::FailBefore(422)).times(u32::MAX);
    yard.virtfusion.faults().add(refuses);
    let mut tx = yard.world.begin("demo").await;
    suspension::suspend(&mut tx, id, "staff", None, "a look")
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    yard.work(4).await;
    let all = yard.operations("demo", id).await;
    let failed = all.iter().find(|o| o.kind == "suspend").expect("a suspension").clone();
    assert_eq!(
        (failed.kind.as_str(), failed.status.as_str()),
        ("suspend", "failed"),
        "{failed:?}"
    );
    assert_eq!(yard.open_tasks("demo").await.len(), 1);

    let mut tx = yard.world.begin("demo").await;
    let refused = operation::skip(&mut tx, create)
        .await
        .expect_err("a create is adopted instead");
    assert_eq!(code(&refused), "create");
    operation::skip(&mut tx, failed.id).await.expect("skipped");
    let again = operation::skip(&mut tx, failed.id).await.expect_err("once");
    assert_eq!(code(&again), "over");
    tx.commit().await.expect("a commit");
    assert_eq!(yard.service("demo", id).await.status, "suspended");
    assert!(yard.open_tasks("demo").await.is_empty(), "the task went with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_given_up_frees_its_room_and_fails_its_service() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (product, plan) = yard.product("demo", on, small()).await;
    let scope = yard.world.scope("demo");
    let left = || async {
        provisioning::capacity::left(&yard.shop(), &scope, product)
            .await
            .expect("an answer")
    };
    let room = left().await;
    let account = yard.world.account("demo", "Hall").await.id;
    yard.credit("demo", account, 1000).await;
    let id = yard.order("demo", account, plan).await;
    let mut tx = yard.world.begin("demo").await;
    let create = operation::want(&mut tx, id, "create", &format!("create:{id}"), json!({}))
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    assert_eq!(left().await, room.map(|n| n - 1), "room is kept for it");

    let mut tx = yard.world.begin("demo").await;
    operation::cancel(&mut tx, create, "the customer changed their mind")
        .await
        .expect("given up");
    let again = operation::cancel(&mut tx, create, "twice").await.expect_err("once");
    assert_eq!(code(&again), "over");
    tx.commit().await.expect("a commit");
    assert_eq!(yard.service("demo", id).await.status, "failed");
    assert_eq!(left().await, room, "and is free again");
    yard.work(3).await;
    assert!(yard.virtfusion.servers().is_empty(), "its job finds nothing to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_fails_for_good_gives_its_room_back() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    yard.virtfusion.set_capacity(0);
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "failed").await;
    let schema = &yard.world.tenant("demo").schema;
    let open: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT count(*) FROM {schema}.capacity_holds WHERE released_at IS NULL"
    )))
    .fetch_one(&mut yard.world.admin().await)
    .await
    .expect("a count");
    assert_eq!(open, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_build_loses_no_server_and_a_new_password_can_be_set() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    yard.virtfusion
        .faults()
        .once("POST", "/build", FaultKind::FailAfter(502));
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    assert_eq!(yard.virtfusion.servers()[0].builds, 1, "it was not built twice");
    let mut tx = yard.world.begin("demo").await;
    assert!(
        !link::has_password(&mut tx, id).await.expect("an answer"),
        "the panel told it once, to nobody"
    );
    link::root_password(&mut tx, yard.app.panels(), id)
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    for _ in 0..6 {
        yard.work(1).await;
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    }
    let mut tx = yard.world.begin("demo").await;
    let password = link::take_password(&mut tx, id)
        .await
        .expect("an answer")
        .expect("a password");
    tx.commit().await.expect("a commit");
    assert_eq!(*password.expose(), yard.virtfusion.servers()[0].password);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_that_is_under_way_is_not_asked_for_again() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    let mut tx = yard.world.begin("demo").await;
    let kinds = yard.app.panels();
    let one = link::power(&mut tx, kinds, id, Power::Restart).await.expect("wanted");
    let two = link::power(&mut tx, kinds, id, Power::Restart).await.expect("wanted");
    let other = link::power(&mut tx, kinds, id, Power::Shutdown).await.expect("wanted");
    assert!(one == two && one != other);
    tx.commit().await.expect("a commit");
    yard.work(4).await;
    assert!(
        !yard.virtfusion.servers()[0].running,
        "in the order they were asked for"
    );
    let mut tx = yard.world.begin("demo").await;
    let again = link::power(&mut tx, kinds, id, Power::Restart).await.expect("wanted");
    assert_ne!(again, one, "what is over can be asked for again");
    service::want_termination(&mut tx, id, "asked for")
        .await
        .expect("wanted");
}
