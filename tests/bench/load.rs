//! Open-loop load: requests are due at their time, whether or not the ones before are answered.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::pages::Page;

/// Milliseconds by page, in no order.
pub type Load = BTreeMap<&'static str, Vec<f64>>;

/// Asks for the pages in turn, `rate` a second for `length`, and times each from when it was due.
pub async fn run(pages: &[Page], rate: u32, length: Duration) -> Result<Load> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(64)
        .build()?;
    // Every page once, untimed: a connection's first plan and a template's first use are not the steady state.
    for page in pages {
        ask(&client, page, Instant::now()).await?;
    }
    let pause = Duration::from_secs(1) / rate;
    let started = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    let mut due = Duration::ZERO;
    let mut turn = 0_usize;
    while due < length {
        tokio::time::sleep_until((started + due).into()).await;
        let page = pages[turn % pages.len()].clone();
        let client = client.clone();
        let at = started + due;
        running.spawn(async move { ask(&client, &page, at).await.map(|ms| (page.name, ms)) });
        due += pause;
        turn += 1;
    }
    let mut load = Load::new();
    while let Some(done) = running.join_next().await {
        let (name, ms) = done??;
        load.entry(name).or_default().push(ms);
    }
    Ok(load)
}

async fn ask(client: &reqwest::Client, page: &Page, due: Instant) -> Result<f64> {
    let mut request = client
        .get(&page.url)
        .header("host", &page.host)
        .header("accept", "text/html");
    if let Some(cookie) = &page.cookie {
        request = request.header("cookie", cookie);
    }
    if let Some(token) = &page.token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await?;
    let status = answer.status();
    answer.bytes().await?;
    if !status.is_success() {
        bail!("{} answered {status} for {}", page.url, page.host);
    }
    Ok(due.elapsed().as_secs_f64() * 1000.0)
}

/// The value below which `percent` of the sample lies.
pub fn percentile(sample: &[f64], percent: usize) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let at = (last * percent).div_ceil(100);
    sorted.get(at).map_or(0.0, |ms| (ms * 100.0).round() / 100.0)
}

/// p50 and p95 of a sample.
pub fn summary(sample: &[f64]) -> Value {
    json!({ "p50": percentile(sample, 50), "p95": percentile(sample, 95), "n": sample.len() })
}

/// One row a page: many tenants, and one.
pub fn compare(many: &Load, one: &Load) -> Vec<Value> {
    many.iter()
        .map(|(name, sample)| {
            let (p50, alone) = (percentile(sample, 50), one.get(name).map_or(0.0, |s| percentile(s, 50)));
            let ratio = if alone > 0.0 {
                (p50 / alone * 100.0).round() / 100.0
            } else {
                0.0
            };
            json!({ "page": name, "requests": sample.len(), "p50_ms": p50, "p95_ms": percentile(sample, 95),
                    "one_tenant_p50_ms": alone, "ratio": ratio })
        })
        .collect()
}

/// The slowest page's p95.
pub fn worst(load: &Load) -> f64 {
    load.values().map(|sample| percentile(sample, 95)).fold(0.0, f64::max)
}
