//! Traffic and state, read from the panel on demand and kept for the service's page.

use std::time::Duration;

use billing::BillingError;
use billing::ids::ServiceId;
use chrono::{DateTime, NaiveDate, Utc};
use platform::event::{self, Change};
use serde::Serialize;
use serde_json::{Value, json};
use tenancy::{TenantScope, TenantTx};

use crate::operation::{self, Workshop};
use crate::panel::{Observed, PanelError, Traffic};
use crate::server::said_no;

/// How long somebody waits for a panel that was asked directly.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer within reason; a panel that hangs is away.
pub(crate) async fn patient<T>(asked: impl Future<Output = Result<T, PanelError>>) -> Result<T, BillingError> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(said_no),
        Err(_) => Err(said_no(PanelError::Unknown("the panel took too long".into()))),
    }
}

/// Reads the current period's traffic and keeps it as readings.
///
/// # Errors
/// When the service is not built, or its panel says no.
pub async fn read(shop: &Workshop, scope: &TenantScope, id: ServiceId) -> Result<Traffic, BillingError> {
    let (panel, context, target, found) = operation::reach(shop, scope, id).await?;
    let traffic = patient(panel.read_usage(&context, &target)).await?;
    let mut tx = shop.doors.begin(scope).await?;
    for (metric, value) in [
        ("traffic_in_bytes", traffic.in_bytes),
        ("traffic_out_bytes", traffic.out_bytes),
    ] {
        sqlx::query(
            "INSERT INTO readings (service_id, metric, at, value) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(metric)
        .bind(tx.now())
        .bind(value)
        .execute(tx.connection())
        .await?;
    }
    sqlx::query(
        "UPDATE services SET observed = CASE jsonb_typeof(observed) WHEN 'object' THEN observed ELSE '{}'::jsonb END \
         || jsonb_build_object('traffic', $2::jsonb), usage_at = $3 WHERE id = $1",
    )
    .bind(id)
    .bind(json!(traffic))
    .bind(tx.now())
    .execute(tx.connection())
    .await?;
    tell(&mut tx, &found).await?;
    tx.commit().await?;
    Ok(traffic)
}

/// It cannot be read now: its turn comes again with the next round.
pub(crate) async fn skip(shop: &Workshop, scope: &TenantScope, id: ServiceId) -> Result<(), BillingError> {
    let mut tx = shop.doors.begin(scope).await?;
    sqlx::query("UPDATE services SET usage_at = $2 WHERE id = $1")
        .bind(id)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    Ok(tx.commit().await?)
}

/// Reads what the service is on its panel and keeps it.
///
/// # Errors
/// When the service is not built, or its panel says no.
pub async fn refresh(shop: &Workshop, scope: &TenantScope, id: ServiceId) -> Result<Observed, BillingError> {
    let (panel, context, target, found) = operation::reach(shop, scope, id).await?;
    let seen = patient(panel.read_state(&context, &target)).await?;
    let mut tx = shop.doors.begin(scope).await?;
    operation::see(&mut tx, id, &seen.ip_addresses, &json!(seen)).await?;
    tell(&mut tx, &found).await?;
    tx.commit().await?;
    Ok(seen)
}

async fn tell(tx: &mut TenantTx, found: &billing::service::Service) -> Result<(), BillingError> {
    let change = Change {
        account: Some(found.account_id.uuid()),
        subject: found.id.to_string(),
    };
    Ok(event::tell(tx, &[change]).await?)
}

/// What was seen last, for pages: nobody waits for a panel to read this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// When; none: never.
    pub at: Option<DateTime<Utc>>,
    /// running, stopped, ... as the panel says it.
    pub state: Option<String>,
    /// Memory.
    pub memory_mb: Option<i64>,
    /// Cores.
    pub cpu_cores: Option<i64>,
    /// Disk.
    pub storage_gb: Option<i64>,
    /// Traffic included in this period, in bytes; none: unmetered or not known.
    pub included_bytes: Option<i64>,
    /// First day of the next traffic period, where the panel says it.
    pub resets_on: Option<NaiveDate>,
}

/// What was seen of a service last.
///
/// # Errors
/// When there is no such service, or it is not the actor's.
pub async fn seen(tx: &mut TenantTx, id: ServiceId) -> Result<Seen, BillingError> {
    operation::allowed(tx, id).await?;
    let (observed, at): (Option<Value>, Option<DateTime<Utc>>) =
        sqlx::query_as("SELECT observed, observed_at FROM services WHERE id = $1")
            .bind(id)
            .fetch_one(tx.connection())
            .await?;
    Ok(read_seen(&observed.unwrap_or_default(), at))
}

