//! The sandbox gateway's payment page, as a browser without JavaScript uses it.

use billing::gateway::{self, Asked, HostedPage, Outcome};
use platform::money::{Currency, Money};
use serde_json::json;

use super::trial::{HOST, Trial};

/// A page that can be paid.
const OPEN: Outcome = Outcome::RequiresAction { reference: None };

/// Opens a page at the gateway; answers its path and what asks about it.
async fn open(trial: &Trial, key: &str) -> (String, Asked) {
    let id = gateway_of(trial).await;
    let (adapter, context) = gateway::open(
        &trial.world.tenancy,
        trial.app.gateways(),
        &trial.world.scope("trial"),
        id,
    )
    .await
    .expect("opened");
    let usd = Currency::parse("USD").expect("a currency");
    let page = HostedPage {
        key: key.into(),
        amount: Money::new(1000, usd).expect("an amount"),
        customer: "cus".into(),
        save: true,
        hold: false,
        description: "INV-2026-0001".into(),
        success_url: format!("http://{HOST}/paid"),
        cancel_url: format!("http://{HOST}/unpaid"),
    };
    let opened = adapter.open_page(&context, &page).await.expect("a page");
    let again = adapter.open_page(&context, &page).await.expect("the same page");
    assert_eq!(opened.url, again.url, "a second call is the same page");
    let path = opened.url.replace(&format!("http://{HOST}:8080"), "");
    let asked = Asked {
        key: key.into(),
        session: Some(opened.session),
        ..Asked::default()
    };
    (path, asked)
}

async fn gateway_of(trial: &Trial) -> billing::ids::GatewayId {
    let mut tx = trial.world.begin("trial").await;
    sqlx::query_scalar("SELECT id FROM gateways LIMIT 1")
        .fetch_one(tx.connection())
        .await
        .expect("a gateway")
}

async fn outcome(trial: &Trial, asked: &Asked) -> Outcome {
    let id = gateway_of(trial).await;
    let (adapter, context) = gateway::open(
        &trial.world.tenancy,
        trial.app.gateways(),
        &trial.world.scope("trial"),
        id,
    )
    .await
    .expect("opened");
    adapter.fetch(&context, asked).await
}

async fn post(trial: &Trial, path: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
    let answer = trial
        .server
        .post(HOST, path)
        .header("origin", format!("http://{HOST}"))
        .form(fields)
        .send()
        .await
        .expect("an answer");
    let location = answer
        .headers()
        .get("location")
        .map(|l| l.to_str().unwrap_or_default().to_owned());
    (
        answer.status().as_u16(),
        location.unwrap_or_default(),
        answer.text().await.expect("a body"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_takes_test_cards_and_a_second_click_changes_nothing() {
    let trial = Trial::open().await;
    trial.stock(json!({})).await;
    let (path, asked) = open(&trial, "pay_1").await;
    let shown = trial.server.get(HOST, &path).send().await.expect("an answer");
    assert_eq!(shown.status().as_u16(), 200);
    let html = shown.text().await.expect("a body");
    assert!(html.contains("$10.00") && html.contains("pm_card_visa") && html.contains("INV-2026-0001"));
    assert_eq!(outcome(&trial, &asked).await, OPEN);

    let (status, _, html) = post(&trial, &path, &[("card", "pm_card_chargeCustomerFail")]).await;
    assert!(status == 422 && html.contains("declined"), "{status}");
    assert_eq!(post(&trial, &path, &[("card", "pm_nothing")]).await.0, 422);
    assert_eq!(outcome(&trial, &asked).await, OPEN);

    let (status, to, _) = post(&trial, &path, &[("card", "pm_card_visa")]).await;
    assert_eq!((status, to), (303, format!("http://{HOST}/paid")));
    let (status, to, _) = post(&trial, &path, &[("card", "pm_card_chargeCustomerFail")]).await;
    assert_eq!((status, to), (303, format!("http://{HOST}/paid")));
    let Outcome::Succeeded { saved: Some(saved), .. } = outcome(&trial, &asked).await else {
        panic!("it is paid, and the card is kept");
    };
    assert_eq!((saved.brand.as_str(), saved.last4.as_str()), ("visa", "4242"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_confirms_or_refuses_and_turns_back() {
    let trial = Trial::open().await;
    trial.stock(json!({})).await;
    let (path, asked) = open(&trial, "pay_1").await;
    let (status, to, _) = post(&trial, &path, &[("card", "pm_card_authenticationRequired")]).await;
    assert_eq!((status, to), (303, path.clone()));
    assert!(matches!(outcome(&trial, &asked).await, Outcome::RequiresAction { .. }));
    assert_eq!(
        post(&trial, &format!("{path}/confirm"), &[("answer", "no")]).await.0,
        422
    );
    let (_, to, _) = post(&trial, &format!("{path}/cancel"), &[]).await;
    assert_eq!(to, format!("http://{HOST}/unpaid"));
    assert_eq!(outcome(&trial, &asked).await, OPEN);
    post(&trial, &path, &[("card", "pm_card_authenticationRequired")]).await;
    let (_, to, _) = post(&trial, &format!("{path}/confirm"), &[("answer", "yes")]).await;
    assert_eq!(to, format!("http://{HOST}/paid"));
    assert!(matches!(outcome(&trial, &asked).await, Outcome::Succeeded { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_found_by_its_name_and_on_its_tenants_host_only() {
    let trial = Trial::open().await;
    trial.stock(json!({})).await;
    let (path, _) = open(&trial, "pay_1").await;
    for (host, path) in [(HOST, "/sandbox/nothing"), ("ezscale.ezscale.localhost", path.as_str())] {
        let answer = trial.server.get(host, path).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 404, "{host}{path}");
    }
}
