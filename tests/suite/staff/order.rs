//! Staff order for a customer: the shop's prices and checkout, another price only with the right and a reason.

use serde_json::json;

use super::browser::{Answer, Browser};
use crate::walk::shop::{Shop, text};

struct Counter {
    shop: Shop,
    account: String,
    product: String,
    plan: String,
    method: String,
}

async fn counter(card: &str) -> Counter {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock(card).await;
    let product = text(&shop.get(&format!("/plans/{plan}")).await, "product");
    Counter {
        shop,
        account,
        product,
        plan,
        method,
    }
}

impl Counter {
    fn path(&self) -> String {
        format!("/admin/customers/{}/orders/new", self.account)
    }

    /// The form as the page brought it.
    async fn form(&self, staff: &mut Browser) -> (String, String) {
        let page = staff.get(&format!("{}?product={}", self.path(), self.product)).await;
        assert_eq!(page.status, 200, "{}", page.text());
        (input(&page, "key"), input(&page, "expect"))
    }

    fn fields<'a>(&'a self, key: &'a str, expect: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("product", &self.product),
            ("plan", &self.plan),
            ("quantity", "1"),
            ("hostname", "web-1.hall.test"),
            ("key", key),
            ("expect", expect),
        ]
    }

    async fn orders(&self) -> Vec<serde_json::Value> {
        self.shop.get("/orders").await["data"]
            .as_array()
            .expect("orders")
            .clone()
    }
}

fn input(page: &Answer, name: &str) -> String {
    let (_, rest) = page
        .html
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no {name} in {}", page.text()));
    rest.split('"').next().expect("a value").to_owned()
}

#[tokio::test]
async fn an_order_with_an_invoice_is_placed_once_and_waits_for_its_money() {
    let counter = counter("pm_card_visa").await;
    let mut staff = Browser::staff(&counter.shop, "demo", "dana@demo.test", &["*"]).await;
    let page = staff.get(&format!("/admin/customers/{}", counter.account)).await;
    assert!(page.has(&counter.path()), "the customer's page leads here");
    let (key, expect) = counter.form(&mut staff).await;
    assert_eq!(expect, "1000");
    let mut fields = counter.fields(&key, &expect);
    fields.push(("way", "invoice"));
    for _ in 0..2 {
        let done = staff.post(&counter.path(), &fields).await;
        assert_eq!(done.status, 303, "{}", done.text());
        assert!(done.location.starts_with("/admin/orders/ord_"));
    }
    let orders = counter.orders().await;
    assert_eq!(orders.len(), 1, "twice sent is one order");
    assert_eq!(orders[0]["status"], "pending_payment");
    let log = counter.shop.get("/audit?limit=100").await;
    let placed: Vec<_> = log["data"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["action"] == "order.placed")
        .collect();
    assert_eq!(placed.len(), 1, "{log}");
    counter.shop.audit().await;
}

#[tokio::test]
async fn a_saved_card_is_charged_and_money_by_hand_is_recorded() {
    for hand in [false, true] {
        let counter = counter("pm_card_visa").await;
        let mut staff = Browser::staff(&counter.shop, "demo", "dana@demo.test", &["*"]).await;
        let (key, expect) = counter.form(&mut staff).await;
        let mut fields = counter.fields(&key, &expect);
        if hand {
            fields.push(("way", "hand"));
            let refused = staff.post(&counter.path(), &fields).await;
            assert_eq!(refused.status, 422, "by hand needs to say how");
            assert!(refused.has("web-1.hall.test"), "what was typed is kept");
            assert!(counter.orders().await.is_empty(), "nothing is left of it");
            fields.push(("reference", "SEPA 2026-11-25"));
        } else {
            fields.push(("way", &counter.method));
        }
        let done = staff.post(&counter.path(), &fields).await;
        assert_eq!(done.status, 303, "{}", done.text());
        let orders = counter.orders().await;
        let invoice = text(&orders[0], "invoice");
        counter
            .shop
            .until(&format!("/invoices/{invoice}"), |i| i["payment_status"] == "paid")
            .await;
        counter.shop.audit().await;
    }
}

