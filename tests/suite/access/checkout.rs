//! Ordering and charging what an account has saved are two rights: the same in the shop as in the API.

use serde_json::json;
use tests::PASSWORD;

use super::door::refusal;
use crate::buying::browser::{Browser, Checkout};
use crate::walk::shop::{Shop, text};

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_order_charges_no_saved_card_and_keeps_none() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let id = account.parse().unwrap();
    let buyer = shop
        .world
        .member("demo", "buyer@hall.test", id, &["services.manage", "services.use"])
        .await;
    let mut tx = shop.world.begin("demo").await;
    tenancy::user::set_password(&mut tx, buyer.user.id, PASSWORD)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    // The API's rule.
    let order = Shop::order(&account, &plan, &method);
    assert_eq!(
        refusal(&shop, &buyer.token, "POST", "/orders", Some(order)).await,
        (403, "scope_missing".into())
    );
    // The shop's: the card is not shown, and naming it is no way to pay.
    let browser = Browser::new(&shop);
    browser.choose("kvm-2", &plan, "web-1.hall.test", &[]).await;
    browser.page("/checkout").await;
    let signed = [("email", "buyer@hall.test"), ("password", PASSWORD)];
    assert!(browser.post("/checkout/sign-in", &signed).await.leads_to("/checkout"));
    let page = browser.page("/checkout").await;
    assert!(
        page.body.contains("Hall &amp; Sons") && !page.body.contains("4242"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("name=\"save\""), "nor is one kept: {}", page.body);
    let form = Checkout::new(&page, "");
    let refused = browser.submit(&form.clone().with("pay", &method)).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(shop.get("/orders").await["data"], json!([]));
    // The gateway's own page is theirs to pay on; a card typed there is not kept for the account.
    let sent = browser.submit(&form.with("save", "on")).await;
    let hosted = format!("{}/c/pay/", shop.stripe.url());
    assert!(sent.status == 200 && sent.body.contains(&hosted), "{}", sent.body);
    let order = text(&shop.get("/orders").await["data"][0], "id");
    let mut tx = shop.world.begin("demo").await;
    let saves: Vec<bool> = sqlx::query_scalar("SELECT save_method FROM payments")
        .fetch_all(tx.connection())
        .await
        .unwrap();
    assert_eq!(saves, [false]);
    drop(tx);
    // Nor is the card charged for the order that waits.
    let late = [("order", order.as_str()), ("pay", method.as_str())];
    assert_eq!(browser.post("/checkout", &late).await.status, 422);
    let invoice = text(&shop.get(&format!("/orders/{order}")).await, "invoice");
    assert_eq!(
        shop.get(&format!("/invoices/{invoice}")).await["payment_status"],
        "unpaid"
    );
    shop.audit().await;
}
