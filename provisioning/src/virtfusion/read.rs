//! What VirtFusion says, in our words.

use platform::secret::Secret;
use serde_json::{Value, json};

use super::client::{get, id_of, page, pages};
use crate::panel::{Image, Link, Observed, Package, PanelContext, PanelError, Traffic};

/// The limits are in gigabytes, the counters in bytes.
const BYTES_PER_GB: i64 = 1_000_000_000;

/// A server object.
pub(super) fn observed(server: &Value) -> Result<Observed, PanelError> {
    let resources = &server["settings"]["resources"];
    Ok(Observed {
        panel_ref: id_of(server)?,
        name: server["name"].as_str().unwrap_or_default().to_owned(),
        state: server["remoteState"]["state"]
            .as_str()
            .or_else(|| server["state"].as_str())
            .map(power_word),
        suspended: server["suspended"].as_bool().unwrap_or(false),
        built: server.get("built").map(|built| !built.is_null()),
        owner: server["owner"]["extRelationId"].as_i64(),
        ip_addresses: addresses(server),
        resources: json!({ "memory_mb": resources["memory"], "cpu_cores": resources["cpuCores"],
                           "storage_gb": resources["storage"], "traffic_gb": resources["traffic"] }),
    })
}

/// The hypervisor's word in the words pages know.
fn power_word(state: &str) -> String {
    match state {
        "shutoff" | "shut off" | "crashed" => "stopped",
        "shutdown" | "in shutdown" => "stopping",
        other => other,
    }
    .to_owned()
}

/// Enabled addresses in their order, IPv4 first.
fn addresses(server: &Value) -> Vec<String> {
    let interfaces = || server["network"]["interfaces"].as_array().into_iter().flatten();
    let enabled = |ip: &&Value| ip["enabled"].as_bool() != Some(false);
    let v4 = interfaces()
        .flat_map(|interface| interface["ipv4"].as_array().into_iter().flatten())
        .filter(enabled)
        .filter_map(|ip| ip["address"].as_str().map(str::to_owned));
    let v6 = interfaces()
        .flat_map(|interface| interface["ipv6"].as_array().into_iter().flatten())
        .filter(enabled)
        .filter_map(|ip| Some(format!("{}/{}", ip["subnet"].as_str()?, ip["cidr"].as_i64()?)));
    v4.chain(v6).collect()
}

/// The state as the hypervisor has it now.
pub(super) async fn state(context: &PanelContext, server: &str) -> Result<Observed, PanelError> {
    observed(&get(context, &format!("/servers/{server}?remoteState=true")).await?)
}

/// One page of the servers on the panel; the cursor is its number.
pub(super) async fn some(context: &PanelContext, cursor: &str) -> Result<(Vec<Observed>, Option<String>), PanelError> {
    let number = cursor.parse().unwrap_or(1);
    let (rows, next) = page(context, "/servers?type=full", number).await?;
    let seen: Result<Vec<Observed>, PanelError> = rows.iter().map(observed).collect();
    Ok((seen?, next.map(|number| number.to_string())))
}

/// Traffic of the current period: the first month of the list.
pub(super) async fn traffic(context: &PanelContext, server: &str) -> Result<Traffic, PanelError> {
    let answer = get(context, &format!("/servers/{server}/traffic")).await?;
    traffic_of(&answer)
}

fn traffic_of(answer: &Value) -> Result<Traffic, PanelError> {
    let month = answer["monthly"]
        .get(0)
        .ok_or_else(|| PanelError::retry(60, "the panel has counted no traffic yet"))?;
    let text = |key: &str| month[key].as_str().unwrap_or_default().to_owned();
    let blocks = month["blocks"].as_array().into_iter().flatten();
    let extra: i64 = blocks.filter_map(|block| block["traffic"].as_i64()).sum();
    let limit = month["limit"].as_i64().filter(|limit| *limit > 0);
    Ok(Traffic {
        from: text("start"),
        to: text("end"),
        in_bytes: month["rx"].as_i64().unwrap_or(0),
        out_bytes: month["tx"].as_i64().unwrap_or(0),
        limit_bytes: limit.map(|limit| (limit + extra).saturating_mul(BYTES_PER_GB)),
    })
}

/// Packages.
pub(super) async fn packages(context: &PanelContext) -> Result<Vec<Package>, PanelError> {
    let list = get(context, "/packages").await?;
    list.as_array().into_iter().flatten().map(package).collect()
}

/// One package.
pub(super) fn package(row: &Value) -> Result<Package, PanelError> {
    Ok(Package {
        id: id_of(row)?,
        name: row["name"].as_str().unwrap_or_default().to_owned(),
        enabled: row["enabled"].as_bool().unwrap_or(true),
        memory_mb: row["memory"].as_i64(),
        storage_gb: row["primaryStorage"].as_i64(),
        traffic_gb: row["traffic"].as_i64(),
        cpu_cores: row["cpuCores"].as_i64(),
    })
}

