//! Every endpoint that takes a body, given every kind of body it must not take.

use serde_json::{Map, Value, json};
use tests::schema;

use crate::architecture::tree;
use crate::isolation::owner::{self, Wish};
use crate::isolation::people::{Answer, House};
use crate::isolation::routes;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// Requests of the API that change something, with ids that exist.
async fn changes(house: &House) -> Vec<Wish> {
    let routes = routes::all();
    let found = owner::look(house, &routes).await;
    let mut wishes = found.wishes(&routes);
    // What takes no body does not look at one.
    let takes_one = |wish: &Wish| {
        let path = wish.path.trim_start_matches("/api/v1");
        schema::operation(&wish.method, path).is_some_and(|(_, operation)| operation["requestBody"].is_object())
    };
    wishes.retain(|wish| wish.path.starts_with("/api/v1/") && wish.method != "GET" && takes_one(wish));
    assert!(wishes.len() > 15, "{}", wishes.len());
    wishes
}

/// The fields an endpoint's body may have.
fn fields(wish: &Wish) -> Map<String, Value> {
    let path = wish.path.trim_start_matches("/api/v1");
    let Some((_, operation)) = schema::operation(&wish.method, path) else {
        return Map::new();
    };
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let body = match body["$ref"].as_str() {
        Some(reference) => {
            &schema::document()["components"]["schemas"][reference.rsplit('/').next().unwrap_or_default()]
        }
        None => body,
    };
    body["properties"].as_object().cloned().unwrap_or_default()
}

/// A value no schema of this kind allows.
fn wrong(schema: &Value) -> Value {
    let takes = |word: &str| {
        schema["type"] == word
            || schema["type"]
                .as_array()
                .is_some_and(|types| types.iter().any(|t| t == word))
    };
    if takes("array") {
        json!("no list")
    } else {
        json!(["no", { "scalar": true }])
    }
}

fn is_text(schema: &Value) -> bool {
    schema["type"] == "string"
        || schema["type"]
            .as_array()
            .is_some_and(|types| types.iter().any(|t| t == "string"))
}

/// What is wrong with the refusal of a body, if anything is.
fn unclear(answer: &Answer, allowed: &[u16]) -> Option<String> {
    if !allowed.contains(&answer.status) {
        return Some(format!("{} {}", answer.status, answer.body));
    }
    let Ok(body) = serde_json::from_str::<Value>(&answer.body) else {
        return Some(format!("{} without a problem: {}", answer.status, answer.body));
    };
    let clear = body["status"] == answer.status && body["code"].is_string() && body["request_id"].is_string();
    let told = answer.status != 422 || body["detail"].as_str().is_some_and(|detail| !detail.is_empty());
    (!clear || !told).then(|| format!("an unclear problem: {body}"))
}

/// A body, its headers, and the answers that are right for it.
type Try<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [u16]);

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_wrong_in_any_way_are_refused_clearly() {
    // One house for all: looking through it takes longer than what is asked then.
    let house = House::open().await;
    let wishes = changes(&house).await;
    bodies_that_are_no_request_are_refused_and_write_nothing(&house, &wishes).await;
    fields_that_are_unknown_or_of_another_type_are_named(&house, &wishes).await;
    long_texts_and_odd_letters_never_break_an_endpoint(&house, &wishes).await;
}

async fn bodies_that_are_no_request_are_refused_and_write_nothing(house: &House, wishes: &[Wish]) {
    let before = house.tables("demo").await;
    let mut broken = Vec::new();
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(1_200_000));
    for wish in wishes {
        let bodies: [Try<'_>; 7] = [
            ("{", JSON, &[400]),
            ("[]", JSON, &[400]),
            ("\"text\"", JSON, &[400]),
            (r#"{"name":"\ud800"}"#, JSON, &[400, 422]),
            (&deep, JSON, &[400]),
            (&large, JSON, &[413]),
            ("<a/>", &[("content-type", "application/xml")], &[415]),
        ];
        for (body, headers, allowed) in bodies {
            let answer = house
                .send(
                    &house.owner_staff,
                    (&wish.method, &wish.path),
                    headers,
                    body.as_bytes().to_vec(),
                )
                .await;
            // An id of another kind, or a state, may be the first thing that is wrong.
            let allowed = [allowed, if wish.names { &[404, 409] } else { &[] }].concat();
            if let Some(why) = unclear(&answer, &allowed) {
                let start: String = body.chars().take(30).collect();
                broken.push(format!("{} {} given {start}: {why}", wish.method, wish.path));
            }
        }
        let bytes = vec![b'{', b'"', 0xff, 0xfe, b'"', b':', b'1', b'}'];
        let answer = house
            .send(&house.owner_staff, (&wish.method, &wish.path), JSON, bytes)
            .await;
        if let Some(why) = unclear(&answer, &[400, 404, 409]) {
            broken.push(format!("{} {} given no UTF-8: {why}", wish.method, wish.path));
        }
    }
    unchanged(house, before, &mut broken).await;
    tree::refuse("a body that is none is a clear error", &broken);
}

