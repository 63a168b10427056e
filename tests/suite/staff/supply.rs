//! From an empty tenant to a shop, by forms alone: a server, a gateway, a product with plan, price and option; and who may work here.

use super::browser::Browser;
use crate::walk::shop::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_added_checked_and_disabled_by_forms() {
    let shop = Shop::open().await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    assert!(staff.get("/admin/servers").await.has("No servers yet"));
    let chosen = staff.post("/admin/servers/new", &[("panel", "virtfusion")]).await;
    assert_eq!(chosen.location, "/admin/servers/new?panel=virtfusion");
    let form = staff.get(&chosen.location).await;
    assert!(form.has("name=\"credentials.token\"") && form.has("name=\"settings.hypervisor_group\""));

    let url = shop.virtfusion.url();
    let typed = [
        ("panel", "virtfusion"),
        ("name", "vf <1>"),
        ("base_url", url.as_str()),
        ("credentials.token", ""),
        ("settings.hypervisor_group", "one"),
    ];
    let refused = staff.post("/admin/servers", &typed).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("vf &lt;1&gt;") && refused.has("Enter a whole number.") && refused.has("This is needed."));

    let token = shop.virtfusion.token();
    let typed = [
        ("panel", "virtfusion"),
        ("name", "vf-1"),
        ("base_url", url.as_str()),
        ("credentials.token", token),
        ("settings.hypervisor_group", "1"),
    ];
    let made = staff.post("/admin/servers", &typed).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let path = made.location.clone();
    assert_eq!(staff.post(&format!("{path}/check"), &[]).await.status, 303);
    let page = staff.get(&path).await;
    assert!(page.has("The panel accepts the token."), "{}", page.text());
    assert!(!page.has(token), "a credential is never shown again");

    let edited = [
        ("name", "vf-main"),
        ("base_url", url.as_str()),
        ("settings.hypervisor_group", "1"),
    ];
    assert_eq!(staff.post(&path, &edited).await.status, 303);
    assert_eq!(staff.post(&format!("{path}/check"), &[]).await.status, 303);
    assert!(
        staff.get(&path).await.has("The panel accepts the token."),
        "the credential was kept"
    );
    let wrong = [
        ("name", "vf-main"),
        ("base_url", url.as_str()),
        ("credentials.token", "wrong"),
    ];
    assert_eq!(staff.post(&path, &wrong).await.status, 303);
    staff.post(&format!("{path}/check"), &[]).await;
    assert!(staff.get(&path).await.has("does not answer as it should"));
    assert_eq!(staff.post(&format!("{path}/disable"), &[]).await.status, 303);
    assert!(staff.get("/admin/servers").await.has("Disabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_added_and_changed_by_forms() {
    let shop = Shop::open().await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let url = shop.stripe.url();
    let refused = staff
        .post("/admin/gateways", &[("kind", "stripe"), ("name", "Cards")])
        .await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("Cards") && refused.has("This is needed."));
    let typed = [
        ("kind", "stripe"),
        ("name", "Cards"),
        ("credentials.secret_key", "sk_test_1"),
        ("credentials.webhook_secret", "whsec_1"),
        ("settings.api_base", url.as_str()),
    ];
    let made = staff.post("/admin/gateways", &typed).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let page = staff.get(&made.location).await;
    assert!(page.has("/hooks/stripe/gtw_") && !page.has("sk_test_1") && !page.has("whsec_1"));
    staff.post(&format!("{}/check", made.location), &[]).await;
    assert!(staff.get(&made.location).await.has("Stripe accepts the key"));
    assert_eq!(staff.post(&format!("{}/disable", made.location), &[]).await.status, 303);
    assert!(staff.get("/admin/gateways").await.has("Disabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_made_priced_and_put_on_sale_by_forms() {
    let shop = Shop::open().await;
    shop.stock("pm_card_visa").await;
    let servers = shop.get("/servers").await;
    let server = servers["data"][0]["id"].as_str().expect("a server").to_owned();
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let product = made(&mut staff, &server).await;
    let plan = priced(&mut staff, &product).await;
    let option = with_option(&mut staff, &product).await;

    assert_eq!(staff.post(&format!("{product}/hide"), &[]).await.status, 303);
    assert!(staff.get("/admin/catalogue?status=hidden").await.has("KVM 8"));
    assert_eq!(staff.post(&format!("{product}/offer"), &[]).await.status, 303);
    let mut reader = Browser::staff(&shop, "demo", "rita@demo.test", &["catalogue.read"]).await;
    assert_eq!(reader.get(&product).await.status, 200);
    assert!(!reader.get(&product).await.has("/retire"));
    for path in ["edit", "panel", "plans/new", "options/new"] {
        assert_eq!(reader.get(&format!("{product}/{path}")).await.status, 403, "{path}");
    }
    assert_eq!(reader.post(&format!("{product}/retire"), &[]).await.status, 403);
    shop.world.reseller("rival", "demo").await;
    let mut rival = Browser::staff(&shop, "rival", "ray@rival.test", &["*"]).await;
    for path in [product.clone(), format!("{product}/edit"), plan.clone(), option.clone()] {
        assert_eq!(rival.get(&path).await.status, 404, "{path}");
        assert_eq!(
            rival
                .post(&path, &[("name", "x"), ("trial_days", "0"), ("position", "0")])
                .await
                .status
                / 100,
            4
        );
    }
}

/// A product by its forms: what is wrong comes back as it was typed.
async fn made(staff: &mut Browser, server: &str) -> String {
    let refused = staff
        .post(
            "/admin/catalogue",
            &[("name", ""), ("kind", "vps"), ("summary", "kept")],
        )
        .await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("kept"));
    let typed = [
        ("name", "KVM 8"),
        ("kind", "vps"),
        ("server", server),
        ("features", "Memory: 8 GB\nDisk: 80 GB"),
        ("needs_hostname", "on"),
    ];
    let made = staff.post("/admin/catalogue", &typed).await;
    assert_eq!(made.status, 303, "{}", made.text());
    assert!(made.location.ends_with("/panel"), "{}", made.location);
    let form = staff.get(&made.location).await;
    assert!(
        form.has("<select class=\"form-select\" id=\"panel.package_id\""),
        "packages come from the panel"
    );
    let saved = staff
        .post(
            &made.location,
            &[
                ("panel.package_id", "1"),
                ("panel.ipv4", "1"),
                ("panel.os_template", "1"),
            ],
        )
        .await;
    assert_eq!(saved.status, 303, "{}", saved.text());
    let product = saved.location;
    assert!(staff.get(&product).await.has("Nobody can buy this yet"));
    product
}

/// A plan by its forms, and a second version of its price.
async fn priced(staff: &mut Browser, product: &str) -> String {
    let wrong = [
        ("name", "Monthly"),
        ("cycle.count", "1"),
        ("cycle.unit", "month"),
        ("trial_days", "0"),
        ("amount.USD", "ten"),
    ];
    let refused = staff.post(&format!("{product}/plans"), &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("ten") && refused.has("Enter an amount"));
    let right = [
        ("name", "Monthly"),
        ("cycle.count", "1"),
        ("cycle.unit", "month"),
        ("trial_days", "0"),
        ("amount.USD", "12.50"),
        ("other", "EUR 11.00"),
    ];
    assert_eq!(staff.post(&format!("{product}/plans"), &right).await.status, 303);
    let page = staff.get(product).await;
    assert!(
        page.text().contains("$12.50") || page.text().contains("€11.00"),
        "{}",
        page.text()
    );
    assert!(page.has("Version 1") || page.text().contains("Version 1"));
    let plan = page.link("/plans/pln_").expect("the plan's form");
    let again = [
        ("name", "Monthly"),
        ("state", "active"),
        ("position", "1"),
        ("trial_days", "0"),
        ("amount.USD", "13.00"),
    ];
    assert_eq!(staff.post(&plan, &again).await.status, 303);
    let form = staff.get(&plan).await;
    assert!(
        form.has("13.00") && form.has("11.00"),
        "other currencies keep their price"
    );
    plan
}

/// An option by its forms, with a price for one of its values.
async fn with_option(staff: &mut Browser, product: &str) -> String {
    let option = [
        ("key", "backups"),
        ("kind", "choice"),
        ("name", "Backups"),
        ("values", "none | None\ndaily | Daily | 1"),
    ];
    let made = staff.post(&format!("{product}/options"), &option).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let form = staff.get(&made.location).await;
    let field = form
        .html
        .split("name=\"")
        .filter_map(|rest| rest.split('"').next())
        .find(|name| name.starts_with("price.") && name.contains(".daily.USD"))
        .expect("a price of the choice")
        .to_owned();
    let priced = [
        ("name", "Backups"),
        ("values", "none | None\ndaily | Daily | 1"),
        (field.as_str(), "3.00"),
    ];
    assert_eq!(staff.post(&made.location, &priced).await.status, 303);
    assert!(staff.get(&made.location).await.has("value=\"3.00\""));
    made.location
}

#[tokio::test]
async fn nobody_gives_more_than_they_have_and_somebody_stays() {
    let shop = Shop::open().await;
    let mut head = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let added = head
        .post(
            "/admin/staff",
            &[
                ("email", "new@demo.test"),
                ("may.settings.write", "on"),
                ("may.settings.read", "on"),
            ],
        )
        .await;
    assert_eq!(added.status, 303, "{}", added.text());
    let page = head.get("/admin/staff").await;
    assert!(
        page.has("new@demo.test") && page.text().contains("settings.read"),
        "{}",
        page.text()
    );
    let refused = head
        .post("/admin/staff", &[("email", "nonsense"), ("may.orders.read", "on")])
        .await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("nonsense"));

    let mut clerk = Browser::staff(&shop, "demo", "carl@demo.test", &["settings.read", "settings.write"]).await;
    let greedy = clerk
        .post("/admin/staff", &[("email", "carl@demo.test"), ("may.*", "on")])
        .await;
    assert_eq!(greedy.status, 422, "nobody makes themselves everything");
    let greedy = clerk
        .post(
            "/admin/staff",
            &[("email", "pal@demo.test"), ("may.payments.write", "on")],
        )
        .await;
    assert_eq!(greedy.status, 422);
    let page = clerk.get("/admin/staff").await;
    let boss = page
        .html
        .split("href=\"/admin/staff/")
        .filter_map(|rest| rest.split_once('"'))
        .find(|(_, rest)| {
            rest.contains("dana@demo.test")
                && !rest
                    .split("dana@demo.test")
                    .next()
                    .unwrap_or("")
                    .contains("href=\"/admin/staff/")
        })
        .map(|(id, _)| id.to_owned())
        .expect("the head's row");
    clerk.post(&format!("/admin/staff/{boss}/revoke"), &[]).await;
    assert_eq!(
        head.get("/admin/customers").await.status,
        200,
        "a clerk does not remove the head"
    );
    assert_eq!(
        head.post("/admin/staff/usr_00000000000000000000000000/revoke", &[])
            .await
            .status,
        404
    );
}
