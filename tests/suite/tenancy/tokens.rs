//! API tokens: of one tenant, narrowed, revocable; and what staff and members may do.

use chrono::TimeDelta;
use tenancy::permission::{self, Permissions};
use tenancy::token::{self, NewToken, TokenError};
use tenancy::{Actor, staff};
use tests::World;

#[tokio::test]
async fn a_token_is_known_on_its_own_tenants_host_only_and_stored_as_a_hash() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let boss = world.staff("ezscale", "boss@root.test", &["*"]).await;
    assert!(boss.token.starts_with("ezs_"));
    assert!(matches!(boss.caller.scope.actor(), Actor::Staff { .. }));
    assert!(world.recognise("north", &boss.token, "192.0.2.1").await.is_none());
    for wrong in [
        "",
        "ezs_",
        "Bearer",
        &boss.token[..boss.token.len() - 1],
        &format!("{}x", boss.token),
        &"ezs_".repeat(100),
    ] {
        assert!(
            world.recognise("ezscale", wrong, "192.0.2.1").await.is_none(),
            "{wrong}"
        );
    }
    let mut tx = world.begin("ezscale").await;
    let rows: String = sqlx::query_scalar("SELECT string_agg(t::text, '') FROM api_tokens t")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert!(!rows.contains(&boss.token[4..]));
}

#[tokio::test]
async fn a_token_ends_when_revoked_expired_or_its_user_is_disabled() {
    let world = World::new().await;
    let boss = world.staff("ezscale", "boss@root.test", &["*"]).await;
    let new = NewToken {
        expires_at: Some(World::start() + TimeDelta::days(1)),
        ..NewToken::default()
    };
    let short = world.with_token("ezscale", boss.user.clone(), new).await;
    world.clock.advance(TimeDelta::hours(23));
    assert!(world.recognise("ezscale", &short.token, "192.0.2.1").await.is_some());
    world.clock.advance(TimeDelta::hours(2));
    assert!(world.recognise("ezscale", &short.token, "192.0.2.1").await.is_none());
    assert!(world.recognise("ezscale", &boss.token, "192.0.2.1").await.is_some());

    let schema = world.tenant("ezscale").schema.clone();
    world
        .execute(&format!(
            "UPDATE {schema}.api_tokens SET revoked_at = '2026-01-16' WHERE expires_at IS NULL"
        ))
        .await;
    assert!(world.recognise("ezscale", &boss.token, "192.0.2.1").await.is_none());
    world
        .execute(&format!("UPDATE {schema}.api_tokens SET revoked_at = NULL"))
        .await;
    assert!(world.recognise("ezscale", &boss.token, "192.0.2.1").await.is_some());
    world
        .execute(&format!("UPDATE {schema}.staff SET active = false"))
        .await;
    assert!(world.recognise("ezscale", &boss.token, "192.0.2.1").await.is_none());
    world
        .execute(&format!(
            "UPDATE {schema}.staff SET active = true; UPDATE {schema}.users SET disabled_at = '2026-01-16'"
        ))
        .await;
    assert!(world.recognise("ezscale", &boss.token, "192.0.2.1").await.is_none());
}

#[tokio::test]
async fn a_token_may_be_bound_to_addresses() {
    let world = World::new().await;
    let boss = world.staff("ezscale", "boss@root.test", &["*"]).await;
    let mut tx = world.begin("ezscale").await;
    let new = NewToken {
        ip_list: vec!["192.0.2.0/24".into(), "2001:db8::1".into()],
        ..NewToken::default()
    };
    let (_, text) = token::create(&mut tx, boss.user.id, &new).await.unwrap();
    tx.commit().await.unwrap();
    for (ip, good) in [
        ("192.0.2.77", true),
        ("2001:db8::1", true),
        ("192.0.3.1", false),
        ("2001:db8::2", false),
        ("", false),
        ("x", false),
    ] {
        assert_eq!(world.recognise("ezscale", &text, ip).await.is_some(), good, "{ip}");
    }
}

