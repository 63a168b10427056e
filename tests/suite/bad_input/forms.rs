//! Every form of every page, posted as nobody should post it.

use crate::architecture::tree;
use crate::isolation::owner::{self, Wish};
use crate::isolation::people::{House, Sent};
use crate::isolation::routes;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn forms(house: &House) -> Vec<Wish> {
    let routes = routes::all();
    let found = owner::look(house, &routes).await;
    let mut wishes = found.wishes(&routes);
    wishes.retain(|wish| matches!(wish.sent, Some(Sent::Form(_))) && !wish.path.starts_with("/hooks/"));
    assert!(wishes.len() > 10, "{}", wishes.len());
    wishes
}

fn encoded(fields: &[(String, String)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
        .into_bytes()
}

/// What is tried, with which headers and body, and the answers that are right for it.
type Try<'a> = (&'a str, Vec<(&'a str, &'a str)>, Vec<u8>, &'a [u16]);

#[tokio::test(flavor = "multi_thread")]
async fn a_post_from_elsewhere_or_of_another_kind_changes_nothing() {
    let house = House::open().await;
    let wishes = forms(&house).await;
    let before = house.tables("demo").await;
    let mut broken = Vec::new();
    for wish in &wishes {
        let Some(Sent::Form(fields)) = &wish.sent else { continue };
        let body = encoded(fields);
        let tries: [Try<'_>; 5] = [
            (
                "cross-site",
                vec![FORM, ("sec-fetch-site", "cross-site")],
                body.clone(),
                &[403],
            ),
            (
                "same-site",
                vec![FORM, ("sec-fetch-site", "same-site")],
                body.clone(),
                &[403],
            ),
            (
                "another origin",
                vec![FORM, ("origin", "http://evil.example")],
                body.clone(),
                &[403],
            ),
            ("no origin", vec![FORM], body.clone(), &[403]),
            ("a null origin", vec![FORM, ("origin", "null")], body, &[403]),
        ];
        for person in [&house.owner_staff, &house.owner_member] {
            for (told, headers, body, allowed) in &tries {
                let answer = house
                    .send(person, (&wish.method, &wish.path), headers, body.clone())
                    .await;
                if !allowed.contains(&answer.status) {
                    broken.push(format!("{told}: {} {}: {}", wish.method, wish.path, answer.status));
                }
            }
        }
    }
    for (table, print) in house.tables("demo").await {
        if before.get(&table) != Some(&print) {
            broken.push(format!("{table} changed"));
        }
    }
    tree::refuse("only our own pages post", &broken);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_field_breaks_a_form_or_comes_back_unescaped() {
    let house = House::open().await;
    let mut broken = Vec::new();
    for wish in &forms(&house).await {
        let Some(Sent::Form(fields)) = &wish.sent else { continue };
        let names: Vec<&String> = fields.iter().map(|(name, _)| name).collect();
        let odd = [
            "",
            "<script>alert(\"zz\")</script>",
            "\u{202e}gnp.exe",
            "👩‍👩‍👧‍👦",
            "a\u{0}b",
            "-1",
            "999999999999999999999",
            "\"><img src=x onerror=zz>",
        ];
        let long = "x".repeat(10_000);
        for value in odd.into_iter().chain([long.as_str()]) {
            let filled: Vec<(String, String)> = names.iter().map(|name| ((*name).clone(), value.to_owned())).collect();
            for person in [&house.owner_staff, &house.owner_member] {
                let answer = house
                    .send(person, (&wish.method, &wish.path), &[FORM, SAME], encoded(&filled))
                    .await;
                let start: String = value.chars().take(20).collect();
                if answer.status >= 500 {
                    broken.push(format!("{} {} of {start:?}: {}", wish.method, wish.path, answer.status));
                }
                for raw in ["<script>alert(\"zz\")", "<img src=x onerror=zz"] {
                    if answer.body.contains(raw) {
                        broken.push(format!("{} {} answers {raw} as it came", wish.method, wish.path));
                    }
                }
            }
        }
        let large = format!("{}={}", names.first().map_or("x", |name| name), "a".repeat(258 * 1024));
        let huge = house
            .send(
                &house.owner_staff,
                (&wish.method, &wish.path),
                &[FORM, SAME],
                large.into_bytes(),
            )
            .await;
        // A literal path before a verb of the same shape takes no POST, and sign-in has a limit of its own.
        let fine = [303, 400, 403, 404, 405, 413, 422, 429].contains(&huge.status);
        if !fine || (!names.is_empty() && huge.status == 303 && huge.location.starts_with("/admin")) {
            broken.push(format!(
                "{} {} of 258 kB: {} {}",
                wish.method, wish.path, huge.status, huge.location
            ));
        }
        let json = house
            .send(
                &house.owner_staff,
                (&wish.method, &wish.path),
                &[("content-type", "application/json"), SAME],
                b"{}".to_vec(),
            )
            .await;
        if json.status >= 500 {
            broken.push(format!("{} {} of JSON: {}", wish.method, wish.path, json.status));
        }
    }
    tree::refuse("forms take anything and keep what fits", &broken);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_leads_back_to_the_page_of_the_form() {
    let house = House::open().await;
    let nobody = crate::isolation::people::Person {
        cookie: Some("sid=ended".into()),
        ..house.owner_staff.clone()
    };
    let page = house.ask(&nobody, "GET", "/admin/settings?tab=brand", None).await;
    assert_eq!(
        (page.status, page.location.as_str()),
        (303, "/sign-in?next=%2Fadmin%2Fsettings%3Ftab%3Dbrand")
    );
    let from = [
        FORM,
        SAME,
        ("referer", "http://demo.ezscale.localhost/admin/settings?tab=brand"),
    ];
    let post = house
        .send(
            &nobody,
            ("POST", "/admin/settings/brand"),
            &from,
            b"accent=%23112233".to_vec(),
        )
        .await;
    assert_eq!(
        (post.status, post.location.as_str()),
        (303, "/sign-in?next=%2Fadmin%2Fsettings%3Ftab%3Dbrand")
    );
    let elsewhere = [FORM, SAME, ("referer", "http://evil.example/admin")];
    let post = house
        .send(
            &nobody,
            ("POST", "/admin/settings/brand"),
            &elsewhere,
            b"accent=%23112233".to_vec(),
        )
        .await;
    assert_eq!((post.status, post.location.as_str()), (303, "/sign-in?next=%2F"));
}
