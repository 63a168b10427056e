//! Held money and the calendar: taken for what runs before it runs out, never for what does not.

use serde_json::json;

use super::trial::{Trial, text};
use super::yard::{order_of, pass, plan_on, states, tasks};

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_taken_before_the_hold_runs_out_and_what_does_not_is_taken_off_the_invoice() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let broken = plan_on(&trial, "sandbox", json!({ "fail": "refused" })).await;
    let order = order_of(&trial, &stock, &[&stock.plan, &broken], Some("pm_card_visa")).await;
    assert_eq!(states(&trial, "services").await, ["active", "failed"]);
    assert_eq!(states(&trial, "payments").await, ["held"], "somebody may build it yet");
    assert!(
        tasks(&trial)
            .await
            .contains(&"A part of a paid order was not built".to_owned())
    );
    pass(&trial, 7).await;
    assert_eq!(states(&trial, "payments").await, ["succeeded"]);
    assert_eq!(
        trial.count("SELECT taken_minor FROM sandbox_payments").await,
        1000,
        "of 2000"
    );
    let invoice = trial.get(&format!("/invoices/{}", text(&order, "invoice"))).await;
    assert_eq!(
        (&invoice["payment_status"], &invoice["amount_due"]["amount"]),
        (&json!("paid"), &json!("0.00")),
        "{invoice}"
    );
    assert_eq!(trial.count("SELECT credited_minor FROM invoices").await, 1000);
    assert_eq!(states(&trial, "services").await, ["active", "terminated"]);
    assert!(
        !tasks(&trial)
            .await
            .contains(&"A part of a paid order was not built".to_owned())
    );
    trial.audit().await;
    // Nothing of it is billed again, and no reminder goes out.
    pass(&trial, 31).await;
    assert_eq!(trial.count("SELECT count(*) FROM invoices").await, 2);
    assert_eq!(
        trial
            .count("SELECT total_minor FROM invoices WHERE order_id IS NULL")
            .await,
        1000
    );
    assert_eq!(trial.count("SELECT count(*) FROM collection_steps").await, 0);
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_at_the_end_of_a_hold_take_a_part_once() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let broken = plan_on(&trial, "sandbox", json!({ "fail": "refused" })).await;
    order_of(&trial, &stock, &[&stock.plan, &broken], Some("pm_card_visa")).await;
    let scope = trial.world.scope("trial");
    let mut tx = trial.world.begin("trial").await;
    let (payment, at): (billing::ids::PaymentId, chrono::DateTime<chrono::Utc>) =
        sqlx::query_as("UPDATE payments SET held_until = $1 RETURNING id, held_until")
            .bind(tx.now() + chrono::TimeDelta::hours(20))
            .fetch_one(tx.connection())
            .await
            .expect("a hold");
    tx.commit().await.expect("a commit");
    assert!(at > trial.world.clock.now());
    let args = billing::payment::FinishHold { payment };
    let node = trial.world.node().await;
    let kinds = trial.app.gateways();
    let (one, two) = tokio::join!(
        billing::payment::finish_hold(&trial.world.tenancy, kinds, &scope, &args),
        billing::payment::finish_hold(&node, kinds, &scope, &args)
    );
    for came in [one, two] {
        assert!(matches!(came, platform::job::Outcome::Done), "{came:?}");
    }
    assert_eq!(trial.count("SELECT taken_minor FROM sandbox_payments").await, 1000);
    assert_eq!(
        trial
            .count("SELECT count(*) FROM allocations WHERE amount_minor = 1000")
            .await,
        2
    );
    assert_eq!(trial.count("SELECT amount_minor FROM payments").await, 1000);
    trial.audit().await;
}
