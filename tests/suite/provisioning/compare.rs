//! Ours against theirs, page by page: what nobody pays for is found, and a round goes on where it was.

use billing::service;
use chrono::TimeDelta;
use serde_json::{Value, json};
use simulators::{FaultKind, FaultRule};

use super::yard::{Yard, small};

/// Makes servers on the panel that nobody here ordered.
async fn plant(yard: &Yard, many: usize) {
    let user = yard.virtfusion.add_user("Somebody", "somebody@else.test", None);
    let body = json!({ "packageId": 1, "userId": user, "hypervisorId": 1 });
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for _ in 0..many {
        let made = client
            .post(format!("{}/api/v1/servers", yard.virtfusion.url()))
            .bearer_auth(yard.virtfusion.token())
            .json(&body)
            .send()
            .await
            .expect("an answer");
        let status = made.status();
        let answer: Value = made.json().await.expect("a body");
        assert_eq!(status, 201, "{answer}");
    }
}

async fn tasks(yard: &Yard) -> i64 {
    let mut tx = yard.world.begin("demo").await;
    tenancy::task::count_open(&mut tx).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_or_failed_here_and_runs_there_is_found() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    yard.virtfusion.fail_builds(1);
    let failed = yard.buy("demo", plan).await;
    yard.until("demo", failed, "failed").await;
    let account = yard.world.account("demo", "Second").await.id;
    yard.credit("demo", account, 1000).await;
    let ended = yard.order("demo", account, plan).await;
    yard.until("demo", ended, "active").await;
    // Ended here, and its panel was never told.
    let mut there: Vec<i64> = yard.virtfusion.servers().iter().map(|server| server.id).collect();
    there.sort_unstable();
    let mut tx = yard.world.begin("demo").await;
    service::mark_terminated(&mut tx, ended).await.expect("ended");
    tx.commit().await.expect("a commit");
    let tasks = yard.compared("demo", on).await;
    for (id, state) in [(there[1], "terminated"), (there[0], "failed")] {
        let fits = |task: &&String| task.starts_with(&format!("{id} runs")) && task.contains(state);
        assert!(tasks.iter().any(|task| fits(&task)), "{id} {state}: {tasks:?}");
    }
    for id in there {
        yard.virtfusion.vanish(id);
    }
    let tasks = yard.compared("demo", on).await;
    assert!(
        tasks.iter().all(|task| !task.contains("runs on the panel")),
        "{tasks:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_big_server_is_read_page_by_page_and_a_round_goes_on_where_it_was() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    yard.virtfusion.set_capacity(500);
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    plant(&yard, 210).await;
    let away = FaultRule::new("page=3", FaultKind::FailBefore(503)).times(2);
    yard.virtfusion.faults().add(away);
    yard.virtfusion.requests().clear();
    let read = |page: usize| {
        let all = yard.virtfusion.requests().all();
        let asked = format!("page={page}");
        all.iter().filter(|request| request.query.contains(&asked)).count()
    };
    let mut tx = yard.world.begin("demo").await;
    provisioning::sweep::compare_now(&mut tx, on).await.expect("wanted");
    tx.commit().await.expect("a commit");
    yard.work(1).await;
    assert_eq!(tasks(&yard).await, 199, "two pages are compared, and ours is on them");
    assert_eq!((read(1), read(2), read(3)), (1, 1, 1));
    yard.work(3).await;
    assert_eq!(tasks(&yard).await, 210);
    assert_eq!((read(1), read(2), read(3)), (1, 1, 3), "no page is read again");
    // Gone from there: the next round closes their tasks, and finds ours missing.
    for server in yard.virtfusion.servers() {
        yard.virtfusion.vanish(server.id);
    }
    yard.world.clock.advance(TimeDelta::hours(1));
    let left = yard.compared("demo", on).await;
    assert!(
        left.len() == 1 && left[0].contains("not on the panel any more"),
        "{left:?}"
    );
}
