//! Accounts: the billed parties.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::StatusCode;
use platform::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::account::{self, Account, AccountError, AccountFilter, NewAccount};
use tenancy::{AccountId, TenantTx, UserId, member};
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let read = |summary| Doc::new(summary, "accounts.read", Some("billing.read"));
    e.get(
        "/accounts",
        read("Lists accounts, newest first")
            .lists::<AccountView>()
            .filter("email", "exact address")
            .filter("status", "active or closed")
            .filter("country", "ISO country")
            .filter("q", "part of name, company or address"),
        list,
    )
    .get("/accounts/{id}", read("Reads an account").gives::<AccountView>(), show)
    .post(
        "/accounts",
        Doc::new("Creates an account and its owner", "accounts.write", None)
            .takes::<AccountInput>()
            .gives::<AccountView>()
            .status(201),
        create,
    )
    .patch(
        "/accounts/{id}",
        Doc::new("Changes an account's details", "accounts.write", Some("account.manage"))
            .takes::<AccountPatch>()
            .gives::<AccountView>(),
        update,
    )
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    id: String,
    number: i64,
    name: String,
    company: Option<String>,
    email: String,
    phone: Option<String>,
    address1: Option<String>,
    address2: Option<String>,
    city: Option<String>,
    region: Option<String>,
    postcode: Option<String>,
    country: String,
    vat_id: Option<String>,
    currency: String,
    locale: String,
    status: String,
    auto_pay: bool,
    #[schema(value_type = crate::api::endpoints::MoneyDoc)]
    credit: Money,
    owner: Option<String>,
    created_at: String,
}

/// An account to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read through NewAccount; here for the document")]
pub struct AccountInput {
    name: String,
    company: Option<String>,
    email: String,
    phone: Option<String>,
    address1: Option<String>,
    address2: Option<String>,
    city: Option<String>,
    region: Option<String>,
    postcode: Option<String>,
    country: String,
    vat_id: Option<String>,
    currency: Option<String>,
    locale: Option<String>,
}

/// Fields to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatch {
    name: Option<String>,
    company: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    address1: Option<String>,
    address2: Option<String>,
    city: Option<String>,
    region: Option<String>,
    postcode: Option<String>,
    country: Option<String>,
    vat_id: Option<String>,
    locale: Option<String>,
}

fn view(account: Account, owner: Option<UserId>) -> Result<AccountView, ApiError> {
    let currency = Currency::parse(&account.currency).map_err(|e| ApiError::Internal(e.to_string()))?;
    Ok(AccountView {
        id: account.id.to_string(),
        number: account.number,
        name: account.name,
        company: account.company,
        email: account.email,
        phone: account.phone,
        address1: account.address1,
        address2: account.address2,
        city: account.city,
        region: account.region,
        postcode: account.postcode,
        country: account.country,
        vat_id: account.vat_id,
        currency: account.currency,
        locale: account.locale,
        status: account.status,
        auto_pay: account.auto_pay,
        credit: Money::new(account.credit_minor, currency).map_err(|e| ApiError::Internal(e.to_string()))?,
        owner: owner.map(|id| id.to_string()),
        created_at: super::instant(account.created_at),
    })
}

/// The account of an id, if this caller may see it.
pub async fn find(tx: &mut TenantTx, caller: &ApiCaller, id: &str) -> Result<Account, ApiError> {
    let id: AccountId = id.parse().map_err(|_| ApiError::NotFound)?;
    if !caller.0.sees(id) {
        return Err(ApiError::NotFound);
    }
    account::find(tx, id).await?.ok_or(ApiError::NotFound)
}

async fn list(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    caller.need("accounts.read", Some("billing.read"))?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = match caller.0.account {
        Some(own) => account::find(&mut tx, own).await?.into_iter().collect(),
        None => {
            let text = |name: &str| query.filter(name).map(str::to_owned);
            let filter = AccountFilter {
                search: text("q"),
                status: text("status"),
                country: text("country"),
                email: text("email"),
            };
            account::list(&mut tx, &filter, query.limit + 1, query.after()?).await?
        }
    };
    let ids: Vec<AccountId> = rows.iter().map(|row| row.id).collect();
    let owners = member::owners(&mut tx, &ids).await?;
    let views = rows
        .into_iter()
        .map(|row| {
            let owner = owners.get(&row.id).copied();
            view(row, owner)
        })
        .collect::<Result<Vec<_>, _>>()?;
    tx.commit().await?;
    Ok(body::page(views, query.limit, |view| view.id.clone()))
}

async fn show(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<AccountView>, ApiError> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let account = find(&mut tx, &caller, &id).await?;
    caller.need("accounts.read", Some("billing.read"))?;
    let owner = member::owner(&mut tx, account.id).await?;
    tx.commit().await?;
    Ok(Json(view(account, owner)?))
}

fn failed(error: AccountError) -> ApiError {
    match error {
        AccountError::Fields(fields) => {
            ApiError::Fields(fields.into_iter().map(|f| (f.field.to_owned(), f.message)).collect())
        }
        AccountError::Unknown => ApiError::NotFound,
        AccountError::User(error) => ApiError::field("email", error),
        AccountError::Db(error) => error.into(),
    }
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    bytes: Bytes,
) -> Result<(StatusCode, Json<AccountView>), ApiError> {
    caller.need("accounts.write", None)?;
    body::read::<AccountInput>(&bytes)?;
    let new: NewAccount = body::read(&bytes)?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let account = account::create(&mut tx, &new).await.map_err(failed)?;
    crate::mails::people::invite_owner(&app, &mut tx, account.id).await?;
    let owner = member::owner(&mut tx, account.id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(view(account, owner)?)))
}

async fn update(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<AccountView>, ApiError> {
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let old = find(&mut tx, &caller, &id).await?;
    caller.need("accounts.write", Some("account.manage"))?;
    let patch: AccountPatch = body::read(&bytes)?;
    let new = NewAccount {
        name: patch.name.unwrap_or(old.name),
        company: patch.company.or(old.company),
        email: patch.email.unwrap_or(old.email),
        phone: patch.phone.or(old.phone),
        address1: patch.address1.or(old.address1),
        address2: patch.address2.or(old.address2),
        city: patch.city.or(old.city),
        region: patch.region.or(old.region),
        postcode: patch.postcode.or(old.postcode),
        country: patch.country.unwrap_or(old.country),
        vat_id: patch.vat_id.or(old.vat_id),
        locale: patch.locale.or(Some(old.locale)),
        ..NewAccount::default()
    };
    let account = account::update(&mut tx, old.id, &new).await.map_err(failed)?;
    let owner = member::owner(&mut tx, account.id).await?;
    tx.commit().await?;
    Ok(Json(view(account, owner)?))
}
