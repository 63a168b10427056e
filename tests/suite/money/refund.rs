//! Refunds: never more than was paid, once whoever asks, and known whatever became of the answer.

use billing::gateway::Outcome;
use billing::payment;
use billing::refund::{self, Destination, NewRefund};
use platform::money::{Currency, Money};
use serde_json::{Value, json};
use simulators::FaultKind;

use super::desk::Desk;
use crate::walk::shop::text;

fn usd(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

fn ask(payment: &str, amount: &str, to: &str) -> Value {
    json!({ "payment": payment, "amount": usd(amount), "destination": to, "reason": "asked for" })
}

#[tokio::test(flavor = "multi_thread")]
async fn two_staff_at_once_never_send_back_more_than_was_paid() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.sale().await;
    let payment = desk.payment_of(invoice).await;
    let (one, two) = tokio::join!(
        desk.call("POST", "/refunds", Some(ask(&payment, "6.00", "source"))),
        desk.call("POST", "/refunds", Some(ask(&payment, "6.00", "source")))
    );
    let mut codes = [one.0, two.0];
    codes.sort_unstable();
    assert_eq!(codes, [201, 422], "{one:?} {two:?}");
    assert_eq!(desk.taken(), 400);
    assert_eq!(desk.invoice(invoice).await["payment_status"], "partly_refunded");
    let rest = desk
        .post("/refunds", json!({ "payment": payment, "reason": "the rest" }))
        .await;
    assert_eq!(
        (rest["status"].as_str(), &rest["amount"]),
        (Some("succeeded"), &usd("4.00"))
    );
    assert_eq!(desk.invoice(invoice).await["payment_status"], "refunded");
    let more = desk
        .call("POST", "/refunds", Some(ask(&payment, "0.01", "source")))
        .await;
    assert_eq!(more.0, 422, "{more:?}");
    assert_eq!(desk.taken(), 0);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_about_with_the_same_key() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.sale().await;
    let payment = desk.payment_of(invoice).await;
    for (sent, fault) in [
        FaultKind::FailBefore(503),
        FaultKind::FailAfter(500),
        FaultKind::Malformed,
        FaultKind::HangAfter(50),
    ]
    .into_iter()
    .enumerate()
    {
        desk.stripe.faults().once("POST", "/v1/refunds", fault.clone());
        let refund = desk.post("/refunds", ask(&payment, "1.00", "source")).await;
        let path = format!("/refunds/{}", text(&refund, "id"));
        desk.until(&path, |r| r["status"] == "succeeded").await;
        assert_eq!(desk.stripe.objects("refund").len(), sent + 1, "{fault:?}");
        desk.audit().await;
    }
    assert_eq!(desk.taken(), 600);
    assert_eq!(desk.invoice(invoice).await["amount_refunded"], usd("4.00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_in_two_workers_is_one_refund() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.sale().await;
    let new = NewRefund {
        payment: desk.payment_of(invoice).await.parse().expect("a payment"),
        amount: None,
        destination: Destination::Source,
        reason: "twice".into(),
        key: Some("once".into()),
    };
    let run = async || {
        let mut tx = desk.world.begin("demo").await;
        let begun = refund::begin(&mut tx, &new).await.expect("a refund");
        tx.commit().await.expect("a commit");
        refund::drive(desk.app.tenancy(), desk.app.gateways(), &desk.scope, begun.id)
            .await
            .expect("driven")
            .id
    };
    let (one, two) = tokio::join!(run(), run());
    assert_eq!(one, two);
    desk.until(&format!("/refunds/{one}"), |r| r["status"] == "succeeded")
        .await;
    assert_eq!(desk.stripe.objects("refund").len(), 1);
    assert_eq!(desk.taken(), 0);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_made_at_the_gateway_is_booked_once_however_often_it_is_told() {
    let desk = Desk::open().await;
    desk.listen();
    let (_, invoice) = desk.sale().await;
    let made = desk
        .at_the_gateway("refunds", &[("payment_intent", &desk.intent()), ("amount", "300")])
        .await;
    assert_eq!(made["status"], "succeeded", "{made}");
    desk.until(&format!("/invoices/{invoice}"), |i| {
        i["payment_status"] == "partly_refunded"
    })
    .await;
    for event in desk.stripe.objects("event") {
        desk.stripe.resend(event["id"].as_str().expect("an id"));
    }
    // Ours afterwards is told of as well, and stays one.
    let payment = desk.payment_of(invoice).await;
    desk.post("/refunds", ask(&payment, "2.00", "source")).await;
    desk.until("/refunds", |list| {
        let rows = list["data"].as_array().expect("rows");
        rows.len() == 2 && rows.iter().all(|row| row["status"] == "succeeded")
    })
    .await;
    assert_eq!(desk.invoice(invoice).await["amount_refunded"], usd("5.00"));
    assert_eq!(desk.taken(), 500);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_comes_back_is_taken_back_and_staff_look() {
    let desk = Desk::open().await;
    desk.listen();
    let (_, invoice) = desk.sale().await;
    let payment = desk.payment_of(invoice).await;
    let refund = desk.post("/refunds", ask(&payment, "10.00", "source")).await;
    assert_eq!(refund["status"], "succeeded");
    let known = desk.stripe.objects("refund");
    assert!(desk.stripe.fail_refund(known[0]["id"].as_str().expect("an id")));
    desk.until(&format!("/refunds/{}", text(&refund, "id")), |r| {
        r["status"] == "failed"
    })
    .await;
    assert_eq!(desk.invoice(invoice).await["payment_status"], "paid");
    assert_eq!(desk.tasks().await, ["A refund did not arrive"]);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_as_credit_moves_no_money_and_pays_the_next_invoice() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.sale().await;
    let payment = desk.payment_of(invoice).await;
    let refund = desk.post("/refunds", ask(&payment, "10.00", "credit")).await;
    assert_eq!(refund["status"], "succeeded");
    assert_eq!((desk.credit().await, desk.taken()), (1000, 1000));
    let (order, next) = {
        let mut body = crate::walk::shop::Shop::order(&desk.account, &desk.plan, &desk.method);
        body["payment_method"] = Value::Null;
        let order = desk.post("/orders", body).await;
        let next = text(&order, "invoice").parse().expect("an invoice");
        (order, next)
    };
    assert_eq!(order["status"], "accepted", "credit paid it at once");
    assert_eq!(desk.invoice(next).await["payment_status"], "paid");
    assert_eq!(desk.credit().await, 0);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_more_than_its_invoice_was_paid_comes_back_without_breaking_the_invoice() {
    let desk = Desk::open().await;
    desk.listen();
    let (_, invoice) = desk.order().await;
    // The gateway took 15.00 for an invoice of 10.00; the 5.00 above it are paid out by hand.
    let fields = [
        ("amount", "1500"),
        ("currency", "usd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    let intent = desk.at_the_gateway("payment_intents", &fields).await;
    let taken = Outcome::Succeeded {
        reference: text(&intent, "id"),
        amount: Some(Money::parse("15.00", Currency::parse("USD").expect("a currency")).expect("money")),
        fee_minor: None,
        saved: None,
    };
    let mut tx = desk.world.begin("demo").await;
    let method = desk.method.parse().expect("a method");
    let payment = payment::begin(&mut tx, invoice, method, false).await.expect("begun");
    payment::settle(&mut tx, payment, &taken).await.expect("settled");
    tx.commit().await.expect("a commit");
    assert_eq!(desk.credit().await, 500);
    let out = json!({ "account": desk.account, "kind": "paid_out", "reason": "in cash", "amount": usd("5.00") });
    desk.post("/credits", out).await;
    // Somebody sends all of it back at the gateway: more than the invoice ever had.
    let fields = [("payment_intent", text(&intent, "id")), ("amount", "1500".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let made = desk.at_the_gateway("refunds", &fields).await;
    let path = format!("/invoices/{invoice}");
    desk.until(&path, |i| i["payment_status"] == "refunded").await;
    desk.audit().await;
    assert!(desk.stripe.fail_refund(&text(&made, "id")));
    let seen = desk.until(&path, |i| i["payment_status"] == "paid").await;
    assert_eq!(seen["amount_refunded"], usd("0.00"));
    desk.audit().await;
}
