//! Who may use whom, as DESIGN's table of rooms says.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{files, refuse, root};

/// Crate, its folder, and the crates of ours it may use.
const ROOMS: &[(&str, &str, &[&str])] = &[
    ("platform", "platform", &[]),
    ("platform-pdf", "platform/pdf", &["platform"]),
    ("tenancy", "tenancy", &["platform"]),
    ("acme", "acme", &["platform", "tenancy"]),
    ("billing", "billing", &["platform", "tenancy"]),
    ("billing-stripe", "billing/stripe", &["platform", "tenancy", "billing"]),
    ("provisioning", "provisioning", &["platform", "tenancy", "billing"]),
    (
        "portals",
        "portals",
        &[
            "platform",
            "platform-pdf",
            "tenancy",
            "acme",
            "billing",
            "billing-stripe",
            "provisioning",
        ],
    ),
    (
        "tests",
        "tests",
        &[
            "platform",
            "platform-pdf",
            "tenancy",
            "acme",
            "billing",
            "billing-stripe",
            "provisioning",
            "portals",
            "simulators",
        ],
    ),
    ("simulators", "tests/simulators", &[]),
];

fn manifests() -> BTreeMap<String, toml::Table> {
    files(&["Cargo.toml"])
        .into_iter()
        .filter(|file| file.path != "Cargo.toml")
        .map(|file| {
            let folder = file.path.trim_end_matches("/Cargo.toml").to_owned();
            (
                folder,
                file.text
                    .parse()
                    .unwrap_or_else(|error| panic!("{}: {error}", file.path)),
            )
        })
        .collect()
}

fn name(manifest: &toml::Table) -> &str {
    manifest["package"]["name"].as_str().expect("a package has a name")
}

/// Every dependency of any kind, for any target.
fn dependencies(table: &toml::Table, into: &mut BTreeSet<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        if matches!(key.as_str(), "dependencies" | "dev-dependencies" | "build-dependencies") {
            for (name, how) in inner {
                let package = how.get("package").and_then(toml::Value::as_str);
                into.insert(package.unwrap_or(name).to_owned());
            }
        } else if key == "target" || into_target(value) {
            inner
                .values()
                .filter_map(toml::Value::as_table)
                .for_each(|table| dependencies(table, into));
        }
    }
}

/// `[target.'cfg(..)'.dependencies]` hides one level deeper.
fn into_target(value: &toml::Value) -> bool {
    value.as_table().is_some_and(|table| table.contains_key("dependencies"))
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let ours: BTreeSet<&str> = ROOMS.iter().map(|room| room.0).collect();
    let mut broken = Vec::new();
    for (folder, manifest) in manifests() {
        let Some((crate_name, _, may)) = ROOMS.iter().find(|room| room.1 == folder) else {
            broken.push(format!("{folder} is no room of the house"));
            continue;
        };
        if name(&manifest) != *crate_name {
            broken.push(format!("{folder} holds {} instead of {crate_name}", name(&manifest)));
        }
        let mut used = BTreeSet::new();
        dependencies(&manifest, &mut used);
        for used in used
            .iter()
            .filter(|used| ours.contains(used.as_str()) && !may.contains(&used.as_str()))
        {
            broken.push(format!("{crate_name} may not use {used}"));
        }
    }
    refuse("DESIGN's table of rooms", &broken);
}

#[test]
fn every_crate_is_in_the_workspace_and_keeps_its_rules() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let whole: toml::Table = text.parse().unwrap();
    let members: BTreeSet<&str> = whole["workspace"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    assert!(!whole.contains_key("package"), "the root is a virtual workspace");
    let mut broken = Vec::new();
    for (folder, manifest) in manifests() {
        if !members.contains(folder.as_str()) {
            broken.push(format!("{folder} is no member of the workspace"));
        }
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool)
            == Some(true);
        // Test equipment may panic; everything else keeps the workspace's lints.
        if !inherits && !folder.starts_with("tests") {
            broken.push(format!("{folder} does not inherit the workspace's lints"));
        }
        if manifest["package"].get("publish").is_none() {
            broken.push(format!("{folder} could be published"));
        }
    }
    refuse("members of the workspace", &broken);
}

#[test]
fn there_is_one_tls_stack_with_one_provider() {
    let lock: toml::Table = std::fs::read_to_string(root().join("Cargo.lock"))
        .unwrap()
        .parse()
        .unwrap();
    let packages = lock["package"].as_array().unwrap();
    let unwanted: Vec<String> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .filter(|name| matches!(*name, "openssl" | "openssl-sys" | "native-tls") || name.starts_with("aws-lc"))
        .map(str::to_owned)
        .collect();
    refuse("rustls with ring, and no other TLS", &unwanted);
}

#[test]
fn folders_are_named_after_nouns() {
    let vague = [
        "utils",
        "util",
        "common",
        "helpers",
        "helper",
        "misc",
        "managers",
        "manager",
        "services",
        "repositories",
        "shared",
    ];
    let broken: Vec<String> = files(&[".rs"])
        .iter()
        .filter(|file| {
            file.path
                .split('/')
                .any(|part| vague.contains(&part.trim_end_matches(".rs")))
        })
        .filter(|file| !file.is_in(&["portals/src"]) || !file.path.contains("/services"))
        .map(|file| file.path.clone())
        .collect();
    refuse("a name says what is inside", &broken);
}
