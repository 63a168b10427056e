//! Users: people who sign in.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::user::{self, User, UserError};
use tenancy::{TenantTx, UserId};
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
    .patch(
        "/users/{id}",
        Doc::new(
            "Changes a user's name and language",
            "accounts.write",
            Some("account.manage"),
        )
        .takes::<UserPatch>()
        .gives::<UserView>(),
        update,
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

/// Fields to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    name: Option<String>,
    /// A language like `en`.
    locale: Option<String>,
}

/// The user of an id, if this caller may see it.
async fn find(tx: &mut TenantTx, caller: &ApiCaller, id: &str) -> Result<User, ApiError> {
    let id: UserId = id.parse().map_err(|_| ApiError::NotFound)?;
    let user = user::find(tx, id).await?.ok_or(ApiError::NotFound)?;
    if let Some(account) = caller.0.account {
        let own = tenancy::member::of_account(tx, account).await?;
        if !own.iter().any(|m| m.user_id == id) {
            return Err(ApiError::NotFound);
        }
    }
    Ok(user)
}

async fn show(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Result<Json<UserView>, ApiError> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let user = find(&mut tx, &caller, &id).await?;
    caller.need("accounts.read", Some("account.manage"))?;
    tx.commit().await?;
    Ok(Json(view(user)))
}

async fn update(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<UserView>, ApiError> {
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let old = find(&mut tx, &caller, &id).await?;
    caller.need("accounts.write", Some("account.manage"))?;
    let patch: UserPatch = body::read(&bytes)?;
    // A member's user may belong to other accounts too: only their own team's names are theirs to change.
    if caller.0.account.is_some() && tenancy::member::of_user(&mut tx, old.id).await?.len() > 1 {
        return Err(ApiError::Conflict(
            "shared_user",
            "This user belongs to other accounts too.".into(),
        ));
    }
    // A name is what the audit log calls somebody: that of staff is for who settles who works here.
    let is_other_staff = old.id != caller.0.user && tenancy::staff::rights(&mut tx, old.id).await?.is_some();
    if is_other_staff {
        caller.need("settings.write", None)?;
    }
    let name = patch.name.unwrap_or(old.name);
    let locale = patch.locale.unwrap_or(old.locale);
    if !["en", "de"].contains(&locale.as_str()) {
        return Err(ApiError::field("locale", "Use en or de."));
    }
    user::update(&mut tx, old.id, &name, &locale, old.timezone.as_deref())
        .await
        .map_err(|error| match error {
            UserError::Db(error) => error.into(),
            other => ApiError::field("name", other),
        })?;
    tenancy::audit::record(
        &mut tx,
        "user.updated",
        old.id,
        serde_json::json!({ "name": name, "locale": locale }),
    )
    .await?;
    let shown = user::find(&mut tx, old.id).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(Json(view(shown)))
}
