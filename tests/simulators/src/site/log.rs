//! What was asked: the last requests with their bodies and the status they got.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde::Serialize;

const KEPT: usize = 5_000;

/// One request as it arrived.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedRequest {
    /// Counts from one and never repeats.
    pub number: u64,
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case; credentials are kept, they are test credentials.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// The status answered; absent while it runs or when the connection was dropped.
    pub status: Option<u16>,
    /// The fault that hit it.
    pub fault: Option<String>,
}

#[derive(Default)]
struct Entries {
    next: u64,
    rows: VecDeque<LoggedRequest>,
}

/// The log of one simulator, shared by all clones. It keeps the last 5,000 requests.
#[derive(Clone, Default)]
pub struct RequestLog(Arc<Mutex<Entries>>);

impl RequestLog {
    /// All requests kept, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<LoggedRequest> {
        self.0.lock().unwrap().rows.iter().cloned().collect()
    }

    /// How many kept requests have this method and a path containing `path_contains`.
    #[must_use]
    pub fn count(&self, method: &str, path_contains: &str) -> usize {
        let entries = self.0.lock().unwrap();
        entries
            .rows
            .iter()
            .filter(|row| row.method == method && row.path.contains(path_contains))
            .count()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.0.lock().unwrap().rows.clear();
    }

    pub(super) fn push(&self, mut row: LoggedRequest) -> u64 {
        let mut entries = self.0.lock().unwrap();
        entries.next += 1;
        row.number = entries.next;
        if entries.rows.len() == KEPT {
            entries.rows.pop_front();
        }
        entries.rows.push_back(row);
        entries.next
    }

    pub(super) fn finish(&self, number: u64, status: u16) {
        let mut entries = self.0.lock().unwrap();
        if let Some(row) = entries.rows.iter_mut().rev().find(|row| row.number == number) {
            row.status = Some(status);
        }
    }
}
