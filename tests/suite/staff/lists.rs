//! Lists: state in the address, whatever stands there; no page costs more because the list is long.

use super::browser::Browser;
use crate::walk::shop::Shop;

/// As many accounts as wanted, `Customer 0001` and so on, one a minute.
async fn customers(shop: &Shop, count: u32) {
    let schema = &shop.world.tenant("demo").schema;
    shop.world
        .execute(&format!(
            "INSERT INTO {schema}.accounts (id, number, name, email, country, currency, created_at) \
             SELECT gen_random_uuid(), 50000 + n, 'Customer ' || lpad(n::text, 5, '0'), 'buyer-' || n || '@hall.test', 'DE', 'USD', \
             '2025-01-01T00:00:00Z'::timestamptz + n * interval '1 minute' FROM generate_series(1, {count}) n"
        ))
        .await;
}

#[tokio::test]
async fn a_list_is_searched_sorted_and_paged_by_its_address() {
    let shop = Shop::open().await;
    customers(&shop, 120).await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["accounts.read"]).await;

    let first = staff.get("/admin/customers").await;
    assert_eq!(first.status, 200);
    assert!(first.text().contains("50 of 120"), "{}", first.text());
    assert!(first.has("Customer 00120") && !first.has("Customer 00070"));
    let second = staff.get(&first.link("rel=\"next\"").expect("a next page")).await;
    assert!(second.has("Customer 00070") && !second.has("Customer 00071"));
    assert_eq!(second.link("rel=\"prev\"").as_deref(), Some("/admin/customers"));

    let named = staff.get("/admin/customers?sort=name").await;
    assert!(named.has("Customer 00001") && named.has("aria-sort=\"ascending\""));
    let turned = staff
        .get(&named.link("sort=-name").expect("a second click turns it round"))
        .await;
    assert!(turned.has("Customer 00120") && turned.has("aria-sort=\"descending\""));

    for (typed, expected) in [
        ("customer+00007", 1),
        ("50007", 1),
        ("buyer-7", 11),
        ("BUYER%207%20HALL", 11),
        ("%25", 0),
        ("nobody", 0),
    ] {
        let found = staff.get(&format!("/admin/customers?q={typed}")).await;
        let shown = found.html.matches("<tr>").count().saturating_sub(1);
        assert_eq!(shown, expected, "{typed}");
        assert_eq!(found.has("Nothing matches"), expected == 0, "{typed}");
    }
}

#[tokio::test]
async fn nothing_in_an_address_breaks_a_list() {
    let shop = Shop::open().await;
    customers(&shop, 3).await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let lists = [
        "/admin/customers",
        "/admin/invoices",
        "/admin/services",
        "/admin/provisioning",
        "/admin/tenants",
        "/admin/audit",
    ];
    let queries = [
        "page=0",
        "page=-1",
        "page=999999999",
        "page=1%00",
        "after=nonsense",
        "after=~",
        "before=9999999999999999999~018f2f6e-0000-7000-8000-000000000001",
        "after=1764000000000000~018f2f6e-0000-7000-8000-000000000001",
        "sort=password_hash",
        "sort=--since",
        "status=%27%3B+DROP+TABLE+accounts",
        "q=%27%22%3C%3E%25_%5C%00%F0%9F%92%A9",
        "q=%E2%80%AEevil",
        "account=acc_nonsense&server=srv_&product=x",
        "issued_from=2026-13-45&at_to=0000-00-00&at_from=9999-12-31",
        "at_to=262142-12-31",
        "%FF=%FF&&==",
    ];
    for list in lists {
        for query in queries {
            let answer = staff.get(&format!("{list}?{query}")).await;
            // A NUL is no text of anybody's: refused before any page looks at it.
            let expected = if query.contains("%00") { 400 } else { 200 };
            assert_eq!(answer.status, expected, "{list}?{query}");
            assert!(!answer.has("<script>"), "{list}?{query}");
        }
        let long = format!("{list}?q={}", "%3Cscript%3E".repeat(300));
        assert_eq!(staff.get(&long).await.status, 200, "{list}");
    }
}

#[tokio::test]
async fn the_script_gets_the_table_alone_and_the_address_to_show() {
    let shop = Shop::open().await;
    customers(&shop, 60).await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["accounts.read"]).await;
    let part = staff
        .part("/admin/customers?q=customer&status=&sort=-since&page=2")
        .await;
    assert_eq!(part.status, 200);
    assert!(
        part.html.trim_start().starts_with("<div id=\"table\">"),
        "{}",
        part.html
    );
    assert!(!part.has("<html") && part.has("hx-target=\"#list-count\""));
    assert_eq!(part.headers["hx-push-url"], "/admin/customers?q=customer&page=2");
}

#[tokio::test]
async fn beyond_ten_thousand_rows_pages_follow_cursors() {
    let shop = Shop::open().await;
    customers(&shop, 10_120).await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["accounts.read"]).await;
    let mut page = staff.get("/admin/customers?sort=name").await;
    assert!(page.text().contains("50 shown") && !page.has("10,120"), "no total");
    for n in 1..4 {
        let next = page.link("rel=\"next\"").expect("a next page");
        assert!(next.contains("after="), "{next}");
        page = staff.get(&next).await;
        assert!(page.has(&format!("Customer {:05}", n * 50 + 1)), "page {n}");
        assert!(!page.has(&format!("Customer {:05}", n * 50)), "page {n}");
    }
    let back = staff.get(&page.link("rel=\"prev\"").expect("a page before")).await;
    assert!(back.has("Customer 00101") && back.has("Customer 00150") && !back.has("Customer 00151"));
    let last = staff.get("/admin/customers?sort=name&page=999").await;
    assert!(last.has("Customer 10000"), "numbers end where counting ends");
}

#[tokio::test]
async fn a_list_needs_its_permission() {
    let shop = Shop::open().await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["orders.read"]).await;
    for list in ["customers", "invoices", "services", "provisioning", "tenants", "audit"] {
        assert_eq!(staff.get(&format!("/admin/{list}")).await.status, 403, "{list}");
    }
    let mut nobody = Browser::new(&shop, "demo.ezscale.localhost");
    let answer = nobody.get("/admin/customers?q=x").await;
    assert_eq!(answer.status, 303);
    assert!(answer.location.starts_with("/sign-in"), "{}", answer.location);
}
