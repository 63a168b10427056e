//! `ezscale token create`.

use anyhow::{Context, Result};
use platform::config::Config;
use serde_json::json;
use tenancy::token::{self, NewToken};
use tenancy::{resolve, user};

use super::args;

pub async fn run(config: &Config, command: args::Token) -> Result<()> {
    let args::Token::Create {
        tenant: slug,
        user: email,
        scopes,
        json,
    } = command;
    let tenancy = super::doors(config).await?;
    let tenant = super::find_tenant(&tenancy, &slug)?;
    let scope = resolve::system(&tenancy, tenant.id, "token create")?;
    let mut tx = tenancy.begin(&scope).await?;
    let user = user::find_by_email(&mut tx, &email).await?;
    let user = user.with_context(|| format!("{slug} has no user {email:?}"))?;
    let new = NewToken {
        name: "made on the command line".into(),
        scopes: scopes.clone(),
        ..NewToken::default()
    };
    let (id, text) = token::create(&mut tx, user.id, &new).await?;
    tx.commit().await?;
    if json {
        super::print_json(&json!({ "token": text, "id": id, "tenant": slug, "user": email, "scopes": scopes }))
    } else {
        println!("{text}");
        Ok(())
    }
}
