//! A seeded simulation of some months in a sandbox tenant: orders, failing cards, renewals, payments,
//! cancellations and jumps of the clock; what must always hold is checked after every step.

use platform::random::Random;
use serde_json::{Value, json};

use crate::sandbox::trial::{Stock, Trial, text};

/// How many things happen.
const STEPS: usize = 28;

const CARDS: &[&str] = &[
    "pm_card_visa",
    "pm_card_sandboxPaysOnce",
    "pm_card_chargeCustomerFail",
    "pm_card_authenticationRequired",
];

/// What must hold at any moment; each query counts what breaks it.
const ALWAYS: &[(&str, &str)] = &[
    (
        "what the gateway took is what we received",
        "SELECT abs(coalesce((SELECT sum(amount_minor) FROM sandbox_payments WHERE status = 'succeeded'), 0) \
           - coalesce((SELECT sum(amount_minor) FROM payments WHERE status = 'succeeded'), 0))::bigint",
    ),
    (
        "nothing stays held, unknown or begun",
        "SELECT count(*) FROM payments WHERE status IN ('created', 'processing', 'unknown', 'held')",
    ),
    (
        "an invoice is paid exactly when its whole total was allocated",
        "SELECT count(*) FROM invoices WHERE status = 'issued' AND (payment_status = 'paid') <> (allocated_minor = total_minor)",
    ),
    (
        "a subscription is billed without overlap, and without gap unless its order was paid late",
        "SELECT count(*) FROM (SELECT l.period_from, lag(l.period_to) OVER w AS before, lag(i.order_id) OVER w AS first \
           FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id WHERE l.kind = 'recurring' \
           WINDOW w AS (PARTITION BY l.subscription_id ORDER BY l.period_from)) l \
           WHERE before > period_from OR (before < period_from AND first IS NULL)",
    ),
    (
        "what runs is billed through today",
        "SELECT count(*) FROM services v JOIN subscriptions s ON s.id = v.subscription_id \
           WHERE v.status IN ('active', 'suspended') AND s.status = 'active' AND s.cancel_on IS NULL AND s.billed_through <= $1::date",
    ),
    (
        "a service is suspended exactly while a cause is open",
        "SELECT count(*) FROM services v WHERE v.status IN ('active', 'suspended') AND (v.status = 'suspended') \
           <> EXISTS (SELECT 1 FROM suspensions s WHERE s.service_id = v.id AND s.lifted_at IS NULL)",
    ),
    (
        "a suspension's invoice is unpaid and overdue",
        "SELECT count(*) FROM suspensions s JOIN invoices i ON i.id = s.invoice_id \
           WHERE s.lifted_at IS NULL AND (i.payment_status = 'paid' OR i.collection_status <> 'overdue')",
    ),
    (
        "what is unpaid past the grace does not run",
        "SELECT count(*) FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id \
           JOIN services v ON v.subscription_id = l.subscription_id \
           WHERE i.payment_status IN ('unpaid', 'partly_paid') AND i.next_try_on IS NULL AND i.due_on < $1::date - 9 AND v.status = 'active'",
    ),
    (
        "nothing runs that was never paid for",
        "SELECT count(*) FROM services v JOIN subscriptions s ON s.id = v.subscription_id JOIN orders o ON o.id = s.order_id \
           WHERE v.status IN ('active', 'suspended', 'provisioning') AND o.status <> 'accepted'",
    ),
    (
        "who pays late for an order gets all that was paid for",
        "SELECT count(*) FROM services v JOIN subscriptions s ON s.id = v.subscription_id \
           WHERE v.status = 'active' AND s.start_on > v.activated_at::date",
    ),
    (
        "what ended is gone",
        "SELECT count(*) FROM subscriptions s JOIN services v ON v.subscription_id = s.id \
           WHERE s.cancel_on <= $1::date AND v.status <> 'terminated'",
    ),
    (
        "numbers have no gap",
        "SELECT (SELECT next - 1 FROM series WHERE name = 'invoice') - (SELECT count(*) FROM invoices)",
    ),
    (
        "no mail is written twice for one cause",
        "SELECT count(*) FROM (SELECT key FROM mails GROUP BY key HAVING count(*) > 1) twice",
    ),
];

struct Story {
    trial: Trial,
    stock: Stock,
    random: Random,
    customers: Vec<String>,
    told: Vec<String>,
}

impl Story {
    fn below(&self, most: usize) -> usize {
        let bytes: [u8; 4] = self.random.bytes();
        usize::try_from(u32::from_be_bytes(bytes)).expect("a number") % most
    }

