//! Whom somebody else signs up: they get a link to their first password.

use serde_json::json;
use tenancy::user;
use tests::PASSWORD;

use super::{choose, link, links, nobody};
use crate::staff::browser::Browser as Staff;
use crate::walk::shop::{Shop, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_made_by_staff_is_invited_and_once_more_on_request() {
    let shop = Shop::open().await;
    let mut staff = Staff::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let typed = [
        ("name", "Müller & Co"),
        ("email", "info@mueller.test"),
        ("country", "DE"),
    ];
    let made = staff.post("/admin/customers", &typed).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let path = made.location.clone();
    let first = link(&shop, "mail-invite", "info@mueller.test").await;
    assert!(first.starts_with("/accept-invite?token="), "{first}");
    assert!(staff.get(&path).await.has("Invite again"));
    for _ in 0..4 {
        shop.world.clock.advance(chrono::TimeDelta::seconds(1));
        let sent = staff.post(&format!("{path}/invite"), &[]).await;
        assert_eq!((sent.status, sent.location.as_str()), (303, path.as_str()));
    }
    let all = links(&shop, "mail-invite", "info@mueller.test").await;
    assert_eq!(all.len(), 3, "and no more in an hour");
    let late = choose(&nobody(&shop), &first, PASSWORD).await;
    assert!(
        late.status == 422 && late.has("This invitation is no longer valid"),
        "{}",
        late.body
    );
    let customer = nobody(&shop);
    let done = choose(&customer, &all[2], PASSWORD).await;
    assert_eq!(done.status, 303, "{}", done.body);
    customer.sign_in("info@mueller.test", PASSWORD).await;
    assert_eq!(customer.get("/account").await.status, 200);
    let mut tx = shop.world.begin("demo").await;
    let owner = user::find_by_email(&mut tx, "info@mueller.test").await.expect("users");
    assert!(
        owner.expect("a user").verified_at.is_some(),
        "the link came to their mailbox"
    );
    drop(tx);
    assert!(!staff.get(&path).await.has("Invite again"));

    let clerk = &["accounts.read"];
    let mut clerk = Staff::staff(&shop, "demo", "carl@demo.test", clerk).await;
    assert_eq!(clerk.post(&format!("{path}/invite"), &[]).await.status, 403);
    assert_eq!(
        staff
            .post("/admin/customers/acc_00000000000000000000000000/invite", &[])
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_invites_and_whoever_has_a_password_is_left_alone() {
    let shop = Shop::open().await;
    let new = |name: &str| json!({ "name": name, "email": "ops@hall.test", "country": "DE", "currency": "USD" });
    shop.post("/accounts", new("Hall")).await;
    let first = link(&shop, "mail-invite", "ops@hall.test").await;
    let customer = nobody(&shop);
    assert_eq!(choose(&customer, &first, PASSWORD).await.status, 303);
    customer.sign_in("ops@hall.test", PASSWORD).await;
    let second = shop.post("/accounts", new("Hall again")).await;
    assert!(text(&second, "owner").starts_with("usr_"));
    assert_eq!(
        links(&shop, "mail-invite", "ops@hall.test").await.len(),
        1,
        "confirmed, with a password"
    );
    assert_eq!(customer.get("/account").await.status, 200, "and still signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_an_account_for_themselves_stays_signed_in() {
    let shop = Shop::open().await;
    let own = shop.world.user("demo", "ann@hall.test", Some(PASSWORD)).await;
    let scope = |actor: Option<&str>| {
        let host = format!("{}.ezscale.localhost", actor.unwrap_or("demo"));
        tenancy::resolve::host(&shop.world.tenancy, &host).expect("a host").0
    };
    // As staff with a token of their own, unconfirmed as they are.
    let mut tx = shop.world.begin("demo").await;
    tenancy::staff::grant(&mut tx, own.id, &["*".to_owned()])
        .await
        .expect("a grant");
    tx.commit().await.expect("a commit");
    let person = shop
        .world
        .with_token("demo", own.clone(), tenancy::token::NewToken::default())
        .await;
    let new = tenancy::account::NewAccount {
        name: "Ann".into(),
        email: "ann@hall.test".into(),
        country: "DE".into(),
        ..tenancy::account::NewAccount::default()
    };
    let mut tx = shop
        .world
        .tenancy
        .begin(&person.caller.scope)
        .await
        .expect("a transaction");
    tenancy::account::create(&mut tx, &new).await.expect("an account");
    tx.commit().await.expect("a commit");
    nobody(&shop).sign_in("ann@hall.test", PASSWORD).await;
    // Somebody else who does the same puts whoever has not confirmed the address out.
    let mut tx = shop.world.tenancy.begin(&scope(None)).await.expect("a transaction");
    tenancy::account::create(&mut tx, &new).await.expect("an account");
    tx.commit().await.expect("a commit");
    let fields = [("email", "ann@hall.test"), ("password", PASSWORD)];
    assert_eq!(nobody(&shop).post("/sign-in", &fields).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_tenant_made_twice_over_is_no_stranger() {
    let shop = Shop::open().await;
    let mut staff = Staff::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let fields = [
        ("name", "Nordlicht"),
        ("slug", "nordlicht"),
        ("currency", "EUR"),
        ("locale", "de"),
        ("timezone", "Europe/Berlin"),
        ("mode", "live"),
        ("owner", "olga@nordlicht.test"),
    ];
    assert_eq!(staff.post("/admin/tenants", &fields).await.status, 303);
    let mut tx = shop.world.begin("nordlicht").await;
    let body: String = sqlx::query_scalar("SELECT body_text FROM mails WHERE template = 'mail-invite'")
        .fetch_one(tx.connection())
        .await
        .expect("an invitation");
    drop(tx);
    let (_, rest) = body.split_once("/accept-invite").expect("a link");
    let path = format!("/accept-invite{}", rest.split_whitespace().next().unwrap_or_default());
    let olga = tests::Browser::new(&shop.base, "nordlicht.ezscale.localhost");
    assert_eq!(choose(&olga, &path, PASSWORD).await.status, 303);
    olga.sign_in("olga@nordlicht.test", PASSWORD).await;
    assert_eq!(olga.get("/admin/staff").await.status, 200);
    assert_eq!(
        nobody(&shop).get(&path).await.status,
        200,
        "a form, on another tenant's host"
    );
    let elsewhere = choose(&nobody(&shop), &path, PASSWORD).await;
    assert_eq!(elsewhere.status, 422, "that takes nothing there");
}
