//! Own settings, the account's details, and the team.

use tests::{Browser, PASSWORD};

use super::people::{member_with, owner, stranger};
use crate::walk::shop::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_changes_their_settings_and_loses_nothing_typed() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let customer = owner(&shop, &account).await;
    let page = customer.get("/account/profile").await;
    assert!(
        page.has("ops@hall.test") && page.has("Sign-ins") && page.has("Signed in"),
        "{}",
        page.body
    );
    let name = "<b>Ada</b> & Söhne";
    let fields = [
        ("name", name),
        ("locale", "xx"),
        ("timezone", "Mars/Olympus"),
        ("theme", "dark"),
    ];
    let wrong = customer.post("/account/profile", &fields).await;
    assert!(
        wrong.status == 422 && wrong.has("Choose one of these time zones"),
        "{}",
        wrong.body
    );
    assert!(
        wrong.has("&lt;b&gt;Ada&lt;/b&gt; &amp; Söhne"),
        "kept, and never markup"
    );
    let fields = [
        ("name", name),
        ("locale", "de"),
        ("timezone", "Europe/Berlin"),
        ("theme", "dark"),
    ];
    let saved = customer.follow("/account/profile", &fields).await;
    assert!(
        saved.has("Gespeichert.") && saved.has("data-bs-theme=\"dark\""),
        "{}",
        saved.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_other_session() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let here = owner(&shop, &account).await;
    let there = Browser::new(&shop.base, "demo.ezscale.localhost");
    there.sign_in("ops@hall.test", PASSWORD).await;
    let path = "/account/profile/password";
    let wrong = here
        .post(path, &[("current", "nonsense"), ("new", "another good one")])
        .await;
    assert!(wrong.status == 422 && wrong.has("This is not your current password"));
    let short = here.post(path, &[("current", PASSWORD), ("new", "short")]).await;
    assert!(short.status == 422 && short.has("at least 10"), "{}", short.body);
    let done = here
        .follow(path, &[("current", PASSWORD), ("new", "another good one")])
        .await;
    assert!(
        done.status == 200 && done.has("Your password is changed"),
        "{}",
        done.body
    );
    assert_eq!(there.get("/account/profile").await.status, 303, "signed out elsewhere");
    assert_eq!(here.get("/account/profile").await.status, 200);
    let fresh = Browser::new(&shop.base, "demo.ezscale.localhost");
    fresh.sign_in("ops@hall.test", "another good one").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn billing_details_are_the_accounts_and_need_their_permission() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let customer = owner(&shop, &account).await;
    let fields = [
        ("name", "Hall & Sons"),
        ("company", "Hall Ltd"),
        ("email", "bills@hall.test"),
        ("address1", "4 Mill Lane"),
        ("city", "Leeds"),
        ("country", "GB"),
        ("vat_id", "GB298114033"),
    ];
    let mut wrong = fields;
    wrong[2].1 = "nobody";
    let answer = customer.post("/account/details", &wrong).await;
    assert!(answer.status == 422 && answer.has("4 Mill Lane") && answer.has("This is no e-mail address"));
    let saved = customer.follow("/account/details", &fields).await;
    assert!(saved.has("Saved.") && saved.has("bills@hall.test"), "{}", saved.body);
    let read = shop.get(&format!("/accounts/{account}")).await;
    assert_eq!(
        (read["country"].as_str(), read["vat_id"].as_str()),
        (Some("GB"), Some("GB298114033")),
        "{read}"
    );
    let clerk = member_with(&shop, &account, &["billing.read"]).await;
    assert_eq!(clerk.get("/account/details").await.status, 403);
    assert_eq!(clerk.post("/account/details", &fields).await.status, 403);
    assert_eq!(clerk.get("/account/team").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_grows_by_mail_and_the_owner_stays() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let customer = owner(&shop, &account).await;
    let nothing = customer.post("/account/team", &[("email", "new@hall.test")]).await;
    assert!(nothing.status == 422 && nothing.has("new@hall.test"));
    let wrong = customer
        .post("/account/team", &[("email", "nobody"), ("services.use", "on")])
        .await;
    assert_eq!(wrong.status, 422);
    let added = customer
        .follow(
            "/account/team",
            &[("email", "new@hall.test"), ("services.manage", "on")],
        )
        .await;
    assert!(
        added.has("Added to the team") && added.has("new@hall.test"),
        "{}",
        added.body
    );
    let twice = customer
        .post("/account/team", &[("email", "new@hall.test"), ("services.use", "on")])
        .await;
    assert!(twice.status == 422 && twice.has("in the team already"));
    let mut tx = shop.world.begin("demo").await;
    let invited = tenancy::user::find_by_email(&mut tx, "new@hall.test")
        .await
        .expect("an answer")
        .expect("a user");
    tenancy::user::set_password(&mut tx, invited.id, PASSWORD)
        .await
        .expect("a password");
    tests::confirm(&mut tx, invited.id).await;
    tx.commit().await.expect("a commit");
    let newcomer = Browser::new(&shop.base, "demo.ezscale.localhost");
    newcomer.sign_in("new@hall.test", PASSWORD).await;
    assert_eq!(newcomer.get("/account/services").await.status, 200);
    assert_eq!(newcomer.get("/account/team").await.status, 403);
    let path = format!("/account/team/{}", invited.id);
    assert_eq!(
        stranger(&shop).await.post(&format!("{path}/remove"), &[]).await.status,
        404,
        "not their team"
    );
    let changed = customer.follow(&path, &[("billing.read", "on")]).await;
    assert!(changed.has("Saved."));
    assert_eq!(newcomer.get("/account/services").await.status, 403, "at once");
    let removed = customer.follow(&format!("{path}/remove"), &[]).await;
    assert!(
        removed.has("Removed from the team") && !removed.has("new@hall.test"),
        "{}",
        removed.body
    );
    assert_eq!(newcomer.get("/account").await.status, 403);
    let mut tx = shop.world.begin("demo").await;
    let id = account.parse().expect("an account");
    let owns = tenancy::member::owner(&mut tx, id)
        .await
        .expect("an answer")
        .expect("an owner");
    drop(tx);
    assert_eq!(
        customer.post(&format!("/account/team/{owns}/remove"), &[]).await.status,
        403,
        "the owner stays"
    );
}
