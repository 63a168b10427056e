//! From one host of a tenant to another.

use tests::{Browser, PASSWORD, Page};

use super::is_in;
use crate::walk::shop::Shop;

const SITE: &str = "ezscale.localhost";
const ACCOUNT: &str = "account.ezscale.localhost";

/// One person's browser, at two hosts.
struct Person {
    site: Browser,
    account: Browser,
}

impl Person {
    async fn at_the_site(shop: &Shop, email: &str) -> Self {
        shop.world.user("demo", email, Some(PASSWORD)).await;
        let person = Self::new(shop);
        person.site.sign_in(email, PASSWORD).await;
        person
    }

    fn new(shop: &Shop) -> Self {
        Self {
            site: Browser::new(&shop.base, SITE),
            account: Browser::new(&shop.base, ACCOUNT),
        }
    }

    /// Follows a link to the account portal up to the address that carries the ticket.
    async fn ticket(&self, path: &str) -> String {
        let there = to(&self.site.get(&format!("/go{path}")).await, ACCOUNT);
        assert!(there.starts_with("/enter?from="), "{there}");
        let back = to(&self.account.get(&there).await, SITE);
        assert!(back.starts_with("/go/account") && back.contains("proof="), "{back}");
        let ticket = to(&self.site.get(&back).await, ACCOUNT);
        assert!(ticket.starts_with("/enter?ticket="), "{ticket}");
        ticket
    }
}

/// The path of a redirect to a host.
fn to(page: &Page, host: &str) -> String {
    let location = page.location.as_deref().unwrap_or_default();
    let prefix = format!("http://{host}:8080");
    let path = location.strip_prefix(&prefix);
    path.unwrap_or_else(|| panic!("{} {location:?} is not at {host}", page.status))
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_goes_along_and_a_ticket_works_once() {
    let shop = Shop::open().await;
    let ann = Person::at_the_site(&shop, "ann@hall.test").await;
    assert!(!is_in(&ann.account).await);
    let ticket = ann.ticket("/account/profile").await;
    let entered = ann.account.get(&ticket).await;
    assert_eq!(
        (entered.status, entered.location.as_deref()),
        (303, Some("/account/profile"))
    );
    assert!(is_in(&ann.account).await);
    let thief = Person::new(&shop);
    assert_eq!(
        thief.account.get(&ticket).await.location.as_deref(),
        Some("/account/profile")
    );
    assert!(!is_in(&thief.account).await);
    let home = to(&ann.account.get("/go/").await, SITE);
    assert!(home.starts_with("/enter?from="), "the way back to the shop: {home}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_in_with_somebody_elses_ticket() {
    let shop = Shop::open().await;
    let eve = Person::at_the_site(&shop, "eve@evil.test").await;
    let ticket = eve.ticket("/account/profile").await;
    let victim = Person::new(&shop);
    let sent = victim.account.get(&ticket).await;
    assert_eq!((sent.status, sent.location.as_deref()), (303, Some("/account/profile")));
    assert!(
        !is_in(&victim.account).await,
        "that would be Eve's sign-in in the victim's browser"
    );
    // Somebody on their own way in does not take Eve's ticket either.
    victim.account.get("/enter?from=ezscale.localhost&next=/account").await;
    victim.account.get(&eve.ticket("/account/profile").await).await;
    assert!(!is_in(&victim.account).await);
    for from in [
        "evil.test",
        "account.ezscale.localhost",
        "",
        "ezscale.localhost.evil.test",
    ] {
        let path = format!("/enter?from={from}&next=/account/profile");
        let answer = victim.account.get(&path).await;
        assert_eq!(answer.location.as_deref(), Some("/account/profile"), "{from}");
    }
    for next in ["//evil.test", "https://evil.test", "/%5Cevil.test"] {
        let answer = victim.account.get(&format!("/enter?from=evil.test&next={next}")).await;
        assert_eq!(answer.location.as_deref(), Some("/"), "{next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_becomes_somebody_else_without_being_asked() {
    let shop = Shop::open().await;
    let ann = Person::at_the_site(&shop, "ann@hall.test").await;
    shop.world.user("demo", "old@hall.test", Some(PASSWORD)).await;
    ann.account.sign_in("old@hall.test", PASSWORD).await;
    let asked = ann.account.get(&ann.ticket("/account/profile").await).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    assert!(
        asked.has("Who goes on?") && asked.has("old@hall.test") && asked.has("ann@hall.test"),
        "{}",
        asked.body
    );
    let mut tx = shop.world.begin("demo").await;
    let count = async |tx: &mut tenancy::TenantTx, email: &str| -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email_norm = $1")
            .bind(email)
            .fetch_one(tx.connection())
            .await
            .expect("sessions")
    };
    assert_eq!(
        (
            count(&mut tx, "old@hall.test").await,
            count(&mut tx, "ann@hall.test").await
        ),
        (1, 1)
    );
    drop(tx);
    let gone_on = ann.account.post("/enter", &[("next", "/account/profile")]).await;
    assert_eq!(
        (gone_on.status, gone_on.location.as_deref()),
        (303, Some("/account/profile"))
    );
    let mut tx = shop.world.begin("demo").await;
    assert_eq!(
        (
            count(&mut tx, "old@hall.test").await,
            count(&mut tx, "ann@hall.test").await
        ),
        (0, 2)
    );
    drop(tx);
    let again = ann.account.post("/enter", &[("next", "/account/profile")]).await;
    assert_eq!(again.status, 303, "said once, done once");
}
