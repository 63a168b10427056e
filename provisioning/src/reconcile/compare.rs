//! Ours against theirs, purely.

use std::collections::HashMap;

use billing::ids::ServiceId;
use serde::Serialize;
use serde_json::Value;

use crate::panel::Observed;

/// A service of ours, as far as it is compared.
#[derive(Debug, Clone)]
pub struct Ours {
    /// Key.
    pub id: ServiceId,
    /// active, suspended, failed or terminated.
    pub status: String,
    /// The panel's id.
    pub panel_ref: String,
    /// External id its owner should have there.
    pub owner: i64,
    /// What its product says.
    pub settings: Value,
}

impl Ours {
    /// Whether nobody is billed for it: nothing of it should be there.
    #[must_use]
    pub fn is_over(&self) -> bool {
        ["failed", "terminated"].contains(&self.status.as_str())
    }
}

/// What is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// It runs there and no service of ours pays for it.
    Unbilled,
    /// We bill it and it is not there.
    Gone,
    /// Suspended here, running there.
    RunsSuspended,
    /// Active here, suspended there.
    SuspendedThere,
    /// It belongs to somebody else there.
    WrongOwner,
    /// Not the size its product says.
    WrongSize,
}

impl Mismatch {
    /// A sentence for staff.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Unbilled => "runs on the panel and no service pays for it",
            Self::Gone => "is billed and not on the panel any more",
            Self::RunsSuspended => "is suspended here and runs on the panel",
            Self::SuspendedThere => "is active here and suspended on the panel",
            Self::WrongOwner => "belongs to another owner on the panel",
            Self::WrongSize => "is not of the size its product says",
        }
    }

    /// A word for keys.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unbilled => "unbilled",
            Self::Gone => "gone",
            Self::RunsSuspended => "runs_suspended",
            Self::SuspendedThere => "suspended_there",
            Self::WrongOwner => "wrong_owner",
            Self::WrongSize => "wrong_size",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong.
    pub mismatch: Mismatch,
    /// Our service, where there is one.
    pub service: Option<ServiceId>,
    /// The panel's id.
    pub panel_ref: String,
    /// Figures or names.
    pub detail: String,
}

/// Every difference between some of what is on a server and our services of the same ids.
#[must_use]
pub fn compare(ours: &[Ours], theirs: &[Observed]) -> Vec<Finding> {
    let mut by_ref: HashMap<&str, &Ours> = HashMap::new();
    for service in ours {
        let known = by_ref.entry(service.panel_ref.as_str()).or_insert(service);
        if known.is_over() {
            *known = service;
        }
    }
    let mut findings = Vec::new();
    for there in theirs {
        match by_ref.get(there.panel_ref.as_str()) {
            Some(service) if service.is_over() => findings.push(unbilled(Some(service), there)),
            Some(service) => findings.extend(differences(service, there)),
            None => findings.push(unbilled(None, there)),
        }
    }
    findings.sort_by(|a, b| (&a.panel_ref, a.mismatch.word()).cmp(&(&b.panel_ref, b.mismatch.word())));
    findings
}

/// It runs there and nobody pays for it.
#[must_use]
pub fn unbilled(service: Option<&Ours>, there: &Observed) -> Finding {
    let name = format!("named {:?} there", there.name);
    let detail = match service {
        Some(service) => format!("{name}; its service here is {}", service.status),
        None => name,
    };
    finding(
        Mismatch::Unbilled,
        service.map(|service| service.id),
        &there.panel_ref,
        detail,
    )
}

/// We bill it and it is not there.
#[must_use]
pub fn gone(service: &Ours) -> Finding {
    finding(Mismatch::Gone, Some(service.id), &service.panel_ref, String::new())
}

fn finding(mismatch: Mismatch, service: Option<ServiceId>, panel_ref: &str, detail: String) -> Finding {
    Finding {
        mismatch,
        service,
        panel_ref: panel_ref.to_owned(),
        detail,
    }
}

/// What differs between one service and what the panel says of it.
#[must_use]
pub fn differences(ours: &Ours, there: &Observed) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut differs = |mismatch, detail: String| {
        found.push(finding(mismatch, Some(ours.id), &ours.panel_ref, detail));
    };
    match (ours.status.as_str(), there.suspended) {
        ("suspended", false) => differs(Mismatch::RunsSuspended, String::new()),
        ("active", true) => differs(Mismatch::SuspendedThere, String::new()),
        _ => {}
    }
    if let Some(owner) = there.owner.filter(|owner| *owner != ours.owner) {
        differs(Mismatch::WrongOwner, format!("{owner} instead of {}", ours.owner));
    }
    for (setting, resource) in [
        ("memory", "memory_mb"),
        ("cpu_cores", "cpu_cores"),
        ("storage", "storage_gb"),
    ] {
        let wanted = ours.settings[setting].as_i64();
        let is = there.resources[resource].as_i64();
        if let (Some(wanted), Some(is)) = (wanted, is)
            && wanted != is
        {
            differs(Mismatch::WrongSize, format!("{setting} is {is} instead of {wanted}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ours(status: &str, panel_ref: &str) -> Ours {
        Ours {
            id: ServiceId::new(uuid::Uuid::from_u128(1)),
            status: status.into(),
            panel_ref: panel_ref.into(),
            owner: 1001,
            settings: json!({ "memory": 2048 }),
        }
    }

    fn there(panel_ref: &str, suspended: bool) -> Observed {
        Observed {
            panel_ref: panel_ref.into(),
            suspended,
            owner: Some(1001),
            resources: json!({ "memory_mb": 2048 }),
            ..Observed::default()
        }
    }

    #[test]
    fn every_kind_of_difference_is_found_and_nothing_else() {
        let check = |ours: &[Ours], theirs: &[Observed], expected: &[&str]| {
            let words: Vec<&str> = compare(ours, theirs).iter().map(|f| f.mismatch.word()).collect();
            assert_eq!(words, expected);
        };
        check(&[ours("active", "1")], &[there("1", false)], &[]);
        check(&[ours("suspended", "1")], &[there("1", true)], &[]);
        check(&[ours("active", "1")], &[], &[]);
        check(&[], &[there("1", false)], &["unbilled"]);
        check(&[ours("terminated", "1")], &[there("1", false)], &["unbilled"]);
        check(&[ours("failed", "1")], &[there("1", false)], &["unbilled"]);
        check(&[ours("terminated", "1")], &[], &[]);
        let again = [ours("terminated", "1"), ours("active", "1"), ours("failed", "1")];
        check(&again, &[there("1", false)], &[]);
        check(&[ours("suspended", "1")], &[there("1", false)], &["runs_suspended"]);
        check(&[ours("active", "1")], &[there("1", true)], &["suspended_there"]);
        let mut other = there("1", false);
        other.owner = Some(7);
        other.resources = json!({ "memory_mb": 1024 });
        check(&[ours("active", "1")], &[other], &["wrong_owner", "wrong_size"]);
        let mut silent = there("1", false);
        silent.owner = None;
        silent.resources = Value::Null;
        check(&[ours("active", "1")], &[silent], &[]);
    }
}
