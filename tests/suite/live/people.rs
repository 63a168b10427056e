//! Customers with browsers.

use tenancy::{AccountId, member, user};
use tests::{Browser, PASSWORD};

use crate::walk::shop::Shop;

/// The owner of an account, signed in.
pub async fn owner(shop: &Shop, account: &str) -> Browser {
    let account: AccountId = account.parse().expect("an account");
    let mut tx = shop.world.begin("demo").await;
    let owner = member::owner(&mut tx, account)
        .await
        .expect("an answer")
        .expect("an owner");
    user::set_password(&mut tx, owner, PASSWORD).await.expect("a password");
    let email = user::find(&mut tx, owner)
        .await
        .expect("an answer")
        .expect("the user")
        .email;
    tx.commit().await.expect("a commit");
    signed_in(shop, &email).await
}

/// Another account of the same tenant, and its owner's browser.
pub async fn stranger(shop: &Shop) -> Browser {
    let account = shop.world.account("demo", "Stranger").await;
    owner(shop, &account.id.to_string()).await
}

/// Somebody of the account's team who may do only this.
pub async fn member_with(shop: &Shop, account: &str, permissions: &[&str]) -> Browser {
    let account: AccountId = account.parse().expect("an account");
    let user = shop.world.user("demo", "team@hall.test", Some(PASSWORD)).await;
    let words: Vec<String> = permissions.iter().map(|&word| word.to_owned()).collect();
    let mut tx = shop.world.begin("demo").await;
    tests::confirm(&mut tx, user.id).await;
    member::add(&mut tx, account, user.id, false, &words)
        .await
        .expect("a member");
    tx.commit().await.expect("a commit");
    signed_in(shop, "team@hall.test").await
}

async fn signed_in(shop: &Shop, email: &str) -> Browser {
    let browser = Browser::new(&shop.base, "demo.ezscale.localhost");
    browser.sign_in(email, PASSWORD).await;
    browser
}
