//! The door itself: who guesses, from where, and what a browser is given to keep.

use tests::{Browser, PASSWORD};

use super::{HOST, is_in, link, nobody};
use crate::walk::shop::Shop;

async fn try_in(browser: &Browser, password: &str) -> u16 {
    browser
        .post("/sign-in", &[("email", "ann@hall.test"), ("password", password)])
        .await
        .status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_was_in_before_is_let_in_whoever_guesses_meanwhile() {
    let shop = Shop::open().await;
    shop.world.user("demo", "ann@hall.test", Some(PASSWORD)).await;
    let ann = nobody(&shop);
    assert_eq!(try_in(&ann, PASSWORD).await, 303);
    ann.post("/sign-out", &[]).await;
    assert!(!is_in(&ann).await);
    // All of them come from one address here: what sets Ann apart is what her browser keeps.
    for n in 0..5 {
        assert_eq!(try_in(&nobody(&shop), "wrong password").await, 422, "try {n}");
    }
    assert_eq!(try_in(&nobody(&shop), PASSWORD).await, 429, "everybody else waits");
    assert_eq!(try_in(&ann, PASSWORD).await, 303);
    assert!(is_in(&ann).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_locked_out_comes_in_by_mail() {
    let shop = Shop::open().await;
    shop.world.user("demo", "ann@hall.test", Some(PASSWORD)).await;
    for _ in 0..5 {
        try_in(&nobody(&shop), "wrong password").await;
    }
    let ann = nobody(&shop);
    assert_eq!(try_in(&ann, PASSWORD).await, 429);
    let sent = ann.post("/forgot-password", &[("email", "ann@hall.test")]).await;
    assert_eq!(sent.status, 200);
    let link = link(&shop, "mail-reset", "ann@hall.test").await;
    assert!(link.starts_with("/reset-password?token="), "{link}");
    let done = super::choose(&ann, &link, "another good sentence").await;
    assert_eq!(done.status, 303, "{}", done.body);
    // The one who guesses goes on guessing, from the same address.
    for _ in 0..6 {
        try_in(&nobody(&shop), "wrong password").await;
    }
    assert_eq!(try_in(&ann, "another good sentence").await, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_secure_behind_a_proxy_that_speaks_tls() {
    let shop = Shop::open().await;
    shop.world.user("demo", "ann@hall.test", Some(PASSWORD)).await;
    let config = platform::config::Config::from_sources(Some("trusted_proxies = [\"127.0.0.0/8\"]"), &[]);
    let app = portals::app::App::from_parts(portals::app::Parts {
        config: config.expect("a configuration"),
        tenancy: shop.world.tenancy.clone(),
        gateways: shop.app.gateways().clone(),
        panels: shop.app.panels().clone(),
        mailer: shop.world.mailer.clone(),
        outbound: shop.app.outbound().clone(),
    })
    .expect("an app");
    let server = tests::Server::start(portals::web::router(&app)).await;
    let answer = server
        .post(HOST, "/sign-in")
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", "198.51.100.7")
        .header("x-forwarded-proto", "https")
        .form(&[("email", "ann@hall.test"), ("password", PASSWORD)])
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 303);
    let cookies: Vec<&str> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .filter_map(|cookie| cookie.to_str().ok())
        .collect();
    for name in ["__Host-sid=", "__Host-device="] {
        let cookie = cookies.iter().find(|cookie| cookie.starts_with(name));
        let cookie = cookie.unwrap_or_else(|| panic!("no {name} in {cookies:?}"));
        for flag in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(flag), "{flag}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "of this host alone: {cookie}");
    }
    let mut tx = shop.world.begin("demo").await;
    let from: String = sqlx::query_scalar("SELECT network FROM sign_ins WHERE outcome = 'ok'")
        .fetch_one(tx.connection())
        .await
        .expect("a sign-in");
    assert_eq!(from, "198.51.100.7", "the visitor, not the proxy");
}
