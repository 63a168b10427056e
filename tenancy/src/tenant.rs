//! A business on the platform: create, suspend, resume.

mod child;
pub mod list;

pub use child::{Child, child};

use platform::db::DbError;
use platform::money::Currency;
use serde_json::{Map, Value, json};

use crate::{AccountId, Mode, Tenancy, Tenant, TenantId, TenantScope, account, audit, resolve, schema};

/// Slugs that are hosts of the platform itself.
const RESERVED: &[&str] = &[
    "account", "admin", "status", "api", "www", "mail", "cname", "smtp", "imap", "pop", "ns", "ns1", "ns2", "ftp",
    "assets", "static", "cdn", "hooks", "app", "billing", "support", "help", "docs", "root", "control",
];

/// A tenant to create.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Name in `{slug}.{base}`.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// Parent; none: the root if there is none yet, else a child of the root.
    pub parent: Option<String>,
    /// Live or sandbox.
    pub mode: Mode,
    /// Default currency.
    pub currency: Currency,
    /// Zone of billing days.
    pub timezone: chrono_tz::Tz,
    /// Language of its pages and mails; none: English.
    pub locale: Option<String>,
    /// Own settings.
    pub settings: Map<String, Value>,
}

/// A tenant was not created or changed.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The slug cannot be a host name of ours.
    #[error(
        "{0:?} cannot be a slug: use 1 to 40 lower-case letters, digits and hyphens, and no name the platform needs itself"
    )]
    BadSlug(String),
    /// Taken.
    #[error("the slug {0:?} is taken")]
    SlugTaken(String),
    /// No such parent.
    #[error("there is no tenant {0:?}")]
    UnknownTenant(String),
    /// The name is empty or too long.
    #[error("a tenant needs a name of at most 120 characters")]
    BadName,
    /// Settings.
    #[error(transparent)]
    Setting(#[from] crate::settings::SettingError),
    /// The account in the parent.
    #[error("the reseller's account in its parent: {0}")]
    Account(String),
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for TenantError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

fn check_slug(slug: &str) -> Result<(), TenantError> {
    let shape = (1..=40).contains(&slug.len())
        && slug
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && slug.starts_with(|c: char| c.is_ascii_lowercase())
        && !slug.ends_with('-')
        && !slug.contains("--");
    if shape && !RESERVED.contains(&slug) {
        Ok(())
    } else {
        Err(TenantError::BadSlug(slug.to_owned()))
    }
}

/// Creates a tenant from a spare schema; with none left, builds one first.
///
/// # Errors
/// A bad or taken slug, an unknown parent, or the database. Nothing is left half done: the row is
/// the tenant, and a reseller's account in its parent is made when first needed if this stops early.
pub async fn create(tenancy: &Tenancy, new: &NewTenant) -> Result<TenantId, TenantError> {
    create_by(tenancy, None, new).await
}

/// The same, asked for by somebody in the parent; none: by the command line. Both sides' logs have it.
///
/// # Errors
/// As [`create`].
pub async fn create_by(tenancy: &Tenancy, by: Option<&TenantScope>, new: &NewTenant) -> Result<TenantId, TenantError> {
    check_slug(&new.slug)?;
    if new.name.trim().is_empty() || new.name.chars().count() > 120 {
        return Err(TenantError::BadName);
    }
    let directory = tenancy.directory();
    let parent = match &new.parent {
        Some(slug) => Some(
            directory
                .slug(slug)
                .ok_or_else(|| TenantError::UnknownTenant(slug.clone()))?
                .id,
        ),
        None => directory.root().map(|root| root.id),
    };
    let mut tx = tenancy.control().await?;
    let mut spare = schema::take_spare(&mut tx).await?;
    if spare.is_none() {
        drop(tx);
        schema::refill(tenancy, 1).await?;
        tx = tenancy.control().await?;
        spare = schema::take_spare(&mut tx).await?;
    }
    let (schema_name, cell) = spare.ok_or_else(|| DbError::Row("no cell has room for another tenant".into()))?;
    let id: TenantId = tx.new_id();
    let now = tx.now();
    let insert = sqlx::query(
        "INSERT INTO control.tenants (id, slug, name, parent_id, cell_id, schema_name, mode, state, currency, timezone, settings, \
         schema_version, created_at, locale) VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, $10, $11, $12, coalesce($13, 'en'))",
    )
    .bind(id)
    .bind(&new.slug)
    .bind(new.name.trim())
    .bind(parent)
    .bind(cell)
    .bind(&schema_name)
    .bind(if new.mode == Mode::Sandbox { "sandbox" } else { "live" })
    .bind(new.currency.code())
    .bind(new.timezone.name())
    .bind(json!({}))
    .bind(schema::TENANT_VERSION)
    .bind(now)
    .bind(&new.locale)
    .execute(tx.connection())
    .await;
    if let Err(error) = insert {
        return Err(match platform::db::constraint(&error) {
            Some("tenants_slug_key") => TenantError::SlugTaken(new.slug.clone()),
            _ => error.into(),
        });
    }
    crate::settings::change(&mut tx, id, &new.settings).await?;
    if let Some(parent) = parent {
        // Before the deed is committed in `control`: a tenant that nobody wrote down cannot be.
        let scope = match by.filter(|by| by.tenant().id == parent) {
            Some(by) => by.clone(),
            None => system(tenancy, parent)?,
        };
        record(tenancy, &scope, ("tenant.child_created", id), new).await?;
    }
    tx.commit().await?;
    tenancy.refresh().await?;
    record(tenancy, &system(tenancy, id)?, ("tenant.created", id), new).await?;
    let tenant = tenancy.directory().tenant(id).cloned();
    if let Some(tenant) = tenant.filter(|t| t.parent.is_some()) {
        ensure_parent_account(tenancy, &tenant).await?;
    }
    Ok(id)
}

fn system(tenancy: &Tenancy, tenant: TenantId) -> Result<TenantScope, DbError> {
    resolve::system(tenancy, tenant, "tenant create").map_err(|error| DbError::Row(error.to_string()))
}

async fn record(
    tenancy: &Tenancy,
    scope: &TenantScope,
    (action, id): (&str, TenantId),
    new: &NewTenant,
) -> Result<(), DbError> {
    let mut tx = tenancy.begin(scope).await?;
    audit::record(&mut tx, action, id, json!({ "name": new.name, "slug": new.slug })).await?;
    tx.commit().await
}

/// The reseller's own account in its parent, made when it is missing.
///
/// # Errors
/// When there is no parent or a database refuses.
pub async fn ensure_parent_account(tenancy: &Tenancy, child: &Tenant) -> Result<AccountId, DbError> {
    if let Some(account) = child.parent_account {
        return Ok(account);
    }
    let parent = child
        .parent
        .ok_or_else(|| DbError::Row("the root has no parent".into()))?;
    let scope = resolve::system(tenancy, parent, "reseller account").map_err(|e| DbError::Row(e.to_string()))?;
    let mut tx = tenancy.begin(&scope).await?;
    let known: Option<AccountId> = sqlx::query_scalar("SELECT id FROM accounts WHERE child_tenant_id = $1")
        .bind(child.id)
        .fetch_optional(tx.connection())
        .await?;
    let id = match known {
        Some(id) => id,
        None => {
            let parent = scope.tenant();
            let country = if child.settings.country.is_empty() {
                &parent.settings.country
            } else {
                &child.settings.country
            };
            let new = account::NewAccount {
                name: child.name.clone(),
                email: format!("billing@{}.{}", child.slug, tenancy.base_domain()),
                country: if country.is_empty() {
                    "US".into()
                } else {
                    country.clone()
                },
                currency: Some(child.currency.code().to_owned()),
                child_tenant: Some(child.id),
                ..account::NewAccount::default()
            };
            account::create(&mut tx, &new)
                .await
                .map_err(|e| DbError::Row(e.to_string()))?
                .id
        }
    };
    tx.commit().await?;
    let mut control = tenancy.control().await?;
    sqlx::query("UPDATE control.tenants SET parent_account_id = $2, generation = generation + 1 WHERE id = $1")
        .bind(child.id)
        .bind(id)
        .execute(control.connection())
        .await?;
    control.announce("tenant", child.id).await?;
    control.commit().await?;
    tenancy.refresh().await?;
    Ok(id)
}

/// Locks a tenant's staff out (customers go on), or lets them in again.
///
/// # Errors
/// When the tenant is unknown or the database refuses.
pub async fn set_suspended(tenancy: &Tenancy, tenant: TenantId, reason: Option<&str>) -> Result<(), TenantError> {
    let mut tx = tenancy.control().await?;
    let done = sqlx::query(
        "UPDATE control.tenants SET state = CASE WHEN $2::text IS NULL THEN 'active' ELSE 'suspended' END, reason = $2, \
         generation = generation + 1 WHERE id = $1 AND state <> 'deleting'",
    )
    .bind(tenant)
    .bind(reason)
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Err(TenantError::UnknownTenant(tenant.to_string()));
    }
    tx.announce("tenant", tenant).await?;
    tx.commit().await?;
    tenancy.refresh().await?;
    let scope =
        resolve::system(tenancy, tenant, "oversight").map_err(|_| TenantError::UnknownTenant(tenant.to_string()))?;
    let mut tx = tenancy.begin(&scope).await?;
    let action = if reason.is_some() {
        "tenant.suspended"
    } else {
        "tenant.resumed"
    };
    audit::record(&mut tx, action, tenant, json!({ "reason": reason })).await?;
    tx.commit().await?;
    Ok(())
}

