//! One round of comparing a server, a page at a time.

use std::collections::HashSet;
use std::time::Duration;

use billing::BillingError;
use billing::ids::{ServerId, ServiceId};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tenancy::task::NewTask;
use tenancy::{TenantScope, TenantTx, audit, task};

use super::compare::{Finding, Ours, compare, differences, gone, unbilled};
use crate::operation::{self, Workshop};
use crate::panel::{Capability, Observed, Panel, PanelContext, PanelError};
use crate::server::{self, said_no};

/// How long a panel may take for one page.
const MOST: Duration = Duration::from_secs(60);
/// Of ours, asked about one by one, in one page.
const PAGE: i64 = 25;
/// A round that was left for so long begins again.
const STALE: TimeDelta = TimeDelta::hours(6);
/// What ended is asked about for so long, where the panel lists nothing.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

#[derive(sqlx::FromRow)]
struct Round {
    started_at: DateTime<Utc>,
    stage: String,
    cursor: String,
}

/// Compares one page of a server and keeps what was found; whether it was the last. A panel that cannot be read
/// is an error: nothing is concluded from silence.
pub(super) async fn page(shop: &Workshop, scope: &TenantScope, id: ServerId) -> Result<bool, BillingError> {
    let (panel, context) = server::open(shop, scope, id).await?;
    if !panel.sees() {
        return Ok(true);
    }
    let lists = panel.capabilities().contains(&Capability::Reconcile);
    let mut tx = shop.doors.begin(scope).await?;
    let round = begun(&mut tx, id, lists).await?;
    tx.commit().await?;
    if round.stage == "theirs" {
        let read = tokio::time::timeout(MOST, panel.read_some(&context, &round.cursor)).await;
        let slow = || Err(PanelError::Unknown("the panel took too long".into()));
        let (theirs, next) = read.unwrap_or_else(|_| slow()).map_err(said_no)?;
        let mut tx = shop.doors.begin(scope).await?;
        let findings = of_theirs(&mut tx, id, theirs).await?;
        let (stage, cursor) = match next {
            Some(next) => ("theirs", next),
            None => ("ours", String::new()),
        };
        keep(&mut tx, id, &findings, (stage, &cursor)).await?;
        tx.commit().await?;
        return Ok(false);
    }
    let mut tx = shop.doors.begin_read(scope).await?;
    let ours = unseen(&mut tx, id, &round, lists).await?;
    tx.commit().await?;
    let findings = of_ours(shop, scope, (panel.as_ref(), &context), &ours).await?;
    let mut tx = shop.doors.begin(scope).await?;
    let findings = without_busy(&mut tx, findings).await?;
    let last = ours.last().map(|service| service.id.uuid().to_string());
    let full = i64::try_from(ours.len()).unwrap_or(PAGE) >= PAGE;
    keep(&mut tx, id, &findings, ("ours", last.as_deref().unwrap_or_default())).await?;
    if !full {
        finish(&mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(!full)
}

/// The round under way, or a new one.
async fn begun(tx: &mut TenantTx, server: ServerId, lists: bool) -> Result<Round, BillingError> {
    let now = tx.now();
    sqlx::query("DELETE FROM comparisons WHERE server_id = $1 AND started_at < $2")
        .bind(server)
        .bind(now - STALE)
        .execute(tx.connection())
        .await?;
    sqlx::query(
        "INSERT INTO comparisons (server_id, started_at, stage, cursor, found) VALUES ($1, $2, $3, '', '[]') \
         ON CONFLICT (server_id) DO NOTHING",
    )
    .bind(server)
    .bind(now)
    .bind(if lists { "theirs" } else { "ours" })
    .execute(tx.connection())
    .await?;
    Ok(
        sqlx::query_as("SELECT started_at, stage, cursor FROM comparisons WHERE server_id = $1")
            .bind(server)
            .fetch_one(tx.connection())
            .await?,
    )
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ServiceId,
    status: String,
    panel_ref: String,
    owner: i64,
    panel_settings: Value,
}

impl From<Row> for Ours {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            status: row.status,
            panel_ref: row.panel_ref,
            owner: row.owner,
            settings: row.panel_settings,
        }
    }
}

const OURS: &str = "SELECT v.id, v.status, v.panel_ref, coalesce((v.panel_ids->>'owner')::bigint, a.number) AS owner, r.panel_settings \
     FROM services v JOIN accounts a ON a.id = v.account_id JOIN products r ON r.id = v.product_id \
     WHERE v.server_id = $1 AND v.panel_ref IS NOT NULL";

/// A page of theirs with ours of the same ids. What changes this moment is not compared.
async fn of_theirs(tx: &mut TenantTx, server: ServerId, theirs: Vec<Observed>) -> Result<Vec<Finding>, BillingError> {
    let refs: Vec<String> = theirs.iter().map(|there| there.panel_ref.clone()).collect();
    let sql = format!("{OURS} AND v.panel_ref = ANY($2)");
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(server)
        .bind(&refs)
        .fetch_all(tx.connection())
        .await?;
    let ours: Vec<Ours> = rows.into_iter().map(Ours::from).collect();
    sqlx::query("UPDATE services SET seen_at = $3 WHERE server_id = $1 AND panel_ref = ANY($2)")
        .bind(server)
        .bind(&refs)
        .bind(tx.now())
        .execute(tx.connection())
        .await?;
    let busy = busy(tx, ours.iter().map(|service| service.id).collect()).await?;
    let at_work: HashSet<&str> = ours
        .iter()
        .filter(|service| busy.contains(&service.id))
        .map(|service| service.panel_ref.as_str())
        .collect();
    let theirs: Vec<Observed> = theirs
        .into_iter()
        .filter(|there| !at_work.contains(there.panel_ref.as_str()))
        .collect();
    Ok(compare(&ours, &theirs))
}

