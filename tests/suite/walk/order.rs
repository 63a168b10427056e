//! The worked example of the contract, and what happens when the world misbehaves.

use serde_json::{Value, json};
use simulators::{FaultKind, FaultRule};

use super::shop::{Shop, text};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_becomes_a_running_server_and_the_money_is_taken_once() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    assert_eq!(order["status"], "accepted", "{order}");
    assert_eq!(order["total"], json!({ "amount": "10.00", "currency": "USD" }));
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    let service = shop.until(&service, |s| s["status"] == "active").await;
    assert!(!service["ip_addresses"].as_array().expect("addresses").is_empty());
    let invoice = format!("/invoices/{}", text(&order, "invoice"));
    let invoice = shop.until(&invoice, |i| i["payment_status"] == "paid").await;
    assert_eq!(invoice["status"], "issued");
    assert_eq!(invoice["amount_due"]["amount"], "0.00");
    assert_eq!(invoice["lines"][0]["kind"], "recurring");
    assert_eq!(shop.virtfusion.servers().len(), 1);
    assert_eq!(shop.stripe.objects("payment_intent").len(), 1);
    let operation = shop
        .post(
            &format!("/services/{}/power", text(&service, "id")),
            json!({ "action": "restart" }),
        )
        .await;
    assert!(
        ["done", "retrying"].contains(&operation["status"].as_str().expect("a status")),
        "{operation}"
    );
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_charges_once_and_builds_once() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    shop.stripe
        .faults()
        .once("POST", "/v1/payment_intents", FaultKind::FailAfter(500));
    shop.virtfusion
        .faults()
        .once("POST", "/api/v1/servers", FaultKind::FailAfter(502));
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    shop.until(&service, |s| s["status"] == "active").await;
    let invoice = format!("/invoices/{}", text(&order, "invoice"));
    shop.until(&invoice, |i| i["payment_status"] == "paid").await;
    assert_eq!(
        shop.virtfusion.servers().len(),
        1,
        "the lost create was found, not repeated"
    );
    assert_eq!(
        shop.stripe.objects("payment_intent").len(),
        1,
        "the lost charge was asked about, not repeated"
    );
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_capacity_nothing_is_taken_and_staff_have_a_task() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    shop.virtfusion.set_capacity(0);
    let (status, answer) = shop
        .call("POST", "/orders", Some(Shop::order(&account, &plan, &method)))
        .await;
    assert_eq!((status, &answer["code"]), (409, &json!("no_capacity")), "{answer}");
    assert_eq!(shop.get("/orders").await["data"], json!([]), "nothing was written");
    // The panel does not say how much room it has: then only the build tells.
    let silent = FaultRule::new("/resources", FaultKind::FailBefore(503)).times(u32::MAX);
    shop.virtfusion.faults().add(silent);
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    let service = shop.until(&service, |s| s["status"] == "failed").await;
    assert!(
        !service["reason"].as_str().expect("a reason").contains("hypervisor"),
        "plain words for the customer"
    );
    let invoice = format!("/invoices/{}", text(&order, "invoice"));
    shop.until(&invoice, |i| i["payment_status"] == "unpaid").await;
    assert!(shop.stripe.captured().is_empty(), "nothing was captured");
    let mut tx = shop.world.begin("demo").await;
    assert_eq!(tenancy::task::count_open(&mut tx).await.expect("tasks"), 1);
    drop(tx);
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_leaves_an_unpaid_invoice_and_no_server() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_chargeCustomerFail").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    assert_eq!(order["status"], "pending_payment");
    let invoice = shop.get(&format!("/invoices/{}", text(&order, "invoice"))).await;
    assert_eq!(invoice["payment_status"], "unpaid");
    assert!(shop.virtfusion.servers().is_empty());
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_places_one_order_and_another_body_is_refused() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let post = |body: Value| {
        let request = shop
            .http
            .post(format!("{}/orders", shop.base))
            .header("host", "demo.ezscale.localhost");
        request
            .bearer_auth(&shop.token)
            .header("idempotency-key", "k-1")
            .json(&body)
            .send()
    };
    let body = Shop::order(&account, &plan, &method);
    let first: Value = post(body.clone()).await.expect("sent").json().await.expect("json");
    let second: Value = post(body).await.expect("sent").json().await.expect("json");
    assert_eq!(first["id"], second["id"]);
    let other = post(Shop::order(&account, &plan, "pmt_other")).await.expect("sent");
    assert_eq!(other.status().as_u16(), 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_with_a_clear_error() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let check = |method: &'static str, path: &'static str, body: Option<Value>, status: u16, code: &'static str| {
        let shop = &shop;
        async move {
            let (got, answer) = shop.call(method, path, body).await;
            assert_eq!(
                (got, answer["code"].as_str()),
                (status, Some(code)),
                "{method} {path}: {answer}"
            );
        }
    };
    check(
        "GET",
        "/invoices/inv_00000000000000000000000000",
        None,
        404,
        "not_found",
    )
    .await;
    check("GET", "/nothing", None, 404, "not_found").await;
    check(
        "POST",
        "/products",
        Some(json!({ "name": "", "kind": "vps" })),
        422,
        "invalid_fields",
    )
    .await;
    check(
        "POST",
        "/products",
        Some(json!({ "name": 7, "kind": "vps" })),
        422,
        "invalid_fields",
    )
    .await;
    check("POST", "/products", Some(json!([1])), 400, "malformed").await;
    check("GET", "/orders?limit=0", None, 422, "invalid_fields").await;
    let mut order = Shop::order(&account, &plan, &method);
    order["coupons"] = json!(["FREE"]);
    let (status, answer) = shop.call("POST", "/orders", Some(order)).await;
    assert_eq!(
        (status, answer["errors"][0]["field"].as_str()),
        (422, Some("coupons")),
        "{answer}"
    );
    let mut order = Shop::order(&account, &plan, &method);
    order["items"][0]["hostname"] = json!("<script>");
    assert_eq!(shop.call("POST", "/orders", Some(order)).await.0, 422);
    let stranger = shop
        .http
        .get(format!("{}/orders", shop.base))
        .header("host", "demo.ezscale.localhost")
        .bearer_auth("ezs_no");
    assert_eq!(stranger.send().await.expect("sent").status().as_u16(), 401);
    let nobody = shop
        .http
        .get(format!("{}/orders", shop.base))
        .header("host", "unknown.test");
    assert_eq!(nobody.send().await.expect("sent").status().as_u16(), 404);
}
