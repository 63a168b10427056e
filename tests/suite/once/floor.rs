//! Two nodes over one database, the simulators, and nobody at work until a test says so.

use std::future::{Future, poll_fn};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use billing::ids::{GatewayId, PaymentMethodId, PlanId};
use billing::payment_method;
use chrono::TimeDelta;
use http::Request;
use http_body_util::BodyExt as _;
use portals::app::App;
use serde_json::{Value, json};
use simulators::stripe::{Stripe, StripeConfig};
use simulators::virtfusion::{Virtfusion, VirtfusionConfig};
use tenancy::account::{self, NewAccount};
use tenancy::{AccountId, Mode};
use tests::World;
use tower::ServiceExt as _;

use crate::sandbox::trial;

const HOST: &str = "demo.ezscale.localhost";

/// A customer with a card.
#[derive(Debug, Clone, Copy)]
pub struct Customer {
    pub account: AccountId,
    pub method: PaymentMethodId,
}

pub struct Floor {
    pub world: World,
    pub stripe: Stripe,
    pub virtfusion: Virtfusion,
    /// The app as two processes have it.
    pub nodes: [App; 2],
    pub gateway: GatewayId,
    pub plan: PlanId,
    token: String,
}

/// Runs `work` until it has waited `n` times, and kills it then; answers what it came to if it was faster.
pub async fn killed_after<F: Future>(n: usize, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut waits = 0;
    poll_fn(move |context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if waits == n => Poll::Ready(None),
        Poll::Pending => {
            waits += 1;
            Poll::Pending
        }
    })
    .await
}

/// When killing ends. How often work waits differs from run to run: one that comes through early must not end it,
/// so that several in a row have to.
#[derive(Default)]
pub struct Ends {
    came_through: usize,
    killed: usize,
}

impl Ends {
    /// Notes one run; true once the last four came through.
    ///
    /// # Panics
    /// When hardly any was killed: the test would mean nothing then.
    pub fn after(&mut self, came_through: bool) -> bool {
        if came_through {
            self.came_through += 1;
        } else {
            self.came_through = 0;
            self.killed += 1;
        }
        let is_over = self.came_through == 4;
        assert!(!is_over || self.killed > 10, "it was killed {} times only", self.killed);
        is_over
    }
}

fn any() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

impl Floor {
    pub async fn open() -> Self {
        let world = World::build(portals::subscribers::subscriptions(), |options| {
            options.admin_url = super::line::slow(&options.admin_url);
        })
        .await;
        world.create("demo", None, Mode::Live).await.expect("a tenant");
        let stripe = Stripe::start(any(), StripeConfig::default()).await.expect("stripe");
        let config = VirtfusionConfig {
            build_polls: 0,
            ..VirtfusionConfig::default()
        };
        let virtfusion = Virtfusion::start(any(), config).await.expect("virtfusion");
        let nodes = [
            trial::app(&world, world.tenancy.clone()),
            trial::app(&world, world.node().await),
        ];
        let token = world.staff("demo", "ops@demo.test", &["*"]).await.token;
        let mut floor = Self {
            world,
            stripe,
            virtfusion,
            nodes,
            gateway: GatewayId::new(uuid::Uuid::nil()),
            plan: PlanId::new(uuid::Uuid::nil()),
            token,
        };
        floor.stock().await;
        floor
    }

    async fn stock(&mut self) {
        // A build is killed at every wait, and each leaves one server.
        self.virtfusion.set_capacity(5000);
        let server = json!({ "panel": "virtfusion", "name": "vf-1", "base_url": self.virtfusion.url(),
            "credentials": { "token": self.virtfusion.token() }, "settings": { "hypervisor_group": 1 } });
        let server = self.post("/servers", server).await;
        let stripe = json!({ "secret_key": "sk_test_1", "webhook_secret": "whsec_1" });
        let settings = json!({ "api_base": self.stripe.url() });
        let gateway = json!({ "kind": "stripe", "credentials": stripe, "settings": settings });
        self.gateway = id(&self.post("/gateways", gateway).await);
        let product = json!({ "name": "KVM 2", "kind": "vps", "server": server["id"],
            "panel_settings": { "package_id": 1, "ipv4": 1, "os_template": 1 } });
        let product = self.post("/products", product).await;
        let plan = json!({ "product": product["id"], "name": "Monthly", "cycle": { "unit": "month", "count": 1 }, "trial_days": 0,
            "prices": [{ "currency": "USD", "amount": "10.00" }] });
        self.plan = id(&self.post("/plans", plan).await);
    }

