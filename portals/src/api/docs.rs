//! The document, and a page that shows it.

use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use platform::views::Context;
use serde::Serialize;
use serde_json::Value;
use tenancy::extract::Visitor;

use crate::app::App;
use crate::web::answer::Html;
use crate::web::layers;
use crate::web::page::{self, Asked};

pub fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/openapi.json", get(document))
        // A page like the others: it greets who is signed in.
        .route("/docs", get(show))
        .layer(from_fn_with_state(app.clone(), layers::session))
        .layer(from_fn_with_state(app.clone(), layers::error_page))
}

async fn document() -> Response {
    Json(super::document()).into_response()
}

#[derive(Serialize)]
struct Operation {
    method: String,
    path: String,
    summary: String,
    staff_scope: Option<String>,
    member_scope: Option<String>,
    request: Option<String>,
    answer: Option<String>,
}

#[derive(Serialize)]
struct Group {
    name: String,
    operations: Vec<Operation>,
}

#[derive(Serialize)]
struct Schema {
    name: String,
    text: String,
}

#[derive(Serialize)]
struct Docs {
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

impl Context for Docs {
    const TEMPLATE: &'static str = "site/api_docs.html";
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn schema_name(value: &Value) -> Option<String> {
    let schema = &value["content"]["application/json"]["schema"];
    let list = &schema["properties"]["data"]["items"]["$ref"];
    let name = |reference: &Value| reference.as_str().and_then(|r| r.rsplit('/').next()).map(str::to_owned);
    name(&schema["$ref"]).or_else(|| name(list).map(|n| format!("[{n}]")))
}

async fn show(State(app): State<App>, visitor: Visitor, asked: Asked) -> Response {
    let document = super::document();
    let mut groups: Vec<Group> = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        let name = path.split('/').nth(1).unwrap_or_default().to_owned();
        if groups.last().is_none_or(|group| group.name != name) {
            groups.push(Group {
                name,
                operations: Vec::new(),
            });
        }
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let answer = operation["responses"]
                .as_object()
                .into_iter()
                .flatten()
                .find(|(status, _)| status.starts_with('2'));
            let operation = Operation {
                method: method.to_uppercase(),
                path: format!("/api/v1{path}"),
                summary: text(&operation["summary"]).unwrap_or_default(),
                staff_scope: text(&operation["x-staff-scope"]),
                member_scope: text(&operation["x-member-scope"]),
                request: schema_name(&operation["requestBody"]),
                answer: answer.and_then(|(_, answer)| schema_name(answer)),
            };
            if let Some(group) = groups.last_mut() {
                group.operations.push(operation);
            }
        }
    }
    let schemas = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, schema)| Schema {
            name: name.clone(),
            text: serde_json::to_string_pretty(schema).unwrap_or_default(),
        })
        .collect();
    let page = page::site(&app, &visitor, &asked, "").await;
    Html::show(&app, StatusCode::OK, &Docs { groups, schemas }, &page)
}
