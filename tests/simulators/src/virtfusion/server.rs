//! Servers: made, built, shown, listed.

use serde_json::{Value, json};

use super::answer::{self, Answer, Reply};
use super::state::{Server, State};
use super::user;
use crate::ticker::stamp;
use crate::{form, random_word};

/// A server that exists, or the panel's 404.
pub(super) fn known(state: &State, id: i64) -> Result<(), Answer> {
    match state.servers.contains_key(&id) {
        true => Ok(()),
        false => Err(Answer::msg(404, "server not found")),
    }
}

/// A server that exists and is not locked; 423 while a task is active.
pub(super) fn idle(state: &mut State, id: i64) -> Result<&mut Server, Answer> {
    known(state, id)?;
    if let Some(task) = state.lock_of(id) {
        let told = format!("server is locked by the running task {}", task.action);
        return Err(Answer::msg(423, &told));
    }
    let now = state.config.ticker.now();
    let server = state
        .servers
        .get_mut(&id)
        .ok_or_else(|| Answer::msg(404, "server not found"))?;
    server.updated = now;
    Ok(server)
}

/// `POST /servers`: a record with addresses, no operating system. Not idempotent.
pub(super) fn create(state: &mut State, query: &Value, body: &Value) -> Reply {
    let need = |field: &str, label: &str| {
        form::whole(body, field).ok_or_else(|| Answer::invalid(field, &format!("The {label} field is required.")))
    };
    let package_id = need("packageId", "package id")?;
    let user_id = need("userId", "user id")?;
    let group_id = need("hypervisorId", "hypervisor id")?;
    let package = state
        .package(package_id)
        .filter(|package| package.enabled)
        .cloned()
        .ok_or_else(|| Answer::refused("The selected package is not available."))?;
    if !state.users.contains_key(&user_id) {
        return Err(Answer::refused("The selected user does not exist."));
    }
    if !state.config.groups.iter().any(|row| row.id == group_id) {
        return Err(Answer::refused("The selected hypervisor group does not exist."));
    }
    if state.free(group_id) == 0 {
        return Err(Answer::refused("No hypervisor in the group has enough free resources."));
    }
    let addresses = form::whole(body, "ipv4").unwrap_or(1).clamp(0, 64);
    if form::flag(query, "dryRun") {
        return Ok(Answer::data(200, json!({"dryRun": true})));
    }
    let now = state.config.ticker.now();
    let id = state.number();
    let size = |field: &str, standard: i64| form::whole(body, field).unwrap_or(standard);
    let server = Server {
        id,
        uuid: uuid(),
        owner_id: user_id,
        group_id,
        package_id,
        name: String::new(),
        hostname: None,
        memory_mb: size("memory", package.memory_mb),
        storage_gb: size("storage", package.storage_gb),
        traffic_gb: size("traffic", package.traffic_gb),
        cpu_cores: size("cpuCores", package.cpu_cores),
        cpu_throttle: 0,
        backup_plan: 0,
        suspended: false,
        protected: false,
        running: false,
        template_id: None,
        built: None,
        build_failed: false,
        builds: 0,
        password: random_word(14),
        vnc_enabled: false,
        vnc_token: random_word(32),
        ipv4: (0..addresses).map(|_| state.address()).collect(),
        ssh_keys: Vec::new(),
        rx_bytes: 0,
        tx_bytes: 0,
        traffic_blocks: Vec::new(),
        delete_at: None,
        created: now,
        updated: now,
    };
    state.servers.insert(id, server);
    Ok(Answer::data(201, picture(state, id)))
}

/// `POST /servers/{id}/build`: wipes and installs. The only answer with the plain root password.
pub(super) fn build(state: &mut State, id: i64, body: &Value) -> Reply {
    idle(state, id)?;
    let template = form::whole(body, "operatingSystemId")
        .ok_or_else(|| Answer::invalid("operatingSystemId", "The operating system id field is required."))?;
    if !state.config.templates.iter().any(|row| row.id == template) {
        return Err(Answer::refused("The selected operating system is not available."));
    }
    let keys: Vec<i64> = body["sshKeys"]
        .as_array()
        .map(|rows| rows.iter().filter_map(Value::as_i64).collect())
        .unwrap_or_default();
    if keys.iter().any(|key| !state.ssh_keys.contains_key(key)) {
        return Err(Answer::invalid("sshKeys", "The selected ssh key does not exist."));
    }
    let server = idle(state, id)?;
    server.template_id = Some(template);
    server.ssh_keys = keys;
    if let Some(name) = form::text(body, "name") {
        server.name = name.to_owned();
    }
    if let Some(hostname) = form::text(body, "hostname") {
        server.hostname = Some(hostname.to_owned());
    }
    server.vnc_enabled = form::flag(body, "vnc");
    server.password = random_word(14);
    server.built = None;
    server.build_failed = false;
    server.running = false;
    server.builds += 1;
    let password = server.password.clone();
    state.begin_build(id);
    let mut shown = picture(state, id);
    shown["settings"]["decryptedPassword"] = json!(password);
    Ok(Answer::data(200, shown))
}

