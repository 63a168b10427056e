//! What stories about money need besides a stocked trial: other products, orders of several, what the tables say.

use serde_json::{Value, json};

use super::trial::{Stock, Trial, text};

/// A product of the given panel, and its plan at 10.00 a month.
pub async fn plan_on(trial: &Trial, panel: &str, settings: Value) -> String {
    let server = json!({ "panel": panel, "name": panel, "base_url": "", "credentials": {}, "settings": {} });
    let server = trial.post("/servers", server).await;
    let product =
        json!({ "name": format!("On {panel}"), "kind": "vps", "server": server["id"], "panel_settings": settings });
    let product = trial.post("/products", product).await;
    let plan = json!({ "product": product["id"], "name": "Monthly", "cycle": { "unit": "month", "count": 1 }, "trial_days": 0,
        "prices": [{ "currency": "USD", "amount": "10.00" }] });
    text(&trial.post("/plans", plan).await, "id")
}

/// An order of several plans; with a card its money is held.
pub async fn order_of(trial: &Trial, stock: &Stock, plans: &[&str], card: Option<&str>) -> Value {
    let method = match card {
        Some(card) => Some(trial.card(&stock.account, &stock.gateway, card).await),
        None => None,
    };
    let items: Vec<Value> = plans
        .iter()
        .enumerate()
        .map(|(at, plan)| json!({ "plan": plan, "quantity": 1, "hostname": format!("web-{at}.hall.test"), "options": {} }))
        .collect();
    let body = json!({ "account": stock.account, "payment_method": method, "coupons": [], "items": items });
    let order = trial.post("/orders", body).await;
    trial.work().await;
    order
}

/// The states of a table's rows, in the order of the alphabet.
pub async fn states(trial: &Trial, table: &str) -> Vec<String> {
    let mut tx = trial.world.begin("trial").await;
    let sql = format!("SELECT status FROM {table} ORDER BY status COLLATE \"C\"");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_all(tx.connection())
        .await
        .expect("states")
}

/// Titles of what a person has to look at.
pub async fn tasks(trial: &Trial) -> Vec<String> {
    let mut tx = trial.world.begin("trial").await;
    let open = tenancy::task::open(&mut tx, 50).await.expect("tasks");
    open.into_iter().map(|task| task.title).collect()
}

/// Days go by, and what falls due in them is done.
pub async fn pass(trial: &Trial, days: u32) {
    trial.post("/clock", json!({ "advance": format!("{days}d") })).await;
    trial.work().await;
}

/// The only create there is.
pub async fn create(trial: &Trial) -> provisioning::OperationId {
    let mut tx = trial.world.begin("trial").await;
    sqlx::query_scalar("SELECT id FROM operations WHERE kind = 'create'")
        .fetch_one(tx.connection())
        .await
        .expect("a create")
}

/// Staff give credit.
pub async fn credit(trial: &Trial, stock: &Stock, amount: &str) {
    let body = json!({ "account": stock.account, "kind": "deposit", "reason": "by hand",
        "amount": { "amount": amount, "currency": "USD" } });
    trial.post("/credits", body).await;
}