/// Operating systems for a package.
pub(super) async fn images(context: &PanelContext, settings: &Value) -> Result<Vec<Image>, PanelError> {
    let package = settings["package_id"]
        .as_i64()
        .ok_or_else(|| PanelError::refused("the product names no package_id"))?;
    let groups = get(context, &format!("/media/templates/fromServerPackageSpec/{package}")).await?;
    let mut images = Vec::new();
    for group in groups.as_array().into_iter().flatten() {
        for row in group["templates"].as_array().into_iter().flatten() {
            let parts = [&row["name"], &row["version"], &row["variant"]];
            let name: Vec<&str> = parts
                .iter()
                .filter_map(|p| p.as_str())
                .filter(|p| !p.is_empty())
                .collect();
            images.push(Image {
                id: id_of(row)?,
                name: name.join(" "),
                group: group["name"].as_str().unwrap_or_default().to_owned(),
                outdated: row["eol"].as_bool().unwrap_or(false),
            });
        }
    }
    Ok(images)
}

/// How many servers of this size the hypervisor group has room for.
pub(super) async fn capacity(context: &PanelContext, settings: &Value) -> Result<Option<u32>, PanelError> {
    let group = settings["hypervisor_group"]
        .as_i64()
        .or_else(|| context.settings["hypervisor_group"].as_i64())
        .ok_or_else(|| PanelError::refused("neither the product nor the server names a hypervisor_group"))?;
    let id = settings["package_id"]
        .as_i64()
        .ok_or_else(|| PanelError::refused("the product names no package_id"))?;
    let package = package(&get(context, &format!("/packages/{id}")).await?)?;
    let memory = settings["memory"].as_i64().or(package.memory_mb).unwrap_or(0);
    let cores = settings["cpu_cores"].as_i64().or(package.cpu_cores).unwrap_or(0);
    let ipv4 = settings["ipv4"].as_i64().unwrap_or(1);
    let rows = pages(context, &format!("/compute/hypervisors/groups/{group}/resources")).await?;
    Ok(room(&rows, memory, cores, ipv4))
}

/// Room over a group's hypervisors; none where nothing limits it. Addresses are counted for the whole group.
fn room(rows: &[Value], memory: i64, cores: i64, ipv4: i64) -> Option<u32> {
    let usable = |row: &&Value| {
        let hypervisor = &row["hypervisor"];
        hypervisor["enabled"].as_bool() != Some(false)
            && hypervisor["accept"].as_bool() != Some(false)
            && hypervisor["prohibit"].as_bool() != Some(true)
    };
    let fit = |meter: &Value, each: i64| -> Option<i64> {
        let unlimited = meter["max"].as_i64().unwrap_or(0) == 0;
        if unlimited || each <= 0 {
            None
        } else {
            Some(meter["free"].as_i64().unwrap_or(0).max(0) / each)
        }
    };
    let mut total: Option<i64> = Some(0);
    let mut free_ipv4: Option<i64> = None;
    for row in rows.iter().filter(usable) {
        let resources = &row["resources"];
        let limits = [
            fit(&resources["servers"], 1),
            fit(&resources["memory"], memory),
            fit(&resources["cpuCores"], cores),
        ];
        let here = limits.into_iter().flatten().min();
        total = total.zip(here).map(|(sum, here)| sum + here);
        free_ipv4 = free_ipv4.max(resources["network"]["total"]["ipv4"]["free"].as_i64());
    }
    let by_address = free_ipv4.filter(|_| ipv4 > 0).map(|free| free.max(0) / ipv4);
    let least = [total, by_address].into_iter().flatten().min()?;
    u32::try_from(least).ok()
}

/// A sign-in link, refused unless it stays on the panel's own host.
pub(super) fn sign_in(base_url: &str, answer: &Value) -> Result<Link, PanelError> {
    let path = answer["authentication"]["endpoint_complete"]
        .as_str()
        .unwrap_or_default();
    let url = own(base_url, path).ok_or_else(|| PanelError::refused("the panel's link is not one of its own"))?;
    let expires = answer["authentication"]["expiry"]["expires"]
        .as_str()
        .and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok())
        .map(|at| at.to_utc());
    Ok(Link {
        expires,
        ..Link::to(url.to_string())
    })
}

/// The console's web socket with its password.
pub(super) fn console(base_url: &str, answer: &Value) -> Result<Link, PanelError> {
    let vnc = &answer["vnc"];
    let path = vnc["wss"]["url"].as_str().unwrap_or_default();
    let mut url = own(base_url, path).ok_or_else(|| PanelError::refused("the panel offers no console"))?;
    let scheme = if url.scheme() == "http" { "ws" } else { "wss" };
    url.set_scheme(scheme)
        .map_err(|()| PanelError::refused("the panel offers no console"))?;
    Ok(Link {
        password: vnc["password"].as_str().map(Secret::from),
        ..Link::to(url.to_string())
    })
}

