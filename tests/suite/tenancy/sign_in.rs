//! Sign-in: throttled, and silent about who exists.

use chrono::TimeDelta;
use tenancy::sign_in::{Client, SignInError, history, remember, sign_in};
use tenancy::user::{self, NewUser, UserError};
use tests::{PASSWORD, World};

fn from(ip: &str) -> Client {
    Client {
        ip: ip.into(),
        user_agent: "test".into(),
        ..Client::default()
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

/// Wrong tries from as many places.
async fn guess(world: &World, email: &str, tries: u8) {
    for n in 0..tries {
        let answer = try_in(world, email, "wrong password", &format!("192.0.2.{n}")).await;
        assert!(matches!(answer, Err(SignInError::Wrong)), "try {n}");
    }
}

#[tokio::test]
async fn guessing_has_to_wait_longer_and_longer_whether_or_not_somebody_has_the_address() {
    let world = World::new().await;
    world.user("ezscale", "ann@hall.test", Some(PASSWORD)).await;
    for email in ["ann@hall.test", "nobody@hall.test"] {
        guess(&world, email, 5).await;
        let sixth = try_in(&world, email, PASSWORD, "203.0.113.9").await;
        assert!(matches!(sixth, Err(SignInError::Throttled)), "{email}: {sixth:?}");
    }
    world.clock.advance(TimeDelta::seconds(61));
    for email in ["ann@hall.test", "nobody@hall.test"] {
        let one = try_in(&world, email, "wrong password", "203.0.113.9").await;
        assert!(matches!(one, Err(SignInError::Wrong)), "{email}: {one:?}");
    }
    world.clock.advance(TimeDelta::seconds(61));
    for email in ["ann@hall.test", "nobody@hall.test"] {
        let waits = try_in(&world, email, PASSWORD, "203.0.113.9").await;
        assert!(
            matches!(waits, Err(SignInError::Throttled)),
            "two minutes now: {email}: {waits:?}"
        );
    }
    world.clock.advance(TimeDelta::minutes(61));
    assert!(try_in(&world, "ann@hall.test", PASSWORD, "203.0.113.9").await.is_ok());
}

#[tokio::test]
async fn guesses_at_the_same_time_are_counted_one_by_one() {
    let world = World::new().await;
    world.user("ezscale", "ann@hall.test", Some(PASSWORD)).await;
    let world = &world;
    let ips: Vec<String> = (0..16).map(|n| format!("192.0.2.{n}")).collect();
    let tries = ips
        .iter()
        .map(|ip| try_in(world, "ann@hall.test", "wrong password", ip));
    let answers = futures::future::join_all(tries).await;
    let looked_at = answers
        .iter()
        .filter(|answer| matches!(answer, Err(SignInError::Wrong)))
        .count();
    assert_eq!(looked_at, 5, "{answers:?}");
}

#[tokio::test]
async fn nobody_locks_an_owner_out_of_a_place_they_are_known_at() {
    let world = World::new().await;
    world.user("ezscale", "ann@hall.test", Some(PASSWORD)).await;
    let scope = world.visitor("ezscale");
    let enter = async |ip: &str, device: &str, password: &str| {
        let client = Client {
            device: device.into(),
            ..from(ip)
        };
        sign_in(&world.tenancy, &scope, "ann@hall.test", password, &client).await
    };
    enter("2001:db8:1:2::7", "ann-s-own-browser", PASSWORD)
        .await
        .expect("the first time");
    guess(&world, "ann@hall.test", 5).await;
    let stranger = enter("198.51.100.1", "another-browser", PASSWORD).await;
    assert!(matches!(stranger, Err(SignInError::Throttled)), "{stranger:?}");
    enter("198.51.100.1", "ann-s-own-browser", PASSWORD)
        .await
        .expect("the browser is known, wherever it is");
    enter("2001:db8:1:2:ffff::1", "a-new-browser", PASSWORD)
        .await
        .expect("the network is known: it is one /64");
    let next_door = enter("2001:db8:1:3::1", "yet-another-browser", PASSWORD).await;
    assert!(matches!(next_door, Err(SignInError::Throttled)), "{next_door:?}");
    // A known browser has tries of its own, and no more than anybody.
    for n in 0..5 {
        let wrong = enter(&format!("203.0.113.{n}"), "ann-s-own-browser", "wrong password").await;
        assert!(matches!(wrong, Err(SignInError::Wrong)), "try {n}");
    }
    let enough = enter("203.0.113.77", "ann-s-own-browser", PASSWORD).await;
    assert!(matches!(enough, Err(SignInError::Throttled)), "{enough:?}");
}

#[tokio::test]
async fn a_new_password_by_mail_ends_the_wait() {
    let world = World::new().await;
    let ann = world.user("ezscale", "ann@hall.test", Some(PASSWORD)).await;
    guess(&world, "ann@hall.test", 5).await;
    let waits = try_in(&world, "ann@hall.test", PASSWORD, "198.51.100.1").await;
    assert!(matches!(waits, Err(SignInError::Throttled)), "{waits:?}");
    let mut tx = world.begin("ezscale").await;
    let token = user::issue_token(&mut tx, ann.id, user::TokenUse::ResetPassword)
        .await
        .expect("a link");
    let ann = user::reset_password(&mut tx, &token, "another good sentence")
        .await
        .expect("a new password");
    remember(&mut tx, &ann, &from("198.51.100.1")).await.expect("a place");
    tx.commit().await.expect("a commit");
    try_in(&world, "ann@hall.test", "another good sentence", "203.0.113.200")
        .await
        .expect("from anywhere");
    guess(&world, "ann@hall.test", 5).await;
    try_in(&world, "ann@hall.test", "another good sentence", "198.51.100.1")
        .await
        .expect("where the password was chosen, whoever guesses elsewhere");
}

#[tokio::test]
async fn one_network_cannot_go_through_many_addresses() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    for slug in ["ezscale", "north"] {
        world.user(slug, "ann@hall.test", Some(PASSWORD)).await;
    }
    let mut tx = world.begin("ezscale").await;
    for n in 0..50 {
        sqlx::query(
            "INSERT INTO sign_ins (id, email_norm, outcome, ip, network, at) VALUES ($1, $2, 'wrong', $3, '2001:db8:7:7::', $4)",
        )
        .bind(platform::db::Tx::new_uuid(&tx))
        .bind(format!("user{n}@hall.test"))
        .bind(format!("2001:db8:7:7::{n}"))
        .bind(tx.now())
        .execute(tx.connection())
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    assert!(matches!(
        try_in(&world, "ann@hall.test", PASSWORD, "2001:db8:7:7:1:2:3:4").await,
        Err(SignInError::Throttled)
    ));
    let client = from("2001:db8:7:7:1:2:3:4");
    sign_in(
        &world.tenancy,
        &world.visitor("north"),
        "ann@hall.test",
        PASSWORD,
        &client,
    )
    .await
    .expect("another tenant counts for itself");
    assert!(
        try_in(&world, "ann@hall.test", PASSWORD, "2001:db8:7:8::1")
            .await
            .is_ok()
    );
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
