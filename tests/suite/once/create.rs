//! From a paid order to a taken payment: create-server and capture, twice, at once, and killed at every wait.

use std::time::Duration;

use billing::ids::{PaymentId, ServiceId};
use billing::payment::{self, FinishHold};
use platform::job::Outcome;
use portals::app::App;
use provisioning::operation::{self, RunOperation};
use serde_json::{Value, json};

use super::floor::{Ends, Floor, killed_after};

const BOUND: usize = 1200;

/// What an order with a held payment left behind.
struct Placed {
    service: ServiceId,
    payment: PaymentId,
}

async fn place(floor: &Floor, n: usize) -> Placed {
    let body = floor.order_body(floor.customer(n).await, n);
    let answer = floor.post("/orders", body).await;
    let service: ServiceId = answer["services"][0]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a service");
    let mut tx = floor.world.begin("demo").await;
    let payment = sqlx::query_scalar(
        "SELECT p.id FROM payments p JOIN invoices i ON i.id = p.invoice_id JOIN subscriptions s ON s.order_id = i.order_id \
         JOIN services v ON v.subscription_id = s.id WHERE v.id = $1 AND p.status = 'held'",
    )
    .bind(service)
    .fetch_one(tx.connection())
    .await
    .expect("a held payment");
    Placed { service, payment }
}

/// One worker's life: it wants the server, builds it step by step, and takes the money.
async fn build(floor: &Floor, app: &App, placed: &Placed) {
    let scope = floor.world.scope("demo");
    let key = format!("create:{}", placed.service);
    let mut tx = app.tenancy().begin(&scope).await.expect("a transaction");
    let operation = operation::want(&mut tx, placed.service, "create", &key, json!({}))
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    let shop = app.workshop();
    for _ in 0..200 {
        match operation::run(&shop, &scope, &RunOperation { operation }).await {
            Outcome::Done => break,
            Outcome::Wait { .. } | Outcome::Retry { .. } => tokio::time::sleep(Duration::from_millis(5)).await,
            Outcome::Fail { why } => panic!("{why}"),
        }
    }
    let finish = FinishHold {
        payment: placed.payment,
    };
    let _ = payment::finish_hold(app.tenancy(), app.gateways(), &scope, &finish).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_at_once_build_one_server_and_take_the_money_once() {
    let floor = Floor::open().await;
    for n in 0..6 {
        let placed = place(&floor, n).await;
        tokio::join!(
            build(&floor, &floor.nodes[0], &placed),
            build(&floor, &floor.nodes[1], &placed)
        );
        build(&floor, &floor.nodes[0], &placed).await;
    }
    floor.recover().await;
    floor.assert_orders(6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_at_any_point_leaves_one_server_and_one_charge() {
    let floor = Floor::open().await;
    let mut killed = 0;
    let mut ends = Ends::default();
    for n in 0.. {
        assert!(n < BOUND, "a build does not end");
        let placed = place(&floor, n).await;
        killed = n;
        let done = killed_after(n, build(&floor, &floor.nodes[0], &placed)).await;
        if ends.after(done.is_some()) {
            break;
        }
    }
    floor.recover().await;
    floor.assert_orders(killed + 1).await;
    let names: Vec<Value> = floor
        .virtfusion
        .servers()
        .iter()
        .map(|server| json!(server.name))
        .collect();
    let mut unique = names.clone();
    unique.sort_by_key(ToString::to_string);
    unique.dedup();
    assert_eq!(unique.len(), names.len(), "each server is another one");
}
