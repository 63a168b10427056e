//! What a process says about itself: log lines on standard error and metrics for Prometheus.

mod requests;

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

pub use requests::observe;

/// Seconds; from a page out of memory to a call that nearly timed out.
const DURATION_BUCKETS: &[f64] = &[
    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// What the queue and the driver tell of every job and slow statement is for whoever asks by `RUST_LOG`: our own
/// lines say what became of a job.
const QUIET: &str = "graphile_worker=warn,sqlx=error";

/// Starts logging, as JSON or as text; `level` applies where `RUST_LOG` says nothing. Later calls change nothing.
pub fn init(json: bool, level: &str) {
    let filter = EnvFilter::try_from_default_env()
        .or_else(|_| EnvFilter::try_new(format!("{level},{QUIET}")))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE);
    // An error means that somebody else logs already, as in tests.
    let _already = if json {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    } else {
        builder.with_ansi(false).try_init()
    };
}

/// Starts counting. Safe to call often; the first call wins.
pub fn init_metrics() {
    let _recorder = recorder();
}

fn recorder() -> Option<&'static PrometheusHandle> {
    RECORDER
        .get_or_init(|| {
            let built = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), DURATION_BUCKETS)
                .and_then(PrometheusBuilder::install_recorder);
            match built {
                Ok(handle) => Some(handle),
                Err(error) => {
                    tracing::error!(%error, "metrics are off");
                    None
                }
            }
        })
        .as_ref()
}

/// Counts what went wrong in a part of the process, by what it was doing.
pub fn count_failure(part: &'static str, what: &str) {
    metrics::counter!("failures_total", "part" => part, "what" => what.to_owned()).increment(1);
}

/// Everything counted so far, in Prometheus' text format.
#[must_use]
pub fn render() -> String {
    let Some(handle) = recorder() else { return String::new() };
    handle.run_upkeep();
    handle.render()
}
