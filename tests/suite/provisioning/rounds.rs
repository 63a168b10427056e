//! The scheduler's rounds: each tenant and each step for itself.

use std::time::Duration;

use billing::invoice::{self, InvoiceFilter};
use chrono::{TimeDelta, Timelike};
use platform::task::Shutdown;
use portals::scheduler::Rounds;

use super::yard::{Yard, small};

/// `demo` and `north`, each with a running service whose next month is due.
async fn two_shops() -> Yard {
    let yard = Yard::open().await;
    yard.world.reseller("north", "demo").await;
    for slug in ["demo", "north"] {
        let on = yard.virtfusion_server(slug).await;
        let (_, plan) = yard.product(slug, on, small()).await;
        // Each has a customer of its own on the panel they share.
        let customer = yard.world.account(slug, &format!("Hall {slug}")).await.id;
        yard.credit(slug, customer, 1000).await;
        let id = yard.order(slug, customer, plan).await;
        yard.until(slug, id, "active").await;
    }
    let late = 23 - i64::from(yard.world.clock.now().hour());
    yard.world.clock.advance(TimeDelta::days(31) + TimeDelta::hours(late));
    yard
}

async fn invoices(yard: &Yard, slug: &str) -> usize {
    let mut tx = yard.world.begin(slug).await;
    let all = invoice::list(&mut tx, &InvoiceFilter::default(), 20, None).await;
    all.expect("invoices").len()
}

/// Waits until `fits`.
async fn until<F: Future<Output = bool>>(what: &str, fits: impl Fn() -> F) {
    for _ in 0..200 {
        if fits().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not {what}");
}

/// Whether panels of a tenant were asked for what is due there.
async fn panels_asked(yard: &Yard, slug: &str) -> bool {
    let schema = &yard.world.tenant(slug).schema;
    let jobs = yard.world.jobs().await;
    jobs.iter()
        .any(|(_, job)| job["schema"] == schema.as_str() && job["name"] == "reconcile")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_keeps_neither_the_next_nor_another_tenant() {
    let yard = two_shops().await;
    let schema = &yard.world.tenant("demo").schema;
    let broken = format!("ALTER TABLE {schema}.billing_runs RENAME TO out_of_order");
    yard.world.execute(&broken).await;
    let rounds = Rounds::new(yard.app.clone(), Shutdown::new());
    rounds.begin();
    until("over", || async { rounds.under_way() == 0 }).await;
    assert_eq!(invoices(&yard, "demo").await, 1, "it could not be billed");
    assert_eq!(invoices(&yard, "north").await, 2, "the other was");
    for slug in ["demo", "north"] {
        assert!(panels_asked(&yard, slug).await, "{slug}: its panels were asked");
    }
    let mended = format!("ALTER TABLE {schema}.out_of_order RENAME TO billing_runs");
    yard.world.execute(&mended).await;
    rounds.begin();
    until("over", || async { rounds.under_way() == 0 }).await;
    assert_eq!(
        (invoices(&yard, "demo").await, invoices(&yard, "north").await),
        (2, 2),
        "caught up, and billed once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_tenant_holds_up_itself_alone() {
    let yard = two_shops().await;
    let mut admin = yard.world.admin().await;
    let schema = &yard.world.tenant("demo").schema;
    let hold = format!("BEGIN; LOCK TABLE {schema}.accounts IN ACCESS EXCLUSIVE MODE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(hold))
        .execute(&mut admin)
        .await
        .expect("a lock");
    let rounds = Rounds::new(yard.app.clone(), Shutdown::new());
    rounds.begin();
    until("billed", || async { invoices(&yard, "north").await == 2 }).await;
    until("the slow one alone", || async { rounds.under_way() == 1 }).await;
    // The next round leaves it to what is under way, and goes on with the others.
    yard.world.clock.advance(TimeDelta::days(31));
    rounds.begin();
    until("billed again", || async { invoices(&yard, "north").await == 3 }).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut admin).await.expect("free");
    until("over", || async { rounds.under_way() == 0 }).await;
    rounds.begin();
    until("over", || async { rounds.under_way() == 0 }).await;
    assert_eq!(invoices(&yard, "demo").await, 2, "one invoice with both months");
}
