//! What the parent does of its own accord, and what becomes of an order the parent is not paid for.

use billing::ids::ServiceId;
use billing::invoice::{self, InvoiceFilter};
use billing::{service, suspension};
use provisioning::link;
use tenancy::resolve::{self, ResolveError};

use super::yard::Yard;

/// `demo` and two resellers below it, paid ahead, with a running service of the last one's customer.
async fn running() -> (Yard, ServiceId) {
    let yard = Yard::open().await;
    let plan = yard.chain(&["middle", "leaf"]).await;
    yard.credit("demo", yard.reseller_account("middle"), 5000).await;
    yard.credit("middle", yard.reseller_account("leaf"), 5000).await;
    let id = yard.buy("leaf", plan).await;
    yard.until("leaf", id, "active").await;
    (yard, id)
}

async fn suspend(yard: &Yard, slug: &str, id: ServiceId) {
    let mut tx = yard.world.begin(slug).await;
    let why = "Ticket 77 of The demo company.";
    suspension::suspend(&mut tx, id, "staff", None, why)
        .await
        .expect("suspended");
    tx.commit().await.expect("a commit");
}

async fn lift(yard: &Yard, slug: &str, id: ServiceId) {
    let mut tx = yard.world.begin(slug).await;
    suspension::lift(&mut tx, id, "staff").await.expect("lifted");
    tx.commit().await.expect("a commit");
}

async fn only(yard: &Yard, slug: &str) -> ServiceId {
    let services = yard.services(slug).await;
    assert_eq!(services.len(), 1, "{slug}: {services:?}");
    services[0].id
}

