//! Orders whose money is held while staff build: what begins when, and what becomes of a hold that ends first.

use billing::ids::InvoiceId;
use billing::renewal;
use chrono::{Months, NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::desk::Desk;
use crate::walk::shop::text;

async fn day(desk: &Desk, sql: &'static str) -> Option<NaiveDate> {
    let mut tx = desk.world.begin("demo").await;
    sqlx::query_scalar(sql).fetch_one(tx.connection()).await.expect(sql)
}

fn invoice_of(order: &Value) -> InvoiceId {
    text(order, "invoice").parse().expect("an invoice")
}

/// Its order waits for money again: paid once more, built, and charged once.
async fn paid_again(desk: &Desk, order: &Value) {
    let path = format!("/orders/{}", text(order, "id"));
    desk.until(&path, |o| o["status"] == "pending_payment").await;
    let invoice = invoice_of(order);
    assert_eq!(desk.invoice(invoice).await["payment_status"], "unpaid");
    desk.eventually("nothing is built unpaid", async || desk.tasks().await.is_empty())
        .await;
    desk.eventually("the customer is asked", async || {
        let mut tx = desk.world.begin("demo").await;
        let told: i64 = sqlx::query_scalar("SELECT count(*) FROM mails WHERE template = 'mail-pay-again'")
            .fetch_one(tx.connection())
            .await
            .expect("mails");
        told == 1
    })
    .await;
    let pay = json!({ "payment_method": desk.method });
    desk.post(&format!("/invoices/{invoice}/payment"), pay).await;
    assert_eq!(desk.get(&path).await["status"], "accepted");
    desk.eventually("the same create goes on", async || desk.tasks().await.len() == 1)
        .await;
    desk.built().await;
    desk.paid(invoice).await;
    assert_eq!(desk.taken(), 1000);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_the_gateway_gives_up_before_anything_ran_makes_the_order_payable_again() {
    let desk = Desk::open().await;
    desk.listen();
    let order = desk.by_hand().await;
    assert!(desk.stripe.expire_hold(&desk.intent()));
    paid_again(&desk, &order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_near_its_end_is_given_back_when_nothing_runs() {
    let desk = Desk::open().await;
    let order = desk.by_hand().await;
    let first = desk.intent();
    desk.world.clock.advance(TimeDelta::days(4));
    portals::scheduler::day(&desk.app, &desk.scope).await.expect("a day");
    assert_eq!(desk.stripe.object(&first).expect("held")["status"], "requires_capture");
    desk.world.clock.advance(TimeDelta::days(2));
    portals::scheduler::day(&desk.app, &desk.scope).await.expect("a day");
    desk.eventually("it is given back", async || {
        desk.stripe
            .object(&first)
            .is_some_and(|intent| intent["status"] == "canceled")
    })
    .await;
    paid_again(&desk, &order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_begins_when_its_service_first_runs_and_nothing_is_billed_before() {
    let desk = Desk::open().await;
    let order = desk.by_hand().await;
    let ordered = desk.world.begin("demo").await.today();
    assert_eq!(day(&desk, "SELECT start_on FROM subscriptions").await, Some(ordered));
    let next = "SELECT next_bill_on FROM accounts WHERE number = (SELECT max(number) FROM accounts)";
    assert_eq!(day(&desk, next).await, None, "nothing runs yet");
    desk.world.clock.advance(TimeDelta::days(3));
    desk.built().await;
    desk.paid(invoice_of(&order)).await;
    let began = ordered + TimeDelta::days(3);
    assert_eq!(day(&desk, "SELECT start_on FROM subscriptions").await, Some(began));
    let through = began.checked_add_months(Months::new(1)).expect("a month");
    assert_eq!(
        day(&desk, "SELECT billed_through FROM subscriptions").await,
        Some(through)
    );
    assert_eq!(day(&desk, next).await, Some(through));
    for (on, invoices) in [(through.pred_opt().expect("the day before"), 0), (through, 1)] {
        let run = renewal::bill(desk.app.tenancy(), &desk.scope, Some(on), true)
            .await
            .expect("a plan");
        assert_eq!(run.invoices, invoices, "{on}");
    }
    desk.audit().await;
}
