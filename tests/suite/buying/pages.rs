//! The shop's pages: prices, the calculator, the cart.

use serde_json::json;

use super::browser::Browser;
use super::options::with_options;
use crate::walk::shop::{Shop, text};

#[tokio::test(flavor = "multi_thread")]
async fn prices_are_shown_and_computed_by_the_server() {
    let shop = Shop::open().await;
    let (_, plan, _) = shop.stock("pm_card_visa").await;
    let product = with_options(&shop, &plan).await;
    let guest = Browser::new(&shop);
    let yearly = json!({ "product": product, "name": "Yearly", "cycle": { "unit": "year", "count": 1 },
        "prices": [{ "currency": "USD", "amount": "100.00" }] });
    shop.post("/plans", yearly).await;
    assert!(guest.page("/").await.body.contains("$10.00"));
    assert!(guest.page("/products/vps").await.body.contains("KVM 2"));
    let page = guest.page("/products/vps/kvm-2").await;
    for words in ["$10.00", "$8.33 a month", "save 27", "Ubuntu (+", "Debian"] {
        assert!(strip(&page.body).contains(words), "{words}");
    }
    for unknown in [
        "/products/nothing",
        "/products/vps/nothing",
        "/products/game/kvm-2",
        "/order/nothing",
    ] {
        assert_eq!(guest.get(unknown).await.status, 404, "{unknown}");
    }
    let wish = [
        ("product", "kvm-2"),
        ("plan", plan.as_str()),
        ("option_os", "ubuntu"),
        ("option_ipv4", "2"),
        ("quantity", "3"),
    ];
    let sum = guest.post("/order/quote", &wish).await;
    // Three times 10 + 3 + 2 x 1.50, and three times 1 once.
    assert!(sum.status == 200 && strip(&sum.body).contains("$51.00"), "{}", sum.body);
    assert!(!sum.body.contains("<html"), "a part, not a page");
    let wrong = guest
        .post("/order/quote", &[("product", "kvm-2"), ("option_os", "beos")])
        .await;
    assert!(
        wrong.status == 200 && wrong.body.contains("Choose one of the list"),
        "{}",
        wrong.body
    );
}

