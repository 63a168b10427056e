//! What a gateway says, in any order and however often, ends in one ledger; what does not fit is seen.

use billing::gateway::{Decline, Outcome};
use billing::ids::{InvoiceId, PaymentId};
use billing::payment;
use platform::money::{Currency, Money};
use platform::random::Random;
use serde_json::json;
use simulators::FaultKind;

use super::desk::Desk;

fn succeeded(reference: &str, amount: Option<Money>) -> Outcome {
    Outcome::Succeeded {
        reference: reference.into(),
        amount,
        fee_minor: Some(59),
        saved: None,
    }
}

fn said(reference: &str) -> Vec<Outcome> {
    let declined = Outcome::Declined {
        reference: Some(reference.into()),
        class: Decline::NewCard,
        code: "card_declined".into(),
        message: "The card was declined.".into(),
    };
    let paid = Outcome::Succeeded {
        reference: reference.into(),
        amount: None,
        fee_minor: Some(59),
        saved: None,
    };
    vec![
        Outcome::Processing {
            reference: reference.into(),
        },
        Outcome::RequiresAction {
            reference: Some(reference.into()),
        },
        Outcome::Unknown { why: "lost".into() },
        Outcome::Closed,
        declined,
        paid.clone(),
        paid,
    ]
}

async fn settle(desk: &Desk, payment: PaymentId, outcome: &Outcome) {
    let mut tx = desk.world.begin("demo").await;
    payment::settle(&mut tx, payment, outcome).await.expect("settled");
    tx.commit().await.expect("a commit");
}

async fn begun(desk: &Desk) -> (InvoiceId, PaymentId) {
    let (_, invoice) = desk.order().await;
    let mut tx = desk.world.begin("demo").await;
    let method = desk.method.parse().expect("a method");
    let payment = payment::begin(&mut tx, invoice, method, false).await.expect("begun");
    tx.commit().await.expect("a commit");
    (invoice, payment)
}