/// Publishes the tenant's figures, for those above it to see without touching its schema.
///
/// # Errors
/// When the database refuses.
pub async fn publish_figures(tenancy: &Tenancy, tenant: TenantId, figures: &Figures) -> Result<(), DbError> {
    let mut tx = tenancy.control().await?;
    let now = tx.now();
    sqlx::query(
        "INSERT INTO control.figures (tenant_id, currency, mrr_minor, active_services, accounts, open_minor, overdue_minor, open_tasks, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id) DO UPDATE SET currency = excluded.currency, \
         mrr_minor = excluded.mrr_minor, active_services = excluded.active_services, accounts = excluded.accounts, \
         open_minor = excluded.open_minor, overdue_minor = excluded.overdue_minor, open_tasks = excluded.open_tasks, at = excluded.at",
    )
    .bind(tenant)
    .bind(&figures.currency)
    .bind(figures.mrr_minor)
    .bind(figures.active_services)
    .bind(figures.accounts)
    .bind(figures.open_minor)
    .bind(figures.overdue_minor)
    .bind(figures.open_tasks)
    .bind(now)
    .execute(tx.connection())
    .await?;
    tx.commit().await
}

/// One tenant's figures.
#[derive(Debug, Clone, Default, serde::Serialize, sqlx::FromRow)]
pub struct Figures {
    /// Of the amounts.
    pub currency: String,
    /// Monthly recurring revenue.
    pub mrr_minor: i64,
    /// Active services.
    pub active_services: i64,
    /// Accounts.
    pub accounts: i64,
    /// Unpaid.
    pub open_minor: i64,
    /// Of that, overdue.
    pub overdue_minor: i64,
    /// Open staff tasks.
    pub open_tasks: i64,
}

