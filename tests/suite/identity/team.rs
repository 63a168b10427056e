//! Nobody gives more than they hold, and who is invited is who reads the mailbox.

use tests::PASSWORD;

use super::{choose, is_in, link, links, nobody, sign_up, token};
use crate::live::people::{member_with, owner};
use crate::staff::browser::Browser as Staff;
use crate::walk::shop::Shop;

const NEW: &str = "new@hall.test";

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_gives_and_takes_only_what_they_hold() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let owner = owner(&shop, &account).await;
    let clerk = member_with(&shop, &account, &["account.manage", "billing.read"]).await;
    let above = [("email", NEW), ("services.manage", "on")];
    let refused = clerk.post("/account/team", &above).await;
    assert!(
        refused.status == 422 && refused.has("You can give only what you may do yourself.") && refused.has(NEW),
        "{}",
        refused.body
    );
    assert!(links(&shop, "mail-invite", NEW).await.is_empty());
    let fine = clerk
        .post("/account/team", &[("email", NEW), ("billing.read", "on")])
        .await;
    assert_eq!(fine.status, 303, "{}", fine.body);
    let id = {
        let mut tx = shop.world.begin("demo").await;
        let found = tenancy::user::find_by_email(&mut tx, NEW).await.expect("users");
        found.expect("a user").id
    };
    let path = format!("/account/team/{id}");
    let more = [("billing.read", "on"), ("billing.manage", "on")];
    assert_eq!(clerk.post(&path, &more).await.status, 403, "more than they hold");
    assert_eq!(clerk.post(&path, &[("account.manage", "on")]).await.status, 303);
    assert_eq!(owner.post(&path, &more).await.status, 303, "the owner holds everything");
    assert_eq!(
        clerk.post(&path, &[("billing.read", "on")]).await.status,
        403,
        "they may do more than the clerk"
    );
    assert_eq!(clerk.post(&format!("{path}/remove"), &[]).await.status, 403);
    let mut tx = shop.world.begin("demo").await;
    let own = tenancy::user::find_by_email(&mut tx, "team@hall.test")
        .await
        .expect("users");
    let own = own.expect("the clerk").id;
    drop(tx);
    let raise = clerk.post(&format!("/account/team/{own}"), &more).await;
    assert_eq!(raise.status, 403, "not their own either");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_a_team_counts_once_its_reader_has_shown_that_the_address_is_theirs() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let owner = owner(&shop, &account).await;
    let squatter = nobody(&shop);
    sign_up(&squatter, NEW, "the words of a stranger").await;
    // The next mail is newer than that of the sign-up.
    shop.world.clock.advance(chrono::TimeDelta::seconds(1));
    let added = owner
        .post("/account/team", &[("email", NEW), ("services.use", "on")])
        .await;
    assert_eq!(added.status, 303, "{}", added.body);
    assert!(is_in(&squatter).await, "nobody is put out by being asked into a team");
    let account: tenancy::AccountId = account.parse().expect("an account");
    let places = async || {
        let mut tx = shop.world.begin("demo").await;
        let found = tenancy::user::find_by_email(&mut tx, NEW).await.expect("users");
        let all = tenancy::member::of_user(&mut tx, found.expect("a user").id).await;
        all.expect("places")
            .iter()
            .filter(|place| place.account_id == account)
            .count()
    };
    assert_eq!(places().await, 0, "not for whoever signed up with the address");
    let reader = nobody(&shop);
    let verify = link(&shop, "mail-verify", NEW).await;
    let taken = reader
        .post("/verify-email", &[("token", token(&verify)), ("way", "new")])
        .await;
    let reset = taken.location.expect("on to a new password");
    let done = choose(&reader, &reset, PASSWORD).await;
    assert_eq!(done.status, 303, "{}", done.body);
    reader.sign_in(NEW, PASSWORD).await;
    assert!(is_in(&reader).await && !is_in(&squatter).await);
    assert_eq!(places().await, 1, "now it counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_known_who_has_no_password_yet_is_invited_to_a_team_as_well() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let owner = owner(&shop, &account).await;
    shop.world.user("demo", NEW, None).await;
    let known = shop.world.user("demo", "known@hall.test", Some(PASSWORD)).await;
    shop.world
        .execute(&format!(
            "UPDATE {}.users SET verified_at = '2026-01-01' WHERE id = '{}'",
            shop.world.tenant("demo").schema,
            known.id.uuid()
        ))
        .await;
    for email in [NEW, "known@hall.test"] {
        let added = owner
            .post("/account/team", &[("email", email), ("services.use", "on")])
            .await;
        assert_eq!(added.status, 303, "{}", added.body);
    }
    assert_eq!(links(&shop, "mail-invite", NEW).await.len(), 1);
    assert_eq!(links(&shop, "mail-invite", "known@hall.test").await.len(), 0);
    nobody(&shop).sign_in("known@hall.test", PASSWORD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_give_only_what_they_hold_and_a_squatter_never_becomes_staff() {
    let shop = Shop::open().await;
    let mut clerk = Staff::staff(&shop, "demo", "carl@demo.test", &["settings.write", "settings.read"]).await;
    for word in ["may.*", "may.payments.write", "may.nonsense"] {
        let answer = clerk.post("/admin/staff", &[("email", NEW), (word, "on")]).await;
        assert_eq!(answer.status, 422, "{word}: {}", answer.text());
    }
    let mut tx = shop.world.begin("demo").await;
    let nobody_there = tenancy::user::find_by_email(&mut tx, NEW).await.expect("users");
    assert!(nobody_there.is_none(), "nothing of a refused form is kept");
    drop(tx);
    let squatter = nobody(&shop);
    sign_up(&squatter, NEW, "the words of a stranger").await;
    let done = clerk
        .post("/admin/staff", &[("email", NEW), ("may.settings.read", "on")])
        .await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(squatter.get("/admin/staff").await.status, 303, "signed out");
    let invited = nobody(&shop);
    let done = choose(&invited, &link(&shop, "mail-invite", NEW).await, PASSWORD).await;
    assert_eq!(done.status, 303, "{}", done.body);
    invited.sign_in(NEW, PASSWORD).await;
    assert_eq!(invited.get("/admin/staff").await.status, 200);
    assert_eq!(squatter.get("/admin/staff").await.status, 303);
}
