//! Signing in and out.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::views::Context;
use serde::{Deserialize, Serialize};
use tenancy::extract::Visitor;
use tenancy::sign_in::SignInError;
use tenancy::{session, sign_in};

use super::safe_next;
use crate::app::App;
use crate::web::answer::{Html, internal};
use crate::web::client::{Keep, coming};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct Fields {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Serialize)]
struct SignIn {
    next: String,
    email: String,
    error: Option<&'static str>,
}

impl Context for SignIn {
    const TEMPLATE: &'static str = "auth/sign_in.html";
}

pub async fn show(State(app): State<App>, visitor: Visitor, asked: Asked, Query(query): Query<Next>) -> Response {
    let next = safe_next(&query.next).to_owned();
    if visitor.user.is_some() {
        return Redirect::to(&next).into_response();
    }
    let page = page::plain(&app, &visitor, &asked).await;
    Html::show(
        &app,
        StatusCode::OK,
        &SignIn {
            next,
            email: String::new(),
            error: None,
        },
        &page,
    )
}

pub async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let next = safe_next(&fields.next).to_owned();
    let client = coming(&app, &headers);
    match sign_in::sign_in(app.tenancy(), &visitor.scope, &fields.email, &fields.password, &client).await {
        Ok(user) => {
            if let Err(error) = session::sign_in(&visitor.session, &user, app.tenancy().now()).await {
                return internal(error);
            }
            let path = if next == "/" { landing(&visitor) } else { &next };
            Keep::on(Redirect::to(path).into_response(), &client)
        }
        Err(SignInError::Db(error)) => internal(error),
        Err(error) => {
            let throttled = matches!(error, SignInError::Throttled);
            let word = if throttled {
                "auth-error-throttled"
            } else {
                "auth-error-wrong"
            };
            let status = if throttled {
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            let page = page::plain(&app, &visitor, &asked).await;
            Html::show(
                &app,
                status,
                &SignIn {
                    next,
                    email: fields.email,
                    error: Some(word),
                },
                &page,
            )
        }
    }
}

/// Where a sign-in without a wish leads.
fn landing(visitor: &Visitor) -> &'static str {
    match visitor.route.portal {
        tenancy::Portal::Admin => "/admin",
        tenancy::Portal::Account => "/account",
        tenancy::Portal::All | tenancy::Portal::Site | tenancy::Portal::Status => "/",
    }
}

pub async fn sign_out(visitor: Visitor) -> Response {
    match session::sign_out(&visitor.session).await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => internal(error),
    }
}
