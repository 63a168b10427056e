//! API tokens: one's own, and everybody's for who settles such things. Only a token without limits makes or changes tokens;
//! any token may end itself.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::allowance;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use platform::money::Money;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::token::change::{self, Holder};
use tenancy::token::list::{self, Filter, Row};
use tenancy::token::{self, Limits, NewToken, TokenError};
use tenancy::{AccountId, TenantTx, TokenId};
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use super::refunds::{MoneyInput, request_key};
use crate::app::App;

type Created<T> = Result<(StatusCode, Json<T>), ApiError>;

pub fn endpoints(e: Endpoints) -> Endpoints {
    // Everybody has their own tokens; those of others need a right, said at each.
    let doc = |summary| Doc::new(summary, "", Some(""));
    e.get(
        "/tokens",
        doc("Lists API tokens, newest first: one's own; those of all with settings.read, or account.manage for a team's")
            .lists::<TokenView>()
            .filter("account", "account id: tokens of its members"),
        tokens,
    )
    .get(
        "/tokens/{id}",
        doc("Reads an API token; its text is never shown again").gives::<TokenView>(),
        token_by_id,
    )
    .post(
        "/tokens",
        doc("Makes an API token for the same user and shows its text once; needs a token without limits. The same Idempotency-Key makes no second one, and does not show the text again (409)")
            .takes::<TokenInput>()
            .gives::<TokenView>()
            .status(201),
        make,
    )
    .patch(
        "/tokens/{id}",
        doc("Changes name, scopes, networks, end or spending limit of an API token: one's own, any with settings.write, or account.manage for a team's; needs a token without limits")
            .takes::<TokenPatch>()
            .gives::<TokenView>(),
        update,
    )
    .delete(
        "/tokens/{id}",
        doc("Revokes an API token: one's own, itself too; any with settings.write, or account.manage for a team's").status(204),
        revoke,
    )
}

/// What a token may spend in a calendar month.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitView {
    amount: String,
    currency: String,
    /// Always month: from its first day, in the tenant's billing zone.
    period: &'static str,
}

/// An API token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    id: String,
    name: String,
    /// Whose.
    user: String,
    /// A member's account; null: a staff token.
    account: Option<String>,
    /// active, expired or revoked
    status: &'static str,
    /// Null: all that the user may do.
    scopes: Option<Vec<String>>,
    /// Addresses and networks it may come from; empty: any.
    ip_list: Vec<String>,
    expires_at: Option<String>,
    /// Null: no limit.
    spending_limit: Option<LimitView>,
    /// What counts towards the limit in this month.
    #[schema(value_type = Option<Object>)]
    spent: Option<Money>,
    last_used_at: Option<String>,
    last_used_ip: Option<String>,
    revoked_at: Option<String>,
    created_at: String,
    /// The token itself: answered where it is made, this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

async fn view(tx: &mut TenantTx, now: DateTime<Utc>, row: Row) -> Result<TokenView, ApiError> {
    let limit = row.spending_limit(tx.tenant())?;
    let spent = match limit {
        Some(limit) => Some(allowance::spent(tx, row.id, limit.currency).await?),
        None => None,
    };
    Ok(TokenView {
        status: row.status(now),
        id: row.id.to_string(),
        name: row.name,
        user: row.user_id.to_string(),
        account: row.account_id.map(|id| id.to_string()),
        scopes: row.scopes,
        ip_list: row.ip_list,
        expires_at: row.expires_at.map(super::instant),
        spending_limit: limit.map(|limit| LimitView {
            amount: limit.to_decimal_string(),
            currency: limit.currency.code().to_owned(),
            period: "month",
        }),
        spent,
        last_used_at: row.last_used_at.map(super::instant),
        last_used_ip: row.last_used_ip,
        revoked_at: row.revoked_at.map(super::instant),
        created_at: super::instant(row.created_at),
        token: None,
    })
}

fn holder(caller: &ApiCaller) -> Holder {
    Holder {
        user: caller.0.user,
        account: caller.0.account,
        rights: caller.0.rights().clone(),
    }
}

fn refused(error: TokenError) -> ApiError {
    match error {
        TokenError::Db(error) => error.into(),
        TokenError::Unknown => ApiError::NotFound,
        TokenError::Made(_) => ApiError::Conflict("token_made", error.to_string()),
        TokenError::Revoked => ApiError::Conflict("token_revoked", error.to_string()),
        TokenError::UnknownScope(_) | TokenError::NotYours(_) => ApiError::field("scopes", error),
        TokenError::BadName => ApiError::field("name", error),
        TokenError::BadNetwork(_) | TokenError::ManyNetworks => ApiError::field("ip_list", error),
        TokenError::PastExpiry => ApiError::field("expires_at", error),
        TokenError::BadLimit => ApiError::field("spending_limit", error),
        TokenError::TooMany => ApiError::Conflict("too_many_tokens", error.to_string()),
        TokenError::NoRights => ApiError::Conflict("no_rights", error.to_string()),
    }
}

