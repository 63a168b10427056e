//! Every path of the API and the call behind it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Json, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;

use super::answer::{Answer, Reply};
use super::state::State;
use super::{catalogue, lifecycle, network, page, queue, server, sign_in, user};
use crate::form;

pub(super) fn router(state: Arc<Mutex<State>>) -> Router {
    Router::new().fallback(
        move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let mut state = state.lock().unwrap();
            state.settle();
            answer(&mut state, method.as_str(), &uri, &headers, &body)
        },
    )
}

fn answer(state: &mut State, method: &str, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Response {
    let query_text = uri.query().unwrap_or_default();
    let Some(path) = uri.path().strip_prefix("/api/v1/") else {
        if uri.path() == "/_sim/knobs" && method == "POST" {
            return turn(state, &read(body).unwrap_or_default());
        }
        return page::answer(state, method, uri.path(), query_text);
    };
    if !allowed(state, headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(body) = read(body) else {
        return Answer::refused("The body is not JSON.").into_response();
    };
    let query = form::parse(query_text);
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let reply = match segments.first() {
        Some(&"servers") => servers(state, method, &segments[1..], (&query, &body)),
        Some(&"users") => users(state, method, &segments[1..], (&query, &body)),
        _ => others(state, method, &segments, (&query, &body)),
    };
    reply.unwrap_or_else(|refusal| refusal).into_response()
}

fn allowed(state: &State, headers: &HeaderMap) -> bool {
    headers
        .get(http::header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|token| token.trim() == state.config.token)
}

fn read(body: &Bytes) -> Option<Value> {
    if body.trim_ascii().is_empty() {
        return Some(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(body).ok()
}

fn id(segment: &str) -> i64 {
    segment.parse().unwrap_or(-1)
}

fn unknown() -> Reply {
    // The framework's own 404, which carries no `msg`.
    Err(Answer::raw(404, serde_json::json!({"message": "Not Found"})))
}

fn servers(state: &mut State, method: &str, path: &[&str], (query, body): (&Value, &Value)) -> Reply {
    match (method, path) {
        ("GET", []) => server::list(state, query),
        ("POST", []) => server::create(state, query, body),
        ("GET", ["user", user]) => server::list_of_user(state, id(user)),
        ("GET", [at]) => server::show(state, id(at), query),
        ("DELETE", [at]) => lifecycle::delete(state, id(at), query),
        ("POST", [at, "build"]) => server::build(state, id(at), body),
        ("POST", [at, "suspend"]) => lifecycle::suspend(state, id(at), true),
        ("POST", [at, "unsuspend"]) => lifecycle::suspend(state, id(at), false),
        ("PUT", [at, "package", package]) => lifecycle::change_package(state, id(at), id(package), body),
        ("PUT", [at, "modify", what]) => lifecycle::modify(state, id(at), what, body),
        ("PUT", [at, "owner", user]) => lifecycle::change_owner(state, id(at), id(user)),
        ("PUT", [at, "backups", "plan", plan]) => lifecycle::backup_plan(state, id(at), id(plan).max(0)),
        ("POST", [at, "power", action]) => lifecycle::power(state, id(at), action),
        ("POST", [at, "resetPassword"]) => lifecycle::reset_password(state, id(at), body),
        ("GET", [at, "vnc"]) => lifecycle::console(state, id(at)),
        ("POST", [at, "vnc"]) => lifecycle::change_console(state, id(at), body),
        ("GET", [at, "templates"]) => catalogue::templates_of_server(state, id(at)),
        ("GET", [at, "traffic"]) => network::traffic(state, id(at)),
        ("GET", [at, "traffic", "blocks"]) => network::blocks(state, id(at)),
        ("POST", [at, "traffic", "blocks"]) => network::add_block(state, id(at), body),
        ("DELETE", [at, "traffic", "blocks", block]) => network::remove_block(state, id(at), id(block)),
        ("POST", [at, "ipv4Qty"]) => network::add_addresses(state, id(at), body),
        ("POST", [at, "ipv4"]) => network::assign_addresses(state, id(at), body),
        ("DELETE", [at, "ipv4"]) => network::remove_addresses(state, id(at), body),
        _ => unknown(),
    }
}

fn users(state: &mut State, method: &str, path: &[&str], (query, body): (&Value, &Value)) -> Reply {
    match (method, path) {
        ("POST", []) => user::create(state, body),
        ("GET", [ext, "byExtRelation"]) => user::show(state, ext, query),
        ("PUT", [ext, "byExtRelation"]) => user::change(state, ext, query, body),
        ("DELETE", [ext, "byExtRelation"]) => user::delete(state, ext, query),
        ("POST", [ext, "byExtRelation", "resetPassword"]) => user::reset_password(state, ext, query),
        ("POST", [ext, "authenticationTokens"]) => sign_in::issue(state, ext, query, None),
        ("POST", [ext, "serverAuthenticationTokens", at]) => sign_in::issue(state, ext, query, Some(id(at))),
        _ => unknown(),
    }
}

fn others(state: &mut State, method: &str, path: &[&str], (query, body): (&Value, &Value)) -> Reply {
    match (method, path) {
        ("GET", ["connect"]) => Ok(Answer::raw(
            200,
            serde_json::json!({"success": true, "message": "connected"}),
        )),
        ("GET", ["queue", at]) => queue::show(state, id(at)),
        ("GET", ["packages"]) => catalogue::packages(state),
        ("GET", ["packages", at]) => catalogue::package(state, id(at)),
        ("GET", ["compute", "hypervisors", "groups"]) => catalogue::groups(state, query),
        ("GET", ["compute", "hypervisors", "groups", at, "resources"]) => catalogue::resources(state, id(at), query),
        ("GET", ["media", "templates", "fromServerPackageSpec", at]) => catalogue::templates_of_package(state, id(at)),
        ("POST", ["ssh_keys"]) => catalogue::add_key(state, body),
        ("GET", ["ssh_keys", "user", user]) => catalogue::keys_of_user(state, id(user)),
        ("GET", ["ssh_keys", at]) => catalogue::key(state, id(at)),
        ("DELETE", ["ssh_keys", at]) => catalogue::remove_key(state, id(at)),
        ("GET", ["backups", "server", at]) => lifecycle::backups(state, id(at)),
        ("POST", ["selfService", "credit", "byUserExtRelationId", ext]) => {
            user::by_relation(state, ext, query)?;
            let credit = state.number();
            state.credits.insert(credit, body["tokens"].to_string());
            Ok(Answer::data(201, serde_json::json!({"id": credit})))
        }
        ("DELETE", ["selfService", "credit", at]) => match state.credits.remove(&id(at)) {
            Some(_) => Ok(Answer::empty(204)),
            None => Err(Answer::msg(404, "credit not found")),
        },
        _ => unknown(),
    }
}

/// `POST /_sim/knobs`.
fn turn(state: &mut State, knobs: &Value) -> Response {
    let number = |name: &str| form::whole(knobs, name).and_then(|value| u32::try_from(value).ok());
    if let Some(free) = number("capacity") {
        state.set_capacity(free);
    }
    if let Some(polls) = number("build_polls") {
        state.config.build_polls = polls;
    }
    if let Some(ms) = number("build_ms") {
        state.config.build_ms = u64::from(ms);
    }
    if let Some(ms) = number("task_ms") {
        state.config.task_ms = u64::from(ms);
    }
    if let Some(count) = number("fail_builds") {
        state.config.fail_builds = count;
    }
    if let Some(seconds) = form::whole(knobs, "advance_seconds") {
        state.config.ticker.advance(seconds);
    }
    Json(state.picture()).into_response()
}