    /// A customer of their own for every attempt, so that none waits for another's lock.
    pub async fn customer(&self, n: usize) -> Customer {
        let mut tx = self.world.begin("demo").await;
        let new = NewAccount {
            name: format!("Customer {n}"),
            email: format!("c{n}@customers.test"),
            country: "DE".into(),
            ..NewAccount::default()
        };
        let account = account::create(&mut tx, &new).await.expect("an account").id;
        tx.commit().await.expect("a commit");
        let scope = self.world.scope("demo");
        let to = (account, self.gateway);
        let node = &self.nodes[0];
        let saved = payment_method::attach(node.tenancy(), node.gateways(), &scope, to, "pm_card_visa").await;
        let method = saved.expect("a card").id;
        Customer { account, method }
    }

    pub fn order_body(&self, customer: Customer, n: usize) -> Value {
        json!({ "account": customer.account, "payment_method": customer.method, "coupons": [],
                "items": [{ "plan": self.plan, "quantity": 1, "hostname": format!("web-{n}.customers.test"), "options": {} }] })
    }

    /// A request to one node's whole HTTP surface, in this process: what is dropped is the handler itself.
    pub async fn call(&self, node: usize, path: &str, body: &Value, key: Option<&str>) -> (u16, Value) {
        self.call_router(portals::web::router(&self.nodes[node]), path, body, key)
            .await
    }

    async fn call_router(&self, router: Router, path: &str, body: &Value, key: Option<&str>) -> (u16, Value) {
        let mut request = Request::post(format!("/api/v1{path}"))
            .header("host", HOST)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let mut request = request.body(Body::from(body.to_string())).expect("a request");
        request.extensions_mut().insert(ConnectInfo(any()));
        let response = router.oneshot(request).await.expect("an answer");
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(0, path, &body, None).await;
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
        answer
    }

    /// Time passes in which claims of killed processes run out.
    pub fn wait(&self) {
        self.world.clock.advance(TimeDelta::minutes(3));
    }

    /// Everything that survived the kill does its work: jobs, and what waits for a technical delay.
    pub async fn recover(&self) {
        for _ in 0..12 {
            self.wait();
            self.world.hasten_jobs().await;
            self.world
                .run_jobs_until_idle(portals::jobs::registry(&self.nodes[1]))
                .await;
            if self.world.jobs().await.is_empty() {
                return;
            }
        }
        panic!("jobs are left: {:?}", self.world.jobs().await);
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let mut tx = self.world.begin("demo").await;
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_one(tx.connection())
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// `n` orders: each with one paid invoice, one charge taken once, one running server; books balanced.
    pub async fn assert_orders(&self, n: usize) {
        let wanted = i64::try_from(n).expect("a count");
        let same = [
            ("orders", "SELECT count(*) FROM orders WHERE status = 'accepted'"),
            ("all orders", "SELECT count(*) FROM orders"),
            (
                "invoices",
                "SELECT count(*) FROM invoices WHERE payment_status = 'paid'",
            ),
            ("all invoices", "SELECT count(*) FROM invoices"),
            ("numbers", "SELECT next - 1 FROM series WHERE name = 'invoice'"),
            ("payments", "SELECT count(*) FROM payments WHERE status = 'succeeded'"),
            ("services", "SELECT count(*) FROM services WHERE status = 'active'"),
            (
                "creates",
                "SELECT count(*) FROM operations WHERE kind = 'create' AND status = 'done'",
            ),
            ("operations", "SELECT count(*) FROM operations"),
        ];
        for (what, sql) in same {
            assert_eq!(self.count(sql).await, wanted, "{what}");
        }
        self.assert_outside(n).await;
    }

    /// As many charges and servers outside as there should be, and balanced books.
    pub async fn assert_outside(&self, n: usize) {
        assert_eq!(self.virtfusion.servers().len(), n, "servers");
        assert_eq!(self.stripe.captured().len(), n, "charges");
        let open = self
            .stripe
            .objects("payment_intent")
            .into_iter()
            .filter(|intent| {
                ["requires_capture", "processing"].contains(&intent["status"].as_str().unwrap_or_default())
            })
            .count();
        assert_eq!(open, 0, "nothing is held any more");
        self.audit().await;
    }

    pub async fn audit(&self) {
        let mut tx = self.world.begin("demo").await;
        let faults = billing::ledger::check(&mut tx).await.expect("the books");
        assert!(faults.is_empty(), "{faults:?}");
        drop(tx);
        let tasks = self.count("SELECT count(*) FROM tasks WHERE state = 'open'").await;
        assert_eq!(tasks, 0, "nobody has to look");
    }
}

fn id<K>(answer: &Value) -> platform::id::Id<K>
where
    platform::id::Id<K>: std::str::FromStr,
{
    let text = trial::text(answer, "id");
    text.parse().ok().expect("an id")
}
