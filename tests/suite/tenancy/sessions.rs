//! A session belongs to one tenant and ends with a new password.

use tenancy::session::{self, TenantStore};
use tenancy::user::{self, TokenUse, UserError};
use tests::{PASSWORD, World};
use tower_sessions::session::{Id, Record};
use tower_sessions::{Session, SessionStore};

fn session(world: &World, slug: &str, id: Option<Id>) -> Session {
    let store = TenantStore::new(world.tenancy.clone(), world.visitor(slug));
    Session::new(id, std::sync::Arc::new(store), None)
}

async fn signed_in(world: &World, slug: &str, user: &user::User) -> Id {
    let session = session(world, slug, None);
    // The middleware's default lasts two weeks from the system's today; tests live by their own.
    session::sign_in(&session, user, world.tenancy.now()).await.unwrap();
    session.save().await.unwrap();
    session.id().unwrap()
}

#[tokio::test]
async fn a_session_is_nothing_on_another_tenants_host() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let user = world.user("ezscale", "ann@hall.test", None).await;
    let id = signed_in(&world, "ezscale", &user).await;
    assert_eq!(
        session::signed_in(&session(&world, "ezscale", Some(id)))
            .await
            .unwrap()
            .user,
        user.id
    );
    assert!(session::signed_in(&session(&world, "north", Some(id))).await.is_none());
}

#[tokio::test]
async fn the_table_holds_no_usable_session_id_and_expired_ones_are_not_loaded() {
    let world = World::new().await;
    let user = world.user("ezscale", "ann@hall.test", None).await;
    let id = signed_in(&world, "ezscale", &user).await;
    let mut tx = world.begin("ezscale").await;
    let (key, owner): (String, tenancy::UserId) = sqlx::query_as("SELECT id, user_id FROM sessions")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert!(!key.contains(&id.to_string()));
    assert_eq!(owner, user.id);
    tx.commit().await.unwrap();

    let store = TenantStore::new(world.tenancy.clone(), world.visitor("ezscale"));
    let record: Record = store.load(&id).await.unwrap().unwrap();
    world
        .clock
        .set(chrono::DateTime::from_timestamp(record.expiry_date.unix_timestamp() + 1, 0).unwrap());
    assert!(store.load(&id).await.unwrap().is_none());
}

