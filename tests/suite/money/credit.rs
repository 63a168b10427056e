//! Credit by hand, and money received without a gateway.

use serde_json::{Value, json};

use super::desk::{Desk, VISA};
use crate::walk::shop::text;

fn change(desk: &Desk, kind: &str, amount: &str) -> Value {
    json!({ "account": desk.account, "kind": kind, "reason": "by hand", "amount": { "amount": amount, "currency": "USD" } })
}

async fn keyed(desk: &Desk, path: &str, key: &str, body: &Value) -> (u16, Value) {
    let request = desk.http.post(format!("{}{path}", desk.base));
    let request = request
        .header("host", "demo.ezscale.localhost")
        .bearer_auth(&desk.token);
    let answer = request
        .header("idempotency-key", key)
        .json(body)
        .send()
        .await
        .expect("sent");
    (answer.status().as_u16(), answer.json().await.expect("json"))
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_is_given_once_a_key_and_never_taken_below_nothing() {
    let desk = Desk::open().await;
    let deposit = change(&desk, "deposit", "25.00");
    let (one, two) = tokio::join!(
        keyed(&desk, "/credits", "k", &deposit),
        keyed(&desk, "/credits", "k", &deposit)
    );
    assert!([one.0, two.0].contains(&201), "{one:?} {two:?}");
    assert_eq!(desk.credit().await, 2500);
    assert_eq!(
        keyed(&desk, "/credits", "k", &change(&desk, "deposit", "9.00")).await.0,
        409
    );
    desk.post("/credits", change(&desk, "goodwill", "5.00")).await;
    desk.post("/credits", change(&desk, "paid_out", "10.00")).await;
    let much = desk
        .call("POST", "/credits", Some(change(&desk, "withdrawn", "20.01")))
        .await;
    assert_eq!((much.0, much.1["code"].as_str()), (409, Some("credit_short")));
    for (field, wrong) in [
        ("amount.amount", json!({ "amount": "x", "currency": "USD" })),
        ("amount", json!({ "amount": "1.00", "currency": "EUR" })),
        ("amount", json!({ "amount": "-1.00", "currency": "USD" })),
    ] {
        let mut body = change(&desk, "goodwill", "1.00");
        body["amount"] = wrong;
        let (status, answer) = desk.call("POST", "/credits", Some(body)).await;
        assert_eq!(
            (status, answer["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{answer}"
        );
    }
    assert_eq!(desk.credit().await, 2000);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_pays_what_is_open_by_itself_or_by_hand_and_accepts_the_order() {
    let desk = Desk::open().await;
    let (order, invoice) = desk.order().await;
    desk.post("/credits", change(&desk, "goodwill", "4.00")).await;
    let seen = desk.invoice(invoice).await;
    assert_eq!(
        (seen["payment_status"].as_str(), &seen["amount_due"]["amount"]),
        (Some("partly_paid"), &json!("6.00"))
    );
    // While a page is open the credit waits; by hand the page is closed first.
    let url = desk.open_page(&desk.wish(invoice)).await.expect("a page");
    desk.post("/credits", change(&desk, "goodwill", "6.50")).await;
    assert_eq!(desk.credit().await, 650);
    let path = format!("/invoices/{invoice}/credit");
    let (one, two) = tokio::join!(desk.call("POST", &path, None), desk.call("POST", &path, None));
    let mut codes = [one.0, two.0];
    codes.sort_unstable();
    assert_eq!(codes, [200, 409], "{one:?} {two:?}");
    let session = url.rsplit('/').next().expect("a session");
    assert!(desk.stripe.pay_session(session, VISA).is_err());
    assert_eq!(desk.invoice(invoice).await["payment_status"], "paid");
    assert_eq!(desk.credit().await, 50);
    let order = desk.get(&format!("/orders/{}", text(&order, "id"))).await;
    assert_eq!(order["status"], "accepted");
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_received_by_hand_is_recorded_once_and_what_is_too_much_becomes_credit() {
    let desk = Desk::open().await;
    let (order, invoice) = desk.order().await;
    let received = |amount: &str| json!({ "invoice": invoice, "reference": "SEPA 2026-01-14 HALL", "amount": { "amount": amount, "currency": "USD" } });
    let part = received("4.00");
    let (one, two) = tokio::join!(
        keyed(&desk, "/payments", "part", &part),
        keyed(&desk, "/payments", "part", &part)
    );
    assert!([one.0, two.0].contains(&201), "{one:?} {two:?}");
    assert_eq!(desk.invoice(invoice).await["amount_due"]["amount"], "6.00");
    let rest = desk.post("/payments", received("8.00")).await;
    assert_eq!(
        (rest["mode"].as_str(), &rest["gateway"]),
        (Some("manual"), &Value::Null)
    );
    assert_eq!(desk.invoice(invoice).await["payment_status"], "paid");
    assert_eq!(desk.credit().await, 200);
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    desk.until(&service, |s| s["status"] == "active").await;
    let again = desk.call("POST", "/payments", Some(received("1.00"))).await;
    assert_eq!(again.1["code"], "nothing_due");
    // What was too much goes back first; the invoice stays paid.
    let refund =
        json!({ "payment": rest["id"], "reason": "too much", "amount": { "amount": "2.00", "currency": "USD" } });
    desk.post("/refunds", refund).await;
    assert_eq!(desk.credit().await, 0);
    assert_eq!(desk.invoice(invoice).await["payment_status"], "paid");
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_that_meets_a_charge_of_the_same_invoice_leaves_it_alone_or_pays_before_it() {
    let desk = Desk::open().await;
    for round in 0..12 {
        let (_, invoice) = desk.order().await;
        let charge = async {
            let mut tx = desk.world.begin("demo").await;
            let method = desk.method.parse().expect("a method");
            let begun = billing::payment::begin(&mut tx, invoice, method, false).await;
            tokio::time::sleep(std::time::Duration::from_millis(round % 4 * 5)).await;
            match begun {
                Ok(id) => tx.commit().await.map(|()| Some(id)).expect("a commit"),
                Err(_) => None,
            }
        };
        let (begun, _) = tokio::join!(charge, desk.post("/credits", change(&desk, "deposit", "10.00")));
        let used: i64 = {
            let mut tx = desk.world.begin("demo").await;
            sqlx::query_scalar("SELECT count(*) FROM allocations WHERE invoice_id = $1 AND payment_id IS NULL")
                .bind(invoice)
                .fetch_one(tx.connection())
                .await
                .expect("counted")
        };
        assert_eq!(used, i64::from(begun.is_none()), "round {round}: never both");
        desk.paid(invoice).await;
        if begun.is_some() {
            desk.post("/credits", change(&desk, "withdrawn", "10.00")).await;
        }
        desk.audit().await;
    }
}
