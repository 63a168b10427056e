//! A process whose clock stands in the past and is moved on by hand, with the jobs of every other process.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use platform::clock::Clock;
use platform::config::Config;
use platform::job::Class;
use platform::task::{self, Shutdown};
use serde_json::Value;
use tenancy::TenantScope;

use super::shop::simulator;
use crate::app::App;
use crate::scheduler;

/// How long the work of one day may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time that passes on request.
pub struct Year {
    /// The app, by that time.
    pub app: App,
    clock: Clock,
}

impl Year {
    /// Begins at `at`. What is critical follows from events; what would only be told (mails) is not: the past is not
    /// written to anybody again.
    pub async fn begin(config: Config, at: DateTime<Utc>) -> Result<Self> {
        let clock = Clock::fixed(at);
        let subscriptions = crate::subscribers::subscriptions().only(Class::Critical);
        let app = App::open_at(config, clock.clone(), subscriptions).await?;
        Ok(Self { app, clock })
    }

    /// Moves on. Time never goes back.
    pub fn move_to(&self, at: DateTime<Utc>) {
        self.clock.set(at.max(self.clock.now()));
    }

    /// Some minutes later.
    pub fn pass(&self, minutes: usize) {
        self.clock
            .advance(chrono::TimeDelta::minutes(i64::try_from(minutes).unwrap_or(1)));
    }

    /// What the scheduler does on a day.
    pub async fn bill(&self, scope: &TenantScope) -> Result<()> {
        scheduler::day(&self.app, scope).await?;
        Ok(())
    }

    /// Works until what was begun is done, in all of these tenants: one may wait for the other. Nothing works in
    /// between, so that no work sees time pass.
    pub async fn settle(&self, scopes: &[&TenantScope]) -> Result<()> {
        let stop = Shutdown::new();
        let registry = crate::jobs::registry(&self.app);
        let poll = Duration::from_millis(50);
        let working = task::spawn(tenancy::jobs::run_polling(
            self.app.tenancy().clone(),
            registry,
            stop.clone(),
            poll,
        ));
        for _ in 0..2 {
            let all = scopes
                .iter()
                .map(|scope| tenancy::jobs::settle(self.app.tenancy(), scope, PATIENCE));
            futures::future::try_join_all(all).await?;
        }
        stop.trigger();
        Ok(working.await??)
    }

    /// Turns a knob of the simulated panel, as anybody can at its address.
    pub async fn knob(&self, knobs: &Value) -> Result<()> {
        let url = format!(
            "{}/_sim/knobs",
            simulator("EZSCALE_DEV_VIRTFUSION", "http://127.0.0.1:7001")
        );
        let answer = self.app.outbound().post(&url).json(knobs).send().await;
        let answer =
            answer.with_context(|| format!("the panel simulator does not answer at {url}; bin/dev starts it"))?;
        if !answer.is_success() {
            bail!("the panel simulator refuses {knobs}");
        }
        Ok(())
    }
}