/// `GET /servers/{id}`; each read counts as a poll.
pub(super) fn show(state: &mut State, id: i64, query: &Value) -> Reply {
    known(state, id)?;
    state.poll(id);
    state.settle();
    known(state, id)?;
    let mut shown = picture(state, id);
    let server = &state.servers[&id];
    shown["remoteState"] = if form::flag(query, "remoteState") {
        let memory_kb = server.memory_mb * 1024;
        json!({
            "state": if server.running { "running" } else { "shutoff" },
            "running": server.running,
            "cpu": if server.running { 3 } else { 0 },
            "memory": {"actual": memory_kb, "unused": memory_kb / 2, "available": memory_kb, "rss": memory_kb / 2},
            "disk": {"vda": {"rd.bytes": 1_048_576, "wr.bytes": 4_194_304}},
        })
    } else {
        json!(false)
    };
    Ok(Answer::data(200, shown))
}

/// `GET /servers`, paginated.
pub(super) fn list(state: &State, query: &Value) -> Reply {
    let full = form::text(query, "type") == Some("full");
    let groups: Vec<i64> = query["hypervisorId"]
        .as_array()
        .map(|rows| rows.iter().filter_map(|row| row.as_str()?.parse().ok()).collect())
        .unwrap_or_default();
    let rows: Vec<Value> = state
        .servers
        .values()
        .filter(|server| groups.is_empty() || groups.contains(&server.group_id))
        .map(|server| {
            if full {
                return picture(state, server.id);
            }
            json!({
                "id": server.id,
                "uuid": server.uuid,
                "name": server.name,
                "commissioned": server.built.is_some(),
                "owner": server.owner_id,
                "hypervisorId": server.group_id,
                "suspended": server.suspended,
                "protected": server.protected,
                "updated": stamp(server.updated),
                "created": stamp(server.created),
            })
        })
        .collect();
    Ok(answer::page(&rows, query, "/api/v1/servers"))
}

/// `GET /servers/user/{userId}`, all at once.
pub(super) fn list_of_user(state: &State, user: i64) -> Reply {
    if !state.users.contains_key(&user) {
        return Err(Answer::msg(404, "user not found"));
    }
    let rows: Vec<Value> = state
        .servers
        .values()
        .filter(|server| server.owner_id == user)
        .map(|server| {
            let mut row = picture(state, server.id);
            row["resources"] = row["settings"]["resources"].clone();
            row
        })
        .collect();
    Ok(Answer::data(200, json!(rows)))
}

/// The server object of the API.
pub(super) fn picture(state: &State, id: i64) -> Value {
    let server = &state.servers[&id];
    let lock = state.lock_of(id);
    let owner = state.users.get(&server.owner_id).map(user::picture);
    let group = state.config.groups.iter().find(|row| row.id == server.group_id);
    let pending: Vec<Value> = lock
        .map(|task| json!({"id": task.id, "action": task.action, "complete": false, "failed": false}))
        .into_iter()
        .collect();
    json!({
        "id": server.id,
        "ownerId": server.owner_id,
        "hypervisorId": server.group_id,
        "name": server.name,
        "hostname": server.hostname,
        "uuid": server.uuid,
        "commissionStatus": if server.built.is_some() { 3 } else { 0 },
        "state": condition(server, lock.is_some()),
        "suspended": server.suspended,
        "protected": server.protected,
        "rebuild": server.builds > 1 && lock.is_some_and(|task| task.action == "build"),
        "destroyable": !server.protected,
        "buildFailed": server.build_failed,
        "built": server.built.map(stamp),
        "created": stamp(server.created),
        "updated": stamp(server.updated),
        "remoteState": false,
        "traffic": {"public": {"countMethod": 1, "currentPeriod": super::network::period(state, server.traffic_gb)}},
        "settings": {
            "osTemplateInstall": server.template_id.is_some(),
            "osTemplateInstallId": server.template_id.unwrap_or(0),
            "encryptedPassword": "sealed",
            "backupPlan": (server.backup_plan > 0).then_some(server.backup_plan),
            "resources": {"memory": server.memory_mb, "storage": server.storage_gb, "traffic": server.traffic_gb, "cpuCores": server.cpu_cores},
        },
        "cpu": {"cores": server.cpu_cores, "throttle": server.cpu_throttle},
        "backupPlan": {"id": (server.backup_plan > 0).then_some(server.backup_plan), "name": null},
        "vnc": {"ip": "127.0.0.1", "port": 5900 + server.id % 1000, "enabled": server.vnc_enabled},
        "network": {"interfaces": [super::network::interface(server)], "secondaryInterfaces": []},
        "storage": [{"id": server.id, "capacity": server.storage_gb, "drive": "vda", "primary": true, "enabled": true}],
        "hypervisor": {"id": server.group_id, "name": format!("hv{}", server.group_id), "maintenance": false, "groupId": server.group_id,
            "group": {"name": group.map(|row| row.name.clone()), "icon": null}},
        "owner": owner,
        "sshKeys": server.ssh_keys,
        "sharedUsers": [],
        "tasks": {"active": lock.is_some(), "lastOn": null, "actions": {"pending": pending}},
    })
}

fn condition(server: &Server, locked: bool) -> &'static str {
    if server.delete_at.is_some() {
        "destroying"
    } else if server.build_failed {
        "failed"
    } else if server.builds == 0 || (locked && server.built.is_none()) {
        "queued"
    } else if server.running {
        "running"
    } else {
        "stopped"
    }
}

fn uuid() -> String {
    let digits: String = (0..4).map(|_| format!("{:08x}", rand::random::<u32>())).collect();
    format!(
        "{}-{}-4{}-a{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}
