//! `ezscale token create|list|revoke`.

use anyhow::{Context, Result, bail};
use platform::config::Config;
use platform::money::{Currency, Money};
use serde_json::{Value, json};
use tenancy::token::list::{self, Filter, Row};
use tenancy::token::{self, NewToken, TokenError, change};
use tenancy::{Tenancy, TenantScope, TenantTx, TokenId, UserId, resolve, user};

use super::args;

/// Tokens read at once.
const PAGE: i64 = 200;

pub async fn run(config: &Config, command: args::Token) -> Result<()> {
    let tenancy = super::doors(config).await?;
    match command {
        args::Token::Create(args) => create(&tenancy, args).await,
        args::Token::List {
            tenant,
            user,
            all,
            json,
        } => show(&tenancy, &tenant, user.as_deref(), all, json).await,
        args::Token::Revoke { tenant, id } => revoke(&tenancy, &tenant, &id).await,
    }
}

fn scope_of(tenancy: &Tenancy, slug: &str, work: &str) -> Result<TenantScope> {
    let tenant = super::find_tenant(tenancy, slug)?;
    Ok(resolve::system(tenancy, tenant.id, work)?)
}

async fn user_of(tx: &mut TenantTx, slug: &str, email: &str) -> Result<UserId> {
    let found = user::find_by_email(tx, email).await?;
    Ok(found.with_context(|| format!("{slug} has no user {email:?}"))?.id)
}

async fn create(tenancy: &Tenancy, args: args::NewToken) -> Result<()> {
    let scope = scope_of(tenancy, &args.tenant, "token create")?;
    let limit = args.spending_limit.as_deref().map(amount).transpose()?;
    let mut tx = tenancy.begin(&scope).await?;
    let user = user_of(&mut tx, &args.tenant, &args.user).await?;
    let new = NewToken {
        name: args.name,
        scopes: args.scopes.clone(),
        ip_list: args.ips.unwrap_or_default(),
        expires_at: args.expires,
        spending_limit: limit,
        ..NewToken::default()
    };
    let (id, text) = token::create(&mut tx, user, &new).await?;
    tx.commit().await?;
    if args.json {
        return super::print_json(
            &json!({ "token": text, "id": id, "tenant": args.tenant, "user": args.user, "scopes": args.scopes,
            "ip_list": new.ip_list, "expires_at": new.expires_at, "spending_limit": limit }),
        );
    }
    println!("{text}");
    Ok(())
}

/// `100.00 EUR`.
fn amount(text: &str) -> Result<Money> {
    let wrong = || format!("{text:?} is no amount such as \"100.00 EUR\"");
    let (amount, code) = text.trim().split_once(' ').with_context(wrong)?;
    let currency = Currency::parse(code.trim()).with_context(wrong)?;
    Money::parse(amount, currency).with_context(wrong)
}

async fn show(tenancy: &Tenancy, slug: &str, email: Option<&str>, all: bool, as_json: bool) -> Result<()> {
    let scope = scope_of(tenancy, slug, "token list")?;
    let mut tx = tenancy.begin_read(&scope).await?;
    let user = match email {
        Some(email) => Some(user_of(&mut tx, slug, email).await?),
        None => None,
    };
    let filter = Filter {
        user,
        standing: !all,
        ..Filter::default()
    };
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let page = list::list(&mut tx, &filter, PAGE, rows.last().map(|row| row.id)).await?;
        let is_last = page.len() < usize::try_from(PAGE)?;
        rows.extend(page);
        if is_last {
            break;
        }
    }
    tx.commit().await?;
    let now = tenancy.now();
    if as_json {
        let found: Result<Vec<Value>> = rows.iter().map(|row| view(row, &scope, now)).collect();
        return super::print_json(&found?);
    }
    for row in rows {
        let used = row
            .last_used_at
            .map_or_else(|| "never".to_owned(), |at| at.to_rfc3339());
        println!(
            "{:<42} {:<8} {:<30} {:<26} {}",
            row.id,
            row.status(now),
            row.email,
            used,
            row.name
        );
    }
    Ok(())
}

fn view(row: &Row, scope: &TenantScope, now: chrono::DateTime<chrono::Utc>) -> Result<Value> {
    Ok(
        json!({ "id": row.id, "name": row.name, "user": row.email, "account": row.account_id, "status": row.status(now),
        "scopes": row.scopes, "ip_list": row.ip_list, "expires_at": row.expires_at, "spending_limit": row.spending_limit(scope.tenant())?,
        "last_used_at": row.last_used_at, "last_used_ip": row.last_used_ip, "revoked_at": row.revoked_at, "created_at": row.created_at }),
    )
}

async fn revoke(tenancy: &Tenancy, slug: &str, id: &str) -> Result<()> {
    let Ok(id) = id.parse::<TokenId>() else {
        bail!("{id:?} is no token's id; `ezscale token list --tenant {slug}` shows them");
    };
    let scope = scope_of(tenancy, slug, "token revoke")?;
    let mut tx = tenancy.begin(&scope).await?;
    match change::revoke_by_system(&mut tx, id).await {
        Err(TokenError::Unknown) => bail!("{slug} has no token {id}; `ezscale token list --tenant {slug}` shows them"),
        done => done?,
    }
    tx.commit().await?;
    println!("{id} is revoked");
    Ok(())
}
