//! Confirming an address. The link proves the mailbox; that its reader is who chose the password is another matter:
//! it is proved by the session of the sign-up or by the password, and whoever has neither chooses a new one.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use platform::views::{Context, Tone};
use serde::{Deserialize, Serialize};
use tenancy::TenantTx;
use tenancy::extract::{Member, Visitor};
use tenancy::permission::Any;
use tenancy::sign_in::Client;
use tenancy::user::{self, TokenUse, User, UserError};

use crate::app::App;
use crate::mails;
use crate::web::answer::{Html, internal};
use crate::web::client::client;
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// Mails a fresh confirmation link, unless that address had enough of them.
pub async fn send_verification(app: &App, tx: &mut TenantTx, user: &User, client: &Client) -> Result<(), UserError> {
    Ok(mails::people::verify(app, tx, user, Some(&client.network())).await?)
}

/// `POST /account/profile/verify`: another link.
pub async fn again(State(app): State<App>, member: Member<Any>, asked: Asked, headers: HeaderMap) -> Response {
    let send = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        if member.user.verified_at.is_none() {
            send_verification(&app, &mut tx, &member.user, &client(&headers)).await?;
        }
        tx.commit().await?;
        Ok::<_, UserError>(())
    };
    if let Err(error) = send.await {
        return internal(error);
    }
    let page = page::live(&app, &member, &asked);
    let sent = app.say(&page, "auth-verify-sent", &[]);
    page::flash(&member.session, Tone::Success, sent).await;
    Redirect::to("/account/profile").into_response()
}

#[derive(Deserialize)]
pub struct Token {
    #[serde(default)]
    token: String,
}

#[derive(Serialize)]
struct Verified {
    ok: bool,
}

impl Context for Verified {
    const TEMPLATE: &'static str = "auth/verified.html";
}

#[derive(Serialize)]
struct Confirm {
    token: String,
    email: String,
    error: Option<&'static str>,
}

impl Context for Confirm {
    const TEMPLATE: &'static str = "auth/confirm.html";
}

/// What following the link comes to.
enum Followed {
    Confirmed,
    /// Somebody else follows it than who is signed in here.
    Asks(User),
}

/// `GET /verify-email?token=..`
pub async fn follow(State(app): State<App>, visitor: Visitor, asked: Asked, Query(query): Query<Token>) -> Response {
    let followed = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let user = user::peek_token(&mut tx, TokenUse::VerifyEmail, &query.token).await?;
        let own = visitor.user.as_ref().is_some_and(|own| own.id == user.id);
        if !own && user.verified_at.is_none() {
            return Ok(Followed::Asks(user));
        }
        user::verify_email(&mut tx, &query.token).await?;
        tx.commit().await?;
        Ok::<_, UserError>(Followed::Confirmed)
    };
    match followed.await {
        Ok(Followed::Confirmed) => done(&app, &visitor, &asked, true).await,
        Ok(Followed::Asks(user)) => ask(&app, &visitor, &asked, (query.token, user.email), None).await,
        Err(UserError::Db(error)) => internal(error),
        Err(_) => done(&app, &visitor, &asked, false).await,
    }
}

async fn done(app: &App, visitor: &Visitor, asked: &Asked, ok: bool) -> Response {
    let page = page::plain(app, visitor, asked).await;
    let status = if ok {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Html::show(app, status, &Verified { ok }, &page)
}

async fn ask(
    app: &App,
    visitor: &Visitor,
    asked: &Asked,
    (token, email): (String, String),
    error: Option<&'static str>,
) -> Response {
    let page = page::plain(app, visitor, asked).await;
    let status = if error.is_none() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Html::show(app, status, &Confirm { token, email, error }, &page)
}

#[derive(Deserialize)]
pub struct Proof {
    token: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    way: String,
}

/// `POST /verify-email`: by the password of the sign-up, or (`way=new`) by choosing a new one.
pub async fn confirm(State(app): State<App>, visitor: Visitor, asked: Asked, Form(proof): Form<Proof>) -> Response {
    if proof.way == "new" {
        return take_over(&app, &visitor, &asked, &proof.token).await;
    }
    let confirmed = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let email = user::peek_token(&mut tx, TokenUse::VerifyEmail, &proof.token)
            .await?
            .email;
        let right = match user::verify_with_password(&mut tx, &proof.token, &proof.password).await {
            Ok(_) => true,
            Err(UserError::WrongPassword) => false,
            Err(error) => return Err(error),
        };
        tx.commit().await?;
        Ok::<_, UserError>((email, right))
    };
    match confirmed.await {
        Ok((_, true)) => done(&app, &visitor, &asked, true).await,
        Ok((email, false)) => {
            let wrong = Some("auth-confirm-wrong");
            ask(&app, &visitor, &asked, (proof.token, email), wrong).await
        }
        Err(UserError::Db(error)) => internal(error),
        Err(_) => done(&app, &visitor, &asked, false).await,
    }
}

async fn take_over(app: &App, visitor: &Visitor, asked: &Asked, token: &str) -> Response {
    let taken = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let link = user::take_over(&mut tx, token).await?;
        tx.commit().await?;
        Ok::<_, UserError>(link)
    };
    match taken.await {
        Ok(link) => Redirect::to(&format!("/reset-password?token={link}")).into_response(),
        Err(UserError::Db(error)) => internal(error),
        Err(_) => done(app, visitor, asked, false).await,
    }
}

#[cfg(test)]
pub(super) fn sample() -> impl Context {
    Confirm {
        token: "token".into(),
        email: "sam@hall.example".into(),
        error: Some("auth-confirm-wrong"),
    }
}
