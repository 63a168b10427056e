//! Between two tenants: sessions, tokens, hooks and hosts.

use super::people::{House, PRIVATE, SOLD, Sent};

const DEMO: &str = "demo.ezscale.localhost";
const NORTH: &str = "north.ezscale.localhost";

#[tokio::test(flavor = "multi_thread")]
async fn sessions_tokens_and_hooks_end_at_their_tenant() {
    let house = House::open().await;
    let staff = &house.owner_staff;
    assert_eq!(house.ask_on(DEMO, staff, "GET", "/admin/audit", None).await.status, 200);
    let away = house.ask_on(NORTH, staff, "GET", "/admin/audit", None).await;
    assert!(away.status == 303 && away.location.starts_with("/sign-in"), "{away:?}");
    assert_eq!(
        house.ask_on(DEMO, staff, "GET", "/api/v1/accounts", None).await.status,
        200
    );
    let away = house.ask_on(NORTH, staff, "GET", "/api/v1/accounts", None).await;
    assert_eq!(away.status, 401, "{away:?}");
    // A path nobody has says no more than one that exists.
    let nowhere = house.ask_on(NORTH, staff, "GET", "/api/v1/no/such/thing", None).await;
    assert_eq!(nowhere.status, 401);
    let hook = format!("/hooks/stripe/{}", house.gateway);
    let event = Sent::Json(serde_json::json!({ "id": "evt_1", "type": "payment_intent.succeeded" }));
    let unsigned = house.ask_on(DEMO, staff, "POST", &hook, Some(&event)).await;
    assert_eq!(unsigned.status, 400, "unsigned: {unsigned:?}");
    let away = house.ask_on(NORTH, staff, "POST", &hook, Some(&event)).await;
    assert_eq!(away.status, 404, "another tenant's gateway: {away:?}");
    let unknown = house
        .ask_on(
            DEMO,
            staff,
            "POST",
            "/hooks/stripe/gtw_00000000000000000000000000",
            Some(&event),
        )
        .await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_nobody_claimed_tells_nothing() {
    let house = House::open().await;
    for host in [
        "nobody.ezscale.localhost",
        "evil.example",
        "127.0.0.1",
        "demo.ezscale.localhost.evil.example",
        "demo",
    ] {
        for path in [
            "/",
            "/admin",
            "/account",
            "/api/v1/accounts",
            "/api/v1/openapi.json",
            "/hooks/stripe/gtw_1",
            "/sign-in",
        ] {
            let answer = house.ask_on(host, &house.owner_staff, "GET", path, None).await;
            // What is no host name at all is a bad request.
            assert!(
                [400, 404].contains(&answer.status),
                "{host}{path}: {} {}",
                answer.status,
                answer.body
            );
            let body = answer.body.to_lowercase();
            for name in ["demo", "ezscale", "north", PRIVATE, SOLD] {
                assert!(!body.contains(name), "{host}{path}: {body}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resellers_pages_hold_nothing_of_the_tenant_above() {
    let house = House::open().await;
    for path in [
        "/",
        "/sign-in",
        "/sign-up",
        "/products/vps",
        "/api/v1/docs",
        "/api/v1/openapi.json",
        "/nowhere",
    ] {
        let nobody = super::people::Person {
            cookie: None,
            token: None,
            ..house.owner_staff.clone()
        };
        let answer = house.ask_on(NORTH, &nobody, "GET", path, None).await;
        let body = answer.body.to_lowercase();
        for name in ["demo", PRIVATE, SOLD] {
            assert!(!body.contains(name), "{path} holds {name}");
        }
    }
}
