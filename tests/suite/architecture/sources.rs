//! What may be written where.

use super::tree::{File, files, refuse, rust};

/// Places in rooms' sources, with test equipment left out, where `is_bad` says so of a line of code.
fn find(files: &[File], allowed: &[&str], is_bad: impl Fn(&str) -> bool) -> Vec<String> {
    files
        .iter()
        .filter(|file| !file.is_in(&["tests/"]) && !file.is_in(allowed))
        .flat_map(|file| {
            file.lines()
                .filter(|(_, line)| !line.trim_start().starts_with("//") && !line.trim_start().starts_with("--"))
                .filter(|(_, line)| is_bad(line))
                .map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn background_work_starts_in_one_place() {
    let starts = [
        "tokio::spawn",
        "tokio::task::spawn(",
        "spawn_local",
        "JoinSet",
        "thread::spawn",
        "thread::Builder",
    ];
    let broken = find(&rust(), &["platform/src/task"], |line| {
        starts.iter().any(|start| line.contains(start))
    });
    refuse(
        "only platform/src/task starts work, so that shutdown can wait for it",
        &broken,
    );
}

#[test]
fn role_and_path_are_set_in_one_place() {
    let allowed = ["tenancy/src/tx.rs", "tenancy/src/schema/", "migrations/cell/"];
    let broken = find(&files(&[".rs", ".sql"]), &allowed, |line| {
        let line = line.to_ascii_lowercase();
        [
            "set role",
            "set local role",
            "set session",
            "search_path",
            "set_config(",
        ]
        .iter()
        .any(|words| line.contains(words))
    });
    refuse("role and path are set by the bind and the migration runner", &broken);
}

#[test]
fn only_tenancy_makes_transactions() {
    let broken = find(&rust(), &["tenancy/src/"], |line| line.contains("Tx for "));
    refuse("platform's Tx is implemented in tenancy alone", &broken);
    let broken = find(&rust(), &["tenancy/src/", "platform/src/db/"], |line| {
        [
            "PgPool",
            "PgConnection::connect",
            "PgListener",
            "Slots::new",
            ".begin_with(",
        ]
        .iter()
        .any(|door| line.contains(door))
    });
    refuse("connections are opened in tenancy and platform/src/db", &broken);
}

#[test]
fn time_randomness_and_calls_come_from_platform() {
    let places = ["platform/src/clock", "platform/src/random", "platform/src/outbound"];
    let broken = find(&rust(), &places, |line| {
        [
            "SystemTime::now",
            "Utc::now",
            "Local::now",
            "rand::rng",
            "Uuid::now_v7",
            "Uuid::new_v4",
            "Client::new()",
            "Client::builder()",
        ]
        .iter()
        .any(|call| line.contains(call))
    });
    let broken: Vec<String> = broken.into_iter().filter(|line| !line.contains("stripe")).collect();
    refuse("time, randomness and calls to others are injected", &broken);
}

#[test]
fn the_kernel_knows_no_business() {
    let nouns = ["invoice", "subscription", "reseller", "gateway"];
    let broken = find(&rust(), &["platform/pdf"], |line| {
        let lower = line.to_ascii_lowercase();
        line.trim_start().starts_with("pub ") && nouns.iter().any(|noun| lower.contains(noun))
    });
    let broken: Vec<String> = broken
        .into_iter()
        .filter(|line| line.starts_with("platform/") && !line.contains("Subscriptions"))
        .collect();
    refuse("platform holds no business noun", &broken);
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let all = files(&[".rs", ".sql", ".html", ".css", ".js", ".mjs", ".ftl", ".typ", ".sh"]);
    let broken: Vec<String> = all
        .iter()
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > 500)
        .map(|(file, lines)| format!("{}: {lines} lines", file.path))
        .collect();
    refuse("split by noun", &broken);
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    let all = files(&[
        ".rs", ".sql", ".html", ".css", ".js", ".mjs", ".ftl", ".typ", ".toml", ".md",
    ]);
    let broken: Vec<String> = all
        .iter()
        .flat_map(|file| {
            file.lines()
                .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
                .map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    refuse("finish it, or leave it out", &broken);
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    let broken: Vec<String> = rust()
        .into_iter()
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| file.path)
        .collect();
    refuse("a file begins with //! and what it is for", &broken);
}

#[test]
fn money_is_never_a_float() {
    let exact: Vec<File> = rust()
        .into_iter()
        .filter(|file| {
            file.is_in(&[
                "billing/",
                "tenancy/",
                "provisioning/",
                "platform/src/money",
                "platform/src/calendar",
                "platform/src/format",
            ])
        })
        .collect();
    // A reader of JSON names the type in order to refuse it.
    let broken = find(&exact, &[], |line| {
        let named = line
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| matches!(word, "f64" | "f32"));
        named && !line.contains("fn visit_f64")
    });
    refuse("no floats where money, dates and quantities are", &broken);
}