#[tokio::test]
async fn another_price_needs_the_right_and_a_reason_and_is_what_renewals_bill() {
    let counter = counter("pm_card_visa").await;
    let mut staff = Browser::staff(&counter.shop, "demo", "dana@demo.test", &["*"]).await;
    let (key, _) = counter.form(&mut staff).await;
    let mut fields = counter.fields(&key, "700");
    fields.extend([("way", "invoice"), ("agreed", "7.00")]);
    let refused = staff.post(&counter.path(), &fields).await;
    assert_eq!(refused.status, 422, "no reason");
    assert!(refused.has("Say why, in 1 to 500 characters."), "{}", refused.text());
    fields.push(("reason", "Two years with us"));
    let stale: Vec<_> = fields
        .iter()
        .map(|(name, value)| {
            if *name == "expect" {
                (*name, "1000")
            } else {
                (*name, *value)
            }
        })
        .collect();
    assert_eq!(
        staff.post(&counter.path(), &stale).await.status,
        422,
        "the sum was not seen"
    );
    assert!(counter.orders().await.is_empty());
    let done = staff.post(&counter.path(), &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let order = counter.orders().await[0].clone();
    assert_eq!(order["total"], json!({ "amount": "7.00", "currency": "USD" }));
    let mut tx = counter.shop.world.begin("demo").await;
    let (unit, trace): (i64, serde_json::Value) = sqlx::query_as("SELECT unit_minor, price_trace FROM subscriptions")
        .fetch_one(tx.connection())
        .await
        .expect("a subscription");
    tx.commit().await.expect("a commit");
    assert_eq!(unit, 700, "renewals bill the unit of the subscription");
    assert_eq!(trace[0]["agreed"]["instead_of"]["amount"], "10.00");
    counter.shop.audit().await;
}

#[tokio::test]
async fn who_may_only_place_orders_takes_the_list_price_and_sends_the_invoice() {
    let counter = counter("pm_card_visa").await;
    let few = ["accounts.read", "orders.read", "orders.write"];
    let mut other = Browser::staff(&counter.shop, "demo", "eve@demo.test", &few).await;
    let page = other
        .get(&format!("{}?product={}", counter.path(), counter.product))
        .await;
    assert!(
        !page.has("name=\"agreed\"") && !page.has(&counter.method),
        "{}",
        page.text()
    );
    let key = input(&page, "key");
    let mut fields = counter.fields(&key, "100");
    fields.extend([("way", "invoice"), ("agreed", "1.00"), ("reason", "because")]);
    assert_eq!(
        other.post(&counter.path(), &fields).await.status,
        422,
        "the list price counts"
    );
    let mut fields = counter.fields(&key, "1000");
    fields.push(("way", &counter.method));
    assert_eq!(
        other.post(&counter.path(), &fields).await.status,
        422,
        "no right to charge"
    );
    let mut reader = Browser::staff(
        &counter.shop,
        "demo",
        "rita@demo.test",
        &["accounts.read", "orders.read"],
    )
    .await;
    assert_eq!(reader.get(&counter.path()).await.status, 403);
    assert!(counter.orders().await.is_empty());
}

#[tokio::test]
async fn the_api_places_an_order_for_the_account_it_names() {
    let counter = counter("pm_card_visa").await;
    let order = Shop::order(&counter.account, &counter.plan, &counter.method);
    let placed = counter.shop.post("/orders", order).await;
    assert_eq!(placed["account"], counter.account);
    let log = counter.shop.get("/audit?limit=100").await;
    let entries = log["data"].as_array().expect("entries");
    assert!(entries.iter().any(|entry| entry["action"] == "order.placed"), "{log}");
}
