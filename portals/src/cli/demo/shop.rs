//! The demo's two shops: tenant, staff, panels, gateway, catalogue.

use anyhow::{Context, Result};
use billing::catalogue::{self, NewOption, NewOptionValue, NewPlan, NewPrice, NewProduct, Product, ProductChange};
use billing::gateway;
use billing::ids::{PlanId, ServerId};
use platform::money::{Currency, Money};
use provisioning::server::{self, NewServer};
use serde_json::{Value, json};
use tenancy::tenant::{self, NewTenant};
use tenancy::user::{self, NewUser};
use tenancy::{Mode, TenantScope, TenantTx, resolve, staff};

use super::PASSWORD;
use super::catalogue::{ADDRESSES, EZSCALE, Item, Made, NORTHWIND, SYSTEMS};
use crate::app::App;

/// Where a simulator of `bin/dev` listens.
pub fn simulator(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Where Northwind's bills from EZSCALE go, which is also its sign-in there.
pub fn reseller_email(app: &App) -> String {
    format!("billing@northwind.{}", app.tenancy().base_domain())
}

async fn open(app: &App, slug: &str, name: &str, parent: Option<&str>, settings: Value) -> Result<TenantScope> {
    let new = NewTenant {
        slug: slug.into(),
        name: name.into(),
        parent: parent.map(str::to_owned),
        mode: Mode::Live,
        currency: Currency::parse("USD")?,
        timezone: chrono_tz::UTC,
        locale: None,
        settings: settings.as_object().cloned().unwrap_or_default(),
    };
    let id = tenant::create(app.tenancy(), &new).await?;
    let scope = resolve::system(app.tenancy(), id, "demo")?;
    let mut tx = app.tenancy().begin(&scope).await?;
    person(&mut tx, &format!("staff@{slug}.test"), "Dana Keller", true).await?;
    let credentials = json!({ "secret_key": format!("sk_test_{slug}"), "webhook_secret": "whsec_demo" });
    let settings = json!({ "api_base": simulator("EZSCALE_DEV_STRIPE", "http://127.0.0.1:7002") });
    gateway::configure(&mut tx, app.gateways(), "stripe", "Card", &credentials, &settings).await?;
    tx.commit().await?;
    Ok(scope)
}

/// Somebody who can sign in, with a confirmed address.
pub async fn person(tx: &mut TenantTx, email: &str, name: &str, works_here: bool) -> Result<user::User> {
    let new = NewUser {
        email: email.into(),
        name: name.into(),
        password: Some(PASSWORD.into()),
        locale: None,
    };
    let made = user::create(tx, &new).await?;
    let proof = user::issue_token(tx, made.id, user::TokenUse::VerifyEmail).await?;
    user::verify_email(tx, &proof).await?;
    if works_here {
        staff::grant(tx, made.id, &["*".to_owned()]).await?;
    }
    Ok(made)
}

/// EZSCALE, with everything it sells.
pub async fn root(app: &App) -> Result<TenantScope> {
    let settings = json!({
        "tagline": "Servers that are ready in a minute", "country": "US", "legal_name": "EZSCALE Inc.",
        "address": ["1 Harbor Way", "Wilmington, DE 19801", "United States"], "currencies": ["USD", "EUR"],
        "support_email": "help@ezscale.test", "invoice_prefix": "EZ-",
    });
    let scope = open(app, "ezscale", "EZSCALE", None, settings).await?;
    let mut tx = app.tenancy().begin(&scope).await?;
    let virtfusion = NewServer {
        panel: "virtfusion".into(),
        name: "VirtFusion London".into(),
        base_url: simulator("EZSCALE_DEV_VIRTFUSION", "http://127.0.0.1:7001"),
        credentials: json!({ "token": "vf-test-token" }),
        settings: json!({ "hypervisor_group": 1 }),
    };
    let virtfusion = server::configure(&mut tx, app.panels(), &virtfusion).await?.id;
    let hand = configure(&mut tx, app, "manual", "By hand", json!({})).await?;
    for (position, item) in EZSCALE.iter().enumerate() {
        match item.made {
            Made::Package(id) => {
                let settings = json!({ "package_id": id, "ipv4": 1, "os_template": 1 });
                let (product, plans) = sell(&mut tx, item, (virtfusion, settings), position).await?;
                options(&mut tx, &product, &plans, ("os_template", "ipv4"), true).await?;
            }
            Made::Hand(what) => {
                sell(&mut tx, item, (hand, json!({ "instructions": what })), position).await?;
            }
            Made::Upstream(_) => {}
        }
    }
    tx.commit().await?;
    Ok(scope)
}

/// Northwind, which sells EZSCALE's on.
pub async fn reseller(app: &App, parent: &TenantScope) -> Result<TenantScope> {
    let settings = json!({
        "tagline": "Hosting from the north", "country": "NO", "legal_name": "Northwind Hosting AS",
        "address": ["Brattørkaia 11", "7010 Trondheim", "Norway"], "currencies": ["USD", "EUR"],
        "support_email": "hello@northwind.test", "invoice_prefix": "NW-",
        "brand": { "color": "#0b7a5f", "color_dark": "#2dbd95", "radius": 4 },
    });
    let scope = open(app, "northwind", "Northwind", Some("ezscale"), settings).await?;
    let mut above = app.tenancy().begin_read(parent).await?;
    let mut wholesale = Vec::new();
    for item in NORTHWIND {
        if let Made::Upstream(slug) = item.made {
            let id: billing::ids::ProductId = sqlx::query_scalar("SELECT id FROM products WHERE slug = $1")
                .bind(slug)
                .fetch_one(above.connection())
                .await?;
            wholesale.push((item, id));
        }
    }
    above.commit().await?;
    let mut tx = app.tenancy().begin(&scope).await?;
    for (position, (item, product)) in wholesale.into_iter().enumerate() {
        let credentials = json!({ "product": product });
        let server = configure(
            &mut tx,
            app,
            "upstream",
            &format!("Provider of {}", item.name),
            credentials,
        )
        .await?;
        let (product, plans) = sell(&mut tx, item, (server, json!({})), position).await?;
        if item.kind == "vps" {
            options(&mut tx, &product, &plans, ("os", "ipv4"), false).await?;
        }
    }
    tx.commit().await?;
    Ok(scope)
}

async fn configure(tx: &mut TenantTx, app: &App, panel: &str, name: &str, credentials: Value) -> Result<ServerId> {
    let new = NewServer {
        panel: panel.into(),
        name: name.into(),
        base_url: String::new(),
        credentials,
        settings: json!({}),
    };
    Ok(server::configure(tx, app.panels(), &new).await?.id)
}

/// The same amount in the currencies that are sold in.
fn prices(cents: i64, setup_cents: i64) -> Result<Vec<NewPrice>> {
    let mut prices = Vec::new();
    for (code, percent) in [("USD", 100), ("EUR", 92)] {
        let unit = Currency::parse(code)?;
        prices.push(NewPrice {
            amount: Money::new(cents * percent / 100, unit)?,
            setup: Money::new(setup_cents * percent / 100, unit)?,
        });
    }
    Ok(prices)
}

async fn sell(
    tx: &mut TenantTx,
    item: &Item,
    (server, panel_settings): (ServerId, Value),
    position: usize,
) -> Result<(Product, Vec<(PlanId, i64)>)> {
    let features: Vec<Value> = item
        .features
        .iter()
        .map(|(label, value)| json!({ "label": label, "value": value }))
        .collect();
    let new = NewProduct {
        name: item.name.into(),
        slug: Some(item.slug.into()),
        kind: item.kind.into(),
        summary: item.summary.into(),
        description: item.description.into(),
        features: json!(features),
        server: Some(server),
        panel_settings,
        stock: item.stock,
        ..NewProduct::default()
    };
    let product = catalogue::create_product(tx, &new).await?;
    let change = ProductChange {
        position: Some(i32::try_from(position)?),
        state: item.is_hidden.then(|| "hidden".to_owned()),
        ..ProductChange::default()
    };
    catalogue::update_product(tx, product.id, &change).await?;
    let mut plans = Vec::new();
    for (name, unit, months) in [("Monthly", "month", 1), ("Yearly", "year", 10)] {
        let new = NewPlan {
            product: product.id,
            name: name.into(),
            cycle_unit: unit.into(),
            cycle_count: 1,
            trial_days: 0,
            prices: prices(item.cents * months, item.setup_cents)?,
        };
        plans.push((catalogue::create_plan(tx, &new).await?.id, months));
    }
    Ok((product, plans))
}

/// Operating system and addresses. Whoever builds it himself says what the panel is told; whoever sells it on names
/// the provider's options.
async fn options(
    tx: &mut TenantTx,
    product: &Product,
    plans: &[(PlanId, i64)],
    (system_key, address_key): (&str, &str),
    builds: bool,
) -> Result<()> {
    let value = |key: &str, name: &str, told: i64| NewOptionValue {
        key: key.into(),
        name: name.into(),
        panel_value: builds.then(|| json!(told)),
    };
    let choice = |key: &str, name: &str, panel_key: &str, values| NewOption {
        key: key.into(),
        name: name.into(),
        kind: "choice".into(),
        panel_key: Some(panel_key.into()),
        values,
        ..NewOption::default()
    };
    let systems = SYSTEMS.iter().map(|(key, name, id)| value(key, name, *id)).collect();
    let new = choice("os", "Operating system", system_key, systems);
    catalogue::create_option(tx, product.id, &new).await?;
    let addresses = ADDRESSES
        .iter()
        .map(|(key, name, count, _)| value(key, name, *count))
        .collect();
    let new = choice("ipv4", "IPv4 addresses", address_key, addresses);
    let option = catalogue::create_option(tx, product.id, &new).await?.id;
    for (plan, months) in plans {
        for (key, _, _, cents) in ADDRESSES.iter().filter(|a| a.3 > 0) {
            for price in prices(cents * months, 0)? {
                catalogue::set_option_price(tx, *plan, option, Some(key), &price).await?;
            }
        }
    }
    Ok(())
}

/// The gateway of a shop.
pub async fn gateway_of(tx: &mut TenantTx) -> Result<billing::ids::GatewayId> {
    Ok(gateway::list(tx).await?.first().context("a gateway")?.id)
}
