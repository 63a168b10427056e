//! Every package we ship or build with is under a licence we may use.

use std::process::Command;

use serde_json::Value;

use super::tree::{refuse, root};

/// SPDX names that ask for no more than a notice, or share only their own files.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OFL-1.1",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages with a licence file instead of an SPDX name, and what that file is.
const BY_FILE: &[(&str, &str)] = &[("ttf-inter", "OFL-1.1")];

/// Whether one way through `A OR (B AND C)` is allowed altogether.
fn is_allowed(expression: &str) -> bool {
    let flat = expression.replace('/', " OR ").replace(['(', ')'], " ");
    if expression.contains('(') {
        // Parts in brackets are joined by AND outside: each bracket must hold one we may use.
        return expression
            .split(" AND ")
            .all(|part| is_allowed(part.replace(['(', ')'], " ").trim()));
    }
    flat.split(" OR ")
        .any(|way| way.split(" AND ").all(|name| ALLOWED.contains(&name.trim())))
}

#[test]
fn every_package_has_a_licence_we_may_use() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut broken = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        // Ours come from no registry.
        if package["source"].is_null() {
            continue;
        }
        let known = BY_FILE
            .iter()
            .find(|(package, _)| *package == name)
            .map(|(_, licence)| *licence);
        match package["license"].as_str().or(known) {
            Some(licence) if is_allowed(licence) => {}
            Some(licence) => broken.push(format!("{name}: {licence}")),
            None => broken.push(format!("{name}: none")),
        }
    }
    refuse("licences", &broken);
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    for (expression, allowed) in [
        ("MIT", true),
        ("MIT OR GPL-3.0", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("AGPL-3.0", false),
    ] {
        assert_eq!(is_allowed(expression), allowed, "{expression}");
    }
}
