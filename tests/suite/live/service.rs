//! A service's page: what it shows, what can be done there, and who may.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulators::{FaultKind, FaultRule};
use tests::Browser;

use super::people::{member_with, owner, stranger};
use crate::walk::shop::{Shop, text};

/// A running server, its id and its owner's browser.
async fn running(shop: &Shop) -> (String, String, Browser) {
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let service = order["services"][0].as_str().expect("a service").to_owned();
    shop.until(&format!("/services/{service}"), |s| s["status"] == "active")
        .await;
    let invoice = format!("/invoices/{}", text(&order, "invoice"));
    shop.until(&invoice, |i| i["payment_status"] == "paid").await;
    let customer = owner(shop, &account).await;
    (account, service, customer)
}

/// Waits until every operation of a service is over.
async fn settled(shop: &Shop, service: &str) -> Value {
    shop.until(&format!("/operations?service={service}"), |list| {
        let rows = list["data"].as_array().expect("operations");
        rows.iter()
            .all(|o| ["done", "failed"].contains(&o["status"].as_str().unwrap_or_default()))
    })
    .await
}

/// Opens a page until it has a text.
async fn until(browser: &Browser, path: &str, text: &str) -> tests::Page {
    let mut page = browser.get(path).await;
    for _ in 0..100 {
        if page.has(text) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        page = browser.get(path).await;
    }
    panic!("{path} never had {text:?}: {}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_servers_page_shows_what_matters_and_its_power_can_be_switched() {
    let shop = Shop::open().await;
    let (_, service, customer) = running(&shop).await;
    let path = format!("/account/services/{service}");
    let page = customer.get(&path).await;
    assert_eq!(page.status, 200);
    let there = &shop.virtfusion.servers()[0];
    for text in [
        "web-1.hall.test",
        "Active",
        "KVM 2 · Monthly",
        "ssh",
        "Restart",
        "Shut down",
        "Open panel",
        "Console",
        "per month",
        "15 February 2026",
        "Set up and running",
        "A root password waits to be shown",
        "/account/invoices/inv_",
    ] {
        assert!(
            page.body.to_lowercase().contains(&text.to_lowercase()),
            "{text}: {}",
            page.body
        );
    }
    assert!(page.has(&format!("hx-sse:connect=\"/events?topics=svc:{service}\"")));
    let done = customer
        .follow(&format!("{path}/power"), &[("action", "shutdown")])
        .await;
    assert!(done.has("It is being shut down"), "{}", done.body);
    settled(&shop, &service).await;
    assert!(!shop.virtfusion.server(there.id).expect("the server").running);
    // The clock of the test stands still, so that what was seen is not old: it moves on.
    shop.world.clock.advance(chrono::TimeDelta::minutes(5));
    customer.get(&path).await;
    let stopped = until(&customer, &path, "Stopped").await;
    assert!(
        stopped.has(">Start</button>") && !stopped.has(">Restart</button>"),
        "{}",
        stopped.body
    );
    assert_eq!(
        customer
            .post(&format!("{path}/power"), &[("action", "explode")])
            .await
            .status,
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn power_twice_at_once_is_switched_once() {
    let shop = Shop::open().await;
    let (_, service, customer) = running(&shop).await;
    let path = format!("/account/services/{service}/power");
    let slow = FaultRule::new("/power/restart", FaultKind::Delay(800)).times(u32::MAX);
    shop.virtfusion.faults().add(slow);
    let click = || customer.post(&path, &[("action", "restart")]);
    let (one, two, three) = tokio::join!(click(), click(), click());
    assert_eq!((one.status, two.status, three.status), (303, 303, 303));
    let list = settled(&shop, &service).await;
    let rows = list["data"].as_array().expect("operations");
    assert_eq!(rows.iter().filter(|o| o["kind"] == "power").count(), 1, "{list}");
    assert_eq!(shop.virtfusion.requests().count("POST", "/power/restart"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_that_hangs_does_not_hang_the_page() {
    let shop = Shop::open().await;
    let (_, service, customer) = running(&shop).await;
    let path = format!("/account/services/{service}");
    shop.virtfusion
        .faults()
        .add(FaultRule::new("/api/v1/servers/", FaultKind::Hang(60_000)).times(u32::MAX));
    shop.world.clock.advance(chrono::TimeDelta::minutes(5));
    let began = Instant::now();
    for _ in 0..3 {
        assert_eq!(customer.get(&path).await.status, 200);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // What is asked directly gives up and says so.
    let refused = customer.follow(&format!("{path}/console"), &[]).await;
    assert!(refused.has("does not answer at the moment"), "{}", refused.body);
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_password_is_shown_once_and_can_be_set_anew() {
    let shop = Shop::open().await;
    let (_, service, customer) = running(&shop).await;
    let path = format!("/account/services/{service}");
    let password = shop.virtfusion.servers()[0].password.clone();
    let page = customer.get(&path).await;
    assert!(!page.has(&password), "never on the page itself");
    let shown = customer.post(&format!("{path}/password/show"), &[]).await;
    assert!(shown.status == 200 && shown.has(&password), "{}", shown.body);
    let again = customer.post(&format!("{path}/password/show"), &[]).await;
    assert!(!again.has(&password) && again.has("none to show any more"));
    let wanted = customer.follow(&format!("{path}/password"), &[]).await;
    assert!(wanted.has("A new root password is being set"), "{}", wanted.body);
    settled(&shop, &service).await;
    let fresh = shop.virtfusion.servers()[0].password.clone();
    assert_ne!(fresh, password);
    let shown = customer.post(&format!("{path}/password/show"), &[]).await;
    assert!(shown.has(&fresh), "{}", shown.body);
    let audit = shop.get("/audit").await;
    let acts = |action: &str| {
        let rows = audit["data"].as_array().expect("entries");
        rows.iter().filter(|row| row["action"] == action).count()
    };
    assert_eq!(
        (acts("service.password_shown"), acts("service.password_wanted")),
        (2, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_nobody_elses_whatever_is_asked_of_it() {
    let shop = Shop::open().await;
    let (account, service, customer) = running(&shop).await;
    let path = format!("/account/services/{service}");
    let other = stranger(&shop).await;
    assert_eq!(other.get(&path).await.status, 404);
    assert_eq!(other.get(&format!("{path}/cancel")).await.status, 404);
    for act in [
        "power",
        "console",
        "panel",
        "password",
        "password/show",
        "cancel",
        "keep",
    ] {
        let answer = other.post(&format!("{path}/{act}"), &[("action", "restart")]).await;
        assert_eq!(answer.status, 404, "{act}");
    }
    let events = other
        .send(other.request(reqwest::Method::GET, &format!("/events?topics=svc:{service}")))
        .await;
    assert_eq!(events.status().as_u16(), 404);
    let clerk = member_with(&shop, &account, &["services.use"]).await;
    let page = clerk.get(&path).await;
    assert!(
        page.status == 200 && !page.has("/cancel\"") && !page.has("/account/invoices/inv_"),
        "{}",
        page.body
    );
    assert_eq!(clerk.get(&format!("{path}/cancel")).await.status, 403);
    assert_eq!(clerk.post(&format!("{path}/cancel"), &[]).await.status, 403);
    let list = settled(&shop, &service).await;
    assert_eq!(
        list["data"].as_array().expect("operations").len(),
        1,
        "nothing was done: {list}"
    );
    assert_eq!(
        customer
            .get("/account/services/svc_00000000000000000000000000")
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_service_runs_to_the_end_of_what_is_paid_and_can_be_kept_until_then() {
    let shop = Shop::open().await;
    let (_, service, customer) = running(&shop).await;
    let path = format!("/account/services/{service}");
    let ask = customer.get(&format!("{path}/cancel")).await;
    assert!(
        ask.has("15 February 2026") && ask.has("You can take it back"),
        "{}",
        ask.body
    );
    let long = "x".repeat(1001);
    let wrong = customer.post(&format!("{path}/cancel"), &[("reason", &long)]).await;
    assert!(wrong.status == 422 && wrong.has(&long), "what was typed is kept");
    let page = customer
        .follow(&format!("{path}/cancel"), &[("reason", "moving on")])
        .await;
    assert!(
        page.has("Cancelling on") && page.has("Keep the service"),
        "{}",
        page.body
    );
    let kept = customer.follow(&format!("{path}/keep"), &[]).await;
    assert!(
        kept.has("The service goes on") && !kept.has("Cancelling on"),
        "{}",
        kept.body
    );
    for _ in 0..2 {
        customer.follow(&format!("{path}/cancel"), &[]).await;
    }
    let early = shop.post("/billing_runs", json!({ "on": "2026-02-15" })).await;
    assert_eq!(early["invoices"], 0, "what ends is not billed again");
    let ended = billing::renewal::end_due(&shop.world.tenancy, &shop.world.scope("demo")).await;
    assert_eq!(ended.expect("an answer"), 0, "not before its day");
    shop.world.clock.advance(chrono::TimeDelta::days(31));
    for expected in [1, 0] {
        let ended = billing::renewal::end_due(&shop.world.tenancy, &shop.world.scope("demo")).await;
        assert_eq!(ended.expect("an answer"), expected, "once");
    }
    shop.until(&format!("/services/{service}"), |s| s["status"] == "terminated")
        .await;
    assert!(shop.virtfusion.servers().is_empty());
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_have_the_same_ways_in() {
    let shop = Shop::open().await;
    let (_, service, _) = running(&shop).await;
    let path = format!("/services/{service}");
    let link = shop.post(&format!("{path}/sign_in_link"), json!({})).await;
    assert!(text(&link, "url").starts_with(&shop.virtfusion.url()), "{link}");
    let console = shop.post(&format!("{path}/console"), json!({})).await;
    assert!(text(&console, "url").starts_with("ws"), "{console}");
    let password = shop.get(&format!("{path}/root_password")).await;
    assert_eq!(password["password"], shop.virtfusion.servers()[0].password.as_str());
    assert_eq!(
        shop.get(&format!("{path}/root_password")).await["password"],
        Value::Null,
        "once"
    );
    let wanted = shop.post(&format!("{path}/root_password"), json!({})).await;
    assert_eq!(wanted["kind"], "root_password");
    settled(&shop, &service).await;
    assert!(shop.get(&format!("{path}/root_password")).await["password"].is_string());
    let usage = shop.get(&format!("{path}/usage")).await;
    assert!(usage["traffic_in_bytes"].is_array(), "{usage}");
}