/// A child tenant with its figures, for oversight.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct ChildRow {
    /// Key.
    pub id: TenantId,
    /// Slug.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Parent.
    pub parent_id: Option<TenantId>,
    /// live or sandbox.
    pub mode: String,
    /// active, suspended, deleting.
    pub state: String,
    /// Why suspended.
    pub reason: Option<String>,
    /// Why parked.
    pub parked_reason: Option<String>,
    /// When created.
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// Its figures.
    #[sqlx(flatten)]
    pub figures: Figures,
}

/// Every tenant below `above`, at any depth, by name.
///
/// # Errors
/// When the database refuses.
pub async fn below(tenancy: &Tenancy, above: TenantId) -> Result<Vec<ChildRow>, DbError> {
    let mut tx = tenancy.control().await?;
    Ok(sqlx::query_as(
        "WITH RECURSIVE tree AS (SELECT id FROM control.tenants WHERE parent_id = $1 \
           UNION SELECT t.id FROM control.tenants t JOIN tree ON t.parent_id = tree.id) \
         SELECT t.id, t.slug, t.name, t.parent_id, t.mode, t.state, t.reason, t.parked_reason, t.created_at, \
           coalesce(f.currency, t.currency) AS currency, coalesce(f.mrr_minor, 0) AS mrr_minor, \
           coalesce(f.active_services, 0) AS active_services, coalesce(f.accounts, 0) AS accounts, \
           coalesce(f.open_minor, 0) AS open_minor, coalesce(f.overdue_minor, 0) AS overdue_minor, coalesce(f.open_tasks, 0) AS open_tasks \
         FROM control.tenants t JOIN tree USING (id) LEFT JOIN control.figures f ON f.tenant_id = t.id ORDER BY t.name, t.id",
    )
    .bind(above)
    .fetch_all(tx.connection())
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_plain_label_that_the_platform_does_not_need() {
        for (slug, ok) in [
            ("demo", true),
            ("a", true),
            ("north-wind2", true),
            ("Admin", false),
            ("admin", false),
            ("-a", false),
            ("a-", false),
            ("xn--a", false),
            ("", false),
            ("1a", false),
            ("a_b", false),
        ] {
            assert_eq!(check_slug(slug).is_ok(), ok, "{slug}");
        }
    }
}