/// Causes of the suspensions that are open.
async fn causes(yard: &Yard, slug: &str, id: ServiceId) -> Vec<String> {
    let mut tx = yard.world.begin(slug).await;
    sqlx::query_scalar("SELECT cause FROM suspensions WHERE service_id = $1 AND lifted_at IS NULL ORDER BY cause")
        .bind(id)
        .fetch_all(tx.connection())
        .await
        .expect("suspensions")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_parent_suspends_is_told_below_in_plain_words_and_lifted_again() {
    let (yard, id) = running().await;
    let root = only(&yard, "demo").await;
    suspend(&yard, "demo", root).await;
    let sold = yard.until("leaf", id, "suspended").await;
    assert!(yard.virtfusion.servers()[0].suspended);
    let words = sold.reason.expect("words for the customer").to_lowercase();
    assert!(
        !words.contains("demo") && !words.contains("provider") && !words.contains("77"),
        "{words}"
    );
    for slug in ["leaf", "middle"] {
        let here = only(&yard, slug).await;
        assert_eq!(causes(&yard, slug, here).await, ["parent"], "{slug}");
        let tasks = yard.open_tasks(slug).await;
        assert!(
            tasks.len() == 1 && tasks[0].contains("suspended by the provider"),
            "{slug}: {tasks:?}"
        );
    }
    assert!(
        yard.open_tasks("middle").await[0].contains("Ticket 77"),
        "the reseller's staff read why"
    );
    assert!(
        !yard.open_tasks("leaf").await[0].contains("77"),
        "and those below them do not"
    );
    assert_eq!(
        causes(&yard, "demo", root).await,
        ["staff"],
        "nothing was asked for from below"
    );

    lift(&yard, "demo", root).await;
    let sold = yard.until("leaf", id, "active").await;
    assert_eq!(sold.reason, None);
    for slug in ["leaf", "middle"] {
        let here = only(&yard, slug).await;
        assert_eq!(causes(&yard, slug, here).await, Vec::<String>::new(), "{slug}");
        assert_eq!(yard.open_tasks(slug).await, Vec::<String>::new(), "{slug}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_here_and_one_above_end_each_by_itself() {
    let (yard, id) = running().await;
    let root = only(&yard, "demo").await;
    suspend(&yard, "leaf", id).await;
    yard.until("leaf", id, "suspended").await;
    suspend(&yard, "demo", root).await;
    yard.work(4).await;
    assert_eq!(causes(&yard, "demo", root).await, ["reseller", "staff"]);

    // Ours ends first: our part is taken down above, and what is held there is written down here.
    lift(&yard, "leaf", id).await;
    yard.quiet("leaf", id).await;
    yard.work(4).await;
    assert_eq!(causes(&yard, "demo", root).await, ["staff"]);
    assert_eq!(causes(&yard, "leaf", id).await, ["parent"]);
    assert_eq!(yard.service("leaf", id).await.status, "suspended");
    lift(&yard, "demo", root).await;
    yard.until("leaf", id, "active").await;

    // And the other way round: what is ours stays when the parent is content.
    suspend(&yard, "demo", root).await;
    yard.until("leaf", id, "suspended").await;
    suspend(&yard, "leaf", id).await;
    yard.quiet("leaf", id).await;
    lift(&yard, "demo", root).await;
    yard.work(6).await;
    assert_eq!(yard.service("leaf", id).await.status, "suspended");
    assert!(yard.virtfusion.servers()[0].suspended, "the customer's own cause holds");
    lift(&yard, "leaf", id).await;
    yard.until("leaf", id, "active").await;
    yard.work(4).await;
    assert!(!yard.virtfusion.servers()[0].suspended);
    for slug in ["leaf", "middle", "demo"] {
        let here = only(&yard, slug).await;
        assert_eq!(causes(&yard, slug, here).await, Vec::<String>::new(), "{slug}");
        assert_eq!(yard.open_tasks(slug).await, Vec::<String>::new(), "{slug}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_parent_ends_is_ended_below_and_billed_no_more() {
    let (yard, id) = running().await;
    let root = only(&yard, "demo").await;
    let mut tx = yard.world.begin("demo").await;
    service::want_termination(&mut tx, root, "unpaid for months")
        .await
        .expect("wanted");
    tx.commit().await.expect("a commit");
    let sold = yard.until("leaf", id, "terminated").await;
    let words = sold.reason.expect("words for the customer").to_lowercase();
    assert!(!words.contains("demo") && !words.contains("provider"), "{words}");
    for slug in ["leaf", "middle"] {
        let tasks = yard.open_tasks(slug).await;
        assert!(
            tasks.len() == 1 && tasks[0].contains("ended by the provider"),
            "{slug}: {tasks:?}"
        );
        let mut tx = yard.world.begin(slug).await;
        let due: i64 = sqlx::query_scalar("SELECT count(*) FROM accounts WHERE next_bill_on IS NOT NULL")
            .fetch_one(tx.connection())
            .await
            .expect("accounts");
        assert_eq!(due, 0, "{slug}: nothing falls due for it");
    }
    assert!(yard.virtfusion.servers().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_travels_back() {
    let (yard, id) = running().await;
    let root = only(&yard, "demo").await;
    let schema = &yard.world.tenant("demo").schema;
    let moved = format!(
        "UPDATE {schema}.services SET ip_addresses = '{{198.51.100.77}}' WHERE id = '{}'",
        root.uuid()
    );
    yard.world.execute(&moved).await;
    let mut tx = yard.world.begin("demo").await;
    let event = platform::event::NewEvent::new("service.changed", root, serde_json::json!({ "id": root }));
    platform::event::publish(&mut tx, &[event]).await.expect("published");
    tx.commit().await.expect("a commit");
    yard.work(4).await;
    assert_eq!(yard.service("leaf", id).await.ip_addresses, ["198.51.100.77"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_money_upstream_it_waits_visibly_and_goes_on_when_credit_is_paid_in() {
    let yard = Yard::open().await;
    let plan = yard.chain(&["leaf"]).await;
    let id = yard.buy("leaf", plan).await;
    yard.work(4).await;
    let operation = &yard.operations("leaf", id).await[0];
    assert_eq!(operation.status, "waiting", "{operation:?}");
    let tasks = yard.open_tasks("leaf").await;
    assert!(tasks.len() == 1 && tasks[0].contains("payment of invoice"), "{tasks:?}");
    assert!(yard.virtfusion.servers().is_empty());
    assert_eq!(yard.services("demo").await.len(), 1, "ordered once");

    yard.credit("demo", yard.reseller_account("leaf"), 999).await;
    yard.work(3).await;
    assert_eq!(
        yard.service("leaf", id).await.status,
        "provisioning",
        "a cent is missing"
    );
    yard.credit("demo", yard.reseller_account("leaf"), 1).await;
    yard.until("leaf", id, "active").await;
    assert_eq!(yard.open_tasks("leaf").await, Vec::<String>::new());
    assert_eq!(yard.services("demo").await.len(), 1, "still ordered once");
    assert_eq!(yard.virtfusion.servers().len(), 1);
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_wholesale_card_is_an_unpaid_invoice_there_and_a_task_here_and_retail_is_taken_once() {
    let yard = Yard::open().await;
    let plan = yard.chain(&["leaf"]).await;
    yard.card("demo", yard.reseller_account("leaf"), "pm_card_chargeCustomerFail")
        .await;
    let customer = yard.world.account("leaf", "Hall").await.id;
    let card = yard.card("leaf", customer, "pm_card_visa").await;
    let id = yard.order_with("leaf", customer, plan, Some(card)).await;
    yard.work(6).await;
    assert_eq!(yard.service("leaf", id).await.status, "provisioning");
    let mut tx = yard.world.begin("demo").await;
    let wholesale = invoice::list(&mut tx, &InvoiceFilter::default(), 10, None)
        .await
        .expect("invoices");
    assert_eq!(wholesale.len(), 1);
    assert_eq!(
        (wholesale[0].status.as_str(), wholesale[0].payment_status.as_str()),
        ("issued", "unpaid")
    );
    drop(tx);
    let tasks = yard.open_tasks("leaf").await;
    assert!(tasks.len() == 1 && tasks[0].contains("payment of invoice"), "{tasks:?}");
    assert!(yard.stripe.captured().is_empty(), "retail is held, not taken");
    yard.audit().await;

    yard.credit("demo", yard.reseller_account("leaf"), 1000).await;
    yard.until("leaf", id, "active").await;
    yard.work(4).await;
    assert_eq!(
        yard.stripe.captured().len(),
        1,
        "retail was taken once, wholesale by credit"
    );
    assert_eq!(yard.open_tasks("leaf").await, Vec::<String>::new());
    assert_eq!(yard.virtfusion.servers().len(), 1);
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wholesale_card_is_held_too_and_given_back_when_nothing_is_built() {
    let yard = Yard::open().await;
    let plan = yard.chain(&["leaf"]).await;
    yard.card("demo", yard.reseller_account("leaf"), "pm_card_visa").await;
    let customer = yard.world.account("leaf", "Hall").await.id;
    let card = yard.card("leaf", customer, "pm_card_visa").await;
    yard.virtfusion.set_capacity(0);
    let id = yard.order_with("leaf", customer, plan, Some(card)).await;
    yard.until("leaf", id, "failed").await;
    yard.work(4).await;
    assert!(yard.stripe.captured().is_empty(), "neither side was charged");
    yard.virtfusion.set_capacity(5);
    let id = yard.order_with("leaf", customer, plan, Some(card)).await;
    yard.until("leaf", id, "active").await;
    yard.work(4).await;
    assert_eq!(yard.stripe.captured().len(), 2, "retail and wholesale, once each");
    yard.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_reaches_the_one_service_it_delivers_and_nothing_else() {
    let (yard, id) = running().await;
    let doors = &yard.world.tenancy;
    let leaf = yard.world.tenant("leaf").id;
    let middle = yard.world.scope("middle");
    let door = resolve::downstream(doors, &middle, leaf, id.uuid()).expect("its own child");
    let mut tx = doors.begin(&door).await.expect("a transaction");
    let kinds = yard.app.panels();
    assert!(!link::offered(&mut tx, kinds, id).await.expect("the service").is_empty());
    drop(tx);
    let other = yard.world.account("leaf", "Other").await.id;
    let mut tx = yard.world.begin("leaf").await;
    let plan = service::find(&mut tx, id)
        .await
        .expect("an answer")
        .expect("a service")
        .plan_id;
    drop(tx);
    let foreign = yard.order("leaf", other, plan).await;
    let mut tx = doors.begin(&door).await.expect("a transaction");
    assert!(
        link::offered(&mut tx, kinds, foreign).await.is_err(),
        "not the one it delivers"
    );
    drop(tx);
    // Neither over two steps, nor upwards, nor by a person.
    let boss = yard.world.staff("middle", "boss@middle.test", &["*"]).await;
    for scope in [&yard.world.scope("demo"), &yard.world.scope("leaf"), &boss.caller.scope] {
        let refused = resolve::downstream(doors, scope, leaf, id.uuid());
        assert!(matches!(refused, Err(ResolveError::UnknownTenant)), "{scope:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_by_the_year_is_never_bought_by_the_month() {
    let yard = Yard::open().await;
    let plan = yard.chain(&["middle"]).await;
    yard.credit("demo", yard.reseller_account("middle"), 5000).await;
    let mut tx = yard.world.begin("middle").await;
    sqlx::query("UPDATE plans SET cycle_unit = 'year' WHERE id = $1")
        .bind(plan)
        .execute(tx.connection())
        .await
        .expect("by the year");
    tx.commit().await.expect("a commit");
    let id = yard.buy("middle", plan).await;
    yard.until("middle", id, "failed").await;
    assert!(yard.services("demo").await.is_empty(), "nothing was ordered there");
    assert_eq!(yard.open_tasks("middle").await.len(), 1);
    yard.audit().await;
}
