//! Wishes to end that came late, were taken back or tried again: nothing that is paid for goes, nothing that is to go stays.

use billing::ids::ServiceId;
use chrono::TimeDelta;
use platform::event;
use provisioning::operation;
use serde_json::{Value, json};
use simulators::{FaultKind, FaultRule};
use tenancy::TenantTx;

use super::yard::{Yard, small};

async fn active(yard: &Yard) -> ServiceId {
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    id
}

async fn tell(tx: &mut TenantTx, id: ServiceId, kind: &'static str) {
    let event = event::NewEvent::new(kind, id, json!({ "id": id }));
    event::publish(tx, &[event]).await.expect("told");
}

/// The event that wanted something last, delivered once more.
async fn repeat_event(yard: &Yard, kind: &str) {
    let mut tx = yard.world.begin("demo").await;
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM events WHERE type = $1 ORDER BY id DESC LIMIT 1")
        .bind(kind)
        .fetch_one(tx.connection())
        .await
        .expect("an event");
    drop(tx);
    let args = serde_json::from_value(json!({ "event": id })).expect("arguments");
    let outcome = operation::on_event(&yard.shop(), &yard.world.scope("demo"), &args).await;
    assert!(matches!(outcome, platform::job::Outcome::Done), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_comes_again_after_staff_kept_the_service_ends_nothing() {
    let yard = Yard::open().await;
    let id = active(&yard).await;
    yard.refuse_deletes();
    yard.terminate("demo", id).await;
    yard.quiet("demo", id).await;
    let end = yard.last("demo", id, "terminate").await;
    assert_eq!(end.status, "failed");
    let mut tx = yard.world.begin("demo").await;
    operation::cancel(&mut tx, end.id, "it stays").await.expect("kept");
    tx.commit().await.expect("a commit");
    yard.virtfusion.faults().clear();
    // A second wish of before, under a key of its own, and the first once more.
    let mut tx = yard.world.begin("demo").await;
    tell(&mut tx, id, "service.termination_wanted").await;
    tx.commit().await.expect("a commit");
    yard.work(3).await;
    repeat_event(&yard, "service.termination_wanted").await;
    yard.work(3).await;
    assert_eq!(yard.virtfusion.servers().len(), 1, "it is paid for");
    assert_eq!(yard.service("demo", id).await.status, "active");
    let ends: Vec<_> = yard.operations("demo", id).await;
    assert_eq!(ends.iter().filter(|o| o.kind == "terminate").count(), 1, "{ends:?}");
    // A new wish still counts.
    yard.terminate("demo", id).await;
    yard.until("demo", id, "terminated").await;
    repeat_event(&yard, "service.termination_wanted").await;
    yard.work(2).await;
    let ends = yard.operations("demo", id).await;
    assert_eq!(ends.iter().filter(|o| o.kind == "terminate").count(), 2, "{ends:?}");
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_the_panel_was_asked_for_is_not_given_up() {
    let yard = Yard::open().await;
    let id = active(&yard).await;
    let busy = FaultRule::new("/servers/", FaultKind::FailAfter(502))
        .method("DELETE")
        .times(u32::MAX);
    yard.virtfusion.faults().add(busy);
    yard.terminate("demo", id).await;
    yard.work(1).await;
    let end = yard.last("demo", id, "terminate").await;
    assert!(["retrying", "waiting"].contains(&end.status.as_str()), "{end:?}");
    let mut tx = yard.world.begin("demo").await;
    let refused = operation::cancel(&mut tx, end.id, "it stays").await;
    assert!(
        matches!(refused, Err(billing::BillingError::Conflict("asked", _))),
        "{refused:?}"
    );
    drop(tx);
    yard.virtfusion.faults().clear();
    yard.until("demo", id, "terminated").await;
    assert!(yard.virtfusion.servers().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_whose_answer_could_not_be_kept_is_in_doubt() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let schema = yard.world.tenant("demo").schema.clone();
    let sql = format!(
        "CREATE FUNCTION \"{schema}\".lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF NEW.panel_ids ? 'server' THEN RAISE EXCEPTION 'lost'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER lose BEFORE UPDATE ON \"{schema}\".services FOR EACH ROW EXECUTE FUNCTION \"{schema}\".lose()"
    );
    let mut admin = yard.world.admin().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut admin)
        .await
        .expect("a trigger");
    let id = yard.buy("demo", plan).await;
    for _ in 0..10 {
        yard.work(1).await;
        if !yard.virtfusion.servers().is_empty() {
            break;
        }
    }
    assert_eq!(yard.virtfusion.servers().len(), 1);
    let create = yard.last("demo", id, "create").await;
    assert_eq!(create.status, "retrying", "{create:?}");
    let mut tx = yard.world.begin("demo").await;
    operation::cancel(&mut tx, create.id, "given up")
        .await
        .expect("given up");
    tx.commit().await.expect("a commit");
    let drop = format!("DROP TRIGGER lose ON \"{schema}\".services");
    sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
        .execute(&mut admin)
        .await
        .expect("dropped");
    yard.work(3).await;
    let tasks = yard.open_tasks("demo").await;
    assert!(
        yard.virtfusion.servers().is_empty() || tasks.iter().any(|task| task.contains("remove it there")),
        "somebody knows of it: {tasks:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calling_an_old_removal_done_leaves_the_next_build_what_it_has() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    yard.virtfusion.fail_builds(1);
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "failed").await;
    yard.refuse_deletes();
    let mut tx = yard.world.begin("demo").await;
    let failed = yard.last("demo", id, "create").await;
    tell(&mut tx, id, "service.released").await;
    tx.commit().await.expect("a commit");
    yard.quiet("demo", id).await;
    let removal = yard.last("demo", id, "terminate").await;
    assert_eq!(removal.status, "failed");
    let mut tx = yard.world.begin("demo").await;
    operation::retry(&mut tx, failed.id).await.expect("again");
    operation::skip(&mut tx, removal.id).await.expect("done by hand");
    tx.commit().await.expect("a commit");
    let building = yard.service("demo", id).await;
    assert_ne!(building.panel_ids.get("server"), None, "{:?}", building.panel_ids);
    yard.until("demo", id, "active").await;
    assert_eq!(yard.virtfusion.servers().len(), 1);
    // Of a service that is failed, the owner stays known and the server is forgotten.
    let second = {
        yard.virtfusion.fail_builds(1);
        let account = yard.world.account("demo", "Second").await.id;
        yard.credit("demo", account, 1000).await;
        yard.order("demo", account, plan).await
    };
    yard.until("demo", second, "failed").await;
    let mut tx = yard.world.begin("demo").await;
    tell(&mut tx, second, "service.released").await;
    tx.commit().await.expect("a commit");
    yard.quiet("demo", second).await;
    let removal = yard.last("demo", second, "terminate").await;
    let mut tx = yard.world.begin("demo").await;
    operation::skip(&mut tx, removal.id).await.expect("done by hand");
    tx.commit().await.expect("a commit");
    let ids = yard.service("demo", second).await.panel_ids;
    assert_eq!(ids.get("server"), None, "{ids:?}");
    assert!(ids.get("user").is_some_and(|user| *user != Value::Null), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_the_providers_staff_gave_up_is_asked_for_anew() {
    let yard = Yard::open().await;
    let plan = yard.chain(&["leaf"]).await;
    yard.credit("demo", yard.reseller_account("leaf"), 1000).await;
    let id = yard.buy("leaf", plan).await;
    yard.until("leaf", id, "active").await;
    yard.refuse_deletes();
    yard.world.clock.advance(TimeDelta::seconds(1));
    yard.terminate("leaf", id).await;
    yard.work(6).await;
    let above = yard.services("demo").await[0].id;
    let there = yard.last("demo", above, "terminate").await;
    assert_eq!(there.status, "failed");
    let here = yard.last("leaf", id, "terminate").await;
    let mut tx = yard.world.begin("leaf").await;
    let refused = operation::cancel(&mut tx, here.id, "it stays").await;
    assert!(
        matches!(refused, Err(billing::BillingError::Conflict("asked", _))),
        "the provider was asked: {refused:?}"
    );
    drop(tx);
    let mut tx = yard.world.begin("demo").await;
    operation::cancel(&mut tx, there.id, "not now").await.expect("given up");
    tx.commit().await.expect("a commit");
    yard.quiet("leaf", id).await;
    let here = yard.last("leaf", id, "terminate").await;
    assert_eq!(here.status, "failed", "{here:?}");
    yard.virtfusion.faults().clear();
    let mut tx = yard.world.begin("leaf").await;
    operation::retry(&mut tx, here.id).await.expect("again");
    tx.commit().await.expect("a commit");
    yard.until("leaf", id, "terminated").await;
    assert_eq!(yard.service("demo", above).await.status, "terminated");
    assert!(yard.virtfusion.servers().is_empty());
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_anew_is_not_removed_and_what_was_given_up_can_be_built_after_all() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    yard.virtfusion.fail_builds(1);
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "failed").await;
    yard.refuse_deletes();
    let create = yard.last("demo", id, "create").await;
    let mut tx = yard.world.begin("demo").await;
    tell(&mut tx, id, "service.released").await;
    tx.commit().await.expect("a commit");
    yard.quiet("demo", id).await;
    let removal = yard.last("demo", id, "terminate").await;
    let mut tx = yard.world.begin("demo").await;
    operation::retry(&mut tx, create.id).await.expect("again");
    let refused = operation::retry(&mut tx, removal.id).await;
    assert!(
        matches!(refused, Err(billing::BillingError::Conflict("built_anew", _))),
        "{refused:?}"
    );
    drop(tx);
    // Given up, cleared away, and built after all: on a panel that is clean.
    let mut tx = yard.world.begin("demo").await;
    operation::cancel(&mut tx, create.id, "not now")
        .await
        .expect("given up");
    tx.commit().await.expect("a commit");
    yard.virtfusion.faults().clear();
    let mut tx = yard.world.begin("demo").await;
    operation::retry(&mut tx, removal.id).await.expect("removed");
    tx.commit().await.expect("a commit");
    yard.quiet("demo", id).await;
    assert!(yard.virtfusion.servers().is_empty());
    let mut tx = yard.world.begin("demo").await;
    operation::retry(&mut tx, create.id).await.expect("after all");
    tx.commit().await.expect("a commit");
    yard.until("demo", id, "active").await;
    assert_eq!(yard.virtfusion.servers().len(), 1);
    yard.audit().await;
}