/// The text of a page without the marks that keep numbers together.
fn strip(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if inside || ('\u{2066}'..='\u{2069}').contains(&c) => {}
            _ => text.push(c),
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_text_everywhere() {
    let shop = Shop::open().await;
    let (_, plan, _) = shop.stock("pm_card_visa").await;
    let product = with_options(&shop, &plan).await;
    let evil = "<script>alert(1)</script>\u{202e}\"'";
    let patch = json!({ "name": evil, "summary": evil, "description": evil, "features": [{ "label": evil, "value": evil }],
        "options": [{ "key": "os", "name": evil, "kind": "choice", "values": [{ "key": "a", "name": evil }] }] });
    let (status, answer) = shop.call("PATCH", &format!("/products/{product}"), Some(patch)).await;
    assert_eq!(status, 200, "{answer}");
    let guest = Browser::new(&shop);
    let added = guest
        .choose("kvm-2", &plan, "web-1.hall.test", &[("option_os", "a")])
        .await;
    assert!(added.leads_to("/cart"), "{}", added.body);
    for path in [
        "/",
        "/products/vps",
        "/products/vps/kvm-2",
        "/order/kvm-2",
        "/cart",
        "/checkout",
    ] {
        let page = guest.page(path).await;
        assert!(!page.body.contains("<script>alert"), "{path}");
        assert!(page.body.contains("&lt;script&gt;"), "{path} shows the name");
    }
    let long = "x".repeat(10_000);
    let wrong = guest.choose("kvm-2", &plan, &long, &[("option_os", "<b>")]).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.body.contains("full host name") && wrong.body.contains(&long),
        "what was typed is kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_changed_by_its_owner_only_and_survives_the_sign_in() {
    let shop = Shop::open().await;
    let (_, plan, _) = shop.stock("pm_card_visa").await;
    let user = shop
        .world
        .user("demo", "ana@reis.test", Some("a long enough sentence"))
        .await;
    let guest = Browser::new(&shop);
    assert!(guest.page("/cart").await.body.contains("Your cart is empty"));
    assert!(guest.get("/checkout").await.leads_to("/cart"));
    assert!(guest.choose("kvm-2", &plan, "a.hall.test", &[]).await.leads_to("/cart"));
    assert!(guest.choose("kvm-2", &plan, "a.hall.test", &[]).await.leads_to("/cart"));
    let cart = guest.page("/cart").await;
    assert!(strip(&cart.body).contains("$20.00"), "the same again is more of it");
    let item = format!("/cart/items/{}", cart.after("action=\"/cart/items/"));
    for (quantity, status) in [("0", 422), ("101", 422), ("x", 422), ("3", 303)] {
        let seen = guest.post(&item, &[("quantity", quantity)]).await;
        assert_eq!(seen.status, status, "{quantity}");
    }
    let stranger = Browser::new(&shop);
    stranger.choose("kvm-2", &plan, "b.hall.test", &[]).await;
    assert_eq!(stranger.post(&item, &[("quantity", "9")]).await.status, 404);
    assert_eq!(stranger.post(&format!("{item}/removal"), &[]).await.status, 404);
    let edit = format!("/order/kvm-2?item={}", item.trim_start_matches("/cart/items/"));
    assert_eq!(stranger.get(&edit).await.status, 404);
    assert!(guest.page(&edit).await.body.contains("a.hall.test"));
    let signed = guest
        .post(
            "/sign-in",
            &[
                ("email", "ana@reis.test"),
                ("password", "a long enough sentence"),
                ("next", "/cart"),
            ],
        )
        .await;
    assert!(signed.leads_to("/cart"));
    let cart = guest.page("/cart").await;
    assert!(strip(&cart.body).contains("$30.00"), "what was chosen before is there");
    // Another browser of the same user brings a cart of its own: both are one then.
    let other = Browser::new(&shop);
    other.choose("kvm-2", &plan, "c.hall.test", &[]).await;
    other
        .post(
            "/sign-in",
            &[
                ("email", "ana@reis.test"),
                ("password", "a long enough sentence"),
                ("next", "/cart"),
            ],
        )
        .await;
    let joined = other.page("/cart").await;
    assert!(joined.body.contains("a.hall.test") && joined.body.contains("c.hall.test"));
    assert!(guest.page("/cart").await.body.contains("c.hall.test"));
    let mut tx = shop.world.begin("demo").await;
    let carts = billing::cart::find(&mut tx, None, Some(user.id)).await.expect("carts");
    let items = billing::cart::items(&mut tx, carts.expect("a cart").id)
        .await
        .expect("items");
    assert_eq!(items.len(), 2);
    drop(tx);
    assert!(other.post(&format!("{item}/removal"), &[]).await.leads_to("/cart"));
    assert!(!guest.page("/cart").await.body.contains("a.hall.test"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_changed_is_announced_once() {
    let shop = Shop::open().await;
    let (_, plan, _) = shop.stock("pm_card_visa").await;
    let guest = Browser::new(&shop);
    guest.choose("kvm-2", &plan, "a.hall.test", &[]).await;
    assert!(!guest.page("/cart").await.body.contains("Prices have changed"));
    let dearer =
        json!({ "prices": [{ "currency": "USD", "amount": "12.00" }, { "currency": "EUR", "amount": "11.00" }] });
    let (status, _) = shop.call("PATCH", &format!("/plans/{plan}"), Some(dearer)).await;
    assert_eq!(status, 200);
    let cart = guest.page("/cart").await;
    assert!(cart.body.contains("Prices have changed") && strip(&cart.body).contains("was $10.00"));
    let cart = guest.page("/cart").await;
    assert!(!cart.body.contains("Prices have changed") && strip(&cart.body).contains("$12.00"));
    // Another currency has other prices: that is no change.
    let chosen = guest.post("/cart/currency", &[("currency", "EUR")]).await;
    assert!(chosen.leads_to("/cart"));
    let cart = guest.page("/cart").await;
    assert!(
        !cart.body.contains("Prices have changed") && strip(&cart.body).contains("€11.00"),
        "{}",
        strip(&cart.body)
    );
    assert!(
        guest
            .post("/cart/currency", &[("currency", "JPY")])
            .await
            .leads_to("/cart")
    );
    assert!(
        strip(&guest.page("/cart").await.body).contains("€11.00"),
        "nothing is sold in yen"
    );
    let product = text(&shop.get(&format!("/plans/{plan}")).await, "product");
    shop.call(
        "PATCH",
        &format!("/products/{product}"),
        Some(json!({ "status": "retired" })),
    )
    .await;
    let cart = guest.page("/cart").await;
    assert!(cart.body.contains("not on sale any more"), "{}", strip(&cart.body));
    assert!(
        guest
            .page("/checkout")
            .await
            .body
            .contains("cannot be ordered as it is")
    );
}
