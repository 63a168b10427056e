//! The sandbox gateway, whose simulator is a sandbox tenant's own tables.

use std::sync::Arc;

use billing::gateway::{self, Gateway, GatewayContext};
use billing::ids::GatewayId;
use billing::sandbox;
use platform::secret::Secret;
use serde_json::json;
use tests::World;

use super::rig::{Rig, Token, outbound};

const SLUG: &str = "trial";

pub struct OverSandbox {
    world: World,
    gateway: Arc<dyn Gateway>,
    id: GatewayId,
}

impl OverSandbox {
    async fn sum(&self, sql: &'static str) -> i64 {
        let mut tx = self.world.begin(SLUG).await;
        sqlx::query_scalar(sql).fetch_one(tx.connection()).await.expect("a sum")
    }
}

impl Rig for OverSandbox {
    async fn open() -> Self {
        let world = World::new().await;
        world.sandbox(SLUG).await;
        let kinds = portals::kinds::gateways(&outbound());
        let mut tx = world.begin(SLUG).await;
        let id = gateway::configure(&mut tx, &kinds, "sandbox", "Trial", &json!({}), &json!({}))
            .await
            .expect("a gateway")
            .id;
        tx.commit().await.expect("a commit");
        let gateway = kinds.get("sandbox").cloned().expect("sandbox");
        Self { world, gateway, id }
    }

    fn gateway(&self) -> Arc<dyn Gateway> {
        self.gateway.clone()
    }

    fn context(&self) -> GatewayContext {
        GatewayContext {
            id: self.id,
            credentials: Secret::new(json!({})),
            settings: json!({}),
            doors: self.world.tenancy.clone(),
            scope: self.world.scope(SLUG),
        }
    }

    fn token(&self, wanted: Token) -> &'static str {
        match wanted {
            Token::Good => "pm_card_visa",
            Token::DeclinesCharges => "pm_card_chargeCustomerFail",
            Token::WantsOwner => "pm_card_authenticationRequired",
        }
    }

    async fn payments(&self) -> usize {
        let sql = "SELECT count(*) FROM sandbox_payments WHERE session IS NULL";
        usize::try_from(self.sum(sql).await).expect("a few")
    }

    async fn moved(&self) -> (i64, i64) {
        let taken = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM sandbox_payments WHERE status = 'succeeded'";
        let back = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM sandbox_refunds";
        (self.sum(taken).await, self.sum(back).await)
    }

    async fn pages(&self) -> usize {
        let sql = "SELECT count(*) FROM sandbox_payments WHERE session IS NOT NULL";
        usize::try_from(self.sum(sql).await).expect("a few")
    }

    async fn pay_page(&self, session: &str) {
        let mut tx = self.world.begin(SLUG).await;
        let paid = sandbox::pay(&mut tx, session, "pm_card_visa").await.expect("paid");
        assert!(matches!(paid, sandbox::Paid::Leave(_)), "{session}");
        tx.commit().await.expect("a commit");
    }

    async fn end_page(&self, session: &str) {
        let ended = self.gateway.close_page(&self.context(), session).await;
        assert!(matches!(ended, gateway::Outcome::Closed), "{ended:?}");
    }
}