/// Which of these services are not decided yet, or have a change under way.
async fn busy(tx: &mut TenantTx, ids: Vec<ServiceId>) -> Result<HashSet<ServiceId>, BillingError> {
    let busy: Vec<ServiceId> = sqlx::query_scalar(
        "SELECT v.id FROM services v WHERE v.id = ANY($1) AND (v.status IN ('pending', 'provisioning') \
         OR EXISTS (SELECT 1 FROM operations o WHERE o.service_id = v.id AND o.status IN ('queued', 'running', 'waiting', 'retrying')))",
    )
    .bind(ids)
    .fetch_all(tx.connection())
    .await?;
    Ok(busy.into_iter().collect())
}

async fn without_busy(tx: &mut TenantTx, mut findings: Vec<Finding>) -> Result<Vec<Finding>, BillingError> {
    let ids = findings.iter().filter_map(|finding| finding.service).collect();
    let busy = busy(tx, ids).await?;
    findings.retain(|finding| finding.service.is_none_or(|id| !busy.contains(&id)));
    Ok(findings)
}

/// The next of ours that were not among theirs; where the panel lists nothing, the next of all, and of what ended
/// lately.
async fn unseen(tx: &mut TenantTx, server: ServerId, round: &Round, lists: bool) -> Result<Vec<Ours>, BillingError> {
    let after: Option<uuid::Uuid> = round.cursor.parse().ok();
    let which = if lists {
        "v.status IN ('active', 'suspended') AND v.activated_at < $4 AND (v.seen_at IS NULL OR v.seen_at < $4) AND $5::timestamptz IS NOT NULL"
    } else {
        "(v.status IN ('active', 'suspended', 'failed') OR (v.status = 'terminated' AND v.terminated_at > $5)) AND $4::timestamptz IS NOT NULL"
    };
    let sql = format!("{OURS} AND ($2::uuid IS NULL OR v.id > $2) AND {which} ORDER BY v.id LIMIT $3");
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(server)
        .bind(after)
        .bind(PAGE)
        .bind(round.started_at)
        .bind(round.started_at - REMEMBERED)
        .fetch_all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(Ours::from).collect())
}

/// Each of these is asked about: it may have moved between two pages.
async fn of_ours(
    shop: &Workshop,
    scope: &TenantScope,
    (panel, context): (&dyn Panel, &PanelContext),
    ours: &[Ours],
) -> Result<Vec<Finding>, BillingError> {
    let mut findings = Vec::new();
    for service in ours {
        let Some(target) = operation::target_of(shop, scope, service.id).await? else {
            continue;
        };
        match panel.read_state(context, &target).await {
            // What is ordered there and not built yet is seen to by its order.
            Ok(there) if service.is_over() && there.built == Some(false) => {}
            Ok(there) if service.is_over() => findings.push(unbilled(Some(service), &there)),
            Ok(there) => findings.extend(differences(service, &there)),
            Err(PanelError::Gone) if service.is_over() => {}
            Err(PanelError::Gone) => findings.push(gone(service)),
            Err(error) => return Err(said_no(error)),
        }
    }
    Ok(findings)
}

fn key(server: ServerId, finding: &Finding) -> String {
    format!("reconcile:{server}:{}:{}", finding.mismatch.word(), finding.panel_ref)
}

/// Differences become tasks, and the round goes on after this page.
async fn keep(
    tx: &mut TenantTx,
    server: ServerId,
    findings: &[Finding],
    (stage, cursor): (&str, &str),
) -> Result<(), BillingError> {
    let mut keys = Vec::new();
    for finding in findings {
        let subject = finding.service.map_or_else(|| server.to_string(), |id| id.to_string());
        let new = NewTask {
            kind: "reconcile",
            key: key(server, finding),
            title: format!("{} {}", finding.panel_ref, finding.mismatch.sentence()),
            reason: finding.detail.clone(),
            subject: Some(subject),
            job: None,
        };
        task::raise(tx, &new).await?;
        keys.push(new.key);
    }
    sqlx::query("UPDATE comparisons SET stage = $2, cursor = $3, found = found || $4 WHERE server_id = $1")
        .bind(server)
        .bind(stage)
        .bind(cursor)
        .bind(json!(keys))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The round is over: tasks whose difference is gone are closed.
async fn finish(tx: &mut TenantTx, server: ServerId) -> Result<(), BillingError> {
    let found: Value = sqlx::query_scalar("DELETE FROM comparisons WHERE server_id = $1 RETURNING found")
        .bind(server)
        .fetch_one(tx.connection())
        .await?;
    let found: HashSet<String> = serde_json::from_value(found).unwrap_or_default();
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT key FROM tasks WHERE kind = 'reconcile' AND state = 'open' AND starts_with(key, $1)",
    )
    .bind(format!("reconcile:{server}:"))
    .fetch_all(tx.connection())
    .await?;
    for key in open.iter().filter(|key| !found.contains(*key)) {
        task::settle(tx, key).await?;
    }
    audit::record(tx, "server.reconciled", server, json!({ "differences": found.len() })).await?;
    Ok(())
}
