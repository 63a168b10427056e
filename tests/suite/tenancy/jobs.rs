//! Jobs leave a tenant's transaction by one door, under that tenant's name.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::db::Tx;
use platform::event::{self, EventArgs, NewEvent, Subscriptions};
use platform::job::{self, Class, Job, NewJob, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::jobs::Registry;
use tenancy::{Actor, task};
use tests::World;

#[derive(Serialize, Deserialize)]
struct Greet {
    name: String,
}

impl Job for Greet {
    const NAME: &'static str = "greet";
    const CLASS: Class = Class::Normal;
}

fn greet(name: &str) -> NewJob {
    NewJob::new(&Greet { name: name.into() })
}

type Seen = Arc<Mutex<Vec<(String, String, u32)>>>;

/// Notes tenant, argument and attempt; answers as told for each attempt.
fn noting(seen: &Seen, answer: fn(u32) -> Outcome) -> Registry {
    let seen = seen.clone();
    Registry::default().on(move |context, args: Greet| {
        let seen = seen.clone();
        async move {
            assert_eq!(*context.scope.actor(), Actor::System { name: "greet".into() });
            seen.lock()
                .unwrap()
                .push((context.scope.tenant().slug.clone(), args.name, context.attempt));
            answer(context.attempt)
        }
    })
}

#[tokio::test]
async fn a_job_runs_in_the_tenant_that_enqueued_it_and_only_after_commit() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let mut tx = world.begin("ezscale").await;
    job::enqueue(&mut tx, &[greet("never")]).await.unwrap();
    tx.rollback().await.unwrap();
    for slug in ["ezscale", "north"] {
        let mut tx = world.begin(slug).await;
        job::enqueue(&mut tx, &[greet(slug)]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let seen = Seen::default();
    world.run_jobs_until_idle(noting(&seen, |_| Outcome::Done)).await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    assert_eq!(
        seen,
        [
            ("ezscale".into(), "ezscale".into(), 0),
            ("north".into(), "north".into(), 0)
        ]
    );
    assert!(world.jobs().await.is_empty());
}

#[tokio::test]
async fn keys_and_queues_are_prefixed_so_tenants_never_share_one() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    for slug in ["ezscale", "north", "ezscale"] {
        let mut tx = world.begin(slug).await;
        job::enqueue(&mut tx, &[greet(slug).key("same").queue("same")])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let mut keys: Vec<String> = world.jobs().await.into_iter().filter_map(|(key, _)| key).collect();
    let mut expected = vec![
        format!("{}:same", world.tenant("north").schema),
        format!("{}:same", world.tenant("ezscale").schema),
    ];
    keys.sort();
    expected.sort();
    assert_eq!(
        keys, expected,
        "a second job of the same key replaces the first, of the same tenant only"
    );
    let queues: Vec<String> =
        sqlx::query_scalar("SELECT queue_name FROM graphile_worker._private_job_queues ORDER BY 1")
            .fetch_all(&mut world.admin().await)
            .await
            .unwrap();
    assert_eq!(queues, expected);
}

#[tokio::test]
async fn the_door_is_shut_without_a_tenant_and_for_impostors() {
    let world = World::new().await;
    world.reseller("north", "ezscale").await;
    let mut admin = world.admin().await;
    let error = sqlx::query("SELECT cell.enqueue('[]')")
        .execute(&mut admin)
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501");

    // A payload that claims to be another tenant's is still filed under the asker.
    let mut tx = world.begin("ezscale").await;
    let forged =
        json!([{"class": "normal", "name": "greet", "args": {"name": "x"}, "schema": world.tenant("north").schema}]);
    sqlx::query("SELECT cell.enqueue($1)")
        .bind(forged)
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.jobs().await[0].1["schema"], world.tenant("ezscale").schema);

    let mut tx = world.begin("ezscale").await;
    let many: Vec<_> = (0..1001).map(|_| json!({"class": "normal", "name": "greet"})).collect();
    let error = sqlx::query("SELECT cell.enqueue($1)")
        .bind(json!(many))
        .execute(tx.connection())
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "22023");
}