#[tokio::test]
async fn scopes_narrow_what_the_user_may_do_and_never_widen_it() {
    let world = World::new().await;
    let clerk = world
        .staff("ezscale", "clerk@root.test", &["invoices.read", "invoices.write"])
        .await;
    assert!(clerk.caller.may("invoices.write", None) && !clerk.caller.may("settings.write", None));
    let new = NewToken {
        scopes: Some(vec!["invoices.read".into(), "settings.write".into()]),
        ..NewToken::default()
    };
    let narrow = world.with_token("ezscale", clerk.user.clone(), new).await.caller;
    assert!(narrow.may("invoices.read", None));
    assert!(!narrow.may("invoices.write", None) && !narrow.may("settings.write", None));

    let mut tx = world.begin("ezscale").await;
    let unknown = NewToken {
        scopes: Some(vec!["invoices.eat".into()]),
        ..NewToken::default()
    };
    assert!(matches!(
        token::create(&mut tx, clerk.user.id, &unknown).await,
        Err(TokenError::UnknownScope(_))
    ));
    // What is taken from the user is taken from the token, at once.
    staff::grant(&mut tx, clerk.user.id, &["reports.read".into()])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(
        !world
            .recognise("ezscale", &clerk.token, "192.0.2.1")
            .await
            .unwrap()
            .may("invoices.read", None)
    );
}

#[tokio::test]
async fn a_members_token_sees_one_account_and_is_never_staff() {
    let world = World::new().await;
    let (hall, mill) = (
        world.account("ezscale", "Hall").await,
        world.account("ezscale", "Mill").await,
    );
    let ann = world
        .member("ezscale", "ann@hall.test", hall.id, &["billing.read"])
        .await;
    assert_eq!(ann.caller.account, Some(hall.id));
    assert!(ann.caller.sees(hall.id) && !ann.caller.sees(mill.id));
    assert!(ann.caller.may("invoices.read", Some("billing.read")));
    assert!(!ann.caller.may("invoices.read", None) && !ann.caller.may("billing.read", None));
    assert!(!ann.caller.may("payments.write", Some("billing.manage")));

    let mut tx = world.begin("ezscale").await;
    sqlx::query("DELETE FROM members WHERE user_id = $1")
        .bind(ann.user.id)
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(
        world.recognise("ezscale", &ann.token, "192.0.2.1").await.is_none(),
        "who left the team has no token"
    );
}

#[tokio::test]
async fn somebody_without_a_place_gets_no_token() {
    let world = World::new().await;
    let hall = world.account("ezscale", "Hall").await;
    let stranger = world.user("ezscale", "stranger@hall.test", None).await;
    let mut tx = world.begin("ezscale").await;
    assert!(matches!(
        token::create(&mut tx, stranger.id, &NewToken::default()).await,
        Err(TokenError::NoRights)
    ));
    // A token for an account the user has no place in is refused, or worth nothing.
    let new = NewToken {
        account: Some(hall.id),
        ..NewToken::default()
    };
    if let Ok((_, text)) = token::create(&mut tx, stranger.id, &new).await {
        tx.commit().await.unwrap();
        assert!(world.recognise("ezscale", &text, "192.0.2.1").await.is_none());
    }
}

#[tokio::test]
async fn roles_add_to_a_staff_members_own_permissions() {
    let world = World::new().await;
    let clerk = world.staff("ezscale", "clerk@root.test", &["invoices.read"]).await;
    let mut tx = world.begin("ezscale").await;
    sqlx::query("INSERT INTO roles (id, name, permissions) VALUES ($1, 'Support', '{services.read}')")
        .bind(clerk.user.id)
        .execute(tx.connection())
        .await
        .unwrap();
    sqlx::query("UPDATE staff SET role_id = $1")
        .bind(clerk.user.id)
        .execute(tx.connection())
        .await
        .unwrap();
    let rights: Permissions = staff::rights(&mut tx, clerk.user.id).await.unwrap().unwrap();
    assert!(rights.allows::<permission::ReadInvoices>() && rights.allows::<permission::ReadServices>());
    assert!(!rights.allows::<permission::WriteServices>() && !rights.has("*"));
    assert!(rights.allows::<permission::Any>());
}
