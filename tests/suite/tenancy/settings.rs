//! Settings: own value, else the parent's, else the default; on every node at once.

use serde_json::{Map, Value, json};
use tenancy::settings::{self, SettingError};
use tests::World;

async fn change(world: &World, slug: &str, values: Value) -> Result<(), SettingError> {
    let Value::Object(values) = values else {
        panic!("settings are an object")
    };
    let mut tx = world.tenancy.control().await?;
    settings::change(&mut tx, world.tenant(slug).id, &values).await?;
    tx.commit().await?;
    world.tenancy.refresh().await?;
    Ok(())
}

#[tokio::test]
async fn values_come_down_until_overridden_and_return_when_removed() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    world.reseller("deep", "north").await;
    let due = |slug: &str| world.tenant(slug).settings.due_days;
    assert_eq!((due("ezscale"), due("north"), due("deep")), (0, 0, 0));
    change(&world, "ezscale", json!({"due_days": 14})).await.unwrap();
    assert_eq!((due("ezscale"), due("north"), due("deep")), (14, 14, 14));
    change(&world, "north", json!({"due_days": 7})).await.unwrap();
    assert_eq!((due("ezscale"), due("north"), due("deep")), (14, 7, 7));
    change(&world, "north", json!({"due_days": null})).await.unwrap();
    assert_eq!((due("ezscale"), due("north"), due("deep")), (14, 14, 14));
}

#[tokio::test]
async fn who_the_seller_is_never_comes_from_above() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    change(
        &world,
        "ezscale",
        json!({"legal_name": "Root Ltd", "vat_id": "DE1", "terms_url": "https://root.test/terms"}),
    )
    .await
    .unwrap();
    let north = world.tenant("north");
    assert_eq!(
        (
            north.settings.legal_name.as_str(),
            north.settings.vat_id.as_str(),
            north.settings.terms_url.as_str()
        ),
        ("", "", "")
    );
    assert_eq!(north.brand.name, north.name);
}

#[tokio::test]
async fn unknown_names_and_wrong_values_change_nothing() {
    let world = World::new().await;
    for wrong in [
        json!({"due_dais": 1}),
        json!({"due_days": "soon"}),
        json!({"due_days": 3, "billing_hour": -1}),
    ] {
        assert!(change(&world, "ezscale", wrong.clone()).await.is_err(), "{wrong}");
    }
    let own: Value = sqlx::query_scalar("SELECT settings FROM control.tenants")
        .fetch_one(&mut world.admin().await)
        .await
        .unwrap();
    assert_eq!(own, Value::Object(Map::new()));
}
