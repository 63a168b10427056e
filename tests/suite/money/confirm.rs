//! A charge that the payer's bank wants confirmed: ended at the gateway, told, and paid on a page instead.

use billing::gateway::Outcome;
use billing::payment;
use simulators::FaultKind;

use super::desk::{Desk, VISA};
use crate::walk::shop::{Shop, text};

/// An intent that waits for its payer.
async fn waiting(desk: &Desk) -> String {
    let fields = [
        ("amount", "1000"),
        ("currency", "usd"),
        ("payment_method", "pm_card_authenticationRequired"),
        ("confirm", "true"),
    ];
    let intent = desk.at_the_gateway("payment_intents", &fields).await;
    assert_eq!(intent["status"], "requires_action", "{intent}");
    text(&intent, "id")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ended_told_and_paid_on_a_page_so_that_never_two_can_be_paid() {
    let desk = Desk::open().await;
    let (order, invoice) = desk.order().await;
    let reference = waiting(&desk).await;
    // The first try to end it does not get through.
    desk.stripe.faults().once("POST", "/cancel", FaultKind::FailBefore(503));
    let mut tx = desk.world.begin("demo").await;
    let method = desk.method.parse().expect("a method");
    let payment = payment::begin(&mut tx, invoice, method, false).await.expect("begun");
    let said = Outcome::RequiresAction {
        reference: Some(reference.clone()),
    };
    payment::settle(&mut tx, payment, &said).await.expect("settled");
    tx.commit().await.expect("a commit");
    desk.until(&format!("/payments/{payment}"), |p| p["status"] == "failed")
        .await;
    let ended = desk.stripe.object(&reference).expect("the intent");
    assert_eq!(ended["status"], "canceled");
    assert!(!desk.stripe.authenticate(&reference), "it can be paid no more");
    assert_eq!(desk.invoice(invoice).await["payment_status"], "unpaid");
    desk.eventually("the payer is told", async || {
        let mut tx = desk.world.begin("demo").await;
        let told: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM mails WHERE template = 'mail-failed' AND body_text LIKE '%confirm%' AND body_text LIKE '%/pay%'",
        )
        .fetch_one(tx.connection())
        .await
        .expect("mails");
        told == 1
    })
    .await;
    let url = desk.open_page(&desk.wish(invoice)).await.expect("a page");
    let session = url.rsplit('/').next().expect("a session");
    desk.stripe.pay_session(session, VISA).expect("paid");
    desk.come_back(invoice).await;
    desk.paid(invoice).await;
    assert_eq!(desk.taken(), 1000);
    let path = format!("/orders/{}", text(&order, "id"));
    assert_eq!(desk.get(&path).await["status"], "accepted");
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_pages_lead_to_the_bank() {
    let desk = Desk::with_card("pm_card_authenticationRequired").await;
    let order = desk
        .post("/orders", Shop::order(&desk.account, &desk.plan, &desk.method))
        .await;
    assert_eq!(order["status"], "pending_payment");
    let customer = crate::live::people::owner(&desk.shop, &desk.account).await;
    let page = customer.get(&format!("/account/orders/{}", text(&order, "id"))).await;
    assert!(page.has("Your bank wants you to confirm this payment"), "{}", page.body);
    let page = customer
        .get(&format!("/account/invoices/{}/pay", text(&order, "invoice")))
        .await;
    let chosen = format!("value=\"new-{}\" checked", desk.gateway);
    assert!(
        page.has("Confirm with your bank") && page.has(&chosen),
        "the page of the gateway is offered first: {}",
        page.body
    );
    desk.audit().await;
}
