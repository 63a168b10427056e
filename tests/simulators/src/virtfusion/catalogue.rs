//! What can be sold: packages, operating systems, hypervisor groups with their room; and SSH keys.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{self, Answer, Reply};
use super::config::{Group, Package};
use super::server::known;
use super::state::{SshKey, State};
use crate::form;
use crate::ticker::stamp;

/// `GET /packages`.
pub(super) fn packages(state: &State) -> Reply {
    let rows: Vec<Value> = state.config.packages.iter().map(package_picture).collect();
    Ok(Answer::data(200, json!(rows)))
}

/// `GET /packages/{id}`.
pub(super) fn package(state: &State, id: i64) -> Reply {
    match state.package(id) {
        Some(package) => Ok(Answer::data(200, package_picture(package))),
        None => Err(Answer::msg(404, "package not found")),
    }
}

fn package_picture(package: &Package) -> Value {
    json!({
        "id": package.id,
        "name": package.name,
        "description": null,
        "enabled": package.enabled,
        "memory": package.memory_mb,
        "primaryStorage": package.storage_gb,
        "traffic": package.traffic_gb,
        "cpuCores": package.cpu_cores,
        "primaryNetworkSpeedIn": 0,
        "primaryNetworkSpeedOut": 0,
        "primaryDiskType": "inherit",
        "backupPlanId": 0,
        "primaryStorageProfile": 0,
        "primaryNetworkProfile": 0,
        "created": "2026-01-01T00:00:00.000000Z",
    })
}

/// `GET /compute/hypervisors/groups`, paginated.
pub(super) fn groups(state: &State, query: &Value) -> Reply {
    let rows: Vec<Value> = state
        .config
        .groups
        .iter()
        .map(|group| {
            json!({"id": group.id, "name": group.name, "label": group.name, "description": null, "enabled": true,
                "default": group.id == 1})
        })
        .collect();
    Ok(answer::page(&rows, query, "/api/v1/compute/hypervisors/groups"))
}

/// `GET /compute/hypervisors/groups/{id}/resources`: one hypervisor per group.
pub(super) fn resources(state: &State, id: i64, query: &Value) -> Reply {
    let Some(group) = state.config.groups.iter().find(|row| row.id == id) else {
        return Err(Answer::msg(404, "hypervisor group not found"));
    };
    let row = resources_picture(state, group);
    let path = format!("/api/v1/compute/hypervisors/groups/{id}/resources");
    Ok(answer::page(&[row], query, &path))
}

fn resources_picture(state: &State, group: &Group) -> Value {
    let (used, free) = (i64::from(state.used(group.id)), i64::from(state.free(group.id)));
    let max = used + free;
    let meter = |units: &str, each: i64| {
        json!({"units": units, "max": max * each, "allocated": used * each, "free": free * each,
            "percent": if max == 0 { 100 } else { used * 100 / max }})
    };
    json!({
        "hypervisor": {"id": group.id, "name": format!("hv{}", group.id), "enabled": true, "prohibit": false, "accept": true,
            "commissioned": 3},
        "resources": {
            "servers": {"units": "#", "max": max, "allocated": used, "free": free,
                "percent": if max == 0 { 100 } else { used * 100 / max }},
            "memory": meter("MB", 4096),
            "cpuCores": meter("#", 4),
            "localStorage": {"enabled": true, "storageType": 0, "max": max * 100, "allocated": used * 100, "free": free * 100},
            "otherStorage": [],
            "network": {"total": {"ipv4": {"free": free * 2}}},
        },
    })
}

/// `GET /media/templates/fromServerPackageSpec/{package}`.
pub(super) fn templates_of_package(state: &State, package: i64) -> Reply {
    match state.package(package) {
        Some(_) => Ok(templates(state)),
        None => Err(Answer::msg(404, "package not found")),
    }
}

/// `GET /servers/{id}/templates`.
pub(super) fn templates_of_server(state: &State, id: i64) -> Reply {
    known(state, id)?;
    Ok(templates(state))
}

fn templates(state: &State) -> Answer {
    let mut categories: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for row in &state.config.templates {
        categories.entry(&row.category).or_default().push(json!({
            "id": row.id, "name": row.name, "version": row.version, "variant": "", "arch": 1, "icon": "linux_logo.png",
            "eol": false, "eol_date": "0000-00-00", "eol_warning": false, "deploy_type": 1, "vnc": false, "type": "linux",
        }));
    }
    let rows: Vec<Value> = categories
        .into_iter()
        .enumerate()
        .map(|(place, (name, templates))| {
            json!({"name": name, "description": null, "icon": "linux_logo.png", "id": place + 1, "templates": templates})
        })
        .collect();
    Answer::data(200, json!(rows))
}

/// `POST /ssh_keys`.
pub(super) fn add_key(state: &mut State, body: &Value) -> Reply {
    let user_id = form::whole(body, "userId")
        .filter(|id| state.users.contains_key(id))
        .ok_or_else(|| Answer::invalid("userId", "The selected user id is invalid."))?;
    let name = form::text(body, "name").ok_or_else(|| Answer::invalid("name", "The name field is required."))?;
    let public_key = form::text(body, "publicKey")
        .filter(|key| key.starts_with("ssh-") || key.starts_with("ecdsa-"))
        .ok_or_else(|| Answer::invalid("publicKey", "The public key is invalid."))?;
    let key = SshKey {
        id: state.number(),
        user_id,
        name: name.to_owned(),
        public_key: public_key.to_owned(),
        created: state.config.ticker.now(),
    };
    let shown = json!({"id": key.id, "name": key.name, "type": key_type(&key), "createdAt": stamp(key.created)});
    state.ssh_keys.insert(key.id, key);
    Ok(Answer::data(201, shown))
}

/// `GET /ssh_keys/user/{user}`.
pub(super) fn keys_of_user(state: &State, user: i64) -> Reply {
    let rows: Vec<Value> = state
        .ssh_keys
        .values()
        .filter(|key| key.user_id == user)
        .map(key_picture)
        .collect();
    Ok(Answer::data(200, json!(rows)))
}

/// `GET /ssh_keys/{id}`.
pub(super) fn key(state: &State, id: i64) -> Reply {
    match state.ssh_keys.get(&id) {
        Some(key) => Ok(Answer::data(200, key_picture(key))),
        None => Err(Answer::msg(404, "ssh key not found")),
    }
}

/// `DELETE /ssh_keys/{id}`.
pub(super) fn remove_key(state: &mut State, id: i64) -> Reply {
    match state.ssh_keys.remove(&id) {
        Some(_) => Ok(Answer::empty(204)),
        None => Err(Answer::msg(404, "ssh key not found")),
    }
}

fn key_picture(key: &SshKey) -> Value {
    json!({"id": key.id, "name": key.name, "publicKey": key.public_key, "type": key_type(key), "enabled": true,
        "created": stamp(key.created), "updated": stamp(key.created)})
}

fn key_type(key: &SshKey) -> &str {
    key.public_key.split(' ').next().unwrap_or_default()
}
