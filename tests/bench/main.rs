//! The bench: a filled installation, the real binary under load, and one JSON document of figures.
//!
//! `bin/bench` makes the PostgreSQL cluster and calls this. Every phase is bounded, and the whole stops by itself.
//!
//! | figure | means |
//! |---|---|
//! | `pages[].p50_ms`, `p95_ms` | from the moment a request is due (50 a second, whoever is slow) to the last byte of its answer, read over loopback by this program on the same cores: an upper bound of server time |
//! | `pages[].one_tenant_p50_ms`, `ratio` | the same page of the same data in an installation with one tenant, and many divided by one |
//! | `resolve_ns` | host header to tenant and portal, from memory, over all tenants |
//! | `webhook_to_panel_ms` | from the payer's confirmation at the payment provider (which then sends its webhook) to the first call the panel receives |
//! | `tenant_from_spare_ms` | creating a reseller from a spare schema, its account in the parent and the new host map included |
//! | `resident_mb` | the server process (web, scheduler, workers) after the load |
//! | `cold_start_ms` | from starting the binary to the first 200 of `/readyz` |

mod fill;
mod load;
mod measure;
mod pages;
mod process;
mod stage;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// What to run, and against what.
pub struct Plan {
    /// A superuser's address of the cluster, without a database.
    pub cluster: String,
    /// The `ezscale` binary.
    pub binary: PathBuf,
    /// Tenants of the big installation.
    pub tenants: usize,
    /// Services over all of them.
    pub services: usize,
    /// Seconds of load.
    pub seconds: u64,
    /// Requests a second.
    pub rate: u32,
}

fn plan() -> Result<(String, Plan)> {
    let mut args = std::env::args().skip(1);
    let verb = args.next().unwrap_or_default();
    let mut plan = Plan {
        cluster: String::new(),
        binary: PathBuf::new(),
        tenants: 1000,
        services: 100_000,
        seconds: 60,
        rate: 50,
    };
    while let Some(name) = args.next() {
        let value = args.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--cluster" => plan.cluster = value,
            "--binary" => plan.binary = value.into(),
            "--tenants" => plan.tenants = value.parse()?,
            "--services" => plan.services = value.parse()?,
            "--seconds" => plan.seconds = value.parse()?,
            "--rate" => plan.rate = value.parse()?,
            other => bail!("there is no {other}"),
        }
    }
    Ok((verb, plan))
}

#[tokio::main]
async fn main() -> Result<()> {
    platform::tls::install_provider();
    let (verb, plan) = plan()?;
    match verb.as_str() {
        "fill" => Box::pin(fill::run(&plan)).await,
        "measure" => {
            let report = Box::pin(report(&plan)).await?;
            println!("{}", serde_json::to_string_pretty(&report)?);
            Ok(())
        }
        _ => bail!("use bin/bench"),
    }
}

/// Says on standard error what goes on: the document is alone on standard output.
pub fn say(what: &str) {
    eprintln!("bench: {what}");
}

async fn report(plan: &Plan) -> Result<Value> {
    let load = Duration::from_secs(plan.seconds);
    // Whoever comes first pays for what the database still has to do after the filling: that round does not count.
    say("one tenant, to warm up");
    Box::pin(measure::installation(plan, "one", load)).await?;
    say("one tenant");
    let one = Box::pin(measure::installation(plan, "one", load)).await?;
    say("all tenants");
    let many = Box::pin(measure::installation(plan, "many", load)).await?;
    say("host names");
    let resolve_ns = measure::resolve_ns(plan, "many").await?;
    say("new tenants");
    let from_spare = measure::tenants_from_spares(plan, "many").await?;
    let pages = load::compare(&many.load, &one.load);
    Ok(json!({
        "tenants": plan.tenants,
        "services": plan.services,
        "requests_per_second": plan.rate,
        "seconds": plan.seconds,
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "load_average": std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim(),
        "pages": pages,
        "worst_p95_ms": load::worst(&many.load),
        "resolve_ns": resolve_ns,
        "webhook_to_panel_ms": many.webhook,
        "tenant_from_spare_ms": from_spare,
        "resident_mb": { "one_tenant": one.resident_mb, "all_tenants": many.resident_mb },
        "cold_start_ms": { "one_tenant": one.cold_start_ms, "all_tenants": many.cold_start_ms },
    }))
}
