//! Options: what they cost, what is refused, what the panel is told, and what a renewal bills.

use serde_json::{Value, json};

use crate::walk::shop::{Shop, text};

/// The product of the worked example with three options, priced with its plan.
pub async fn with_options(shop: &Shop, plan: &str) -> String {
    let product = text(&shop.get(&format!("/plans/{plan}")).await, "product");
    let options = json!({ "options": [
        { "key": "os", "name": "Operating system", "kind": "choice", "required": true, "panel_key": "os_template",
          "values": [{ "key": "debian", "name": "Debian", "panel_value": 1 }, { "key": "ubuntu", "name": "Ubuntu", "panel_value": 2 }] },
        { "key": "ipv4", "name": "IPv4 addresses", "kind": "quantity", "min": 1, "max": 4, "panel_key": "ipv4" },
        { "key": "note", "name": "Note", "kind": "text", "max": 20 } ] });
    let (status, answer) = shop.call("PATCH", &format!("/products/{product}"), Some(options)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["options"].as_array().expect("options").len(), 3);
    let prices = json!({ "option_prices": [
        { "option": "os", "value": "ubuntu", "currency": "USD", "amount": "3.00", "setup": "1.00" },
        { "option": "ipv4", "currency": "USD", "amount": "1.50" } ] });
    let (status, answer) = shop.call("PATCH", &format!("/plans/{plan}"), Some(prices)).await;
    assert_eq!(status, 200, "{answer}");
    product
}

