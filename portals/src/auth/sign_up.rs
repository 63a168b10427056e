//! Signing up.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use platform::views::Context;
use serde::{Deserialize, Serialize};
use tenancy::account::{self, NewAccount};
use tenancy::extract::Visitor;
use tenancy::session;
use tenancy::user::{self, NewUser, User, UserError};

use super::{safe_next, send_verification};
use crate::app::App;
use crate::web::answer::{Html, internal};
use crate::web::client::client;
use crate::web::countries::{Country, countries};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct Fields {
    name: String,
    email: String,
    #[serde(default)]
    country: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Serialize, Default)]
struct Errors {
    name: Option<String>,
    email: Option<String>,
    country: Option<String>,
    password: Option<String>,
}

#[derive(Serialize)]
struct SignUp {
    next: String,
    name: String,
    email: String,
    country: String,
    countries: Vec<Country>,
    errors: Errors,
    error: Option<&'static str>,
}

impl Context for SignUp {
    const TEMPLATE: &'static str = "auth/sign_up.html";
}

pub async fn show(State(app): State<App>, visitor: Visitor, asked: Asked, Query(query): Query<Wish>) -> Response {
    let next = safe_next(&query.next).to_owned();
    if visitor.user.is_some() {
        return Redirect::to(&next).into_response();
    }
    let page = page::plain(&app, &visitor, &asked).await;
    let country = visitor.scope.tenant().settings.country.clone();
    let context = SignUp {
        next,
        name: String::new(),
        email: String::new(),
        country,
        countries: countries(page.locale.language()),
        errors: Errors::default(),
        error: None,
    };
    Html::show(&app, StatusCode::OK, &context, &page)
}

pub async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let page = page::plain(&app, &visitor, &asked).await;
    let say = |key: &str| Some(app.say(&page, key, &[]));
    let mut errors = Errors::default();
    if user::check_name(&fields.name).is_err() {
        errors.name = say("auth-error-name");
    }
    if user::normalise_email(&fields.email).is_none() {
        errors.email = say("auth-error-email");
    }
    if fields.country.len() != 2 {
        errors.country = say("auth-error-country");
    }
    if user::check_password(&fields.password).is_err() {
        errors.password = say("auth-error-password");
    }
    let wrong =
        errors.name.is_some() || errors.email.is_some() || errors.country.is_some() || errors.password.is_some();
    let mut error = None;
    if !wrong {
        match create(&app, &visitor, &headers, (&fields, page.locale.language())).await {
            Ok(user) => return enter(&app, &visitor, &user, &fields.next).await,
            Err(UserError::Db(error)) => return internal(error),
            Err(_) => error = Some("auth-error-taken"),
        }
    }
    let context = SignUp {
        next: safe_next(&fields.next).to_owned(),
        name: fields.name,
        email: fields.email,
        country: fields.country,
        countries: countries(page.locale.language()),
        errors,
        error,
    };
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &page)
}

async fn create(
    app: &App,
    visitor: &Visitor,
    headers: &HeaderMap,
    (fields, language): (&Fields, &str),
) -> Result<User, UserError> {
    let password = user::hash_password(visitor.scope.tenant().id, &fields.password).await?;
    let mut tx = app.tenancy().begin(&visitor.scope).await?;
    let new = NewUser {
        email: fields.email.clone(),
        name: fields.name.clone(),
        password: None,
        locale: Some(language.to_owned()),
    };
    let user = user::create_with(&mut tx, &new, Some(password)).await?;
    let account = NewAccount {
        name: fields.name.clone(),
        email: fields.email.clone(),
        country: fields.country.to_ascii_uppercase(),
        locale: Some(language.to_owned()),
        owner: Some(user.id),
        ..NewAccount::default()
    };
    account::create(&mut tx, &account).await.map_err(|error| match error {
        account::AccountError::Db(error) => UserError::Db(error),
        account::AccountError::User(error) => error,
        account::AccountError::Fields(_) | account::AccountError::Unknown => UserError::BadName,
    })?;
    send_verification(app, &mut tx, &user, &client(headers)).await?;
    tx.commit().await?;
    Ok(user)
}

async fn enter(app: &App, visitor: &Visitor, user: &User, next: &str) -> Response {
    if let Err(error) = session::sign_in(&visitor.session, user, app.tenancy().now()).await {
        return internal(error);
    }
    Redirect::to(safe_next(next)).into_response()
}
