//! The sandbox gateway: holds, takes, declines and loses answers, and serves sandbox tenants only.

use billing::gateway::{self, Outcome, Refunded};
use serde_json::json;
use tenancy::Mode;

use super::trial::{Trial, app, text};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_in_a_sandbox_is_paid_and_built_without_the_outside_world() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    let order = trial.order(&stock.account, &stock.plan, Some(&card)).await;
    assert_eq!(order["status"], "accepted");
    trial.work().await;
    let service = trial
        .get(&format!(
            "/services/{}",
            order["services"][0].as_str().expect("a service")
        ))
        .await;
    assert_eq!(service["status"], "active", "{service}");
    let invoice = trial.get(&format!("/invoices/{}", text(&order, "invoice"))).await;
    assert_eq!(invoice["payment_status"], "paid");
    assert_eq!(
        trial
            .count("SELECT count(*) FROM sandbox_payments WHERE status = 'succeeded'")
            .await,
        1
    );
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_test_card_does_what_it_says() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let check = |token: &'static str, order_status: &'static str| {
        let (trial, stock) = (&trial, &stock);
        async move {
            let account = trial.customer(token, "USD").await;
            let card = trial.card(&account, &stock.gateway, token).await;
            let order = trial.order(&account, &stock.plan, Some(&card)).await;
            assert_eq!(order["status"], order_status, "{token}");
        }
    };
    check("pm_card_mastercard", "accepted").await;
    check("pm_card_chargeCustomerFail", "pending_payment").await;
    check("pm_card_chargeDeclinedExpiredCard", "pending_payment").await;
    check("pm_card_authenticationRequired", "pending_payment").await;
    check("pm_card_sandboxPaysOnce", "accepted").await;
    let path = format!("/accounts/{}/payment_methods", stock.account);
    for token in ["pm_card_visa_chargeDeclined", "pm_4242"] {
        let body = json!({ "gateway": stock.gateway, "token": token });
        assert_eq!(trial.call("POST", &path, Some(body)).await.0, 422, "{token}");
    }
    trial.work().await;
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_of_the_sandbox_is_asked_about_and_charged_once() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({ "fail": "lost" })).await;
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    let order = trial.order(&stock.account, &stock.plan, Some(&card)).await;
    let invoice = format!("/invoices/{}", text(&order, "invoice"));
    assert_eq!(trial.get(&invoice).await["payment_status"], "processing");
    trial.work().await;
    assert_eq!(trial.get(&invoice).await["payment_status"], "paid");
    assert_eq!(trial.count("SELECT count(*) FROM sandbox_payments").await, 1);
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_simulated_in_sandbox_tenants_and_there_alone() {
    let trial = Trial::open().await;
    let kinds = trial.app.gateways();
    let stripe = json!({ "secret_key": "sk_test_1", "webhook_secret": "whsec_1" });
    let mut tx = trial.world.begin("trial").await;
    let refused = gateway::configure(&mut tx, kinds, "stripe", "", &stripe, &json!({})).await;
    assert!(refused.is_err(), "a sandbox tenant moves no money");
    drop(tx);
    let mut tx = trial.world.begin("ezscale").await;
    let refused = gateway::configure(&mut tx, kinds, "sandbox", "", &json!({}), &json!({})).await;
    assert!(refused.is_err(), "a live tenant simulates none");
    drop(tx);
    // Not even a row that got there another way is used.
    trial.world.create("second", None, Mode::Live).await.expect("a tenant");
    let mut tx = trial.world.begin("second").await;
    let id: billing::ids::GatewayId = tx.new_id();
    let sealed = tx.seal("gateways", "credentials", id, b"{}");
    sqlx::query("INSERT INTO gateways (id, kind, name, credentials, created_at) VALUES ($1, 'sandbox', 'x', $2, $3)")
        .bind(id)
        .bind(sealed)
        .bind(tx.now())
        .execute(tx.connection())
        .await
        .expect("a row");
    tx.commit().await.expect("a commit");
    let opened = gateway::open(&trial.world.tenancy, kinds, &trial.world.scope("second"), id).await;
    assert!(opened.is_err(), "it is never opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sandbox_knows_outlives_the_process() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    trial.order(&stock.account, &stock.plan, Some(&card)).await;
    let node = trial.world.node().await;
    let restarted = app(&trial.world, node.clone());
    let scope = tenancy::resolve::host(&node, super::trial::HOST).expect("known").0;
    let id = stock.gateway.parse().expect("an id");
    let (adapter, context) = gateway::open(&node, restarted.gateways(), &scope, id)
        .await
        .expect("opened");
    let mut tx = node.begin(&scope).await.expect("a transaction");
    let key: String = sqlx::query_scalar("SELECT key FROM sandbox_payments")
        .fetch_one(tx.connection())
        .await
        .expect("a payment");
    drop(tx);
    let asked = gateway::Asked {
        key: key.clone(),
        ..gateway::Asked::default()
    };
    let Outcome::Held { reference, .. } = adapter.fetch(&context, &asked).await else {
        panic!("it is held");
    };
    let taken = adapter.capture(&context, "c", &reference, None).await;
    assert!(matches!(taken, Outcome::Succeeded { .. }));
    assert_eq!(adapter.capture(&context, "c", &reference, None).await, taken);
    assert!(adapter.release(&context, "r", &reference).await.is_err());
    let usd = platform::money::Currency::parse("USD").expect("a currency");
    let part = platform::money::Money::new(600, usd).expect("an amount");
    let first = adapter.refund(&context, "r1", &reference, part).await;
    assert!(matches!(first, Refunded::Succeeded(_)));
    assert_eq!(adapter.refund(&context, "r1", &reference, part).await, first);
    let second = adapter.refund(&context, "r2", &reference, part).await;
    assert!(matches!(second, Refunded::Failed(_)), "more than was taken");
}
