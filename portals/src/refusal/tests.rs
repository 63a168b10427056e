//! The class is closed: what commands say is read from their sources, and has words in every language.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use platform::money::{Currency, MoneyError};
use platform::texts::Locale;
use tenancy::staff::change::StaffError;
use tenancy::tenant::TenantError;
use tenancy::user::UserError;

use super::sentences::{SENTENCES, find};
use super::{OURS, Refusal};
use crate::kit::texts;

/// Sentences that no page shows as they are.
const NOT_SHOWN: [&str; 5] = [
    // Answers of the sandbox's own cards, told by their class.
    "There is no test card {token:?}.",
    "The sandbox knows no such payment.",
    "This payment method is not known any more.",
    "Nothing was taken that could be sent back.",
    "More than was taken cannot be sent back.",
];

/// Every source of a room that is no test of its own, with comments taken out and lines joined.
fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(room).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "calc" && name != "tests" {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap();
                let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                found.push((path, lines.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    assert!(found.len() > 10, "{room}");
    found
}

/// String literals of a source.
fn literals(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some((_, after)) = rest.split_once('"') {
        let mut end = 0;
        for (at, letter) in after.char_indices() {
            if letter == '"' && !after[..at].ends_with('\\') {
                end = at;
                break;
            }
        }
        found.push(&after[..end]);
        rest = &after[end + 1..];
    }
    found
}

/// A literal of the sources as it is said: values stand for its braces.
fn spoken(literal: &str) -> String {
    let mut said = String::new();
    let mut rest = literal;
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        said.push_str("value");
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    said + rest
}

#[test]
fn every_sentence_of_a_command_has_words() {
    let mut gaps = BTreeSet::new();
    for room in ["billing", "provisioning"] {
        for (path, source) in sources(room) {
            for refusal in [
                "BillingError::Field(",
                "BillingError::Conflict(",
                "wrong(\"",
                "complain(\"",
            ] {
                for (at, _) in source.match_indices(refusal) {
                    let rest = &source[at..];
                    let call = &rest[..rest.find(';').unwrap_or(rest.len()).min(400)];
                    let sentences = literals(call).into_iter().skip(usize::from(refusal.ends_with('"')));
                    let first = sentences.into_iter().find(|text| {
                        text.starts_with(|c: char| c.is_uppercase() || c == '{')
                            && text.ends_with('.')
                            && text.contains(' ')
                    });
                    let Some(first) = first.filter(|text| !NOT_SHOWN.contains(text)) else {
                        continue;
                    };
                    let code = literals(call).first().copied().unwrap_or_default().replace('_', "-");
                    let coded = refusal.contains("Conflict") && texts().unwrap().has(&format!("refused-{code}"));
                    if find(&spoken(first)).is_none() && !coded {
                        gaps.insert(format!("{}: {first}", path.display()));
                    }
                }
            }
        }
    }
    assert!(gaps.is_empty(), "no words in refusal/sentences.rs for {gaps:#?}");
}

#[test]
fn every_code_of_a_conflict_has_words() {
    let texts = texts().unwrap();
    let mut codes = BTreeSet::new();
    for room in ["billing", "provisioning"] {
        for (_, source) in sources(room) {
            for (at, call) in source.match_indices("Conflict(") {
                let rest = source[at + call.len()..].trim_start();
                if let Some(code) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                    codes.insert(code.to_owned());
                }
            }
        }
    }
    // Codes that stand in a `match` of the adapter.
    codes.extend(["panel_refused", "panel_away", "panel_gone", "no_capacity"].map(str::to_owned));
    assert!(codes.len() > 30, "{codes:?}");
    let inner = ["no_link", "captured", "no_payment"];
    for code in codes {
        let known = texts.has(&format!("refused-{}", code.replace('_', "-")));
        assert!(
            known || OURS.contains(&code.as_str()) || inner.contains(&code.as_str()),
            "refused-{code}"
        );
    }
}

#[test]
fn the_words_are_there_and_take_every_value() {
    let texts = texts().unwrap();
    for (pattern, key) in SENTENCES {
        let (_, values) = find(&spoken(pattern)).unwrap();
        let values: Vec<(&str, &str)> = values.iter().map(|(name, _)| (*name, "VALUE")).collect();
        for tag in ["en", "de"] {
            let said = texts.say(&Locale::parse(tag).unwrap(), None, key, &values);
            assert_eq!(said.matches("VALUE").count(), values.len(), "{tag}: {key}: {said}");
        }
        let german = texts.say(&Locale::parse("de").unwrap(), None, key, &values);
        let english = texts.say(&Locale::parse("en").unwrap(), None, key, &values);
        assert_ne!(german, english, "{key}");
    }
}

#[test]
fn every_refusal_of_people_and_tenants_has_words() {
    let unit = Currency::parse("EUR").unwrap();
    let refusals: Vec<Box<dyn Refusal>> = vec![
        Box::new(UserError::BadEmail),
        Box::new(UserError::BadName),
        Box::new(UserError::BadPassword),
        Box::new(UserError::EmailTaken),
        Box::new(UserError::BadToken),
        Box::new(UserError::WrongPassword),
        Box::new(StaffError::NotYours("x".into())),
        Box::new(StaffError::AboveYou),
        Box::new(StaffError::LastOne),
        Box::new(TenantError::BadSlug("X".into())),
        Box::new(TenantError::SlugTaken("x".into())),
        Box::new(TenantError::BadName),
        Box::new(MoneyError::Format),
        Box::new(MoneyError::OutOfRange),
        Box::new(MoneyError::TooPrecise(unit)),
        Box::new(MoneyError::UnknownCurrency("X".into())),
    ];
    for refusal in refusals {
        let reasons = refusal.reasons();
        assert_eq!(reasons.len(), 1);
        assert!(texts().unwrap().has(&reasons[0].key), "{}", reasons[0].key);
    }
}

#[test]
fn every_deed_in_the_log_has_words() {
    let texts = texts().unwrap();
    let mut gaps = BTreeSet::new();
    for room in ["billing", "provisioning", "tenancy", "portals"] {
        for (_, source) in sources(room) {
            for call in ["audit::record(", "NewEvent::new("] {
                for (at, _) in source.match_indices(call) {
                    let rest = &source[at..];
                    let call = &rest[..rest.find(';').unwrap_or(rest.len()).min(220)];
                    let deed = literals(call).into_iter().find(|text| {
                        text.contains('.') && text.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '_')
                    });
                    gaps.extend(
                        deed.map(|deed| format!("did-{}", deed.replace(['.', '_'], "-")))
                            .filter(|key| !texts.has(key)),
                    );
                }
            }
        }
    }
    assert!(gaps.is_empty(), "no words for {gaps:#?}");
}
