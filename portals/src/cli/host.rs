//! `ezscale host ...`.

use anyhow::{Context, Result};
use platform::config::Config;
use serde_json::{Value, json};
use tenancy::{Portal, host, resolve};

use super::args;

pub async fn run(config: &Config, command: args::Host) -> Result<()> {
    let tenancy = super::doors(config).await?;
    match command {
        args::Host::Add {
            slug,
            hostname,
            portal,
            json,
        } => {
            let tenant = super::find_tenant(&tenancy, &slug)?;
            let portal = Portal::parse(&portal).context("--portal is all, site, account, admin or status")?;
            let scope = resolve::system(&tenancy, tenant.id, "host add")?;
            let added = host::add(&tenancy, &scope, &hostname, portal).await?;
            let records = host::records(&added, tenancy.cname_suffix());
            if json {
                return super::print_json(
                    &json!({ "hostname": added.hostname, "state": added.state, "records": records }),
                );
            }
            println!("{} is {}. Set one of these records:", added.hostname, added.state);
            for record in records {
                println!("  {:<6} {}  {}", record.record_type, record.name, record.value);
            }
            Ok(())
        }
        args::Host::List(args) => {
            let rows = host::list(&tenancy, None).await?;
            if args.json {
                let rows: Vec<Value> = rows
                    .iter()
                    .map(|h| {
                        json!({ "hostname": h.hostname, "tenant": h.tenant, "portal": h.portal, "state": h.state,
                                "reason": h.reason, "certificate": Value::Null })
                    })
                    .collect();
                return super::print_json(&rows);
            }
            for row in rows {
                println!(
                    "{:<40} {:<20} {:<8} {:<10} {}",
                    row.hostname,
                    row.tenant,
                    row.portal,
                    row.state,
                    row.reason.unwrap_or_default()
                );
            }
            Ok(())
        }
        args::Host::Remove { slug, hostname } => {
            let tenant = super::find_tenant(&tenancy, &slug)?;
            let scope = resolve::system(&tenancy, tenant.id, "host remove")?;
            Ok(host::remove(&tenancy, &scope, &hostname).await?)
        }
    }
}
