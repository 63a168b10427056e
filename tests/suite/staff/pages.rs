//! Staff's pages: what they show of a real order, what their buttons do, and who may press them.

use serde_json::json;

use super::browser::Browser;
use crate::walk::shop::{Shop, text};

/// A shop with one running service; its order's answer.
async fn running() -> (Shop, serde_json::Value) {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let service = order["services"][0].as_str().expect("a service").to_owned();
    shop.until(&format!("/services/{service}"), |s| s["status"] == "active")
        .await;
    let invoice = text(&order, "invoice");
    shop.until(&format!("/invoices/{invoice}"), |i| i["payment_status"] == "paid")
        .await;
    (shop, order)
}

#[tokio::test]
async fn the_dashboard_counts_what_is_there() {
    let (shop, order) = running().await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let page = staff.get("/admin").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("MRR $10 "), "{}", page.text());
    assert!(page.text().contains("Active services 1 "), "{}", page.text());
    assert!(page.text().contains("Open invoices $0 "), "{}", page.text());
    assert!(page.has(&format!("/admin/orders/{}", text(&order, "id"))));
    // The same after the figures were kept, and again after something happened since.
    let mut tx = shop.world.begin("demo").await;
    let kept = billing::report::refresh(&mut tx)
        .await
        .expect("figures")
        .expect("something new");
    tx.commit().await.expect("a commit");
    assert_eq!(kept.active_services, 1);
    assert_eq!(kept.sums["USD"].mrr, 1000);
    let mut tx = shop.world.begin("demo").await;
    let months = billing::report::months(&mut tx, "USD").await.expect("months");
    assert_eq!(
        (
            months.last().expect("a month").mrr_minor,
            months.last().expect("a month").new_minor
        ),
        (1000, 1000)
    );
    tx.commit().await.expect("a commit");
    assert!(staff.get("/admin").await.text().contains("MRR $10 "));
    shop.audit().await;
}

#[tokio::test]
async fn figures_are_published_for_those_above() {
    let (shop, _) = running().await;
    let tenant = shop.world.tenant("demo");
    let mut tx = shop.world.begin("demo").await;
    billing::report::refresh(&mut tx).await.expect("figures");
    tx.commit().await.expect("a commit");
    let mut tx = shop.world.begin("demo").await;
    let again = billing::report::refresh(&mut tx).await.expect("figures");
    tx.commit().await.expect("a commit");
    // The clock of a test stands still: an event of this very moment may be one that was not counted.
    assert!(
        again.is_none_or(|figures| figures.active_services == 1),
        "{}",
        tenant.slug
    );
}

#[tokio::test]
async fn staff_of_few_rights_land_where_they_may_and_see_no_buttons() {
    let (shop, order) = running().await;
    let service = order["services"][0].as_str().expect("a service").to_owned();
    let mut staff = Browser::staff(&shop, "demo", "eve@demo.test", &["services.read"]).await;
    let answer = staff.get("/admin").await;
    assert_eq!((answer.status, answer.location.as_str()), (303, "/admin/services"));
    let page = staff.get(&format!("/admin/services/{service}")).await;
    assert_eq!(page.status, 200);
    assert!(
        page.has("web-1.hall.test") && !page.has("/terminate"),
        "{}",
        page.text()
    );
    for (path, fields) in [
        (format!("/admin/services/{service}/suspend"), vec![("reason", "x")]),
        (format!("/admin/services/{service}/terminate"), vec![("reason", "x")]),
        ("/admin/customers".to_owned(), vec![("name", "x")]),
        ("/admin/tasks/tsk_x/dismiss".to_owned(), vec![]),
    ] {
        assert_eq!(staff.post(&path, &fields).await.status, 403, "{path}");
    }
    assert_eq!(staff.get("/admin/customers").await.status, 403);
    assert_eq!(staff.get("/admin/orders").await.status, 403);
}

