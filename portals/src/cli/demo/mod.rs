//! `ezscale demo`: EZSCALE and its reseller Northwind, with a year behind them. Every account, order, invoice and
//! payment of that year is made by the commands everybody uses, in a process whose clock stands in the past and
//! is moved on to today. A second run only says how to sign in.

mod catalogue;
mod people;
mod shop;
mod story;
mod year;

use anyhow::Result;
use platform::config::Config;
use tenancy::{Portal, Tenant};

use crate::app::App;

/// The password of everybody in the demo.
const PASSWORD: &str = "demo-password-1";

pub async fn run(config: Config) -> Result<()> {
    let app = App::open(config.clone()).await?;
    if app.tenancy().directory().root().is_none() {
        let today = app.tenancy().now();
        eprintln!("ezscale: playing through a year of the demo (this takes a minute, once)");
        Box::pin(story::play(config, today)).await?;
        app.tenancy().refresh().await?;
    }
    println!("Everybody's password is {PASSWORD}");
    for slug in ["ezscale", "northwind"] {
        let tenant = super::find_tenant(app.tenancy(), slug)?;
        let staff = format!("staff@{slug}.test");
        say(&app, &tenant, "staff", &staff, Portal::Admin, "/admin");
        let customer = people::customers(slug)[0].email;
        say(&app, &tenant, "customer", customer, Portal::Account, "/account");
        if slug == "ezscale" {
            let reseller = shop::reseller_email(&app);
            say(&app, &tenant, "reseller", &reseller, Portal::Account, "/account");
        }
    }
    Ok(())
}

fn say(app: &App, tenant: &Tenant, who: &str, email: &str, portal: Portal, path: &str) {
    println!(
        "  {:<10} {who:<9} {email:<34} {}",
        tenant.name,
        app.link(tenant, portal, path)
    );
}
