//! Calls with one token or another.

use serde_json::Value;
use tenancy::token::{self, NewToken};
use tenancy::{AccountId, UserId, member, user};

use crate::walk::shop::Shop;

/// A call of the API with this token, from this machine or as a proxy's client.
pub async fn call(shop: &Shop, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = shop
        .http
        .request(method, format!("{}{path}", shop.base))
        .header("host", "demo.ezscale.localhost")
        .bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// What a refusal says: its status and its code.
pub async fn refusal(shop: &Shop, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
    let (status, answer) = call(shop, token, method, path, body).await;
    (status, answer["code"].as_str().unwrap_or_default().to_owned())
}

/// The owner of an account.
pub async fn owner(shop: &Shop, account: &str) -> UserId {
    let account: AccountId = account.parse().expect("an account");
    let mut tx = shop.world.begin("demo").await;
    member::owner(&mut tx, account)
        .await
        .expect("an answer")
        .expect("an owner")
}

/// A token of somebody, held to this.
pub async fn token_of(shop: &Shop, user: UserId, new: NewToken) -> String {
    let mut tx = shop.world.begin("demo").await;
    let (_, text) = token::create(&mut tx, user, &new).await.expect("a token");
    tx.commit().await.expect("a commit");
    text
}

/// Staff of the shop itself.
pub async fn ops(shop: &Shop) -> UserId {
    let mut tx = shop.world.begin("demo").await;
    let found = user::find_by_email(&mut tx, "ops@demo.test").await.expect("an answer");
    found.expect("the user").id
}
