//! A tenant below: made by a form, shown from the roll-ups, looked into, suspended and resumed.

use super::browser::Browser;
use crate::walk::shop::Shop;

async fn made(staff: &mut Browser) -> String {
    let fields = [
        ("name", "Nordlicht"),
        ("slug", "nordlicht"),
        ("currency", "EUR"),
        ("locale", "de"),
        ("timezone", "Europe/Berlin"),
        ("mode", "live"),
        ("owner", "olga@nordlicht.test"),
    ];
    let done = staff.post("/admin/tenants", &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    done.location
}

#[tokio::test]
async fn a_tenant_is_made_and_its_owner_invited_in_its_language() {
    let shop = Shop::open().await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let wrong = [
        ("name", ""),
        ("slug", "Admin"),
        ("currency", "XYZ"),
        ("locale", "xx"),
        ("timezone", "Mars"),
        ("mode", ""),
        ("owner", "nobody"),
    ];
    let refused = staff.post("/admin/tenants", &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("Mars") && refused.has("nobody"), "what was typed is kept");
    let path = made(&mut staff).await;
    let page = staff.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.text());
    for words in [
        "Nordlicht",
        "nordlicht.ezscale.localhost",
        "EUR",
        "Europe/Berlin",
        "up to date",
        "Its account here",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let mut tx = shop.world.begin("nordlicht").await;
    let (subject, body): (String, String) =
        sqlx::query_as("SELECT subject, body_text FROM mails WHERE template = 'mail-invite'")
            .fetch_one(tx.connection())
            .await
            .expect("an invitation");
    assert_eq!(
        subject,
        "Legen Sie Ihr Passwort für \u{2068}Nordlicht\u{2069} fest".replace(['\u{2068}', '\u{2069}'], "")
    );
    assert!(
        body.contains("/accept-invite?token=") && body.contains("drei Tage"),
        "{body}"
    );
    let again = staff
        .post(
            "/admin/tenants",
            &[
                ("name", "x"),
                ("slug", "nordlicht"),
                ("currency", "EUR"),
                ("locale", "de"),
                ("timezone", "UTC"),
                ("mode", "live"),
                ("owner", "a@b.test"),
            ],
        )
        .await;
    assert_eq!(again.status, 422);
    assert!(again.has("Another tenant has this name."), "{}", again.text());
}

#[tokio::test]
async fn a_look_needs_a_reason_and_shows_a_banner_and_a_suspension_says_what_it_means() {
    let shop = Shop::open().await;
    let mut staff = Browser::staff(&shop, "demo", "dana@demo.test", &["*"]).await;
    let path = made(&mut staff).await;
    let page = staff.get(&path).await;
    assert!(page.text().contains("customers go on being served"), "{}", page.text());
    for act in ["look", "suspend"] {
        let refused = staff.post(&format!("{path}/{act}"), &[("reason", " ")]).await;
        assert_eq!(refused.status, 422, "{act}");
        assert!(
            refused.has("Give a reason of 3 to 200 characters"),
            "{}",
            refused.text()
        );
    }
    let reason = [("reason", "asked for help by phone")];
    assert_eq!(staff.post(&format!("{path}/look"), &reason).await.status, 303);
    let inside = staff.get("/admin").await;
    assert!(
        inside.has("class=\"banner\"") && inside.has("Nordlicht"),
        "{}",
        inside.text()
    );
    let left = staff.post("/admin/tenants/leave", &[]).await;
    assert_eq!((left.status, left.location.as_str()), (303, path.as_str()));
    // A look ends an hour after it began, whatever is done in it; what was meant for the child is done nowhere.
    assert_eq!(staff.post(&format!("{path}/look"), &reason).await.status, 303);
    shop.world.clock.advance(chrono::TimeDelta::minutes(59));
    assert!(staff.get("/admin").await.has("class=\"banner\""));
    shop.world.clock.advance(chrono::TimeDelta::minutes(1));
    let company = [("name", "Meant for the child")];
    let over = staff.post("/admin/settings", &company).await;
    assert_eq!(
        (over.status, over.location),
        (303, format!("{path}?look=ended")),
        "{}",
        over.html
    );
    let back = staff.get(&format!("{path}?look=ended")).await;
    assert!(
        back.has("has ended") && !back.has("class=\"banner\""),
        "{}",
        back.text()
    );
    assert!(!staff.get("/admin/settings").await.has("Meant for the child"));
    for (slug, deed) in [
        ("demo", "tenant.look_ended"),
        ("nordlicht", "tenant.look_ended_by_parent"),
    ] {
        let mut tx = shop.world.begin(slug).await;
        let deeds = tenancy::audit::list(&mut tx, None, Some(deed), 10, None)
            .await
            .expect("the log");
        let why: Vec<&str> = deeds.iter().filter_map(|deed| deed.detail["why"].as_str()).collect();
        assert_eq!(why, ["time", "left"], "{slug}");
    }
    assert_eq!(staff.post(&format!("{path}/suspend"), &reason).await.status, 303);
    let page = staff.get(&path).await;
    assert!(
        page.has("asked for help by phone") && page.has(&format!("{path}/resume")),
        "{}",
        page.text()
    );
    assert_eq!(staff.post(&format!("{path}/resume"), &[]).await.status, 303);
    assert!(staff.get(&path).await.has(&format!("{path}/suspend")));
}
