//! Names are looked up here, every address is checked, and the connection goes to exactly those addresses: an answer
//! that changes between check and connect has no effect.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::Guard;

/// How names become addresses.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All addresses of `host`.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's own resolver.
#[derive(Debug)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0))
            .await?
            .map(|found| found.ip())
            .collect())
    }
}

/// The marker found in an error's chain when an address was refused. It says nothing about what was resolved.
#[derive(Debug, thiserror::Error)]
#[error("blocked address")]
pub(super) struct BlockedAddress;

pub(super) struct GuardedResolver {
    pub(super) guard: Arc<Guard>,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, lookup) = (self.guard.clone(), self.lookup.clone());
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await?;
            // One bad address refuses the whole name: a mixed answer is an attack or a mistake.
            if !found.iter().all(|ip| guard.permits(*ip)) {
                return Err(BlockedAddress.into());
            }
            if found.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
            }
            let pinned: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(pinned)
        })
    }
}
