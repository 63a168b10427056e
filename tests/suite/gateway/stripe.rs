//! Stripe's adapter beside the simulated Stripe.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use billing::gateway::{Gateway, GatewayContext};
use billing::ids::GatewayId;
use platform::secret::Secret;
use serde_json::{Value, json};
use simulators::FaultKind;
use simulators::stripe::{Stripe, StripeConfig};
use tests::World;

use super::rig::{Act, Remote, Rig, Token, outbound};

const KEY: &str = "rk_test_1";

pub struct OverStripe {
    world: World,
    stripe: Stripe,
    gateway: Arc<dyn Gateway>,
}

impl OverStripe {
    fn with_key(&self, key: &str) -> GatewayContext {
        GatewayContext {
            id: GatewayId::new(uuid::Uuid::nil()),
            credentials: Secret::new(json!({ "secret_key": key, "webhook_secret": "whsec_1" })),
            settings: json!({ "api_base": self.stripe.url() }),
            doors: self.world.tenancy.clone(),
            scope: self.world.scope("ezscale"),
        }
    }
}

fn says(status: u16, error: &Value) -> FaultKind {
    FaultKind::Status {
        status,
        body: json!({ "error": error }).to_string(),
        headers: BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]),
    }
}

impl Rig for OverStripe {
    async fn open() -> Self {
        let config = StripeConfig {
            keys: vec![(KEY.to_owned(), "acct_1".to_owned())],
            ..StripeConfig::default()
        };
        let stripe = Stripe::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), config)
            .await
            .expect("a simulator");
        let gateway = portals::kinds::gateways(&outbound())
            .get("stripe")
            .cloned()
            .expect("stripe");
        let world = World::new().await;
        Self { world, stripe, gateway }
    }

    fn gateway(&self) -> Arc<dyn Gateway> {
        self.gateway.clone()
    }

    fn context(&self) -> GatewayContext {
        self.with_key(KEY)
    }

    fn token(&self, wanted: Token) -> &'static str {
        match wanted {
            Token::Good => "pm_card_visa",
            Token::DeclinesCharges => "pm_card_chargeCustomerFail",
            Token::WantsOwner => "pm_card_authenticationRequired",
        }
    }

    async fn payments(&self) -> usize {
        self.stripe.objects("payment_intent").len()
    }

    async fn moved(&self) -> (i64, i64) {
        let sum = |name: &str| -> i64 {
            self.stripe
                .captured()
                .iter()
                .filter_map(|charge| charge[name].as_i64())
                .sum()
        };
        (sum("amount_captured"), sum("amount_refunded"))
    }

    async fn pages(&self) -> usize {
        self.stripe.objects("checkout.session").len()
    }

    async fn pay_page(&self, session: &str) {
        self.stripe.pay_session(session, "4242424242424242").expect("paid");
    }

    async fn end_page(&self, session: &str) {
        let ends_at = self.stripe.object(session).and_then(|page| page["expires_at"].as_i64());
        assert!(ends_at.is_some(), "{session} is open");
        self.stripe.ticker().advance(2 * 86_400);
    }
}

impl Remote for OverStripe {
    fn wrong_context(&self) -> GatewayContext {
        self.with_key("rk_test_nobody")
    }

    fn goes_wrong(&self, act: Act, kind: FaultKind) {
        let (method, path) = match act {
            Act::Charge => ("POST", "/v1/payment_intents"),
            Act::Capture => ("POST", "/capture"),
            Act::Release => ("POST", "/cancel"),
            Act::Refund => ("POST", "/v1/refunds"),
            Act::OpenPage => ("POST", "/v1/checkout/sessions"),
            Act::Attach => ("POST", "/attach"),
            Act::Payer => ("POST", "/v1/customers"),
            Act::Fetch => ("GET", "/v1/"),
        };
        self.stripe.faults().once(method, path, kind);
    }

    fn forget_keys(&self) {
        self.stripe.forget_keys();
    }

    fn strange_success(&self) -> Value {
        json!({ "id": "pi_strange", "object": "payment_intent", "status": "succeeded", "capture_method": "telepathic",
            "latest_charge": { "id": "ch_1", "status": "glorious" }, "payment_method": 7 })
    }

    fn key_troubles(&self) -> Vec<FaultKind> {
        vec![
            says(
                409,
                &json!({ "type": "idempotency_error", "code": "idempotency_key_in_use", "message": "In use." }),
            ),
            says(
                400,
                &json!({ "type": "idempotency_error", "message": "Same key, other parameters." }),
            ),
        ]
    }

    fn busy(&self) -> FaultKind {
        says(
            429,
            &json!({ "type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests." }),
        )
    }
}
