//! The API as a whole: lists, order of refusals, headers, and every answer as its document says.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::schema;

use crate::architecture::tree;
use crate::isolation::owner;
use crate::isolation::people::House;
use crate::isolation::routes::{self, Route};

const ROOT: &str = "/api/v1";

/// Lists of the API, without parameters.
fn lists(routes: &[Route]) -> Vec<String> {
    let is_list = |path: &str| {
        let (_, operation) = schema::operation("GET", path.trim_start_matches(ROOT))?;
        operation["parameters"].to_string().contains("\"limit\"").then_some(())
    };
    let plain = routes
        .iter()
        .filter(|route| route.is_api() && !route.has_parameters() && route.methods.contains("GET"));
    plain
        .map(|route| route.path.clone())
        .filter(|path| is_list(path).is_some())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_read_to_their_end_and_each_row_by_its_id() {
    let house = House::open().await;
    let routes = routes::all();
    house.shop.world.account("demo", "Another one").await;
    let mut broken = Vec::new();
    let lists = lists(&routes);
    assert!(lists.len() >= 15, "{lists:?}");
    for path in &lists {
        let (whole, ids) = read(&house, path, 100, &mut broken).await;
        let (paged, by_one) = read(&house, path, 2, &mut broken).await;
        // The log of events and of what was done grows by being read.
        if ids != by_one && !["/api/v1/events", "/api/v1/audit"].contains(&path.as_str()) {
            broken.push(format!(
                "{path}: {} rows at once, {} in pages",
                whole.len(),
                paged.len()
            ));
        }
        let Some(id) = ids.first() else { continue };
        let by_id = format!("{path}/{id}");
        if !routes.iter().any(|route| route.fits(&by_id)) {
            broken.push(format!("{path} has no {{id}}"));
            continue;
        }
        let answer = house.ask(&house.owner_staff, "GET", &by_id, None).await;
        let row: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if answer.status != 200 || row["id"] != id.as_str() {
            broken.push(format!("GET {by_id}: {} {}", answer.status, answer.body));
        }
    }
    tree::refuse("lists", &broken);
}

/// All rows of a list, page by page, and their ids in order.
async fn read(house: &House, path: &str, limit: usize, broken: &mut Vec<String>) -> (Vec<Value>, Vec<String>) {
    let (mut rows, mut ids, mut after) = (Vec::new(), Vec::<String>::new(), String::new());
    for _ in 0..60 {
        let asked = format!("{path}?limit={limit}{after}");
        let answer = house.ask(&house.owner_staff, "GET", &asked, None).await;
        let page: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let faults = schema::faults("GET", path.trim_start_matches(ROOT), answer.status, &page);
        if answer.status != 200 || !faults.is_empty() {
            broken.push(format!("GET {asked}: {} {faults:?}", answer.status));
            return (rows, ids);
        }
        for row in page["data"].as_array().into_iter().flatten() {
            let id = row["id"].as_str().unwrap_or_default().to_owned();
            if id.is_empty() || ids.contains(&id) {
                broken.push(format!("GET {asked}: {id:?} is no new id"));
                return (rows, ids);
            }
            ids.push(id);
            rows.push(row.clone());
        }
        match page["next"].as_str() {
            None => return (rows, ids),
            Some(next) => after = format!("&after={next}"),
        }
    }
    broken.push(format!("{path} has no end"));
    (rows, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_come_in_one_order_and_say_who_asked() {
    let house = House::open().await;
    let routes = routes::all();
    let found = owner::look(&house, &routes).await;
    let powerless = house
        .staff("staff without permissions", "demo", "p@zyxwart.test", &[])
        .await;
    let nobody = crate::isolation::people::Person {
        token: None,
        ..powerless.clone()
    };
    let mut broken = Vec::new();
    for wish in found.wishes(&routes).iter().filter(|wish| {
        wish.path.starts_with("/api/v1/") && wish.path != "/api/v1/docs" && wish.path != "/api/v1/openapi.json"
    }) {
        let stranger = house.ask(&nobody, &wish.method, &wish.path, wish.sent.as_ref()).await;
        if stranger.status != 401 || !stranger.body.contains("\"request_id\":\"") {
            broken.push(format!(
                "{} {} without a token: {}",
                wish.method, wish.path, stranger.status
            ));
        }
        // A thing that is there: the scope is missing, before the body is looked at.
        let garbage = crate::isolation::people::Sent::Json(serde_json::json!({ "zz": [] }));
        let sent = (wish.method != "GET").then_some(&garbage);
        let scopeless = house.ask(&powerless, &wish.method, &wish.path, sent).await;
        // Their own tokens are everybody's.
        if wish.path == "/api/v1/tokens" {
            continue;
        }
        if scopeless.status != 403 && !(wish.names && scopeless.status == 404) {
            broken.push(format!(
                "{} {} without the scope: {}",
                wish.method, wish.path, scopeless.status
            ));
        }
    }
    // A thing that is not there: that comes before the scope, so a scope tells nothing about ids.
    for route in routes.iter().filter(|route| route.is_api() && route.has_parameters()) {
        let parts: Vec<&str> = route
            .parts()
            .into_iter()
            .map(|part| {
                if part.starts_with('{') {
                    "inv_00000000000000000000000000"
                } else {
                    part
                }
            })
            .collect();
        for method in &route.methods {
            let answer = house.ask(&powerless, method, &parts.join("/"), None).await;
            if answer.status != 404 {
                broken.push(format!(
                    "{method} {} of nothing without the scope: {}",
                    route.path, answer.status
                ));
            }
        }
    }
    tree::refuse("401, then 404, then 403, then 422", &broken);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_once_is_done_once_and_every_answer_counts_against_a_limit() {
    let house = House::open().await;
    let staff = &house.owner_staff;
    let body = |name: &str| {
        serde_json::json!({ "name": name, "email": format!("{name}@new.test"), "country": "DE" })
            .to_string()
            .into_bytes()
    };
    let headers = |key: &'static str| [("content-type", "application/json"), ("idempotency-key", key)];
    let post = async |key: &'static str, bytes: Vec<u8>| {
        house
            .send(staff, ("POST", "/api/v1/accounts"), &headers(key), bytes)
            .await
    };
    let first = post("k-1", body("ada")).await;
    let again = post("k-1", body("ada")).await;
    assert_eq!((first.status, again.status), (201, 201), "{first:?}");
    assert_eq!(first.body, again.body);
    assert_eq!(post("k-1", body("eve")).await.status, 409);
    assert_eq!(post("", body("eve")).await.status, 422);
    let all = house.ask(staff, "GET", "/api/v1/accounts?limit=100", None).await;
    assert_eq!(all.body.matches("@new.test").count(), 1, "{}", all.body);
    assert!(!all.rate_limit.is_empty(), "every answer says what is left");
}

#[test]
fn the_document_is_whole() {
    let document = schema::document();
    let mut broken = Vec::new();
    let mut ids = BTreeSet::new();
    let text = document.to_string();
    for (at, _) in text.match_indices("#/components/schemas/") {
        let name = text[at + 21..].split('"').next().unwrap_or_default();
        if document["components"]["schemas"].get(name).is_none() {
            broken.push(format!("{name} is referred to and does not exist"));
        }
    }
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let id = operation["operationId"].as_str().unwrap_or_default();
            if !ids.insert(id.to_owned()) {
                broken.push(format!("{method} {path}: {id} is twice"));
            }
            if operation["summary"].as_str().is_none_or(str::is_empty) {
                broken.push(format!("{method} {path} says nothing of itself"));
            }
            let has_key = operation["parameters"].to_string().contains("Idempotency-Key");
            if has_key != (method == "post") {
                broken.push(format!("{method} {path}: Idempotency-Key"));
            }
        }
    }
    // What is not there yet is not promised.
    for absent in ["/coupons", "/webhooks", "/credit_notes", "/reports"] {
        let promised = document["paths"].get(absent).is_some();
        let served = routes::all()
            .iter()
            .any(|route| route.path == format!("{ROOT}{absent}"));
        if promised != served {
            broken.push(format!("{absent}: promised {promised}, served {served}"));
        }
    }
    tree::refuse("the document", &broken);
}
