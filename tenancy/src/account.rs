//! Accounts: the billed parties inside a tenant.

pub mod list;

use platform::db::DbError;
use platform::event::{self, NewEvent};
use platform::money::Currency;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::QueryBuilder;

use crate::{AccountId, TenantId, TenantTx, UserId, audit, member, user};

/// An account.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Account {
    /// Key.
    pub id: AccountId,
    /// Short number for people and panels, from 1001.
    pub number: i64,
    /// Contact person or company.
    pub name: String,
    /// Company, where the name is a person.
    pub company: Option<String>,
    /// Where bills go.
    pub email: String,
    /// Telephone.
    pub phone: Option<String>,
    /// Address.
    pub address1: Option<String>,
    /// Address, second line.
    pub address2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Region or state.
    pub region: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// ISO country.
    pub country: String,
    /// VAT id as given.
    pub vat_id: Option<String>,
    /// Billing currency.
    pub currency: String,
    /// Language of documents and mails.
    pub locale: String,
    /// active or closed.
    pub status: String,
    /// Whether due invoices are charged to the default method.
    pub auto_pay: bool,
    /// Staff's notes.
    #[serde(skip)]
    pub notes: String,
    /// Set when this account is a reseller.
    pub child_tenant_id: Option<TenantId>,
    /// Credit in the billing currency.
    pub credit_minor: i64,
    /// Why the billing day leaves it alone.
    pub parked_reason: Option<String>,
    /// When created.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

/// The columns of [`Account`].
pub const COLUMNS: &str = "id, number, name, company, email, phone, address1, address2, city, region, postcode, country, vat_id, \
    currency, locale, status, auto_pay, notes, child_tenant_id, credit_minor, parked_reason, created_at";

impl Account {
    /// Address lines for documents.
    #[must_use]
    pub fn address_lines(&self) -> Vec<String> {
        let city = [self.postcode.as_deref(), self.city.as_deref(), self.region.as_deref()];
        let city = city
            .into_iter()
            .flatten()
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        [
            self.company.clone(),
            self.address1.clone(),
            self.address2.clone(),
            Some(city),
            Some(self.country.clone()),
        ]
        .into_iter()
        .flatten()
        .filter(|line| !line.is_empty())
        .collect()
    }
}

/// An account to create.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewAccount {
    /// Name.
    pub name: String,
    /// Company.
    pub company: Option<String>,
    /// Address for bills; also the owner's sign-in.
    pub email: String,
    /// Telephone.
    pub phone: Option<String>,
    /// Address.
    pub address1: Option<String>,
    /// Second line.
    pub address2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// ISO country.
    pub country: String,
    /// VAT id.
    pub vat_id: Option<String>,
    /// Currency; none: the tenant's.
    pub currency: Option<String>,
    /// Language; none: the tenant's.
    pub locale: Option<String>,
    /// The reseller behind it.
    #[serde(skip)]
    pub child_tenant: Option<TenantId>,
    /// An existing user who becomes its owner; none: the user of that address, made if missing.
    #[serde(skip)]
    pub owner: Option<UserId>,
}

/// One field is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Field name.
    pub field: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

/// An account cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Fields.
    #[error("some fields are wrong")]
    Fields(Vec<FieldError>),
    /// Unknown.
    #[error("there is no such account")]
    Unknown,
    /// The owner.
    #[error(transparent)]
    User(#[from] user::UserError),
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

fn text_errors(new: &NewAccount) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut complain = |field, message: &str| {
        errors.push(FieldError {
            field,
            message: message.to_owned(),
        })
    };
    if user::check_name(&new.name).is_err() {
        complain("name", "A name of 1 to 120 characters is needed.");
    }
    if user::normalise_email(&new.email).is_none() {
        complain("email", "This is no e-mail address.");
    }
    if new.country.len() != 2 || !new.country.bytes().all(|b| b.is_ascii_uppercase()) {
        complain("country", "A country is two capital letters, such as DE.");
    }
    let optional = [
        ("company", &new.company),
        ("phone", &new.phone),
        ("address1", &new.address1),
        ("address2", &new.address2),
        ("city", &new.city),
        ("region", &new.region),
        ("postcode", &new.postcode),
        ("vat_id", &new.vat_id),
    ];
    for (field, value) in optional {
        if value
            .as_ref()
            .is_some_and(|v| v.chars().count() > 120 || v.chars().any(char::is_control))
        {
            complain(field, "At most 120 characters on one line.");
        }
    }
    errors
}

