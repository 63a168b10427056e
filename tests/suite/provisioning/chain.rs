//! A reseller's service is delivered by its parent's, at any depth, once.

use billing::ids::ServiceId;
use billing::{service, suspension};
use provisioning::panel::Power;
use provisioning::{link, usage};

use super::yard::Yard;

#[tokio::test(flavor = "multi_thread")]
async fn two_resellers_deep_one_server_is_built_and_everything_travels() {
    let yard = Yard::open().await;
    let plan = yard.chain(&["middle", "leaf"]).await;
    yard.credit("demo", yard.reseller_account("middle"), 5000).await;
    yard.credit("middle", yard.reseller_account("leaf"), 5000).await;

    let id = yard.buy("leaf", plan).await;
    let sold = yard.until("leaf", id, "active").await;
    assert_eq!(yard.virtfusion.servers().len(), 1);
    let middle = &yard.services("middle").await[0];
    let root = &yard.services("demo").await[0];
    assert_eq!(sold.panel_ref.as_deref(), Some(middle.id.to_string().as_str()));
    assert_eq!(middle.panel_ref.as_deref(), Some(root.id.to_string().as_str()));
    assert_eq!(sold.ip_addresses, root.ip_addresses);
    assert!(!sold.ip_addresses.is_empty());
    let mut tx = yard.world.begin("leaf").await;
    let password = link::take_password(&mut tx, id)
        .await
        .expect("an answer")
        .expect("a password");
    assert!(
        link::take_password(&mut tx, id).await.expect("an answer").is_none(),
        "shown once"
    );
    tx.commit().await.expect("a commit");
    assert_eq!(*password.expose(), yard.virtfusion.servers()[0].password);

    // The customer's own panel user, not the reseller's.
    let scope = yard.world.scope("leaf");
    let way_in = link::sign_in_link(&yard.shop(), &scope, id).await.expect("a link");
    assert!(way_in.url.starts_with(&yard.virtfusion.url()), "{way_in:?}");
    assert_eq!(yard.virtfusion.users().len(), 1);
    assert!(yard.virtfusion.users()[0].email.ends_with("@customers.invalid"));
    let there = yard.virtfusion.servers()[0].id;
    yard.virtfusion.add_traffic(there, 5, 7);
    let traffic = usage::read(&yard.shop(), &scope, id).await.expect("traffic");
    assert_eq!((traffic.in_bytes, traffic.out_bytes), (5, 7));

    suspend(&yard, id).await;
    yard.until("leaf", id, "suspended").await;
    assert!(yard.virtfusion.servers()[0].suspended);
    let mut tx = yard.world.begin("leaf").await;
    suspension::lift(&mut tx, id, "staff").await.expect("lifted");
    tx.commit().await.expect("a commit");
    yard.until("leaf", id, "active").await;
    assert!(!yard.virtfusion.servers()[0].suspended);

    let mut tx = yard.world.begin("leaf").await;
    service::want_termination(&mut tx, id, "asked for")
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    yard.until("leaf", id, "terminated").await;
    assert!(yard.virtfusion.servers().is_empty());
    assert_eq!(yard.services("demo").await[0].status, "terminated");
    assert_eq!(yard.open_tasks("demo").await, Vec::<String>::new());
}

async fn suspend(yard: &Yard, id: ServiceId) {
    let mut tx = yard.world.begin("leaf").await;
    suspension::suspend(&mut tx, id, "staff", None, "a look")
        .await
        .expect("suspended");
    tx.commit().await.expect("a commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_room_upstream_is_a_task_on_both_sides() {
    let yard = Yard::open().await;
    let plan = yard.chain(&["leaf"]).await;
    yard.credit("demo", yard.reseller_account("leaf"), 5000).await;
    yard.virtfusion.set_capacity(0);
    let id = yard.buy("leaf", plan).await;
    let sold = yard.until("leaf", id, "failed").await;
    assert!(sold.reason.is_some_and(|why| !why.contains("hypervisor")));
    assert_eq!(yard.open_tasks("leaf").await.len(), 1);
    assert_eq!(yard.open_tasks("demo").await.len(), 1);
    assert!(yard.open_tasks("leaf").await[0].contains("no capacity"));
}

/// Sells through the resellers, does everything a customer can, and counts what happened at each level.
async fn every_act_happens_once_at_each_level(resellers: &[&str]) {
    let yard = Yard::open().await;
    let plan = yard.chain(resellers).await;
    let mut above = "demo";
    for slug in resellers {
        yard.credit(above, yard.reseller_account(slug), 5000).await;
        above = slug;
    }
    let leaf = *resellers.last().expect("a reseller");
    let id = yard.buy(leaf, plan).await;
    yard.until(leaf, id, "active").await;
    let mut tx = yard.world.begin(leaf).await;
    link::power(&mut tx, yard.app.panels(), id, Power::Restart)
        .await
        .expect("wanted");
    link::root_password(&mut tx, yard.app.panels(), id)
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    yard.quiet(leaf, id).await;
    let mut tx = yard.world.begin(leaf).await;
    let password = link::take_password(&mut tx, id)
        .await
        .expect("an answer")
        .expect("a password");
    suspension::suspend(&mut tx, id, "staff", None, "a look")
        .await
        .expect("suspended");
    tx.commit().await.expect("a commit");
    assert_eq!(*password.expose(), yard.virtfusion.servers()[0].password);
    yard.until(leaf, id, "suspended").await;
    yard.quiet(leaf, id).await;
    let mut tx = yard.world.begin(leaf).await;
    suspension::lift(&mut tx, id, "staff").await.expect("lifted");
    tx.commit().await.expect("a commit");
    yard.until(leaf, id, "active").await;
    let mut tx = yard.world.begin(leaf).await;
    service::want_termination(&mut tx, id, "asked for")
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    yard.until(leaf, id, "terminated").await;
    yard.work(2).await;
    assert!(yard.virtfusion.servers().is_empty());
    for slug in resellers.iter().chain(&["demo"]) {
        let services = yard.services(slug).await;
        assert_eq!(services.len(), 1, "{slug}: {services:?}");
        let mut kinds: Vec<String> = Vec::new();
        for operation in yard.operations(slug, services[0].id).await {
            assert_eq!(operation.status, "done", "{slug}: {operation:?}");
            kinds.push(operation.kind);
        }
        kinds.sort();
        let once = ["create", "power", "resume", "root_password", "suspend", "terminate"];
        assert_eq!(kinds, once, "{slug}");
        assert_eq!(yard.open_tasks(slug).await, Vec::<String>::new(), "{slug}");
    }
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_happens_once_two_deep() {
    every_act_happens_once_at_each_level(&["middle", "leaf"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_happens_once_three_deep() {
    every_act_happens_once_at_each_level(&["upper", "middle", "leaf"]).await;
}
