//! A shop over HTTP: the app on a port, simulators beside it, one staff token.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use platform::config::Config;
use platform::outbound::{Outbound, OutboundConfig};
use platform::task::Shutdown;
use portals::app::{App, Parts};
use serde_json::{Value, json};
use simulators::Ticker;
use simulators::stripe::{Stripe, StripeConfig};
use simulators::virtfusion::{Virtfusion, VirtfusionConfig};
use tenancy::token::{self, NewToken};
use tenancy::user::{self, NewUser};
use tenancy::{Mode, staff};
use tests::World;

pub struct Shop {
    pub world: World,
    pub app: App,
    pub stripe: Stripe,
    pub virtfusion: Virtfusion,
    pub token: String,
    pub base: String,
    pub http: reqwest::Client,
    shutdown: Shutdown,
}

fn any() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

impl Shop {
    /// A tenant with a panel, a gateway, a product, a customer and a saved card.
    pub async fn open() -> Self {
        let world = World::build(portals::subscribers::subscriptions(), |_| {}).await;
        world.create("demo", None, Mode::Live).await.expect("a tenant");
        // Signatures and expiries are told by the world's clock.
        let clock = world.clock.clone();
        let config = StripeConfig {
            ticker: Ticker::from_source(move || clock.now()),
            ..StripeConfig::default()
        };
        let stripe = Stripe::start(any(), config).await.expect("stripe");
        let virtfusion = Virtfusion::start(any(), VirtfusionConfig::default())
            .await
            .expect("virtfusion");
        let allow = vec!["127.0.0.0/8".parse().expect("a network")];
        let outbound = Outbound::new(OutboundConfig {
            allow,
            ..OutboundConfig::default()
        })
        .expect("outbound");
        let app = App::from_parts(Parts {
            config: Config::from_sources(None, &[]).expect("defaults"),
            tenancy: world.tenancy.clone(),
            gateways: portals::kinds::gateways(&outbound),
            panels: portals::kinds::panels(),
            mailer: world.mailer.clone(),
            outbound,
        })
        .expect("an app");
        let listener = tokio::net::TcpListener::bind(any()).await.expect("a port");
        let base = format!("http://{}/api/v1", listener.local_addr().expect("an address"));
        let router = portals::web::router(&app).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let shutdown = Shutdown::new();
        tokio::spawn(tenancy::jobs::run(
            world.tenancy.clone(),
            portals::jobs::registry(&app),
            shutdown.clone(),
        ));
        tokio::spawn(app.live().clone().run(world.tenancy.clone(), shutdown.clone()));
        let token = staff_token(&world).await;
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self {
            world,
            app,
            stripe,
            virtfusion,
            token,
            base,
            http,
            shutdown,
        }
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let name = method.to_owned();
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header("host", "demo.ezscale.localhost")
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        let answer = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let faults = tests::schema::faults(&name, path, status, &answer);
        assert!(
            faults.is_empty(),
            "{name} {path} is not what its document says: {faults:?}"
        );
        (status, answer)
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

    /// Panel, gateway, product, plan, account and card, as the contract's worked example makes them.
    pub async fn stock(&self, card: &str) -> (String, String, String) {
        let server = json!({ "panel": "virtfusion", "name": "vf-1", "base_url": self.virtfusion.url(),
            "credentials": { "token": self.virtfusion.token() }, "settings": { "hypervisor_group": 1 } });
        let server = self.post("/servers", server).await;
        assert!(
            server.get("credentials").is_none(),
            "credentials are never answered back"
        );
        let check = self
            .post(&format!("/servers/{}/check", text(&server, "id")), json!({}))
            .await;
        assert_eq!(check["ok"], true, "{check}");
        let gateway = json!({ "kind": "stripe", "credentials": { "secret_key": "sk_test_1", "webhook_secret": "whsec_1" },
            "settings": { "api_base": self.stripe.url() } });
        let gateway = self.post("/gateways", gateway).await;
        assert!(text(&gateway, "webhook_url").contains("/hooks/stripe/gtw_"));
        let product = json!({ "name": "KVM 2", "kind": "vps", "server": server["id"],
            "panel_settings": { "package_id": 1, "ipv4": 1, "os_template": 1 } });
        let product = self.post("/products", product).await;
        let plan = json!({ "product": product["id"], "name": "Monthly", "cycle": { "unit": "month", "count": 1 }, "trial_days": 0,
            "prices": [{ "currency": "USD", "amount": "10.00", "setup": "0.00" }] });
        let plan = self.post("/plans", plan).await;
        let account = json!({ "name": "Hall & Sons", "email": "ops@hall.test", "country": "DE", "currency": "USD" });
        let account = self.post("/accounts", account).await;
        let path = format!("/accounts/{}/payment_methods", text(&account, "id"));
        let method = self
            .post(&path, json!({ "gateway": gateway["id"], "token": card }))
            .await;
        (text(&account, "id"), text(&plan, "id"), text(&method, "id"))
    }

    pub fn order(account: &str, plan: &str, method: &str) -> Value {
        json!({ "account": account, "payment_method": method, "coupons": [],
                "items": [{ "plan": plan, "quantity": 1, "hostname": "web-1.hall.test", "options": {} }] })
    }

    /// Waits until `path` answers what `fits`.
    pub async fn until(&self, path: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..300 {
            last = self.get(path).await;
            if fits(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path} stayed {last}");
    }

    /// The books balance and nothing is off by a cent.
    pub async fn audit(&self) {
        let mut tx = self.world.begin("demo").await;
        let faults = billing::ledger::check(&mut tx).await.expect("the books");
        assert!(faults.is_empty(), "{faults:?}");
    }
}

pub fn text(value: &Value, key: &str) -> String {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {value}"))
        .to_owned()
}

async fn staff_token(world: &World) -> String {
    let mut tx = world.begin("demo").await;
    let new = NewUser {
        email: "ops@demo.test".into(),
        name: "Ops".into(),
        ..NewUser::default()
    };
    let user = user::create(&mut tx, &new).await.expect("a user");
    staff::grant(&mut tx, user.id, &["*".to_owned()])
        .await
        .expect("a grant");
    let (_, text) = token::create(&mut tx, user.id, &NewToken::default())
        .await
        .expect("a token");
    tx.commit().await.expect("a commit");
    text
}
