//! Money that goes back after a build failed: what the build left goes too, and nothing more is built on it.

use billing::ids::{InvoiceId, PaymentId};
use billing::refund::{self, Destination, NewRefund};
use billing::{BillingError, invoice, payment};
use provisioning::operation;

use super::yard::{Yard, small};

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_after_a_failed_build_leaves_no_server_and_no_way_to_build_one() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let customer = yard.world.account("demo", "Hall").await.id;
    let card = yard.card("demo", customer, "pm_card_visa").await;
    let id = yard.order("demo", customer, plan).await;
    let mut tx = yard.world.begin("demo").await;
    let bill: InvoiceId = sqlx::query_scalar("SELECT id FROM invoices")
        .fetch_one(tx.connection())
        .await
        .expect("an invoice");
    let paid: PaymentId = payment::begin(&mut tx, bill, card, false).await.expect("a payment");
    tx.commit().await.expect("a commit");
    yard.virtfusion.fail_builds(1);
    yard.until("demo", id, "failed").await;
    yard.work(3).await;
    assert_eq!(yard.virtfusion.servers().len(), 1, "staff may go on with it");

    let mut tx = yard.world.begin("demo").await;
    let all = NewRefund {
        payment: paid,
        amount: None,
        destination: Destination::Source,
        reason: "could not be built".into(),
        key: None,
    };
    refund::begin(&mut tx, &all).await.expect("a refund");
    tx.commit().await.expect("a commit");
    yard.work(2).await;
    yard.quiet("demo", id).await;
    yard.work(2).await;
    assert!(yard.virtfusion.servers().is_empty(), "nobody pays for what was made");
    let left = yard.service("demo", id).await;
    assert_eq!((left.status.as_str(), left.panel_ref), ("failed", None));
    let mut tx = yard.world.begin("demo").await;
    let seen = invoice::find(&mut tx, bill).await.expect("read").expect("the invoice");
    assert_eq!(seen.payment_status, "refunded");
    let create = yard.operations("demo", id).await;
    let create = create
        .iter()
        .find(|operation| operation.kind == "create")
        .expect("a create");
    let refused = operation::retry(&mut tx, create.id).await;
    assert!(
        matches!(refused, Err(BillingError::Conflict("unpaid", _))),
        "{refused:?}"
    );
    drop(tx);
    yard.audit().await;
}