#[tokio::test]
async fn a_job_is_tried_again_when_it_asks_and_becomes_a_task_when_it_fails() {
    let world = World::new().await;
    let mut tx = world.begin("ezscale").await;
    job::enqueue(&mut tx, &[greet("ann").key("ann")]).await.unwrap();
    tx.commit().await.unwrap();
    let seen = Seen::default();
    let answer = |attempt| match attempt {
        0 => Outcome::Retry {
            after: Duration::from_secs(3600),
            why: "the panel is away".into(),
        },
        _ => Outcome::Fail {
            why: "the panel refused".into(),
        },
    };
    world.run_jobs_until_idle(noting(&seen, answer)).await;
    assert_eq!(seen.lock().unwrap().len(), 1, "it waits for its time");
    world.hasten_jobs().await;
    world.run_jobs_until_idle(noting(&seen, answer)).await;
    assert_eq!(seen.lock().unwrap().last().unwrap().2, 1);

    let mut tx = world.begin("ezscale").await;
    let open = task::open(&mut tx, 10).await.unwrap();
    assert_eq!(
        (open.len(), open[0].reason.as_str(), open[0].can_retry),
        (1, "the panel refused", true)
    );
    assert!(task::retry(&mut tx, open[0].id).await.unwrap());
    tx.commit().await.unwrap();
    world.run_jobs_until_idle(noting(&seen, |_| Outcome::Done)).await;
    assert_eq!(seen.lock().unwrap().len(), 3);
    assert_eq!(task::count_open(&mut world.begin("ezscale").await).await.unwrap(), 0);
}

/// Runs what waits, `times` over, whatever its distance.
async fn fail(world: &World, seen: &Seen, times: usize) {
    let answer = |_| Outcome::retry(5, "the gateway is away");
    for _ in 0..times {
        world.hasten_jobs().await;
        world.run_jobs_until_idle(noting(seen, answer)).await;
    }
}

async fn open_tasks(world: &World) -> Vec<task::Task> {
    task::open(&mut world.begin("ezscale").await, 10).await.unwrap()
}

#[tokio::test]
async fn what_keeps_failing_is_a_task_goes_on_slower_and_closes_it_when_it_works() {
    let world = World::new().await;
    let mut tx = world.begin("ezscale").await;
    job::enqueue(&mut tx, &[greet("ann").key("ann")]).await.unwrap();
    tx.commit().await.unwrap();
    let seen = Seen::default();
    fail(&world, &seen, 7).await;
    assert!(open_tasks(&world).await.is_empty(), "it may mend itself");
    fail(&world, &seen, 3).await;
    let open = open_tasks(&world).await;
    assert_eq!((open.len(), open[0].can_retry), (1, true), "one task, with its button");
    assert!(open[0].reason.contains("the gateway is away"), "{}", open[0].reason);
    let attempts: Vec<u32> = seen.lock().unwrap().iter().map(|run| run.2).collect();
    assert_eq!(attempts, (0..10).collect::<Vec<_>>());
    let far: Vec<bool> = sqlx::query_scalar(
        "SELECT run_at BETWEEN now() + interval '30 minutes' AND now() + interval '61 minutes' FROM graphile_worker._private_jobs",
    )
    .fetch_all(&mut world.admin().await)
    .await
    .unwrap();
    assert_eq!(far, [true], "it goes on, about every hour");
    world.hasten_jobs().await;
    world.run_jobs_until_idle(noting(&seen, |_| Outcome::Done)).await;
    assert!(open_tasks(&world).await.is_empty(), "it works again");
    assert!(world.jobs().await.is_empty());
}

#[tokio::test]
async fn a_job_whose_task_staff_closed_ends() {
    let world = World::new().await;
    let mut tx = world.begin("ezscale").await;
    job::enqueue(&mut tx, &[greet("ann")]).await.unwrap();
    tx.commit().await.unwrap();
    let seen = Seen::default();
    fail(&world, &seen, 8).await;
    let open = open_tasks(&world).await;
    let mut tx = world.begin("ezscale").await;
    assert!(task::dismiss(&mut tx, open[0].id, "not needed any more").await.unwrap());
    tx.commit().await.unwrap();
    fail(&world, &seen, 3).await;
    assert_eq!(seen.lock().unwrap().len(), 9, "its next failure is its last");
    assert!(world.jobs().await.is_empty() && open_tasks(&world).await.is_empty());
}

