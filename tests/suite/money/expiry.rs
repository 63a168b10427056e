//! Orders nobody paid: given up by the calendar, once, and never against money that came.

use billing::order;
use chrono::TimeDelta;
use serde_json::json;

use super::desk::{Desk, VISA};
use crate::walk::shop::text;

async fn expire(desk: &Desk) -> usize {
    order::expire_due(desk.app.tenancy(), desk.app.gateways(), &desk.scope)
        .await
        .expect("a day")
}

async fn number(desk: &Desk, sql: &'static str) -> i64 {
    let mut tx = desk.world.begin("demo").await;
    sqlx::query_scalar(sql).fetch_one(tx.connection()).await.expect(sql)
}

/// The product has so many left.
async fn stock(desk: &Desk, left: i32) {
    let mut tx = desk.world.begin("demo").await;
    sqlx::query("UPDATE products SET stock = $1")
        .bind(left)
        .execute(tx.connection())
        .await
        .expect("stock");
    tx.commit().await.expect("a commit");
}

const LEFT: &str = "SELECT stock::bigint FROM products";
const ROOM: &str = "SELECT count(*) FROM capacity_holds WHERE released_at IS NULL";

#[tokio::test(flavor = "multi_thread")]
async fn an_order_nobody_paid_ends_once_in_two_workers_and_gives_everything_back() {
    let desk = Desk::open().await;
    stock(&desk, 5).await;
    let (order, invoice) = desk.order().await;
    let credit = json!({ "account": desk.account, "kind": "goodwill", "reason": "sorry", "amount": { "amount": "3.00", "currency": "USD" } });
    desk.post("/credits", credit).await;
    let url = desk.open_page(&desk.wish(invoice)).await.expect("a page");
    assert_eq!((number(&desk, LEFT).await, number(&desk, ROOM).await), (4, 1));
    desk.world.clock.advance(TimeDelta::days(13));
    assert_eq!(expire(&desk).await, 0, "not yet");
    desk.world.clock.advance(TimeDelta::days(2));
    let node = desk.world.node().await;
    let (one, two) = tokio::join!(
        expire(&desk),
        order::expire_due(&node, desk.app.gateways(), &desk.scope)
    );
    assert_eq!(one + two.expect("a day"), 1);
    let path = format!("/orders/{}", text(&order, "id"));
    assert_eq!(desk.get(&path).await["status"], "cancelled");
    assert_eq!(desk.invoice(invoice).await["status"], "void");
    assert_eq!((number(&desk, LEFT).await, number(&desk, ROOM).await), (5, 0));
    assert_eq!(desk.credit().await, 300);
    let session = url.rsplit('/').next().expect("a session");
    assert!(desk.stripe.pay_session(session, VISA).is_err());
    desk.eventually("the customer is told", async || {
        number(&desk, "SELECT count(*) FROM mails WHERE template = 'mail-expired'").await == 1
    })
    .await;
    assert_eq!(expire(&desk).await, 0);
    // Money that arrives all the same is credit, and somebody looks.
    let mut tx = desk.world.begin("demo").await;
    let payment = sqlx::query_scalar("SELECT id FROM payments WHERE status = 'cancelled'")
        .fetch_one(tx.connection())
        .await
        .expect("the page's payment");
    let late = billing::gateway::Outcome::Succeeded {
        reference: "pi_late".into(),
        amount: None,
        fee_minor: None,
        saved: None,
    };
    billing::payment::settle(&mut tx, payment, &late)
        .await
        .expect("settled");
    tx.commit().await.expect("a commit");
    assert_eq!(desk.credit().await, 300 + 700);
    assert_eq!(desk.tasks().await, ["Money arrived for an invoice that wanted none"]);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_came_before_the_page_was_closed_pays_the_order() {
    let desk = Desk::open().await;
    let (order, invoice) = desk.order().await;
    let url = desk.open_page(&desk.wish(invoice)).await.expect("a page");
    // Nobody told us yet.
    let session = url.rsplit('/').next().expect("a session");
    desk.stripe.pay_session(session, VISA).expect("paid");
    desk.world.clock.advance(TimeDelta::days(15));
    assert_eq!(expire(&desk).await, 0);
    let path = format!("/orders/{}", text(&order, "id"));
    assert_eq!(desk.get(&path).await["status"], "accepted");
    desk.paid(invoice).await;
    assert_eq!(desk.taken(), 1000);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_in_part_or_is_set_to_wait_for_ever_does_not_end() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.order().await;
    let part = json!({ "invoice": invoice, "reference": "cash", "amount": { "amount": "4.00", "currency": "USD" } });
    desk.post("/payments", part).await;
    desk.world.clock.advance(TimeDelta::days(40));
    assert_eq!(expire(&desk).await, 0);
    let (_, other) = desk.order().await;
    desk.world.clock.advance(TimeDelta::days(40));
    let mut control = desk.world.tenancy.control().await.expect("control");
    let values = json!({ "order_expire_days": 0 });
    let tenant = desk.scope.tenant().id;
    tenancy::settings::change(&mut control, tenant, values.as_object().expect("values"))
        .await
        .expect("a setting");
    control.commit().await.expect("a commit");
    desk.world.tenancy.refresh().await.expect("read");
    let scope = desk.world.scope("demo");
    let ended = order::expire_due(desk.app.tenancy(), desk.app.gateways(), &scope).await;
    assert_eq!(ended.expect("a day"), 0);
    assert_eq!(desk.invoice(other).await["status"], "issued");
    desk.audit().await;
}
