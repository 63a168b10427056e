//! Fault rules: which request goes wrong, in which way, how many times.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

/// What goes wrong. In JSON: `{"fail_after": 502}`, `"malformed"`, `{"status": {"status": 429, ...}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Answers this status and does nothing.
    FailBefore(u16),
    /// Does the work, then answers this status.
    FailAfter(u16),
    /// Does nothing, waits this many milliseconds, then drops the connection.
    Hang(u64),
    /// Does the work, waits this many milliseconds, then drops the connection without an answer.
    HangAfter(u64),
    /// Does the work and answers its status with a body cut in half.
    Malformed,
    /// Waits this many milliseconds, then works as usual, even when the caller has gone.
    Delay(u64),
    /// Does nothing and answers exactly this.
    Status {
        status: u16,
        #[serde(default)]
        body: String,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
}

/// One rule. The first rule that matches a request is used up once and decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    /// Only this method, any when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the path and query; empty matches everything.
    #[serde(default)]
    pub path_contains: String,
    pub kind: FaultKind,
    /// How many requests it hits before it is gone.
    #[serde(default = "once")]
    pub times: u32,
    /// Matching requests to let through before the first hit.
    #[serde(default)]
    pub skip: u32,
}

fn once() -> u32 {
    1
}

impl FaultRule {
    /// A rule that hits the next request whose path and query contain `path_contains`.
    #[must_use]
    pub fn new(path_contains: impl Into<String>, kind: FaultKind) -> Self {
        Self {
            method: None,
            path_contains: path_contains.into(),
            kind,
            times: 1,
            skip: 0,
        }
    }

    /// Only for this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// For this many requests; `u32::MAX` stays for good.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Lets this many matching requests through first.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    fn matches(&self, method: &str, target: &str) -> bool {
        self.times > 0
            && target.contains(&self.path_contains)
            && self
                .method
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
    }
}

/// The rules of one simulator, shared by all clones.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<FaultRule>>>);

impl Faults {
    /// Adds a rule after those present.
    pub fn add(&self, rule: FaultRule) {
        self.0.lock().unwrap().push(rule);
    }

    /// Adds a rule for the next `method` request whose path contains `path_contains`.
    pub fn once(&self, method: &str, path_contains: &str, kind: FaultKind) {
        self.add(FaultRule::new(path_contains, kind).method(method));
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// The rules that still wait for a request.
    #[must_use]
    pub fn pending(&self) -> Vec<FaultRule> {
        self.0.lock().unwrap().clone()
    }

    pub(super) fn take(&self, method: &str, target: &str) -> Option<FaultKind> {
        let mut rules = self.0.lock().unwrap();
        let mut hit = None;
        for rule in rules.iter_mut().filter(|rule| rule.matches(method, target)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if rule.times != u32::MAX {
                rule.times -= 1;
            }
            hit = Some(rule.kind.clone());
            break;
        }
        rules.retain(|rule| rule.times > 0);
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_used_up() {
        let faults = Faults::default();
        faults.add(
            FaultRule::new("/servers", FaultKind::FailAfter(502))
                .method("POST")
                .skip(1),
        );
        assert_eq!(faults.take("GET", "/api/v1/servers"), None);
        assert_eq!(faults.take("POST", "/api/v1/servers"), None);
        assert_eq!(faults.take("POST", "/api/v1/servers"), Some(FaultKind::FailAfter(502)));
        assert_eq!(faults.take("POST", "/api/v1/servers"), None);
        assert!(faults.pending().is_empty());
    }

    #[test]
    fn rules_read_from_json() {
        let rule: FaultRule = serde_json::from_str(r#"{"path_contains":"/x","kind":{"hang_after":50}}"#).unwrap();
        assert_eq!(rule, FaultRule::new("/x", FaultKind::HangAfter(50)));
    }
}
