//! The command line: one line on failure that says what to do, exit 1; wrong usage, exit 2.

mod args;
mod bill;
mod check;
mod clock;
mod demo;
mod host;
mod migrate;
mod tenant;
mod token;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use platform::clock::Clock;
use platform::config::{Config, LogFormat};
use platform::random::Random;
use platform::secret::Sealer;
use tenancy::{Tenancy, TenancyOptions, Tenant};

use args::{Cli, Command};

/// Runs the command named by the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // The pure rules need no runtime, configuration or log.
    if let Command::Calc = cli.command {
        return finish(calc());
    }
    if let Command::Openapi = cli.command {
        return finish(print_json(&crate::api::document()));
    }
    platform::tls::install_provider();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return finish(Err(error.into())),
    };
    finish(runtime.block_on(Box::pin(run(cli.command))))
}

fn finish(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let line = format!("{error:#}").replace('\n', " ");
            eprintln!("ezscale: {line}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    let config = Config::load()?;
    let level = if matches!(command, Command::Serve(_)) {
        "info"
    } else {
        "warn"
    };
    platform::telemetry::init(matches!(config.log.format, LogFormat::Json), level);
    match command {
        Command::Serve(args) => crate::serve::run(config, args.no_worker, args.only_worker).await,
        Command::Migrate(args) => migrate::run(&config, &args).await,
        Command::Check(args) => check::run(&config, args.json).await,
        Command::Bill(args) => bill::run(&config, &args).await,
        Command::Clock(args) => clock::run(config, &args).await,
        Command::Demo => demo::run(config).await,
        Command::Tenant(command) => tenant::run(&config, command).await,
        Command::Host(command) => host::run(&config, command).await,
        Command::Token(command) => token::run(&config, command).await,
        Command::Calc | Command::Openapi => Ok(()),
    }
}

fn calc() -> Result<()> {
    let mut input = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut input).context("reading a case from standard input")?;
    let output = billing::calc::run(&input)?;
    println!("{output}");
    Ok(())
}

/// Prints one JSON document and nothing else.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// The options every door-opening command shares.
pub(crate) fn tenancy_options(config: &Config) -> Result<TenancyOptions> {
    let url = config
        .require_database_url()
        .context("set database.url (or DATABASE_URL)")?;
    let key = config
        .require_secret_key()
        .context("set secret_key (or EZSCALE_SECRET_KEY): 32 random bytes in base64, kept for ever")?;
    let secure = config.https.addr.is_some();
    let port = config.https.addr.map_or(config.http.addr.port(), |addr| addr.port());
    let default_port = if secure { 443 } else { 80 };
    Ok(TenancyOptions {
        admin_url: url.to_owned(),
        base_domain: config.base_domain.clone(),
        cname_suffix: config.edge.cname_suffix.clone(),
        public_scheme: if secure { "https://".into() } else { "http://".into() },
        public_port: if port == default_port {
            String::new()
        } else {
            format!(":{port}")
        },
        sealer: Sealer::new(key.clone()),
        clock: Clock::system(),
        random: Random::os(),
        subscriptions: crate::subscribers::subscriptions(),
        max_connections: usize::try_from(config.database.max_connections).unwrap_or(20),
        snapshot: None,
    })
}

async fn doors(config: &Config) -> Result<Tenancy> {
    Tenancy::open(tenancy_options(config)?)
        .await
        .context("the database cannot be read; is it up, and has `ezscale migrate` run?")
}

fn find_tenant(tenancy: &Tenancy, slug: &str) -> Result<std::sync::Arc<Tenant>> {
    match tenancy.directory().slug(slug) {
        Some(tenant) => Ok(tenant.clone()),
        None => bail!("there is no tenant {slug:?}; `ezscale tenant list` shows them"),
    }
}
