//! A forgotten password, and the first one of somebody invited. Asking for a link has one answer and takes one time,
//! whether or not the address is known: who it is is looked up by a job.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use platform::job::{self, NewJob};
use platform::views::{Context, Tone};
use serde::{Deserialize, Serialize};
use tenancy::extract::Visitor;
use tenancy::sign_in;
use tenancy::user::{self, TokenUse, UserError};

use crate::app::App;
use crate::mails::people::SendReset;
use crate::web::answer::{Html, internal};
use crate::web::client::{Keep, client, coming};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

#[derive(Serialize)]
struct Forgot {
    email: String,
    sent: bool,
}

impl Context for Forgot {
    const TEMPLATE: &'static str = "auth/forgot.html";
}

#[derive(Serialize)]
struct Reset {
    token: String,
    error: Option<&'static str>,
    /// Where it is sent: a reset or an invitation.
    action: &'static str,
    title: &'static str,
}

impl Context for Reset {
    const TEMPLATE: &'static str = "auth/reset.html";
}

#[derive(Deserialize)]
pub struct Address {
    email: String,
}

#[derive(Deserialize)]
pub struct Token {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub struct NewPassword {
    token: String,
    password: String,
}

pub async fn forgot(State(app): State<App>, visitor: Visitor, asked: Asked) -> Response {
    let page = page::plain(&app, &visitor, &asked).await;
    Html::show(
        &app,
        StatusCode::OK,
        &Forgot {
            email: String::new(),
            sent: false,
        },
        &page,
    )
}

pub async fn send_link(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Form(fields): Form<Address>,
) -> Response {
    let send = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        if let Some(email) = user::normalise_email(&fields.email) {
            let network = client(&headers).network();
            let job = NewJob::new(&SendReset { email, network });
            job::enqueue(&mut tx, &[job]).await?;
        }
        tx.commit().await
    };
    if let Err(error) = send.await {
        return internal(error);
    }
    let page = page::plain(&app, &visitor, &asked).await;
    Html::show(
        &app,
        StatusCode::OK,
        &Forgot {
            email: fields.email,
            sent: true,
        },
        &page,
    )
}

async fn draw(
    app: &App,
    visitor: &Visitor,
    asked: &Asked,
    (token_use, token): (TokenUse, String),
    error: Option<&'static str>,
) -> Response {
    let page = page::plain(app, visitor, asked).await;
    let (action, title) = match token_use {
        TokenUse::Invite => ("/accept-invite", "auth-invite-title"),
        _ => ("/reset-password", "auth-reset-title"),
    };
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let context = Reset {
        token,
        error,
        action,
        title,
    };
    Html::show(app, status, &context, &page)
}

/// `GET /reset-password?token=..`
pub async fn reset(State(app): State<App>, visitor: Visitor, asked: Asked, Query(query): Query<Token>) -> Response {
    draw(&app, &visitor, &asked, (TokenUse::ResetPassword, query.token), None).await
}

/// `GET /accept-invite?token=..`
pub async fn welcome(State(app): State<App>, visitor: Visitor, asked: Asked, Query(query): Query<Token>) -> Response {
    draw(&app, &visitor, &asked, (TokenUse::Invite, query.token), None).await
}

/// `POST /reset-password`
pub async fn set(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Form(fields): Form<NewPassword>,
) -> Response {
    choose((&app, &visitor, &asked), &headers, TokenUse::ResetPassword, fields).await
}

/// `POST /accept-invite`
pub async fn accept(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Form(fields): Form<NewPassword>,
) -> Response {
    choose((&app, &visitor, &asked), &headers, TokenUse::Invite, fields).await
}

async fn choose(
    (app, visitor, asked): (&App, &Visitor, &Asked),
    headers: &HeaderMap,
    token_use: TokenUse,
    fields: NewPassword,
) -> Response {
    let client = coming(app, headers);
    let change = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let user = match token_use {
            TokenUse::Invite => user::accept_invitation(&mut tx, &fields.token, &fields.password).await?,
            _ => user::reset_password(&mut tx, &fields.token, &fields.password).await?,
        };
        sign_in::remember(&mut tx, &user, &client).await?;
        tx.commit().await?;
        Ok::<_, UserError>(())
    };
    match change.await {
        Ok(()) => {
            let page = page::plain(app, visitor, asked).await;
            page::flash(&visitor.session, Tone::Success, app.say(&page, "auth-reset-done", &[])).await;
            Keep::on(Redirect::to("/sign-in").into_response(), &client)
        }
        Err(UserError::Db(error)) => internal(error),
        Err(error) => {
            let word = match (error, token_use) {
                (UserError::BadPassword, _) => "auth-error-password",
                (_, TokenUse::Invite) => "auth-error-invite",
                _ => "auth-error-token",
            };
            draw(app, visitor, asked, (token_use, fields.token), Some(word)).await
        }
    }
}

#[cfg(test)]
pub(super) fn sample() -> impl Context {
    Reset {
        token: "token".into(),
        error: Some("auth-error-invite"),
        action: "/accept-invite",
        title: "auth-invite-title",
    }
}
