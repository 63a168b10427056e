//! Changing what runs: size and root password.

use std::collections::BTreeMap;

use billing::service::Confirmed;
use http::Method;
use serde_json::{Value, json};

use super::client::{Answer, call, data, get};
use super::read::{observed, package};
use crate::panel::{PASSWORD, Package, PanelContext, PanelError, Progress, Step, Target};

/// Package flags we mean: unnamed ones would be left as they are.
fn flags() -> Value {
    let named = [
        "cpu",
        "memory",
        "primaryDiskSize",
        "primaryDiskReadIOPS",
        "primaryDiskReadThroughput",
        "primaryDiskWriteIOPS",
        "primaryDiskWriteThroughput",
        "primaryNetworkInboundSpeed",
        "primaryNetworkOutboundSpeed",
        "primaryNetworkTraffic",
        "backupPlan",
    ];
    named
        .into_iter()
        .map(|flag| (flag.to_owned(), Value::Bool(true)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Puts the product's package on the server, then the sizes the product names itself, and reads them back.
pub(super) async fn plan(context: &PanelContext, target: &mut Target) -> Step {
    let server = target.panel_ref.clone();
    let settings = &target.wanted.settings;
    let id = settings["package_id"]
        .as_i64()
        .ok_or_else(|| PanelError::refused("the product names no package_id"))?;
    if target.note("package").is_none() {
        let path = format!("/servers/{server}/package/{id}");
        match call(context, Method::PUT, &path, Some(&flags())).await? {
            Answer::Ok(_) => {}
            Answer::Missing(why) if why.contains("package") => return Err(PanelError::Refused(why)),
            Answer::Missing(_) => return Err(PanelError::Gone),
        }
        target.notes.insert("package".into(), json!(id));
        return Ok(Progress::again("verify", 2));
    }
    let state = get(context, &format!("/servers/{server}")).await?;
    if state["tasks"]["active"].as_bool() == Some(true) {
        return Ok(Progress::again("verify", 2));
    }
    let package = package(&get(context, &format!("/packages/{id}")).await?)?;
    let wrong = differences(&state["settings"]["resources"], &package, settings);
    let sent: Vec<String> =
        serde_json::from_value(target.notes.get("sent").cloned().unwrap_or_default()).unwrap_or_default();
    if let Some((what, value)) = wrong.iter().find(|(what, _)| !sent.iter().any(|s| s == *what)) {
        modify(context, &server, what, *value).await?;
        let sent: Vec<String> = sent.into_iter().chain([(*what).to_owned()]).collect();
        target.notes.insert("sent".into(), json!(sent));
        return Ok(Progress::again("verify", 1));
    }
    if let Some((what, value)) = wrong.into_iter().next() {
        return Err(PanelError::Refused(format!("the panel did not set {what} to {value}")));
    }
    let seen = observed(&state)?;
    Ok(Progress::Done(Some(Confirmed {
        panel_ref: server,
        ip_addresses: seen.ip_addresses.clone(),
        observed: json!(seen),
    })))
}

/// What is not as wanted: the product's own figure, else the package's.
fn differences(resources: &Value, package: &Package, settings: &Value) -> BTreeMap<&'static str, i64> {
    let wanted = [
        ("memory", "memory", package.memory_mb),
        ("cpuCores", "cpu_cores", package.cpu_cores),
        ("storage", "storage", package.storage_gb),
        ("traffic", "traffic", package.traffic_gb),
    ];
    wanted
        .into_iter()
        .filter_map(|(theirs, ours, by_package)| {
            let value = settings[ours].as_i64().or(by_package)?;
            let there = resources[theirs].as_i64()?;
            (there != value).then_some((theirs, value))
        })
        .collect()
}

async fn modify(context: &PanelContext, server: &str, what: &str, value: i64) -> Result<(), PanelError> {
    let body = match what {
        "memory" => json!({ "memory": value }),
        "cpuCores" => json!({ "cores": value }),
        "traffic" => json!({ "traffic": value.to_string() }),
        // A disk grows with its package only.
        _ => return Err(PanelError::Refused(format!("the panel cannot set {what} to {value}"))),
    };
    data(
        context,
        Method::PUT,
        &format!("/servers/{server}/modify/{what}"),
        Some(&body),
    )
    .await
    .map(drop)
}

/// Asks for a new root password once, and follows the panel's queue until it holds.
pub(super) async fn root_password(context: &PanelContext, target: &mut Target) -> Step {
    let server = target.panel_ref.clone();
    if let Some(queue) = target.note("queue") {
        let item = get(context, &format!("/queue/{queue}")).await?;
        if item["failed"].as_bool() == Some(true) {
            return Err(PanelError::refused(
                "the panel could not set the password; is the guest agent running?",
            ));
        }
        let over = !item["finished"].is_null() || item["progress"].as_i64() == Some(100);
        return Ok(if over {
            Progress::done()
        } else {
            Progress::again("wait", 2)
        });
    }
    // Asked again after a lost answer: another new password is as good as the first.
    let user = target.wanted.settings["root_user"].as_str().unwrap_or("root");
    let body = json!({ "user": user, "sendMail": false });
    let answer = data(
        context,
        Method::POST,
        &format!("/servers/{server}/resetPassword"),
        Some(&body),
    )
    .await?;
    let password = answer["expectedPassword"]
        .as_str()
        .ok_or_else(|| PanelError::refused("the panel told no password"))?;
    target.notes.insert(PASSWORD.into(), json!(password));
    match answer["queueId"].as_i64() {
        Some(queue) => {
            target.notes.insert("queue".into(), json!(queue));
            Ok(Progress::again("wait", 2))
        }
        None => Ok(Progress::done()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_products_figure_goes_before_the_packages() {
        let package = Package {
            id: "6".into(),
            name: "KVM 4".into(),
            enabled: true,
            memory_mb: Some(4096),
            storage_gb: Some(80),
            traffic_gb: Some(1000),
            cpu_cores: Some(2),
        };
        let there = json!({ "memory": 4096, "storage": 80, "traffic": 1000, "cpuCores": 2 });
        assert!(differences(&there, &package, &json!({})).is_empty());
        let wrong = differences(&there, &package, &json!({ "memory": 8192 }));
        assert_eq!(wrong.into_iter().collect::<Vec<_>>(), [("memory", 8192)]);
        let silent = json!({ "memory": 2048 });
        assert_eq!(
            differences(&silent, &package, &json!({})).len(),
            1,
            "what it does not say is not compared"
        );
        assert_eq!(flags().as_object().unwrap().len(), 11);
    }
}