/// An absolute path of the panel's own, joined to its root.
fn own(base_url: &str, path: &str) -> Option<url::Url> {
    let base = url::Url::parse(base_url).ok()?;
    let joined = Some(path)
        .filter(|path| path.starts_with('/'))
        .and_then(|path| base.join(path).ok())?;
    (joined.origin() == base.origin()).then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_object_is_read_with_whatever_it_lacks() {
        let full = json!({ "id": 70, "name": "svc_1", "state": "running", "suspended": false, "built": "2026-01-20T12:48:20Z",
            "owner": { "extRelationId": 1001 }, "settings": { "resources": { "memory": 2048, "cpuCores": 2, "storage": 40, "traffic": 0 } },
            "network": { "interfaces": [{ "ipv4": [{ "address": "192.0.2.10", "enabled": true }, { "address": "192.0.2.11", "enabled": false }],
                                          "ipv6": [{ "subnet": "2001:db8::", "cidr": 64, "enabled": true }] }] } });
        let seen = observed(&full).unwrap();
        assert_eq!(seen.ip_addresses, ["192.0.2.10", "2001:db8::/64"]);
        assert_eq!(
            (seen.built, seen.owner, seen.panel_ref.as_str()),
            (Some(true), Some(1001), "70")
        );
        let bare = observed(&json!({ "id": 71, "built": null })).unwrap();
        assert_eq!((bare.built, bare.suspended, bare.state), (Some(false), false, None));
        assert!(observed(&json!({ "name": "x" })).is_err());
    }

    #[test]
    fn bytes_are_counted_and_gigabytes_are_limits() {
        let month = json!({ "monthly": [{ "start": "2026-01-01", "end": "2026-01-31", "rx": 5, "tx": 7, "total": 12, "limit": 1000,
                                          "blocks": [{ "id": 1, "traffic": 100 }] }] });
        let traffic = traffic_of(&month).unwrap();
        assert_eq!((traffic.in_bytes, traffic.out_bytes), (5, 7));
        assert_eq!(traffic.limit_bytes, Some(1_100_000_000_000));
        let unmetered = json!({ "monthly": [{ "rx": 1, "tx": 1, "limit": 0 }] });
        assert_eq!(traffic_of(&unmetered).unwrap().limit_bytes, None);
        assert!(traffic_of(&json!({ "monthly": [] })).is_err());
    }

    #[test]
    fn links_stay_on_the_panel() {
        let link = |path: &str| {
            let answer = json!({ "authentication": { "endpoint_complete": path } });
            sign_in("https://vf.test", &answer).ok().map(|l| l.url)
        };
        assert_eq!(
            link("/token_authenticate/?1=a&2=b").as_deref(),
            Some("https://vf.test/token_authenticate/?1=a&2=b")
        );
        for wrong in ["", "//evil.test/x", "https://evil.test/", "/\\evil.test/x"] {
            assert_eq!(link(wrong), None, "{wrong}");
        }
        let answer = json!({ "vnc": { "password": "p", "wss": { "url": "/vnc/?token=t" } } });
        let link = console("http://vf.test:8080", &answer).unwrap();
        assert_eq!(link.url, "ws://vf.test:8080/vnc/?token=t");
        assert_eq!(link.password.map(Secret::into_inner).as_deref(), Some("p"));
    }

    #[test]
    fn room_is_the_scarcest_thing_summed_over_hypervisors() {
        let row = |servers: (i64, i64), memory: (i64, i64), ipv4: i64, enabled: bool| {
            json!({ "hypervisor": { "enabled": enabled }, "resources": {
                "servers": { "max": servers.0, "free": servers.1 }, "memory": { "max": memory.0, "free": memory.1 },
                "cpuCores": { "max": 0, "free": 0 }, "network": { "total": { "ipv4": { "free": ipv4 } } } } })
        };
        assert_eq!(room(&[row((10, 4), (0, 0), 100, true)], 2048, 2, 1), Some(4));
        assert_eq!(room(&[row((10, 4), (8192, 4096), 100, true)], 2048, 2, 1), Some(2));
        let two = [row((10, 4), (0, 0), 5, true), row((10, 3), (0, 0), 5, true)];
        assert_eq!(room(&two, 2048, 2, 1), Some(5), "addresses are the group's");
        assert_eq!(room(&two, 2048, 2, 0), Some(7));
        assert_eq!(room(&[row((10, 4), (0, 0), 5, false)], 2048, 2, 1), Some(0));
        assert_eq!(
            room(&[row((0, 0), (0, 0), 5, true)], 0, 0, 0),
            None,
            "nothing limits it"
        );
    }
}
