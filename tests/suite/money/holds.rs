//! Orders whose money is held while staff build: what begins when, and what becomes of a hold that ends first.

use billing::ids::{InvoiceId, PaymentId};
use billing::payment::{self, FinishHold};
use billing::renewal;
use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use simulators::{FaultKind, FaultRule};

use super::desk::Desk;
use crate::live::people::owner;
use crate::walk::shop::{Shop, text};

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

/// What staff try again.
async fn retry(desk: &Desk) {
    desk.eventually("its build has failed", async || {
        let mut tx = desk.world.begin("demo").await;
        let failed: Option<provisioning::OperationId> =
            sqlx::query_scalar("SELECT id FROM operations WHERE kind = 'create' AND status = 'failed'")
                .fetch_optional(tx.connection())
                .await
                .expect("operations");
        let Some(failed) = failed else { return false };
        let done = provisioning::operation::retry(&mut tx, failed).await.is_ok();
        tx.commit().await.expect("a commit");
        done
    })
    .await;
}

/// The state of the invoice's newest payment, looked after once more.
async fn newest(desk: &Desk, invoice: InvoiceId) -> String {
    let id: PaymentId = desk.payment_of(invoice).await.parse().expect("a payment");
    let args = FinishHold { payment: id };
    payment::finish_hold(desk.app.tenancy(), desk.app.gateways(), &desk.scope, &args).await;
    text(&desk.payments(invoice).await[0], "status")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_delivered_is_owed_by_nobody_and_who_still_wants_it_pays_when_it_runs() {
    let desk = Desk::open().await;
    desk.virtfusion.set_capacity(0);
    let silent = FaultRule::new("/resources", FaultKind::FailBefore(503)).times(u32::MAX);
    desk.virtfusion.faults().add(silent);
    let order = desk
        .post("/orders", Shop::order(&desk.account, &desk.plan, &desk.method))
        .await;
    let invoice = invoice_of(&order);
    desk.until(&format!("/invoices/{invoice}"), |i| i["undelivered"] == true)
        .await;
    desk.eventually("nothing is held", async || newest(&desk, invoice).await == "cancelled")
        .await;
    let browser = owner(&desk, &desk.account).await;
    let path = format!("/account/invoices/{invoice}");
    let pay = format!("{path}/pay");
    for built in [false, true] {
        desk.world.clock.advance(TimeDelta::minutes(5));
        let page = browser.get(&path).await;
        assert!(
            page.has("there is nothing to pay") && page.has("You do not have to pay this") && page.has(&pay),
            "{}",
            page.body
        );
        let paid = browser.post(&pay, &[("method", desk.method.as_str())]).await;
        assert_eq!(paid.status, 303, "{}", paid.body);
        assert_eq!(newest(&desk, invoice).await, "held", "it waits for staff");
        assert_eq!(desk.taken(), 0);
        assert!(
            desk.tasks()
                .await
                .contains(&"A part of a paid order was not built".to_owned()),
            "staff know"
        );
        if built {
            desk.virtfusion.set_capacity(10);
            retry(&desk).await;
            desk.paid(invoice).await;
            assert_eq!(desk.taken(), 1000);
        } else {
            retry(&desk).await;
            desk.eventually("it is given back", async || newest(&desk, invoice).await == "cancelled")
                .await;
            assert_eq!(desk.taken(), 0);
        }
        desk.audit().await;
    }
    desk.eventually("nobody has to look any more", async || desk.tasks().await.is_empty())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_no_card_moves_exactly_is_rounded_down_and_the_rest_is_nobodys_debt() {
    let desk = Desk::open().await;
    let manual = json!({ "panel": "manual", "name": "by hand", "base_url": "", "credentials": {}, "settings": {} });
    let manual = desk.post("/servers", manual).await;
    let rack = json!({ "name": "Rack", "kind": "dedicated", "server": manual["id"], "panel_settings": {} });
    let rack = desk.post("/products", rack).await["id"].clone();
    let kvm = desk.get("/products").await["data"]
        .as_array()
        .and_then(|all| all.iter().find(|product| product["name"] == "KVM 2"))
        .expect("a product")["id"]
        .clone();
    let mut items = Vec::new();
    for product in [kvm, rack] {
        let plan = json!({ "product": product, "name": "In dinar", "cycle": { "unit": "month", "count": 1 }, "trial_days": 0,
            "prices": [{ "currency": "KWD", "amount": "5.125" }] });
        let plan = text(&desk.post("/plans", plan).await, "id");
        items.push(json!({ "plan": plan, "quantity": 1, "hostname": "web-1.hall.test", "options": {} }));
    }
    let account = json!({ "name": "Kuwait", "email": "ops@kuwait.test", "country": "KW", "currency": "KWD" });
    let account = text(&desk.post("/accounts", account).await, "id");
    let card = json!({ "gateway": desk.gateway, "token": "pm_card_visa" });
    let card = desk.post(&format!("/accounts/{account}/payment_methods"), card).await;
    let order = json!({ "account": account, "payment_method": card["id"], "coupons": [], "items": items });
    let order = desk.post("/orders", order).await;
    let invoice = invoice_of(&order);
    let count = async |sql: &'static str| -> i64 {
        let mut tx = desk.world.begin("demo").await;
        sqlx::query_scalar(sql).fetch_one(tx.connection()).await.expect(sql)
    };
    let ready = "SELECT count(*) FROM services v JOIN operations o ON o.service_id = v.id \
         WHERE v.status = 'active' OR (o.kind = 'create' AND o.status = 'waiting')";
    desk.eventually("one runs, one waits", async || {
        count("SELECT count(*) FROM services WHERE status = 'active'").await == 1 && count(ready).await == 2
    })
    .await;
    let mut tx = desk.world.begin("demo").await;
    let waits: provisioning::OperationId =
        sqlx::query_scalar("SELECT id FROM operations WHERE kind = 'create' AND status = 'waiting'")
            .fetch_one(tx.connection())
            .await
            .expect("a create");
    provisioning::operation::cancel(&mut tx, waits, "out of racks")
        .await
        .expect("given up");
    let until: DateTime<Utc> = sqlx::query_scalar("SELECT held_until FROM payments WHERE status = 'held'")
        .fetch_one(tx.connection())
        .await
        .expect("a hold");
    let now = tx.now();
    tx.commit().await.expect("a commit");
    desk.world.clock.advance(until - now - TimeDelta::hours(20));
    portals::scheduler::day(&desk.app, &desk.scope).await.expect("a day");
    let seen = desk.paid(invoice).await;
    assert_eq!(seen["amount_due"]["amount"], "0.000", "{seen}");
    assert_eq!(seen["amount_undelivered"]["amount"], "5.130", "{seen}");
    let charges = desk.stripe.captured();
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0]["amount_captured"], 5120, "a card moves steps of 0.010");
    let rounded = "SELECT coalesce(sum(e.amount_minor), 0)::bigint FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.ledger_account_id \
         WHERE a.code = 'rounding'";
    assert_eq!(count(rounded).await, 5);
    desk.audit().await;
}
