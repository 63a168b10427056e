//! What is measured of an installation.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use billing::gateway::{self, GatewayKinds};
use billing::ids::{GatewayId, PlanId};
use billing::order::{self, Item, PlaceOrder};
use billing::payment::{self, PageWish};
use platform::money::Currency;
use platform::outbound::{Outbound, OutboundConfig};
use provisioning::server::{self, NewServer};
use serde_json::{Value, json};
use simulators::stripe::{Stripe, StripeConfig};
use simulators::virtfusion::{Virtfusion, VirtfusionConfig};
use tenancy::tenant::NewTenant;
use tenancy::{Mode, Tenancy, TenantScope, resolve};

use crate::load::{self, Load};
use crate::process::Server;
use crate::{Plan, fill, pages, stage};

/// Payments timed, one after the other.
const PAYMENTS: usize = 25;
/// Tenants timed.
const NEW_TENANTS: usize = 20;

/// The figures of one installation.
pub struct Figures {
    pub load: Load,
    pub webhook: Value,
    pub resident_mb: f64,
    pub cold_start_ms: f64,
}

/// Starts the server, loads it, follows payments through it.
pub async fn installation(plan: &Plan, world: &str, length: Duration) -> Result<Figures> {
    let doors = stage::doors(plan, world).await?;
    let server = Server::start(plan, world).await?;
    settled(plan, world, doors.directory().tenants().count()).await?;
    let pages = pages::of(&doors, server.address).await?;
    let load = load::run(&pages, plan.rate, length).await?;
    // Followed once, where it is slowest.
    let webhook = if world == "many" {
        Box::pin(webhooks(&doors, server.address)).await?
    } else {
        Value::Null
    };
    Ok(Figures {
        load,
        webhook,
        resident_mb: server.resident_mb()?,
        cold_start_ms: server.cold_start_ms,
    })
}

