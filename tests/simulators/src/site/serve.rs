//! The accept loop and the way of one request through log, faults and router.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Json, Response};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::View;
use super::fault::{FaultKind, FaultRule, Faults};
use super::log::{LoggedRequest, RequestLog};

pub(super) struct Room {
    pub router: Router,
    pub faults: Faults,
    pub requests: RequestLog,
    pub state: View,
}

/// The connection ends here, without an answer.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("connection dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

pub(super) async fn accept(listener: TcpListener, room: Arc<Room>, stop: CancellationToken) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            taken = listener.accept() => match taken {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        tokio::spawn(connection(stream, room.clone(), stop.clone()));
    }
}

async fn connection(stream: TcpStream, room: Arc<Room>, stop: CancellationToken) {
    let service = service_fn(move |request| handle(room.clone(), request));
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = stop.cancelled() => {}
        // A dropped connection is an error here, and wanted.
        _ = serving => {}
    }
}

async fn handle(room: Arc<Room>, request: Request<Incoming>) -> Result<Response, Dropped> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    let path = parts.uri.path().to_owned();
    if path.starts_with("/_sim/") {
        if let Some(answer) = control(&room, parts.method.as_str(), &path, &body) {
            return Ok(answer);
        }
        return Ok(run(&room, Request::from_parts(parts, Body::from(body))).await);
    }
    let target = parts
        .uri
        .path_and_query()
        .map_or(path.as_str(), |target| target.as_str());
    let fault = room.faults.take(parts.method.as_str(), target);
    let number = room.requests.push(logged(&parts, &body, fault.as_ref()));
    let answer = go_wrong(&room, fault, Request::from_parts(parts, Body::from(body))).await?;
    room.requests.finish(number, answer.status().as_u16());
    Ok(answer)
}

fn logged(parts: &http::request::Parts, body: &Bytes, fault: Option<&FaultKind>) -> LoggedRequest {
    LoggedRequest {
        number: 0,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect(),
        body: String::from_utf8_lossy(body).into_owned(),
        status: None,
        fault: fault.map(|kind| format!("{kind:?}")),
    }
}

async fn go_wrong(room: &Arc<Room>, fault: Option<FaultKind>, request: Request<Body>) -> Result<Response, Dropped> {
    match fault {
        None => Ok(run(room, request).await),
        Some(FaultKind::FailBefore(status)) => Ok(broken(status)),
        Some(FaultKind::FailAfter(status)) => {
            run(room, request).await;
            Ok(broken(status))
        }
        Some(FaultKind::Hang(wait_ms)) => {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            Err(Dropped)
        }
        Some(FaultKind::HangAfter(wait_ms)) => {
            run(room, request).await;
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            Err(Dropped)
        }
        Some(FaultKind::Malformed) => Ok(cut(run(room, request).await).await),
        Some(FaultKind::Delay(wait_ms)) => {
            let room = room.clone();
            // Its own task: the work happens even if the caller stops waiting.
            let late = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                run(&room, request).await
            });
            late.await.map_err(|_| Dropped)
        }
        Some(FaultKind::Status { status, body, headers }) => {
            let mut answer = (status_of(status), body).into_response();
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
                    answer.headers_mut().insert(name, value);
                }
            }
            Ok(answer)
        }
    }
}

/// Runs the router in a task of its own, so that a caller that hangs up cannot stop work half done.
async fn run(room: &Arc<Room>, request: Request<Body>) -> Response {
    let router = room.router.clone();
    let work = tokio::spawn(async move {
        let answer: Result<Response, Infallible> = router.oneshot(request).await;
        answer.unwrap_or_else(|never| match never {})
    });
    match work.await {
        Ok(answer) => answer,
        Err(_) => broken(500),
    }
}

/// An answer in the way a proxy gives it: HTML, not JSON.
fn broken(status: u16) -> Response {
    let status = status_of(status);
    let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
    (status, [("content-type", "text/html")], page).into_response()
}

async fn cut(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let whole = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => Bytes::new(),
    };
    parts.headers.remove(http::header::CONTENT_LENGTH);
    let half = if whole.is_empty() {
        Bytes::from_static(b"{\"data\": [")
    } else {
        whole.slice(..whole.len() / 2)
    };
    Response::from_parts(parts, Body::from(half))
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn control(room: &Room, method: &str, path: &str, body: &Bytes) -> Option<Response> {
    let answer = match (method, path) {
        ("GET", "/_sim/faults") => Json(room.faults.pending()).into_response(),
        ("POST", "/_sim/faults") => match read_rules(body) {
            Ok(rules) => {
                rules.into_iter().for_each(|rule| room.faults.add(rule));
                Json(room.faults.pending()).into_response()
            }
            Err(error) => {
                let told = json!({"error": error.to_string()});
                (StatusCode::BAD_REQUEST, Json(told)).into_response()
            }
        },
        ("DELETE", "/_sim/faults") => {
            room.faults.clear();
            StatusCode::NO_CONTENT.into_response()
        }
        ("GET", "/_sim/requests") => Json(room.requests.all()).into_response(),
        ("DELETE", "/_sim/requests") => {
            room.requests.clear();
            StatusCode::NO_CONTENT.into_response()
        }
        ("GET", "/_sim/state") => Json((room.state)()).into_response(),
        _ => return None,
    };
    Some(answer)
}

/// One rule or a list of them.
fn read_rules(body: &Bytes) -> Result<Vec<FaultRule>, serde_json::Error> {
    if body.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice(body)
    } else {
        Ok(vec![serde_json::from_slice(body)?])
    }
}
