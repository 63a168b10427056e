//! How far builds are, for the pages that show it: phases that people understand, with their times.

use billing::BillingError;
use billing::ids::{ProductId, ServiceId};
use chrono::{DateTime, Utc};
use tenancy::TenantTx;

use crate::OperationId;

/// What a build goes through, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Room is found for it.
    Reserve,
    /// It is made there.
    Create,
    /// It is installed.
    Install,
    /// Its addresses are confirmed.
    Network,
    /// It runs.
    Ready,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Reserve, Self::Create, Self::Install, Self::Network, Self::Ready];

    /// The phase a panel's step belongs to.
    #[must_use]
    pub fn of(step: &str) -> Self {
        match step {
            "" | "reserve" | "upstream_payment" => Self::Reserve,
            "install" | "build" | "wait" => Self::Install,
            "confirm" => Self::Network,
            "ready" => Self::Ready,
            _ => Self::Create,
        }
    }
}

/// A service's build so far.
#[derive(Debug, Clone)]
pub struct Build {
    /// What is built.
    pub service: ServiceId,
    /// The operation.
    pub operation: OperationId,
    /// queued, running, waiting, retrying, failed, done, cancelled.
    pub status: String,
    /// Where it is.
    pub phase: Phase,
    /// Whether it waits for somebody or is being tried again.
    pub held_up: bool,
    /// Whether there was no room.
    pub no_capacity: bool,
    /// When each phase that was reached began.
    pub reached: Vec<(Phase, DateTime<Utc>)>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Build {
    /// When a phase began and how many seconds it took; none while it is not over.
    #[must_use]
    pub fn times(&self, phase: Phase) -> Option<(DateTime<Utc>, Option<i64>)> {
        let began = self.reached.iter().find(|(reached, _)| *reached == phase)?.1;
        let next = self
            .reached
            .iter()
            .filter(|(later, _)| *later > phase)
            .map(|r| r.1)
            .min();
        let ended = next.or(self.finished_at);
        Some((began, ended.map(|at| (at - began).num_seconds().max(0))))
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: OperationId,
    service_id: ServiceId,
    status: String,
    step: String,
    reason: Option<String>,
    no_capacity: bool,
    finished_at: Option<DateTime<Utc>>,
}

/// The builds of these services; one that was not wanted yet has none.
///
/// # Errors
/// When the database refuses.
pub async fn builds(tx: &mut TenantTx, services: &[ServiceId]) -> Result<Vec<Build>, BillingError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT DISTINCT ON (service_id) id, service_id, status, step, reason, no_capacity, finished_at FROM operations \
         WHERE service_id = ANY($1) AND kind = 'create' ORDER BY service_id, created_at DESC, id DESC",
    )
    .bind(services)
    .fetch_all(tx.connection())
    .await?;
    let ids: Vec<OperationId> = rows.iter().map(|row| row.id).collect();
    let steps: Vec<(OperationId, String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT operation_id, step, min(at) FROM operation_log WHERE operation_id = ANY($1) GROUP BY operation_id, step",
    )
    .bind(&ids)
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| build(row, &steps)).collect())
}

fn build(row: Row, steps: &[(OperationId, String, DateTime<Utc>)]) -> Build {
    let phase = Phase::of(&row.step);
    let first = |phase: Phase| {
        let times = steps
            .iter()
            .filter(|(id, step, _)| *id == row.id && Phase::of(step) == phase);
        times.map(|(_, _, at)| *at).min().map(|at| (phase, at))
    };
    let held_up = row.status == "retrying" || (row.status == "waiting" && row.reason.is_some());
    Build {
        service: row.service_id,
        operation: row.id,
        reached: Phase::ALL.into_iter().filter_map(first).collect(),
        status: row.status,
        phase,
        held_up,
        no_capacity: row.no_capacity,
        finished_at: row.finished_at,
    }
}

/// How many seconds builds of a product usually take, as a range; none while too few are known.
///
/// # Errors
/// When the database refuses.
pub async fn usual_seconds(tx: &mut TenantTx, product: ProductId) -> Result<Option<(i64, i64)>, BillingError> {
    let known: Vec<i64> = sqlx::query_scalar(
        "SELECT ceil(extract(epoch FROM o.finished_at - o.started_at))::bigint AS seconds FROM operations o \
         JOIN services v ON v.id = o.service_id WHERE v.product_id = $1 AND o.kind = 'create' AND o.status = 'done' \
         AND o.started_at IS NOT NULL AND o.finished_at IS NOT NULL ORDER BY o.created_at DESC LIMIT 40",
    )
    .bind(product)
    .fetch_all(tx.connection())
    .await?;
    Ok(range(known))
}

/// From the quicker quarter to nine in ten.
fn range(mut seconds: Vec<i64>) -> Option<(i64, i64)> {
    if seconds.len() < 4 {
        return None;
    }
    seconds.sort_unstable();
    let at = |tenths: usize| seconds.get((seconds.len() - 1) * tenths / 10).copied();
    Some((at(2)?, at(9)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn every_step_of_every_panel_has_a_phase() {
        for (step, phase) in [
            ("", Phase::Reserve),
            ("reserve", Phase::Reserve),
            ("upstream_payment", Phase::Reserve),
            ("create", Phase::Create),
            ("look", Phase::Create),
            ("upstream", Phase::Create),
            ("install", Phase::Install),
            ("build", Phase::Install),
            ("wait", Phase::Install),
            ("confirm", Phase::Network),
            ("ready", Phase::Ready),
        ] {
            assert_eq!(Phase::of(step), phase, "{step:?}");
        }
    }

    #[test]
    fn a_phase_ends_where_the_next_that_was_reached_begins() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let build = Build {
            service: ServiceId::new(uuid::Uuid::from_u128(1)),
            operation: OperationId::new(uuid::Uuid::from_u128(2)),
            status: "done".into(),
            phase: Phase::Ready,
            held_up: false,
            no_capacity: false,
            reached: vec![(Phase::Reserve, at(0)), (Phase::Install, at(4)), (Phase::Ready, at(30))],
            finished_at: Some(at(30)),
        };
        assert_eq!(build.times(Phase::Reserve), Some((at(0), Some(4))));
        assert_eq!(build.times(Phase::Create), None);
        assert_eq!(build.times(Phase::Install), Some((at(4), Some(26))));
        assert_eq!(build.times(Phase::Ready), Some((at(30), Some(0))));
    }

    #[test]
    fn what_is_usual_needs_a_few_examples() {
        assert_eq!(range(vec![3, 4, 5]), None);
        assert_eq!(range((1..=11).rev().collect()), Some((3, 10)));
    }
}
