//! Holds that are lost while a part of their order runs: what runs is charged anew, the rest is nobody's debt.

use billing::gateway::{Decline, Outcome};
use billing::ids::PaymentId;
use billing::payment;
use platform::money::{Currency, Money};
use provisioning::{OperationId, operation};
use serde_json::{Value, json};

use super::trial::{Trial, text};
use super::yard::{credit, order_of, pass, plan_on, states, tasks};

const LOST: &str = "Held money was lost";

/// The gateway gave up what it held.
async fn lose(trial: &Trial) {
    let mut tx = trial.world.begin("trial").await;
    sqlx::query("UPDATE sandbox_payments SET status = 'released' WHERE status = 'held'")
        .execute(tx.connection())
        .await
        .expect("released");
    let held: PaymentId = sqlx::query_scalar("SELECT id FROM payments WHERE status = 'held'")
        .fetch_one(tx.connection())
        .await
        .expect("a hold");
    let gone = Outcome::Declined {
        reference: None,
        class: Decline::NewCard,
        code: "canceled".into(),
        message: "The payment was cancelled.".into(),
    };
    for _ in 0..2 {
        payment::settle(&mut tx, held, &gone).await.expect("settled");
    }
    tx.commit().await.expect("a commit");
    trial.work().await;
}

async fn invoice(trial: &Trial, order: &Value) -> Value {
    trial.get(&format!("/invoices/{}", text(order, "invoice"))).await
}

