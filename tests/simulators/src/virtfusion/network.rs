//! Addresses, traffic and traffic top-ups of a server.

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::server::{idle, known};
use super::state::{Server, State};
use crate::form;

/// The current traffic month with its limit in gigabytes.
pub(super) fn period(state: &State, limit_gb: i64) -> Value {
    let today = state.config.ticker.now().date_naive();
    let start = today.with_day(1).unwrap_or(today);
    let (year, month) = match start.month() {
        12 => (start.year() + 1, 1),
        month => (start.year(), month + 1),
    };
    let end = NaiveDate::from_ymd_opt(year, month, 1)
        .and_then(|next| next.pred_opt())
        .unwrap_or(start);
    json!({
        "start": format!("{start} 00:00:00"),
        "end": format!("{end} 23:59:59"),
        "limit": limit_gb,
    })
}

pub(super) fn interface(server: &Server) -> Value {
    let last = server.id % 256;
    let ipv4: Vec<Value> = server
        .ipv4
        .iter()
        .enumerate()
        .map(|(order, address)| {
            json!({
                "id": order + 1, "order": order + 1, "enabled": true, "blockId": 1, "address": address,
                "gateway": "198.18.0.1", "netmask": "255.254.0.0", "resolver1": "198.18.0.53", "resolver2": "198.18.0.54", "rdns": null,
            })
        })
        .collect();
    json!({
        "id": server.id, "order": 1, "enabled": true, "name": "eth0", "mac": format!("00:16:3e:00:00:{last:02x}"), "isNat": false,
        "ipv4": ipv4,
        "ipv6": [{"id": server.id, "subnet": format!("2001:db8:{:x}::", server.id), "cidr": 64, "addresses": [], "enabled": true,
            "gateway": "2001:db8::1"}],
    })
}

/// `GET /servers/{id}/traffic`: bytes counted, limit in gigabytes.
pub(super) fn traffic(state: &State, id: i64) -> Reply {
    known(state, id)?;
    let server = &state.servers[&id];
    let now = period(state, server.traffic_gb);
    let blocks: Vec<Value> = server
        .traffic_blocks
        .iter()
        .map(|(block, _, gigabytes)| json!({"id": block, "traffic": gigabytes}))
        .collect();
    Ok(Answer::data(
        200,
        json!({"monthly": [{
            "month": 1, "start": now["start"], "end": now["end"], "rx": server.rx_bytes, "tx": server.tx_bytes,
            "total": server.rx_bytes + server.tx_bytes, "limit": server.traffic_gb, "blocks": blocks,
        }]}),
    ))
}

/// `GET /servers/{id}/traffic/blocks`.
pub(super) fn blocks(state: &State, id: i64) -> Reply {
    known(state, id)?;
    let server = &state.servers[&id];
    let now = period(state, server.traffic_gb);
    let assigned: Vec<Value> = server
        .traffic_blocks
        .iter()
        .map(|(block, month, gigabytes)| {
            json!({"id": block, "current": *month == 1, "month": month, "traffic": gigabytes, "start": now["start"], "end": now["end"],
                "added": now["start"]})
        })
        .collect();
    Ok(Answer::data(
        200,
        json!({"assigned": assigned, "available": {"total": 12, "current": 1, "months": []}}),
    ))
}

/// `POST /servers/{id}/traffic/blocks`. Not idempotent.
pub(super) fn add_block(state: &mut State, id: i64, body: &Value) -> Reply {
    idle(state, id)?;
    let month = form::whole(body, "month").ok_or_else(|| Answer::invalid("month", "The month field is required."))?;
    let amount = form::whole(body, "amount")
        .filter(|amount| *amount > 0)
        .ok_or_else(|| Answer::invalid("amount", "The amount field must be at least 1."))?;
    let block = state.number();
    idle(state, id)?.traffic_blocks.push((block, month, amount));
    Ok(Answer::data(201, json!({"id": block})))
}

/// `DELETE /servers/{id}/traffic/blocks/{block}`.
pub(super) fn remove_block(state: &mut State, id: i64, block: i64) -> Reply {
    let server = idle(state, id)?;
    let before = server.traffic_blocks.len();
    server.traffic_blocks.retain(|row| row.0 != block);
    if server.traffic_blocks.len() == before {
        return Err(Answer::msg(404, "traffic block not found"));
    }
    Ok(Answer::empty(204))
}

/// `POST /servers/{id}/ipv4Qty`. Not idempotent.
pub(super) fn add_addresses(state: &mut State, id: i64, body: &Value) -> Reply {
    idle(state, id)?;
    let quantity = form::whole(body, "quantity")
        .filter(|quantity| (1..=64).contains(quantity))
        .ok_or_else(|| Answer::invalid("quantity", "The quantity field must be between 1 and 64."))?;
    let fresh: Vec<String> = (0..quantity).map(|_| state.address()).collect();
    idle(state, id)?.ipv4.extend(fresh.clone());
    Ok(Answer::data(200, json!(fresh)))
}

/// `POST /servers/{id}/ipv4` with a list.
pub(super) fn assign_addresses(state: &mut State, id: i64, body: &Value) -> Reply {
    idle(state, id)?;
    let wanted = listed(body)?;
    if state
        .servers
        .values()
        .any(|row| row.ipv4.iter().any(|held| wanted.contains(held)))
    {
        return Err(Answer::refused("The address is already assigned."));
    }
    idle(state, id)?.ipv4.extend(wanted);
    Ok(Answer::empty(204))
}

/// `DELETE /servers/{id}/ipv4` with a list in the body.
pub(super) fn remove_addresses(state: &mut State, id: i64, body: &Value) -> Reply {
    let gone = listed(body)?;
    let server = idle(state, id)?;
    server.ipv4.retain(|held| !gone.contains(held));
    Ok(Answer::empty(204))
}

fn listed(body: &Value) -> Result<Vec<String>, Answer> {
    let rows: Vec<String> = body["ip"]
        .as_array()
        .map(|rows| rows.iter().filter_map(|row| row.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    if rows.is_empty() {
        return Err(Answer::invalid("ip", "The ip field is required."));
    }
    Ok(rows)
}
