//! The checkout: from a guest's cart to an order that is paid, once, whatever is clicked.

use serde_json::{Value, json};

use super::browser::{Browser, Checkout, PASSWORD};
use crate::walk::shop::{Shop, text};

async fn rows(shop: &Shop, path: &str) -> Vec<Value> {
    shop.get(path).await["data"].as_array().expect("rows").clone()
}

/// A customer who can sign in and has a saved card.
async fn customer(shop: &Shop, card: &str) -> (String, String) {
    let (account, plan, _) = shop.stock(card).await;
    let owner = text(&shop.get(&format!("/accounts/{account}")).await, "owner");
    let mut tx = shop.world.begin("demo").await;
    let owner = owner.parse().expect("a user");
    tenancy::user::set_password(&mut tx, owner, PASSWORD)
        .await
        .expect("a password");
    tx.commit().await.expect("a commit");
    (account, plan)
}

async fn signed_in(browser: &Browser<'_>) -> Checkout {
    browser.page("/checkout").await;
    let wrong = [
        ("email", "ops@hall.test"),
        ("password", "wrong wrong wrong"),
        ("city", "Porto"),
    ];
    let seen = browser.post("/checkout/sign-in", &wrong).await;
    assert_eq!(seen.status, 422);
    assert!(
        seen.body.contains("ops@hall.test") && seen.body.contains("Porto"),
        "what was typed is kept"
    );
    assert!(!seen.body.contains("wrong wrong wrong"), "a password never is");
    let right = [("email", "ops@hall.test"), ("password", PASSWORD)];
    assert!(browser.post("/checkout/sign-in", &right).await.leads_to("/checkout"));
    let page = browser.page("/checkout").await;
    assert!(
        page.body.contains("Hall &amp; Sons"),
        "the cart is kept and the account known"
    );
    Checkout::new(&page, "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_customer_orders_and_is_sent_to_the_payment_page() {
    let shop = Shop::open().await;
    let (_, plan, _) = shop.stock("pm_card_visa").await;
    let guest = Browser::new(&shop);
    guest.choose("kvm-2", &plan, "web-1.reis.test", &[]).await;
    let form = guest.checkout("ana@reis.test").await;
    let wrong = form
        .clone()
        .with("email", "no address")
        .with("new_password", "short")
        .with("country", "XX")
        .with("city", " ");
    let seen = guest.submit(&wrong.with("name", "<b>Ana</b>")).await;
    assert_eq!(seen.status, 422);
    for words in [
        "no e-mail address",
        "10 to 200",
        "Choose a country",
        "This is needed",
        "&lt;b&gt;Ana&lt;/b&gt;",
    ] {
        assert!(seen.body.contains(words), "{words}");
    }
    assert_eq!(rows(&shop, "/orders").await.len(), 0, "nothing was written");
    let seen = guest.submit(&form).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let page = format!("{}/c/pay/", shop.stripe.url());
    assert!(seen.body.contains(&page), "the page leads to the gateway");
    let orders = rows(&shop, "/orders").await;
    assert_eq!(
        (orders.len(), orders[0]["status"].as_str()),
        (1, Some("pending_payment"))
    );
    let account = shop.get(&format!("/accounts/{}", text(&orders[0], "account"))).await;
    assert_eq!(
        (account["country"].as_str(), account["city"].as_str()),
        (Some("PT"), Some("Porto"))
    );
    let order = text(&orders[0], "id");
    assert!(guest.page("/cart").await.body.contains("Your cart is empty"));
    assert!(
        guest
            .page(&format!("/checkout?order={order}"))
            .await
            .body
            .contains("web-1.reis.test")
    );
    // Somebody else learns nothing of it.
    let stranger = Browser::new(&shop);
    assert!(
        stranger
            .get(&format!("/checkout?order={order}"))
            .await
            .leads_to("/sign-in")
    );
    assert_eq!(
        stranger
            .post("/checkout", &[("order", &order), ("pay", "x")])
            .await
            .status,
        404
    );
    // The payer pays there; what the gateway says counts, not that somebody comes back.
    let session = seen.after(&page);
    guest.pay(&format!("{page}{session}"), "card").await;
    let back = guest.get(&format!("/checkout/return?order={order}")).await;
    assert!(back.leads_to(&format!("/account/orders/{order}")), "{}", back.body);
    shop.until(&format!("/orders/{order}"), |o| o["status"] == "accepted")
        .await;
    let service = format!("/services/{}", orders[0]["services"][0].as_str().expect("a service"));
    shop.until(&service, |s| s["status"] == "active").await;
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_customer_signs_in_in_place_and_pays_with_a_saved_card() {
    let shop = Shop::open().await;
    let (account, plan) = customer(&shop, "pm_card_visa").await;
    let browser = Browser::new(&shop);
    browser.choose("kvm-2", &plan, "web-1.hall.test", &[]).await;
    let form = signed_in(&browser).await;
    let seen = browser.submit(&form).await;
    assert!(seen.leads_to("/account/orders/ord_"), "{} {}", seen.status, seen.body);
    // A second click and a reload land on the same order.
    assert!(browser.submit(&form).await.leads_to(&seen.location));
    let orders = rows(&shop, "/orders").await;
    assert_eq!((orders.len(), &orders[0]["account"]), (1, &json!(account)));
    let invoice = format!("/invoices/{}", text(&orders[0], "invoice"));
    shop.until(&invoice, |i| i["payment_status"] == "paid").await;
    assert_eq!(shop.stripe.objects("payment_intent").len(), 1);
    let known = shop.get(&format!("/accounts/{account}")).await;
    assert_eq!(known["city"], "Porto", "the billing details are kept");
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_leaves_the_page_and_another_one_pays_the_same_order() {
    let shop = Shop::open().await;
    let (account, plan) = customer(&shop, "pm_card_chargeCustomerFail").await;
    let browser = Browser::new(&shop);
    browser.choose("kvm-2", &plan, "web-1.hall.test", &[]).await;
    let form = signed_in(&browser).await;
    let seen = browser.submit(&form).await;
    assert_eq!(seen.status, 422, "{}", seen.location);
    assert!(seen.body.contains("The payment did not go through") && seen.body.contains("web-1.hall.test"));
    let order = seen.input("order");
    assert!(order.starts_with("ord_"));
    let gateway = text(
        &rows(&shop, &format!("/accounts/{account}/payment_methods")).await[0],
        "gateway",
    );
    let path = format!("/accounts/{account}/payment_methods");
    let good = shop
        .post(&path, json!({ "gateway": gateway, "token": "pm_card_visa" }))
        .await;
    let again = form.with("order", &order).with("pay", &text(&good, "id"));
    let (one, two) = tokio::join!(browser.submit(&again), browser.submit(&again));
    assert!(
        one.leads_to("/account/orders/") && two.leads_to("/account/orders/"),
        "{} {}",
        one.body,
        two.body
    );
    assert_eq!(rows(&shop, "/orders").await.len(), 1);
    let invoice = rows(&shop, "/invoices").await[0].clone();
    shop.until(&format!("/invoices/{}", text(&invoice, "id")), |i| {
        i["payment_status"] == "paid"
    })
    .await;
    assert_eq!(shop.stripe.captured().len(), 1, "one charge");
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clicks_at_once_make_one_customer_one_order_and_one_invoice() {
    let shop = Shop::open().await;
    let (_, plan, _) = shop.stock("pm_card_visa").await;
    let before = rows(&shop, "/accounts").await.len();
    let guest = Browser::new(&shop);
    guest.choose("kvm-2", &plan, "web-1.reis.test", &[]).await;
    let form = guest.checkout("ana@reis.test").await;
    let (other, third) = (guest.twin(), guest.twin());
    let (one, two, three) = tokio::join!(guest.submit(&form), other.submit(&form), third.submit(&form));
    let fine = |status| [200, 303].contains(&status);
    assert!(
        fine(one.status) && fine(two.status) && fine(three.status),
        "{} {} {}",
        one.status,
        two.status,
        three.status
    );
    assert_eq!(rows(&shop, "/orders").await.len(), 1);
    assert_eq!(rows(&shop, "/invoices").await.len(), 1);
    assert_eq!(rows(&shop, "/accounts").await.len(), before + 1);
    // The key alone opens nothing: without the password a third click learns no more than a stranger.
    let thief = Browser::new(&shop);
    thief.choose("kvm-2", &plan, "x.reis.test", &[]).await;
    let seen = thief.submit(&form.with("new_password", "another long sentence")).await;
    assert_eq!(seen.status, 422, "{}", seen.location);
    assert!(!seen.location.contains("/account/"));
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_one_is_sold_once() {
    let shop = Shop::open().await;
    let (_, plan, _) = shop.stock("pm_card_visa").await;
    shop.virtfusion.set_capacity(1);
    let (a, b) = (Browser::new(&shop), Browser::new(&shop));
    for (browser, host) in [(&a, "a.reis.test"), (&b, "b.reis.test")] {
        assert!(browser.choose("kvm-2", &plan, host, &[]).await.leads_to("/cart"));
    }
    let (first, second) = (a.checkout("a@reis.test").await, b.checkout("b@reis.test").await);
    let (one, two) = tokio::join!(a.submit(&first), b.submit(&second));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422], "{} {}", one.body, two.body);
    let (loser, seen) = if one.status == 422 { (&a, &one) } else { (&b, &two) };
    assert!(seen.body.contains("has just been sold out"), "{}", seen.body);
    assert!(
        loser.page("/cart").await.body.contains(".reis.test"),
        "the cart is kept"
    );
    assert_eq!(rows(&shop, "/orders").await.len(), 1);
    assert_eq!(rows(&shop, "/invoices").await.len(), 1);
    let mut tx = shop.world.begin("demo").await;
    let lost = tenancy::user::find_by_email(
        &mut tx,
        if one.status == 422 {
            "a@reis.test"
        } else {
            "b@reis.test"
        },
    );
    assert!(
        lost.await.expect("users").is_none(),
        "nothing of the refused checkout was written"
    );
    drop(tx);
    // Stock that is counted is sold once, too.
    let product = text(&shop.get(&format!("/plans/{plan}")).await, "product");
    shop.virtfusion.set_capacity(50);
    shop.call("PATCH", &format!("/products/{product}"), Some(json!({ "stock": 1 })))
        .await;
    let (c, d) = (Browser::new(&shop), Browser::new(&shop));
    c.choose("kvm-2", &plan, "c.reis.test", &[]).await;
    d.choose("kvm-2", &plan, "d.reis.test", &[]).await;
    let (third, fourth) = (c.checkout("c@reis.test").await, d.checkout("d@reis.test").await);
    let (three, four) = tokio::join!(c.submit(&third), d.submit(&fourth));
    assert_eq!([three.status, four.status].iter().filter(|s| **s == 422).count(), 1);
    assert_eq!(rows(&shop, "/orders").await.len(), 2);
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_forms_and_forgotten_sessions_buy_nothing() {
    let shop = Shop::open().await;
    let (_, plan, _) = shop.stock("pm_card_visa").await;
    let guest = Browser::new(&shop);
    guest.choose("kvm-2", &plan, "web-1.reis.test", &[]).await;
    let form = guest.checkout("ana@reis.test").await;
    let dearer = json!({ "prices": [{ "currency": "USD", "amount": "12.00" }] });
    shop.call("PATCH", &format!("/plans/{plan}"), Some(dearer)).await;
    let seen = guest.submit(&form).await;
    assert_eq!(seen.status, 422);
    assert!(seen.body.contains("The price has changed") && seen.body.contains("ana@reis.test"));
    assert_eq!(seen.input("expect"), "1200");
    assert_eq!(rows(&shop, "/orders").await.len(), 0);
    let nonsense = form.clone().with("pay", "new:gtw_0").with("expect", "1200");
    assert_eq!(guest.submit(&nonsense).await.status, 422);
    guest.forget();
    assert!(guest.submit(&form).await.leads_to("/cart"), "no cart, no order");
    let foreign = shop
        .http
        .post(format!("{}/checkout", shop.base.trim_end_matches("/api/v1")))
        .header("host", "demo.ezscale.localhost")
        .header("origin", "http://evil.test")
        .form(&[("key", "x")]);
    assert_eq!(foreign.send().await.expect("sent").status().as_u16(), 403);
    assert_eq!(rows(&shop, "/orders").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_nobody_paid_is_given_up_and_everything_comes_back() {
    let shop = Shop::open().await;
    let (_, plan) = customer(&shop, "pm_card_chargeCustomerFail").await;
    let product = format!(
        "/products/{}",
        text(&shop.get(&format!("/plans/{plan}")).await, "product")
    );
    shop.call("PATCH", &product, Some(json!({ "stock": 5 }))).await;
    let browser = Browser::new(&shop);
    browser.choose("kvm-2", &plan, "web-1.hall.test", &[]).await;
    let form = signed_in(&browser).await;
    let order = browser.submit(&form).await.input("order");
    assert_eq!(shop.get(&product).await["stock"], 4);
    let stranger = Browser::new(&shop);
    let given_up = [("order", order.as_str())];
    assert_eq!(stranger.post("/checkout/cancellation", &given_up).await.status, 404);
    // A payment page that is open is closed first.
    let gateway = text(&rows(&shop, "/gateways").await[0], "id");
    let page = form
        .clone()
        .with("order", &order)
        .with("pay", &format!("new:{gateway}"));
    assert!(browser.submit(&page).await.body.contains("/c/pay/"));
    for _ in 0..2 {
        assert!(
            browser
                .post("/checkout/cancellation", &given_up)
                .await
                .leads_to("/cart")
        );
    }
    assert_eq!(shop.get(&format!("/orders/{order}")).await["status"], "cancelled");
    assert_eq!(rows(&shop, "/invoices").await[0]["status"], "void");
    assert_eq!(shop.get(&product).await["stock"], 5, "given back once");
    assert!(
        browser
            .get(&format!("/checkout?order={order}"))
            .await
            .leads_to("/account/orders/")
    );
    shop.audit().await;
    // Through the API the same; what is paid stays.
    let account = json!({ "name": "Reis", "email": "ops@reis.test", "country": "PT", "currency": "USD" });
    let account = text(&shop.post("/accounts", account).await, "id");
    let methods = format!("/accounts/{account}/payment_methods");
    let card = shop
        .post(&methods, json!({ "gateway": gateway, "token": "pm_card_visa" }))
        .await;
    let paid = shop
        .post("/orders", Shop::order(&account, &plan, &text(&card, "id")))
        .await;
    assert_eq!(paid["status"], "accepted");
    let path = format!("/orders/{}/cancellation", text(&paid, "id"));
    let (status, answer) = shop.call("POST", &path, Some(json!({}))).await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (409, Some("order_closed")),
        "{answer}"
    );
    let again = format!("/orders/{order}/cancellation");
    let (status, _) = shop.call("POST", &again, Some(json!({}))).await;
    assert_eq!(status, 200);
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_is_used_first_and_enough_of_it_needs_no_card() {
    let shop = Shop::open().await;
    let (account, plan) = customer(&shop, "pm_card_visa").await;
    let credit = |amount: &str| {
        json!({ "account": account, "kind": "goodwill", "reason": "for trying it out",
                "amount": { "amount": amount, "currency": "USD" } })
    };
    shop.post("/credits", credit("4.00")).await;
    let browser = Browser::new(&shop);
    browser.choose("kvm-2", &plan, "web-1.hall.test", &[]).await;
    let form = signed_in(&browser).await;
    assert!(
        browser
            .page("/checkout")
            .await
            .body
            .contains("of your credit is used first")
    );
    let seen = browser.submit(&form).await;
    assert!(seen.leads_to("/account/orders/"), "{}", seen.body);
    shop.until("/invoices", |l| l["data"][0]["payment_status"] == "paid")
        .await;
    let charges = shop.stripe.captured();
    assert_eq!(
        (charges.len(), charges[0]["amount"].as_i64()),
        (1, Some(600)),
        "what credit does not cover"
    );
    // Enough of it: no card is asked.
    shop.post("/credits", credit("25.00")).await;
    browser.choose("kvm-2", &plan, "web-2.hall.test", &[]).await;
    let page = browser.page("/checkout").await;
    assert!(page.body.contains("Nothing is due today") && page.body.contains("Place the order"));
    let seen = browser.submit(&Checkout::new(&page, "")).await;
    assert!(seen.leads_to("/account/orders/"), "{}", seen.body);
    let paid = |list: &Value| {
        let all = list["data"].as_array().expect("invoices");
        all.len() == 2 && all.iter().all(|i| i["payment_status"] == "paid")
    };
    shop.until("/invoices", paid).await;
    assert_eq!(shop.stripe.captured().len(), 1, "no second charge");
    shop.audit().await;
}
