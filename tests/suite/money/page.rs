//! Hosted pages: never two that can be paid, none that blocks an invoice for good, no lost answer.

use billing::BillingError;
use billing::payment::{self, AskPayment, PageWish};
use chrono::TimeDelta;
use serde_json::Value;
use simulators::FaultKind;

use super::desk::{DECLINED, Desk, VISA};
use crate::walk::shop::text;

fn session_of(url: &str) -> String {
    url.rsplit('/').next().expect("a session").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_paid_on_a_page_is_held_until_its_server_runs_and_the_card_is_kept_with_consent() {
    let desk = Desk::open().await;
    let (order, invoice) = desk.order().await;
    let wish = PageWish {
        save: true,
        ..desk.wish(invoice)
    };
    let url = desk.open_page(&wish).await.expect("a page");
    desk.stripe.pay_session(&session_of(&url), VISA).expect("paid");
    assert!(desk.stripe.captured().is_empty(), "held, not taken");
    desk.come_back(invoice).await;
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    desk.until(&service, |s| s["status"] == "active").await;
    desk.paid(invoice).await;
    assert_eq!(desk.taken(), 1000);
    let methods = desk.get(&format!("/accounts/{}/payment_methods", desk.account)).await;
    let methods = methods["data"].as_array().expect("methods");
    assert_eq!(methods.len(), 2, "{methods:?}");
    assert_eq!(methods[0]["id"], desk.method.as_str(), "the default stays");
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_no_card_is_kept() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.order().await;
    let url = desk.open_page(&desk.wish(invoice)).await.expect("a page");
    desk.stripe.pay_session(&session_of(&url), VISA).expect("paid");
    desk.come_back(invoice).await;
    desk.paid(invoice).await;
    let methods = desk.get(&format!("/accounts/{}/payment_methods", desk.account)).await;
    assert_eq!(methods["data"].as_array().expect("methods").len(), 1);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_wish_gets_the_same_page_and_another_wish_closes_it_first() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.order().await;
    let wish = desk.wish(invoice);
    let (one, two) = tokio::join!(desk.open_page(&wish), desk.open_page(&wish));
    let one = one.expect("a page");
    assert_eq!(one, two.expect("the same page"));
    assert_eq!(desk.open_page(&wish).await.expect("the same page"), one);
    assert_eq!(desk.stripe.objects("checkout.session").len(), 1);
    let saving = PageWish { save: true, ..wish };
    let other = desk.open_page(&saving).await.expect("another page");
    assert_ne!(other, one);
    assert_eq!(desk.open_sessions().len(), 1, "never two that can be paid");
    assert!(desk.stripe.pay_session(&session_of(&one), VISA).is_err());
    desk.stripe.pay_session(&session_of(&other), VISA).expect("paid");
    desk.come_back(invoice).await;
    desk.paid(invoice).await;
    assert_eq!(desk.taken(), 1000);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_the_same_page_and_one_that_cannot_be_closed_stops_the_next() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.order().await;
    let wish = desk.wish(invoice);
    for fault in [
        FaultKind::FailAfter(500),
        FaultKind::Malformed,
        FaultKind::FailBefore(503),
    ] {
        desk.stripe.faults().once("POST", "/v1/checkout/sessions", fault);
    }
    let url = desk
        .open_page(&wish)
        .await
        .or(desk.open_page(&wish).await)
        .expect("a page");
    assert_eq!(desk.stripe.objects("checkout.session").len(), 1);
    let saving = PageWish { save: true, ..wish };
    desk.stripe.faults().once("POST", "/expire", FaultKind::FailBefore(500));
    let refused = desk.open_page(&saving).await;
    assert!(
        matches!(refused, Err(BillingError::Conflict("gateway_away", _))),
        "{refused:?}"
    );
    assert_eq!(desk.open_sessions().len(), 1);
    desk.stripe.pay_session(&session_of(&url), VISA).expect("paid");
    // The page was paid before it could be closed: that is the payment.
    let late = desk.open_page(&saving).await;
    assert!(
        matches!(late, Err(BillingError::Conflict("payment_in_flight", _))),
        "{late:?}"
    );
    desk.paid(invoice).await;
    assert_eq!(desk.taken(), 1000);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_leaves_the_page_open_and_a_good_one_pays() {
    let desk = Desk::open().await;
    desk.listen();
    let (_, invoice) = desk.order().await;
    let wish = desk.wish(invoice);
    let url = desk.open_page(&wish).await.expect("a page");
    assert!(desk.stripe.pay_session(&session_of(&url), DECLINED).is_err());
    desk.come_back(invoice).await;
    assert_eq!(desk.open_page(&wish).await.expect("the same page"), url);
    desk.stripe.pay_session(&session_of(&url), VISA).expect("paid");
    // Nobody comes back: the gateway's own word is enough.
    desk.paid(invoice).await;
    assert_eq!(desk.payments(invoice).await.len(), 1);
    assert_eq!(desk.taken(), 1000);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_page_is_closed_after_its_time_and_the_invoice_is_free() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.order().await;
    let url = desk.open_page(&desk.wish(invoice)).await.expect("a page");
    assert_eq!(desk.invoice(invoice).await["payment_status"], "unpaid");
    desk.world.clock.advance(TimeDelta::minutes(61));
    let job = AskPayment {
        payment: text(&desk.payments(invoice).await[0], "id").parse().expect("a payment"),
    };
    payment::ask_job(desk.app.tenancy(), desk.app.gateways(), &desk.scope, &job).await;
    assert!(desk.open_sessions().is_empty(), "it can be paid no more");
    assert!(desk.stripe.pay_session(&session_of(&url), VISA).is_err());
    let payments: Vec<Value> = desk.payments(invoice).await;
    assert_eq!(payments[0]["status"], "cancelled");
    desk.post(&format!("/invoices/{invoice}/payment"), serde_json::json!({}))
        .await;
    desk.paid(invoice).await;
    assert_eq!(desk.taken(), 1000);
    desk.audit().await;
}
