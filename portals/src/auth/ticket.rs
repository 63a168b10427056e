//! From one host of a tenant to another: a single-use 60-second ticket carries the sign-in. It works on the host it
//! was made for, in the browser that asked there: that browser's session holds a secret whose hash went into the
//! ticket, so nobody can send somebody else a ticket of their own.
//!
//! `/go/..` here -> `/enter?from=` there, which makes the secret -> `/go/..?proof=` here, which makes the ticket ->
//! `/enter?ticket=` there.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::secret::sha256;
use platform::views::Context;
use serde::{Deserialize, Serialize};
use tenancy::extract::Visitor;
use tenancy::user::{self, User, UserError};
use tenancy::{Portal, UserId, session};

use super::safe_next;
use crate::app::App;
use crate::web::answer::{Html, internal};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// The secret of a browser that is on its way here.
const SECRET: &str = "enter_secret";
/// Who may come in here once the browser's owner has said so.
const WAITING: &str = "enter_waiting";
/// Seconds for saying so.
const PATIENCE: i64 = 300;

#[derive(Deserialize)]
pub struct Hop {
    #[serde(default)]
    proof: String,
}

/// `GET /go/account/services`: to that path on the host of its portal.
pub async fn go(
    State(app): State<App>,
    visitor: Visitor,
    Path(path): Path<String>,
    Query(hop): Query<Hop>,
) -> Response {
    pass(&app, &visitor, &path, &hop).await
}

/// `GET /go/`: to the shop.
pub async fn go_home(State(app): State<App>, visitor: Visitor, Query(hop): Query<Hop>) -> Response {
    pass(&app, &visitor, "", &hop).await
}

async fn pass(app: &App, visitor: &Visitor, path: &str, hop: &Hop) -> Response {
    let portal = match path.split('/').next() {
        Some("account") => Portal::Account,
        Some("admin") => Portal::Admin,
        Some("status") => Portal::Status,
        _ => Portal::Site,
    };
    let target = app.host_for(visitor.scope.tenant(), portal);
    let path = format!("/{path}");
    let path = safe_next(&path);
    if *target == *visitor.route.hostname {
        return Redirect::to(path).into_response();
    }
    let origin = app.tenancy().origin(&target);
    let Some(user) = &visitor.user else {
        return Redirect::to(&format!("{origin}{path}")).into_response();
    };
    if !is_proof(&hop.proof) {
        let from = &*visitor.route.hostname;
        return Redirect::to(&format!("{origin}/enter?{}", query(&[("from", from), ("next", path)]))).into_response();
    }
    let ticket = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let ticket = user::issue_ticket(&mut tx, user.id, &target, &hop.proof).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(ticket)
    };
    match ticket.await {
        Ok(ticket) => Redirect::to(&format!(
            "{origin}/enter?{}",
            query(&[("ticket", &ticket), ("next", path)])
        ))
        .into_response(),
        Err(error) => internal(error),
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn is_proof(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    next: String,
}

/// `GET /enter?from=..&next=..` and `GET /enter?ticket=..&next=..`
pub async fn enter(State(app): State<App>, visitor: Visitor, asked: Asked, Query(arrival): Query<Arrival>) -> Response {
    let next = safe_next(&arrival.next);
    if arrival.ticket.is_empty() {
        return fetch(&app, &visitor, &arrival.from, next).await;
    }
    let secret: Option<String> = visitor.session.remove(SECRET).await.ok().flatten();
    let host = &*visitor.route.hostname;
    let spend = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let found = user::spend_ticket(&mut tx, &arrival.ticket, host, &secret.unwrap_or_default()).await;
        // One that was shown in the wrong place is used up as well.
        tx.commit().await?;
        found
    };
    match spend.await {
        Ok(user) if user.disabled_at.is_some() => Redirect::to(next).into_response(),
        Ok(user) => match &visitor.user {
            None => come_in(&app, &visitor, &user, next).await,
            Some(here) if here.id == user.id => Redirect::to(next).into_response(),
            Some(here) => ask(&app, &visitor, &asked, (here, &user), next).await,
        },
        Err(UserError::Db(error)) => internal(error),
        // Used, late, or another's: the page itself asks for a sign-in.
        Err(_) => Redirect::to(next).into_response(),
    }
}

