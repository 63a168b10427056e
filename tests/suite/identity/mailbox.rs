//! Links in mails: what following one proves, and how many of them there are.

use std::time::Duration;

use tenancy::token::{self, NewToken};
use tenancy::{member, user};
use tests::PASSWORD;

use super::{choose, is_in, link, links, nobody, sign_up, token as of};
use crate::walk::shop::Shop;

const VICTIM: &str = "vera@hall.test";

async fn is_verified(shop: &Shop) -> bool {
    let mut tx = shop.world.begin("demo").await;
    let found = user::find_by_email(&mut tx, VICTIM).await.expect("users");
    found.expect("a user").verified_at.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_signed_up_with_an_address_is_out_when_its_reader_comes() {
    let shop = Shop::open().await;
    let stranger = nobody(&shop);
    sign_up(&stranger, VICTIM, PASSWORD).await;
    // What a stranger would leave behind: a token, and a friend in the team.
    let friend = shop.world.user("demo", "friend@evil.test", None).await;
    let mut tx = shop.world.begin("demo").await;
    let squatter = user::find_by_email(&mut tx, VICTIM)
        .await
        .expect("users")
        .expect("a user");
    let (_, text) = token::create(&mut tx, squatter.id, &NewToken::default())
        .await
        .expect("a token");
    let account = member::of_user(&mut tx, squatter.id).await.expect("accounts")[0].account_id;
    member::add(&mut tx, account, friend.id, false, &["services.manage".to_owned()])
        .await
        .expect("a friend");
    tx.commit().await.expect("a commit");
    assert!(shop.world.recognise("demo", &text, "192.0.2.1").await.is_some());

    let reader = nobody(&shop);
    let verify = link(&shop, "mail-verify", VICTIM).await;
    let asked = reader.get(&verify).await;
    assert!(
        asked.status == 200 && asked.has("Choose a new password"),
        "{}",
        asked.body
    );
    assert!(
        !is_verified(&shop).await,
        "a link that is opened confirms nothing by itself"
    );
    let fields = [("token", of(&verify)), ("password", "not that one at all")];
    let wrong = reader.post("/verify-email", &fields).await;
    assert!(
        wrong.status == 422 && wrong.has("This is not that password."),
        "{}",
        wrong.body
    );
    assert!(is_in(&stranger).await);

    let taken = reader
        .post("/verify-email", &[("token", of(&verify)), ("way", "new")])
        .await;
    let reset = taken.location.expect("on to a new password");
    assert!(!is_in(&stranger).await, "signed out at once");
    assert!(!is_verified(&shop).await);
    let done = choose(&reader, &reset, "the words of its owner").await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert!(is_verified(&shop).await);
    let again = nobody(&shop);
    let fields = [("email", VICTIM), ("password", PASSWORD)];
    assert_eq!(
        again.post("/sign-in", &fields).await.status,
        422,
        "the first password is worth nothing"
    );
    assert!(shop.world.recognise("demo", &text, "192.0.2.1").await.is_none());
    let mut tx = shop.world.begin("demo").await;
    let team = member::of_account(&mut tx, account).await.expect("a team");
    assert_eq!(team.len(), 1, "{team:?}");
    drop(tx);
    reader.sign_in(VICTIM, "the words of its owner").await;
    assert_eq!(reader.get(&verify).await.status, 422, "used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_by_mail_puts_a_stranger_out_as_well() {
    let shop = Shop::open().await;
    let stranger = nobody(&shop);
    sign_up(&stranger, VICTIM, PASSWORD).await;
    let mut tx = shop.world.begin("demo").await;
    let squatter = user::find_by_email(&mut tx, VICTIM)
        .await
        .expect("users")
        .expect("a user");
    let (_, text) = token::create(&mut tx, squatter.id, &NewToken::default())
        .await
        .expect("a token");
    tx.commit().await.expect("a commit");
    let reader = nobody(&shop);
    reader.post("/forgot-password", &[("email", VICTIM)]).await;
    let reset = link(&shop, "mail-reset", VICTIM).await;
    assert_eq!(choose(&reader, &reset, "the words of its owner").await.status, 303);
    assert!(!is_in(&stranger).await);
    assert!(shop.world.recognise("demo", &text, "192.0.2.1").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signed_up_confirms_by_their_session_or_their_password() {
    let shop = Shop::open().await;
    let browser = nobody(&shop);
    sign_up(&browser, VICTIM, PASSWORD).await;
    let first = link(&shop, "mail-verify", VICTIM).await;
    assert!(
        browser
            .get("/account/profile")
            .await
            .has("This address is not confirmed yet")
    );
    // Which one is newer is told by the clock.
    shop.world.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(browser.post("/account/profile/verify", &[]).await.status, 303);
    let second = link(&shop, "mail-verify", VICTIM).await;
    assert_ne!(first, second);
    assert_eq!(nobody(&shop).get(&first).await.status, 422, "the newest one counts");
    let telephone = nobody(&shop);
    let fields = [("token", of(&second)), ("password", PASSWORD)];
    let done = telephone.post("/verify-email", &fields).await;
    assert!(
        done.status == 200 && done.has("Your address is confirmed."),
        "{}",
        done.body
    );
    assert!(is_verified(&shop).await && is_in(&browser).await);

    let other = nobody(&shop);
    sign_up(&other, "otto@hall.test", PASSWORD).await;
    let done = other.get(&link(&shop, "mail-verify", "otto@hall.test").await).await;
    assert!(
        done.status == 200 && done.has("Your address is confirmed."),
        "{}",
        done.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn forgotten_passwords_have_one_answer_and_a_mailbox_is_not_flooded() {
    let shop = Shop::open().await;
    shop.world.user("demo", VICTIM, Some(PASSWORD)).await;
    let browser = nobody(&shop);
    let mut answers = Vec::new();
    for _ in 0..6 {
        for email in [VICTIM, "noon@hall.test"] {
            let answer = browser.post("/forgot-password", &[("email", email)]).await;
            answers.push((answer.status, answer.body.replace(email, "")));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    for _ in 0..200 {
        let waiting = shop.world.jobs().await;
        if !waiting.iter().any(|(_, job)| job.to_string().contains("send_reset")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(links(&shop, "mail-reset", VICTIM).await.len(), 3);
    assert_eq!(links(&shop, "mail-reset", "noon@hall.test").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_carries_no_message_to_an_address_nobody_confirmed() {
    let shop = Shop::open().await;
    let browser = nobody(&shop);
    let fields = [
        ("name", "You have won: https://evil.test/prize"),
        ("email", VICTIM),
        ("country", "DE"),
        ("password", PASSWORD),
    ];
    assert_eq!(browser.post("/sign-up", &fields).await.status, 303);
    let mut tx = shop.world.begin("demo").await;
    let text: String = sqlx::query_scalar("SELECT body_text FROM mails WHERE template = 'mail-verify'")
        .fetch_one(tx.connection())
        .await
        .expect("a mail");
    assert!(text.contains("vera") && !text.contains("evil.test"), "{text}");
}
