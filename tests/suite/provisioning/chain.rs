//! A reseller's service is delivered by its parent's, at any depth, once.

use billing::{service, suspension};
use provisioning::{link, usage};

use super::yard::{Yard, small};

#[tokio::test(flavor = "multi_thread")]
async fn two_resellers_deep_one_server_is_built_and_everything_travels() {
    let yard = Yard::open().await;
    yard.world.reseller("middle", "demo").await;
    yard.world.reseller("leaf", "middle").await;
    let server = yard.virtfusion_server("demo").await;
    let (root_product, _) = yard.product("demo", server, small()).await;
    let server = yard.upstream_server("middle", root_product).await;
    let (middle_product, _) = yard.product("middle", server, serde_json::json!({})).await;
    let server = yard.upstream_server("leaf", middle_product).await;
    let (_, plan) = yard.product("leaf", server, serde_json::json!({})).await;
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

async fn suspend(yard: &Yard, id: billing::ids::ServiceId) {
    let mut tx = yard.world.begin("leaf").await;
    suspension::suspend(&mut tx, id, "staff", None, "a look")
        .await
        .expect("suspended");
    tx.commit().await.expect("a commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_money_upstream_it_waits_visibly_and_orders_once() {
    let yard = Yard::open().await;
    yard.world.reseller("leaf", "demo").await;
    let server = yard.virtfusion_server("demo").await;
    let (product, _) = yard.product("demo", server, small()).await;
    let server = yard.upstream_server("leaf", product).await;
    let (_, plan) = yard.product("leaf", server, serde_json::json!({})).await;
    let id = yard.buy("leaf", plan).await;
    yard.work(4).await;
    let operation = &yard.operations("leaf", id).await[0];
    assert_eq!(operation.status, "waiting", "{operation:?}");
    assert!(
        operation.reason.as_deref().is_some_and(|why| why.contains("invoice")),
        "{operation:?}"
    );
    assert!(yard.virtfusion.servers().is_empty());
    assert_eq!(yard.services("demo").await.len(), 1, "ordered once");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_room_upstream_is_a_task_on_both_sides() {
    let yard = Yard::open().await;
    yard.world.reseller("leaf", "demo").await;
    let server = yard.virtfusion_server("demo").await;
    let (product, _) = yard.product("demo", server, small()).await;
    let server = yard.upstream_server("leaf", product).await;
    let (_, plan) = yard.product("leaf", server, serde_json::json!({})).await;
    yard.credit("demo", yard.reseller_account("leaf"), 5000).await;
    yard.virtfusion.set_capacity(0);
    let id = yard.buy("leaf", plan).await;
    let sold = yard.until("leaf", id, "failed").await;
    assert!(sold.reason.is_some_and(|why| !why.contains("hypervisor")));
    assert_eq!(yard.open_tasks("leaf").await.len(), 1);
    assert_eq!(yard.open_tasks("demo").await.len(), 1);
    assert!(yard.open_tasks("leaf").await[0].contains("no capacity"));
}