    async fn step(&mut self, n: usize) {
        let what = match self.below(10) {
            0..=2 => self.order(n).await,
            3 => self.pay().await,
            4 => self.cancel().await,
            5 => self.pay_with_another_card().await,
            _ => self.jump().await,
        };
        self.told.push(what);
    }

    async fn order(&mut self, n: usize) -> String {
        let card = CARDS[self.below(CARDS.len())];
        let customer = if self.customers.is_empty() || self.below(3) == 0 {
            let new = self.trial.customer(&format!("Customer {n}"), "USD").await;
            self.customers.push(new.clone());
            new
        } else {
            self.customers[self.below(self.customers.len())].clone()
        };
        let method = self.trial.card(&customer, &self.stock.gateway, card).await;
        let order = self.trial.order(&customer, &self.stock.plan, Some(&method)).await;
        format!("order with {card}: {}", order["status"])
    }

    async fn unpaid(&self) -> Option<Value> {
        let list = self.trial.get("/invoices?limit=100").await;
        let mut open: Vec<Value> = list["data"].as_array().expect("invoices").clone();
        open.retain(|invoice| invoice["payment_status"] == "unpaid");
        (!open.is_empty()).then(|| open.swap_remove(self.below(open.len())))
    }

    /// By the default method, whatever it is.
    async fn pay(&self) -> String {
        let Some(invoice) = self.unpaid().await else {
            return "nothing to pay".into();
        };
        let path = format!("/invoices/{}/payment", text(&invoice, "id"));
        let (status, _) = self.trial.call("POST", &path, Some(json!({}))).await;
        format!("pay {}: {status}", invoice["number"])
    }

    async fn pay_with_another_card(&self) -> String {
        let Some(invoice) = self.unpaid().await else {
            return "nothing to pay".into();
        };
        let good = self
            .trial
            .card(&text(&invoice, "account"), &self.stock.gateway, "pm_card_mastercard")
            .await;
        let path = format!("/invoices/{}/payment", text(&invoice, "id"));
        let (status, _) = self
            .trial
            .call("POST", &path, Some(json!({ "payment_method": good })))
            .await;
        format!("pay {} with another card: {status}", invoice["number"])
    }

    /// Notice to the end of what is billed.
    async fn cancel(&self) -> String {
        let mut tx = self.trial.world.begin("trial").await;
        let done = sqlx::query(
            "UPDATE subscriptions SET cancel_on = billed_through WHERE id = (SELECT s.id FROM subscriptions s \
               JOIN services v ON v.subscription_id = s.id WHERE s.status = 'active' AND s.cancel_on IS NULL AND v.status = 'active' \
               ORDER BY s.id LIMIT 1)",
        )
        .execute(tx.connection())
        .await
        .expect("notice");
        tx.commit().await.expect("a commit");
        format!("cancel {}", done.rows_affected())
    }

    async fn jump(&self) -> String {
        let days = 1 + self.below(21);
        let moved = self
            .trial
            .post("/clock", json!({ "advance": format!("{days}d") }))
            .await;
        assert_eq!(moved["parked"], 0, "{moved}");
        format!("{days} days: {moved}")
    }

    async fn check(&self) {
        let mut tx = self.trial.world.begin("trial").await;
        let today = tx.today();
        for (rule, sql) in ALWAYS {
            let mut query = sqlx::query_scalar(*sql);
            if sql.contains("$1") {
                query = query.bind(today);
            }
            let broken: Option<i64> = query.fetch_one(tx.connection()).await.expect(rule);
            assert_eq!(broken.unwrap_or(0), 0, "{rule}");
        }
        drop(tx);
        self.trial.audit().await;
    }
}

async fn live_through(seed: u64) {
    println!("seed {seed} (SIM_SEED runs another)");
    let trial = Trial::open().await;
    let stock = trial.stock(json!({})).await;
    let mut story = Story {
        trial,
        stock,
        random: Random::seeded(seed),
        customers: Vec::new(),
        told: Vec::new(),
    };
    for n in 0..STEPS {
        story.step(n).await;
        story.trial.work().await;
        println!("{n}: {}", story.told[n]);
        story.check().await;
    }
    // A quarter in peace: everything due is done, and the books balance still.
    story.trial.post("/clock", json!({ "advance": "90d" })).await;
    story.trial.work().await;
    story.check().await;
    let invoices = story.trial.count("SELECT count(*) FROM invoices").await;
    assert!(invoices > 5, "something happened: {:?}", story.told);
}

#[tokio::test(flavor = "multi_thread")]
async fn months_of_chance_keep_every_promise() {
    let seed = std::env::var("SIM_SEED").ok().and_then(|text| text.parse().ok());
    live_through(seed.unwrap_or(2026)).await;
}
