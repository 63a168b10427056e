//! From one host of a tenant to another: a single-use 60-second ticket carries the sign-in.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tenancy::extract::Visitor;
use tenancy::user::{self, TokenUse, UserError};
use tenancy::{Portal, session};

use super::safe_next;
use crate::app::App;
use crate::web::answer::internal;

/// `GET /go/account/services`: to that path on the host of its portal.
pub async fn go(State(app): State<App>, visitor: Visitor, Path(path): Path<String>) -> Response {
    let portal = match path.split('/').next() {
        Some("account") => Portal::Account,
        Some("admin") => Portal::Admin,
        Some("status") => Portal::Status,
        _ => Portal::Site,
    };
    let tenant = visitor.scope.tenant();
    let target = app.host_for(tenant, portal);
    let path = format!("/{path}");
    if *target == *visitor.route.hostname {
        return Redirect::to(safe_next(&path)).into_response();
    }
    let origin = app.tenancy().origin(&target);
    let Some(user) = &visitor.user else {
        return Redirect::to(&format!("{origin}{}", safe_next(&path))).into_response();
    };
    let ticket = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let ticket = user::issue_token(&mut tx, user.id, TokenUse::Ticket).await?;
        tx.commit().await?;
        Ok::<_, platform::db::DbError>(ticket)
    };
    match ticket.await {
        Ok(ticket) => {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("ticket", &ticket)
                .append_pair("next", &path)
                .finish();
            Redirect::to(&format!("{origin}/enter?{query}")).into_response()
        }
        Err(error) => internal(error),
    }
}

#[derive(Deserialize)]
pub struct Ticket {
    ticket: String,
    #[serde(default)]
    next: String,
}

/// `GET /enter?ticket=..&next=..`: spends the ticket on this host.
pub async fn enter(State(app): State<App>, visitor: Visitor, Query(query): Query<Ticket>) -> Response {
    let next = safe_next(&query.next);
    let spend = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let user = user::spend_token(&mut tx, TokenUse::Ticket, &query.ticket).await?;
        tx.commit().await?;
        Ok::<_, UserError>(user)
    };
    match spend.await {
        Ok(user) if user.disabled_at.is_none() => {
            match session::sign_in(&visitor.session, &user, app.tenancy().now()).await {
                Ok(()) => Redirect::to(next).into_response(),
                Err(error) => internal(error),
            }
        }
        Err(UserError::Db(error)) => internal(error),
        // Used or late: the page itself asks for a sign-in.
        _ => Redirect::to(next).into_response(),
    }
}
