//! Whose a sign-in is: links in mails, invitations, teams, and the way from one host to another.

mod door;
mod hop;
mod invite;
mod mailbox;
mod sender;
mod team;

use std::time::Duration;

use tests::Browser;

use crate::walk::shop::Shop;

/// The host of the tenant with all its portals.
const HOST: &str = "demo.ezscale.localhost";

/// Somebody who is not signed in.
fn nobody(shop: &Shop) -> Browser {
    Browser::new(&shop.base, HOST)
}

/// The paths of the links in mails of a kind to an address, the oldest first.
async fn links(shop: &Shop, template: &str, to: &str) -> Vec<String> {
    let mut tx = shop.world.begin("demo").await;
    let texts: Vec<String> = sqlx::query_scalar(
        "SELECT body_text FROM mails WHERE template = $1 AND lower(to_address) = $2 ORDER BY created_at, id",
    )
    .bind(template)
    .bind(to)
    .fetch_all(tx.connection())
    .await
    .expect("mails");
    let link = |text: &String| {
        let (_, rest) = text.split_once(":8080").expect("a link");
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    };
    texts.iter().map(link).collect()
}

/// The newest such link, once it is there.
async fn link(shop: &Shop, template: &str, to: &str) -> String {
    for _ in 0..200 {
        if let Some(link) = links(shop, template, to).await.pop() {
            return link;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {template} to {to}");
}

/// The token in a link.
fn token(link: &str) -> &str {
    link.split_once("token=").expect("a token").1
}

/// Sets the password that a link is for.
async fn choose(browser: &Browser, link: &str, password: &str) -> tests::Page {
    let path = link.split('?').next().unwrap_or_default();
    assert_eq!(browser.get(link).await.status, 200, "{link}");
    browser
        .post(path, &[("token", token(link)), ("password", password)])
        .await
}

/// Whether this browser is signed in.
async fn is_in(browser: &Browser) -> bool {
    browser.get("/account/profile").await.status != 303
}

/// Signs up.
async fn sign_up(browser: &Browser, email: &str, password: &str) {
    let fields = [
        ("name", "Somebody New"),
        ("email", email),
        ("country", "DE"),
        ("password", password),
    ];
    let done = browser.post("/sign-up", &fields).await;
    assert_eq!(done.status, 303, "{}", done.body);
}
