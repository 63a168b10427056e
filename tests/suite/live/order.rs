//! The order's page: the same steps whoever asks, whenever.

use simulators::FaultKind;
use tests::Browser;

use super::people::{member_with, owner, stranger};
use crate::walk::shop::{Shop, text};

fn page_of(order: &serde_json::Value) -> String {
    format!("/account/orders/{}", text(order, "id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_page_shows_its_steps_until_the_server_is_ready() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let customer = owner(&shop, &account).await;
    shop.virtfusion.set_build_time(1, 1500);
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let path = page_of(&order);
    let under_way = customer.get(&path).await;
    assert_eq!(under_way.status, 200);
    assert!(under_way.has("You can leave this page") && under_way.has("http-equiv=\"refresh\""));
    assert!(under_way.has("Held on your card"), "nothing is taken yet");
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    let service = shop.until(&service, |s| s["status"] == "active").await;
    let ready = customer.get(&path).await;
    assert!(ready.has("Your server is ready"), "{}", ready.body);
    let ip = service["ip_addresses"][0].as_str().expect("an address");
    assert!(ready.has(&format!("ssh root@{ip}")) && ready.has(&format!("/account/services/{}", text(&service, "id"))));
    assert!(
        !ready.has("step-waiting") && !ready.has("step-running"),
        "every step is done"
    );
    assert!(!ready.has("http-equiv=\"refresh\""), "nothing more to wait for");
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_nobody_elses() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let path = page_of(&order);
    assert_eq!(stranger(&shop).await.get(&path).await.status, 404);
    let clerk = member_with(&shop, &account, &["billing.read"]).await;
    assert_eq!(clerk.get(&path).await.status, 403, "without the permission");
    let nobody = Browser::new(&shop.base, "demo.ezscale.localhost");
    let answer = nobody.get(&path).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location.is_some_and(|to| to.starts_with("/sign-in?next=")));
    let customer = owner(&shop, &account).await;
    for wrong in ["ord_00000000000000000000000000", "nothing", "svc_1"] {
        assert_eq!(
            customer.get(&format!("/account/orders/{wrong}")).await.status,
            404,
            "{wrong}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_the_customer_reads_plain_words_and_nothing_is_charged() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let customer = owner(&shop, &account).await;
    shop.virtfusion.set_capacity(0);
    let silent = simulators::FaultRule::new("/resources", FaultKind::FailBefore(503)).times(u32::MAX);
    shop.virtfusion.faults().add(silent);
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    shop.until(&service, |s| s["status"] == "failed").await;
    let page = customer.get(&page_of(&order)).await;
    assert!(
        page.has("We are on it") && page.has("Nothing was charged") && page.has("opr_"),
        "{}",
        page.body
    );
    assert!(!page.has("hypervisor"), "the panel's words stay with staff");
    assert!(shop.stripe.captured().is_empty());
    let invoice = format!("/invoices/{}", text(&order, "invoice"));
    shop.until(&invoice, |i| i["payment_status"] == "unpaid").await;
    let later = customer.get(&page_of(&order)).await;
    assert!(
        later.has("What was held is given back") && later.has("step-failed"),
        "{}",
        later.body
    );
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_leads_to_another_way_to_pay() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_chargeCustomerFail").await;
    let customer = owner(&shop, &account).await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let page = customer.get(&page_of(&order)).await;
    let pay = format!("/account/invoices/{}/pay", text(&order, "invoice"));
    assert!(
        page.has("The payment did not go through") && page.has(&pay),
        "{}",
        page.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_being_built_says_so_when_the_panel_is_away() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let customer = owner(&shop, &account).await;
    let away = simulators::FaultRule::new("/api/v1/servers", FaultKind::FailBefore(503)).times(u32::MAX);
    shop.virtfusion.faults().add(away);
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let mut page = customer.get(&page_of(&order)).await;
    for _ in 0..100 {
        if page.has("This takes longer than usual") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        page = customer.get(&page_of(&order)).await;
    }
    assert!(page.has("This takes longer than usual"), "{}", page.body);
}
