//! The server as a process of its own.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine as _;

use crate::Plan;
use crate::stage::{self, KEY};

/// A running server; it ends with the value.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From start to ready.
    pub cold_start_ms: f64,
}

impl Server {
    /// Starts it on a free port and waits until it is ready.
    pub async fn start(plan: &Plan, world: &str) -> Result<Self> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let folder = std::env::temp_dir().join(format!("ezscale-bench-{}-{world}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let log = std::fs::File::create(folder.join("serve.log"))?;
        let started = Instant::now();
        let child = Command::new(&plan.binary)
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DATABASE_URL", stage::url(plan, &stage::database(world, 1)))
            .env(
                "EZSCALE_SECRET_KEY",
                base64::engine::general_purpose::STANDARD.encode(KEY),
            )
            .env("EZSCALE_HTTP_ADDR", address.to_string())
            .env("EZSCALE_DATA__DIR", &folder)
            .env("EZSCALE_OUTBOUND__ALLOW", "127.0.0.0/8")
            .env("EZSCALE_MAIL__URL", format!("file:{}", folder.join("mail").display()))
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", plan.binary.display()))?;
        let mut server = Self {
            child,
            address,
            cold_start_ms: 0.0,
        };
        let client = reqwest::Client::new();
        let ready = format!("http://{address}/readyz");
        loop {
            if let Ok(answer) = client.get(&ready).send().await
                && answer.status().is_success()
            {
                break;
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status}; see {}", folder.display());
            }
            if started.elapsed() > Duration::from_secs(60) {
                bail!("the server is not ready after a minute");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.cold_start_ms = started.elapsed().as_secs_f64() * 1000.0;
        Ok(server)
    }

    /// Resident memory in megabytes.
    pub fn resident_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("the system does not tell resident memory")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok((kilobytes / 102.4).round() / 10.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = Command::new("kill").arg(self.child.id().to_string()).status();
        if stopped.is_ok() {
            for _ in 0..200 {
                if matches!(self.child.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
