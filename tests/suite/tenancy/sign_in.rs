//! Sign-in: throttled, and silent about who exists.

use chrono::TimeDelta;
use tenancy::sign_in::{Client, SignInError, history, sign_in};
use tenancy::user::{self, NewUser, UserError};
use tests::{PASSWORD, World};

fn from(ip: &str) -> Client {
    Client {
        ip: ip.into(),
        user_agent: "test".into(),
    }
}

async fn try_in(world: &World, email: &str, password: &str, ip: &str) -> Result<user::User, SignInError> {
    sign_in(&world.tenancy, &world.visitor("ezscale"), email, password, &from(ip)).await
}

#[tokio::test]
async fn the_answer_tells_nothing_about_who_exists() {
    let world = World::new().await;
    let user = world.user("ezscale", "Ann@Hall.test", Some(PASSWORD)).await;
    let bare = world.user("ezscale", "bare@hall.test", None).await;
    assert_eq!(
        try_in(&world, " ann@hall.TEST", PASSWORD, "192.0.2.1")
            .await
            .unwrap()
            .id,
        user.id
    );
    let mut answers = Vec::new();
    for (email, password) in [
        ("ann@hall.test", "wrong password"),
        ("nobody@hall.test", PASSWORD),
        (&*bare.email, ""),
        ("no address", "x"),
    ] {
        answers.push(
            try_in(&world, email, password, "192.0.2.1")
                .await
                .unwrap_err()
                .to_string(),
        );
    }
    world
        .execute(&format!(
            "UPDATE {}.users SET disabled_at = '2026-01-01'",
            world.tenant("ezscale").schema
        ))
        .await;
    answers.push(
        try_in(&world, "ann@hall.test", PASSWORD, "192.0.2.1")
            .await
            .unwrap_err()
            .to_string(),
    );
    answers.dedup();
    assert_eq!(answers, [SignInError::Wrong.to_string()]);

    let mut tx = world.begin("ezscale").await;
    let outcomes: Vec<String> = history(&mut tx, user.id, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.outcome)
        .collect();
    let mut sorted = outcomes.clone();
    sorted.sort();
    assert_eq!(sorted, ["disabled", "ok", "wrong"], "the owner sees what happened");
}

#[tokio::test]
async fn too_many_wrong_tries_are_throttled_for_a_while_even_with_the_right_password() {
    let world = World::new().await;
    world.user("ezscale", "ann@hall.test", Some(PASSWORD)).await;
    for n in 0..10 {
        let answer = try_in(&world, "ann@hall.test", "wrong password", &format!("192.0.2.{n}")).await;
        assert!(matches!(answer, Err(SignInError::Wrong)), "try {n}");
    }
    assert!(matches!(
        try_in(&world, "ann@hall.test", PASSWORD, "198.51.100.1").await,
        Err(SignInError::Throttled)
    ));
    // An address nobody has is throttled alike: the limit tells nothing either.
    for _ in 0..10 {
        let _ = try_in(&world, "nobody@hall.test", "wrong password", "203.0.113.9").await;
    }
    assert!(matches!(
        try_in(&world, "nobody@hall.test", "x", "203.0.113.9").await,
        Err(SignInError::Throttled)
    ));
    world.clock.advance(TimeDelta::minutes(16));
    assert!(try_in(&world, "ann@hall.test", PASSWORD, "198.51.100.1").await.is_ok());
}

#[tokio::test]
async fn one_client_cannot_go_through_many_addresses() {
    let world = World::new().await;
    world.user("ezscale", "ann@hall.test", Some(PASSWORD)).await;
    let mut tx = world.begin("ezscale").await;
    for n in 0..50 {
        sqlx::query(
            "INSERT INTO sign_ins (id, email_norm, outcome, ip, at) VALUES ($1, $2, 'wrong', '192.0.2.66', $3)",
        )
        .bind(platform::db::Tx::new_uuid(&tx))
        .bind(format!("user{n}@hall.test"))
        .bind(tx.now())
        .execute(tx.connection())
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    assert!(matches!(
        try_in(&world, "ann@hall.test", PASSWORD, "192.0.2.66").await,
        Err(SignInError::Throttled)
    ));
    assert!(try_in(&world, "ann@hall.test", PASSWORD, "192.0.2.67").await.is_ok());
}

#[tokio::test]
async fn one_address_is_one_user_per_tenant() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let here = world.user("ezscale", "ann@hall.test", Some(PASSWORD)).await;
    let there = world.user("north", "ann@hall.test", None).await;
    assert_ne!(here.id, there.id);
    let mut tx = world.begin("ezscale").await;
    let again = NewUser {
        email: "ANN@hall.test ".into(),
        name: "Ann".into(),
        ..NewUser::default()
    };
    assert!(matches!(
        user::create(&mut tx, &again).await,
        Err(UserError::EmailTaken)
    ));
    let elsewhere = sign_in(
        &world.tenancy,
        &world.visitor("north"),
        "ann@hall.test",
        PASSWORD,
        &from("192.0.2.1"),
    )
    .await;
    assert!(
        matches!(elsewhere, Err(SignInError::Wrong)),
        "a password is worth nothing in another tenant"
    );
}
