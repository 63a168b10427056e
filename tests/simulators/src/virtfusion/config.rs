//! What a panel is set up with: its catalogue, its speed, its room.

use crate::ticker::Ticker;

/// A package: the size a server gets unless the order says otherwise.
#[derive(Clone, Debug)]
pub struct Package {
    pub id: i64,
    pub name: String,
    pub memory_mb: i64,
    pub storage_gb: i64,
    /// 0 is unmetered.
    pub traffic_gb: i64,
    pub cpu_cores: i64,
    pub enabled: bool,
}

/// A hypervisor group, which is what an order calls `hypervisorId`.
#[derive(Clone, Debug)]
pub struct Group {
    pub id: i64,
    pub name: String,
    /// Servers it can take in all.
    pub max_servers: u32,
}

/// An operating system image.
#[derive(Clone, Debug)]
pub struct Template {
    pub id: i64,
    pub category: String,
    pub name: String,
    pub version: String,
}

/// How a panel behaves. The default is a small shop that builds in two polls.
#[derive(Clone)]
pub struct VirtfusionConfig {
    pub token: String,
    pub packages: Vec<Package>,
    pub groups: Vec<Group>,
    pub templates: Vec<Template>,
    /// Reads of a server before its build is done.
    pub build_polls: u32,
    /// Milliseconds a build takes at least.
    pub build_ms: u64,
    /// Milliseconds any other task takes; the server is locked meanwhile.
    pub task_ms: u64,
    /// How many of the next builds fail.
    pub fail_builds: u32,
    /// Seconds a sign-in link lives.
    pub sign_in_ttl_seconds: i64,
    pub ticker: Ticker,
}

impl Default for VirtfusionConfig {
    fn default() -> Self {
        Self {
            token: "vf-test-token".to_owned(),
            packages: vec![
                package(1, "VPS 1", 1024, 25, 1000, 1),
                package(2, "VPS 2", 2048, 50, 2000, 2),
                package(3, "VPS 4", 4096, 100, 4000, 4),
                package(4, "VPS 8", 8192, 200, 8000, 8),
            ],
            groups: vec![group(1, "London"), group(2, "New York")],
            templates: vec![
                template(1, "Debian", "Debian", "13"),
                template(2, "Debian", "Debian", "12"),
                template(3, "Ubuntu", "Ubuntu Server", "24.04"),
                template(4, "AlmaLinux", "AlmaLinux", "10"),
            ],
            build_polls: 2,
            build_ms: 0,
            task_ms: 0,
            fail_builds: 0,
            sign_in_ttl_seconds: 60,
            ticker: Ticker::default(),
        }
    }
}

impl VirtfusionConfig {
    /// The default with times a person watching a page can follow.
    #[must_use]
    pub fn unhurried() -> Self {
        Self {
            build_polls: 0,
            build_ms: 8_000,
            task_ms: 1_500,
            ..Self::default()
        }
    }
}

fn package(id: i64, name: &str, memory_mb: i64, storage_gb: i64, traffic_gb: i64, cores: i64) -> Package {
    Package {
        id,
        name: name.to_owned(),
        memory_mb,
        storage_gb,
        traffic_gb,
        cpu_cores: cores,
        enabled: true,
    }
}

fn group(id: i64, name: &str) -> Group {
    Group {
        id,
        name: name.to_owned(),
        max_servers: 200,
    }
}

fn template(id: i64, category: &str, name: &str, version: &str) -> Template {
    Template {
        id,
        category: category.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
    }
}
