//! A shop seen from its cash desk.

use std::ops::Deref;

use billing::BillingError;
use billing::ids::{GatewayId, InvoiceId};
use billing::payment::{self, PageWish};
use serde_json::{Value, json};
use tenancy::TenantScope;

use crate::walk::shop::{Shop, text};

pub const VISA: &str = "4242424242424242";
pub const DECLINED: &str = "4000000000000002";

/// A stocked shop with one customer.
pub struct Desk {
    pub shop: Shop,
    pub account: String,
    pub plan: String,
    pub method: String,
    pub gateway: GatewayId,
    pub scope: TenantScope,
}

impl Deref for Desk {
    type Target = Shop;
    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl Desk {
    pub async fn open() -> Self {
        Self::with_card("pm_card_visa").await
    }

    pub async fn with_card(card: &str) -> Self {
        let shop = Shop::open().await;
        let (account, plan, method) = shop.stock(card).await;
        let gateways = shop.get("/gateways").await;
        let gateway = text(&gateways["data"][0], "id").parse().expect("a gateway");
        let scope = shop.world.scope("demo");
        Self {
            shop,
            account,
            plan,
            method,
            gateway,
            scope,
        }
    }

    /// Lets the gateway tell us what happens there.
    pub fn listen(&self) {
        let root = self.base.trim_end_matches("/api/v1");
        let port = root.rsplit(':').next().expect("a port");
        let url = format!("http://demo.ezscale.localhost:{port}/hooks/stripe/{}", self.gateway);
        self.stripe.register_webhook(&url, "whsec_1");
    }

    /// An order that waits for its money: order and invoice.
    pub async fn order(&self) -> (Value, InvoiceId) {
        let mut body = Shop::order(&self.account, &self.plan, &self.method);
        body["payment_method"] = Value::Null;
        let order = self.post("/orders", body).await;
        assert_eq!(order["status"], "pending_payment");
        let invoice = text(&order, "invoice").parse().expect("an invoice");
        (order, invoice)
    }

    /// An order paid with the saved card, its server built and its money taken.
    pub async fn sale(&self) -> (Value, InvoiceId) {
        let body = Shop::order(&self.account, &self.plan, &self.method);
        let order = self.post("/orders", body).await;
        let invoice: InvoiceId = text(&order, "invoice").parse().expect("an invoice");
        self.paid(invoice).await;
        (order, invoice)
    }

    /// An order of something that staff build by hand; its money is held.
    pub async fn by_hand(&self) -> Value {
        let server = json!({ "panel": "manual", "name": "by hand", "base_url": "", "credentials": {}, "settings": {} });
        let server = self.post("/servers", server).await;
        let product = json!({ "name": "Rack", "kind": "dedicated", "server": server["id"], "panel_settings": {} });
        let product = self.post("/products", product).await;
        let plan = json!({ "product": product["id"], "name": "Monthly", "cycle": { "unit": "month", "count": 1 }, "trial_days": 0,
            "prices": [{ "currency": "USD", "amount": "10.00" }] });
        let plan = text(&self.post("/plans", plan).await, "id");
        let order = self
            .post("/orders", Shop::order(&self.account, &plan, &self.method))
            .await;
        assert_eq!(order["status"], "accepted", "its money is held");
        self.eventually("it waits for staff", async || self.tasks().await.len() == 1)
            .await;
        order
    }

    /// Staff say that it is built.
    pub async fn built(&self) {
        let mut tx = self.world.begin("demo").await;
        let create: provisioning::OperationId = sqlx::query_scalar("SELECT id FROM operations")
            .fetch_one(tx.connection())
            .await
            .expect("one create");
        provisioning::operation::adopt(&mut tx, create, "rack-1")
            .await
            .expect("named");
        tx.commit().await.expect("a commit");
    }

    pub fn wish(&self, invoice: InvoiceId) -> PageWish {
        PageWish {
            invoice,
            gateway: self.gateway,
            save: false,
            success_url: "http://demo.ezscale.localhost/account".into(),
            cancel_url: "http://demo.ezscale.localhost/account".into(),
        }
    }

    pub async fn open_page(&self, wish: &PageWish) -> Result<String, BillingError> {
        payment::open_page(self.app.tenancy(), self.app.gateways(), &self.scope, wish).await
    }

    /// Somebody comes back from the page.
    pub async fn come_back(&self, invoice: InvoiceId) {
        payment::refresh(self.app.tenancy(), self.app.gateways(), &self.scope, invoice)
            .await
            .expect("asked");
    }

    pub async fn paid(&self, invoice: InvoiceId) -> Value {
        self.until(&format!("/invoices/{invoice}"), |i| i["payment_status"] == "paid")
            .await
    }

    pub async fn invoice(&self, invoice: InvoiceId) -> Value {
        self.get(&format!("/invoices/{invoice}")).await
    }

    /// The payments of an invoice, newest first.
    pub async fn payments(&self, invoice: InvoiceId) -> Vec<Value> {
        let list = self.get(&format!("/payments?invoice={invoice}")).await;
        list["data"].as_array().expect("payments").clone()
    }

    /// Pages on which money could still be paid.
    pub fn open_sessions(&self) -> Vec<Value> {
        let mut sessions = self.stripe.objects("checkout.session");
        sessions.retain(|session| session["status"] == "open");
        sessions
    }

    /// What moved from payers to us, in minor units, after what went back.
    pub fn taken(&self) -> i64 {
        let minor = |charge: &Value, field: &str| charge[field].as_i64().unwrap_or(0);
        let captured = self.stripe.captured();
        captured
            .iter()
            .map(|charge| minor(charge, "amount_captured") - minor(charge, "amount_refunded"))
            .sum()
    }

    /// The payment that paid an invoice.
    pub async fn payment_of(&self, invoice: InvoiceId) -> String {
        text(&self.payments(invoice).await[0], "id")
    }

    pub async fn credit(&self) -> i64 {
        let mut tx = self.world.begin("demo").await;
        let id = self.account.parse().expect("an account");
        let account = tenancy::account::find(&mut tx, id).await.expect("read");
        account.expect("the account").credit_minor
    }

    pub async fn tasks(&self) -> Vec<String> {
        let mut tx = self.world.begin("demo").await;
        let open = tenancy::task::open(&mut tx, 50).await.expect("tasks");
        open.into_iter().map(|task| task.title).collect()
    }

    /// Waits until it holds.
    pub async fn eventually(&self, what: &str, holds: impl AsyncFn() -> bool) {
        for _ in 0..300 {
            if holds().await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{what}: never");
    }

    /// Somebody works on the gateway's own pages.
    pub async fn at_the_gateway(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let request = self
            .http
            .post(format!("{}/v1/{path}", self.stripe.url()))
            .bearer_auth("sk_test_1");
        let answer = request.form(fields).send().await.expect("an answer");
        answer.json().await.expect("json")
    }

    /// The intent behind a payment.
    pub fn intent(&self) -> String {
        let intents = self.stripe.objects("payment_intent");
        text(intents.last().expect("an intent"), "id")
    }
}