async fn fields_that_are_unknown_or_of_another_type_are_named(house: &House, wishes: &[Wish]) {
    let before = house.tables("demo").await;
    let mut broken = Vec::new();
    for wish in wishes {
        let Some(crate::isolation::people::Sent::Json(Value::Object(plain))) = &wish.sent else {
            continue;
        };
        let mut bodies = vec![("zz_unknown".to_owned(), json!(1))];
        for (name, schema) in fields(wish) {
            if schema["type"].is_string() || schema["type"].is_array() {
                bodies.push((name.clone(), wrong(&schema)));
            }
            if is_text(&schema) {
                bodies.push((name, json!("a\u{0}b")));
            }
        }
        for (name, value) in bodies {
            let mut body = plain.clone();
            body.insert(name.clone(), value.clone());
            let sent = Value::Object(body).to_string().into_bytes();
            let answer = house
                .send(&house.owner_staff, (&wish.method, &wish.path), JSON, sent)
                .await;
            let allowed: &[u16] = if wish.names { &[422, 404, 409] } else { &[422] };
            if let Some(why) = unclear(&answer, allowed) {
                broken.push(format!("{} {} given {name} = {value}: {why}", wish.method, wish.path));
            }
        }
    }
    unchanged(house, before, &mut broken).await;
    tree::refuse("a field that does not fit is a 422", &broken);
}

async fn long_texts_and_odd_letters_never_break_an_endpoint(house: &House, wishes: &[Wish]) {
    let mut broken = Vec::new();
    for wish in wishes {
        let Some(crate::isolation::people::Sent::Json(Value::Object(plain))) = &wish.sent else {
            continue;
        };
        for (name, schema) in fields(wish) {
            if !is_text(&schema) {
                continue;
            }
            for odd in [
                "x".repeat(10_000),
                "\u{202e}gnp.exe".into(),
                "👩‍👩‍👧‍👦 <script>alert(1)</script>".into(),
                String::new(),
                " ".into(),
                "'; DROP TABLE users --".into(),
                "\r\nX: y".into(),
            ] {
                let mut body = plain.clone();
                body.insert(name.clone(), json!(odd));
                let sent = Value::Object(body).to_string().into_bytes();
                let answer = house
                    .send(&house.owner_staff, (&wish.method, &wish.path), JSON, sent)
                    .await;
                if answer.status >= 500 && answer.status != 502 {
                    let start: String = odd.chars().take(20).collect();
                    broken.push(format!(
                        "{} {} given {name} = {start}: {}",
                        wish.method, wish.path, answer.body
                    ));
                }
            }
        }
    }
    tree::refuse("no text breaks an endpoint", &broken);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_of_lists_are_judged_too() {
    let house = House::open().await;
    let mut broken = Vec::new();
    for route in routes::all()
        .iter()
        .filter(|route| route.is_api() && route.methods.contains("GET") && !route.has_parameters())
    {
        for (query, allowed) in [
            ("limit=0", &[422][..]),
            ("limit=101", &[422]),
            ("limit=x", &[422]),
            ("after=nonsense", &[422]),
            ("after=%00", &[422]),
            ("q=%00", &[422]),
            ("q=%ff%fe&email=%F0%9F%92%A9", &[200, 422]),
            ("zz=1", &[200, 422]),
        ] {
            let is_list = tests::schema::operation("GET", route.path.trim_start_matches("/api/v1"))
                .is_some_and(|(_, operation)| operation["parameters"].to_string().contains("\"limit\""));
            let path = format!("{}?{query}", route.path);
            let answer = house.ask(&house.owner_staff, "GET", &path, None).await;
            let allowed = if is_list { allowed } else { &[200, 422] };
            if !allowed.contains(&answer.status) {
                broken.push(format!("GET {path}: {} {}", answer.status, answer.body));
            }
        }
    }
    tree::refuse("parameters of lists", &broken);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_none_are_not_found() {
    let house = House::open().await;
    let mut broken = Vec::new();
    for route in routes::all()
        .iter()
        .filter(|route| route.is_api() && route.has_parameters())
    {
        for id in [
            "x",
            "acc_",
            "inv_00000000000000000000000000",
            "svc_zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "%00",
            "🦀",
            "'",
        ] {
            let parts: Vec<&str> = route
                .parts()
                .into_iter()
                .map(|part| if part.starts_with('{') { id } else { part })
                .collect();
            let path = parts.join("/");
            for method in &route.methods {
                let answer = house
                    .send(&house.owner_staff, (method, &path), JSON, b"{}".to_vec())
                    .await;
                if answer.status != 404 && !(id == "%00" && [400, 422].contains(&answer.status)) {
                    broken.push(format!("{method} {path}: {} {}", answer.status, answer.body));
                }
            }
        }
    }
    tree::refuse("an unknown id is a 404", &broken);
}

async fn unchanged(house: &House, before: std::collections::BTreeMap<String, String>, broken: &mut Vec<String>) {
    for (table, print) in house.tables("demo").await {
        if before.get(&table) != Some(&print) {
            broken.push(format!("{table} changed"));
        }
    }
}
