//! Disputes, as the gateway tells of them.

use serde_json::json;
use simulators::stripe::DeliveryKnobs;

use super::desk::Desk;
use crate::walk::shop::text;

async fn disputed(desk: &Desk) -> (billing::ids::InvoiceId, String) {
    desk.listen();
    let (_, invoice) = desk.sale().await;
    desk.stripe.set_deliveries(DeliveryKnobs {
        duplicate: true,
        ..DeliveryKnobs::default()
    });
    let charge = text(&desk.stripe.captured()[0], "id");
    let dispute = desk.stripe.open_dispute(&charge, "fraudulent").expect("a dispute");
    desk.until(&format!("/invoices/{invoice}"), |i| i["payment_status"] == "disputed")
        .await;
    desk.audit().await;
    (invoice, dispute)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_is_won_leaves_the_invoice_paid() {
    let desk = Desk::open().await;
    let (invoice, dispute) = disputed(&desk).await;
    assert_eq!(desk.tasks().await, ["A payment is disputed"]);
    let refund = json!({ "payment": desk.payment_of(invoice).await, "reason": "no" });
    let refused = desk.call("POST", "/refunds", Some(refund)).await;
    assert_eq!(refused.1["code"], "disputed", "it would pay twice: {refused:?}");
    assert!(desk.stripe.decide_dispute(&dispute, true));
    desk.until(&format!("/invoices/{invoice}"), |i| i["payment_status"] == "paid")
        .await;
    assert!(desk.tasks().await.is_empty());
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_is_lost_stays_on_the_invoice_and_before_staff() {
    let desk = Desk::open().await;
    let (invoice, dispute) = disputed(&desk).await;
    assert!(desk.stripe.decide_dispute(&dispute, false));
    desk.eventually("the task says so", async || {
        desk.tasks().await == ["A dispute was lost"]
    })
    .await;
    assert_eq!(desk.invoice(invoice).await["payment_status"], "disputed");
    desk.audit().await;
}