#[tokio::test]
async fn waiting_is_no_failure_and_a_body_that_breaks_off_or_is_unknown_is_one() {
    let world = World::new().await;
    let mut tx = world.begin("ezscale").await;
    let unknown = NewJob::raw(Class::Normal, "from_the_future", json!({}));
    job::enqueue(&mut tx, &[greet("ann"), unknown]).await.unwrap();
    tx.commit().await.unwrap();
    let seen = Seen::default();
    for _ in 0..9 {
        world.hasten_jobs().await;
        world
            .run_jobs_until_idle(noting(&seen, |_| Outcome::wait(60, "for somebody")))
            .await;
    }
    assert!(seen.lock().unwrap().iter().all(|run| run.2 == 0), "{seen:?}");
    let open = open_tasks(&world).await;
    assert_eq!(open.len(), 1, "only what nobody here can do");
    assert!(open[0].reason.contains("no handler"), "{}", open[0].reason);
    for _ in 0..8 {
        world.hasten_jobs().await;
        let broken = Registry::default()
            .on(|_, _: Greet| async { std::panic::resume_unwind(Box::new("a mistake of ours")) })
            .on_name("from_the_future", |_, _: serde_json::Value| async { Outcome::Done });
        world.run_jobs_until_idle(broken).await;
    }
    let open = open_tasks(&world).await;
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open[0].reason.contains("broke off"), "{}", open[0].reason);
}

#[tokio::test]
async fn a_retry_does_not_put_off_what_was_asked_for_meanwhile() {
    let world = World::new().await;
    let mut tx = world.begin("ezscale").await;
    job::enqueue(&mut tx, &[greet("ann").key("ann")]).await.unwrap();
    tx.commit().await.unwrap();
    let tenancy = world.tenancy.clone();
    let registry = Registry::default().on(move |context, _: Greet| {
        let tenancy = tenancy.clone();
        async move {
            // While this run is under way, somebody wants it again in a minute.
            let soon = greet("ann").key("ann").after(Duration::from_secs(60));
            let mut tx = tenancy.begin(&context.scope).await.unwrap();
            job::enqueue(&mut tx, &[soon]).await.unwrap();
            tx.commit().await.unwrap();
            Outcome::Retry {
                after: Duration::from_secs(3600),
                why: "later is enough for me".into(),
            }
        }
    });
    world.run_jobs_until_idle(registry).await;
    let soon: Vec<bool> =
        sqlx::query_scalar("SELECT run_at < now() + interval '5 minutes' FROM graphile_worker._private_jobs")
            .fetch_all(&mut world.admin().await)
            .await
            .unwrap();
    assert_eq!(soon, [true], "one job waits, for the earlier time");
}

#[tokio::test]
async fn arguments_that_do_not_fit_become_a_task() {
    let world = World::new().await;
    let mut tx = world.begin("ezscale").await;
    job::enqueue(&mut tx, &[NewJob::raw(Class::Critical, "greet", json!({"nome": 1}))])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world
        .run_jobs_until_idle(noting(&Seen::default(), |_| Outcome::Done))
        .await;
    assert_eq!(task::count_open(&mut world.begin("ezscale").await).await.unwrap(), 1);
}

#[tokio::test]
async fn an_event_is_stored_once_and_reaches_each_subscriber() {
    let subscriptions = Subscriptions::default()
        .on("account.created", Class::Normal, "welcome")
        .on("*", Class::Low, "webhooks");
    let world = World::with_subscriptions(subscriptions).await;
    let mut tx = world.begin("ezscale").await;
    event::publish(
        &mut tx,
        &[
            NewEvent::new("account.created", "acc_x", json!({"n": 1})),
            NewEvent::new("other.thing", "x", json!({})),
        ],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();

    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut registry = Registry::default();
    for name in ["welcome", "webhooks"] {
        let (seen, tenancy) = (seen.clone(), world.tenancy.clone());
        registry = registry.on_name(name, move |context, args: EventArgs| {
            let (seen, tenancy) = (seen.clone(), tenancy.clone());
            async move {
                let mut tx = tenancy.begin(&context.scope).await.unwrap();
                let found = event::find(&mut tx, args.event).await.unwrap().unwrap();
                assert_eq!(found.at, Tx::now(&tx));
                seen.lock().unwrap().push((name, found.event_type));
                Outcome::Done
            }
        });
    }
    world.run_jobs_until_idle(registry).await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    let expected = [
        ("webhooks", "account.created"),
        ("webhooks", "other.thing"),
        ("welcome", "account.created"),
    ];
    assert_eq!(seen, expected.map(|(job, event)| (job, event.to_owned())));
}
