//! What the panel remembers: users, servers, tasks, keys, and how time moves them on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::{Package, VirtfusionConfig};
use crate::random_word;

/// A panel user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    pub id: i64,
    pub ext_relation_id: Option<i64>,
    pub rel_str: Option<String>,
    pub name: String,
    pub email: String,
    pub self_service: i64,
    pub enabled: bool,
    pub password: String,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
}

/// A virtual server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Server {
    pub id: i64,
    pub uuid: String,
    pub owner_id: i64,
    pub group_id: i64,
    pub package_id: i64,
    pub name: String,
    pub hostname: Option<String>,
    pub memory_mb: i64,
    pub storage_gb: i64,
    pub traffic_gb: i64,
    pub cpu_cores: i64,
    pub cpu_throttle: i64,
    pub backup_plan: i64,
    pub suspended: bool,
    pub protected: bool,
    pub running: bool,
    pub template_id: Option<i64>,
    /// When the last build ended well.
    pub built: Option<DateTime<Utc>>,
    pub build_failed: bool,
    /// How often a build was started; each one wipes the disk.
    pub builds: u32,
    pub password: String,
    pub vnc_enabled: bool,
    pub vnc_token: String,
    pub ipv4: Vec<String>,
    pub ssh_keys: Vec<i64>,
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    /// Traffic top-ups: id, month, gigabytes.
    pub traffic_blocks: Vec<(i64, i64, i64)>,
    /// When a delayed deletion takes effect.
    pub delete_at: Option<DateTime<Utc>>,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
}

/// One item of the queue. A server with an unfinished one is locked.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    pub id: i64,
    pub server_id: i64,
    pub action: String,
    pub started: DateTime<Utc>,
    pub finished: Option<DateTime<Utc>>,
    pub failed: bool,
    /// Reads of the server or the task still to come before it may finish.
    pub polls_left: u32,
    #[serde(skip)]
    ready_at: Instant,
    will_fail: bool,
}

/// A stored public key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SshKey {
    pub id: i64,
    pub user_id: i64,
    pub name: String,
    pub public_key: String,
    pub created: DateTime<Utc>,
}

/// A sign-in link that waits to be followed.
#[derive(Clone, Debug)]
pub(super) struct SignIn {
    pub tokens: (String, String),
    pub user_id: i64,
    pub server_id: Option<i64>,
    pub expires: DateTime<Utc>,
}

pub(super) struct State {
    pub config: VirtfusionConfig,
    pub users: BTreeMap<i64, User>,
    pub servers: BTreeMap<i64, Server>,
    pub tasks: BTreeMap<i64, Task>,
    pub ssh_keys: BTreeMap<i64, SshKey>,
    pub sign_ins: Vec<SignIn>,
    /// Credit given to self-service users: id and amount.
    pub credits: BTreeMap<i64, String>,
    next_id: i64,
    next_address: u32,
}

impl State {
    pub fn new(config: VirtfusionConfig) -> Self {
        Self {
            config,
            users: BTreeMap::new(),
            servers: BTreeMap::new(),
            tasks: BTreeMap::new(),
            ssh_keys: BTreeMap::new(),
            sign_ins: Vec::new(),
            credits: BTreeMap::new(),
            next_id: 1,
            next_address: 0,
        }
    }

    /// How far the numbering has come.
    pub fn numbers(&self) -> (i64, u32) {
        (self.next_id, self.next_address)
    }

    /// Numbers go on from here.
    pub fn go_on_from(&mut self, (next_id, next_address): (i64, u32)) {
        self.next_id = next_id;
        self.next_address = next_address;
    }

    /// A fresh number; all kinds of rows share the sequence, so that ids cannot be mixed up unnoticed.
    pub fn number(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id
    }

    /// The next address of the benchmarking network 198.18.0.0/15.
    pub fn address(&mut self) -> String {
        self.next_address += 1;
        let bits = u32::from_be_bytes([198, 18, 0, 1]) + self.next_address;
        std::net::Ipv4Addr::from_bits(bits).to_string()
    }

