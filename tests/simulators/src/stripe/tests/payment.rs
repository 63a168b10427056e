//! Cards, intents, refunds, disputes.

use serde_json::json;

use super::*;

#[tokio::test]
async fn an_absent_payer_is_charged_and_the_fee_is_told() {
    let client = Client::new().await;
    let payer = client.customer("pm_card_visa").await;
    let more = [
        ("metadata[invoice]", "inv_1"),
        ("expand[]", "latest_charge.balance_transaction"),
    ];
    let (status, intent) = client.charge(&payer, "1000", &more).await;
    assert_eq!((status, &intent["status"]), (200, &json!("succeeded")));
    assert_eq!(intent["amount_received"], json!(1000));
    let booked = &intent["latest_charge"]["balance_transaction"];
    assert_eq!((&booked["fee"], &booked["net"]), (&json!(59), &json!(941)));
    assert_eq!(
        intent["latest_charge"]["payment_method_details"]["card"]["last4"],
        json!("4242")
    );
    assert_eq!(intent["next_action"], Value::Null);
    let (_, listed) = client
        .get(&format!("/payment_methods?customer={}&type=card", payer.0))
        .await;
    assert_eq!(listed["data"][0]["id"], json!(payer.1));
}

#[tokio::test]
async fn declines_carry_their_codes_and_the_intent() {
    let client = Client::new().await;
    let (_, customer) = client.post("/customers", &[]).await;
    let (status, refused) = client
        .post(
            "/payment_methods/pm_card_chargeDeclinedInsufficientFunds/attach",
            &[("customer", &id(&customer))],
        )
        .await;
    assert_eq!(
        (status, &refused["error"]["decline_code"]),
        (402, &json!("insufficient_funds"))
    );
    let payer = client.customer("pm_card_chargeCustomerFail").await;
    let (status, refused) = client.charge(&payer, "1000", &[]).await;
    let error = &refused["error"];
    assert_eq!(
        (status, &error["type"], &error["code"]),
        (402, &json!("card_error"), &json!("card_declined"))
    );
    assert_eq!(error["payment_intent"]["status"], json!("requires_payment_method"));
    assert!(error["charge"].is_string());
    let again = error["payment_intent"]["id"].as_str().unwrap();
    let (status, paid) = client
        .post(
            &format!("/payment_intents/{again}/confirm"),
            &[("payment_method", "pm_card_mastercard")],
        )
        .await;
    assert_eq!((status, &paid["status"]), (200, &json!("succeeded")));
}

#[tokio::test]
async fn strong_authentication_needs_the_payer() {
    let client = Client::new().await;
    let payer = client.customer("pm_card_authenticationRequired").await;
    let (status, refused) = client.charge(&payer, "1000", &[]).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (402, &json!("authentication_required"))
    );
    let intent = refused["error"]["payment_intent"]["id"].as_str().unwrap().to_owned();
    let confirm = [
        ("payment_method", payer.1.as_str()),
        ("return_url", "http://shop.test/back?x=1"),
    ];
    let (_, waiting) = client
        .post(&format!("/payment_intents/{intent}/confirm"), &confirm)
        .await;
    assert_eq!(waiting["status"], json!("requires_action"));
    let page = waiting["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
    assert!(
        client
            .http
            .get(page)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("10.00 USD")
    );
    let answer = client.http.post(page).form(&[("choice", "pass")]).send().await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap();
    assert_eq!(
        back,
        format!("http://shop.test/back?x=1&payment_intent={intent}&redirect_status=succeeded")
    );
    assert_eq!(client.stripe.object(&intent).unwrap()["status"], json!("succeeded"));
}

