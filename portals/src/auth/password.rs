//! A forgotten password: the answer is the same whether or not the address is known.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::views::{Context, Tone};
use serde::{Deserialize, Serialize};
use tenancy::extract::Visitor;
use tenancy::user::{self, TokenUse, UserError};

use crate::app::App;
use crate::mails;
use crate::web::answer::{Html, internal};
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
    Form(fields): Form<Address>,
) -> Response {
    let send = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        if let Some(user) = user::find_by_email(&mut tx, &fields.email)
            .await?
            .filter(|user| user.disabled_at.is_none())
        {
            let token = user::issue_token(&mut tx, user.id, TokenUse::ResetPassword).await?;
            mails::people::reset(&app, &mut tx, &user, &token).await?;
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

pub async fn reset(State(app): State<App>, visitor: Visitor, asked: Asked, Query(query): Query<Token>) -> Response {
    let page = page::plain(&app, &visitor, &asked).await;
    Html::show(
        &app,
        StatusCode::OK,
        &Reset {
            token: query.token,
            error: None,
        },
        &page,
    )
}

pub async fn set(State(app): State<App>, visitor: Visitor, asked: Asked, Form(fields): Form<NewPassword>) -> Response {
    let change = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        user::reset_password(&mut tx, &fields.token, &fields.password).await?;
        tx.commit().await?;
        Ok::<_, UserError>(())
    };
    let page = page::plain(&app, &visitor, &asked).await;
    match change.await {
        Ok(()) => {
            page::flash(&visitor.session, Tone::Success, app.say(&page, "auth-reset-done", &[])).await;
            Redirect::to("/sign-in").into_response()
        }
        Err(UserError::Db(error)) => internal(error),
        Err(error) => {
            let word = if matches!(error, UserError::BadPassword) {
                "auth-error-password"
            } else {
                "auth-error-token"
            };
            Html::show(
                &app,
                StatusCode::UNPROCESSABLE_ENTITY,
                &Reset {
                    token: fields.token,
                    error: Some(word),
                },
                &page,
            )
        }
    }
}
