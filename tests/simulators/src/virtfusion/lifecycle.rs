//! What happens to a server after it was built: suspension, sizes, power, password, console, the end.

use chrono::Duration;
use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::server::{idle, known, picture};
use super::state::{Server, State};
use crate::{form, random_word};

/// `POST /servers/{id}/suspend` and `/unsuspend`.
pub(super) fn suspend(state: &mut State, id: i64, suspended: bool) -> Reply {
    let server = idle(state, id)?;
    if server.suspended == suspended {
        return Ok(Answer::empty(204));
    }
    server.suspended = suspended;
    let task_ms = state.config.task_ms;
    let action = if suspended { "suspend" } else { "boot" };
    state.begin(id, action, 0, task_ms);
    Ok(Answer::empty(204))
}

/// `DELETE /servers/{id}?delay=minutes`; five minutes when not said.
pub(super) fn delete(state: &mut State, id: i64, query: &Value) -> Reply {
    let delay = form::whole(query, "delay").unwrap_or(5);
    if !(0..=43_800).contains(&delay) {
        return Err(Answer::invalid("delay", "The delay field must be between 0 and 43800."));
    }
    let now = state.config.ticker.now();
    let server = idle(state, id)?;
    if server.protected {
        return Err(Answer::msg(409, "server is protected"));
    }
    server.delete_at = Some(now + Duration::minutes(delay));
    state.settle();
    Ok(Answer::empty(204))
}

/// `PUT /servers/{id}/package/{package}`: applies only what the flags name; without a body, everything.
pub(super) fn change_package(state: &mut State, id: i64, package: i64, body: &Value) -> Reply {
    idle(state, id)?;
    let package = state
        .package(package)
        .cloned()
        .ok_or_else(|| Answer::msg(404, "package not found"))?;
    let everything = body.as_object().is_none_or(serde_json::Map::is_empty);
    let wants = |flag: &str| everything || form::flag(body, flag);
    let task_ms = state.config.task_ms;
    let server = idle(state, id)?;
    if wants("primaryDiskSize") && package.storage_gb < server.storage_gb {
        return Err(Answer::refused("The primary disk cannot be made smaller."));
    }
    server.package_id = package.id;
    if wants("cpu") {
        server.cpu_cores = package.cpu_cores;
    }
    if wants("memory") {
        server.memory_mb = package.memory_mb;
    }
    if wants("primaryDiskSize") {
        server.storage_gb = package.storage_gb;
    }
    if wants("primaryNetworkTraffic") {
        server.traffic_gb = package.traffic_gb;
    }
    state.begin(id, "package", 0, task_ms);
    Ok(Answer::raw(200, json!({"info": ["package changed"]})))
}

/// `PUT /servers/{id}/modify/{what}`. Keys it does not know change nothing, as in the panel.
pub(super) fn modify(state: &mut State, id: i64, what: &str, body: &Value) -> Reply {
    let server = idle(state, id)?;
    match what {
        "memory" => set(&mut server.memory_mb, body, "memory", 1, 16_777_216)?,
        "cpuCores" => set(&mut server.cpu_cores, body, "cores", 1, 512)?,
        "traffic" => set(&mut server.traffic_gb, body, "traffic", 0, 999_999_999)?,
        "cpuThrottle" => set(&mut server.cpu_throttle, body, "percent", 0, 99)?,
        "name" => {
            if let Some(name) = form::text(body, "name") {
                server.name = name.to_owned();
            }
        }
        _ => return Err(Answer::msg(404, "not found")),
    }
    Ok(Answer::data(201, picture(state, id)))
}

fn set(target: &mut i64, body: &Value, key: &str, low: i64, high: i64) -> Result<(), Answer> {
    let Some(value) = form::whole(body, key) else {
        return Ok(());
    };
    if !(low..=high).contains(&value) {
        let told = format!("The {key} field must be between {low} and {high}.");
        return Err(Answer::invalid(key, &told));
    }
    *target = value;
    Ok(())
}

/// `PUT /servers/{id}/owner/{user}`.
pub(super) fn change_owner(state: &mut State, id: i64, user: i64) -> Reply {
    if !state.users.contains_key(&user) {
        return Err(Answer::msg(404, "user not found"));
    }
    idle(state, id)?.owner_id = user;
    Ok(Answer::data(201, picture(state, id)))
}

/// `PUT /servers/{id}/backups/plan/{plan}`; 0 takes the plan away.
pub(super) fn backup_plan(state: &mut State, id: i64, plan: i64) -> Reply {
    idle(state, id)?.backup_plan = plan;
    Ok(Answer::data(201, picture(state, id)))
}

/// `GET /backups/server/{id}`: this panel makes none.
pub(super) fn backups(state: &State, id: i64) -> Reply {
    known(state, id)?;
    Ok(Answer::data(200, json!([])))
}

/// `POST /servers/{id}/power/{action}`, followed in the queue.
pub(super) fn power(state: &mut State, id: i64, action: &str) -> Reply {
    if !["boot", "shutdown", "restart", "poweroff"].contains(&action) {
        return Err(Answer::msg(404, "not found"));
    }
    let server = idle(state, id)?;
    if server.suspended {
        return Err(Answer::msg(409, "server is suspended"));
    }
    if server.built.is_none() {
        return Err(Answer::msg(409, "server is not built"));
    }
    let task_ms = state.config.task_ms;
    let queue = state.begin(id, action, 0, task_ms);
    Ok(Answer::data(200, json!({"queueId": queue})))
}

/// `POST /servers/{id}/resetPassword`: the password holds once the queue item is done.
pub(super) fn reset_password(state: &mut State, id: i64, body: &Value) -> Reply {
    let user = form::text(body, "user").unwrap_or("root");
    if !["root", "Administrator"].contains(&user) {
        return Err(Answer::invalid("user", "The selected user is invalid."));
    }
    let server = idle(state, id)?;
    if server.built.is_none() {
        return Err(Answer::msg(409, "server is not built"));
    }
    server.password = random_word(14);
    let password = server.password.clone();
    let task_ms = state.config.task_ms;
    let queue = state.begin(id, "resetPassword", 0, task_ms);
    Ok(Answer::data(
        200,
        json!({"queueId": queue, "expectedPassword": password}),
    ))
}

/// `GET /servers/{id}/vnc`.
pub(super) fn console(state: &State, id: i64) -> Reply {
    known(state, id)?;
    Ok(console_of(&state.servers[&id]))
}

/// `POST /servers/{id}/vnc`: only `vnc` counts, and the token turns over.
pub(super) fn change_console(state: &mut State, id: i64, body: &Value) -> Reply {
    let server = idle(state, id)?;
    if body.get("vnc").is_some() {
        server.vnc_enabled = form::flag(body, "vnc");
    }
    server.vnc_token = random_word(32);
    Ok(console_of(&state.servers[&id]))
}

fn console_of(server: &Server) -> Answer {
    Answer::data(
        200,
        json!({"vnc": {
            "ip": "127.0.0.1",
            "hostname": null,
            "port": 5900 + server.id % 1000,
            "password": server.vnc_token.get(..8),
            "wss": {"token": server.vnc_token, "url": format!("/vnc/?token={}", server.vnc_token)},
            "enabled": server.vnc_enabled,
        }, "queueId": null}),
    )
}