/// Creates an account, its number and its owner.
///
/// # Errors
/// Wrong fields; nothing is written then.
pub async fn create(tx: &mut TenantTx, new: &NewAccount) -> Result<Account, AccountError> {
    let mut errors = text_errors(new);
    let currency = new
        .currency
        .clone()
        .unwrap_or_else(|| tx.tenant().currency.code().to_owned());
    if Currency::parse(&currency).is_err() {
        errors.push(FieldError {
            field: "currency",
            message: "This is no currency.".into(),
        });
    }
    if !errors.is_empty() {
        return Err(AccountError::Fields(errors));
    }
    let id: AccountId = tx.new_id();
    let now = tx.now();
    let locale = new.locale.clone().unwrap_or_else(|| tx.tenant().locale.clone());
    let number = next_number(tx, "account", 1001).await?;
    sqlx::query(
        "INSERT INTO accounts (id, number, name, company, email, phone, address1, address2, city, region, postcode, country, vat_id, \
         currency, locale, child_tenant_id, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(id)
    .bind(number)
    .bind(new.name.trim())
    .bind(&new.company)
    .bind(new.email.trim())
    .bind(&new.phone)
    .bind(&new.address1)
    .bind(&new.address2)
    .bind(&new.city)
    .bind(&new.region)
    .bind(&new.postcode)
    .bind(&new.country)
    .bind(&new.vat_id)
    .bind(currency)
    .bind(locale)
    .bind(new.child_tenant)
    .bind(now)
    .execute(tx.connection())
    .await?;
    let owner = match new.owner {
        Some(owner) => owner,
        None => owner_for(tx, new).await?,
    };
    member::add(tx, id, owner, true, &[]).await?;
    audit::record(tx, "account.created", id, json!({ "name": new.name })).await?;
    let payload = json!({ "id": id, "name": new.name, "email": new.email, "owner": owner });
    event::publish(
        tx,
        &[NewEvent::new("account.created", id, payload).for_account(id.uuid())],
    )
    .await?;
    find(tx, id).await?.ok_or(AccountError::Unknown)
}

async fn owner_for(tx: &mut TenantTx, new: &NewAccount) -> Result<UserId, AccountError> {
    if let Some(user) = user::find_by_email(tx, &new.email).await? {
        user::reclaim(tx, user.id).await?;
        return Ok(user.id);
    }
    let user = user::NewUser {
        email: new.email.clone(),
        name: new.name.clone(),
        password: None,
        locale: new.locale.clone(),
    };
    Ok(user::create(tx, &user).await?.id)
}

/// Takes the next number of a series under its row lock.
///
/// # Errors
/// When the database refuses.
pub async fn next_number(tx: &mut TenantTx, series: &str, first: i64) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar(
        "INSERT INTO series (name, next) VALUES ($1, $2 + 1) ON CONFLICT (name) DO UPDATE SET next = series.next + 1 RETURNING next - 1",
    )
    .bind(series)
    .bind(first)
    .fetch_one(tx.connection())
    .await?)
}

/// An account by id.
///
/// # Errors
/// When the database refuses.
pub async fn find(tx: &mut TenantTx, id: AccountId) -> Result<Option<Account>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(tx.connection())
        .await?)
}

/// What a list of accounts is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// Part of name, company or address, or the number.
    pub search: Option<String>,
    /// active or closed.
    pub status: Option<String>,
    /// ISO country.
    pub country: Option<String>,
    /// Exact address.
    pub email: Option<String>,
}

/// Accounts newest first, after the given one.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    tx: &mut TenantTx,
    filter: &AccountFilter,
    limit: i64,
    after: Option<AccountId>,
) -> Result<Vec<Account>, DbError> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM accounts WHERE true"));
    if let Some(search) = filter.search.as_deref().map(str::trim).filter(|s| !s.is_empty()) {
        let pattern = format!(
            "%{}%",
            search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
        );
        query.push(" AND (name ILIKE ").push_bind(pattern.clone());
        query.push(" OR company ILIKE ").push_bind(pattern.clone());
        query.push(" OR email ILIKE ").push_bind(pattern);
        query.push(" OR number::text = ").push_bind(search.to_owned()).push(")");
    }
    if let Some(status) = &filter.status {
        query.push(" AND status = ").push_bind(status.clone());
    }
    if let Some(country) = &filter.country {
        query.push(" AND country = ").push_bind(country.clone());
    }
    if let Some(email) = &filter.email {
        query
            .push(" AND lower(email) = lower(")
            .push_bind(email.clone())
            .push(")");
    }
    if let Some(after) = after {
        query
            .push(" AND (created_at, id) < (SELECT a.created_at, a.id FROM accounts a WHERE a.id = ")
            .push_bind(after)
            .push(")");
    }
    query.push(" ORDER BY created_at DESC, id DESC LIMIT ").push_bind(limit);
    Ok(query.build_query_as().fetch_all(tx.connection()).await?)
}

/// Changes an account's details; currency and number stay.
///
/// # Errors
/// Wrong fields, or an unknown account; nothing is written then.
pub async fn update(tx: &mut TenantTx, id: AccountId, new: &NewAccount) -> Result<Account, AccountError> {
    let errors = text_errors(new);
    if !errors.is_empty() {
        return Err(AccountError::Fields(errors));
    }
    let done = sqlx::query(
        "UPDATE accounts SET name = $2, company = $3, email = $4, phone = $5, address1 = $6, address2 = $7, city = $8, region = $9, \
         postcode = $10, country = $11, vat_id = $12, locale = coalesce($13, locale) WHERE id = $1",
    )
    .bind(id)
    .bind(new.name.trim())
    .bind(&new.company)
    .bind(new.email.trim())
    .bind(&new.phone)
    .bind(&new.address1)
    .bind(&new.address2)
    .bind(&new.city)
    .bind(&new.region)
    .bind(&new.postcode)
    .bind(&new.country)
    .bind(&new.vat_id)
    .bind(&new.locale)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Err(AccountError::Unknown);
    }
    audit::record(tx, "account.updated", id, json!({ "name": new.name })).await?;
    let payload = json!({ "id": id, "name": new.name, "email": new.email });
    event::publish(
        tx,
        &[NewEvent::new("account.updated", id, payload).for_account(id.uuid())],
    )
    .await?;
    find(tx, id).await?.ok_or(AccountError::Unknown)
}

/// Staff's notes and whether due invoices are charged by themselves.
///
/// # Errors
/// When the account is unknown.
pub async fn set_policy(tx: &mut TenantTx, id: AccountId, notes: &str, auto_pay: bool) -> Result<(), AccountError> {
    let done = sqlx::query("UPDATE accounts SET notes = $2, auto_pay = $3 WHERE id = $1")
        .bind(id)
        .bind(notes)
        .bind(auto_pay)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        return Err(AccountError::Unknown);
    }
    audit::record(tx, "account.policy_changed", id, json!({ "auto_pay": auto_pay })).await?;
    Ok(())
}
