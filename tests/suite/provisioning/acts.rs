//! One tenant, one VirtFusion: acts, lost answers, two workers at once, and the comparison.

use billing::service;
use platform::job::Outcome;
use provisioning::operation::{self, RunOperation};
use provisioning::panel::Power;
use provisioning::reconcile::Mismatch;
use provisioning::server::{NewServer, ServerChange};
use provisioning::{capacity, link, server, usage};
use serde_json::json;
use simulators::FaultKind;

use super::yard::{Yard, small};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_panel_can_do_is_done_once_and_written_down() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (product, plan) = yard.product("demo", on, small()).await;
    let scope = yard.world.scope("demo");
    let room = capacity::left(&yard.shop(), &scope, product)
        .await
        .expect("an answer")
        .expect("a figure");
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    let after = capacity::left(&yard.shop(), &scope, product).await.expect("an answer");
    assert_eq!(after, Some(room - 1));

    let mut tx = yard.world.begin("demo").await;
    link::power(&mut tx, yard.app.panels(), id, Power::Restart)
        .await
        .expect("wanted");
    let wanted = link::root_password(&mut tx, yard.app.panels(), id)
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    yard.work(4).await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    yard.work(4).await;
    let all = yard.operations("demo", id).await;
    assert!(all.iter().all(|o| o.status == "done"), "{all:?}");
    assert_eq!(
        all.iter().find(|o| o.id == wanted).map(|o| &o.input),
        Some(&json!({})),
        "no secret stays behind"
    );
    let mut tx = yard.world.begin("demo").await;
    let password = link::take_password(&mut tx, id)
        .await
        .expect("an answer")
        .expect("a password");
    tx.commit().await.expect("a commit");
    assert_eq!(*password.expose(), yard.virtfusion.servers()[0].password);

    let console = link::console_link(&yard.shop(), &scope, id).await.expect("a console");
    assert!(console.url.starts_with("ws://") && console.password.is_some());
    let seen = usage::refresh(&yard.shop(), &scope, id).await.expect("a state");
    assert_eq!((seen.name.as_str(), seen.owner), (id.to_string().as_str(), Some(1001)));
    assert!(
        !server::packages(&yard.shop(), &scope, on)
            .await
            .expect("packages")
            .is_empty()
    );
    assert!(
        !server::images(&yard.shop(), &scope, on, &small())
            .await
            .expect("images")
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bigger_package_is_put_on_and_read_back() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (product, plan) = yard.product("demo", on, small()).await;
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    let schema = &yard.world.tenant("demo").schema;
    let bigger = format!(
        "UPDATE {schema}.products SET panel_settings = panel_settings || '{{\"package_id\": 2, \"memory\": 9216}}' WHERE id = '{}'",
        product.uuid()
    );
    yard.world.execute(&bigger).await;
    let mut tx = yard.world.begin("demo").await;
    operation::want(&mut tx, id, "change_plan", "change:1", json!({}))
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    for _ in 0..8 {
        yard.work(1).await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    let all = yard.operations("demo", id).await;
    assert!(all.iter().all(|o| o.status == "done"), "{all:?}");
    let there = &yard.virtfusion.servers()[0];
    assert_eq!((there.package_id, there.memory_mb), (2, 9216));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_and_a_lost_answer_make_one_server() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    yard.virtfusion
        .faults()
        .once("POST", "/api/v1/servers", FaultKind::FailAfter(502));
    let account = yard.world.account("demo", "Hall").await.id;
    yard.credit("demo", account, 1000).await;
    let id = yard.order("demo", account, plan).await;
    let mut tx = yard.world.begin("demo").await;
    let create = operation::want(&mut tx, id, "create", &format!("create:{id}"), json!({}))
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    let (shop, scope, args) = (
        yard.shop(),
        yard.world.scope("demo"),
        RunOperation { operation: create },
    );
    for _ in 0..20 {
        let runs = (0..4).map(|_| operation::run(&shop, &scope, &args));
        let outcomes = futures::future::join_all(runs).await;
        if outcomes.iter().all(|outcome| *outcome == Outcome::Done) {
            break;
        }
    }
    assert_eq!(yard.service("demo", id).await.status, "active");
    assert_eq!(yard.virtfusion.servers().len(), 1);
    assert_eq!(yard.virtfusion.servers()[0].builds, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_become_tasks_and_go_away_with_their_cause() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    let there = yard.virtfusion.servers()[0].id;
    let differs = |mismatch: Option<Mismatch>| {
        let yard = &yard;
        async move {
            let tasks = yard.compared("demo", on).await;
            let fits = |task: &String| mismatch.is_some_and(|mismatch| task.contains(mismatch.sentence()));
            assert!(
                tasks.len() == usize::from(mismatch.is_some()) && tasks.iter().all(fits),
                "{mismatch:?}: {tasks:?}"
            );
        }
    };
    differs(None).await;
    yard.virtfusion.edit(there, |server| server.suspended = true);
    differs(Some(Mismatch::SuspendedThere)).await;
    yard.virtfusion.edit(there, |server| server.suspended = false);
    differs(None).await;
    yard.virtfusion.vanish(there);
    yard.world.clock.advance(chrono::TimeDelta::seconds(1));
    differs(Some(Mismatch::Gone)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_server_builds_nothing_and_staff_can_try_again() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let enable = |enabled| {
        let yard = &yard;
        async move {
            let mut tx = yard.world.begin("demo").await;
            let change = ServerChange {
                enabled: Some(enabled),
                ..ServerChange::default()
            };
            server::update(&mut tx, yard.app.panels(), on, &change)
                .await
                .expect("changed");
            tx.commit().await.expect("a commit");
        }
    };
    enable(false).await;
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "failed").await;
    assert!(yard.virtfusion.servers().is_empty());
    enable(true).await;
    let failed = yard.operations("demo", id).await[0].id;
    let mut tx = yard.world.begin("demo").await;
    operation::retry(&mut tx, failed).await.expect("again");
    tx.commit().await.expect("a commit");
    yard.until("demo", id, "active").await;
    assert!(yard.open_tasks("demo").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_tenant_builds_in_the_sandbox_and_only_there() {
    let yard = Yard::open().await;
    yard.world.sandbox("play").await;
    let new = NewServer {
        panel: "sandbox".into(),
        name: "sand".into(),
        base_url: String::new(),
        credentials: json!({}),
        settings: json!({}),
    };
    let mut tx = yard.world.begin("demo").await;
    assert!(
        server::configure(&mut tx, yard.app.panels(), &new).await.is_err(),
        "not in a live tenant"
    );
    drop(tx);
    let on = yard.server("play", &new).await;
    let (_, plan) = yard.product("play", on, json!({ "build_steps": 2 })).await;
    let (_, full) = yard.product("play", on, json!({ "fail": "no_capacity" })).await;
    let id = yard.buy("play", plan).await;
    let built = yard.until("play", id, "active").await;
    assert!(built.ip_addresses[0].starts_with("198.1"));
    let mut tx = yard.world.begin("play").await;
    service::want_termination(&mut tx, id, "asked for")
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    yard.until("play", id, "terminated").await;
    let account = yard.world.account("play", "Full").await.id;
    yard.credit("play", account, 1000).await;
    let id = yard.order("play", account, full).await;
    yard.until("play", id, "failed").await;
}
