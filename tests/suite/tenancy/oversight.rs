//! Looking down from above: audited on both sides, never sideways, never up.

use tenancy::resolve::{self, ResolveError};
use tenancy::{Actor, audit, tenant};
use tests::World;

/// ezscale > north > deep, ezscale > south.
async fn family() -> World {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    world.reseller("south", "ezscale").await;
    world.reseller("deep", "north").await;
    world
}

#[tokio::test]
async fn a_look_is_audited_on_both_sides() {
    let world = family().await;
    let boss = world.staff("ezscale", "boss@root.test", &["*"]).await;
    let child = world.tenant("deep").id;
    let looked = resolve::look_into(&world.tenancy, &boss.caller.scope, child, "asked for help")
        .await
        .unwrap();
    assert_eq!(looked.tenant().slug, "deep");
    assert_eq!(
        *looked.actor(),
        Actor::Parent {
            tenant: world.tenant("ezscale").id,
            name: boss.user.name.clone()
        }
    );
    for (slug, action, kind) in [
        ("ezscale", "tenant.opened", "staff"),
        ("deep", "tenant.opened_by_parent", "parent"),
    ] {
        let entries = audit::list(&mut world.begin(slug).await, Some(&child.to_string()), None, 10, None)
            .await
            .unwrap();
        let entry = entries
            .iter()
            .find(|entry| entry.action == action)
            .unwrap_or_else(|| panic!("{slug}: {entries:?}"));
        assert_eq!(
            (entry.actor_kind.as_str(), entry.detail["reason"].as_str()),
            (kind, Some("asked for help"))
        );
    }
    assert!(
        audit::list(
            &mut world.begin("south").await,
            Some(&child.to_string()),
            None,
            10,
            None
        )
        .await
        .unwrap()
        .is_empty()
    );
}

#[tokio::test]
async fn nobody_looks_sideways_up_or_at_themselves() {
    let world = family().await;
    let north = world.staff("north", "boss@north.test", &["*"]).await;
    for (slug, allowed) in [("deep", true), ("south", false), ("ezscale", false), ("north", false)] {
        let answer = resolve::look_into(&world.tenancy, &north.caller.scope, world.tenant(slug).id, "why not").await;
        assert_eq!(answer.is_ok(), allowed, "{slug}");
        assert!(
            allowed || matches!(answer, Err(ResolveError::UnknownTenant)),
            "the answer tells nothing about who exists"
        );
    }
}

#[tokio::test]
async fn only_staff_look_and_a_look_leads_no_further() {
    let world = family().await;
    let account = world.account("ezscale", "Hall").await;
    let customer = world
        .member("ezscale", "ann@hall.test", account.id, &["services.use"])
        .await;
    let child = world.tenant("north").id;
    assert!(
        resolve::look_into(&world.tenancy, &customer.caller.scope, child, "why not")
            .await
            .is_err()
    );
    assert!(
        resolve::look_into(&world.tenancy, &world.visitor("ezscale"), child, "why not")
            .await
            .is_err()
    );
    assert!(
        resolve::look_into(&world.tenancy, &world.scope("ezscale"), child, "why not")
            .await
            .is_err()
    );
    let boss = world.staff("ezscale", "boss@root.test", &["*"]).await;
    let looked = resolve::look_into(&world.tenancy, &boss.caller.scope, child, "help")
        .await
        .unwrap();
    assert!(resolve::looking(&world.tenancy, &looked, world.tenant("deep").id).is_err());
}

#[tokio::test]
async fn a_childs_operation_acts_in_its_parent_as_the_resellers_account_only() {
    let world = family().await;
    let up = resolve::upstream(&world.tenancy, &world.scope("deep")).await.unwrap();
    assert_eq!(up.tenant().slug, "north");
    let account = world.tenant("deep").parent_account.unwrap();
    assert_eq!(
        *up.actor(),
        Actor::Upstream {
            child: world.tenant("deep").id,
            account
        }
    );
    assert!(matches!(
        resolve::upstream(&world.tenancy, &world.scope("ezscale")).await,
        Err(ResolveError::NoParent)
    ));

    // Asked twice, there is still one account.
    assert_eq!(
        tenant::ensure_parent_account(&world.tenancy, &world.tenant("deep"))
            .await
            .unwrap(),
        account
    );
    let mut tx = world.begin("north").await;
    let accounts: i64 = sqlx::query_scalar("SELECT count(*) FROM accounts WHERE child_tenant_id IS NOT NULL")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn those_below_are_listed_at_any_depth_and_nobody_else() {
    let world = family().await;
    let slugs = async |slug: &str| -> Vec<String> {
        let rows = tenant::below(&world.tenancy, world.tenant(slug).id).await.unwrap();
        let mut slugs: Vec<String> = rows.into_iter().map(|row| row.slug).collect();
        slugs.sort();
        slugs
    };
    assert_eq!(slugs("ezscale").await, ["deep", "north", "south"]);
    assert_eq!(slugs("north").await, ["deep"]);
    assert!(slugs("south").await.is_empty());
}

#[tokio::test]
async fn a_suspension_is_written_down_in_the_tenant_and_undone() {
    let world = family().await;
    let north = world.tenant("north").id;
    tenant::set_suspended(&world.tenancy, north, Some("unpaid"))
        .await
        .unwrap();
    assert_eq!(world.tenant("north").state, tenancy::TenantState::Suspended);
    tenant::set_suspended(&world.tenancy, north, None).await.unwrap();
    assert_eq!(
        (world.tenant("north").state, world.tenant("north").reason.clone()),
        (tenancy::TenantState::Active, None)
    );
    let entries = audit::list(
        &mut world.begin("north").await,
        Some(&north.to_string()),
        None,
        10,
        None,
    )
    .await
    .unwrap();
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert!(
        actions.contains(&"tenant.suspended") && actions.contains(&"tenant.resumed"),
        "{actions:?}"
    );
}