/// Waits until every tenant's figures were counted once, as a running installation's are.
async fn settled(plan: &Plan, world: &str, tenants: usize) -> Result<()> {
    let mut control = stage::admin(plan, &stage::database(world, 1)).await?;
    let started = Instant::now();
    loop {
        let counted: i64 = sqlx::query_scalar("SELECT count(*) FROM control.figures")
            .fetch_one(&mut control)
            .await?;
        if usize::try_from(counted)? >= tenants {
            return Ok(());
        }
        if started.elapsed() > Duration::from_secs(600) {
            bail!("the figures of {counted} of {tenants} tenants were counted in ten minutes");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Host header to tenant, over every tenant in turn.
pub async fn resolve_ns(plan: &Plan, world: &str) -> Result<f64> {
    let doors = stage::doors(plan, world).await?;
    let hosts: Vec<String> = doors
        .directory()
        .tenants()
        .map(|tenant| format!("{}.ezscale.localhost:8080", tenant.slug))
        .collect();
    let rounds = 1_000_000 / hosts.len().max(1);
    let mut found = 0_usize;
    let started = Instant::now();
    for _ in 0..rounds {
        for host in &hosts {
            found += usize::from(resolve::host(&doors, std::hint::black_box(host)).is_ok());
        }
    }
    let spent = started.elapsed();
    if found != rounds * hosts.len() {
        bail!("a host was not known");
    }
    Ok((spent.as_secs_f64() * 1e9 / f64::from(u32::try_from(found)?)).round())
}

/// New resellers, each from a spare.
pub async fn tenants_from_spares(plan: &Plan, world: &str) -> Result<Value> {
    let doors = stage::doors(plan, world).await?;
    let mut sample = Vec::new();
    for n in 0..NEW_TENANTS {
        let new = NewTenant {
            slug: format!("fresh-{n}"),
            name: format!("Fresh {n}"),
            parent: Some(fill::slug(0)),
            mode: Mode::Live,
            currency: Currency::parse("USD")?,
            timezone: chrono_tz::UTC,
            locale: None,
            settings: serde_json::Map::new(),
        };
        let started = Instant::now();
        tenancy::tenant::create(&doors, &new).await?;
        sample.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(load::summary(&sample))
}

/// From the payer's confirmation to the panel's first call, one payment after the other.
async fn webhooks(doors: &Tenancy, address: SocketAddr) -> Result<Value> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = StripeConfig {
        deliver_to: Some(address),
        ..StripeConfig::default()
    };
    let stripe = Stripe::start(any, config).await?;
    let virtfusion = Virtfusion::start(any, VirtfusionConfig::default()).await?;
    let tenant = doors
        .directory()
        .slug(&fill::slug(0))
        .context("the first tenant")?
        .clone();
    let scope = resolve::system(doors, tenant.id, "bench")?;
    let shop = Box::pin(stock(doors, &scope, &stripe, &virtfusion)).await?;
    let mut sample = Vec::new();
    for n in 0..PAYMENTS {
        sample.push(Box::pin(one_payment(doors, &scope, &shop, (&stripe, &virtfusion), n)).await?);
    }
    Ok(load::summary(&sample))
}

/// What the payments need: a customer, a gateway, a plan.
struct Stock {
    plan: PlanId,
    account: tenancy::AccountId,
    gateway: GatewayId,
    gateways: GatewayKinds,
}

async fn stock(doors: &Tenancy, scope: &TenantScope, stripe: &Stripe, virtfusion: &Virtfusion) -> Result<Stock> {
    let outbound = Outbound::new(OutboundConfig {
        allow: vec!["127.0.0.0/8".parse()?],
        ..OutboundConfig::default()
    })?;
    let gateways = portals::kinds::gateways(&outbound);
    let mut tx = doors.begin(scope).await?;
    let new = NewServer {
        panel: "virtfusion".into(),
        name: "bench".into(),
        base_url: virtfusion.url(),
        credentials: json!({ "token": virtfusion.token() }),
        settings: json!({ "hypervisor_group": 1 }),
    };
    let server = server::configure(&mut tx, &portals::kinds::panels(), &new).await?;
    let credentials = json!({ "secret_key": "sk_test_bench", "webhook_secret": "whsec_bench" });
    let settings = json!({ "api_base": stripe.url() });
    let gateway = gateway::configure(&mut tx, &gateways, "stripe", "Bench", &credentials, &settings).await?;
    let plan = fill::product_on(&mut tx, server.id).await?;
    let account: tenancy::AccountId = sqlx::query_scalar("SELECT id FROM accounts WHERE number = 900001")
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await?;
    let host = format!("{}.ezscale.localhost", scope.tenant().slug);
    stripe.register_webhook(&format!("http://{host}/hooks/stripe/{}", gateway.id), "whsec_bench");
    Ok(Stock {
        plan,
        account,
        gateway: gateway.id,
        gateways,
    })
}

/// An order and the gateway's page for its invoice, up to the moment the payer confirms.
async fn page_to_pay(doors: &Tenancy, scope: &TenantScope, stock: &Stock, n: usize) -> Result<String> {
    let mut tx = doors.begin(scope).await?;
    let item = Item {
        plan: stock.plan,
        quantity: 1,
        hostname: format!("web-{n}.bench.test"),
        options: json!({}),
    };
    let new = PlaceOrder {
        account: stock.account,
        items: vec![item],
        payment_method: None,
        hold: false,
        checkout_key: None,
        ip: None,
    };
    let placed = order::place(&mut tx, &new).await?;
    tx.commit().await?;
    let invoice = placed.invoice.context("an invoice")?;
    let wish = PageWish {
        invoice,
        gateway: stock.gateway,
        save: false,
        success_url: "http://bench.test/paid".into(),
        cancel_url: "http://bench.test/back".into(),
    };
    payment::open_page(doors, &stock.gateways, scope, &wish).await?;
    let mut tx = doors.begin_read(scope).await?;
    let session =
        sqlx::query_scalar("SELECT session_ref FROM payments WHERE invoice_id = $1 AND session_ref IS NOT NULL")
            .bind(invoice)
            .fetch_one(tx.connection())
            .await?;
    tx.commit().await?;
    Ok(session)
}

async fn one_payment(
    doors: &Tenancy,
    scope: &TenantScope,
    stock: &Stock,
    (stripe, virtfusion): (&Stripe, &Virtfusion),
    n: usize,
) -> Result<f64> {
    let session = page_to_pay(doors, scope, stock, n).await?;
    virtfusion.requests().clear();
    let started = Instant::now();
    if let Err(why) = stripe.pay_session(&session, "4242424242424242") {
        bail!("the payer could not pay: {why}");
    }
    while virtfusion.requests().all().is_empty() {
        if started.elapsed() > Duration::from_secs(30) {
            bail!("the panel was not called");
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let spent = started.elapsed().as_secs_f64() * 1000.0;
    // The build ends before the next payment begins: its calls are not the next one's.
    let mut seen = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let now = virtfusion.requests().all().len();
        if now == seen {
            return Ok(spent);
        }
        seen = now;
    }
}
