//! Tenants with products on a simulated VirtFusion, and the workers of the real binary.

use std::net::{Ipv4Addr, SocketAddr};

use billing::catalogue::{self, NewPlan, NewPrice, NewProduct};
use billing::credit::{self, Kind, NewCredit};
use billing::ids::{PaymentMethodId, PlanId, ProductId, ServerId, ServiceId};
use billing::order::{self, Item, PlaceOrder};
use billing::service::{self, Service};
use billing::{gateway, payment_method};
use platform::config::Config;
use platform::money::{Currency, Money};
use platform::outbound::{Outbound, OutboundConfig};
use portals::app::{App, Parts};
use provisioning::operation::{self, Operation, Workshop};
use provisioning::server::{self, NewServer};
use serde_json::{Value, json};
use simulators::stripe::{Stripe, StripeConfig};
use simulators::virtfusion::{Virtfusion, VirtfusionConfig};
use simulators::{FaultKind, FaultRule};
use tenancy::{AccountId, Mode};
use tests::World;

pub struct Yard {
    pub world: World,
    pub virtfusion: Virtfusion,
    pub stripe: Stripe,
    pub app: App,
}

impl Yard {
    /// The root tenant `root`, and a panel nobody uses yet.
    pub async fn open() -> Self {
        let world = World::build(portals::subscribers::subscriptions(), |_| {}).await;
        world.create("demo", None, Mode::Live).await.expect("a tenant");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let virtfusion = Virtfusion::start(any, VirtfusionConfig::default())
            .await
            .expect("virtfusion");
        virtfusion.set_build_time(1, 0);
        let stripe = Stripe::start(any, StripeConfig::default()).await.expect("stripe");
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
        Self {
            world,
            virtfusion,
            stripe,
            app,
        }
    }

    pub fn shop(&self) -> Workshop {
        self.app.workshop()
    }

    pub async fn virtfusion_server(&self, slug: &str) -> ServerId {
        let new = NewServer {
            panel: "virtfusion".into(),
            name: "vf-1".into(),
            base_url: self.virtfusion.url(),
            credentials: json!({ "token": self.virtfusion.token() }),
            settings: json!({ "hypervisor_group": 1 }),
        };
        self.server(slug, &new).await
    }

    pub async fn upstream_server(&self, slug: &str, product: ProductId) -> ServerId {
        let new = NewServer {
            panel: "upstream".into(),
            name: "the provider".into(),
            base_url: String::new(),
            credentials: json!({ "product": product }),
            settings: json!({}),
        };
        self.server(slug, &new).await
    }

    pub async fn server(&self, slug: &str, new: &NewServer) -> ServerId {
        let mut tx = self.world.begin(slug).await;
        let made = server::configure(&mut tx, self.app.panels(), new)
            .await
            .expect("a server");
        tx.commit().await.expect("a commit");
        made.id
    }

    /// A product at ten dollars a month.
    pub async fn product(&self, slug: &str, server: ServerId, panel_settings: Value) -> (ProductId, PlanId) {
        let mut tx = self.world.begin(slug).await;
        let new = NewProduct {
            name: "KVM 2".into(),
            kind: "vps".into(),
            server: Some(server),
            panel_settings,
            ..NewProduct::default()
        };
        let product = catalogue::create_product(&mut tx, &new).await.expect("a product");
        let dollars = Currency::parse("USD").expect("dollars");
        let money = |minor| Money::new(minor, dollars).expect("money");
        let new = NewPlan {
            product: product.id,
            name: "Monthly".into(),
            cycle_unit: "month".into(),
            cycle_count: 1,
            trial_days: 0,
            prices: vec![NewPrice {
                amount: money(1000),
                setup: money(0),
            }],
        };
        let plan = catalogue::create_plan(&mut tx, &new).await.expect("a plan");
        tx.commit().await.expect("a commit");
        (product.id, plan.id)
    }

    /// Credit that was paid in.
    pub async fn credit(&self, slug: &str, account: AccountId, minor: i64) {
        let mut tx = self.world.begin(slug).await;
        let dollars = Currency::parse("USD").expect("dollars");
        let new = NewCredit {
            account,
            amount: Money::new(minor, dollars).expect("money"),
            kind: Kind::Deposit,
            reason: "paid in".into(),
            key: None,
        };
        credit::give(&mut tx, &new).await.expect("credit");
        tx.commit().await.expect("a commit");
    }

    /// A saved card of an account, at a gateway that is configured if it has to be.
    pub async fn card(&self, slug: &str, account: AccountId, token: &str) -> PaymentMethodId {
        let scope = self.world.scope(slug);
        let mut tx = self.world.begin(slug).await;
        let known = gateway::list(&mut tx).await.expect("gateways").first().map(|g| g.id);
        let id = match known {
            Some(id) => id,
            None => {
                let credentials = json!({ "secret_key": format!("sk_test_{slug}"), "webhook_secret": "whsec_1" });
                let settings = json!({ "api_base": self.stripe.url() });
                let kinds = self.app.gateways();
                let made = gateway::configure(&mut tx, kinds, "stripe", "Card", &credentials, &settings).await;
                made.expect("a gateway").id
            }
        };
        tx.commit().await.expect("a commit");
        let doors = &self.world.tenancy;
        payment_method::attach(doors, self.app.gateways(), &scope, (account, id), token)
            .await
            .expect("a card")
            .id
    }

    /// Below `demo`, each reseller sells what the one before it sells; the last one's plan.
    pub async fn chain(&self, resellers: &[&str]) -> PlanId {
        let server = self.virtfusion_server("demo").await;
        let (mut product, mut plan) = self.product("demo", server, small()).await;
        let mut above = "demo";
        for slug in resellers {
            self.world.reseller(slug, above).await;
            let server = self.upstream_server(slug, product).await;
            (product, plan) = self.product(slug, server, json!({})).await;
            above = slug;
        }
        plan
    }

