//! `ezscale clock`: what a sandbox tenant's clock shows, and moving it.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use platform::config::Config;
use serde_json::json;
use tenancy::{clock, resolve};

use super::args;
use crate::app::App;
use crate::clock::{Wish, advance};

pub async fn run(config: Config, args: &args::Clock) -> Result<()> {
    let wish = match (&args.set, &args.advance) {
        (Some(text), _) => Some(Wish::To(
            DateTime::parse_from_rfc3339(text)
                .with_context(|| format!("{text:?} is no moment such as 2026-12-31T09:00:00Z"))?
                .with_timezone(&Utc),
        )),
        (None, Some(text)) => match clock::parse_span(text) {
            Some(span) => Some(Wish::By(span)),
            None => bail!("{text:?} is no span such as 31d, 12h, 90m or 2w"),
        },
        (None, None) => None,
    };
    let app = App::open(config).await?;
    let tenant = super::find_tenant(app.tenancy(), &args.slug)?;
    let scope = resolve::system(app.tenancy(), tenant.id, "clock")?;
    let Some(wish) = wish else {
        let now = clock::read(app.tenancy(), &scope).await?;
        if args.json {
            return super::print_json(&json!({ "tenant": tenant.slug, "now": crate::api::instant(now) }));
        }
        println!("{}", crate::api::instant(now));
        return Ok(());
    };
    let moved = advance(&app, &scope, wish).await?;
    if args.json {
        return super::print_json(&json!({ "tenant": tenant.slug, "moved": moved }));
    }
    println!(
        "{}: {} -> {}: {} invoices, {} charges tried again, {} reminders, {} suspensions, {} ended",
        tenant.slug,
        crate::api::instant(moved.from),
        crate::api::instant(moved.now),
        moved.invoices,
        moved.retried,
        moved.reminders,
        moved.suspended,
        moved.ended
    );
    Ok(())
}
