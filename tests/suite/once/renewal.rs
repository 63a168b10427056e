//! The billing day, twice, in two processes at once, and killed at every wait.

use billing::payment::{self, DrivePayment};
use billing::renewal;
use chrono::{Months, NaiveDate};
use platform::job::Outcome;

use super::floor::{Ends, Floor, killed_after};

const BOUND: usize = 400;

fn month(n: usize) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2026, 2, 15).expect("a date");
    let n = u32::try_from(n).expect("few months");
    first.checked_add_months(Months::new(n)).expect("a date")
}

async fn running(floor: &Floor) {
    let body = floor.order_body(floor.customer(0).await, 0);
    floor.post("/orders", body).await;
    floor.recover().await;
    floor.assert_orders(1).await;
}

/// A renewal a month: each billed once and charged once, besides the first invoice.
async fn assert_months(floor: &Floor, months: usize) {
    let wanted = i64::try_from(months).expect("a count") + 1;
    for sql in [
        "SELECT count(*) FROM invoices WHERE payment_status = 'paid'",
        "SELECT count(*) FROM invoices",
        "SELECT count(*) FROM invoice_lines",
        "SELECT count(DISTINCT period_from) FROM invoice_lines",
        "SELECT count(*) FROM payments",
        "SELECT next - 1 FROM series WHERE name = 'invoice'",
    ] {
        assert_eq!(floor.count(sql).await, wanted, "{sql}");
    }
    assert_eq!(floor.stripe.captured().len(), months + 1, "charges");
    assert_eq!(floor.virtfusion.servers().len(), 1, "servers");
    floor.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_at_once_and_a_second_run_bill_each_month_once() {
    let floor = Floor::open().await;
    running(&floor).await;
    let scope = floor.world.scope("demo");
    for n in 0..8 {
        let run = |node: usize| renewal::bill(floor.nodes[node].tenancy(), &scope, Some(month(n)), false);
        let (one, two) = tokio::join!(run(0), run(1));
        let issued = one.expect("a run").invoices + two.expect("a run").invoices;
        assert_eq!(issued, 1, "month {n}");
        assert_eq!(run(0).await.expect("a run").invoices, 0);
    }
    floor.recover().await;
    assert_months(&floor, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_billing_day_killed_at_any_point_bills_and_charges_once_when_it_is_run_again() {
    let floor = Floor::open().await;
    running(&floor).await;
    let scope = floor.world.scope("demo");
    let doors = floor.nodes[0].tenancy();
    let mut months = 0;
    let mut ends = Ends::default();
    for n in 0.. {
        assert!(n < BOUND, "a billing day does not end");
        months = n + 1;
        let done = killed_after(n, renewal::bill(doors, &scope, Some(month(n)), false)).await;
        renewal::bill(floor.nodes[1].tenancy(), &scope, Some(month(n)), false)
            .await
            .expect("it is run again");
        if ends.after(done.is_some()) {
            break;
        }
    }
    floor.recover().await;
    assert_months(&floor, months).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_killed_at_any_point_is_made_once() {
    let floor = Floor::open().await;
    running(&floor).await;
    let scope = floor.world.scope("demo");
    let mut months = 0;
    let mut ends = Ends::default();
    for n in 0.. {
        assert!(n < BOUND, "a charge does not end");
        months = n + 1;
        renewal::bill(&floor.world.tenancy, &scope, Some(month(n)), false)
            .await
            .expect("a run");
        let mut tx = floor.world.begin("demo").await;
        let payment = sqlx::query_scalar("SELECT id FROM payments WHERE status = 'created'")
            .fetch_one(tx.connection())
            .await
            .expect("a payment that was begun");
        drop(tx);
        let node = &floor.nodes[0];
        let args = DrivePayment { payment };
        let done = killed_after(n, payment::drive_job(node.tenancy(), node.gateways(), &scope, &args)).await;
        floor.recover().await;
        if ends.after(done == Some(Outcome::Done)) {
            break;
        }
    }
    assert_months(&floor, months).await;
}