#[tokio::test]
async fn a_service_is_suspended_lifted_and_terminated_from_its_page() {
    let (shop, order) = running().await;
    let service = order["services"][0].as_str().expect("a service").to_owned();
    let path = format!("/admin/services/{service}");
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let page = staff.get(&path).await;
    assert!(
        page.has("KVM 2") && page.has("vf-1") && page.has("Hall &amp; Sons"),
        "{}",
        page.text()
    );

    let refused = staff.post(&format!("{path}/suspend"), &[("reason", "  ")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("Give a reason."));
    let done = staff
        .post(&format!("{path}/suspend"), &[("reason", "abuse <script>")])
        .await;
    assert_eq!((done.status, done.location.as_str()), (303, path.as_str()));
    shop.until(&format!("/services/{service}"), |s| s["status"] == "suspended")
        .await;
    let page = staff.get(&path).await;
    assert!(page.has("abuse &lt;script&gt;") && !page.has("abuse <script>"));

    assert_eq!(staff.post(&format!("{path}/lift"), &[]).await.status, 303);
    shop.until(&format!("/services/{service}"), |s| s["status"] == "active")
        .await;
    let twice = staff.post(&format!("{path}/lift"), &[]).await;
    assert_eq!(twice.status, 422, "lifted already: said, not done twice");

    let wrong = [("reason", "asked by phone"), ("confirm_name", "something else")];
    let refused = staff.post(&format!("{path}/terminate"), &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("asked by phone"), "what was typed is still there");
    let page = staff.get(&path).await;
    let label = page.text();
    let name = if label.contains("Type web-1.hall.test") {
        "web-1.hall.test"
    } else {
        "KVM 2"
    };
    let right = [("reason", "asked by phone"), ("confirm_name", name)];
    assert_eq!(staff.post(&format!("{path}/terminate"), &right).await.status, 303);
    shop.until(&format!("/services/{service}"), |s| s["status"] == "terminated")
        .await;
    assert_eq!(staff.post(&format!("{path}/nonsense"), &[]).await.status, 404);
    shop.audit().await;
}

#[tokio::test]
async fn a_failed_build_is_a_task_and_is_tried_again_from_its_page() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    // The panel refuses everything for a while.
    shop.world
        .execute(&format!(
            "UPDATE {}.servers SET base_url = 'http://127.0.0.1:9'",
            shop.world.tenant("demo").schema
        ))
        .await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let service = order["services"][0].as_str().expect("a service").to_owned();
    let operations = shop
        .until(&format!("/operations?service={service}"), |page| {
            !page["data"][0].is_null()
        })
        .await;
    let operation = text(&operations["data"][0], "id");
    let path = format!("/admin/provisioning/{operation}");
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let page = staff.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Create"), "{}", page.text());
    // Given up by hand while it waits: the build ends, and a second click says so.
    shop.until(&format!("/operations/{operation}"), |o| {
        ["waiting", "retrying", "queued", "failed"].contains(&o["status"].as_str().unwrap_or_default())
    })
    .await;
    let mut last = 0;
    for _ in 0..50 {
        last = staff
            .post(&format!("{path}/cancel"), &[("reason", "panel is down")])
            .await
            .status;
        if last == 303 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(last, 303);
    let again = staff.post(&format!("{path}/cancel"), &[("reason", "again")]).await;
    assert_eq!(again.status, 422);
    assert!(again.has("over already"), "{}", again.text());
    let skipped = staff.post(&format!("{path}/skip"), &[]).await;
    assert_eq!(skipped.status, 422);
    shop.audit().await;
}

#[tokio::test]
async fn tasks_are_dismissed_once() {
    let shop = Shop::open().await;
    let mut tx = shop.world.begin("demo").await;
    let task = tenancy::task::NewTask {
        kind: "operation",
        key: "test:1".into(),
        title: "Look <b>here</b>".into(),
        reason: "because".into(),
        subject: None,
        job: None,
    };
    tenancy::task::raise(&mut tx, &task).await.expect("a task");
    let id = tenancy::task::open(&mut tx, 1).await.expect("tasks")[0].id;
    tx.commit().await.expect("a commit");
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let page = staff.get("/admin/tasks?status=open").await;
    assert!(page.has("Look &lt;b&gt;here&lt;/b&gt;") && page.has("/dismiss") && !page.has("/retry"));
    for (status, words) in [(303, "Dismissed."), (303, "dealt with this already")] {
        assert_eq!(
            staff.post(&format!("/admin/tasks/{id}/dismiss"), &[]).await.status,
            status
        );
        assert!(staff.get("/admin/tasks").await.has(words), "{words}");
    }
    let empty = staff.get("/admin/tasks?status=open").await;
    assert!(empty.has("Nothing matches"));
    assert_eq!(staff.post("/admin/tasks/nonsense/dismiss", &[]).await.status, 404);
}

#[tokio::test]
async fn a_customer_is_created_changed_and_annotated() {
    let shop = Shop::open().await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    assert_eq!(staff.get("/admin/customers/new").await.status, 200);
    let typed = [
        ("name", "Böse \u{202e}<script>"),
        ("email", "nonsense"),
        ("country", ""),
        ("city", "Köln"),
    ];
    let refused = staff.post("/admin/customers", &typed).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("Köln") && refused.has("nonsense") && refused.has("Choose a country."));
    assert!(!refused.has("<script>"));

    let typed = [
        ("name", "Müller & Co"),
        ("email", "Info@Mueller.test"),
        ("country", "DE"),
        ("currency", "eur"),
    ];
    let made = staff.post("/admin/customers", &typed).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let path = made.location.clone();
    let page = staff.get(&path).await;
    assert!(
        page.has("Müller &amp; Co") && page.has("EUR") && page.has("is a customer now"),
        "{}",
        page.text()
    );

    let saved = staff
        .post(
            &format!("{path}/notes"),
            &[("notes", "calls on Mondays\n<b>"), ("auto_pay", "on")],
        )
        .await;
    assert_eq!((saved.status, saved.location.as_str()), (303, path.as_str()));
    let page = staff.get(&path).await;
    assert!(page.has("calls on Mondays") && page.has("&lt;b&gt;"));
    let long = "x".repeat(10_001);
    let refused = staff.post(&format!("{path}/notes"), &[("notes", long.as_str())]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has(&long), "nothing typed is lost");

    let edited = [
        ("name", "Müller KG"),
        ("email", "info@mueller.test"),
        ("country", "AT"),
        ("city", "Wien"),
    ];
    assert_eq!(staff.post(&path, &edited).await.status, 303);
    let page = staff.get(&path).await;
    assert!(page.has("Müller KG") && page.has("Wien"));
    for stranger in [
        "/admin/customers/acc_00000000000000000000000000",
        "/admin/customers/x",
        "/admin/services/svc_00000000000000000000000000",
        "/admin/orders/ord_00000000000000000000000000",
        "/admin/provisioning/opr_00000000000000000000000000",
    ] {
        assert_eq!(staff.get(stranger).await.status, 404, "{stranger}");
    }
}