fn read_seen(observed: &Value, at: Option<DateTime<Utc>>) -> Seen {
    let (resources, traffic) = (&observed["resources"], &observed["traffic"]);
    let positive = |value: &Value| value.as_i64().filter(|n| *n > 0);
    let included = positive(&resources["traffic_gb"]).map(|gb| gb.saturating_mul(1_000_000_000));
    // Panels name the last moment of a period: the day after begins the next.
    let resets_on = traffic["to"]
        .as_str()
        .and_then(|to| to.get(..10))
        .and_then(|day| day.parse::<NaiveDate>().ok())
        .and_then(|day| day.succ_opt());
    Seen {
        at,
        state: observed["state"].as_str().map(str::to_owned),
        memory_mb: positive(&resources["memory_mb"]),
        cpu_cores: positive(&resources["cpu_cores"]),
        storage_gb: positive(&resources["storage_gb"]),
        included_bytes: positive(&traffic["limit_bytes"]).or(included),
        resets_on,
    }
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Reading {
    /// When.
    pub at: DateTime<Utc>,
    /// In the metric's unit.
    pub value: i64,
}

/// Readings of one metric, the newest first.
///
/// # Errors
/// When there is no such service, or it is not the actor's.
pub async fn readings(
    tx: &mut TenantTx,
    id: ServiceId,
    metric: &str,
    limit: i64,
) -> Result<Vec<Reading>, BillingError> {
    operation::allowed(tx, id).await?;
    Ok(
        sqlx::query_as(
            "SELECT at, value FROM readings WHERE service_id = $1 AND metric = $2 ORDER BY at DESC LIMIT $3",
        )
        .bind(id)
        .bind(metric)
        .bind(limit)
        .fetch_all(tx.connection())
        .await?,
    )
}

/// Readings of one metric since a moment and the last one before it, the oldest first.
///
/// # Errors
/// As [`readings`].
pub async fn readings_since(
    tx: &mut TenantTx,
    id: ServiceId,
    metric: &str,
    since: DateTime<Utc>,
) -> Result<Vec<Reading>, BillingError> {
    operation::allowed(tx, id).await?;
    let sql = "(SELECT at, value FROM readings WHERE service_id = $1 AND metric = $2 AND at < $3 ORDER BY at DESC LIMIT 1) \
               UNION ALL (SELECT at, value FROM readings WHERE service_id = $1 AND metric = $2 AND at >= $3) ORDER BY at LIMIT 5000";
    Ok(sqlx::query_as(sql)
        .bind(id)
        .bind(metric)
        .bind(since)
        .fetch_all(tx.connection())
        .await?)
}

/// How much was counted in each of `buckets` equal spans between two moments, from a counter that only grows and begins
/// anew with each period. What was counted between two readings is spread evenly over the time between them.
#[must_use]
pub fn course(readings: &[Reading], from: DateTime<Utc>, to: DateTime<Utc>, buckets: usize) -> Vec<i64> {
    let mut counted = vec![0_i128; buckets];
    let whole = i128::from((to - from).num_seconds().max(1));
    let count = i128::try_from(buckets).unwrap_or(1).max(1);
    for pair in readings.windows(2) {
        let [first, second] = pair else { continue };
        let amount = i128::from(if second.value >= first.value {
            second.value - first.value
        } else {
            second.value
        });
        let span = i128::from((second.at - first.at).num_seconds());
        if span <= 0 || amount <= 0 {
            continue;
        }
        let offset = i128::from((first.at - from).num_seconds());
        // What had been counted a number of seconds into the pair; differences of it sum to the whole.
        let by = |seconds: i128| amount * seconds.clamp(0, span) / span;
        for (index, bucket) in (0_i128..).zip(counted.iter_mut()) {
            let (begin, end) = (whole * index / count - offset, whole * (index + 1) / count - offset);
            *bucket += by(end) - by(begin);
        }
    }
    counted
        .into_iter()
        .map(|n| i64::try_from(n).unwrap_or(i64::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn check(readings: &[(i64, i64)], expected: &[i64]) {
        let readings: Vec<Reading> = readings
            .iter()
            .map(|&(hour, value)| Reading { at: at(hour), value })
            .collect();
        assert_eq!(course(&readings, at(0), at(4), 4), expected, "{readings:?}");
    }

    #[test]
    fn a_counter_becomes_what_was_counted_in_each_span() {
        check(&[], &[0, 0, 0, 0]);
        check(&[(1, 500)], &[0, 0, 0, 0]);
        check(&[(0, 0), (1, 10), (2, 30), (3, 60), (4, 100)], &[10, 20, 30, 40]);
        check(&[(0, 0), (4, 100)], &[25, 25, 25, 25]);
        check(&[(-4, 0), (4, 80)], &[10, 10, 10, 10]);
        check(&[(1, 900), (2, 30)], &[0, 30, 0, 0]);
        check(&[(0, 0), (3, 100)], &[33, 33, 34, 0]);
    }

    #[test]
    fn what_was_seen_is_read_with_whatever_it_lacks() {
        assert_eq!(read_seen(&Value::Null, None), Seen::default());
        let full = json!({ "state": "running", "resources": { "memory_mb": 2048, "cpu_cores": 2, "storage_gb": 40, "traffic_gb": 0 },
                           "traffic": { "to": "2026-01-31 23:59:59", "limit_bytes": 5 } });
        let seen = read_seen(&full, None);
        assert_eq!(
            (seen.state.as_deref(), seen.memory_mb, seen.included_bytes),
            (Some("running"), Some(2048), Some(5))
        );
        assert_eq!(seen.resets_on, NaiveDate::from_ymd_opt(2026, 2, 1));
    }
}
