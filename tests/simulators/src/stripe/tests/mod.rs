//! Stripe's promises and hazards, over real HTTP.

mod checkout;
mod payment;
mod webhook;

use serde_json::Value;

use super::*;

/// A caller with a key of its own.
struct Client {
    stripe: Stripe,
    http: reqwest::Client,
    key: String,
}

impl Client {
    async fn new() -> Self {
        Self::with(StripeConfig::default()).await
    }

    async fn with(config: StripeConfig) -> Self {
        let stripe = Stripe::start(([127, 0, 0, 1], 0).into(), config).await.unwrap();
        Self {
            stripe,
            http: crate::site::test_client(),
            key: "rk_test_one".to_owned(),
        }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}/v1{path}", self.stripe.url());
        read(self.http.get(url).bearer_auth(&self.key)).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let url = format!("{}/v1{path}", self.stripe.url());
        read(self.http.post(url).bearer_auth(&self.key).form(form)).await
    }

    async fn keyed(&self, key: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let url = format!("{}/v1{path}", self.stripe.url());
        let request = self.http.post(url).bearer_auth(&self.key);
        read(request.header("idempotency-key", key).form(form)).await
    }

    /// A customer with a card attached; answers both ids.
    async fn customer(&self, card: &str) -> (String, String) {
        let (_, customer) = self
            .post("/customers", &[("email", "a@b.test"), ("metadata[account]", "acc_1")])
            .await;
        let customer = id(&customer);
        let (status, method) = self
            .post(&format!("/payment_methods/{card}/attach"), &[("customer", &customer)])
            .await;
        assert_eq!(status, 200, "{method}");
        (customer, id(&method))
    }

    /// Charges a customer who is not there.
    async fn charge(&self, payer: &(String, String), amount: &str, more: &[(&str, &str)]) -> (u16, Value) {
        let mut form = vec![
            ("amount", amount),
            ("currency", "usd"),
            ("customer", &payer.0),
            ("payment_method", &payer.1),
            ("confirm", "true"),
            ("off_session", "true"),
        ];
        form.extend_from_slice(more);
        self.post("/payment_intents", &form).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn keys_open_accounts_of_their_own() {
    let mut client = Client::new().await;
    let (customer, _) = client.customer("pm_card_visa").await;
    let path = format!("/customers/{customer}");
    assert_eq!(client.get(&path).await.0, 200);
    client.key = "sk_test_two".to_owned();
    let (status, missing) = client.get(&path).await;
    assert_eq!((status, &missing["error"]["code"]), (404, &"resource_missing".into()));
    client.key = "pk_test_no".to_owned();
    assert_eq!(client.get("/account").await.0, 401);
    let url = format!("{}/v1/customers", client.stripe.url());
    let connected = client
        .http
        .post(url)
        .bearer_auth("sk_test_two")
        .header("stripe-account", "acct_shop");
    assert_eq!(read(connected).await.0, 200);
    client.key = "sk_test_two".to_owned();
    assert_eq!(client.get("/customers").await.1["data"], serde_json::json!([]));
}

#[tokio::test]
async fn a_key_replays_and_refuses_other_parameters() {
    let client = Client::new().await;
    let order = [
        ("amount", "500"),
        ("currency", "usd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    let first = client.keyed("k1", "/payment_intents", &order).await;
    assert_eq!((first.0, &first.1["status"]), (200, &"succeeded".into()));
    assert_eq!(client.keyed("k1", "/payment_intents", &order).await, first);
    assert_eq!(client.stripe.captured().len(), 1);
    let other = [("amount", "600"), ("currency", "usd")];
    let (status, refused) = client.keyed("k1", "/payment_intents", &other).await;
    assert_eq!((status, &refused["error"]["type"]), (400, &"idempotency_error".into()));
    let wrong = [("amount", "1"), ("currency", "usd")];
    assert_eq!(client.keyed("k2", "/payment_intents", &wrong).await.0, 400);
    assert_eq!(client.keyed("k2", "/payment_intents", &order).await.0, 200);
    client.stripe.set_processing(200);
    let (one, two) = tokio::join!(
        client.keyed("k3", "/payment_intents", &order),
        client.keyed("k3", "/payment_intents", &order)
    );
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn a_lost_answer_is_found_by_its_key() {
    let client = Client::new().await;
    let order = [
        ("amount", "500"),
        ("currency", "usd"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("metadata[attempt]", "a1"),
    ];
    client
        .stripe
        .faults()
        .once("POST", "/v1/payment_intents", crate::FaultKind::HangAfter(5));
    let url = format!("{}/v1/payment_intents", client.stripe.url());
    let lost = client
        .http
        .post(url)
        .bearer_auth(&client.key)
        .header("idempotency-key", "k")
        .form(&order)
        .send()
        .await;
    assert!(lost.is_err());
    let (status, found) = client
        .get("/payment_intents/search?query=metadata%5B%27attempt%27%5D%3A%27a1%27")
        .await;
    assert_eq!((status, found["data"].as_array().unwrap().len()), (200, 1));
    let (_, replayed) = client.keyed("k", "/payment_intents", &order).await;
    assert_eq!(replayed["id"], found["data"][0]["id"]);
    assert_eq!(client.stripe.captured().len(), 1);
}
