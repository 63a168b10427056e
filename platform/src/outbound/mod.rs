//! The one HTTP client for calls to others: panels, gateways, webhooks.
//!
//! Public addresses only, unless the operator allows more; names are resolved, checked and pinned; no redirects, no
//! proxies, no decompression; time and size are capped. Errors say whether the request may have had an effect.

mod address;
mod request;
mod resolve;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
use reqwest::{Client, Method};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

pub use address::{Guard, is_public};
pub use request::{OutboundRequest, OutboundResponse};
pub use resolve::{Lookup, SystemLookup};

use crate::secret::sha256;
use resolve::GuardedResolver;

/// How long making a connection may take, the name's lookup included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How many clients with a private certificate authority are kept at once.
const KEPT_CLIENTS: usize = 64;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// No connection was made: certainly nothing was sent.
    #[error("could not connect: {0}")]
    Connect(String),
    /// No answer in time. The request may have had its effect.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke. The request may have had its effect.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The address is not one we call. Nothing was sent.
    #[error("blocked address")]
    Blocked,
    /// The answer is larger than the cap. The request had its effect.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The request could not be made from what was given. Nothing was sent.
    #[error("invalid request: {0}")]
    Invalid(String),
}

impl OutboundError {
    /// Whether the other side may have acted on the request.
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        match self {
            Self::Timeout | Self::Lost(_) | Self::TooLarge(_) => true,
            Self::Connect(_) | Self::Blocked | Self::Invalid(_) => false,
        }
    }
}

/// How the client behaves. `Default` reaches public addresses only.
#[derive(Clone)]
pub struct OutboundConfig {
    /// Networks that may be reached besides public ones.
    pub allow: Vec<IpNet>,
    /// Networks that may not be reached, even if public or allowed: our own.
    pub deny: Vec<IpNet>,
    /// A PEM bundle of roots trusted besides the public ones.
    pub ca_pem: Option<Vec<u8>>,
    /// How names are looked up.
    pub lookup: Arc<dyn Lookup>,
    /// How long a call may take in all, unless the request says otherwise.
    pub timeout: Duration,
    /// How large an answer may be, unless the request says otherwise.
    pub max_bytes: usize,
    /// What the client calls itself.
    pub user_agent: String,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            ca_pem: None,
            lookup: Arc::new(SystemLookup),
            timeout: Duration::from_secs(30),
            max_bytes: 2 * 1024 * 1024,
            user_agent: "billing-platform/1".to_owned(),
        }
    }
}

/// The client. Clones share connections.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    shared: Arc<Shared>,
}

struct Shared {
    config: OutboundConfig,
    guard: Arc<Guard>,
    with_ca: Mutex<HashMap<[u8; 32], Client>>,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outbound")
    }
}

impl Outbound {
    /// A client.
    ///
    /// # Errors
    /// [`OutboundError::Invalid`] when `ca_pem` holds no certificate.
    pub fn new(config: OutboundConfig) -> Result<Self, OutboundError> {
        let guard = Arc::new(Guard {
            allow: config.allow.clone(),
            deny: config.deny.clone(),
        });
        let client = build(&config, &guard, None)?;
        Ok(Self {
            client,
            shared: Arc::new(Shared {
                config,
                guard,
                with_ca: Mutex::default(),
            }),
        })
    }

    /// The same client, which also trusts the roots of a PEM bundle.
    ///
    /// # Errors
    /// [`OutboundError::Invalid`] when `ca_pem` holds no certificate.
    pub fn with_ca(&self, ca_pem: &[u8]) -> Result<Self, OutboundError> {
        let key = sha256(ca_pem);
        let mut kept = self.shared.with_ca.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match kept.get(&key) {
            Some(client) => client.clone(),
            None => {
                let client = build(&self.shared.config, &self.shared.guard, Some(ca_pem))?;
                if kept.len() >= KEPT_CLIENTS {
                    kept.clear();
                }
                kept.insert(key, client.clone());
                client
            }
        };
        Ok(Self {
            client,
            shared: self.shared.clone(),
        })
    }

    /// Starts a request. A URL that is not acceptable is reported by `send`.
    pub fn request(&self, method: Method, url: &str) -> OutboundRequest {
        OutboundRequest::new(self, method, url)
    }

    /// Starts a GET.
    pub fn get(&self, url: &str) -> OutboundRequest {
        self.request(Method::GET, url)
    }

    /// Starts a POST.
    pub fn post(&self, url: &str) -> OutboundRequest {
        self.request(Method::POST, url)
    }
}

fn build(config: &OutboundConfig, guard: &Arc<Guard>, ca_pem: Option<&[u8]>) -> Result<Client, OutboundError> {
    crate::tls::install_provider();
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for pem in config.ca_pem.as_deref().into_iter().chain(ca_pem) {
        add_roots(&mut roots, pem)?;
    }
    let mut tls = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(GuardedResolver {
            guard: guard.clone(),
            lookup: config.lookup.clone(),
        })
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(&config.user_agent)
        .build()
        .map_err(|error| OutboundError::Invalid(error.to_string()))
}

fn add_roots(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), OutboundError> {
    let invalid = || OutboundError::Invalid("the CA file holds no usable certificate".to_owned());
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|_| invalid())?).map_err(|_| invalid())?;
        added += 1;
    }
    if added == 0 { Err(invalid()) } else { Ok(()) }
}
