//! Rules of money that only time shows: what is dunned, what is paid first, what is tried again.

use billing::BillingError;
use billing::ids::{InvoiceId, PaymentId, PaymentMethodId};
use serde_json::{Value, json};

use super::trial::{Trial, text};
use super::yard::{create, credit, order_of, pass, plan_on, states, tasks};

async fn invoice(trial: &Trial, order: &Value) -> Value {
    trial.get(&format!("/invoices/{}", text(order, "invoice"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_delivered_is_built_only_on_money_dunned_never_and_paid_from_credit_never() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let broken = plan_on(&trial, "sandbox", json!({ "fail": "refused" })).await;
    let order = order_of(&trial, &stock, &[&broken], Some("pm_card_visa")).await;
    assert_eq!(states(&trial, "services").await, ["failed"]);
    assert_eq!(states(&trial, "sandbox_payments").await, ["released"]);
    let failed = create(&trial).await;
    let mut tx = trial.world.begin("trial").await;
    let refused = provisioning::operation::retry(&mut tx, failed).await;
    assert!(
        matches!(refused, Err(BillingError::Conflict("unpaid", _))),
        "{refused:?}"
    );
    drop(tx);
    pass(&trial, 20).await;
    assert_eq!(trial.count("SELECT count(*) FROM collection_steps").await, 0);
    let seen = invoice(&trial, &order).await;
    assert_eq!(
        (
            &seen["undelivered"],
            &seen["collection_status"],
            &seen["payment_status"]
        ),
        (&json!(true), &json!("none"), &json!("unpaid"))
    );
    credit(&trial, &stock, "10.00").await;
    assert_eq!(trial.count("SELECT credit_minor FROM accounts").await, 1000);
    // Something that runs is paid from it.
    let other = order_of(&trial, &stock, &[&stock.plan], None).await;
    assert_eq!(invoice(&trial, &other).await["payment_status"], "paid");
    assert_eq!(invoice(&trial, &order).await["payment_status"], "unpaid");
    // Paid for, staff may build it.
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_mastercard").await;
    let pay = format!("/invoices/{}/payment", text(&order, "invoice"));
    trial.post(&pay, json!({ "payment_method": card })).await;
    let mut tx = trial.world.begin("trial").await;
    provisioning::operation::retry(&mut tx, failed).await.expect("paid for");
    drop(tx);
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_pays_what_runs_before_an_order_that_waits() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let card = trial
        .card(&stock.account, &stock.gateway, "pm_card_sandboxPaysOnce")
        .await;
    trial.order(&stock.account, &stock.plan, Some(&card)).await;
    trial.work().await;
    pass(&trial, 26).await;
    let waiting = order_of(&trial, &stock, &[&stock.plan], None).await;
    assert_eq!(waiting["status"], "pending_payment");
    pass(&trial, 6).await;
    let unpaid = "SELECT count(*) FROM invoices WHERE payment_status = 'unpaid'";
    assert_eq!(trial.count(unpaid).await, 2, "the renewal was declined");
    credit(&trial, &stock, "10.00").await;
    assert_eq!(invoice(&trial, &waiting).await["payment_status"], "unpaid");
    assert_eq!(
        trial
            .count("SELECT count(*) FROM invoices WHERE order_id IS NULL AND payment_status = 'paid'")
            .await,
        1
    );
    credit(&trial, &stock, "10.00").await;
    assert_eq!(invoice(&trial, &waiting).await["payment_status"], "paid");
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_failed_of_an_order_paid_from_credit_is_a_task() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let broken = plan_on(&trial, "sandbox", json!({ "fail": "refused" })).await;
    credit(&trial, &stock, "20.00").await;
    let order = order_of(&trial, &stock, &[&stock.plan, &broken], None).await;
    assert_eq!(invoice(&trial, &order).await["payment_status"], "paid");
    assert_eq!(states(&trial, "services").await, ["active", "failed"]);
    let open = tasks(&trial).await;
    assert!(
        open.len() == 1 && open[0].starts_with("create of ") && open[0].ends_with(" failed"),
        "{open:?}"
    );
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_removed_before_it_is_charged_is_a_clear_no_and_the_invoice_goes_on() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let order = order_of(&trial, &stock, &[&stock.plan], None).await;
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    let method: PaymentMethodId = card.parse().expect("a method");
    let id: InvoiceId = text(&order, "invoice").parse().expect("an invoice");
    let mut tx = trial.world.begin("trial").await;
    let payment: PaymentId = billing::payment::begin(&mut tx, id, method, false)
        .await
        .expect("begun");
    sqlx::query("UPDATE payment_methods SET state = 'removed', is_default = false WHERE id = $1")
        .bind(method)
        .execute(tx.connection())
        .await
        .expect("removed");
    tx.commit().await.expect("a commit");
    trial.work().await;
    let seen = trial.get(&format!("/payments/{payment}")).await;
    assert_eq!(seen["status"], "failed", "{seen}");
    let class: i64 = trial
        .count("SELECT count(*) FROM payments WHERE failure_class = 'new_card' AND failure_code = 'method_removed'")
        .await;
    assert_eq!(class, 1);
    assert_eq!(
        trial.count("SELECT count(*) FROM sandbox_payments").await,
        0,
        "nothing was sent"
    );
    let other = trial.card(&stock.account, &stock.gateway, "pm_card_mastercard").await;
    trial
        .post(&format!("/invoices/{id}/payment"), json!({ "payment_method": other }))
        .await;
    trial.work().await;
    assert_eq!(invoice(&trial, &order).await["payment_status"], "paid");
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_default_card_is_tried_on_what_failed() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    order_of(&trial, &stock, &[&stock.plan], Some("pm_card_visa")).await;
    let expired = trial
        .card(&stock.account, &stock.gateway, "pm_card_chargeDeclinedExpiredCard")
        .await;
    let account = stock.account.parse().expect("an account");
    let mut tx = trial.world.begin("trial").await;
    billing::payment_method::make_default(&mut tx, account, expired.parse().expect("a method"))
        .await
        .expect("the default");
    tx.commit().await.expect("a commit");
    pass(&trial, 33).await;
    let open = "SELECT count(*) FROM invoices WHERE payment_status = 'unpaid' AND next_try_on IS NULL AND tries = 1";
    assert_eq!(trial.count(open).await, 1, "an expired card is not tried again");
    let good = trial.card(&stock.account, &stock.gateway, "pm_card_mastercard").await;
    let mut tx = trial.world.begin("trial").await;
    billing::payment_method::make_default(&mut tx, account, good.parse().expect("a method"))
        .await
        .expect("the default");
    tx.commit().await.expect("a commit");
    pass(&trial, 1).await;
    assert_eq!(
        trial
            .count("SELECT count(*) FROM invoices WHERE payment_status = 'paid'")
            .await,
        2
    );
    trial.audit().await;
}
