//! A sandbox tenant `trial` below the root, with the app on a port; jobs run when a test says so.

use platform::config::Config;
use platform::outbound::{Outbound, OutboundConfig};
use portals::app::{App, Parts};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Server, World};

/// Host of the sandbox tenant.
pub const HOST: &str = "trial.ezscale.localhost";

pub struct Trial {
    pub world: World,
    pub app: App,
    pub server: Server,
    pub token: String,
}

/// What [`Trial::stock`] made.
pub struct Stock {
    pub account: String,
    pub plan: String,
    pub gateway: String,
}

pub fn text(value: &Value, key: &str) -> String {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {value}"))
        .to_owned()
}

/// An app over a world's first node, or another.
pub fn app(world: &World, tenancy: tenancy::Tenancy) -> App {
    let allow = vec!["127.0.0.0/8".parse().expect("a network")];
    let outbound = Outbound::new(OutboundConfig {
        allow,
        ..OutboundConfig::default()
    })
    .expect("outbound");
    App::from_parts(Parts {
        config: Config::from_sources(None, &[]).expect("defaults"),
        tenancy,
        gateways: portals::kinds::gateways(&outbound),
        panels: portals::kinds::panels(),
        mailer: world.mailer.clone(),
        outbound,
    })
    .expect("an app")
}

impl Trial {
    pub async fn open() -> Self {
        let world = World::with_subscriptions(portals::subscribers::subscriptions()).await;
        world.sandbox("trial").await;
        let app = app(&world, world.tenancy.clone());
        let server = Server::start(portals::web::router(&app)).await;
        let token = world.staff("trial", "ops@trial.test", &["*"]).await.token;
        Self {
            world,
            app,
            server,
            token,
        }
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self
            .server
            .request(method, HOST, &format!("/api/v1{path}"))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call("POST", path, Some(body)).await;
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
        answer
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {answer}");
        answer
    }

    /// A panel, a gateway, a product at 10.00 a month and a customer.
    pub async fn stock(&self, gateway: Value) -> Stock {
        self.stock_in(gateway, "USD", "10.00").await
    }

    /// The same in another currency.
    pub async fn stock_in(&self, gateway: Value, currency: &str, amount: &str) -> Stock {
        let server = json!({ "panel": "sandbox", "name": "box", "base_url": "", "credentials": {}, "settings": {} });
        let server = self.post("/servers", server).await;
        let gateway = json!({ "kind": "sandbox", "credentials": {}, "settings": gateway });
        let gateway = self.post("/gateways", gateway).await;
        let product = json!({ "name": "KVM 2", "kind": "vps", "server": server["id"], "panel_settings": {} });
        let product = self.post("/products", product).await;
        let plan = json!({ "product": product["id"], "name": "Monthly", "cycle": { "unit": "month", "count": 1 }, "trial_days": 0,
            "prices": [{ "currency": currency, "amount": amount }] });
        let plan = self.post("/plans", plan).await;
        let account = self.customer("Hall & Sons", currency).await;
        Stock {
            account,
            plan: text(&plan, "id"),
            gateway: text(&gateway, "id"),
        }
    }

    pub async fn customer(&self, name: &str, currency: &str) -> String {
        let email = format!("ops@{}.test", name.to_lowercase().replace([' ', '&', '_'], "-"));
        let account = json!({ "name": name, "email": email, "country": "DE", "currency": currency });
        text(&self.post("/accounts", account).await, "id")
    }

    pub async fn card(&self, account: &str, gateway: &str, token: &str) -> String {
        let path = format!("/accounts/{account}/payment_methods");
        text(
            &self.post(&path, json!({ "gateway": gateway, "token": token })).await,
            "id",
        )
    }

    pub async fn order(&self, account: &str, plan: &str, method: Option<&str>) -> Value {
        let order = json!({ "account": account, "payment_method": method, "coupons": [],
            "items": [{ "plan": plan, "quantity": 1, "hostname": "web-1.hall.test", "options": {} }] });
        self.post("/orders", order).await
    }

    /// Runs what is due, and what waits for a technical delay, until nothing is left.
    pub async fn work(&self) {
        for _ in 0..6 {
            self.world.run_jobs_until_idle(portals::jobs::registry(&self.app)).await;
            if self.world.jobs().await.is_empty() {
                return;
            }
            self.world.hasten_jobs().await;
        }
    }

    /// The books balance.
    pub async fn audit(&self) {
        let mut tx = self.world.begin("trial").await;
        let faults = billing::ledger::check(&mut tx).await.expect("the books");
        assert!(faults.is_empty(), "{faults:?}");
    }

    /// The one row of a query's first column.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.world.begin("trial").await;
        sqlx::query_scalar(sql).fetch_one(tx.connection()).await.expect(sql)
    }
}
