//! The queue: how a caller follows an asynchronous task.

use serde_json::json;

use super::answer::{Answer, Reply};
use super::state::State;
use crate::ticker::stamp;

/// `GET /queue/{id}`. Each read counts as a poll.
pub(super) fn show(state: &mut State, id: i64) -> Reply {
    let Some(server) = state.tasks.get(&id).map(|task| task.server_id) else {
        return Err(Answer::msg(404, "queue item not found"));
    };
    state.poll(server);
    state.settle();
    let group = state.servers.get(&server).map(|row| row.group_id);
    let task = &state.tasks[&id];
    let progress = if task.finished.is_some() { 100 } else { 40 };
    let errors = if task.failed {
        json!({"task": ["the task failed on the hypervisor"]})
    } else {
        json!({})
    };
    Ok(Answer::data(
        200,
        json!({
            "id": task.id,
            "jobId": task.id + 10_000,
            "job": format!("server.{}", task.action),
            "hypervisorId": group,
            "serverId": task.server_id,
            "action": task.action,
            "queue": "default",
            "started": stamp(task.started),
            "updated": stamp(task.finished.unwrap_or(task.started)),
            "finished": task.finished.map(stamp),
            "failed": task.failed,
            "progress": progress,
            "errors": errors,
        }),
    ))
}
