//! The sandbox panel: builds nothing, remembers what it "built" in the service's own ids, and fails
//! when a product's settings ask it to. Deterministic, so a story told twice ends the same.

use async_trait::async_trait;
use billing::service::Confirmed;
use serde_json::{Value, json};

use crate::panel::{
    Capability, Image, Link, Observed, PASSWORD, Package, Panel, PanelContext, PanelError, Power, Progress, REFERENCE,
    Step, Target, Traffic,
};

/// The adapter.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sandbox;

/// A number between 0 and 2^32 that a service always has.
fn number(service: &str) -> u32 {
    service.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// An address of the network reserved for benchmarks, which is nobody's.
fn address(service: &str) -> String {
    let [_, a, b, c] = number(service).to_be_bytes();
    format!("198.{}.{b}.{c}", 18 + (a & 1))
}

fn observed(target: &Target) -> Observed {
    let settings = &target.wanted.settings;
    let power = target.id("power").unwrap_or_else(|| "running".into());
    let suspended = target.ids.get("suspended").and_then(Value::as_bool).unwrap_or(false);
    Observed {
        panel_ref: target.panel_ref.clone(),
        name: target.wanted.service.clone(),
        state: Some(if suspended { "suspended".into() } else { power }),
        suspended,
        built: Some(true),
        owner: Some(target.wanted.owner),
        ip_addresses: vec![address(&target.wanted.service)],
        resources: json!({ "memory_mb": settings["memory"], "cpu_cores": settings["cpu_cores"],
                           "storage_gb": settings["storage"], "traffic_gb": settings["traffic"] }),
    }
}

fn confirmed(target: &Target) -> Confirmed {
    let seen = observed(target);
    Confirmed {
        panel_ref: seen.panel_ref.clone(),
        ip_addresses: seen.ip_addresses.clone(),
        observed: json!(seen),
    }
}

/// What the product's settings make this verb answer instead.
fn told_to_fail(target: &Target) -> Result<(), PanelError> {
    match target.wanted.settings["fail"].as_str() {
        Some("no_capacity") => Err(PanelError::NoCapacity("the sandbox is told to be full".into())),
        Some("refused") => Err(PanelError::refused("the sandbox is told to refuse")),
        Some("away") => Err(PanelError::retry(1, "the sandbox is told to be away")),
        _ => Ok(()),
    }
}

#[async_trait]
impl Panel for Sandbox {
    fn kind(&self) -> &'static str {
        "sandbox"
    }

    fn capabilities(&self) -> &'static [Capability] {
        &[
            Capability::Create,
            Capability::Suspend,
            Capability::Terminate,
            Capability::ChangePlan,
            Capability::Power,
            Capability::RootPassword,
            Capability::Usage,
            Capability::Packages,
            Capability::Images,
            Capability::Capacity,
        ]
    }

    fn credentials_schema(&self) -> Value {
        json!({ "type": "object", "properties": {} })
    }

    fn settings_schema(&self) -> Value {
        json!({ "type": "object", "properties": { "capacity": { "type": "integer", "title": "Room for how many more" } } })
    }

    fn panel_settings_schema(&self) -> Value {
        let integer = |title: &str| json!({ "type": "integer", "title": title });
        json!({ "type": "object", "properties": {
            "fail": { "type": "string", "title": "Fail", "enum": ["no_capacity", "refused", "away"] },
            "build_steps": integer("Polls until it is built"), "memory": integer("Memory in MB"),
            "cpu_cores": integer("CPU cores"), "storage": integer("Storage in GB"), "traffic": integer("Traffic in GB") } })
    }

    fn is_simulated(&self) -> bool {
        true
    }

    fn has_address(&self) -> bool {
        false
    }

    async fn check(&self, _context: &PanelContext) -> Result<String, PanelError> {
        Ok("The sandbox always works, and builds nothing.".into())
    }

    async fn create(&self, context: &PanelContext, target: &mut Target) -> Step {
        told_to_fail(target)?;
        if target.panel_ref.is_empty() {
            let reference = format!("sandbox-{:08x}", number(&target.wanted.service));
            target.ids.insert(REFERENCE.into(), json!(reference));
            target
                .ids
                .insert(PASSWORD.into(), json!(context.shop.doors.random().token(12)));
            return Ok(Progress::again("build", 0));
        }
        let polls = target.wanted.settings["build_steps"].as_i64().unwrap_or(0);
        let seen = target.ids.get("polls").and_then(Value::as_i64).unwrap_or(0);
        if seen < polls {
            target.ids.insert("polls".into(), json!(seen + 1));
            return Ok(Progress::again("build", 2));
        }
        Ok(Progress::Done(Some(confirmed(target))))
    }

    async fn suspend(&self, _context: &PanelContext, target: &mut Target) -> Step {
        target.ids.insert("suspended".into(), json!(true));
        Ok(Progress::done())
    }

    async fn resume(&self, _context: &PanelContext, target: &mut Target) -> Step {
        target.ids.insert("suspended".into(), json!(false));
        Ok(Progress::done())
    }

    async fn terminate(&self, _context: &PanelContext, target: &mut Target) -> Step {
        target.ids.insert("ended".into(), json!(true));
        Ok(Progress::done())
    }

    async fn change_plan(&self, _context: &PanelContext, target: &mut Target) -> Step {
        told_to_fail(target)?;
        Ok(Progress::Done(Some(confirmed(target))))
    }

    async fn power(&self, _context: &PanelContext, target: &mut Target, power: Power) -> Step {
        let state = match power {
            Power::Start | Power::Restart => "running",
            Power::Shutdown | Power::Off => "stopped",
        };
        target.ids.insert("power".into(), json!(state));
        Ok(Progress::done())
    }

    async fn root_password(&self, context: &PanelContext, target: &mut Target) -> Step {
        target
            .notes
            .insert(PASSWORD.into(), json!(context.shop.doors.random().token(12)));
        Ok(Progress::done())
    }

    async fn read_state(&self, _context: &PanelContext, target: &Target) -> Result<Observed, PanelError> {
        match target.ids.get("ended") {
            Some(_) => Err(PanelError::Gone),
            None => Ok(observed(target)),
        }
    }

    async fn read_usage(&self, _context: &PanelContext, target: &Target) -> Result<Traffic, PanelError> {
        let bytes = i64::from(number(&target.wanted.service));
        let limit = target.wanted.settings["traffic"].as_i64().filter(|gb| *gb > 0);
        Ok(Traffic {
            in_bytes: bytes / 3,
            out_bytes: bytes,
            limit_bytes: limit.map(|gb| gb.saturating_mul(1_000_000_000)),
            ..Traffic::default()
        })
    }

    async fn sign_in_link(&self, _context: &PanelContext, _target: &Target) -> Result<Link, PanelError> {
        Err(PanelError::refused("the sandbox has no panel to sign in to"))
    }

    async fn packages(&self, _context: &PanelContext) -> Result<Vec<Package>, PanelError> {
        let sizes = [("small", 2048, 40, 1), ("medium", 4096, 80, 2), ("large", 8192, 160, 4)];
        let package = |(name, memory, storage, cores): (&str, i64, i64, i64)| Package {
            id: name.to_owned(),
            name: name.to_owned(),
            enabled: true,
            memory_mb: Some(memory),
            storage_gb: Some(storage),
            traffic_gb: Some(1000),
            cpu_cores: Some(cores),
        };
        Ok(sizes.into_iter().map(package).collect())
    }

    async fn images(&self, _context: &PanelContext, _settings: &Value) -> Result<Vec<Image>, PanelError> {
        Ok(vec![Image {
            id: "blank".into(),
            name: "Blank disk".into(),
            group: "Sandbox".into(),
            outdated: false,
        }])
    }

    async fn capacity(&self, context: &PanelContext, settings: &Value) -> Result<Option<u32>, PanelError> {
        if settings["fail"] == "no_capacity" {
            return Ok(Some(0));
        }
        Ok(context.settings["capacity"]
            .as_u64()
            .and_then(|n| u32::try_from(n).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Wanted;

    #[test]
    fn a_service_has_the_same_address_every_time_and_it_is_nobodys() {
        let reserved = |ip: std::net::Ipv4Addr| ip.octets()[0] == 198 && [18, 19].contains(&ip.octets()[1]);
        for service in ["svc_1", "svc_2", ""] {
            assert_eq!(address(service), address(service));
            assert!(reserved(address(service).parse().unwrap()));
        }
        assert_ne!(address("svc_1"), address("svc_2"));
    }

    #[test]
    fn what_was_done_is_what_is_seen() {
        let mut target = Target {
            wanted: Wanted {
                service: "svc_1".into(),
                settings: json!({ "memory": 2048 }),
                ..Wanted::default()
            },
            panel_ref: "sandbox-1".into(),
            ..Target::default()
        };
        assert_eq!(observed(&target).state.as_deref(), Some("running"));
        target.ids.insert("suspended".into(), json!(true));
        assert!(observed(&target).suspended);
        assert_eq!(observed(&target).resources["memory_mb"], 2048);
        target.wanted.settings["fail"] = json!("no_capacity");
        assert!(matches!(told_to_fail(&target), Err(PanelError::NoCapacity(_))));
    }
}
