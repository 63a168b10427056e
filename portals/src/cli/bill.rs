//! `ezscale bill`: the billing day, for one tenant or all.

use anyhow::Result;
use billing::renewal;
use platform::config::Config;
use serde_json::json;
use tenancy::resolve;

use super::args;

pub async fn run(config: &Config, args: &args::Bill) -> Result<()> {
    let doors = super::doors(config).await?;
    let directory = doors.directory();
    let tenants = match &args.tenant {
        Some(slug) => vec![super::find_tenant(&doors, slug)?],
        None => directory.tenants().cloned().collect(),
    };
    let mut runs = Vec::new();
    for tenant in tenants {
        let scope = resolve::system(&doors, tenant.id, "bill")?;
        renewal::within_reach(&doors, &scope, args.on).await?;
        let run = renewal::bill(&doors, &scope, args.on, args.dry_run).await?;
        if !args.json {
            let parked = run.parked.len();
            println!(
                "{}: {} accounts, {} invoices, {parked} set aside",
                tenant.slug, run.accounts, run.invoices
            );
        }
        runs.push(json!({ "tenant": tenant.slug, "run": run }));
    }
    if args.json { super::print_json(&runs) } else { Ok(()) }
}