    pub fn add_user(&mut self, name: &str, email: &str, ext: Option<i64>) -> User {
        let now = self.config.ticker.now();
        let user = User {
            id: self.number(),
            ext_relation_id: ext,
            rel_str: None,
            name: name.to_owned(),
            email: email.to_owned(),
            self_service: 0,
            enabled: true,
            password: random_word(16),
            created: now,
            updated: now,
        };
        self.users.insert(user.id, user.clone());
        user
    }

    pub fn package(&self, id: i64) -> Option<&Package> {
        self.config.packages.iter().find(|row| row.id == id)
    }

    /// Servers a group can still take.
    pub fn free(&self, group: i64) -> u32 {
        let max = self
            .config
            .groups
            .iter()
            .find(|row| row.id == group)
            .map_or(0, |row| row.max_servers);
        max.saturating_sub(self.used(group))
    }

    pub fn used(&self, group: i64) -> u32 {
        let count = self.servers.values().filter(|row| row.group_id == group).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub fn set_capacity(&mut self, free: u32) {
        let used: Vec<u32> = self.config.groups.iter().map(|row| self.used(row.id)).collect();
        for (group, used) in self.config.groups.iter_mut().zip(used) {
            group.max_servers = used + free;
        }
    }

    /// Starts a task that locks the server until `polls` reads and `ms` have passed.
    pub fn begin(&mut self, server: i64, action: &str, polls: u32, ms: u64) -> i64 {
        let id = self.number();
        self.tasks.insert(
            id,
            Task {
                id,
                server_id: server,
                action: action.to_owned(),
                started: self.config.ticker.now(),
                finished: None,
                failed: false,
                polls_left: polls,
                ready_at: Instant::now() + Duration::from_millis(ms),
                will_fail: false,
            },
        );
        id
    }

    /// The unfinished task of a server.
    pub fn lock_of(&self, server: i64) -> Option<&Task> {
        self.tasks
            .values()
            .find(|task| task.server_id == server && task.finished.is_none())
    }

    pub fn begin_build(&mut self, server: i64) {
        let (polls, ms) = (self.config.build_polls, self.config.build_ms);
        let id = self.begin(server, "build", polls, ms);
        if self.config.fail_builds > 0 {
            self.config.fail_builds -= 1;
            if let Some(task) = self.tasks.get_mut(&id) {
                task.will_fail = true;
            }
        }
    }

    /// Counts one read of a server towards its unfinished task.
    pub fn poll(&mut self, server: i64) {
        for task in self.tasks.values_mut() {
            if task.server_id == server && task.finished.is_none() {
                task.polls_left = task.polls_left.saturating_sub(1);
            }
        }
    }

    /// Finishes tasks and deletions whose time has come.
    pub fn settle(&mut self) {
        let now = self.config.ticker.now();
        self.servers.retain(|_, row| row.delete_at.is_none_or(|at| at > now));
        let instant = Instant::now();
        for task in self.tasks.values_mut() {
            if task.finished.is_some() || task.polls_left > 0 || task.ready_at > instant {
                continue;
            }
            task.finished = Some(now);
            task.failed = task.will_fail;
            let Some(server) = self.servers.get_mut(&task.server_id) else {
                continue;
            };
            match task.action.as_str() {
                "build" if task.failed => server.build_failed = true,
                "build" => {
                    server.built = Some(now);
                    server.running = true;
                }
                "boot" | "restart" => server.running = true,
                "shutdown" | "poweroff" | "suspend" => server.running = false,
                _ => {}
            }
        }
    }

    /// Everything, for a person who debugs.
    pub fn picture(&self) -> Value {
        let free: BTreeMap<i64, u32> = self
            .config
            .groups
            .iter()
            .map(|group| (group.id, self.free(group.id)))
            .collect();
        json!({
            "users": self.users.values().collect::<Vec<_>>(),
            "servers": self.servers.values().collect::<Vec<_>>(),
            "tasks": self.tasks.values().collect::<Vec<_>>(),
            "ssh_keys": self.ssh_keys.values().collect::<Vec<_>>(),
            "credits": self.credits,
            "free": free,
        })
    }
}
