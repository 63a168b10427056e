//! What the panel knows, kept in a file: `bin/dev` stops and starts it, and the servers are still there.

use std::collections::BTreeMap;

use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::state::{Server, SshKey, State, User};

#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    users: BTreeMap<i64, User>,
    servers: BTreeMap<i64, Server>,
    ssh_keys: BTreeMap<i64, SshKey>,
    credits: BTreeMap<i64, String>,
    numbers: (i64, u32),
}

impl State {
    pub(super) fn kept(&self) -> Kept {
        Kept {
            users: self.users.clone(),
            servers: self.servers.clone(),
            ssh_keys: self.ssh_keys.clone(),
            credits: self.credits.clone(),
            numbers: self.numbers(),
        }
    }

    /// Takes back what was kept. What was being built then is built now.
    pub(super) fn restore(&mut self, kept: Kept) {
        self.users = kept.users;
        self.servers = kept.servers;
        self.ssh_keys = kept.ssh_keys;
        self.credits = kept.credits;
        self.go_on_from(kept.numbers);
        for server in self.servers.values_mut() {
            if server.builds > 0 && server.built.is_none() && !server.build_failed {
                server.built = Some(Utc::now());
                server.running = true;
            }
        }
    }
}