/// What one payment came to in the books: code and amount, sorted.
async fn postings(desk: &Desk, payment: PaymentId) -> Vec<(String, i64)> {
    let mut tx = desk.world.begin("demo").await;
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT split_part(a.code, ':', 1), e.amount_minor FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.ledger_account_id \
         JOIN ledger_transactions t ON t.id = e.transaction_id WHERE t.source_id = $1 ORDER BY 1, 2",
    )
    .bind(payment.to_string())
    .fetch_all(tx.connection())
    .await
    .expect("the ledger");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_and_repetition_of_what_a_gateway_says_gives_one_ledger() {
    let desk = Desk::open().await;
    let expected: Vec<(String, i64)> = [
        ("clearing", -59),
        ("clearing", 1000),
        ("fees", 59),
        ("receivable", -1000),
    ]
    .map(|(code, minor)| (code.to_owned(), minor))
    .to_vec();
    for seed in 1..=12 {
        let random = Random::seeded(seed);
        let (invoice, payment) = begun(&desk).await;
        let mut left = said(&format!("pi_{seed}"));
        let mut told = Vec::new();
        while !left.is_empty() {
            let at = usize::from(random.bytes::<1>()[0]) % left.len();
            let next = left.swap_remove(at);
            told.push(format!("{next:?}"));
            settle(&desk, payment, &next).await;
        }
        let seen = desk.invoice(invoice).await;
        assert_eq!(seen["payment_status"], "paid", "seed {seed}: {told:?}");
        assert_eq!(postings(&desk, payment).await, expected, "seed {seed}: {told:?}");
    }
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_amount_is_booked_as_it_came_and_another_currency_is_not_booked() {
    let desk = Desk::open().await;
    let money = |text: &str, code: &str| Money::parse(text, Currency::parse(code).expect("a currency")).expect("money");
    let (invoice, payment) = begun(&desk).await;
    settle(&desk, payment, &succeeded("pi_less", Some(money("7.00", "USD")))).await;
    let seen = desk.invoice(invoice).await;
    assert_eq!(
        (seen["payment_status"].as_str(), &seen["amount_due"]["amount"]),
        (Some("partly_paid"), &json!("3.00"))
    );
    let (other, foreign) = begun(&desk).await;
    settle(&desk, foreign, &succeeded("pi_euro", Some(money("10.00", "EUR")))).await;
    assert_eq!(
        desk.invoice(other).await["payment_status"],
        "processing",
        "nothing else is charged meanwhile"
    );
    assert_eq!(desk.tasks().await, ["A payment is not what was asked for"; 2]);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_for_an_invoice_that_was_paid_another_way_becomes_credit() {
    let desk = Desk::open().await;
    let (invoice, payment) = begun(&desk).await;
    settle(&desk, payment, &Outcome::Closed).await;
    let by_hand = json!({ "invoice": invoice, "reference": "cash" });
    desk.post("/payments", by_hand).await;
    settle(&desk, payment, &succeeded("pi_late", None)).await;
    assert_eq!(desk.credit().await, 1000);
    assert_eq!(desk.tasks().await, ["Money arrived for an invoice that wanted none"]);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_arrives_too_late_is_given_back() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.order().await;
    // The answer of the hold is lost and cannot be asked about; staff close the order meanwhile.
    let fields = [
        ("amount", "1000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("capture_method", "manual"),
    ];
    let intent = desk.at_the_gateway("payment_intents", &fields).await;
    let reference = intent["id"].as_str().expect("an intent").to_owned();
    let mut tx = desk.world.begin("demo").await;
    let payment = payment::begin(&mut tx, invoice, desk.method.parse().expect("a method"), true)
        .await
        .expect("begun");
    payment::settle(&mut tx, payment, &Outcome::Closed)
        .await
        .expect("closed");
    let held = Outcome::Held {
        reference: reference.clone(),
        amount: None,
        until: None,
        saved: None,
    };
    payment::settle(&mut tx, payment, &held).await.expect("settled");
    tx.commit().await.expect("a commit");
    desk.eventually("the hold is released", async || {
        desk.stripe
            .object(&reference)
            .is_some_and(|intent| intent["status"] == "canceled")
    })
    .await;
    assert!(desk.stripe.captured().is_empty());
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_expired_is_no_money_and_staff_know() {
    let desk = Desk::open().await;
    let held = crate::walk::shop::Shop::order(&desk.account, &desk.plan, &desk.method);
    desk.stripe
        .faults()
        .once("POST", "/capture", FaultKind::FailBefore(503));
    let order = desk.post("/orders", held).await;
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    desk.stripe.expire_hold(&desk.intent());
    desk.until(&service, |s| s["status"] == "active").await;
    let invoice: InvoiceId = order["invoice"].as_str().expect("an invoice").parse().expect("an id");
    desk.until(&format!("/invoices/{invoice}"), |i| i["payment_status"] == "unpaid")
        .await;
    assert_eq!(desk.tasks().await, ["Held money was lost"]);
    assert!(desk.stripe.captured().is_empty());
    desk.audit().await;
    // What runs is owed: it is charged anew the same day, and nobody has to look any more.
    let day = billing::collection::collect(desk.app.tenancy(), &desk.scope)
        .await
        .expect("a day");
    assert_eq!(day.retried, 1, "{day:?}");
    desk.paid(invoice).await;
    assert_eq!(desk.taken(), 1000);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_a_wrong_signature_writes_nothing() {
    let desk = Desk::open().await;
    let root = desk.base.trim_end_matches("/api/v1");
    let url = format!("{root}/hooks/stripe/{}", desk.gateway);
    let body = r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}}}"#;
    let at = desk.world.clock.now().timestamp();
    let good = simulators::stripe::sign("whsec_1", at, body);
    let tampered = body.replace("pi_1", "pi_2");
    for (signature, sent, expected) in [
        (simulators::stripe::sign("whsec_other", at, body), body, 400),
        (good.clone(), tampered.as_str(), 400),
        (simulators::stripe::sign("whsec_1", at - 400, body), body, 400),
        (good, body, 200),
    ] {
        let request = desk.http.post(&url).header("host", "demo.ezscale.localhost");
        let answer = request
            .header("stripe-signature", signature)
            .body(sent.to_owned())
            .send()
            .await
            .expect("sent");
        assert_eq!(answer.status().as_u16(), expected);
        let mut tx = desk.world.begin("demo").await;
        let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(tx.connection())
            .await
            .expect("counted");
        assert_eq!(stored, i64::from(expected == 200), "{sent}");
    }
}
