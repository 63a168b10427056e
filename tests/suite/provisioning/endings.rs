//! What ends: a build that was given up leaves no server, an end that is wanted is billed no more and comes before
//! what waits.

use billing::ids::ServiceId;
use billing::invoice::{self, InvoiceFilter};
use billing::{payment, renewal, suspension};
use chrono::TimeDelta;
use provisioning::operation;
use provisioning::server::NewServer;
use serde_json::json;
use simulators::{FaultKind, FaultRule};

use super::yard::{Yard, small};

async fn give_up(yard: &Yard, slug: &str, id: ServiceId) {
    let create = yard.last(slug, id, "create").await;
    let mut tx = yard.world.begin(slug).await;
    operation::cancel(&mut tx, create.id, "nobody wants it")
        .await
        .expect("given up");
    tx.commit().await.expect("a commit");
}

async fn invoices(yard: &Yard, slug: &str) -> Vec<invoice::Invoice> {
    let mut tx = yard.world.begin(slug).await;
    invoice::list(&mut tx, &InvoiceFilter::default(), 20, None)
        .await
        .expect("invoices")
}

/// The billing day, and what follows from it.
async fn bill(yard: &Yard, slug: &str) -> usize {
    let scope = yard.world.scope(slug);
    let run = renewal::bill(&yard.world.tenancy, &scope, None, false)
        .await
        .expect("billed");
    assert!(run.parked.is_empty(), "{run:?}");
    run.invoices
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_build_whose_money_went_back_leaves_no_server_and_a_later_one_begins_anew() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let customer = yard.world.account("demo", "Hall").await.id;
    let card = yard.card("demo", customer, "pm_card_visa").await;
    yard.virtfusion.fail_builds(1);
    let id = yard.order_with("demo", customer, plan, Some(card)).await;
    yard.until("demo", id, "failed").await;
    let first = yard.virtfusion.servers().first().map(|server| server.id);
    yard.quiet("demo", id).await;
    yard.work(3).await;
    assert!(yard.stripe.captured().is_empty(), "the money went back");
    assert!(yard.virtfusion.servers().is_empty(), "nobody pays for what was made");
    let failed = yard.service("demo", id).await;
    assert_eq!((failed.status.as_str(), failed.panel_ref), ("failed", None));
    assert_eq!(yard.last("demo", id, "terminate").await.status, "done");

    let create = yard.last("demo", id, "create").await;
    let mut tx = yard.world.begin("demo").await;
    assert!(operation::retry(&mut tx, create.id).await.is_err(), "not without money");
    drop(tx);
    let unpaid = invoices(&yard, "demo").await[0].id;
    let mut tx = yard.world.begin("demo").await;
    payment::begin(&mut tx, unpaid, card, false).await.expect("a payment");
    tx.commit().await.expect("a commit");
    yard.work(2).await;
    let mut tx = yard.world.begin("demo").await;
    operation::retry(&mut tx, create.id).await.expect("again");
    tx.commit().await.expect("a commit");
    let built = yard.until("demo", id, "active").await;
    assert_eq!(yard.virtfusion.servers().len(), 1);
    assert_ne!(built.panel_ref, first.map(|id| id.to_string()));
    assert_eq!(yard.open_tasks("demo").await, Vec::<String>::new());
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_build_that_failed_waits_for_staff_and_leaves_no_server_when_they_give_it_up() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    yard.virtfusion.fail_builds(1);
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "failed").await;
    yard.work(3).await;
    assert_eq!(
        yard.virtfusion.servers().len(),
        1,
        "it is paid: staff may go on with it"
    );
    assert_eq!(yard.open_tasks("demo").await.len(), 1);
    give_up(&yard, "demo", id).await;
    yard.quiet("demo", id).await;
    assert!(yard.virtfusion.servers().is_empty());
    assert_eq!(yard.service("demo", id).await.status, "failed");
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_given_up_in_doubt_is_looked_for_and_a_guess_is_a_task() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let lost = FaultRule::new("/api/v1/servers", FaultKind::FailAfter(502)).method("POST");
    yard.virtfusion.faults().add(lost);
    // The list is read before the create, and cannot be read after it.
    let hidden = FaultRule::new("/servers/user", FaultKind::FailBefore(503))
        .skip(2)
        .times(u32::MAX);
    yard.virtfusion.faults().add(hidden);
    let id = yard.buy("demo", plan).await;
    for _ in 0..10 {
        yard.work(1).await;
        if !yard.virtfusion.servers().is_empty() {
            break;
        }
    }
    yard.work(1).await;
    assert_eq!(yard.last("demo", id, "create").await.status, "retrying");
    give_up(&yard, "demo", id).await;
    yard.virtfusion.faults().clear();
    yard.work(3).await;
    assert_eq!(
        yard.virtfusion.servers().len(),
        1,
        "nothing without a name is removed on a guess"
    );
    let tasks = yard.open_tasks("demo").await;
    assert!(tasks.iter().any(|task| task.contains("remove it there")), "{tasks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_below_cancels_the_unpaid_order_above_at_any_depth() {
    let yard = Yard::open().await;
    let plan = yard.chain(&["middle", "leaf"]).await;
    yard.credit("middle", yard.reseller_account("leaf"), 1000).await;
    let id = yard.buy("leaf", plan).await;
    yard.work(6).await;
    let tasks = yard.open_tasks("middle").await;
    assert!(tasks.len() == 1 && tasks[0].contains("payment of invoice"), "{tasks:?}");

    give_up(&yard, "leaf", id).await;
    yard.quiet("leaf", id).await;
    yard.work(6).await;
    let (middle, root) = (&yard.services("middle").await[0], &yard.services("demo").await[0]);
    assert_eq!(
        (middle.status.as_str(), root.status.as_str()),
        ("terminated", "terminated")
    );
    assert_eq!(invoices(&yard, "demo").await[0].status, "void");
    let tasks = yard.open_tasks("middle").await;
    assert!(
        tasks.len() == 1 && tasks[0].contains("paid and never delivered"),
        "{tasks:?}"
    );
    // Money that comes later builds nothing.
    yard.credit("demo", yard.reseller_account("middle"), 5000).await;
    yard.work(6).await;
    assert!(yard.virtfusion.servers().is_empty());
    for slug in ["demo", "middle", "leaf"] {
        assert_eq!(yard.services(slug).await.len(), 1, "{slug}");
    }
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_below_ends_what_is_built_above_and_its_billing() {
    let yard = Yard::open().await;
    yard.virtfusion.set_build_time(1, 3000);
    let plan = yard.chain(&["middle", "leaf"]).await;
    yard.credit("demo", yard.reseller_account("middle"), 9000).await;
    yard.credit("middle", yard.reseller_account("leaf"), 9000).await;
    let id = yard.buy("leaf", plan).await;
    for _ in 0..20 {
        yard.work(1).await;
        if !yard.virtfusion.servers().is_empty() {
            break;
        }
    }
    assert_eq!(yard.virtfusion.servers().len(), 1, "it is being built");
    give_up(&yard, "leaf", id).await;
    yard.quiet("leaf", id).await;
    yard.work(6).await;
    assert!(yard.virtfusion.servers().is_empty());
    for slug in ["middle", "demo"] {
        assert_eq!(yard.services(slug).await[0].status, "terminated", "{slug}");
    }
    yard.world.clock.advance(TimeDelta::days(40));
    for slug in ["leaf", "middle", "demo"] {
        assert_eq!(bill(&yard, slug).await, 0, "{slug}");
    }
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_parent_cancels_a_retry_orders_anew_and_never_two_are_alive() {
    let yard = Yard::open().await;
    let plan = yard.chain(&["leaf"]).await;
    let id = yard.buy("leaf", plan).await;
    for round in 1..=2_usize {
        yard.work(4).await;
        let unpaid = invoices(&yard, "demo").await;
        assert_eq!(unpaid.len(), round, "ordered once each time");
        let open = unpaid.iter().find(|i| i.status == "issued").expect("an open invoice");
        let mut tx = yard.world.begin("demo").await;
        invoice::void(&mut tx, open.id, "not wanted").await.expect("void");
        tx.commit().await.expect("a commit");
        yard.until("leaf", id, "failed").await;
        yard.work(3).await;
        assert_eq!(invoices(&yard, "demo").await.len(), round, "not by itself");
        let create = yard.last("leaf", id, "create").await;
        let mut tx = yard.world.begin("leaf").await;
        operation::retry(&mut tx, create.id).await.expect("again");
        tx.commit().await.expect("a commit");
    }
    yard.work(4).await;
    yard.credit("demo", yard.reseller_account("leaf"), 1000).await;
    yard.until("leaf", id, "active").await;
    let above = yard.services("demo").await;
    let alive: Vec<_> = above.iter().filter(|s| s.status != "terminated").collect();
    assert_eq!((above.len(), alive.len()), (3, 1), "{above:?}");
    assert_eq!(yard.virtfusion.servers().len(), 1);
    yard.terminate("leaf", id).await;
    yard.until("leaf", id, "terminated").await;
    yard.work(3).await;
    assert!(yard.virtfusion.servers().is_empty());
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_end_is_billed_no_more_though_its_panel_refuses_and_on_when_it_stays() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    yard.refuse_deletes();
    yard.terminate("demo", id).await;
    yard.terminate("demo", id).await;
    yard.quiet("demo", id).await;
    let tasks = yard.open_tasks("demo").await;
    assert!(
        tasks.len() == 1 && tasks[0].starts_with("terminate of"),
        "a task, once: {tasks:?}"
    );
    for _ in 0..3 {
        yard.world.clock.advance(TimeDelta::days(31));
        assert_eq!(bill(&yard, "demo").await, 0, "it is to end");
    }
    // Staff keep it: it is billed on, and without a gap.
    let end = yard.last("demo", id, "terminate").await;
    let mut tx = yard.world.begin("demo").await;
    operation::cancel(&mut tx, end.id, "they stay after all")
        .await
        .expect("given up");
    tx.commit().await.expect("a commit");
    assert_eq!(bill(&yard, "demo").await, 1);
    assert_eq!(bill(&yard, "demo").await, 0, "once");
    let minor: Vec<i64> = invoices(&yard, "demo").await.iter().map(|i| i.total_minor).collect();
    assert_eq!(minor, [3000, 1000], "the months in between, and the first");
    // Wanted again, and the panel does it.
    yard.virtfusion.faults().clear();
    yard.terminate("demo", id).await;
    yard.until("demo", id, "terminated").await;
    yard.world.clock.advance(TimeDelta::days(31));
    assert_eq!(bill(&yard, "demo").await, 0);
    yard.audit().await;
}

async fn by_hand(yard: &Yard) -> billing::ids::PlanId {
    let new = NewServer {
        panel: "manual".into(),
        name: "by hand".into(),
        base_url: String::new(),
        credentials: json!({}),
        settings: json!({}),
    };
    let server = yard.server("demo", &new).await;
    yard.product("demo", server, json!({ "instructions": "Rack 3." }))
        .await
        .1
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_comes_before_a_create_that_waits() {
    let yard = Yard::open().await;
    let plan = by_hand(&yard).await;
    let customer = yard.world.account("demo", "Hall").await.id;
    let card = yard.card("demo", customer, "pm_card_visa").await;
    let id = yard.order_with("demo", customer, plan, Some(card)).await;
    yard.work(3).await;
    assert_eq!(yard.open_tasks("demo").await.len(), 1, "staff are to build it");
    yard.world.clock.advance(TimeDelta::seconds(1));
    yard.terminate("demo", id).await;
    yard.until("demo", id, "terminated").await;
    yard.work(3).await;
    let create = yard.last("demo", id, "create").await;
    assert_eq!(
        (create.status.as_str(), create.reason.as_deref()),
        ("cancelled", Some("the service is to be terminated"))
    );
    assert_eq!(
        yard.open_tasks("demo").await,
        Vec::<String>::new(),
        "nobody is to build it"
    );
    assert!(yard.stripe.captured().is_empty(), "and its money went back");
    assert_eq!(invoices(&yard, "demo").await[0].payment_status, "unpaid");
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_behind_goes_on_when_the_one_before_ends() {
    let yard = Yard::open().await;
    let plan = by_hand(&yard).await;
    let id = yard.buy("demo", plan).await;
    yard.work(3).await;
    let create = yard.last("demo", id, "create").await;
    let mut tx = yard.world.begin("demo").await;
    operation::adopt(&mut tx, create.id, "rack-3").await.expect("named");
    tx.commit().await.expect("a commit");
    yard.until("demo", id, "active").await;

    let mut tx = yard.world.begin("demo").await;
    suspension::suspend(&mut tx, id, "staff", None, "a look")
        .await
        .expect("suspended");
    tx.commit().await.expect("a commit");
    yard.work(2).await;
    yard.world.clock.advance(TimeDelta::seconds(1));
    let mut tx = yard.world.begin("demo").await;
    suspension::lift(&mut tx, id, "staff").await.expect("lifted");
    tx.commit().await.expect("a commit");
    yard.world.run_jobs_until_idle(portals::jobs::registry(&yard.app)).await;
    let (suspend, resume) = (
        yard.last("demo", id, "suspend").await,
        yard.last("demo", id, "resume").await,
    );
    assert_eq!((suspend.status.as_str(), resume.status.as_str()), ("waiting", "queued"));
    let mut tx = yard.world.begin("demo").await;
    operation::skip(&mut tx, suspend.id).await.expect("done by hand");
    tx.commit().await.expect("a commit");
    // Without anybody hastening it.
    yard.world.run_jobs_until_idle(portals::jobs::registry(&yard.app)).await;
    assert_eq!(yard.last("demo", id, "resume").await.status, "waiting", "its own turn");
    yard.terminate("demo", id).await;
    yard.world.run_jobs_until_idle(portals::jobs::registry(&yard.app)).await;
    assert_eq!(yard.last("demo", id, "resume").await.status, "cancelled");
    let end = yard.last("demo", id, "terminate").await;
    assert_eq!(end.status, "waiting", "staff are to remove it: {end:?}");
}
