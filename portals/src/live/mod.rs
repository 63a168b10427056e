//! Live pages: one stream of server-sent events per page, for all its topics.
//!
//! A stream waits in the [`hub::Hub`] for news of its account, draws its topics anew at most twice a second, and sends
//! what differs from what was sent before. Every time it looks again whether the session still lasts and the member may
//! still see it. A slow poll catches what news may miss; no stream holds a database connection while it waits.

pub mod hub;
mod stream;
pub mod topic;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use std::time::Duration;
use tenancy::extract::{Member, Rejection};
use tenancy::permission::Any;

use crate::app::App;
use crate::web::answer::{internal, mark, not_found};
use crate::web::page::Asked;
use hub::Full;
use stream::{Drawn, Viewer};
use topic::Topic;

/// Comments that keep proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new().route("/events", get(open))
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    topics: String,
}

/// `GET /events?topics=ord:ord_..`
async fn open(
    State(app): State<App>,
    member: Result<Member<Any>, Rejection>,
    asked: Asked,
    Query(wish): Query<Wish>,
) -> Response {
    let member = match member {
        Ok(member) => member,
        // A script follows redirects and would draw the sign-in page into this one.
        Err(Rejection::SignIn { .. }) => return mark(StatusCode::UNAUTHORIZED, "forbidden"),
        Err(other) => return other.into_response(),
    };
    let Some(topics) = Topic::list(&wish.topics) else {
        return not_found();
    };
    if !topics.iter().all(|topic| topic.is_allowed(&member.rights)) {
        return mark(StatusCode::FORBIDDEN, "forbidden");
    }
    let Some(session) = member.session.id() else {
        return mark(StatusCode::UNAUTHORIZED, "forbidden");
    };
    let address = (member.scope.tenant().schema.clone(), member.account);
    let seat = match app.live().sit(&session.to_string(), address) {
        Ok(seat) => seat,
        Err(Full::Session | Full::Account | Full::Tenant) => return mark(StatusCode::TOO_MANY_REQUESTS, "too_many"),
        Err(Full::Process) => return mark(StatusCode::SERVICE_UNAVAILABLE, "broken"),
    };
    let viewer = Viewer {
        app,
        member,
        asked,
        session,
        topics,
    };
    // Drawn once before the answer begins: what is not this account's is a 404, not an empty stream.
    let first = match viewer.draw().await {
        Ok(Drawn::Parts(parts)) => parts,
        Ok(Drawn::NotFound) => return not_found(),
        Ok(Drawn::Over) => return mark(StatusCode::UNAUTHORIZED, "forbidden"),
        Err(error) => return internal(error),
    };
    let events = stream::events(viewer, seat, first);
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    response
        .headers_mut()
        .insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
