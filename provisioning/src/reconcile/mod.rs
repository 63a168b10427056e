//! Reconciliation: what is billed and what runs are compared, and every difference is a task.

mod compare;

use std::collections::HashSet;

use billing::BillingError;
use billing::ids::{ServerId, ServiceId};
use platform::job::{Class, Job, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::task::NewTask;
use tenancy::{TenantScope, TenantTx, audit, task};

pub use compare::{Finding, Mismatch, Ours, compare};

use crate::operation::{self, Workshop};
use crate::panel::{Capability, Observed, Panel, PanelContext, PanelError};
use crate::server::{self, said_no};

/// How long a panel may take to list what it has.
const MOST: std::time::Duration = std::time::Duration::from_secs(60);

/// Compares one server, or every active one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reconcile {
    /// Which; none: all.
    pub server: Option<ServerId>,
}
impl Job for Reconcile {
    const NAME: &'static str = "reconcile";
    const CLASS: Class = Class::Low;
}

/// The body of [`Reconcile`]: a server that cannot be read does not stop the others.
pub async fn reconcile_job(shop: &Workshop, scope: &TenantScope, args: &Reconcile) -> Outcome {
    let servers = match args.server {
        Some(server) => vec![server],
        None => match active(shop, scope).await {
            Ok(servers) => servers,
            Err(error) => return Outcome::retry(60, error),
        },
    };
    let mut failed = Vec::new();
    for server in servers {
        if let Err(error) = Box::pin(server_against_ours(shop, scope, server)).await {
            failed.push(format!("{server}: {error}"));
        }
    }
    if failed.is_empty() {
        Outcome::Done
    } else {
        Outcome::Fail { why: failed.join("; ") }
    }
}

async fn active(shop: &Workshop, scope: &TenantScope) -> Result<Vec<ServerId>, BillingError> {
    let mut tx = shop.doors.begin_read(scope).await?;
    let servers = sqlx::query_scalar("SELECT id FROM servers ORDER BY created_at, id")
        .fetch_all(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(servers)
}

/// Compares a server with our services on it; differences become tasks, and tasks whose difference is
/// gone are closed.
///
/// # Errors
/// When there is no such server, or its panel cannot be read: nothing is concluded from silence.
pub async fn server_against_ours(
    shop: &Workshop,
    scope: &TenantScope,
    id: ServerId,
) -> Result<Vec<Finding>, BillingError> {
    let mut tx = shop.doors.begin_read(scope).await?;
    let mut ours = ours_on(&mut tx, id).await?;
    tx.commit().await?;
    let (panel, context) = server::open(shop, scope, id).await?;
    if !panel.sees() {
        return Ok(Vec::new());
    }
    let theirs = if panel.capabilities().contains(&Capability::Reconcile) {
        let all = tokio::time::timeout(MOST, panel.read_all(&context)).await;
        all.unwrap_or_else(|_| Err(PanelError::Unknown("the panel took too long".into())))
            .map_err(said_no)?
    } else {
        one_by_one(shop, scope, (panel.as_ref(), &context), &ours).await?
    };
    let mut tx = shop.doors.begin(scope).await?;
    // What changes this moment is not compared: neither what was at work before, nor what is now.
    let busy = busy(&mut tx, id).await?;
    let at_work = |panel_ref: &str| busy.iter().any(|(_, r)| r.as_deref() == Some(panel_ref));
    ours.retain(|o| !busy.iter().any(|(id, _)| *id == o.id));
    let theirs: Vec<Observed> = theirs.into_iter().filter(|t| !at_work(&t.panel_ref)).collect();
    let findings = compare(&ours, &theirs);
    report(&mut tx, id, &findings).await?;
    tx.commit().await?;
    Ok(findings)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ServiceId,
    status: String,
    panel_ref: String,
    owner: i64,
    panel_settings: Value,
}

async fn ours_on(tx: &mut TenantTx, server: ServerId) -> Result<Vec<Ours>, BillingError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT v.id, v.status, v.panel_ref, coalesce((v.panel_ids->>'owner')::bigint, a.number) AS owner, r.panel_settings \
         FROM services v JOIN accounts a ON a.id = v.account_id JOIN products r ON r.id = v.product_id \
         WHERE v.server_id = $1 AND v.panel_ref IS NOT NULL AND v.status IN ('active', 'suspended', 'terminated')",
    )
    .bind(server)
    .fetch_all(tx.connection())
    .await?;
    let ours = |row: Row| Ours {
        id: row.id,
        status: row.status,
        panel_ref: row.panel_ref,
        owner: row.owner,
        settings: row.panel_settings,
    };
    Ok(rows.into_iter().map(ours).collect())
}

/// Services with a change under way, or not decided yet, and their ids there.
async fn busy(tx: &mut TenantTx, server: ServerId) -> Result<Vec<(ServiceId, Option<String>)>, BillingError> {
    Ok(sqlx::query_as(
        "SELECT v.id, coalesce(v.panel_ref, v.panel_ids->>'server') FROM services v WHERE v.server_id = $1 \
         AND (v.status IN ('pending', 'provisioning', 'failed') OR EXISTS (SELECT 1 FROM operations o WHERE o.service_id = v.id \
              AND o.status IN ('queued', 'running', 'waiting', 'retrying')))",
    )
    .bind(server)
    .fetch_all(tx.connection())
    .await?)
}

/// For panels that list nothing: each of ours is asked about.
async fn one_by_one(
    shop: &Workshop,
    scope: &TenantScope,
    (panel, context): (&dyn Panel, &PanelContext),
    ours: &[Ours],
) -> Result<Vec<Observed>, BillingError> {
    let mut seen = Vec::new();
    for service in ours.iter().filter(|o| o.status != "terminated") {
        let (_, _, target, _) = operation::reach(shop, scope, service.id).await?;
        match panel.read_state(context, &target).await {
            Ok(there) => seen.push(there),
            Err(PanelError::Gone) => {}
            Err(error) => return Err(said_no(error)),
        }
    }
    Ok(seen)
}

async fn report(tx: &mut TenantTx, server: ServerId, findings: &[Finding]) -> Result<(), BillingError> {
    let prefix = format!("reconcile:{server}:");
    let mut keys = HashSet::new();
    for finding in findings {
        let key = format!("{prefix}{}:{}", finding.mismatch.word(), finding.panel_ref);
        let subject = finding.service.map_or_else(|| server.to_string(), |id| id.to_string());
        let new = NewTask {
            kind: "reconcile",
            key: key.clone(),
            title: format!("{} {}", finding.panel_ref, finding.mismatch.sentence()),
            reason: finding.detail.clone(),
            subject: Some(subject),
            job: None,
        };
        task::raise(tx, &new).await?;
        keys.insert(key);
    }
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT key FROM tasks WHERE kind = 'reconcile' AND state = 'open' AND starts_with(key, $1)",
    )
    .bind(&prefix)
    .fetch_all(tx.connection())
    .await?;
    for key in open.iter().filter(|key| !keys.contains(*key)) {
        task::settle(tx, key).await?;
    }
    audit::record(
        tx,
        "server.reconciled",
        server,
        json!({ "differences": findings.len() }),
    )
    .await?;
    Ok(())
}
