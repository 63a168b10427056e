//! The hosted page.

use serde_json::json;

use super::*;

const BACK: &str = "http://shop.test/done?session={CHECKOUT_SESSION_ID}";

async fn session(client: &Client, more: &[(&str, &str)]) -> Value {
    let mut form = vec![("success_url", BACK), ("cancel_url", "http://shop.test/cart")];
    form.extend_from_slice(more);
    let (status, session) = client.post("/checkout/sessions", &form).await;
    assert_eq!(status, 200, "{session}");
    session
}

const LINE: [(&str, &str); 5] = [
    ("mode", "payment"),
    ("line_items[0][price_data][currency]", "eur"),
    ("line_items[0][price_data][unit_amount]", "1250"),
    ("line_items[0][price_data][product_data][name]", "Invoice <7>"),
    ("line_items[0][quantity]", "2"),
];

async fn press(client: &Client, session: &Value, choice: &str) -> (u16, String, String) {
    let url = session["url"].as_str().unwrap();
    let answer = client.http.post(url).form(&[("choice", choice)]).send().await.unwrap();
    let place = answer
        .headers()
        .get("location")
        .map_or("", |place| place.to_str().unwrap())
        .to_owned();
    (answer.status().as_u16(), place, answer.text().await.unwrap())
}

#[tokio::test]
async fn paying_completes_the_session() {
    let client = Client::new().await;
    let mut order = LINE.to_vec();
    order.push(("payment_intent_data[metadata][payment]", "pay_1"));
    let open = session(&client, &order).await;
    assert_eq!(
        (&open["amount_total"], &open["payment_status"]),
        (&json!(2500), &json!("unpaid"))
    );
    assert!(open.get("simulated_intent").is_none());
    let page = client
        .http
        .get(open["url"].as_str().unwrap())
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("Pay 25.00 EUR") && page.contains("Invoice &lt;7&gt;"));
    let (status, _, told) = press(&client, &open, "declined").await;
    assert!(status == 200 && told.contains("Your card was declined."));
    let (status, place, _) = press(&client, &open, "card").await;
    assert_eq!(
        (status, place),
        (303, BACK.replace("{CHECKOUT_SESSION_ID}", &id(&open)))
    );
    let (_, done) = client
        .get(&format!(
            "/checkout/sessions/{}?expand[]=payment_intent.latest_charge",
            id(&open)
        ))
        .await;
    assert_eq!(
        (&done["status"], &done["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    assert_eq!(done["payment_intent"]["metadata"]["payment"], json!("pay_1"));
    assert_eq!(done["payment_intent"]["latest_charge"]["paid"], json!(true));
    assert_eq!(client.stripe.objects("payment_intent").len(), 1);
}

#[tokio::test]
async fn cancelling_keeps_it_open_and_expiring_ends_it() {
    let client = Client::new().await;
    let open = session(&client, &LINE).await;
    assert_eq!(press(&client, &open, "cancel").await.1, "http://shop.test/cart");
    let (_, still) = client.get(&format!("/checkout/sessions/{}", id(&open))).await;
    assert_eq!(still["status"], json!("open"));
    client.stripe.ticker().advance(86_401);
    let (_, late) = client.get(&format!("/checkout/sessions/{}", id(&open))).await;
    assert_eq!(late["status"], json!("expired"));
}

#[tokio::test]
async fn a_card_is_saved_with_its_challenge() {
    let client = Client::new().await;
    let (_, customer) = client.post("/customers", &[]).await;
    let customer = id(&customer);
    let open = session(
        &client,
        &[("mode", "setup"), ("currency", "usd"), ("customer", &customer)],
    )
    .await;
    let (status, _, told) = press(&client, &open, "challenge").await;
    assert!(status == 200 && told.contains("Complete authentication"));
    assert_eq!(press(&client, &open, "pass").await.0, 303);
    let (_, done) = client
        .get(&format!("/checkout/sessions/{}?expand[]=setup_intent", id(&open)))
        .await;
    let method = done["setup_intent"]["payment_method"].as_str().unwrap().to_owned();
    assert_eq!(client.charge(&(customer, method), "900", &[]).await.0, 200);
}

#[tokio::test]
async fn held_money_leaves_the_session_unpaid_until_captured() {
    let client = Client::new().await;
    let mut order = LINE.to_vec();
    order.push(("payment_intent_data[capture_method]", "manual"));
    let open = session(&client, &order).await;
    press(&client, &open, "card").await;
    let path = format!("/checkout/sessions/{}", id(&open));
    let (_, held) = client.get(&path).await;
    assert_eq!(
        (&held["status"], &held["payment_status"]),
        (&json!("complete"), &json!("unpaid"))
    );
    let intent = held["payment_intent"].as_str().unwrap();
    client.post(&format!("/payment_intents/{intent}/capture"), &[]).await;
    assert_eq!(client.get(&path).await.1["payment_status"], json!("paid"));
}
