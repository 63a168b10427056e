//! `ezscale migrate`.

use anyhow::{Context, Result, bail};
use platform::clock::Clock;
use platform::config::Config;
use platform::random::Random;
use platform::secret::Sealer;
use tenancy::schema::{self, MigrateOptions, SPARES};

use super::args;

pub async fn run(config: &Config, args: &args::Migrate) -> Result<()> {
    let url = config
        .require_database_url()
        .context("set database.url (or DATABASE_URL)")?;
    if args.status {
        let rows = schema::status(url)
            .await
            .context("control cannot be read; run `ezscale migrate` first")?;
        if args.json {
            return super::print_json(&rows);
        }
        for row in rows {
            println!(
                "{:<40} version {:<4} {}",
                row.slug,
                row.version,
                row.reason.as_deref().unwrap_or("ok")
            );
        }
        return Ok(());
    }
    let key = config
        .require_secret_key()
        .context("set secret_key (or EZSCALE_SECRET_KEY): 32 random bytes in base64, kept for ever")?;
    let options = MigrateOptions {
        admin_url: url.to_owned(),
        sealer: Sealer::new(key.clone()),
        clock: Clock::system(),
        random: Random::os(),
        jobs: usize::from(args.jobs),
        spares: SPARES,
    };
    let report = schema::migrate(&options).await?;
    if args.json {
        super::print_json(&report)?;
    } else {
        println!(
            "control at version {}, {} tenants migrated, {} spares built",
            report.control, report.migrated, report.spares
        );
    }
    if let Some(first) = report.parked.first() {
        let why = first.reason.as_deref().unwrap_or_default();
        bail!(
            "{} tenants are parked, the first is {}: {why}; mend the cause and run migrate again",
            report.parked.len(),
            first.slug
        );
    }
    Ok(())
}
