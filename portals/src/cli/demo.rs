//! `ezscale demo`: EZSCALE and the reseller Northwind on the simulators, once; a second run only says how to sign in.

use anyhow::{Context, Result};
use billing::catalogue::{self, NewPlan, NewPrice, NewProduct};
use billing::order::{self, Item, PlaceOrder};
use billing::{gateway, payment, payment_method};
use platform::config::Config;
use platform::money::{Currency, Money};
use provisioning::server::{self, NewServer};
use serde_json::{Value, json};
use tenancy::account::{self, NewAccount};
use tenancy::tenant::{self, NewTenant};
use tenancy::user::{self, NewUser};
use tenancy::{Mode, Portal, TenantScope, resolve, staff};

use crate::app::App;

const PASSWORD: &str = "demo-password-1";

/// Name, kind, one line, price per month in cents.
const PRODUCTS: &[(&str, &str, &str, i64)] = &[
    ("KVM NVMe 2", "vps", "2 vCPU, 4 GB memory, 40 GB NVMe", 900),
    ("KVM NVMe 8", "vps", "4 vCPU, 8 GB memory, 160 GB NVMe", 4800),
    (
        "Ryzen 7950X",
        "dedicated",
        "16 cores, 128 GB memory, 2 x 2 TB NVMe",
        18_900,
    ),
    ("Web hosting Plus", "hosting", "50 GB, 20 domains, daily backups", 599),
    ("Minecraft 6 GB", "game", "6 GB memory, 20 slots, one-click mods", 1440),
    (
        "Desktop workspace",
        "workspace",
        "A browser-based desktop with 4 GB",
        1200,
    ),
];

const CUSTOMERS: &[(&str, &str, &str)] = &[
    ("Hall & Sons Ltd", "ops@hallsons.test", "GB"),
    ("Marta Lindqvist", "marta@lindqvist.test", "SE"),
    ("Yusuf Demir", "yusuf@demir.test", "DE"),
    ("Pixel Foundry", "billing@pixelfoundry.test", "US"),
];

pub async fn run(config: Config) -> Result<()> {
    let app = App::open(config).await?;
    if app.tenancy().directory().root().is_none() {
        let root = shop(
            &app,
            "ezscale",
            "EZSCALE",
            None,
            json!({ "tagline": "Servers that are ready in a minute", "country": "US" }),
        )
        .await?;
        stock(&app, &root, 100).await?;
        customers(&app, &root).await?;
        let brand = json!({ "tagline": "Hosting from the north", "brand": { "color": "#0b7a5f", "color_dark": "#2dbd95", "radius": 4 } });
        let child = shop(&app, "northwind", "Northwind", Some("ezscale"), brand).await?;
        stock(&app, &child, 125).await?;
        customers(&app, &child).await?;
    }
    for slug in ["ezscale", "northwind"] {
        let tenant = super::find_tenant(app.tenancy(), slug)?;
        let admin = app.link(&tenant, Portal::Admin, "/admin");
        println!("{}: staff  staff@{slug}.test / {PASSWORD}  {admin}", tenant.name);
    }
    Ok(())
}

async fn shop(app: &App, slug: &str, name: &str, parent: Option<&str>, settings: Value) -> Result<TenantScope> {
    let new = NewTenant {
        slug: slug.into(),
        name: name.into(),
        parent: parent.map(str::to_owned),
        mode: Mode::Live,
        currency: Currency::parse("USD")?,
        timezone: chrono_tz::UTC,
        settings: settings.as_object().cloned().unwrap_or_default(),
    };
    let id = tenant::create(app.tenancy(), &new).await?;
    let scope = resolve::system(app.tenancy(), id, "demo")?;
    let mut tx = app.tenancy().begin(&scope).await?;
    let email = format!("staff@{slug}.test");
    let user = NewUser {
        email,
        name: "Dana Keller".into(),
        password: Some(PASSWORD.into()),
        locale: None,
    };
    let user = user::create(&mut tx, &user).await?;
    staff::grant(&mut tx, user.id, &["*".to_owned()]).await?;
    tx.commit().await?;
    Ok(scope)
}

