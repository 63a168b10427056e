//! Voiding: the posting is reversed, credit goes back, no page can be paid, money that comes all the same is seen.

use billing::gateway::Outcome;
use billing::payment;
use serde_json::json;
use simulators::FaultKind;

use super::desk::{Desk, VISA};
use crate::walk::shop::text;

#[tokio::test(flavor = "multi_thread")]
async fn a_voided_invoice_gives_credit_back_and_ends_its_order_and_its_page() {
    let desk = Desk::open().await;
    let (order, invoice) = desk.order().await;
    let credit = json!({ "account": desk.account, "kind": "goodwill", "reason": "sorry", "amount": { "amount": "3.00", "currency": "USD" } });
    desk.post("/credits", credit).await;
    assert_eq!(desk.credit().await, 0, "it went onto the invoice");
    let url = desk.open_page(&desk.wish(invoice)).await.expect("a page");
    let path = format!("/invoices/{invoice}/void");
    let reason = json!({ "reason": "ordered by mistake" });
    desk.stripe.faults().once("POST", "/expire", FaultKind::FailBefore(500));
    assert_eq!(
        desk.call("POST", &path, Some(reason.clone())).await.0,
        502,
        "the page may be open"
    );
    assert_eq!(desk.call("POST", &path, Some(json!({ "reason": " " }))).await.0, 422);
    let (one, two) = tokio::join!(
        desk.call("POST", &path, Some(reason.clone())),
        desk.call("POST", &path, Some(reason.clone()))
    );
    assert_eq!((one.0, two.0), (200, 200), "{one:?} {two:?}");
    assert_eq!(desk.credit().await, 300);
    let session = url.rsplit('/').next().expect("a session");
    assert!(desk.stripe.pay_session(session, VISA).is_err());
    let seen = desk.invoice(invoice).await;
    assert_eq!(
        (seen["status"].as_str(), seen["void_reason"].as_str()),
        (Some("void"), Some("ordered by mistake"))
    );
    let order = desk.get(&format!("/orders/{}", text(&order, "id"))).await;
    assert_eq!(order["status"], "cancelled");
    let pay = desk.call("POST", &format!("/invoices/{invoice}/payment"), None).await;
    assert_eq!(pay.1["code"], "nothing_due", "{pay:?}");
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_cannot_be_voided() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.sale().await;
    let answer = desk
        .call(
            "POST",
            &format!("/invoices/{invoice}/void"),
            Some(json!({ "reason": "no" })),
        )
        .await;
    assert_eq!((answer.0, answer.1["code"].as_str()), (409, Some("paid")), "{answer:?}");
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_arrives_for_a_void_invoice_becomes_credit_and_a_task() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.order().await;
    desk.open_page(&desk.wish(invoice)).await.expect("a page");
    let payment = desk.payment_of(invoice).await;
    desk.post(&format!("/invoices/{invoice}/void"), json!({ "reason": "mistake" }))
        .await;
    let late = Outcome::Succeeded {
        reference: "pi_late".into(),
        amount: None,
        fee_minor: Some(59),
        saved: None,
    };
    for _ in 0..2 {
        let mut tx = desk.world.begin("demo").await;
        payment::settle(&mut tx, payment.parse().expect("a payment"), &late)
            .await
            .expect("settled");
        tx.commit().await.expect("a commit");
    }
    assert_eq!(desk.credit().await, 1000);
    assert_eq!(desk.tasks().await, ["Money arrived for an invoice that wanted none"]);
    assert_eq!(desk.invoice(invoice).await["status"], "void");
    desk.audit().await;
}
