//! The pages of tokens, of staff and of a member: by forms alone, the text shown once.

use super::door::{call, owner, refusal, token_of};
use crate::live;
use crate::staff::browser::Browser;
use crate::walk::shop::Shop;
use tenancy::token::NewToken;

/// The token a page shows.
fn shown(html: &str) -> Option<String> {
    let rest = html.split("<code>ezs_").nth(1)?;
    Some(format!("ezs_{}", rest.split('<').next()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_make_a_token_by_a_form_see_it_once_hold_it_and_end_it() {
    let shop = Shop::open().await;
    let mut dana = Browser::staff(&shop, "demo", "dana@demo.test", &["invoices.read", "orders.read"]).await;
    let list = dana.get("/admin/tokens").await;
    assert!(
        list.has("No API tokens yet") && list.has("/admin/tokens/new"),
        "{}",
        list.text()
    );
    let form = dana.get("/admin/tokens/new").await;
    assert!(form.has("name=\"may.invoices.read\"") && !form.has("name=\"may.settings.write\""));
    // A word that is not theirs to give, typed into the request.
    let mut typed = vec![
        ("key", "abcdefghijklmnopqrstuvwxyz"),
        ("name", "robot"),
        ("may.settings.write", "on"),
        ("ip_list", "127.0.0.1\n192.0.2.0/24"),
        ("expires_on", "2031-01-31"),
        ("limit", "20.00"),
        ("currency", "USD"),
    ];
    let refused = dana.post("/admin/tokens", &typed).await;
    assert!(
        refused.status == 422 && refused.has("settings.write"),
        "{}",
        refused.text()
    );
    typed[2] = ("may.invoices.read", "on");
    let made = dana.post("/admin/tokens", &typed).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let path = made.location.clone();
    assert_eq!(
        dana.post("/admin/tokens", &typed).await.location,
        path,
        "a second click is the same token"
    );
    let page = dana.get(&path).await;
    assert_eq!(page.headers["cache-control"], "no-store");
    let secret = shown(&page.html).unwrap_or_else(|| panic!("the token is shown: {}", page.text()));
    assert!(shown(&dana.get(&path).await.html).is_none(), "and not again");
    assert_eq!(call(&shop, &secret, "GET", "/invoices", None).await.0, 200);
    assert_eq!(call(&shop, &secret, "GET", "/orders", None).await.0, 403);
    // The same day typed again keeps the end to the second; another name is kept.
    let mut held = typed.clone();
    held[1] = ("name", "robot 2");
    held[3] = ("ip_list", "192.0.2.0/24");
    assert_eq!(dana.post(&path, &held).await.status, 303);
    let page = dana.get(&path).await;
    assert!(
        page.has("robot 2") && page.has("192.0.2.0/24") && page.has("2031-01-31"),
        "{}",
        page.text()
    );
    assert_eq!(
        refusal(&shop, &secret, "GET", "/invoices", None).await.1,
        "ip_not_allowed"
    );
    let ended = dana.post(&format!("{path}/revoke"), &[]).await;
    assert_eq!((ended.status, ended.location.as_str()), (303, "/admin/tokens"));
    assert_eq!(
        refusal(&shop, &secret, "GET", "/invoices", None).await.1,
        "token_revoked"
    );
    assert!(dana.get("/admin/tokens?status=all").await.has("Revoked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_wrong_is_kept_and_explained() {
    let shop = Shop::open().await;
    let mut dana = Browser::staff(&shop, "demo", "dana@demo.test", &["invoices.read"]).await;
    let typed = [
        ("key", "abcdefghijklmnopqrstuvwxyz"),
        ("name", "<b>robot</b>"),
        ("ip_list", "nowhere"),
        ("expires_on", "soon"),
        ("limit", "much"),
        ("currency", "USD"),
    ];
    let refused = dana.post("/admin/tokens", &typed).await;
    assert_eq!(refused.status, 422);
    for words in [
        "&lt;b&gt;robot&lt;/b&gt;",
        "Choose what it may do.",
        "This is no day.",
        "nowhere",
        "much",
    ] {
        assert!(refused.has(words), "{words}: {}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_tokens_are_there_for_who_settles_things_and_for_nobody_else() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let secret = token_of(&shop, owner(&shop, &account).await, NewToken::default()).await;
    let (_, all) = call(&shop, &secret, "GET", "/tokens", None).await;
    let id = all["data"][0]["id"].as_str().expect("an id").to_owned();
    let mut dana = Browser::staff(&shop, "demo", "dana@demo.test", &["invoices.read"]).await;
    assert_eq!(dana.get(&format!("/admin/tokens/{id}")).await.status, 404);
    assert_eq!(dana.post(&format!("/admin/tokens/{id}/revoke"), &[]).await.status, 404);
    let mut reader = Browser::staff(&shop, "demo", "reader@demo.test", &["settings.read"]).await;
    let seen = reader.get(&format!("/admin/tokens/{id}")).await;
    assert!(seen.status == 200 && !seen.has("/revoke"), "{}", seen.text());
    assert_eq!(
        reader.post(&format!("/admin/tokens/{id}/revoke"), &[]).await.status,
        403
    );
    let mut boss = Browser::staff(&shop, "demo", "boss@demo.test", &["*"]).await;
    assert!(boss.get("/admin/tokens").await.has("Hall &amp; Sons"));
    assert_eq!(boss.post(&format!("/admin/tokens/{id}/revoke"), &[]).await.status, 303);
    assert_eq!(refusal(&shop, &secret, "GET", "/tokens", None).await.1, "token_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_has_tokens_of_this_account_and_its_owner_the_teams() {
    let shop = Shop::open().await;
    let (account, _, _) = shop.stock("pm_card_visa").await;
    let boss = live::people::owner(&shop, &account).await;
    let member = live::people::member_with(&shop, &account, &["services.use"]).await;
    assert!(member.get("/account/profile").await.has("/account/tokens"));
    let form = member.get("/account/tokens/new").await;
    assert!(form.has("name=\"may.services.use\"") && !form.has("name=\"may.billing.read\""));
    let typed = [
        ("key", "abcdefghijklmnopqrstuvwxyz"),
        ("name", "mine"),
        ("may.all", "on"),
    ];
    let page = member.follow("/account/tokens", &typed).await;
    let secret = shown(&page.body).unwrap_or_else(|| panic!("the token is shown: {}", page.body));
    assert_eq!(call(&shop, &secret, "GET", "/services", None).await.0, 200);
    assert_eq!(call(&shop, &secret, "GET", "/invoices", None).await.0, 403);
    let (_, all) = call(&shop, &secret, "GET", "/tokens", None).await;
    let id = all["data"][0]["id"].as_str().expect("an id").to_owned();
    let stranger = live::people::stranger(&shop).await;
    assert_eq!(stranger.get(&format!("/account/tokens/{id}")).await.status, 404);
    assert!(boss.get("/account/tokens").await.has("mine"));
    assert_eq!(
        boss.post(&format!("/account/tokens/{id}/revoke"), &[]).await.status,
        303
    );
    assert_eq!(
        refusal(&shop, &secret, "GET", "/services", None).await.1,
        "token_revoked"
    );
}
