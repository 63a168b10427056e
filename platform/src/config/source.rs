//! Where configuration values come from: a TOML file and environment variables, brought to dotted names.

use std::collections::BTreeMap;

use super::ConfigError;

/// The raw values, by dotted key, and typed ways to take them out.
#[derive(Debug)]
pub(super) struct Source {
    values: BTreeMap<String, Raw>,
}

/// One value and the name it was given under, for messages.
struct Raw {
    name: String,
    value: RawValue,
}

enum RawValue {
    Variable(String),
    File(toml::Value),
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Source {
    /// Reads both sources; variables win over the file. Every key must be one of `known`.
    pub(super) fn read(file: Option<&str>, env: &[(String, String)], known: &[&str]) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        if let Some(text) = file {
            let table: toml::Table =
                toml::from_str(text).map_err(|error| ConfigError::Syntax(error.message().to_owned()))?;
            flatten("", table, known, &mut values)?;
        }
        // In this order the more exact name wins where two mean the same key.
        let mut found: Vec<(u8, String, &String, &String)> = Vec::new();
        for (name, value) in env {
            if let Some((rank, key)) = variable_key(name) {
                found.push((rank, key, name, value));
            }
        }
        found.sort_by_key(|(rank, ..)| *rank);
        for (_, key, name, value) in found {
            if !known.contains(&key.as_str()) {
                return Err(ConfigError::UnknownKey(name.clone()));
            }
            values.insert(
                key,
                Raw {
                    name: name.clone(),
                    value: RawValue::Variable(value.clone()),
                },
            );
        }
        Ok(Self { values })
    }

    /// A value parsed by `parse`, or `None` when it is not set. An empty variable counts as not set.
    pub(super) fn optional<T>(
        &self,
        key: &str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(raw) = self.values.get(key) else {
            return Ok(None);
        };
        let wrong = || ConfigError::Wrong {
            name: raw.name.clone(),
            expected,
        };
        match &raw.value {
            RawValue::Variable(text) if text.trim().is_empty() => Ok(None),
            RawValue::Variable(text) | RawValue::File(toml::Value::String(text)) => {
                parse(text.trim()).map(Some).ok_or_else(wrong)
            }
            RawValue::File(_) => Err(wrong()),
        }
    }

    /// A list, every entry parsed by `parse`; empty when it is not set.
    pub(super) fn list<T>(
        &self,
        key: &str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, ConfigError> {
        let Some(raw) = self.values.get(key) else {
            return Ok(Vec::new());
        };
        let entries: Option<Vec<T>> = match &raw.value {
            RawValue::Variable(text) => text
                .split(',')
                .map(str::trim)
                .filter(|entry| !entry.is_empty())
                .map(parse)
                .collect(),
            RawValue::File(toml::Value::Array(entries)) => entries
                .iter()
                .map(|entry| entry.as_str().map(str::trim).and_then(&parse))
                .collect(),
            RawValue::File(_) => None,
        };
        entries.ok_or_else(|| ConfigError::Wrong {
            name: raw.name.clone(),
            expected,
        })
    }

    /// A number of at least one.
    pub(super) fn count(&self, key: &str) -> Result<Option<u32>, ConfigError> {
        let Some(raw) = self.values.get(key) else {
            return Ok(None);
        };
        let number = match &raw.value {
            RawValue::Variable(text) if text.trim().is_empty() => return Ok(None),
            RawValue::Variable(text) => text.trim().parse().ok(),
            RawValue::File(value) => value.as_integer().and_then(|number| u32::try_from(number).ok()),
        };
        match number {
            Some(number) if number > 0 => Ok(Some(number)),
            _ => Err(ConfigError::Wrong {
                name: raw.name.clone(),
                expected: "a whole number of at least 1",
            }),
        }
    }
}

/// Which key a variable sets, with its rank among the names for the same key; `None` when it is not ours.
fn variable_key(name: &str) -> Option<(u8, String)> {
    match name {
        "DATABASE_URL" => return Some((0, "database.url".to_owned())),
        "EZSCALE_HTTP_ADDR" => return Some((0, "http.addr".to_owned())),
        "EZSCALE_CONFIG" => return None,
        _ => {}
    }
    let rest = name.strip_prefix("EZSCALE_")?;
    if rest.starts_with("DEV_") {
        return None;
    }
    Some((1, rest.to_ascii_lowercase().replace("__", ".")))
}

fn flatten(
    prefix: &str,
    table: toml::Table,
    known: &[&str],
    out: &mut BTreeMap<String, Raw>,
) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        let is_section = known
            .iter()
            .any(|known| known.strip_prefix(&key).is_some_and(|rest| rest.starts_with('.')));
        match value {
            toml::Value::Table(inner) if is_section => flatten(&key, inner, known, out)?,
            value if known.contains(&key.as_str()) => {
                out.insert(
                    key.clone(),
                    Raw {
                        name: key,
                        value: RawValue::File(value),
                    },
                );
            }
            _ => return Err(ConfigError::UnknownKey(key)),
        }
    }
    Ok(())
}