#[tokio::test]
async fn a_setup_frees_later_charges_from_the_challenge() {
    let client = Client::new().await;
    let (_, customer) = client.post("/customers", &[]).await;
    let customer = id(&customer);
    let order = [
        ("customer", customer.as_str()),
        ("payment_method", "pm_card_authenticationRequiredOnSetup"),
        ("confirm", "true"),
    ];
    let (_, setup) = client.post("/setup_intents", &order).await;
    assert_eq!(setup["status"], json!("requires_action"));
    let page = setup["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
    client.http.post(page).form(&[("choice", "pass")]).send().await.unwrap();
    let (_, setup) = client.get(&format!("/setup_intents/{}", id(&setup))).await;
    assert_eq!(setup["status"], json!("succeeded"));
    let payer = (customer, setup["payment_method"].as_str().unwrap().to_owned());
    assert_eq!(client.charge(&payer, "1000", &[]).await.0, 200);
    client.post(&format!("/payment_methods/{}/detach", payer.1), &[]).await;
    assert_eq!(client.charge(&payer, "1000", &[]).await.0, 400);
}

#[tokio::test]
async fn held_money_is_captured_or_let_go() {
    let client = Client::new().await;
    let payer = client.customer("pm_card_visa").await;
    let (_, held) = client.charge(&payer, "1000", &[("capture_method", "manual")]).await;
    assert_eq!(
        (&held["status"], &held["amount_capturable"]),
        (&json!("requires_capture"), &json!(1000))
    );
    assert!(client.stripe.captured().is_empty());
    let path = format!("/payment_intents/{}", id(&held));
    let (_, taken) = client
        .post(&format!("{path}/capture"), &[("amount_to_capture", "400")])
        .await;
    assert_eq!(
        (&taken["status"], &taken["amount_received"]),
        (&json!("succeeded"), &json!(400))
    );
    let (status, refused) = client.post(&format!("{path}/cancel"), &[]).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (400, &json!("payment_intent_unexpected_state"))
    );
    let (_, second) = client.charge(&payer, "1000", &[("capture_method", "manual")]).await;
    assert!(client.stripe.expire_hold(&id(&second)));
    let (status, _) = client
        .post(&format!("/payment_intents/{}/capture", id(&second)), &[])
        .await;
    assert_eq!((status, client.stripe.captured().len()), (400, 1));
}

#[tokio::test]
async fn refunds_stop_at_what_was_paid() {
    let client = Client::new().await;
    let payer = client.customer("pm_card_visa").await;
    let (_, intent) = client.charge(&payer, "1000", &[]).await;
    let intent = id(&intent);
    let refund = |amount: &'static str| {
        let form = [("payment_intent", intent.clone()), ("amount", amount.to_owned())];
        let client = &client;
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(key, value)| (*key, value.as_str())).collect();
            client.post("/refunds", &form).await
        }
    };
    let (status, first) = refund("600").await;
    assert_eq!((status, &first["status"]), (200, &json!("succeeded")));
    assert_eq!(refund("401").await.0, 400);
    assert_eq!(refund("400").await.0, 200);
    let (_, spent) = refund("1").await;
    assert_eq!(spent["error"]["code"], json!("charge_already_refunded"));
    assert!(client.stripe.fail_refund(&id(&first)));
    let (_, failed) = client.get(&format!("/refunds/{}", id(&first))).await;
    assert_eq!(failed["status"], json!("failed"));
    assert_eq!(refund("600").await.0, 200);
}

#[tokio::test]
async fn a_disputed_charge_is_not_refunded() {
    let client = Client::new().await;
    let payer = client.customer("pm_card_visa").await;
    let (_, intent) = client.charge(&payer, "1000", &[]).await;
    let charge = intent["latest_charge"].as_str().unwrap();
    let dispute = client.stripe.open_dispute(charge, "fraudulent").unwrap();
    let (_, refused) = client.post("/refunds", &[("charge", charge)]).await;
    assert_eq!(refused["error"]["code"], json!("charge_disputed"));
    let evidence = [("evidence[uncategorized_text]", "winning_evidence"), ("submit", "true")];
    let (_, won) = client.post(&format!("/disputes/{dispute}"), &evidence).await;
    assert_eq!(won["status"], json!("won"));
    assert_eq!(won["balance_transactions"].as_array().unwrap().len(), 2);
    assert_eq!(client.post(&format!("/disputes/{dispute}/close"), &[]).await.0, 400);
}

#[tokio::test]
async fn amounts_follow_the_currency() {
    let client = Client::new().await;
    let cases = [
        ("49", "usd", "amount_too_small"),
        ("100000000", "usd", "amount_too_large"),
        ("5125", "kwd", "parameter_invalid_integer"),
        ("550", "ugx", "parameter_invalid_integer"),
        ("50", "jpy", ""),
        ("5120", "kwd", ""),
    ];
    for (amount, currency, code) in cases {
        let (status, answer) = client
            .post("/payment_intents", &[("amount", amount), ("currency", currency)])
            .await;
        assert_eq!(status, if code.is_empty() { 200 } else { 400 }, "{currency} {amount}");
        assert_eq!(answer["error"]["code"].as_str().unwrap_or_default(), code);
    }
}