fn state(invoice: &Value) -> (&str, &str) {
    (
        invoice["payment_status"].as_str().expect("a state"),
        invoice["amount_due"]["amount"].as_str().expect("an amount"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn when_credit_paid_all_that_runs_nothing_is_owed_and_nothing_is_charged_again() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let broken = plan_on(&trial, "sandbox", json!({ "fail": "refused" })).await;
    credit(&trial, &stock, "10.00").await;
    let order = order_of(&trial, &stock, &[&stock.plan, &broken], Some("pm_card_visa")).await;
    assert_eq!(states(&trial, "services").await, ["active", "failed"]);
    assert_eq!(trial.count("SELECT amount_minor FROM payments").await, 1000);
    lose(&trial).await;
    assert_eq!(states(&trial, "services").await, ["active", "terminated"]);
    let seen = invoice(&trial, &order).await;
    assert_eq!(state(&seen), ("paid", "0.00"), "{seen}");
    assert!(!tasks(&trial).await.contains(&LOST.to_owned()), "nothing is owed");
    let again = "SELECT count(*) FROM invoices WHERE next_try_on IS NOT NULL";
    assert_eq!(trial.count(again).await, 0);
    trial.audit().await;
    pass(&trial, 20).await;
    assert_eq!(trial.count("SELECT count(*) FROM payments").await, 1);
    assert_eq!(trial.count("SELECT count(*) FROM collection_steps").await, 0);
    assert_eq!(states(&trial, "services").await, ["active", "terminated"]);
    trial.audit().await;
}

/// One part runs, the other waits for its panel, and the money of both is lost.
async fn half_built(trial: &Trial) -> (Value, OperationId) {
    let stock = trial.stock(json!({})).await;
    let slow = plan_on(trial, "sandbox", json!({ "fail": "away" })).await;
    let order = order_of(trial, &stock, &[&stock.plan, &slow], Some("pm_card_visa")).await;
    assert_eq!(states(trial, "services").await, ["active", "provisioning"]);
    lose(trial).await;
    let seen = invoice(trial, &order).await;
    assert_eq!(state(&seen), ("unpaid", "20.00"), "{seen}");
    assert!(tasks(trial).await.contains(&LOST.to_owned()));
    let again = "SELECT count(*) FROM invoices WHERE next_try_on IS NOT NULL";
    assert_eq!(trial.count(again).await, 0, "the rest is not decided yet");
    let mut tx = trial.world.begin("trial").await;
    let waits: OperationId =
        sqlx::query_scalar("SELECT id FROM operations WHERE kind = 'create' AND status = 'retrying'")
            .fetch_one(tx.connection())
            .await
            .expect("a create");
    (order, waits)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_charged_anew_once_the_rest_runs_too() {
    let trial = Trial::open().await;
    let (order, _) = half_built(&trial).await;
    let mut tx = trial.world.begin("trial").await;
    sqlx::query("UPDATE products SET panel_settings = '{}'")
        .execute(tx.connection())
        .await
        .expect("the panel is back");
    tx.commit().await.expect("a commit");
    trial.work().await;
    assert_eq!(states(&trial, "services").await, ["active", "active"]);
    pass(&trial, 1).await;
    assert_eq!(states(&trial, "payments").await, ["failed", "succeeded"]);
    let seen = invoice(&trial, &order).await;
    assert_eq!(state(&seen), ("paid", "0.00"), "{seen}");
    assert_eq!(trial.count("SELECT count(*) FROM collection_steps").await, 0);
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_charged_anew_once_the_rest_is_given_up_and_the_rest_is_not() {
    let trial = Trial::open().await;
    let (order, waits) = half_built(&trial).await;
    let mut tx = trial.world.begin("trial").await;
    operation::cancel(&mut tx, waits, "out of racks")
        .await
        .expect("given up");
    tx.commit().await.expect("a commit");
    trial.work().await;
    assert_eq!(states(&trial, "services").await, ["active", "terminated"]);
    let seen = invoice(&trial, &order).await;
    assert_eq!(state(&seen), ("partly_paid", "10.00"), "{seen}");
    pass(&trial, 1).await;
    assert_eq!(states(&trial, "payments").await, ["failed", "succeeded"]);
    let taken = "SELECT sum(amount_minor)::bigint FROM payments WHERE status = 'succeeded'";
    assert_eq!(trial.count(taken).await, 1000);
    let seen = invoice(&trial, &order).await;
    assert_eq!(state(&seen), ("paid", "0.00"), "{seen}");
    trial.audit().await;
    // Not told again, not charged again.
    let told = "SELECT count(*) FROM events WHERE type = 'service.undelivered'";
    assert_eq!(trial.count(told).await, 1);
    pass(&trial, 3).await;
    assert_eq!(trial.count(told).await, 1);
    assert_eq!(trial.count("SELECT count(*) FROM payments").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_whose_taken_off_part_became_credit_can_be_voided() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let broken = plan_on(&trial, "sandbox", json!({ "fail": "refused" })).await;
    credit(&trial, &stock, "15.00").await;
    let order = order_of(&trial, &stock, &[&stock.plan, &broken], Some("pm_card_visa")).await;
    assert_eq!(states(&trial, "services").await, ["active", "failed"]);
    pass(&trial, 7).await;
    let has = "SELECT credit_minor FROM accounts";
    assert_eq!(trial.count(has).await, 500, "15 paid, 10 are owed");
    assert_eq!(states(&trial, "sandbox_payments").await, ["released"]);
    let seen = invoice(&trial, &order).await;
    assert_eq!(state(&seen), ("paid", "0.00"), "{seen}");
    assert_eq!(seen["amount_undelivered"]["amount"], "10.00", "{seen}");
    trial.audit().await;
    let void = format!("/invoices/{}/void", text(&order, "invoice"));
    for _ in 0..2 {
        trial.post(&void, json!({ "reason": "a mistake" })).await;
    }
    assert_eq!(trial.count(has).await, 1500);
    assert_eq!(invoice(&trial, &order).await["status"], "void");
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_became_credit_is_not_sent_back_a_second_time() {
    let trial = Trial::open().await;
    let (order, waits) = half_built(&trial).await;
    let mut tx = trial.world.begin("trial").await;
    let new = payment::Received {
        invoice: text(&order, "invoice").parse().expect("an invoice"),
        amount: Some(Money::parse("15.00", Currency::parse("USD").expect("dollars")).expect("money")),
        reference: "bank".into(),
        key: None,
    };
    let paid = payment::record(&mut tx, &new).await.expect("recorded");
    operation::cancel(&mut tx, waits, "out of racks")
        .await
        .expect("given up");
    tx.commit().await.expect("a commit");
    trial.work().await;
    let seen = invoice(&trial, &order).await;
    assert_eq!(state(&seen), ("paid", "0.00"), "{seen}");
    assert_eq!(trial.count("SELECT credit_minor FROM accounts").await, 500);
    trial.audit().await;
    let mut tx = trial.world.begin("trial").await;
    let row = payment::find(&mut tx, paid).await.expect("read").expect("the payment");
    let left = billing::refund::left(&mut tx, &row).await.expect("what is left");
    assert_eq!((left.total_minor, left.invoice_minor), (1500, 1000));
    drop(tx);
    // All of it goes back: what runs and what is credit, and no credit stays.
    let all = json!({ "payment": paid, "reason": "all of it" });
    trial.post("/refunds", all).await;
    assert_eq!(trial.count("SELECT credit_minor FROM accounts").await, 0);
    assert_eq!(invoice(&trial, &order).await["payment_status"], "refunded");
    trial.audit().await;
}