fn ordered(account: &str, plan: &str, method: &str, options: Value) -> Value {
    let mut order = Shop::order(account, plan, method);
    order["items"][0]["options"] = options;
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn options_are_priced_explained_built_and_renewed() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    with_options(&shop, &plan).await;
    let wanted = json!({ "os": "ubuntu", "ipv4": 2, "note": "rack 4" });
    let mut preview = ordered(&account, &plan, &method, wanted.clone());
    preview["preview"] = json!(true);
    let preview = shop.post("/orders", preview).await;
    // 10.00 + 3.00 + 2 x 1.50 a month, and 1.00 once.
    assert_eq!(preview["total"]["amount"], "17.00", "{preview}");
    assert_eq!(preview["items"][0]["unit"]["amount"], "16.00", "{preview}");
    assert_eq!(preview["items"][0]["lines"][0]["kind"], "setup", "{preview}");
    let order = shop.post("/orders", ordered(&account, &plan, &method, wanted)).await;
    assert_eq!(order["total"]["amount"], "17.00", "{order}");
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    shop.until(&service, |s| s["status"] == "active").await;
    let server = &shop.virtfusion.servers()[0];
    assert_eq!(server.template_id, Some(2), "the choice became a panel setting");
    let invoice = shop.get(&format!("/invoices/{}", text(&order, "invoice"))).await;
    let lines = invoice["lines"].as_array().expect("lines");
    let line = |kind: &str| lines.iter().find(|l| l["kind"] == kind).expect("a line");
    assert_eq!(line("setup")["amount"]["amount"], "1.00");
    let recurring = line("recurring");
    assert_eq!(recurring["amount"]["amount"], "16.00");
    assert_eq!(recurring["explain"]["base"]["amount"], "10.00");
    assert_eq!(recurring["explain"]["options"][1]["each"]["amount"], "1.50");
    assert_eq!(recurring["explain"]["options"][1]["quantity"], 2);
    // A new price version is for new orders: the renewal bills what was sold.
    let dearer = json!({ "prices": [{ "currency": "USD", "amount": "99.00" }],
        "option_prices": [{ "option": "ipv4", "currency": "USD", "amount": "9.00" }] });
    let (status, _) = shop.call("PATCH", &format!("/plans/{plan}"), Some(dearer)).await;
    assert_eq!(status, 200);
    let run = shop.post("/billing_runs", json!({ "on": "2026-02-15" })).await;
    assert_eq!(run["totals"][0]["amount"], "16.00", "{run}");
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_option_is_named_and_nothing_is_written() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    with_options(&shop, &plan).await;
    for (options, field) in [
        (json!({}), "items.0.options.os"),
        (json!({ "os": "beos" }), "items.0.options.os"),
        (json!({ "os": "debian", "ipv4": 5 }), "items.0.options.ipv4"),
        (json!({ "os": "debian", "ipv4": 0 }), "items.0.options.ipv4"),
        (json!({ "os": "debian", "ram": 1 }), "items.0.options.ram"),
        (json!({ "os": "debian", "note": "a\u{0}b" }), "items.0.options.note"),
        (json!([1]), "items.0.options"),
    ] {
        let (status, answer) = shop
            .call("POST", "/orders", Some(ordered(&account, &plan, &method, options)))
            .await;
        assert_eq!(
            (status, answer["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{answer}"
        );
    }
    assert_eq!(shop.get("/orders").await["data"], json!([]));
    assert_eq!(shop.get("/invoices").await["data"], json!([]));
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_changed_without_touching_what_was_sold() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let product = with_options(&shop, &plan).await;
    let path = format!("/products/{product}");
    let patch = |path: String, body: Value| {
        let shop = &shop;
        async move { shop.call("PATCH", &path, Some(body)).await }
    };
    let (status, shown) = patch(path.clone(), json!({ "name": "KVM 2 <b>", "stock": 1, "features": [{ "label": "Memory", "value": "4 GB" }],
        "options": [{ "key": "os", "name": "System", "kind": "choice", "values": [{ "key": "debian", "name": "Debian 13", "panel_value": 1 }] }] })).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(
        (
            shown["name"].as_str(),
            shown["options"][0]["values"].as_array().map(Vec::len)
        ),
        (Some("KVM 2 <b>"), Some(1))
    );
    for (body, field) in [
        (json!({ "status": "gone" }), "status"),
        (json!({ "stock": -1 }), "stock"),
        (json!({ "name": " " }), "name"),
        (json!({ "features": ["x"] }), "features"),
        (json!({ "server": "srv_0" }), "server"),
        (
            json!({ "options": [{ "key": "os", "name": "x", "kind": "text", "max": 3 }] }),
            "options",
        ),
        (
            json!({ "options": [{ "key": "Bad Key", "name": "x", "kind": "text", "max": 3 }] }),
            "key",
        ),
    ] {
        let (status, answer) = patch(path.clone(), body.clone()).await;
        assert_eq!(
            (status, answer["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{body}"
        );
    }
    // One is left: the second order finds none, and a failed order gives nothing away.
    let debian = || ordered(&account, &plan, &method, json!({ "os": "debian" }));
    shop.post("/orders", debian()).await;
    let (status, answer) = shop.call("POST", "/orders", Some(debian())).await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (409, Some("out_of_stock")),
        "{answer}"
    );
    let (_, shown) = patch(path.clone(), json!({ "stock": null, "status": "retired" })).await;
    assert_eq!((&shown["stock"], &shown["status"]), (&Value::Null, &json!("retired")));
    assert_eq!(
        shop.call("POST", "/orders", Some(debian())).await.0,
        422,
        "retired: no more orders"
    );
    let (status, _) = patch("/products/prd_00000000000000000000000000".into(), json!({})).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_comes_back_when_a_build_fails_for_good() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let product = format!(
        "/products/{}",
        text(&shop.get(&format!("/plans/{plan}")).await, "product")
    );
    let (status, _) = shop.call("PATCH", &product, Some(json!({ "stock": 3 }))).await;
    assert_eq!(status, 200);
    shop.virtfusion.set_capacity(0);
    // The panel does not say so beforehand: the build finds out.
    let silent = simulators::FaultRule::new("/resources", simulators::FaultKind::FailBefore(503)).times(u32::MAX);
    shop.virtfusion.faults().add(silent);
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    shop.until(&service, |s| s["status"] == "failed").await;
    assert_eq!(shop.get(&product).await["stock"], 3);
    shop.audit().await;
}