async fn tokens(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    let by = holder(&caller);
    let wanted: Option<AccountId> = query.id("account")?;
    let filter = Filter {
        user: (!by.sees_all()).then_some(by.user),
        account: by.account.or(wanted),
        staff: by.account.is_none() && !by.sees_all(),
        standing: false,
    };
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = list::list(&mut tx, &filter, query.limit + 1, query.after()?).await?;
    let now = app.tenancy().now();
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        views.push(view(&mut tx, now, row).await?);
    }
    tx.commit().await?;
    Ok(body::page(views, query.limit, |view: &TokenView| view.id.clone()))
}

async fn find(tx: &mut TenantTx, by: &Holder, id: &str) -> Result<Row, ApiError> {
    let id: TokenId = id.parse().map_err(|_| ApiError::NotFound)?;
    let row = list::find(tx, id).await?;
    row.filter(|row| by.sees(row)).ok_or(ApiError::NotFound)
}

fn may_change(by: &Holder, row: &Row) -> Result<(), ApiError> {
    match (by.may_change(row), by.account) {
        (true, _) => Ok(()),
        (false, Some(_)) => Err(ApiError::Scope("account.manage")),
        (false, None) => Err(ApiError::Scope("settings.write")),
    }
}

async fn token_by_id(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<TokenView>, ApiError> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = find(&mut tx, &holder(&caller), &id).await?;
    let view = view(&mut tx, app.tenancy().now(), row).await?;
    tx.commit().await?;
    Ok(Json(view))
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenInput {
    name: String,
    /// None: all that the user may do.
    scopes: Option<Vec<String>>,
    /// Addresses and networks it may come from; none: any.
    #[serde(default)]
    ip_list: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    /// Most it may spend in a calendar month.
    spending_limit: Option<MoneyInput>,
}

fn money(input: Option<MoneyInput>) -> Result<Option<Money>, ApiError> {
    input.map(|money| money.read("spending_limit")).transpose()
}

async fn make(State(app): State<App>, caller: ApiCaller, headers: HeaderMap, bytes: Bytes) -> Created<TokenView> {
    if !caller.0.is_whole() {
        return Err(ApiError::Narrow);
    }
    let input: TokenInput = body::read(&bytes)?;
    if input.name.trim().is_empty() {
        return Err(refused(TokenError::BadName));
    }
    let by = holder(&caller);
    by.covers(None, input.scopes.as_deref()).map_err(refused)?;
    let new = NewToken {
        name: input.name,
        account: by.account,
        scopes: input.scopes,
        ip_list: input.ip_list,
        expires_at: input.expires_at,
        spending_limit: money(input.spending_limit)?,
        key: request_key(&caller, &headers),
    };
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let (id, token) = token::create(&mut tx, by.user, &new).await.map_err(refused)?;
    let row = list::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    let view = TokenView {
        token: Some(token),
        ..view(&mut tx, app.tenancy().now(), row).await?
    };
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// What to change; what is not named stays, null takes a limit away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenPatch {
    name: Option<String>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<Vec<String>>)]
    scopes: Option<Option<Vec<String>>>,
    ip_list: Option<Vec<String>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    expires_at: Option<Option<DateTime<Utc>>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<MoneyInput>)]
    spending_limit: Option<Option<MoneyInput>>,
}

/// A field that is there, with null or with a value.
fn named<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(input).map(Some)
}

async fn update(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<TokenView>, ApiError> {
    let by = holder(&caller);
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let row = find(&mut tx, &by, &id).await?;
    if !caller.0.is_whole() {
        return Err(ApiError::Narrow);
    }
    may_change(&by, &row)?;
    let input: TokenPatch = body::read(&bytes)?;
    let limit = match input.spending_limit {
        Some(limit) => money(limit)?,
        None => row.spending_limit(tx.tenant())?,
    };
    let limits = Limits {
        name: input.name.unwrap_or(row.name),
        scopes: input.scopes.unwrap_or(row.scopes),
        ip_list: input.ip_list.unwrap_or(row.ip_list),
        expires_at: input.expires_at.unwrap_or(row.expires_at),
        spending_limit: limit,
    };
    change::restrict(&mut tx, &by, row.id, limits).await.map_err(refused)?;
    let row = list::find(&mut tx, row.id).await?.ok_or(ApiError::NotFound)?;
    let view = view(&mut tx, app.tenancy().now(), row).await?;
    tx.commit().await?;
    Ok(Json(view))
}

async fn revoke(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let by = holder(&caller);
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let row = find(&mut tx, &by, &id).await?;
    // A token that is narrowed ends itself, and no other.
    if !caller.0.is_whole() && caller.scope().token() != Some(row.id) {
        return Err(ApiError::Narrow);
    }
    may_change(&by, &row)?;
    change::revoke(&mut tx, &by, row.id).await.map_err(refused)?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
