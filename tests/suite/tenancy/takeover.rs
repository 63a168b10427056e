//! What was made with somebody else's address, or entered for another address, is worth nothing to whoever made it.

use billing::BillingError;
use provisioning::server::{self, NewServer, ServerChange};
use serde_json::json;
use tenancy::account::{self, NewAccount};
use tenancy::sign_in::{Client, SignInError, sign_in};
use tenancy::user;
use tests::World;

const PASSWORD: &str = "the words of a stranger";

#[tokio::test]
async fn an_address_that_was_never_confirmed_brings_no_password_into_an_account() {
    let world = World::new().await;
    world.user("ezscale", "newhire@corp.test", Some(PASSWORD)).await;
    let scope = world.visitor("ezscale");
    let client = Client::default();
    let before = sign_in(&world.tenancy, &scope, "newhire@corp.test", PASSWORD, &client).await;
    let before = before.expect("so far it is theirs");

    let mut tx = world.begin("ezscale").await;
    let new = NewAccount {
        name: "Corp".into(),
        email: "newhire@corp.test".into(),
        country: "DE".into(),
        ..NewAccount::default()
    };
    account::create(&mut tx, &new)
        .await
        .expect("an account of that address");
    assert!(!user::reclaim(&mut tx, before.id).await.expect("once is enough"));
    let after = user::find(&mut tx, before.id).await.expect("users").expect("the user");
    tx.commit().await.expect("a commit");

    assert_ne!(after.session_epoch, before.session_epoch, "their sessions end");
    let again = sign_in(&world.tenancy, &scope, "newhire@corp.test", PASSWORD, &client).await;
    assert!(matches!(again, Err(SignInError::Wrong)), "{again:?}");
}

#[tokio::test]
async fn a_token_goes_to_the_address_it_was_entered_for() {
    let world = World::new().await;
    let panels = portals::kinds::panels();
    let mut tx = world.begin("ezscale").await;
    let new = NewServer {
        panel: "virtfusion".into(),
        name: "vf-1".into(),
        base_url: "https://panel.example.com".into(),
        credentials: json!({ "token": "secret" }),
        settings: json!({ "hypervisor_group": 1 }),
    };
    let known = server::configure(&mut tx, &panels, &new).await.expect("a server");
    let mut change = ServerChange {
        base_url: Some("https://evil.example.com".into()),
        ..ServerChange::default()
    };
    let refused = server::update(&mut tx, &panels, known.id, &change).await;
    assert!(
        matches!(refused, Err(BillingError::Field("credentials", _))),
        "{refused:?}"
    );
    change.credentials = Some(json!({ "token": "another" }));
    let moved = server::update(&mut tx, &panels, known.id, &change)
        .await
        .expect("with its own token");
    assert_eq!(moved.base_url, "https://evil.example.com");
}
