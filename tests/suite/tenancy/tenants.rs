//! Creating tenants: their names, their places, their schemas.

use tenancy::Mode;
use tenancy::tenant::TenantError;
use tests::World;

#[tokio::test]
async fn the_first_is_the_root_and_later_ones_are_below_it() {
    let world = World::empty().await;
    let root = world.create("acme", None, Mode::Live).await.unwrap();
    assert_eq!((root.parent, root.parent_account), (None, None));
    let child = world.create("north", None, Mode::Live).await.unwrap();
    assert_eq!(child.parent, Some(root.id));
    assert!(world.tenant("north").parent_account.is_some());
    let deep = world.create("deep", Some("north"), Mode::Sandbox).await.unwrap();
    assert_eq!((deep.parent, deep.mode), (Some(child.id), Mode::Sandbox));
    assert_ne!(root.schema, child.schema);
    assert!(tenancy::schema::is_tenant_schema(&deep.schema));
}

#[tokio::test]
async fn slugs_are_plain_labels_of_their_own() {
    let world = World::new().await;
    for slug in [
        "account",
        "admin",
        "status",
        "api",
        "www",
        "mail",
        "cname",
        "",
        "-a",
        "a-",
        "a.b",
        "A",
        "ä",
        "a_b",
        "xn--a",
        &"a".repeat(41),
    ] {
        assert!(
            matches!(world.create(slug, None, Mode::Live).await, Err(TenantError::BadSlug(_))),
            "{slug:?}"
        );
    }
    assert!(matches!(
        world.create("ezscale", None, Mode::Live).await,
        Err(TenantError::BadSlug(_) | TenantError::SlugTaken(_))
    ));
    world.reseller("north", "ezscale").await;
    assert!(matches!(
        world.create("north", None, Mode::Live).await,
        Err(TenantError::SlugTaken(_))
    ));
    assert!(matches!(
        world.create("west", Some("nobody"), Mode::Live).await,
        Err(TenantError::UnknownTenant(_))
    ));
    let longest = "a".repeat(40);
    assert_eq!(world.create(&longest, None, Mode::Live).await.unwrap().slug, longest);
}

#[tokio::test]
async fn a_refused_tenant_costs_no_spare() {
    let world = World::new().await;
    let spares = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM control.spares")
            .fetch_one(&mut world.admin().await)
            .await
            .unwrap()
    };
    world.reseller("north", "ezscale").await;
    let before = spares().await;
    assert!(world.create("north", None, Mode::Live).await.is_err());
    assert_eq!(spares().await, before);
}

#[tokio::test]
async fn without_spares_one_is_built_first() {
    let world = World::empty().await;
    world.execute("DELETE FROM control.spares").await;
    let root = world.root("first").await;
    let mut tx = world.begin("first").await;
    let user: String = sqlx::query_scalar("SELECT current_user::text")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert_eq!(user, root.schema);
}

#[tokio::test]
async fn two_nodes_creating_at_once_take_different_schemas() {
    let world = World::new().await;
    let other = world.node().await;
    let new = |slug: &str| tenancy::tenant::NewTenant {
        slug: slug.into(),
        name: slug.into(),
        parent: None,
        mode: Mode::Live,
        currency: platform::money::Currency::parse("EUR").unwrap(),
        timezone: chrono_tz::Europe::Berlin,
        locale: None,
        settings: serde_json::Map::new(),
    };
    let (north, south) = (new("north"), new("south"));
    let (a, b) = tokio::join!(
        tenancy::tenant::create(&world.tenancy, &north),
        tenancy::tenant::create(&other, &south)
    );
    a.unwrap();
    b.unwrap();
    world.tenancy.refresh().await.unwrap();
    assert_ne!(world.tenant("north").schema, world.tenant("south").schema);
    assert!(world.tenant("north").parent_account.is_some() && world.tenant("south").parent_account.is_some());
    assert_ne!(
        world.tenant("north").parent_account,
        world.tenant("south").parent_account
    );
}

#[tokio::test]
async fn both_sides_have_a_new_tenant_in_their_log_whoever_made_it() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    for (slug, deed) in [("ezscale", "tenant.child_created"), ("north", "tenant.created")] {
        let deeds = tenancy::audit::list(&mut world.begin(slug).await, None, Some(deed), 10, None)
            .await
            .unwrap();
        let named: Vec<&str> = deeds.iter().filter_map(|deed| deed.detail["slug"].as_str()).collect();
        assert_eq!(named.last(), Some(&"north"), "{slug}: {deeds:?}");
    }
}
