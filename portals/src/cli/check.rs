//! `ezscale check`: what is wrong, with reasons; exit 1 when anything is.

use anyhow::{Result, bail};
use billing::ledger;
use platform::config::Config;
use serde_json::{Value, json};
use tenancy::resolve;
use tenancy::schema::{self, TENANT_VERSION};

pub async fn run(config: &Config, as_json: bool) -> Result<()> {
    let mut faults: Vec<Value> = Vec::new();
    let doors = super::doors(config).await?;
    for row in schema::status(config.require_database_url()?).await? {
        if row.version < TENANT_VERSION {
            faults.push(json!({ "tenant": row.slug, "rule": "migrations", "detail": format!("at version {} of {TENANT_VERSION}", row.version) }));
        }
        if let Some(reason) = row.reason {
            faults.push(json!({ "tenant": row.slug, "rule": "migrations", "detail": reason }));
        }
    }
    let directory = doors.directory();
    for tenant in directory.tenants() {
        let scope = resolve::system(&doors, tenant.id, "check")?;
        let mut tx = doors.begin_read(&scope).await?;
        for fault in ledger::check(&mut tx).await? {
            let detail = format!("{} is off by {} minor units", fault.subject, fault.off_by);
            faults.push(json!({ "tenant": tenant.slug, "rule": fault.rule, "detail": detail }));
        }
        // A bound transaction must not see control: the grants hold.
        if sqlx::query("SELECT 1 FROM control.tenants")
            .execute(tx.connection())
            .await
            .is_ok()
        {
            faults.push(
                json!({ "tenant": tenant.slug, "rule": "grants", "detail": "the tenant's role can read control" }),
            );
        }
    }
    let tenants = directory.tenants().count();
    if as_json {
        super::print_json(&json!({ "ok": faults.is_empty(), "tenants": tenants, "faults": faults }))?;
    } else {
        for fault in &faults {
            let word = |key: &str| fault[key].as_str().unwrap_or_default();
            println!("{}: {}: {}", word("tenant"), word("rule"), word("detail"));
        }
        println!("{tenants} tenants checked, {} faults", faults.len());
    }
    if faults.is_empty() {
        Ok(())
    } else {
        bail!("{} faults found; each line above says where", faults.len())
    }
}
