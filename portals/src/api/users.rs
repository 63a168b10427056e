//! Users: people who sign in.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use tenancy::UserId;
use tenancy::user::{self, User};
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;

pub fn endpoints(e: Endpoints) -> Endpoints {
    e.get(
        "/users",
        Doc::new("Lists users, newest first", "accounts.read", Some("account.manage"))
            .lists::<UserView>()
            .filter("email", "exact address"),
        list,
    )
    .get(
        "/users/{id}",
        Doc::new("Reads a user", "accounts.read", Some("account.manage")).gives::<UserView>(),
        show,
    )
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    id: String,
    email: String,
    name: String,
    locale: String,
    verified: bool,
    disabled: bool,
    created_at: String,
}

fn view(user: User) -> UserView {
    UserView {
        id: user.id.to_string(),
        email: user.email,
        name: user.name,
        locale: user.locale,
        verified: user.verified_at.is_some(),
        disabled: user.disabled_at.is_some(),
        created_at: super::instant(user.created_at),
    }
}

async fn list(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    caller.need("accounts.read", Some("account.manage"))?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = user::list(
        &mut tx,
        caller.0.account,
        query.filter("email"),
        query.limit + 1,
        query.after()?,
    )
    .await?;
    tx.commit().await?;
    Ok(body::page(
        rows.into_iter().map(view).collect(),
        query.limit,
        |view: &UserView| view.id.clone(),
    ))
}

async fn show(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Result<Json<UserView>, ApiError> {
    let id: UserId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let user = user::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    if let Some(account) = caller.0.account {
        let own = tenancy::member::of_account(&mut tx, account).await?;
        if !own.iter().any(|m| m.user_id == id) {
            return Err(ApiError::NotFound);
        }
    }
    caller.need("accounts.read", Some("account.manage"))?;
    tx.commit().await?;
    Ok(Json(view(user)))
}
