//! Host names lead to tenants from memory, on every node, with or without control.

use std::time::{Duration, Instant};

use platform::task::Shutdown;
use tenancy::resolve::ResolveError;
use tenancy::{Actor, Portal, Tenancy, audit, host, resolve, tenant};
use tests::World;

#[tokio::test]
async fn the_platforms_own_names_lead_where_the_contract_says() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    for (name, slug, portal) in [
        ("ezscale.localhost", "ezscale", Portal::Site),
        ("account.ezscale.localhost", "ezscale", Portal::Account),
        ("admin.ezscale.localhost", "ezscale", Portal::Admin),
        ("status.ezscale.localhost", "ezscale", Portal::Status),
        ("ezscale.ezscale.localhost", "ezscale", Portal::All),
        ("NORTH.ezscale.localhost.:8080", "north", Portal::All),
    ] {
        let (scope, route) = resolve::host(&world.tenancy, name).unwrap();
        assert_eq!((scope.tenant().slug.as_str(), route.portal), (slug, portal), "{name}");
        assert_eq!(*scope.actor(), Actor::Visitor);
    }
    for name in [
        "nobody.ezscale.localhost",
        "www.ezscale.localhost",
        "example.com",
        "a.north.ezscale.localhost",
    ] {
        assert!(
            matches!(resolve::host(&world.tenancy, name), Err(ResolveError::UnknownHost)),
            "{name}"
        );
    }
    for name in ["127.0.0.1:8080", "", "a b"] {
        assert!(
            matches!(resolve::host(&world.tenancy, name), Err(ResolveError::BadHost)),
            "{name}"
        );
    }
}

#[tokio::test]
async fn ten_thousand_unknown_hosts_cost_no_query() {
    let world = World::new().await;
    world.database.cut().await;
    for n in 0..10_000 {
        assert!(resolve::host(&world.tenancy, &format!("h{n}.example.com")).is_err());
    }
    assert!(resolve::host(&world.tenancy, "ezscale.ezscale.localhost").is_ok());
}

#[tokio::test]
async fn a_claim_serves_only_once_it_is_proved_and_the_first_proof_wins() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    world.reseller("south", "ezscale").await;
    let (north, south) = (world.scope("north"), world.scope("south"));
    let first = host::add(&world.tenancy, &north, "Billing.Shop.Example", Portal::All)
        .await
        .unwrap();
    let second = host::add(&world.tenancy, &south, "billing.shop.example", Portal::All)
        .await
        .unwrap();
    assert_eq!(
        (first.hostname.as_str(), first.state.as_str()),
        ("billing.shop.example", "pending")
    );
    assert_ne!(first.claim, second.claim);
    let records = host::records(&first, world.tenancy.cname_suffix());
    assert_eq!(records[0].value, format!("{}.cname.ezscale.localhost", first.claim));
    assert!(resolve::host(&world.tenancy, "billing.shop.example").is_err());

    world
        .execute(&format!(
            "UPDATE control.hosts SET state = 'verified' WHERE claim = '{}'",
            first.claim
        ))
        .await;
    world.tenancy.refresh().await.unwrap();
    assert_eq!(
        resolve::host(&world.tenancy, "billing.shop.example")
            .unwrap()
            .0
            .tenant()
            .slug,
        "north"
    );
    let also = sqlx::query("UPDATE control.hosts SET state = 'verified' WHERE claim = $1")
        .bind(&second.claim)
        .execute(&mut world.admin().await)
        .await;
    assert_eq!(
        also.unwrap_err().as_database_error().unwrap().constraint(),
        Some("hosts_proved")
    );

    host::remove(&world.tenancy, &north, "billing.shop.example")
        .await
        .unwrap();
    assert!(resolve::host(&world.tenancy, "billing.shop.example").is_err());
    let deeds = audit::list(&mut world.begin("north").await, None, Some("host."), 10, None)
        .await
        .unwrap();
    let mut deeds: Vec<(&str, &str)> = deeds
        .iter()
        .map(|deed| (deed.action.as_str(), deed.detail["name"].as_str().unwrap_or_default()))
        .collect();
    deeds.sort_unstable();
    assert_eq!(
        deeds,
        [
            ("host.added", "billing.shop.example"),
            ("host.removed", "billing.shop.example")
        ]
    );
}

#[tokio::test]
async fn names_that_cannot_be_claimed_are_refused() {
    let world = World::new().await;
    let root = world.scope("ezscale");
    for name in [
        "ezscale.localhost",
        "x.ezscale.localhost",
        "a.cname.ezscale.localhost",
        "localhost",
        "*.shop.example",
        "192.0.2.1",
        "a_b.example",
        "shop.example:80",
    ] {
        assert!(
            host::add(&world.tenancy, &root, name, Portal::All).await.is_err(),
            "{name}"
        );
    }
    host::add(&world.tenancy, &root, "shop.example", Portal::Site)
        .await
        .unwrap();
    assert!(matches!(
        host::add(&world.tenancy, &root, "shop.example", Portal::All).await,
        Err(host::HostError::Claimed(_))
    ));
}

async fn within(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if holds() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

#[tokio::test]
async fn another_node_hears_of_a_change_within_a_second() {
    let world = World::new().await;
    let other = world.node().await;
    let shutdown = Shutdown::new();
    let following = tokio::spawn(other.clone().follow(shutdown.clone()));
    tokio::time::sleep(Duration::from_millis(200)).await;
    world.reseller("north", "ezscale").await;
    assert!(
        within(Duration::from_secs(1), || resolve::host(
            &other,
            "north.ezscale.localhost"
        )
        .is_ok())
        .await
    );

    tenant::set_suspended(&world.tenancy, world.tenant("north").id, Some("unpaid"))
        .await
        .unwrap();
    let reason = || other.directory().slug("north").and_then(|tenant| tenant.reason.clone());
    assert!(within(Duration::from_secs(1), || reason().as_deref() == Some("unpaid")).await);
    shutdown.trigger();
    following.await.unwrap();
}

#[tokio::test]
async fn a_node_starts_and_serves_from_disk_while_control_is_away() {
    let folder = std::env::temp_dir().join(format!("ezscale-{}", platform::random::Random::os().base32_lower(13)));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("hosts.json");
    let world = World::build(platform::event::Subscriptions::default(), |options| {
        options.snapshot = Some(path.clone())
    })
    .await;
    world.root("ezscale").await;
    world.reseller("north", "ezscale").await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        !text.contains("postgres://"),
        "nothing readable about databases is kept"
    );

    world.database.cut().await;
    let restarted = Tenancy::open(world.options.clone()).await.unwrap();
    assert_eq!(
        resolve::host(&restarted, "north.ezscale.localhost")
            .unwrap()
            .0
            .tenant()
            .slug,
        "north"
    );
    assert!(restarted.refresh().await.is_err());
    assert!(
        resolve::host(&restarted, "north.ezscale.localhost").is_ok(),
        "a failed refresh keeps what was known"
    );
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(Tenancy::open(world.options.clone()).await.is_err());
}
