//! The sandbox clock: days are gone through in order, and what fell due is done when it answers.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tests::World;

use super::trial::{Trial, text};

fn lines(list: &Value) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = list["data"]
        .as_array()
        .expect("invoices")
        .iter()
        .flat_map(|invoice| invoice["lines"].as_array().cloned().unwrap_or_default())
        .map(|line| (text(&line, "from"), text(&line, "to")))
        .collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarter_later_every_renewal_is_billed_and_paid_on_its_day() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    trial.order(&stock.account, &stock.plan, Some(&card)).await;
    let moved = trial.post("/clock", json!({ "advance": "93d" })).await;
    assert_eq!(
        (moved["invoices"].as_u64(), moved["payments"].as_u64()),
        (Some(3), Some(3)),
        "{moved}"
    );
    assert_eq!(moved["waiting_jobs"], 0, "what fell due is done");
    let list = trial.get("/invoices").await;
    let days: Vec<_> = lines(&list).into_iter().map(|line| line.0).collect();
    assert_eq!(days, ["2026-01-15", "2026-02-15", "2026-03-15", "2026-04-15"]);
    for invoice in list["data"].as_array().expect("invoices") {
        assert_eq!(invoice["payment_status"], "paid");
        assert_eq!(invoice["issued_on"], invoice["lines"][0]["from"], "on its own day");
    }
    assert_eq!(
        trial
            .count("SELECT count(*) FROM services WHERE status = 'active'")
            .await,
        1
    );
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_goes_forward_only_so_far_and_in_sandbox_tenants_only() {
    let trial = Trial::open().await;
    let check = |body: Value, status: u16| {
        let trial = &trial;
        async move {
            let (got, answer) = trial.call("POST", "/clock", Some(body)).await;
            assert_eq!(got, status, "{answer}");
            answer
        }
    };
    check(json!({ "set": "2026-01-14T00:00:00Z" }), 422).await;
    check(json!({ "advance": "401d" }), 422).await;
    check(json!({ "advance": "tomorrow" }), 422).await;
    check(json!({}), 422).await;
    check(json!({ "advance": "1d", "set": "2026-02-01T00:00:00Z" }), 422).await;
    assert_eq!(trial.get("/clock").await["now"], "2026-01-15T10:00:00.000000Z");
    let moved = check(json!({ "set": "2026-02-01T00:00:00Z" }), 200).await;
    assert_eq!(moved["now"], "2026-02-01T00:00:00.000000Z");
    let live = trial.world.staff("ezscale", "ops@ezscale.test", &["*"]).await;
    let answer = trial
        .server
        .post("ezscale.ezscale.localhost", "/api/v1/clock")
        .bearer_auth(&live.token)
        .json(&json!({ "advance": "1d" }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 409);
    assert_eq!(trial.world.begin("ezscale").await.now(), World::start());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_moves_at_once_come_one_after_the_other() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    trial.order(&stock.account, &stock.plan, Some(&card)).await;
    let (one, two) = tokio::join!(
        trial.post("/clock", json!({ "advance": "20d" })),
        trial.post("/clock", json!({ "advance": "20d" }))
    );
    let later = World::start() + TimeDelta::days(40);
    let mut ends: Vec<DateTime<Utc>> = [&one, &two]
        .iter()
        .map(|moved| text(moved, "now").parse().expect("an instant"))
        .collect();
    ends.sort();
    assert_eq!(ends, [World::start() + TimeDelta::days(20), later]);
    assert_eq!(trial.get("/invoices").await["data"].as_array().map(Vec::len), Some(2));
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_ends_on_its_day_and_is_not_billed() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    trial.order(&stock.account, &stock.plan, Some(&card)).await;
    trial.work().await;
    let mut tx = trial.world.begin("trial").await;
    sqlx::query("UPDATE subscriptions SET cancel_on = billed_through")
        .execute(tx.connection())
        .await
        .expect("notice");
    tx.commit().await.expect("a commit");
    trial.post("/clock", json!({ "set": "2026-02-14T23:00:00Z" })).await;
    assert_eq!(
        trial
            .count("SELECT count(*) FROM services WHERE status = 'active'")
            .await,
        1
    );
    let moved = trial.post("/clock", json!({ "advance": "60d" })).await;
    assert_eq!(
        (moved["ended"].as_u64(), moved["invoices"].as_u64()),
        (Some(1), Some(0)),
        "{moved}"
    );
    assert_eq!(
        trial
            .count("SELECT count(*) FROM services WHERE status = 'terminated'")
            .await,
        1
    );
    assert_eq!(
        trial
            .count("SELECT count(*) FROM operations WHERE kind = 'terminate'")
            .await,
        1
    );
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anchors_do_not_drift_and_a_currency_without_cents_is_billed_whole() {
    let trial = Trial::open().await;
    trial.post("/clock", json!({ "set": "2026-01-31T12:00:00Z" })).await;
    let stock = trial.stock_in(json!({}), "JPY", "1500").await;
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    trial.order(&stock.account, &stock.plan, Some(&card)).await;
    trial.post("/clock", json!({ "advance": "92d" })).await;
    let list = trial.get("/invoices").await;
    let wanted = [
        ("2026-01-31", "2026-02-28"),
        ("2026-02-28", "2026-03-31"),
        ("2026-03-31", "2026-04-30"),
        ("2026-04-30", "2026-05-31"),
    ];
    let wanted: Vec<_> = wanted.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    assert_eq!(lines(&list), wanted);
    for invoice in list["data"].as_array().expect("invoices") {
        assert_eq!(invoice["total"], json!({ "amount": "1500", "currency": "JPY" }));
    }
    trial.audit().await;
}
