//! The billing day, as the customer and the books see it.

use serde_json::{Value, json};

use super::shop::{Shop, text};

/// The one invoice of a list that is not the first order's: the clock stands still, so order says nothing.
fn other_than<'a>(list: &'a Value, first: &str) -> &'a Value {
    list["data"]
        .as_array()
        .expect("invoices")
        .iter()
        .find(|i| i["id"] != first)
        .expect("a second invoice")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_billed_and_charged_once_whoever_runs_it() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let invoice = format!("/invoices/{}", text(&order, "invoice"));
    shop.until(&invoice, |i| i["payment_status"] == "paid").await;
    let early = shop.post("/billing_runs", json!({ "on": "2026-02-14" })).await;
    assert_eq!(early["invoices"], 0, "nothing falls due the day before");
    let slip = shop
        .call("POST", "/billing_runs", Some(json!({ "on": "2708-06-30" })))
        .await;
    assert_eq!((slip.0, &slip.1["errors"][0]["field"]), (422, &json!("on")), "{slip:?}");
    let planned = shop
        .post("/billing_runs", json!({ "on": "2026-02-15", "dry_run": true }))
        .await;
    assert_eq!(planned["invoices"], 1);
    let (one, two) = tokio::join!(
        shop.post("/billing_runs", json!({ "on": "2026-02-15" })),
        shop.post("/billing_runs", json!({ "on": "2026-02-15" }))
    );
    assert_eq!(
        one["invoices"].as_u64().unwrap_or(9) + two["invoices"].as_u64().unwrap_or(9),
        1,
        "{one} {two}"
    );
    let list = shop
        .until("/invoices", |l| {
            l["data"]
                .as_array()
                .is_some_and(|d| d.iter().all(|i| i["payment_status"] == "paid"))
        })
        .await;
    assert_eq!(list["data"].as_array().expect("invoices").len(), 2);
    let renewal = other_than(&list, &text(&order, "invoice"));
    assert_eq!(renewal["lines"][0]["from"], "2026-02-15");
    assert_eq!(renewal["lines"][0]["to"], "2026-03-15");
    assert_eq!(shop.stripe.objects("payment_intent").len(), 2);
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_were_missed_are_billed_in_order_on_one_invoice() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    // Nothing is billed before it ran.
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    shop.until(&service, |service| service["status"] == "active").await;
    let run = shop.post("/billing_runs", json!({ "on": "2026-04-20" })).await;
    assert_eq!(run["totals"][0]["amount"], "30.00", "{run}");
    let list = shop.get("/invoices").await;
    let lines = other_than(&list, &text(&order, "invoice"))["lines"]
        .as_array()
        .expect("lines");
    let days: Vec<_> = lines
        .iter()
        .map(|line| line["from"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(days, ["2026-02-15", "2026-03-15", "2026-04-15"]);
    shop.audit().await;
}