/// Sends the browser back to the tenant's host that it came from, with the hash of its new secret.
async fn fetch(app: &App, visitor: &Visitor, from: &str, next: &str) -> Response {
    let directory = app.tenancy().directory();
    let known = directory
        .host(from)
        .filter(|route| route.tenant.id == visitor.scope.tenant().id && route.hostname != visitor.route.hostname);
    let Some(from) = known else {
        return Redirect::to(next).into_response();
    };
    let secret = app.tenancy().random().token(32);
    let proof = hex::encode(sha256(secret.as_bytes()));
    if let Err(error) = visitor.session.insert(SECRET, secret).await {
        return internal(error);
    }
    let origin = app.tenancy().origin(&from.hostname);
    Redirect::to(&format!(
        "{origin}/go{next}{}{}",
        joint(next),
        query(&[("proof", &proof)])
    ))
    .into_response()
}

fn joint(path: &str) -> char {
    if path.contains('?') { '&' } else { '?' }
}

async fn come_in(app: &App, visitor: &Visitor, user: &User, next: &str) -> Response {
    match session::sign_in(&visitor.session, user, app.tenancy().now()).await {
        Ok(()) => Redirect::to(next).into_response(),
        Err(error) => internal(error),
    }
}

/// Somebody who may come in once it was said.
#[derive(Serialize, Deserialize)]
struct Waiting {
    user: UserId,
    epoch: i32,
    until: i64,
}

#[derive(Serialize)]
struct Switch {
    here: String,
    there: String,
    next: String,
}

impl Context for Switch {
    const TEMPLATE: &'static str = "auth/switch.html";
}

/// Nobody becomes somebody else by following a link.
async fn ask(app: &App, visitor: &Visitor, asked: &Asked, (here, there): (&User, &User), next: &str) -> Response {
    let waiting = Waiting {
        user: there.id,
        epoch: there.session_epoch,
        until: app.tenancy().now().timestamp() + PATIENCE,
    };
    if let Err(error) = visitor.session.insert(WAITING, waiting).await {
        return internal(error);
    }
    let page = page::plain(app, visitor, asked).await;
    let context = Switch {
        here: here.email.clone(),
        there: there.email.clone(),
        next: next.to_owned(),
    };
    Html::show(app, StatusCode::OK, &context, &page)
}

#[derive(Deserialize)]
pub struct Said {
    #[serde(default)]
    next: String,
}

/// `POST /enter`: go on as the other one.
pub async fn go_on(State(app): State<App>, visitor: Visitor, Form(said): Form<Said>) -> Response {
    let next = safe_next(&said.next);
    let waiting: Option<Waiting> = visitor.session.remove(WAITING).await.ok().flatten();
    let Some(waiting) = waiting.filter(|waiting| app.tenancy().now().timestamp() <= waiting.until) else {
        return Redirect::to(next).into_response();
    };
    let found = async {
        let mut tx = app.tenancy().begin_read(&visitor.scope).await?;
        let user = user::find(&mut tx, waiting.user).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(user)
    };
    match found.await {
        Ok(Some(user)) if user.session_epoch == waiting.epoch && user.disabled_at.is_none() => {
            come_in(&app, &visitor, &user, next).await
        }
        Ok(_) => Redirect::to(next).into_response(),
        Err(error) => internal(error),
    }
}

#[cfg(test)]
pub(super) fn sample() -> impl Context {
    Switch {
        here: "sam@hall.example".into(),
        there: "simon.hall@hall-and-sons.example".into(),
        next: "/account".into(),
    }
}
