//! Streams over real HTTP: what a page that is open sees, and who is let in.

use std::time::Duration;

use reqwest::{Method, Response};
use tests::Browser;

use super::people::{member_with, owner, stranger};
use crate::walk::shop::{Shop, text};

/// An open stream.
struct Stream {
    response: Response,
    seen: String,
}

async fn open(browser: &Browser, topics: &str) -> Response {
    let request = browser
        .request(Method::GET, &format!("/events?topics={topics}"))
        .header("accept", "text/event-stream");
    browser.send(request).await
}

impl Stream {
    async fn open(browser: &Browser, topics: &str) -> Self {
        let response = open(browser, topics).await;
        assert_eq!(response.status().as_u16(), 200);
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        assert!(header("content-type").starts_with("text/event-stream"));
        assert_eq!(header("x-accel-buffering"), "no");
        assert_eq!(header("content-encoding"), "", "a packed stream waits for its buffer");
        Self {
            response,
            seen: String::new(),
        }
    }

    /// Reads on until the text was seen; false when the stream ended before.
    async fn until(&mut self, text: &str) -> bool {
        let read = async {
            while !self.seen.contains(text) {
                match self.response.chunk().await {
                    Ok(Some(chunk)) => self.seen.push_str(&String::from_utf8_lossy(&chunk)),
                    Ok(None) | Err(_) => return false,
                }
            }
            true
        };
        match tokio::time::timeout(Duration::from_secs(40), read).await {
            Ok(seen) => seen,
            Err(_) => panic!("{text:?} was not seen in {}", self.seen),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_stream_shows_the_steps_up_to_ready() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let customer = owner(&shop, &account).await;
    shop.virtfusion.set_build_time(1, 2500);
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let topics = format!("ord:{}", text(&order, "id"));
    let mut stream = Stream::open(&customer, &topics).await;
    assert!(stream.until("id: 1").await, "everything is sent at once");
    assert!(
        stream
            .until("<hx-partial hx-target=\"#live\" hx-swap=\"innerMorph\">")
            .await
    );
    assert!(stream.until("aria-current=\"step\"").await);
    let began = std::time::Instant::now();
    assert!(stream.until("Your server is ready").await, "{}", stream.seen);
    assert!(
        began.elapsed() < Duration::from_secs(14),
        "by news, not by the slow poll"
    );
    assert!(stream.seen.contains("id: 2"), "{}", stream.seen);
    // Another look begins with everything again, wherever the last one was cut.
    let mut again = Stream::open(&customer, &topics).await;
    assert!(again.until("Your server is ready").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_their_accounts_and_need_their_permission() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let topics = format!("ord:{}", text(&order, "id"));
    let customer = owner(&shop, &account).await;
    assert_eq!(open(&customer, &topics).await.status().as_u16(), 200);
    assert_eq!(open(&stranger(&shop).await, &topics).await.status().as_u16(), 404);
    let clerk = member_with(&shop, &account, &["billing.read"]).await;
    assert_eq!(open(&clerk, &topics).await.status().as_u16(), 403);
    let nobody = Browser::new(&shop.base, "demo.ezscale.localhost");
    assert_eq!(
        open(&nobody, &topics).await.status().as_u16(),
        401,
        "no redirect that a script would draw"
    );
    for wrong in [
        "",
        "ord:",
        "all",
        "ord:ord_00000000000000000000000000",
        &format!("{topics},ord:x"),
    ] {
        assert_eq!(open(&customer, wrong).await.status().as_u16(), 404, "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session_and_there_are_only_so_many() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let topics = format!("ord:{}", text(&order, "id"));
    let customer = owner(&shop, &account).await;
    let mut streams = Vec::new();
    for _ in 0..portals::live::hub::PER_SESSION {
        streams.push(Stream::open(&customer, &topics).await);
    }
    assert_eq!(open(&customer, &topics).await.status().as_u16(), 429);
    streams.truncate(1);
    let mut stream = streams.remove(0);
    assert!(stream.until("id: 1").await);
    let answer = customer.post("/sign-out", &[]).await;
    assert_eq!(answer.status, 303);
    let began = std::time::Instant::now();
    assert!(!stream.until("nothing says this").await, "it ends by itself");
    assert!(began.elapsed() < Duration::from_secs(25));
}
