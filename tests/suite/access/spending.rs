//! What a token may spend in a month: counted whoever asks at once, in one currency, and only what the token does.

use billing::allowance;
use platform::money::{Currency, Money};
use serde_json::{Value, json};
use tenancy::TokenId;
use tenancy::token::NewToken;

use super::door::{call, ops, owner, refusal, token_of};
use crate::walk::shop::{Shop, text};

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::parse("USD").unwrap()).unwrap()
}

fn limited(minor: i64) -> NewToken {
    NewToken {
        spending_limit: Some(usd(minor)),
        ..NewToken::default()
    }
}

/// The token's id and what it has spent this month.
async fn spent(shop: &Shop, token: &str) -> i64 {
    let mut tx = shop.world.begin("demo").await;
    let id: TokenId = sqlx::query_scalar("SELECT id FROM api_tokens WHERE token_hash = $1")
        .bind(platform::secret::sha256(token.as_bytes()).to_vec())
        .fetch_one(tx.connection())
        .await
        .unwrap();
    allowance::spent(&mut tx, id, usd(0).currency).await.unwrap().minor
}

async fn orders(shop: &Shop) -> usize {
    shop.get("/orders").await["data"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_for_the_month_and_not_for_each_order() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let token = token_of(&shop, owner(&shop, &account).await, limited(2500)).await;
    let order = Shop::order(&account, &plan, &method);
    for wanted in [1000, 2000] {
        let (status, placed) = call(&shop, &token, "POST", "/orders", Some(order.clone())).await;
        assert_eq!(status, 201, "{placed}");
        assert_eq!(spent(&shop, &token).await, wanted, "the order and its payment are one");
    }
    assert_eq!(
        refusal(&shop, &token, "POST", "/orders", Some(order.clone())).await,
        (422, "spending_limit".into())
    );
    assert_eq!((orders(&shop).await, spent(&shop, &token).await), (2, 2000));
    // Another token of the same person has its own month; so has this one when the next begins.
    assert_eq!(
        call(&shop, &shop.token, "POST", "/orders", Some(order.clone())).await.0,
        201
    );
    shop.world.clock.advance(chrono::TimeDelta::days(31));
    assert_eq!(call(&shop, &token, "POST", "/orders", Some(order)).await.0, 201);
    assert_eq!(spent(&shop, &token).await, 1000);
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_spend_no_more_than_the_limit() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let second = json!({ "name": "Mill", "email": "ops@mill.test", "country": "DE", "currency": "USD" });
    let second = text(&shop.post("/accounts", second).await, "id");
    // A staff token buys for two accounts, so that nothing but the token holds them apart.
    let token = token_of(&shop, ops(&shop).await, limited(3000)).await;
    let first = Shop::order(&account, &plan, &method);
    let mut other = Shop::order(&second, &plan, &method);
    other.as_object_mut().unwrap().remove("payment_method");
    let tries = (0..10).map(|n| {
        let body = if n % 2 == 0 { first.clone() } else { other.clone() };
        let (shop, token) = (&shop, &token);
        async move { call(shop, token, "POST", "/orders", Some(body)).await }
    });
    let answers = futures::future::join_all(tries).await;
    let placed = answers.iter().filter(|(status, _)| *status == 201).count();
    let refused = answers
        .iter()
        .filter(|(status, answer)| *status == 422 && answer["code"] == "spending_limit")
        .count();
    assert_eq!((placed, refused), (3, 7), "{answers:?}");
    assert_eq!((orders(&shop).await, spent(&shop, &token).await), (3, 3000));
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_counts_what_it_will_renew_at() {
    let shop = Shop::open().await;
    let (account, _, method) = shop.stock("pm_card_visa").await;
    let product = text(&shop.get("/products").await["data"][0], "id");
    let plan = json!({ "product": product, "name": "Tried", "cycle": { "unit": "month", "count": 1 }, "trial_days": 14,
        "prices": [{ "currency": "USD", "amount": "30.00", "setup": "2.00" }] });
    let plan = text(&shop.post("/plans", plan).await, "id");
    let user = owner(&shop, &account).await;
    let order = Shop::order(&account, &plan, &method);
    let tight = token_of(&shop, user, limited(3199)).await;
    assert_eq!(
        refusal(&shop, &tight, "POST", "/orders", Some(order.clone())).await,
        (422, "spending_limit".into())
    );
    let enough = token_of(&shop, user, limited(3200)).await;
    let (status, placed) = call(&shop, &enough, "POST", "/orders", Some(order)).await;
    assert_eq!(status, 201, "{placed}");
    assert_eq!(spent(&shop, &enough).await, 3200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_currency_is_refused_and_no_limit_is_none() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let user = owner(&shop, &account).await;
    let euros = NewToken {
        spending_limit: Some(Money::new(1_000_000, Currency::parse("EUR").unwrap()).unwrap()),
        ..NewToken::default()
    };
    let euros = token_of(&shop, user, euros).await;
    let order = Shop::order(&account, &plan, &method);
    assert_eq!(
        refusal(&shop, &euros, "POST", "/orders", Some(order.clone())).await,
        (422, "spending_currency".into())
    );
    assert_eq!(orders(&shop).await, 0);
    let free = token_of(&shop, user, NewToken::default()).await;
    assert_eq!(call(&shop, &free, "POST", "/orders", Some(order)).await.0, 201);
}

/// An order that the staff placed and nobody has paid; its invoice.
async fn owed(shop: &Shop, account: &str, plan: &str) -> String {
    let mut order = Shop::order(account, plan, "");
    order.as_object_mut().unwrap().remove("payment_method");
    text(&shop.post("/orders", order).await, "invoice")
}

#[tokio::test(flavor = "multi_thread")]
async fn paying_invoices_counts() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let token = token_of(&shop, owner(&shop, &account).await, limited(2000)).await;
    let pay = json!({ "payment_method": method });
    let invoices = [
        owed(&shop, &account, &plan).await,
        owed(&shop, &account, &plan).await,
        owed(&shop, &account, &plan).await,
    ];
    let path = |id: &str, what: &str| format!("/invoices/{id}/{what}");
    let (status, paid) = call(&shop, &token, "POST", &path(&invoices[0], "payment"), Some(pay.clone())).await;
    assert_eq!((status, spent(&shop, &token).await), (201, 1000), "{paid}");
    let twice = call(&shop, &token, "POST", &path(&invoices[0], "payment"), Some(pay.clone())).await;
    assert_eq!(
        (twice.0, spent(&shop, &token).await),
        (409, 1000),
        "paid twice is spent once"
    );
    let (status, _) = call(&shop, &token, "POST", &path(&invoices[1], "payment"), Some(pay.clone())).await;
    assert_eq!((status, spent(&shop, &token).await), (201, 2000));
    assert_eq!(
        refusal(&shop, &token, "POST", &path(&invoices[2], "payment"), Some(pay)).await,
        (422, "spending_limit".into())
    );
    let third = shop.get(&format!("/invoices/{}", invoices[2])).await;
    assert_eq!(third["payment_status"], "unpaid", "nothing was begun");
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_or_was_cancelled_is_not_spent() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_chargeCustomerFail").await;
    let user = owner(&shop, &account).await;
    let token = token_of(&shop, user, limited(1000)).await;
    let invoice = owed(&shop, &account, &plan).await;
    let path = format!("/invoices/{invoice}/payment");
    let (_, failed) = call(&shop, &token, "POST", &path, Some(json!({ "payment_method": method }))).await;
    assert_eq!(failed["status"], "failed", "{failed}");
    assert_eq!(spent(&shop, &token).await, 0);
    let mut order = Shop::order(&account, &plan, "");
    order.as_object_mut().unwrap().remove("payment_method");
    let (status, placed) = call(&shop, &token, "POST", "/orders", Some(order.clone())).await;
    assert_eq!((status, spent(&shop, &token).await), (201, 1000));
    assert_eq!(
        refusal(&shop, &token, "POST", "/orders", Some(order)).await.1,
        "spending_limit"
    );
    let cancel = format!("/orders/{}/cancellation", text(&placed, "id"));
    assert_eq!(call(&shop, &token, "POST", &cancel, None).await.0, 200);
    assert_eq!(spent(&shop, &token).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_moved_by_hand_counts_and_a_billing_day_does_not() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let placed = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    shop.until(&format!("/invoices/{}", text(&placed, "invoice")), |i| {
        i["payment_status"] == "paid"
    })
    .await;
    let token = token_of(&shop, ops(&shop).await, limited(1500)).await;
    let gift = |amount: &str| -> Option<Value> {
        Some(
            json!({ "account": account, "kind": "goodwill", "reason": "sorry", "amount": { "amount": amount, "currency": "USD" } }),
        )
    };
    assert_eq!(call(&shop, &token, "POST", "/credits", gift("15.00")).await.0, 201);
    assert_eq!(
        refusal(&shop, &token, "POST", "/credits", gift("0.01")).await,
        (422, "spending_limit".into())
    );
    shop.world.clock.advance(chrono::TimeDelta::days(40));
    let (status, run) = call(&shop, &token, "POST", "/billing_runs", Some(json!({}))).await;
    assert_eq!(
        (status, run["parked"].as_array().map(Vec::len)),
        (201, Some(0)),
        "{run}"
    );
    assert!(run["invoices"].as_u64().is_some_and(|n| n > 0), "{run}");
    assert_eq!(spent(&shop, &token).await, 0, "renewals are the house's");
    shop.audit().await;
}
