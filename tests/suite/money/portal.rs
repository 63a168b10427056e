//! The pages of money, used as a browser uses them.

use serde_json::json;
use tests::{Browser, PASSWORD};

use super::desk::{Desk, VISA};
use crate::live::people::{owner, stranger};
use crate::walk::shop::text;

async fn staff(desk: &Desk) -> Browser {
    let user = desk.world.user("demo", "till@demo.test", Some(PASSWORD)).await;
    let mut tx = desk.world.begin("demo").await;
    tenancy::staff::grant(&mut tx, user.id, &["*".to_owned()])
        .await
        .expect("a grant");
    tx.commit().await.expect("a commit");
    let browser = Browser::new(&desk.base, "demo.ezscale.localhost");
    browser.sign_in("till@demo.test", PASSWORD).await;
    browser
}

/// The address a page leads to.
fn leads_to(body: &str) -> String {
    let after = body.split("content=\"0;url=").nth(1).expect("a way on");
    after
        .split('"')
        .next()
        .expect("an address")
        .replace("&amp;", "&")
        .replace("&#x2f;", "/")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_read_explained_and_paid_with_a_new_card() {
    let desk = Desk::open().await;
    let (order, invoice) = desk.order().await;
    let browser = owner(&desk, &desk.account).await;
    let path = format!("/account/invoices/{invoice}");
    let seen = browser.get(&path).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    for part in [
        "KVM 2",
        "Price of the plan, version 1: $10.00",
        "no days are counted",
        "Pay",
        "New card",
    ] {
        assert!(seen.has(part), "{part} in {}", seen.body);
    }
    let list = browser.get("/account/invoices").await;
    assert!(list.has(&path), "the list leads to it");
    let pay = format!("{path}/pay");
    let way = format!("new-{}", desk.gateway);
    let leaving = browser
        .post(&pay, &[("method", way.as_str()), ("automatic", "on")])
        .await;
    assert_eq!(leaving.status, 200, "{}", leaving.body);
    let url = leads_to(&leaving.body);
    assert!(url.starts_with(&desk.stripe.url()), "{url}");
    let session = url.rsplit('/').next().expect("a session");
    // Coming back without having paid is no payment.
    let early = browser.get(&format!("{path}/return")).await;
    assert_eq!(early.status, 303);
    assert_eq!(desk.invoice(invoice).await["payment_status"], "unpaid");
    desk.stripe.pay_session(session, VISA).expect("paid");
    let back = browser.get(&format!("{path}/return")).await;
    assert_eq!(
        back.location.as_deref(),
        Some(format!("/account/orders/{}", text(&order, "id")).as_str())
    );
    desk.paid(invoice).await;
    let methods = browser.get("/account/payment-methods").await;
    assert!(
        methods.body.matches("···· 4242").count() >= 2,
        "the new card is kept: {}",
        methods.body
    );
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_shows_the_same_page_with_what_was_chosen() {
    let desk = Desk::with_card("pm_card_chargeCustomerFail").await;
    let (_, invoice) = desk.order().await;
    let browser = owner(&desk, &desk.account).await;
    let pay = format!("/account/invoices/{invoice}/pay");
    let declined = browser.post(&pay, &[("method", desk.method.as_str())]).await;
    assert_eq!(declined.status, 422, "{}", declined.body);
    assert!(declined.has("The card was declined"), "{}", declined.body);
    assert!(
        declined.has(&format!("value=\"{}\" checked", desk.method)),
        "{}",
        declined.body
    );
    let nothing = browser.post(&pay, &[("method", "pmt_nothing")]).await;
    assert_eq!(nothing.status, 422);
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_invoice_is_the_same_for_ever_and_only_for_its_account() {
    let desk = Desk::open().await;
    let (_, invoice) = desk.sale().await;
    let browser = owner(&desk, &desk.account).await;
    let path = format!("/account/invoices/{invoice}/pdf");
    let bytes = async || {
        let answer = browser.send(browser.request(reqwest::Method::GET, &path)).await;
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.headers()["content-type"], "application/pdf");
        answer.bytes().await.expect("bytes")
    };
    let first = bytes().await;
    assert!(first.starts_with(b"%PDF"));
    let payment = desk.payment_of(invoice).await;
    desk.post("/refunds", json!({ "payment": payment, "reason": "asked for" }))
        .await;
    assert_eq!(bytes().await, first);
    let mut tx = desk.world.begin("demo").await;
    let (stored, hash): (Vec<u8>, Vec<u8>) = sqlx::query_as("SELECT pdf, sha256 FROM documents")
        .fetch_one(tx.connection())
        .await
        .expect("one document");
    assert_eq!(
        (stored.as_slice(), hash),
        (&first[..], platform::secret::sha256(&first).to_vec())
    );
    drop(tx);
    let stranger = stranger(&desk).await;
    for path in [
        path.clone(),
        format!("/account/invoices/{invoice}"),
        format!("/account/invoices/{invoice}/return"),
    ] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    let pay = stranger
        .post(
            &format!("/account/invoices/{invoice}/pay"),
            &[("method", desk.method.as_str())],
        )
        .await;
    assert_eq!(pay.status, 404);
    let remove = format!("/account/payment-methods/{}/remove", desk.method);
    assert_eq!(stranger.post(&remove, &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_are_added_on_the_gateways_page_made_default_and_removed_with_care() {
    let desk = Desk::open().await;
    desk.sale().await;
    let browser = owner(&desk, &desk.account).await;
    let page = "/account/payment-methods";
    let removing = format!("{page}/{}/remove", desk.method);
    let last = browser.follow(&removing, &[]).await;
    assert!(last.has("Services are renewed with this method"), "{}", last.body);
    let gateway = desk.gateway.to_string();
    let leaving = browser
        .post(&format!("{page}/add"), &[("gateway", gateway.as_str())])
        .await;
    let url = leads_to(&leaving.body);
    let again = browser
        .post(&format!("{page}/add"), &[("gateway", gateway.as_str())])
        .await;
    assert_eq!(leads_to(&again.body), url, "a second click lands on the same page");
    let session = url.rsplit('/').next().expect("a session");
    desk.stripe.pay_session(session, "5555555555554444").expect("saved");
    let back = browser.get(&format!("{page}/return")).await;
    assert_eq!(back.location.as_deref(), Some(page));
    let methods = desk.get(&format!("/accounts/{}/payment_methods", desk.account)).await;
    let added = methods["data"][1].clone();
    assert_eq!(
        (added["last4"].as_str(), added["is_default"].as_bool()),
        (Some("4444"), Some(false))
    );
    browser
        .follow(&format!("{page}/{}/default", text(&added, "id")), &[])
        .await;
    let gone = browser.follow(&removing, &[]).await;
    assert!(gone.has("4444") && !gone.has("4242"), "{}", gone.body);
    desk.eventually("the gateway forgets it", async || {
        desk.stripe
            .objects("payment_method")
            .iter()
            .any(|method| method["card"]["last4"] == "4242" && method["customer"].is_null())
    })
    .await;
    let off = browser.follow(&format!("{page}/automatic"), &[]).await;
    assert!(off.has("Nothing is charged automatically"), "{}", off.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_refund_record_and_void_on_the_invoices_page() {
    let desk = Desk::open().await;
    let (_, paid) = desk.sale().await;
    let (_, open) = desk.order().await;
    let browser = staff(&desk).await;
    let path = format!("/admin/invoices/{paid}");
    let payment = desk.payment_of(paid).await;
    let seen = browser.get(&path).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let fields = |amount: &'static str, reason: &'static str| {
        [
            ("payment", payment.clone()),
            ("amount", amount.to_owned()),
            ("destination", "source".to_owned()),
            ("reason", reason.to_owned()),
        ]
    };
    let post = async |amount, reason| {
        let fields = fields(amount, reason);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("{path}/refund"), &fields).await
    };
    let much = post("10.01", "too much").await;
    assert_eq!(much.status, 422, "{}", much.body);
    assert!(
        much.has("At most 10.00 USD") && much.has("too much") && much.has("10.01"),
        "{}",
        much.body
    );
    assert_eq!(post("4.00", "asked for").await.status, 303);
    assert_eq!(desk.taken(), 600);
    let detail = browser.get(&format!("/admin/payments/{payment}")).await;
    assert!(detail.has("asked for"), "{}", detail.body);
    assert!(browser.get("/admin/payments").await.has(&payment));
    let path = format!("/admin/invoices/{open}");
    let nothing = browser
        .post(&format!("{path}/received"), &[("received", "x"), ("reference", "bank")])
        .await;
    assert_eq!(nothing.status, 422);
    let voided = browser.post(&format!("{path}/void"), &[("reason", "by mistake")]).await;
    assert_eq!(voided.status, 303, "{}", voided.body);
    assert_eq!(desk.invoice(open).await["status"], "void");
    assert_eq!(
        browser
            .get("/admin/invoices/inv_00000000000000000000000000")
            .await
            .status,
        404
    );
    desk.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_in_a_number_field_of_the_settings_is_said_at_the_field() {
    let desk = Desk::open().await;
    let browser = staff(&desk).await;
    let fields = |due: &'static str, grace: &'static str| {
        [
            ("invoice_prefix", "X-"),
            ("due_days", due),
            ("invoice_days_before", "14"),
            ("due_soon_days", "3"),
            ("suspend_after_days", grace),
            ("order_expire_days", "30"),
        ]
    };
    for (due, grace, words) in [
        ("soon", "5", "Use a whole number from 0 to 90."),
        ("", "5", "Use a whole number from 0 to 90."),
        ("7.5", "5", "Use a whole number from 0 to 90."),
        ("91", "5", "Use a whole number from 0 to 90."),
        ("7", "0", "Use a whole number from 1 to 365."),
    ] {
        let seen = browser.post("/admin/settings/billing", &fields(due, grace)).await;
        assert_eq!(seen.status, 422, "{due} {grace}: {}", seen.body);
        assert!(
            seen.has(words) && seen.has("value=\"X-\""),
            "{due} {grace}: {}",
            seen.body
        );
        assert!(seen.has(&format!("value=\"{due}\"")), "what was typed stays: {due}");
    }
    let brand = [
        ("color", "#112233"),
        ("color_dark", ""),
        ("accent", "#445566"),
        ("radius", "round"),
    ];
    let seen = browser.post("/admin/settings/brand", &brand).await;
    assert_eq!(seen.status, 422, "{}", seen.body);
    assert!(
        seen.has("Use a whole number from 0 to 12.") && seen.has("value=\"round\"") && seen.has("#112233"),
        "{}",
        seen.body
    );
    let done = browser.post("/admin/settings/billing", &fields(" 21 ", "5")).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let page = browser.get("/admin/settings").await;
    assert!(page.has("value=\"21\"") && page.has("value=\"X-\""), "{}", page.body);
}
