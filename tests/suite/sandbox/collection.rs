//! What becomes of an unpaid renewal, day by day, as the customer and the books see it.

use billing::collection;
use serde_json::{Value, json};

use super::trial::{Stock, Trial, text};

/// A running service whose card pays the first time and declines from then on.
async fn failing() -> (Trial, Stock, String) {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let card = trial
        .card(&stock.account, &stock.gateway, "pm_card_sandboxPaysOnce")
        .await;
    let order = trial.order(&stock.account, &stock.plan, Some(&card)).await;
    trial.work().await;
    (trial, stock, text(&order, "invoice"))
}

async fn renewal(trial: &Trial, first: &str) -> Value {
    let list = trial.get("/invoices").await;
    let invoices = list["data"].as_array().expect("invoices").clone();
    invoices.into_iter().find(|i| i["id"] != first).expect("a renewal")
}

async fn until(trial: &Trial, day: &str) -> Value {
    trial.post("/clock", json!({ "set": format!("{day}T12:00:00Z") })).await
}

async fn steps(trial: &Trial) -> Vec<String> {
    let mut tx = trial.world.begin("trial").await;
    sqlx::query_scalar("SELECT step FROM collection_steps WHERE step NOT LIKE 'suspend:%' ORDER BY done_at, step")
        .fetch_all(tx.connection())
        .await
        .expect("steps")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_renewal_is_tried_again_reminded_of_and_suspends_for_itself_alone() {
    let (trial, stock, first) = failing().await;
    until(&trial, "2026-02-15").await;
    let invoice = renewal(&trial, &first).await;
    assert_eq!(
        (&invoice["payment_status"], &invoice["collection_status"]),
        (&json!("unpaid"), &json!("none"))
    );
    // Tried on the 15th, and after 1, 3 and 5 days more.
    let moved = until(&trial, "2026-02-16").await;
    assert_eq!(
        (moved["retried"].as_u64(), moved["reminders"].as_u64()),
        (Some(1), Some(0)),
        "{moved}"
    );
    until(&trial, "2026-02-17").await;
    assert_eq!(renewal(&trial, &first).await["collection_status"], "overdue");
    assert_eq!(steps(&trial).await, ["overdue", "reminder:1"]);
    until(&trial, "2026-02-21").await;
    assert_eq!(
        steps(&trial).await,
        ["overdue", "reminder:1", "reminder:3", "reminder:5"]
    );
    assert_eq!(
        trial
            .count("SELECT count(*) FROM services WHERE status = 'active'")
            .await,
        1,
        "within the grace"
    );
    let moved = until(&trial, "2026-02-22").await;
    assert_eq!(moved["suspended"], 1, "{moved}");
    assert_eq!(
        trial
            .count("SELECT count(*) FROM services WHERE status = 'suspended'")
            .await,
        1
    );
    let caused: i64 = trial
        .count("SELECT count(*) FROM suspensions s JOIN invoices i ON i.id = s.invoice_id WHERE i.order_id IS NULL AND s.cause = 'overdue'")
        .await;
    assert_eq!(caused, 1, "its cause is the renewal");
    // Paying it lifts exactly that, and what staff suspended stays so.
    let service = text(&trial.get("/services").await["data"][0], "id");
    trial
        .post(
            &format!("/services/{service}/suspension"),
            json!({ "reason": "looks odd" }),
        )
        .await;
    let good = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    let path = format!("/invoices/{}/payment", text(&invoice, "id"));
    trial.post(&path, json!({ "payment_method": good })).await;
    trial.work().await;
    assert_eq!(renewal(&trial, &first).await["payment_status"], "paid");
    assert_eq!(
        trial.get(&format!("/services/{service}")).await["status"],
        "suspended",
        "staff's cause is left"
    );
    assert_eq!(
        trial
            .call("DELETE", &format!("/services/{service}/suspension"), None)
            .await
            .0
            / 100,
        2
    );
    trial.work().await;
    assert_eq!(trial.get(&format!("/services/{service}")).await["status"], "active");
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_of_the_day_and_a_second_node_do_nothing_more() {
    let (trial, _, _) = failing().await;
    until(&trial, "2026-02-22").await;
    let scope = trial.world.scope("trial");
    let before = trial.count("SELECT count(*) FROM collection_steps").await;
    assert_eq!(
        collection::collect_if_due(&trial.world.tenancy, &scope)
            .await
            .expect("a day"),
        None
    );
    let node = trial.world.node().await;
    let (one, two) = tokio::join!(
        collection::collect(&trial.world.tenancy, &scope),
        collection::collect(&node, &scope)
    );
    for day in [one.expect("a day"), two.expect("a day")] {
        assert_eq!(
            (day.overdue, day.reminded, day.suspended, day.failed.len()),
            (0, 0, 0, 0)
        );
    }
    assert_eq!(trial.count("SELECT count(*) FROM collection_steps").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_were_missed_are_caught_up_by_what_is_true_now() {
    let (trial, _, _) = failing().await;
    let scope = trial.world.scope("trial");
    until(&trial, "2026-02-15").await;
    // The platform was down for ten days: nobody went through them.
    let later = "2026-02-25T12:00:00Z".parse().expect("an instant");
    tenancy::clock::set(&trial.world.tenancy, &scope, later)
        .await
        .expect("moved");
    let day = collection::collect(&trial.world.tenancy, &scope).await.expect("a day");
    assert_eq!((day.retried, day.reminded), (1, 0), "first the card is tried again");
    trial.work().await;
    let day = collection::collect(&trial.world.tenancy, &scope).await.expect("a day");
    assert_eq!(
        (day.overdue, day.reminded, day.suspended),
        (1, 1, 1),
        "one reminder, the latest"
    );
    let sent = trial
        .count("SELECT count(*) FROM events WHERE type = 'invoice.reminded'")
        .await;
    assert_eq!(sent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_kept_running_parked_or_promised_is_not_suspended() {
    for change in [
        "UPDATE accounts SET keep_running_reason = 'a hospital'",
        "UPDATE accounts SET parked_reason = 'a mess'",
        "UPDATE invoices SET collection_status = 'promised' WHERE order_id IS NULL",
    ] {
        let (trial, _, _) = failing().await;
        until(&trial, "2026-02-15").await;
        let mut tx = trial.world.begin("trial").await;
        sqlx::query(change).execute(tx.connection()).await.expect("a change");
        tx.commit().await.expect("a commit");
        until(&trial, "2026-03-05").await;
        assert_eq!(trial.count("SELECT count(*) FROM suspensions").await, 0, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_on_its_way_is_waited_for() {
    let (trial, _, first) = failing().await;
    until(&trial, "2026-02-15").await;
    let invoice = text(&renewal(&trial, &first).await, "id");
    let mut tx = trial.world.begin("trial").await;
    let id: billing::ids::InvoiceId = invoice.parse().expect("an id");
    sqlx::query("UPDATE invoices SET payment_status = 'processing', next_try_on = NULL WHERE id = $1")
        .bind(id)
        .execute(tx.connection())
        .await
        .expect("a change");
    tx.commit().await.expect("a commit");
    until(&trial, "2026-03-05").await;
    assert_eq!(trial.count("SELECT count(*) FROM collection_steps").await, 0);
    assert_eq!(trial.count("SELECT count(*) FROM suspensions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_during_the_suspension_ends_with_a_running_service() {
    let (trial, stock, first) = failing().await;
    until(&trial, "2026-02-21").await;
    let scope = trial.world.scope("trial");
    let due = "2026-02-22T12:00:00Z".parse().expect("an instant");
    tenancy::clock::set(&trial.world.tenancy, &scope, due)
        .await
        .expect("moved");
    let day = collection::collect(&trial.world.tenancy, &scope).await.expect("a day");
    assert_eq!(day.suspended, 1);
    // Its operation has not run yet when the money arrives.
    let invoice = text(&renewal(&trial, &first).await, "id");
    let good = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    trial
        .post(
            &format!("/invoices/{invoice}/payment"),
            json!({ "payment_method": good }),
        )
        .await;
    trial.work().await;
    assert_eq!(
        trial
            .count("SELECT count(*) FROM services WHERE status = 'active'")
            .await,
        1
    );
    assert_eq!(
        trial
            .count("SELECT count(*) FROM suspensions WHERE lifted_at IS NULL")
            .await,
        0
    );
    assert_eq!(
        trial
            .count("SELECT count(*) FROM operations WHERE status NOT IN ('done', 'cancelled')")
            .await,
        0
    );
    trial.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_pages_of_stuck_invoices_do_not_starve_the_last() {
    let (trial, _, first) = failing().await;
    until(&trial, "2026-02-15").await;
    // 450 older ones of another account that nothing can be done about: each is passed by every day.
    let mut tx = trial.world.begin("trial").await;
    let account: tenancy::AccountId = trial.customer("Stuck", "USD").await.parse().expect("an id");
    sqlx::query(
        "INSERT INTO invoices (id, account_id, number, status, payment_status, currency, subtotal_minor, tax_minor, total_minor, \
         issued_on, due_on, created_at) SELECT md5(n::text)::uuid, $1, 'OLD-' || n, 'issued', 'unpaid', 'USD', 100, 0, 100, \
         date '2026-01-16', date '2026-01-16', $2 FROM generate_series(1, 450) n",
    )
    .bind(account)
    .bind(tx.now())
    .execute(tx.connection())
    .await
    .expect("old invoices");
    tx.commit().await.expect("a commit");
    until(&trial, "2026-02-22").await;
    assert_eq!(trial.count("SELECT count(*) FROM suspensions").await, 1);
    assert_eq!(renewal_of(&trial, &first).await, "overdue");
}

async fn renewal_of(trial: &Trial, first: &str) -> String {
    let mut tx = trial.world.begin("trial").await;
    let first: billing::ids::InvoiceId = first.parse().expect("an id");
    sqlx::query_scalar("SELECT collection_status FROM invoices WHERE id <> $1 AND number NOT LIKE 'OLD-%'")
        .bind(first)
        .fetch_one(tx.connection())
        .await
        .expect("a renewal")
}
