//! What staff build by hand: paid means delivered, or visibly a task.

use billing::{service, suspension};
use provisioning::operation;
use provisioning::server::NewServer;
use serde_json::json;

use super::yard::Yard;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_by_hand_waits_as_a_task_and_is_taken_when_staff_name_it() {
    let yard = Yard::open().await;
    let new = NewServer {
        panel: "manual".into(),
        name: "by hand".into(),
        base_url: String::new(),
        credentials: json!({}),
        settings: json!({}),
    };
    let server = yard.server("demo", &new).await;
    let settings = json!({ "instructions": "Rack 3." });
    let (_, plan) = yard.product("demo", server, settings).await;
    let customer = yard.world.account("demo", "Hall").await.id;
    let card = yard.card("demo", customer, "pm_card_visa").await;
    let id = yard.order_with("demo", customer, plan, Some(card)).await;
    yard.work(4).await;
    assert_eq!(yard.service("demo", id).await.status, "provisioning");
    let tasks = yard.open_tasks("demo").await;
    assert!(tasks.len() == 1 && tasks[0].contains("Rack 3."), "{tasks:?}");
    assert!(yard.stripe.captured().is_empty(), "held until it is delivered");

    let create = yard.operations("demo", id).await[0].id;
    let mut tx = yard.world.begin("demo").await;
    assert!(
        operation::adopt(&mut tx, create, " ").await.is_err(),
        "a name is needed"
    );
    operation::adopt(&mut tx, create, "rack-3-u12").await.expect("named");
    tx.commit().await.expect("a commit");
    let made = yard.until("demo", id, "active").await;
    assert_eq!(made.panel_ref.as_deref(), Some("rack-3-u12"));
    yard.work(4).await;
    assert_eq!(yard.stripe.captured().len(), 1);
    assert_eq!(yard.open_tasks("demo").await, Vec::<String>::new());

    let mut tx = yard.world.begin("demo").await;
    suspension::suspend(&mut tx, id, "staff", None, "a look")
        .await
        .expect("suspended");
    tx.commit().await.expect("a commit");
    yard.work(3).await;
    assert_eq!(
        yard.service("demo", id).await.status,
        "active",
        "nobody has done it yet"
    );
    assert!(yard.open_tasks("demo").await[0].contains("Suspend rack-3-u12"));
    let operations = yard.operations("demo", id).await;
    let waits = operations.iter().find(|o| o.is_open()).expect("a suspension");
    let mut tx = yard.world.begin("demo").await;
    operation::skip(&mut tx, waits.id).await.expect("done by hand");
    service::want_termination(&mut tx, id, "moved out")
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    yard.work(3).await;
    assert_eq!(yard.service("demo", id).await.status, "suspended");
    assert!(yard.open_tasks("demo").await[0].contains("Remove rack-3-u12"));
    yard.audit().await;
}
