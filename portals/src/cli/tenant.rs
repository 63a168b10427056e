//! `ezscale tenant ...`.

use anyhow::{Context, Result};
use platform::config::Config;
use platform::money::Currency;
use serde_json::{Map, json};
use tenancy::tenant::{self, NewTenant};
use tenancy::user::{self, NewUser};
use tenancy::{Mode, Portal, Tenancy, TenantId, TenantState, resolve, staff};

use super::args;

pub async fn run(config: &Config, command: args::Tenant) -> Result<()> {
    let tenancy = super::doors(config).await?;
    match command {
        args::Tenant::Create {
            slug,
            name,
            parent,
            sandbox,
            owner,
            currency,
            timezone,
            json,
        } => {
            let new = NewTenant {
                slug,
                name,
                parent,
                mode: if sandbox { Mode::Sandbox } else { Mode::Live },
                currency: Currency::parse(&currency)
                    .with_context(|| format!("{currency:?} is no ISO 4217 currency"))?,
                timezone: timezone
                    .parse()
                    .ok()
                    .with_context(|| format!("{timezone:?} is no IANA time zone"))?,
                locale: None,
                settings: Map::new(),
            };
            create(&tenancy, &new, owner.as_deref(), json).await
        }
        args::Tenant::List(args) => list(&tenancy, args.json),
        args::Tenant::Suspend { slug, reason } => {
            let tenant = super::find_tenant(&tenancy, &slug)?;
            Ok(tenant::set_suspended(&tenancy, tenant.id, Some(&reason)).await?)
        }
        args::Tenant::Resume { slug } => {
            let tenant = super::find_tenant(&tenancy, &slug)?;
            Ok(tenant::set_suspended(&tenancy, tenant.id, None).await?)
        }
    }
}

async fn create(tenancy: &Tenancy, new: &NewTenant, owner: Option<&str>, json: bool) -> Result<()> {
    if let Some(owner) = owner {
        user::normalise_email(owner).with_context(|| format!("{owner:?} is no e-mail address"))?;
    }
    let id = tenant::create(tenancy, new).await?;
    if let Some(owner) = owner {
        make_owner(tenancy, id, owner).await?;
    }
    let host = format!("{}.{}", new.slug, tenancy.base_domain());
    if json {
        super::print_json(
            &json!({ "id": id, "slug": new.slug, "name": new.name, "host": host, "url": tenancy.origin(&host), "owner": owner }),
        )
    } else {
        println!("{} is ready at {}", new.slug, tenancy.origin(&host));
        Ok(())
    }
}

/// A staff user with every permission; the password is set by a reset link.
async fn make_owner(tenancy: &Tenancy, tenant: TenantId, email: &str) -> Result<()> {
    let scope = resolve::system(tenancy, tenant, "tenant create")?;
    let mut tx = tenancy.begin(&scope).await?;
    let user = match user::find_by_email(&mut tx, email).await? {
        Some(user) => {
            user::reclaim(&mut tx, user.id).await?;
            user
        }
        None => {
            let name = email.split('@').next().unwrap_or(email).to_owned();
            user::create(
                &mut tx,
                &NewUser {
                    email: email.to_owned(),
                    name,
                    ..NewUser::default()
                },
            )
            .await?
        }
    };
    staff::grant(&mut tx, user.id, &["*".to_owned()]).await?;
    tx.commit().await?;
    Ok(())
}

fn list(tenancy: &Tenancy, json: bool) -> Result<()> {
    let directory = tenancy.directory();
    let mut tenants: Vec<_> = directory.tenants().collect();
    tenants.sort_by(|a, b| a.slug.cmp(&b.slug));
    let rows: Vec<_> = tenants
        .iter()
        .map(|tenant| {
            let parent = tenant.parent.and_then(|id| directory.tenant(id)).map(|parent| parent.slug.clone());
            let state = match tenant.state {
                TenantState::Active => "active",
                TenantState::Suspended => "suspended",
                TenantState::Deleting => "deleting",
            };
            let host = directory.public_host(tenant, Portal::Site, tenancy.base_domain());
            json!({ "id": tenant.id, "slug": tenant.slug, "name": tenant.name, "parent": parent, "state": state,
                    "mode": if tenant.mode == Mode::Sandbox { "sandbox" } else { "live" }, "currency": tenant.currency.code(),
                    "timezone": tenant.timezone.name(), "host": &*host })
        })
        .collect();
    if json {
        return super::print_json(&rows);
    }
    for row in rows {
        let word = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        println!(
            "{:<24} {:<10} {:<8} {:<24} {}",
            word("slug"),
            word("state"),
            word("mode"),
            word("parent"),
            word("host")
        );
    }
    Ok(())
}
