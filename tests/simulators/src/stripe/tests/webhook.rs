//! Deliveries: signed, repeated, in the wrong order, too old.

use std::time::Duration;

use serde_json::json;

use super::*;

/// A server that notes what it hears; it is a simulator's own site with an empty router.
async fn ear() -> Site {
    let router = axum::Router::new().fallback(|| async { "ok" });
    Site::open(([127, 0, 0, 1], 0).into(), router, || json!(null))
        .await
        .unwrap()
}

async fn heard(ear: &Site, count: usize) -> Vec<crate::LoggedRequest> {
    for _ in 0..400 {
        if ear.requests().all().len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ear.requests().all()
}

fn kind(request: &crate::LoggedRequest) -> String {
    let event: Value = serde_json::from_str(&request.body).unwrap();
    event["type"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn events_arrive_signed() {
    let client = Client::new().await;
    let ear = ear().await;
    client
        .stripe
        .register_webhook(&format!("{}/hooks/1", ear.url()), "whsec_a");
    client
        .post(
            "/payment_intents",
            &[
                ("amount", "500"),
                ("currency", "usd"),
                ("payment_method", "pm_card_visa"),
                ("confirm", "true"),
            ],
        )
        .await;
    let requests = heard(&ear, 3).await;
    let kinds: Vec<String> = requests.iter().map(kind).collect();
    assert_eq!(
        kinds,
        ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    );
    let given = &requests[2].headers["stripe-signature"];
    let at: i64 = given.split(['=', ',']).nth(1).unwrap().parse().unwrap();
    assert_eq!(*given, sign("whsec_a", at, &requests[2].body));
    let event: Value = serde_json::from_str(&requests[2].body).unwrap();
    assert_eq!(event["data"]["object"]["status"], json!("succeeded"));
    let (_, listed) = client.get("/events?type=payment_intent.succeeded").await;
    assert_eq!(listed["data"][0]["id"], event["id"]);
}

#[tokio::test]
async fn endpoints_choose_events_and_connected_ones_name_the_account() {
    let client = Client::new().await;
    let ear = ear().await;
    let url = ear.url();
    let wanted = [
        ("url", url.as_str()),
        ("enabled_events[]", "customer.created"),
        ("connect", "true"),
    ];
    let (_, endpoint) = client.post("/webhook_endpoints", &wanted).await;
    assert!(endpoint["secret"].as_str().unwrap().starts_with("whsec_"));
    client.post("/customers", &[]).await;
    let connected = client.http.post(format!("{}/v1/customers", client.stripe.url()));
    read(connected.bearer_auth(&client.key).header("stripe-account", "acct_shop")).await;
    let requests = heard(&ear, 1).await;
    let event: Value = serde_json::from_str(&requests[0].body).unwrap();
    assert_eq!((requests.len(), &event["account"]), (1, &json!("acct_shop")));
    let (_, read_back) = client.get(&format!("/webhook_endpoints/{}", id(&endpoint))).await;
    assert!(read_back.get("secret").is_none());
}

#[tokio::test]
async fn deliveries_can_be_awkward() {
    let client = Client::new().await;
    let ear = ear().await;
    client.stripe.register_webhook(&ear.url(), "whsec_a");
    ear.faults()
        .add(crate::FaultRule::new("", crate::FaultKind::FailBefore(500)));
    client.post("/customers", &[]).await;
    assert_eq!(heard(&ear, 2).await.len(), 2, "a refused delivery is tried again");
    ear.requests().clear();
    client.stripe.set_deliveries(DeliveryKnobs {
        duplicate: true,
        reorder: true,
        stale_seconds: 600,
        ..DeliveryKnobs::default()
    });
    let (_, customer) = client.post("/customers", &[]).await;
    client
        .post(&format!("/customers/{}", id(&customer)), &[("name", "N")])
        .await;
    let requests = heard(&ear, 4).await;
    let kinds: Vec<String> = requests.iter().map(kind).collect();
    assert_eq!(
        kinds,
        [
            "customer.updated",
            "customer.updated",
            "customer.created",
            "customer.created"
        ]
    );
    let at: i64 = requests[0].headers["stripe-signature"]
        .split(['=', ','])
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert!(client.stripe.ticker().unix() - at >= 600);
}
