//! A gateway's event: twice, on two nodes at once, and killed at every wait; the payment is settled once.

use base64::Engine as _;
use billing::ids::{InboxId, PaymentId};
use billing::inbox::{self, ApplyEvent};
use chrono::TimeDelta;
use platform::job::Outcome;
use portals::app::App;
use serde_json::{Value, json};
use simulators::FaultKind;
use simulators::stripe::sign;

use super::floor::{Ends, Floor, killed_after};

const BOUND: usize = 400;

/// An order whose charge took effect and whose answer was lost; with the event that tells of it.
async fn lost(floor: &Floor, n: usize) -> (PaymentId, Value) {
    floor
        .stripe
        .faults()
        .once("POST", "/v1/payment_intents", FaultKind::FailAfter(500));
    let body = floor.order_body(floor.customer(n).await, n);
    let (status, answer) = floor.call(0, "/orders", &body, None).await;
    assert_eq!(
        (status, &answer["status"]),
        (201, &json!("pending_payment")),
        "{answer}"
    );
    let mut tx = floor.world.begin("demo").await;
    let payment: PaymentId = sqlx::query_scalar("SELECT id FROM payments WHERE status = 'unknown'")
        .fetch_one(tx.connection())
        .await
        .expect("a payment in doubt");
    drop(tx);
    let intent = floor
        .stripe
        .objects("payment_intent")
        .into_iter()
        .find(|intent| intent["metadata"]["payment"] == json!(payment))
        .expect("it took effect");
    let event = json!({ "id": format!("evt_{n}"), "object": "event", "type": "payment_intent.amount_capturable_updated",
        "api_version": "2026-09-30.endive", "created": floor.world.clock.now().timestamp(), "livemode": false,
        "pending_webhooks": 1, "request": null, "data": { "object": intent } });
    (payment, event)
}

/// What a node does with an event: stores it, and a worker applies it.
async fn deliver(floor: &Floor, app: &App, event: &Value) {
    let scope = floor.world.scope("demo");
    let body = event.to_string();
    let at = floor.world.clock.now().timestamp();
    let headers = [("stripe-signature".to_owned(), sign("whsec_1", at, &body))];
    inbox::receive(
        app.tenancy(),
        app.gateways(),
        &scope,
        floor.gateway,
        (&headers, body.as_bytes()),
    )
    .await
    .expect("it is taken");
    let mut tx = app.tenancy().begin(&scope).await.expect("a transaction");
    let id: InboxId = sqlx::query_scalar("SELECT id FROM inbox WHERE event_id = $1")
        .bind(event["id"].as_str())
        .fetch_one(tx.connection())
        .await
        .expect("it is stored");
    tx.commit().await.expect("a commit");
    let references = vec![event["data"]["object"]["id"].as_str().unwrap_or_default().to_owned()];
    let own = event["data"]["object"]["metadata"]["payment"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let args = ApplyEvent {
        inbox: id,
        references: [references, vec![own]].concat(),
    };
    let applied = inbox::apply(app.tenancy(), app.gateways(), &scope, &args).await;
    assert_eq!(applied, Outcome::Done);
}

async fn settled(floor: &Floor, payment: PaymentId) -> String {
    let mut tx = floor.world.begin("demo").await;
    sqlx::query_scalar("SELECT status FROM payments WHERE id = $1")
        .bind(payment)
        .fetch_one(tx.connection())
        .await
        .expect("a payment")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_twice_and_on_two_nodes_at_once_settles_once() {
    let floor = Floor::open().await;
    for n in 0..5 {
        let (payment, event) = lost(&floor, n).await;
        tokio::join!(
            deliver(&floor, &floor.nodes[0], &event),
            deliver(&floor, &floor.nodes[1], &event)
        );
        deliver(&floor, &floor.nodes[0], &event).await;
        assert_eq!(settled(&floor, payment).await, "held");
    }
    assert_eq!(floor.count("SELECT count(*) FROM inbox").await, 5);
    floor.recover().await;
    floor.assert_orders(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_killed_at_any_point_is_applied_once_when_it_comes_again() {
    let floor = Floor::open().await;
    let mut killed = 0;
    let mut ends = Ends::default();
    for n in 0.. {
        assert!(n < BOUND, "an event is never applied");
        let (payment, event) = lost(&floor, n).await;
        killed = n;
        let done = killed_after(n, deliver(&floor, &floor.nodes[0], &event)).await;
        // A provider sends again what was not answered.
        deliver(&floor, &floor.nodes[1], &event).await;
        assert_eq!(settled(&floor, payment).await, "held");
        if ends.after(done.is_some()) {
            break;
        }
    }
    floor.recover().await;
    floor.assert_orders(killed + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_old_or_of_a_wrong_signature_changes_nothing() {
    let floor = Floor::open().await;
    let (payment, event) = lost(&floor, 0).await;
    let scope = floor.world.scope("demo");
    let body = event.to_string();
    let now = floor.world.clock.now();
    let old = (now - TimeDelta::hours(1)).timestamp();
    let wrong = base64::engine::general_purpose::STANDARD.encode("nothing");
    for signature in [
        sign("whsec_2", now.timestamp(), &body),
        sign("whsec_1", old, &body),
        format!("t={},v1={wrong}", now.timestamp()),
    ] {
        let headers = [("stripe-signature".to_owned(), signature)];
        let node = &floor.nodes[0];
        let taken = inbox::receive(
            node.tenancy(),
            node.gateways(),
            &scope,
            floor.gateway,
            (&headers, body.as_bytes()),
        );
        assert!(taken.await.is_err());
    }
    assert_eq!(floor.count("SELECT count(*) FROM inbox").await, 0);
    assert_eq!(settled(&floor, payment).await, "unknown");
}
