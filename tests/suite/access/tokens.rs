//! Tokens through the API: made, listed, held to other limits, ended; and never more than their user may.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tenancy::token::{NewToken, Refused};
use tenancy::{audit, staff};
use tests::World;

use super::door::{call, ops, owner, refusal, token_of};
use crate::walk::shop::{Shop, text};

#[tokio::test]
async fn a_refused_token_says_why() {
    let world = World::new().await;
    let boss = world.staff("ezscale", "boss@root.test", &["*"]).await;
    let held = NewToken {
        ip_list: vec!["192.0.2.7/24".into()],
        expires_at: Some(World::start() + TimeDelta::days(1)),
        ..NewToken::default()
    };
    let held = world.with_token("ezscale", boss.user.clone(), held).await.token;
    let judge = async |token: &str, ip: &str| world.judge("ezscale", token, ip).await.map(|_| ());
    assert_eq!(judge(&held, "192.0.2.200").await, Ok(()));
    assert_eq!(judge(&held, "::ffff:192.0.2.200").await, Ok(()));
    assert_eq!(judge(&held, "192.0.3.1").await, Err(Refused::Address));
    assert_eq!(judge("ezs_nobodys", "192.0.2.200").await, Err(Refused::Unknown));
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(judge(&held, "192.0.2.200").await, Err(Refused::Expired));
    let mut tx = world.begin("ezscale").await;
    sqlx::query("UPDATE staff SET active = false")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(judge(&boss.token, "192.0.2.1").await, Err(Refused::Orphaned));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_listed_held_and_ended_over_the_api() {
    let shop = Shop::open().await;
    let wish = json!({ "name": "robot", "scopes": ["invoices.read"], "ip_list": ["127.0.0.0/8"], "expires_at": "2031-01-01T00:00:00Z",
        "spending_limit": { "amount": "50.00", "currency": "USD" } });
    let made = shop.post("/tokens", wish).await;
    let (id, secret) = (text(&made, "id"), text(&made, "token"));
    assert!(id.starts_with("tok_") && secret.starts_with("ezs_"), "{made}");
    assert_eq!(
        made["spending_limit"],
        json!({ "amount": "50.00", "currency": "USD", "period": "month" })
    );
    assert_eq!(call(&shop, &secret, "GET", "/invoices", None).await.0, 200);
    assert_eq!(
        refusal(&shop, &secret, "GET", "/orders", None).await,
        (403, "scope_missing".into())
    );
    let read = shop.get(&format!("/tokens/{id}")).await;
    assert_eq!(
        (read["status"].as_str(), read["last_used_ip"].as_str()),
        (Some("active"), Some("127.0.0.1"))
    );
    assert!(read.get("token").is_none() && !shop.get("/tokens").await.to_string().contains(&secret));

    // Held to another network it is refused from here; its name is kept.
    let (status, held) = shop
        .call(
            "PATCH",
            &format!("/tokens/{id}"),
            Some(json!({ "ip_list": ["192.0.2.1"] })),
        )
        .await;
    assert_eq!((status, held["name"].as_str()), (200, Some("robot")), "{held}");
    assert_eq!(
        refusal(&shop, &secret, "GET", "/invoices", None).await,
        (403, "ip_not_allowed".into())
    );
    let wide = json!({ "ip_list": [], "expires_at": null, "scopes": null, "spending_limit": null });
    let (_, held) = shop.call("PATCH", &format!("/tokens/{id}"), Some(wide)).await;
    assert_eq!(
        (&held["scopes"], &held["expires_at"], &held["spending_limit"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(call(&shop, &secret, "GET", "/orders", None).await.0, 200);

    assert_eq!(shop.call("DELETE", &format!("/tokens/{id}"), None).await.0, 204);
    assert_eq!(
        shop.call("DELETE", &format!("/tokens/{id}"), None).await.0,
        204,
        "twice is once"
    );
    assert_eq!(
        refusal(&shop, &secret, "GET", "/invoices", None).await,
        (401, "token_revoked".into())
    );
    let changed = shop
        .call("PATCH", &format!("/tokens/{id}"), Some(json!({ "name": "x" })))
        .await;
    assert_eq!((changed.0, changed.1["code"].as_str()), (409, Some("token_revoked")));
    let mut tx = shop.world.begin("demo").await;
    let deeds = audit::list(&mut tx, Some(&id), None, 20, None).await.unwrap();
    // The clock stands still in this test: what happened at one moment is in no order.
    let mut deeds: Vec<&str> = deeds.iter().map(|deed| deed.action.as_str()).collect();
    deeds.sort_unstable();
    assert_eq!(
        deeds,
        ["token.created", "token.restricted", "token.restricted", "token.revoked"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_token_is_said_beside_its_field_and_nothing_is_made() {
    let shop = Shop::open().await;
    for (wish, field) in [
        (json!({ "name": " " }), "name"),
        (json!({ "name": "x", "scopes": ["invoices.eat"] }), "scopes"),
        (json!({ "name": "x", "scopes": ["services.use"] }), "scopes"),
        (json!({ "name": "x", "ip_list": ["example.com"] }), "ip_list"),
        (
            json!({ "name": "x", "expires_at": "2020-01-01T00:00:00Z" }),
            "expires_at",
        ),
        (
            json!({ "name": "x", "spending_limit": { "amount": "-1.00", "currency": "USD" } }),
            "spending_limit",
        ),
        (json!({ "name": "x", "user": "usr_1" }), "user"),
    ] {
        let (status, answer) = shop.call("POST", "/tokens", Some(wish.clone())).await;
        assert_eq!(
            (status, answer["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{wish}: {answer}"
        );
    }
    assert_eq!(shop.get("/tokens").await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_token_makes_no_wide_one_and_may_end_itself() {
    let shop = Shop::open().await;
    let boss = ops(&shop).await;
    let held = [
        NewToken {
            scopes: Some(vec!["settings.write".into(), "settings.read".into()]),
            ..NewToken::default()
        },
        NewToken {
            ip_list: vec!["127.0.0.1".into()],
            ..NewToken::default()
        },
        NewToken {
            expires_at: Some(World::start() + TimeDelta::days(9)),
            ..NewToken::default()
        },
        NewToken {
            spending_limit: Some(platform::money::Money::zero(
                platform::money::Currency::parse("USD").unwrap(),
            )),
            ..NewToken::default()
        },
    ];
    for (n, new) in held.into_iter().enumerate() {
        let name = format!("held {n}");
        let new = NewToken {
            name: name.clone(),
            ..new
        };
        let token = token_of(&shop, boss, new).await;
        let narrow = (403, "token_restricted".to_owned());
        assert_eq!(
            refusal(&shop, &token, "POST", "/tokens", Some(json!({ "name": "wide" }))).await,
            narrow
        );
        let (_, all) = call(&shop, &token, "GET", "/tokens", None).await;
        let own = all["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["name"] == name.as_str());
        let own = format!("/tokens/{}", text(own.expect("its own row"), "id"));
        assert_eq!(
            refusal(&shop, &token, "PATCH", &own, Some(json!({ "scopes": null }))).await,
            narrow
        );
        assert_eq!(call(&shop, &token, "DELETE", &own, None).await.0, 204);
        assert_eq!(call(&shop, &token, "GET", "/tokens", None).await.0, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_makes_one_token() {
    let shop = Shop::open().await;
    let post = async || {
        let request = shop.http.post(format!("{}/tokens", shop.base));
        let request = request
            .header("host", "demo.ezscale.localhost")
            .header("idempotency-key", "k-1")
            .bearer_auth(&shop.token);
        let response = request.json(&json!({ "name": "robot" })).send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap_or_default(),
        )
    };
    let first = post().await;
    assert_eq!(first.0, 201, "{first:?}");
    let again = post().await;
    assert_eq!((again.0, again.1["code"].as_str()), (409, Some("token_made")));
    assert_eq!(shop.get("/tokens").await["data"].as_array().unwrap().len(), 2);
    let mut tx = shop.world.begin("demo").await;
    let kept: String =
        sqlx::query_scalar("SELECT coalesce(string_agg(convert_from(body, 'utf8'), ''), '') FROM idempotency")
            .fetch_one(tx.connection())
            .await
            .unwrap();
    assert!(!kept.contains("ezs_"), "no token is kept with its key: {kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_their_own_tokens_and_who_settles_things_everybodys() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let owners = token_of(&shop, owner(&shop, &account).await, NewToken::default()).await;
    let id = account.parse().unwrap();
    let ann = shop.world.member("demo", "ann@hall.test", id, &["services.use"]).await;
    let clerk = shop.world.staff("demo", "clerk@demo.test", &["invoices.read"]).await;
    let ids = async |token: &str| -> Vec<String> {
        let (status, all) = call(&shop, token, "GET", "/tokens", None).await;
        assert_eq!(status, 200, "{all}");
        let rows = all["data"].as_array().unwrap().clone();
        rows.iter().map(|row| text(row, "id")).collect()
    };
    let (of_ann, of_clerk, of_owner, of_boss) = (
        ids(&ann.token).await,
        ids(&clerk.token).await,
        ids(&owners).await,
        ids(&shop.token).await,
    );
    assert_eq!(
        (of_ann.len(), of_clerk.len(), of_owner.len(), of_boss.len()),
        (1, 1, 2, 4)
    );
    // Somebody else's is not there; who sees it without the right to change it is told so.
    for (token, other) in [
        (&ann.token, &of_clerk[0]),
        (&clerk.token, &of_ann[0]),
        (&owners, &of_clerk[0]),
    ] {
        for method in ["GET", "DELETE"] {
            assert_eq!(
                call(&shop, token, method, &format!("/tokens/{other}"), None).await.0,
                404
            );
        }
    }
    let reader = shop.world.staff("demo", "reader@demo.test", &["settings.read"]).await;
    let path = format!("/tokens/{}", of_clerk[0]);
    assert_eq!(call(&shop, &reader.token, "GET", &path, None).await.0, 200);
    assert_eq!(
        refusal(&shop, &reader.token, "DELETE", &path, None).await,
        (403, "scope_missing".into())
    );
    // Nobody gives what they have not; a member's token is a member's, whatever is asked.
    let wide = Some(json!({ "name": "w", "scopes": ["payments.write"] }));
    assert_eq!(call(&shop, &clerk.token, "POST", "/tokens", wide.clone()).await.0, 422);
    assert_eq!(call(&shop, &ann.token, "POST", "/tokens", wide).await.0, 422);
    let (status, made) = call(&shop, &ann.token, "POST", "/tokens", Some(json!({ "name": "mine" }))).await;
    assert_eq!((status, made["account"].as_str()), (201, Some(account.as_str())));
    let anns = text(&made, "token");
    assert_eq!(call(&shop, &anns, "GET", "/services", None).await.0, 200);
    assert_eq!(call(&shop, &anns, "GET", "/invoices", None).await.0, 403);
    // Who manages the account ends it; who has left has none.
    let path = format!("/tokens/{}", text(&made, "id"));
    assert_eq!(call(&shop, &owners, "DELETE", &path, None).await.0, 204);
    assert_eq!(refusal(&shop, &anns, "GET", "/services", None).await.1, "token_revoked");
    let mut tx = shop.world.begin("demo").await;
    tenancy::member::remove(&mut tx, id, ann.user.id).await.unwrap();
    staff::grant(&mut tx, clerk.user.id, &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        refusal(&shop, &ann.token, "GET", "/services", None).await,
        (401, "token_orphaned".into())
    );
    assert_eq!(
        refusal(&shop, &clerk.token, "GET", "/invoices", None).await.1,
        "scope_missing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_of_one_client_at_one_tenant_are_counted_and_right_ones_are_not() {
    let shop = Shop::open().await;
    shop.world
        .create("north", None, tenancy::Mode::Live)
        .await
        .expect("a tenant");
    let mut last = 0;
    for n in 0..320 {
        last = call(&shop, &format!("ezs_guess{n}"), "GET", "/invoices", None).await.0;
        if last == 429 {
            break;
        }
        assert_eq!(last, 401);
    }
    assert_eq!(last, 429, "guessing comes to an end");
    // The same client at another tenant is not concerned.
    let request = shop.http.get(format!("{}/invoices", shop.base));
    let request = request
        .header("host", "north.ezscale.localhost")
        .bearer_auth("ezs_guess");
    assert_eq!(request.send().await.unwrap().status().as_u16(), 401);
}