#[tokio::test]
async fn signing_in_changes_the_id_and_signing_out_removes_the_row() {
    let world = World::new().await;
    let user = world.user("ezscale", "ann@hall.test", None).await;
    let planted = session(&world, "ezscale", None);
    planted.insert("cart", 1).await.unwrap();
    planted.save().await.unwrap();
    let before = planted.id().unwrap();
    session::sign_in(&planted, &user, world.tenancy.now()).await.unwrap();
    planted.save().await.unwrap();
    assert_ne!(planted.id().unwrap(), before);
    assert!(
        session::signed_in(&session(&world, "ezscale", Some(before)))
            .await
            .is_none()
    );
    session::sign_out(&planted).await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions")
        .fetch_one(world.begin("ezscale").await.connection())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_new_password_ends_every_session() {
    let world = World::new().await;
    let user = world.user("ezscale", "ann@hall.test", Some(PASSWORD)).await;
    let id = signed_in(&world, "ezscale", &user).await;
    let (doors, scope) = (&world.tenancy, world.scope("ezscale"));
    let wrong = user::change_password(doors, &scope, user.id, "not my password", "another long one").await;
    assert!(matches!(wrong, Err(UserError::WrongPassword)));
    user::change_password(doors, &scope, user.id, PASSWORD, "another long one")
        .await
        .unwrap();
    assert!(
        session::signed_in(&session(&world, "ezscale", Some(id)))
            .await
            .is_none()
    );
    let now = user::find(&mut world.begin("ezscale").await, user.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        now.session_epoch,
        user.session_epoch + 1,
        "a session saved late still has the old epoch"
    );
}

#[tokio::test]
async fn a_reset_link_works_once_for_an_hour_and_a_newer_one_ends_it() {
    let world = World::new().await;
    let user = world.user("ezscale", "ann@hall.test", None).await;
    let mut tx = world.begin("ezscale").await;
    let old = user::issue_token(&mut tx, user.id, TokenUse::ResetPassword)
        .await
        .unwrap();
    let token = user::issue_token(&mut tx, user.id, TokenUse::ResetPassword)
        .await
        .unwrap();
    assert!(matches!(
        user::reset_password(&mut tx, &old, PASSWORD).await,
        Err(UserError::BadToken)
    ));
    assert!(
        matches!(user::verify_email(&mut tx, &token).await, Err(UserError::BadToken)),
        "a token serves one purpose"
    );
    assert!(matches!(
        user::reset_password(&mut tx, &token, "short").await,
        Err(UserError::BadPassword)
    ));
    let done = user::reset_password(&mut tx, &token, PASSWORD).await.unwrap();
    assert_eq!(done.id, user.id);
    assert!(matches!(
        user::reset_password(&mut tx, &token, PASSWORD).await,
        Err(UserError::BadToken)
    ));
    let late = user::issue_token(&mut tx, user.id, TokenUse::ResetPassword)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.clock.advance(chrono::TimeDelta::minutes(61));
    let mut tx = world.begin("ezscale").await;
    assert!(matches!(
        user::reset_password(&mut tx, &late, PASSWORD).await,
        Err(UserError::BadToken)
    ));
}

#[tokio::test]
async fn an_invitation_is_no_reset_and_neither_ends_the_other() {
    let world = World::new().await;
    let user = world.user("ezscale", "ann@hall.test", None).await;
    let mut tx = world.begin("ezscale").await;
    let invite = user::issue_token(&mut tx, user.id, TokenUse::Invite).await.unwrap();
    let reset = user::issue_token(&mut tx, user.id, TokenUse::ResetPassword)
        .await
        .unwrap();
    for (answer, what) in [
        (user::reset_password(&mut tx, &invite, PASSWORD).await, "an invitation"),
        (user::accept_invitation(&mut tx, &reset, PASSWORD).await, "a reset"),
    ] {
        assert!(matches!(answer, Err(UserError::BadToken)), "{what} used as the other");
    }
    user::accept_invitation(&mut tx, &invite, PASSWORD).await.unwrap();
    assert!(
        matches!(
            user::reset_password(&mut tx, &reset, PASSWORD).await,
            Err(UserError::BadToken)
        ),
        "whatever else is on its way ends with the new password"
    );
}

#[tokio::test]
async fn one_reader_gets_three_mails_of_a_kind_in_an_hour_and_one_network_thirty() {
    let world = World::new().await;
    let ann = world.user("ezscale", "ann@hall.test", None).await;
    let mut tx = world.begin("ezscale").await;
    let mut last = None;
    for n in 0..5 {
        let from = format!("192.0.2.{n}");
        let token = user::request_token(&mut tx, ann.id, TokenUse::ResetPassword, Some(&from))
            .await
            .unwrap();
        assert_eq!(token.is_some(), n < 3, "mail {n}");
        last = token.or(last);
    }
    assert!(
        user::request_token(&mut tx, ann.id, TokenUse::Invite, None)
            .await
            .unwrap()
            .is_some(),
        "another kind"
    );
    user::peek_token(&mut tx, TokenUse::ResetPassword, &last.unwrap())
        .await
        .expect("the last one that was sent works");
    tx.commit().await.unwrap();
    let mut sent = 0;
    for n in 0..12 {
        let user = world.user("ezscale", &format!("user{n}@hall.test"), None).await;
        let mut tx = world.begin("ezscale").await;
        for _ in 0..3 {
            let token = user::request_token(&mut tx, user.id, TokenUse::VerifyEmail, Some("203.0.113.9"))
                .await
                .unwrap();
            sent += usize::from(token.is_some());
        }
        tx.commit().await.unwrap();
    }
    assert_eq!(sent, 30);
    world.clock.advance(chrono::TimeDelta::minutes(61));
    let mut tx = world.begin("ezscale").await;
    let again = user::request_token(&mut tx, ann.id, TokenUse::ResetPassword, Some("203.0.113.9"))
        .await
        .unwrap();
    assert!(again.is_some(), "an hour later");
}

#[tokio::test]
async fn a_ticket_is_for_one_host_and_one_browser_of_one_tenant() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let user = world.user("ezscale", "ann@hall.test", None).await;
    let (host, secret) = ("account.ezscale.localhost", "only that browser knows");
    let proof = hex::encode(platform::secret::sha256(secret.as_bytes()));
    let issue = async || {
        let mut tx = world.begin("ezscale").await;
        let ticket = user::issue_ticket(&mut tx, user.id, host, &proof).await.unwrap();
        tx.commit().await.unwrap();
        ticket
    };
    for (slug, at, with) in [
        ("north", host, secret),
        ("ezscale", "admin.ezscale.localhost", secret),
        ("ezscale", host, "another browser"),
        ("ezscale", host, ""),
        ("ezscale", host, &*proof),
    ] {
        let ticket = issue().await;
        let answer = user::spend_ticket(&mut world.begin(slug).await, &ticket, at, with).await;
        assert!(matches!(answer, Err(UserError::BadToken)), "{slug} {at} {with}");
    }
    let ticket = issue().await;
    let mut tx = world.begin("ezscale").await;
    let _ = user::spend_ticket(&mut tx, &ticket, host, "a thief's browser").await;
    let late = user::spend_ticket(&mut tx, &ticket, host, secret).await;
    assert!(
        matches!(late, Err(UserError::BadToken)),
        "shown in the wrong place it is used up"
    );
    tx.commit().await.unwrap();
    let ticket = issue().await;
    world.clock.advance(chrono::TimeDelta::seconds(59));
    let mut tx = world.begin("ezscale").await;
    let found = user::spend_ticket(&mut tx, &ticket, host, secret).await.unwrap();
    assert_eq!(found.id, user.id);
    let twice = user::spend_ticket(&mut tx, &ticket, host, secret).await;
    assert!(matches!(twice, Err(UserError::BadToken)));
}