#[tokio::test]
async fn another_tenants_things_are_not_there() {
    let (shop, order) = running().await;
    shop.world.reseller("rival", "demo").await;
    let service = order["services"][0].as_str().expect("a service").to_owned();
    let account = shop.get("/accounts").await["data"][0]["id"].clone();
    let mut rival = Browser::staff(&shop, "rival", "ray@rival.test", &["*"]).await;
    for path in [
        format!("/admin/services/{service}"),
        format!("/admin/customers/{}", account.as_str().expect("an account")),
        format!("/admin/orders/{}", text(&order, "id")),
    ] {
        assert_eq!(rival.get(&path).await.status, 404, "{path}");
        assert_eq!(rival.post(&path, &[("name", "x")]).await.status / 100, 4, "{path}");
    }
    let post = rival
        .post(&format!("/admin/services/{service}/suspend"), &[("reason", "x")])
        .await;
    assert_eq!(post.status, 404);
    assert!(!rival.get("/admin/services").await.has("web-1.hall.test"));
    assert_eq!(
        json!(shop.get(&format!("/services/{service}")).await["status"]),
        "active"
    );
}

#[tokio::test]
async fn the_style_guide_is_for_staff() {
    let shop = Shop::open().await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["orders.read"]).await;
    let page = staff.get("/styleguide").await;
    assert_eq!(page.status, 200);
    assert!(page.has("Style guide") && page.has("class=\"stepper\""));
    let mut nobody = Browser::new(&shop, "demo.ezscale.localhost");
    assert_eq!(nobody.get("/styleguide").await.status, 303);
}