fn simulator(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// A panel, a gateway and a catalogue of the five kinds, priced at `percent` of the list.
async fn stock(app: &App, scope: &TenantScope, percent: i64) -> Result<()> {
    let mut tx = app.tenancy().begin(scope).await?;
    let new = NewServer {
        panel: "virtfusion".into(),
        name: "vf-1".into(),
        base_url: simulator("EZSCALE_DEV_VIRTFUSION", "http://127.0.0.1:7001"),
        credentials: json!({ "token": "vf-test-token" }),
        settings: json!({ "hypervisor_group": 1 }),
    };
    let server = server::configure(&mut tx, app.panels(), &new).await?;
    let credentials =
        json!({ "secret_key": format!("sk_test_{}", scope.tenant().slug), "webhook_secret": "whsec_demo" });
    let settings = json!({ "api_base": simulator("EZSCALE_DEV_STRIPE", "http://127.0.0.1:7002") });
    gateway::configure(&mut tx, app.gateways(), "stripe", "Card", &credentials, &settings).await?;
    let usd = Currency::parse("USD")?;
    for (name, kind, summary, cents) in PRODUCTS {
        let built = ["vps"].contains(kind);
        let new = NewProduct {
            name: (*name).into(),
            kind: (*kind).into(),
            summary: (*summary).into(),
            server: built.then_some(server.id),
            panel_settings: if built {
                json!({ "package_id": 1, "ipv4": 1, "os_template": 1 })
            } else {
                json!({})
            },
            ..NewProduct::default()
        };
        let product = catalogue::create_product(&mut tx, &new).await?;
        for (label, unit, count, months) in [("Monthly", "month", 1, 1), ("Yearly", "year", 1, 10)] {
            let amount = Money::new(cents * percent / 100 * months, usd)?;
            let plan = NewPlan {
                product: product.id,
                name: label.into(),
                cycle_unit: unit.into(),
                cycle_count: count,
                trial_days: 0,
                prices: vec![NewPrice {
                    amount,
                    setup: Money::zero(usd),
                }],
            };
            catalogue::create_plan(&mut tx, &plan).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Customers with a card and a server each, ordered and paid the way everybody does it.
async fn customers(app: &App, scope: &TenantScope) -> Result<()> {
    let mut tx = app.tenancy().begin(scope).await?;
    let gateway = gateway::list(&mut tx).await?.first().context("a gateway")?.id;
    let product = catalogue::list_products(&mut tx, Some("vps"), 1, None)
        .await?
        .pop()
        .context("a product")?;
    let plan = catalogue::list_plans(&mut tx, Some(product.id), 1, None)
        .await?
        .pop()
        .context("a plan")?;
    let mut accounts = Vec::new();
    for (name, email, country) in CUSTOMERS {
        let new = NewAccount {
            name: (*name).into(),
            email: (*email).into(),
            country: (*country).into(),
            ..NewAccount::default()
        };
        accounts.push(account::create(&mut tx, &new).await?);
    }
    tx.commit().await?;
    for (n, account) in accounts.iter().enumerate() {
        let method = payment_method::attach(
            app.tenancy(),
            app.gateways(),
            scope,
            (account.id, gateway),
            "pm_card_visa",
        )
        .await?;
        let hostname = format!(
            "web-{}.{}",
            n + 1,
            account.email.split('@').nth(1).unwrap_or("demo.test")
        );
        let new = PlaceOrder {
            account: account.id,
            items: vec![Item {
                plan: plan.id,
                quantity: 1,
                hostname,
                options: json!({}),
            }],
            payment_method: Some(method.id),
            hold: true,
            checkout_key: None,
            ip: None,
            limit_minor: None,
        };
        let mut tx = app.tenancy().begin(scope).await?;
        let placed = order::place(&mut tx, &new).await?;
        tx.commit().await?;
        if let Some(id) = placed.payment {
            payment::drive(app.tenancy(), app.gateways(), scope, id).await?;
        }
    }
    Ok(())
}
