//! What panels are asked regularly: in batches, a panel that hangs held up by itself alone.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use provisioning::{sweep, usage};
use simulators::virtfusion::{Virtfusion, VirtfusionConfig};
use simulators::{FaultKind, FaultRule};

use super::yard::{Yard, small};

async fn wake(yard: &Yard) -> usize {
    let scope = yard.world.scope("demo");
    sweep::wake(&yard.world.tenancy, yard.app.panels(), &scope)
        .await
        .expect("an answer")
}

async fn counted(yard: &Yard, id: billing::ids::ServiceId) -> usize {
    let mut tx = yard.world.begin("demo").await;
    let readings = usage::readings(&mut tx, id, "traffic_out_bytes", 100)
        .await
        .expect("readings");
    readings.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_is_read_every_hour_and_ours_compared_every_day() {
    let yard = Yard::open().await;
    let on = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", on, small()).await;
    let id = yard.buy("demo", plan).await;
    yard.until("demo", id, "active").await;
    let there = yard.virtfusion.servers()[0].id;
    yard.virtfusion.add_traffic(there, 100, 200);
    assert_eq!(wake(&yard).await, 2, "usage and comparison");
    assert_eq!(wake(&yard).await, 0, "once an hour");
    yard.work(2).await;
    assert_eq!(counted(&yard, id).await, 1);
    yard.world.clock.advance(TimeDelta::minutes(61));
    yard.virtfusion.add_traffic(there, 0, 300);
    assert_eq!(wake(&yard).await, 1, "the comparison has a day");
    yard.work(2).await;
    let mut tx = yard.world.begin("demo").await;
    let readings = usage::readings(&mut tx, id, "traffic_out_bytes", 100)
        .await
        .expect("readings");
    assert_eq!(readings.iter().map(|r| r.value).collect::<Vec<_>>(), [500, 200]);
    drop(tx);
    yard.virtfusion.edit(there, |server| server.suspended = true);
    yard.world.clock.advance(TimeDelta::hours(24));
    assert_eq!(wake(&yard).await, 2);
    yard.work(2).await;
    assert_eq!(yard.open_tasks("demo").await.len(), 1, "what differs is a task");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_that_hangs_holds_up_nobody_but_itself() {
    let yard = Yard::open().await;
    let stuck = yard.virtfusion_server("demo").await;
    let (_, plan) = yard.product("demo", stuck, small()).await;
    let on_stuck = yard.buy("demo", plan).await;
    yard.until("demo", on_stuck, "active").await;
    let any = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
    let other = Virtfusion::start(any, VirtfusionConfig::default())
        .await
        .expect("a second panel");
    let server = provisioning::server::NewServer {
        panel: "virtfusion".into(),
        name: "vf-2".into(),
        base_url: other.url(),
        credentials: serde_json::json!({ "token": other.token() }),
        settings: serde_json::json!({ "hypervisor_group": 1 }),
    };
    let healthy = yard.server("demo", &server).await;
    let (_, plan) = yard.product("demo", healthy, small()).await;
    let account = yard.world.account("demo", "Second").await.id;
    yard.credit("demo", account, 1000).await;
    let on_healthy = yard.order("demo", account, plan).await;
    yard.until("demo", on_healthy, "active").await;
    yard.virtfusion
        .faults()
        .add(FaultRule::new("/traffic", FaultKind::Hang(60_000)).times(u32::MAX));
    wake(&yard).await;
    let began = Instant::now();
    yard.work(2).await;
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(counted(&yard, on_healthy).await, 1);
    assert_eq!(counted(&yard, on_stuck).await, 0);
    yard.virtfusion.faults().clear();
    yard.world.clock.advance(TimeDelta::minutes(20));
    assert!(wake(&yard).await >= 1, "it is asked again sooner than in an hour");
    yard.work(2).await;
    assert_eq!(counted(&yard, on_stuck).await, 1);
}
