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
    let mut tx = world.begin("ezscale").await;
    let wrong = user::change_password(&mut tx, user.id, "not my password", "another long one").await;
    assert!(matches!(wrong, Err(UserError::WrongPassword)));
    user::change_password(&mut tx, user.id, PASSWORD, "another long one")
        .await
        .unwrap();
    tx.commit().await.unwrap();
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
async fn a_token_of_one_tenant_is_nothing_in_another() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let user = world.user("ezscale", "ann@hall.test", None).await;
    let mut tx = world.begin("ezscale").await;
    let ticket = user::issue_token(&mut tx, user.id, TokenUse::Ticket).await.unwrap();
    tx.commit().await.unwrap();
    let elsewhere = user::spend_token(&mut world.begin("north").await, TokenUse::Ticket, &ticket).await;
    assert!(matches!(elsewhere, Err(UserError::BadToken)));
    world.clock.advance(chrono::TimeDelta::seconds(59));
    let mut tx = world.begin("ezscale").await;
    assert_eq!(
        user::spend_token(&mut tx, TokenUse::Ticket, &ticket).await.unwrap().id,
        user.id
    );
}
