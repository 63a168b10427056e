//! What a customer is told along the way, each thing once, in their language.

use serde_json::json;

use super::trial::{HOST, Trial};

async fn templates(trial: &Trial) -> Vec<String> {
    let mut tx = trial.world.begin("trial").await;
    // The customer was made by staff: how they are invited is another story.
    sqlx::query_scalar("SELECT template FROM mails WHERE template <> 'mail-invite' ORDER BY created_at, template, id")
        .fetch_all(tx.connection())
        .await
        .expect("mails")
}

async fn one(trial: &Trial, template: &str) -> (String, String, String) {
    let mut tx = trial.world.begin("trial").await;
    sqlx::query_as(
        "SELECT subject, body_text, body_html FROM mails WHERE template = $1 ORDER BY created_at DESC LIMIT 1",
    )
    .bind(template)
    .fetch_one(tx.connection())
    .await
    .unwrap_or_else(|error| panic!("{template}: {error}"))
}

async fn until(trial: &Trial, day: &str) {
    trial.post("/clock", json!({ "set": format!("{day}T12:00:00Z") })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_renewal_is_told_step_by_step_and_each_step_once() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let card = trial
        .card(&stock.account, &stock.gateway, "pm_card_sandboxPaysOnce")
        .await;
    trial.order(&stock.account, &stock.plan, Some(&card)).await;
    trial.work().await;
    let mut told = templates(&trial).await;
    told.sort();
    assert_eq!(
        told,
        ["mail-order", "mail-ready", "mail-receipt"],
        "an order's invoice is part of its own mails"
    );
    let (subject, text, _) = one(&trial, "mail-ready").await;
    assert!(subject.contains("web-1.hall.test") && text.contains("198."), "{text}");
    assert!(
        text.contains(&format!("http://{HOST}:8080/account/services/svc_")),
        "{text}"
    );
    until(&trial, "2026-02-15").await;
    let (_, text, _) = one(&trial, "mail-failed").await;
    assert!(
        text.contains("We try again on 16 Feb 2026") && text.contains("/pay"),
        "{text}"
    );
    until(&trial, "2026-02-23").await;
    let told = templates(&trial).await;
    let count = |word: &str| told.iter().filter(|template| *template == word).count();
    assert_eq!(
        (count("mail-invoice"), count("mail-overdue"), count("mail-suspended")),
        (1, 3, 1),
        "{told:?}"
    );
    let (_, text, _) = one(&trial, "mail-suspended").await;
    assert!(text.contains("INV-") && text.contains("/pay"), "{text}");
    let good = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    let list = trial.get("/invoices?payment_status=unpaid").await;
    let path = format!(
        "/invoices/{}/payment",
        list["data"][0]["id"].as_str().expect("an invoice")
    );
    trial.post(&path, json!({ "payment_method": good })).await;
    trial.work().await;
    let told = templates(&trial).await;
    let count = |word: &str| told.iter().filter(|template| *template == word).count();
    assert_eq!((count("mail-resumed"), count("mail-receipt")), (1, 2), "{told:?}");
    assert_eq!(
        trial.count("SELECT count(*) FROM mails WHERE state <> 'kept'").await,
        0,
        "nothing leaves a sandbox"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_told_twice_is_one_mail_in_the_readers_language() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let mut tx = trial.world.begin("trial").await;
    sqlx::query("UPDATE accounts SET locale = 'de'")
        .execute(tx.connection())
        .await
        .expect("a language");
    tx.commit().await.expect("a commit");
    trial.order(&stock.account, &stock.plan, None).await;
    trial.work().await;
    let (subject, _, html) = one(&trial, "mail-order").await;
    assert!(subject.starts_with("Ihre Bestellung 10001"), "{subject}");
    assert!(
        html.contains("lang=\"de\"") && html.contains("The trial company") && !html.to_lowercase().contains(">ezscale")
    );
    let mut tx = trial.world.begin("trial").await;
    let event: uuid::Uuid = sqlx::query_scalar("SELECT id FROM events WHERE type = 'order.created'")
        .fetch_one(tx.connection())
        .await
        .expect("an event");
    let again = platform::job::NewJob::raw(
        platform::job::Class::Normal,
        portals::jobs::NOTIFY,
        json!({ "event": event }),
    );
    platform::job::enqueue(&mut tx, &[again]).await.expect("a job");
    tx.commit().await.expect("a commit");
    trial.work().await;
    assert_eq!(templates(&trial).await, ["mail-order"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_fails_is_told_in_plain_words_and_the_invoices_document_travels_along() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    trial.order(&stock.account, &stock.plan, Some(&card)).await;
    // There was room when it was ordered.
    let mut tx = trial.world.begin("trial").await;
    sqlx::query("UPDATE products SET panel_settings = '{\"fail\": \"no_capacity\"}'")
        .execute(tx.connection())
        .await
        .expect("a full panel");
    tx.commit().await.expect("a commit");
    trial.work().await;
    let (_, text, _) = one(&trial, "mail-delayed").await;
    assert!(!text.contains("sandbox") && text.contains("not been charged"), "{text}");
    let mut tx = trial.world.begin("trial").await;
    let invoice: billing::ids::InvoiceId = sqlx::query_scalar("SELECT id FROM invoices")
        .fetch_one(tx.connection())
        .await
        .expect("an invoice");
    sqlx::query(
        "INSERT INTO documents (invoice_id, sha256, pdf, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(invoice)
    .bind(b"hash".as_slice())
    .bind(b"%PDF-1.7 a document".as_slice())
    .bind(tx.now())
    .execute(tx.connection())
    .await
    .expect("a document");
    tx.commit().await.expect("a commit");
    // Paid once more it is held, until staff have built it.
    trial.world.clock.advance(chrono::TimeDelta::minutes(5));
    let other = trial.card(&stock.account, &stock.gateway, "pm_card_mastercard").await;
    trial
        .post(
            &format!("/invoices/{invoice}/payment"),
            json!({ "payment_method": other }),
        )
        .await;
    trial.work().await;
    let failed = super::yard::create(&trial).await;
    let mut tx = trial.world.begin("trial").await;
    sqlx::query("UPDATE products SET panel_settings = '{}'")
        .execute(tx.connection())
        .await
        .expect("room again");
    provisioning::operation::retry(&mut tx, failed).await.expect("paid for");
    tx.commit().await.expect("a commit");
    trial.work().await;
    let files = trial
        .count("SELECT count(*) FROM mail_files f JOIN mails m ON m.id = f.mail_id WHERE m.template = 'mail-receipt' AND f.filename LIKE 'INV-%.pdf'")
        .await;
    assert_eq!(files, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_invoice_is_named_once_before_it_is_due_and_a_card_once_before_it_expires() {
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let tenancy = &trial.world.tenancy;
    let mut control = tenancy.control().await.expect("control");
    let values = json!({ "due_days": 10, "due_soon_days": 3 });
    let values = values.as_object().expect("settings").clone();
    tenancy::settings::change(&mut control, trial.world.tenant("trial").id, &values)
        .await
        .expect("settings");
    control.commit().await.expect("a commit");
    tenancy.refresh().await.expect("known");
    let card = trial.card(&stock.account, &stock.gateway, "pm_card_visa").await;
    trial.order(&stock.account, &stock.plan, Some(&card)).await;
    trial.work().await;
    let run = async |sql: &'static str| {
        let mut tx = trial.world.begin("trial").await;
        sqlx::query(sql).execute(tx.connection()).await.expect(sql);
        tx.commit().await.expect("a commit");
    };
    run("UPDATE payment_methods SET exp_year = 2026, exp_month = 3").await;
    // Nobody pays the renewal by itself.
    run("UPDATE accounts SET auto_pay = false").await;
    let told = async |word: &str| {
        templates(&trial)
            .await
            .iter()
            .filter(|template| *template == word)
            .count()
    };
    until(&trial, "2026-01-31").await;
    assert_eq!(told("mail-card-expiring").await, 0, "two months ahead");
    until(&trial, "2026-02-20").await;
    assert_eq!(told("mail-card-expiring").await, 1);
    let (subject, text, _) = one(&trial, "mail-card-expiring").await;
    assert!(subject.contains("4242") && text.contains("03/2026"), "{subject} {text}");
    assert!(
        !text.contains("renewals are charged"),
        "automatic payment is off: {text}"
    );
    let due: chrono::NaiveDate = {
        let mut tx = trial.world.begin("trial").await;
        sqlx::query_scalar("SELECT due_on FROM invoices WHERE order_id IS NULL")
            .fetch_one(tx.connection())
            .await
            .expect("a renewal")
    };
    assert_eq!(due.to_string(), "2026-02-25");
    assert_eq!(told("mail-due-soon").await, 0);
    until(&trial, "2026-02-22").await;
    assert_eq!(told("mail-due-soon").await, 1);
    let (subject, text, html) = one(&trial, "mail-due-soon").await;
    assert!(
        subject.contains("25 Feb 2026") && text.contains("/pay") && html.contains("INV-"),
        "{subject} {text}"
    );
    until(&trial, "2026-02-25").await;
    assert_eq!((told("mail-due-soon").await, told("mail-card-expiring").await), (1, 1));
    until(&trial, "2026-03-02").await;
    assert_eq!(told("mail-card-expiring").await, 1, "once for a card");
    let scope = trial.world.scope("trial");
    let node = trial.world.node().await;
    let (one, two) = tokio::join!(
        billing::collection::due_soon(tenancy, &scope),
        billing::collection::due_soon(&node, &scope)
    );
    assert_eq!(one.expect("a day") + two.expect("a day"), 0);
    assert_eq!(billing::collection::expiring(&node, &scope).await.expect("a day"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_from_somewhere_new_is_told_to_its_person_and_known_places_are_not() {
    let trial = Trial::open().await;
    let world = &trial.world;
    world.user("trial", "ada@hall.test", Some(tests::PASSWORD)).await;
    let scope = world.scope("trial");
    let enter = async |ip: &str, agent: &str, password: &str| {
        let client = tenancy::sign_in::Client {
            ip: ip.into(),
            user_agent: agent.into(),
            ..tenancy::sign_in::Client::default()
        };
        let done = tenancy::sign_in::sign_in(&world.tenancy, &scope, "ada@hall.test", password, &client).await;
        trial.work().await;
        let told = templates(&trial).await;
        (
            done.is_ok(),
            told.iter().filter(|template| *template == "mail-new-sign-in").count(),
        )
    };
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
    let newer = firefox.replace("144.0", "145.0");
    assert_eq!(
        enter("198.51.100.7", firefox, tests::PASSWORD).await,
        (true, 0),
        "the first one surprises nobody"
    );
    assert_eq!(
        enter("198.51.7.9", &newer, tests::PASSWORD).await,
        (true, 0),
        "the same network, an updated browser"
    );
    assert_eq!(
        enter("203.0.113.5", firefox, "wrong").await,
        (false, 0),
        "nobody came in"
    );
    assert_eq!(
        enter("203.0.113.5", firefox, tests::PASSWORD).await,
        (true, 1),
        "another network"
    );
    let (subject, text, html) = one(&trial, "mail-new-sign-in").await;
    assert!(subject.starts_with("New sign-in to The trial company"), "{subject}");
    assert!(
        text.contains("Firefox, Linux") && text.contains("203.0.113.5") && html.contains("Set a new password"),
        "{text}"
    );
    assert_eq!(
        enter("203.0.113.5", "curl/8.5.0", tests::PASSWORD).await,
        (true, 2),
        "another device"
    );
    assert_eq!(
        enter("203.0.113.9", "curl/8.6.0", tests::PASSWORD).await,
        (true, 2),
        "known by now"
    );
}
