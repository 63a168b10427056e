//! Who a mail is from: the platform's domain carries it, the tenant signs it, and nobody writes as somebody else.

use serde_json::json;
use tenancy::mail::{self, NewMail, SendMail};
use tests::World;

/// What left after a tenant wrote to somebody.
async fn sent(world: &World, slug: &str) -> platform::mail::OutgoingMail {
    let mut tx = world.begin(slug).await;
    let new = NewMail {
        key: "test".into(),
        template: "mail-test",
        account: None,
        to: "ann@hall.test".into(),
        subject: "Hello".into(),
        text: "Hello".into(),
        html: "<p>Hello</p>".into(),
        files: Vec::new(),
    };
    assert!(mail::queue(&mut tx, &new).await.expect("a mail"));
    let id = mail::list(&mut tx, None, 1).await.expect("mails")[0].id;
    tx.commit().await.expect("a commit");
    let args = SendMail { mail: id };
    mail::send(&world.tenancy, &world.mailer, &world.scope(slug), &args, 1).await;
    world.mailer.sent().pop().expect("it left")
}

async fn set(world: &World, slug: &str, values: serde_json::Value) {
    let mut control = world.tenancy.control().await.expect("control");
    let values = values.as_object().expect("settings").clone();
    tenancy::settings::change(&mut control, world.tenant(slug).id, &values)
        .await
        .expect("settings");
    control.commit().await.expect("a commit");
    world.tenancy.refresh().await.expect("known");
}

#[tokio::test]
async fn an_address_that_nobody_proved_is_where_answers_go_and_never_the_sender() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    world.reseller("south", "north").await;
    set(&world, "ezscale", json!({ "mail_from": "billing@root.test" })).await;
    set(
        &world,
        "north",
        json!({ "mail_from": "ceo@bank.test", "support_email": "help@north.test" }),
    )
    .await;

    let root = sent(&world, "ezscale").await;
    assert_eq!(root.from, "no-reply@ezscale.localhost");
    assert_eq!(root.reply_to.as_deref(), Some("billing@root.test"));

    let north = sent(&world, "north").await;
    assert_eq!(north.from, "no-reply@north.ezscale.localhost");
    assert_eq!(north.from_name, "The north company");
    assert_eq!(north.reply_to.as_deref(), Some("ceo@bank.test"));
    let eml = String::from_utf8(north.to_eml().expect("a message")).expect("text");
    let names: Vec<&str> = eml
        .lines()
        .filter(|line| line.contains("ezscale"))
        .map(|line| line.split(':').next().unwrap_or_default())
        .collect();
    assert_eq!(
        names,
        ["From", "Message-ID"],
        "the platform's name is in addresses alone: {eml}"
    );

    let south = sent(&world, "south").await;
    assert_eq!(south.from, "no-reply@south.ezscale.localhost");
    assert_eq!(south.reply_to, None, "what the parent answers at is the parent's");
    set(&world, "south", json!({ "support_email": "help@south.test" })).await;
    let mut tx = world.begin("south").await;
    sqlx::query("UPDATE mails SET key = 'before'")
        .execute(tx.connection())
        .await
        .expect("another");
    tx.commit().await.expect("a commit");
    assert_eq!(sent(&world, "south").await.reply_to.as_deref(), Some("help@south.test"));
}
