//! What is refused is refused in the reader's language.

use super::browser::Browser;
use crate::walk::shop::{Shop, text};

async fn german(shop: &Shop) -> Browser {
    let staff = Browser::staff(shop, "demo", "dana@demo.test", &["*"]).await;
    let mut tx = shop.world.begin("demo").await;
    sqlx::query("UPDATE users SET locale = 'de' WHERE email = 'dana@demo.test'")
        .execute(tx.connection())
        .await
        .expect("a language");
    tx.commit().await.expect("a commit");
    staff
}

#[tokio::test]
async fn refusals_of_commands_speak_german_on_german_pages() {
    let shop = Shop::open().await;
    let (account, plan, method) = shop.stock("pm_card_visa").await;
    let order = shop.post("/orders", Shop::order(&account, &plan, &method)).await;
    let invoice = text(&order, "invoice");
    shop.until(&format!("/invoices/{invoice}"), |i| i["payment_status"] == "paid")
        .await;
    let mut staff = german(&shop).await;
    for (act, fields, words) in ACTS {
        check(&mut staff, &format!("/admin/invoices/{invoice}/{act}"), fields, words).await;
    }
    check(&mut staff, "/admin/tenants", TENANT, "Kleinbuchstaben").await;
    check(
        &mut staff,
        "/admin/customers",
        CUSTOMER,
        "Das ist keine E-Mail-Adresse.",
    )
    .await;
}

async fn check(staff: &mut Browser, path: &str, fields: &[(&str, &str)], words: &str) {
    let refused = staff.post(path, fields).await;
    assert_eq!(refused.status, 422, "{path}: {}", refused.text());
    assert!(refused.text().contains(words), "{path}: {}", refused.text());
}

type Act = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// What staff do with a paid invoice, and why not.
const ACTS: [Act; 6] = [
    (
        "void",
        &[("reason", "")],
        "Nennen Sie einen Grund mit 1 bis 500 Zeichen.",
    ),
    ("void", &[("reason", "so")], "Für diese Rechnung kam Geld an"),
    (
        "received",
        &[("received", "x"), ("reference", "so")],
        "eine Zahl wie 12,34",
    ),
    (
        "received",
        &[("reference", "so")],
        "Auf dieser Rechnung ist nichts offen.",
    ),
    ("refund", &[("reason", "so")], "Wählen Sie eine Zahlung."),
    ("credit", &[], "nichts offen"),
];

const TENANT: &[(&str, &str)] = &[
    ("name", "x"),
    ("slug", "Admin"),
    ("currency", "EUR"),
    ("locale", "de"),
    ("timezone", "UTC"),
    ("mode", "live"),
    ("owner", "a@b.test"),
];

const CUSTOMER: &[(&str, &str)] = &[("name", ""), ("email", "x"), ("country", "DE"), ("currency", "EUR")];