    /// The books of every tenant balance.
    pub async fn audit(&self) {
        for tenant in self.world.tenancy.directory().tenants() {
            let mut tx = self.world.begin(&tenant.slug).await;
            let faults = billing::ledger::check(&mut tx).await.expect("the books");
            assert!(faults.is_empty(), "{}: {faults:?}", tenant.slug);
        }
    }

    /// The account of `child` in its parent.
    pub fn reseller_account(&self, child: &str) -> AccountId {
        self.world
            .tenant(child)
            .parent_account
            .expect("an account in the parent")
    }

    pub async fn order(&self, slug: &str, account: AccountId, plan: PlanId) -> ServiceId {
        self.order_with(slug, account, plan, None).await
    }

    /// An order, held on a card if there is one.
    pub async fn order_with(
        &self,
        slug: &str,
        account: AccountId,
        plan: PlanId,
        card: Option<PaymentMethodId>,
    ) -> ServiceId {
        let mut tx = self.world.begin(slug).await;
        let new = PlaceOrder {
            account,
            items: vec![Item {
                plan,
                quantity: 1,
                hostname: "web-1.hall.test".into(),
                options: json!({}),
            }],
            payment_method: card,
            hold: card.is_some(),
            checkout_key: None,
            ip: None,
        };
        let placed = order::place(&mut tx, &new).await.expect("an order");
        tx.commit().await.expect("a commit");
        placed.services[0]
    }

    /// A customer with credit orders.
    pub async fn buy(&self, slug: &str, plan: PlanId) -> ServiceId {
        let account = self.world.account(slug, "Hall").await.id;
        self.credit(slug, account, 1000).await;
        self.order(slug, account, plan).await
    }

    /// Runs what is due until nothing is, `rounds` times over, each time without the technical delays.
    pub async fn work(&self, rounds: u32) {
        for _ in 0..rounds {
            self.world.hasten_jobs().await;
            self.world.run_jobs_until_idle(portals::jobs::registry(&self.app)).await;
        }
    }

    pub async fn service(&self, slug: &str, id: ServiceId) -> Service {
        let mut tx = self.world.begin(slug).await;
        service::find(&mut tx, id)
            .await
            .expect("an answer")
            .expect("the service")
    }

    /// Works until the service is as wanted.
    pub async fn until(&self, slug: &str, id: ServiceId, status: &str) -> Service {
        for _ in 0..25 {
            self.work(1).await;
            let found = self.service(slug, id).await;
            if found.status == status {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let found = self.service(slug, id).await;
        let mut told = format!("{slug} stayed {}", found.status);
        for tenant in self.world.tenancy.directory().tenants() {
            let mut tx = self.world.begin(&tenant.slug).await;
            let all = operation::list(&mut tx, None, 20, None).await.expect("operations");
            told = format!("{told}\n{}: {all:?}", tenant.slug);
        }
        panic!("{told}\n{:?}", self.world.jobs().await);
    }

    /// Works until nothing is under way for the service.
    pub async fn quiet(&self, slug: &str, id: ServiceId) {
        for _ in 0..40 {
            self.work(1).await;
            let all = self.operations(slug, id).await;
            if all.iter().all(|operation| !operation.is_open()) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{:?}", self.operations(slug, id).await);
    }

    pub async fn operations(&self, slug: &str, id: ServiceId) -> Vec<Operation> {
        let mut tx = self.world.begin(slug).await;
        operation::list(&mut tx, Some(id), 20, None).await.expect("operations")
    }

    /// The newest of a kind.
    pub async fn last(&self, slug: &str, id: ServiceId, kind: &str) -> Operation {
        let all = self.operations(slug, id).await;
        let found = all.iter().find(|operation| operation.kind == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {all:?}")).clone()
    }

    /// Staff want it gone.
    pub async fn terminate(&self, slug: &str, id: ServiceId) {
        let mut tx = self.world.begin(slug).await;
        service::want_termination(&mut tx, id, "asked for")
            .await
            .expect("wanted");
        tx.commit().await.expect("a commit");
    }

    /// The panel removes nothing from now on.
    pub fn refuse_deletes(&self) {
        let refuses = FaultRule::new("/servers/", FaultKind::FailBefore(422))
            .method("DELETE")
            .times(u32::MAX);
        self.virtfusion.faults().add(refuses);
    }

    pub async fn services(&self, slug: &str) -> Vec<Service> {
        let mut tx = self.world.begin(slug).await;
        service::list(&mut tx, None, None, 20, None).await.expect("services")
    }

    /// Compares a server with ours to the end; the tasks that are open then.
    pub async fn compared(&self, slug: &str, server: ServerId) -> Vec<String> {
        let mut tx = self.world.begin(slug).await;
        provisioning::sweep::compare_now(&mut tx, server).await.expect("wanted");
        tx.commit().await.expect("a commit");
        self.work(3).await;
        self.open_tasks(slug).await
    }

    pub async fn open_tasks(&self, slug: &str) -> Vec<String> {
        let mut tx = self.world.begin(slug).await;
        let tasks = tenancy::task::open(&mut tx, 20).await.expect("tasks");
        tasks
            .into_iter()
            .map(|task| format!("{}: {}", task.title, task.reason))
            .collect()
    }
}

/// What a VirtFusion product asks for.
pub fn small() -> Value {
    json!({ "package_id": 1, "ipv4": 1, "os_template": 1 })
}
