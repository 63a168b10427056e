//! Configuration of a process: a TOML file, overridden by environment variables, checked as a whole before anything
//! starts. Unknown and wrong keys stop the start with their name; values are never repeated in messages.

mod source;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ipnet::IpNet;
use url::Url;

use crate::mail::MailUrl;
use crate::secret::Secret;
pub use crate::secret::SecretKey;
use source::Source;

/// Every key there is.
const KEYS: &[&str] = &[
    "base_domain",
    "http.addr",
    "https.addr",
    "secret_key",
    "database.url",
    "database.max_connections",
    "acme.directory",
    "acme.ca_file",
    "acme.contact",
    "dns.servers",
    "edge.addresses",
    "edge.cname_suffix",
    "outbound.allow",
    "mail.url",
    "log.format",
    "metrics.addr",
    "trusted_proxies",
    "data.dir",
];

/// All settings of a process.
#[derive(Clone, Debug)]
pub struct Config {
    /// The domain under which the platform's own hosts live.
    pub base_domain: String,
    /// The plain listener.
    pub http: Http,
    /// The TLS listener, if there is one.
    pub https: Https,
    /// The root key of everything sealed; see [`Config::require_secret_key`].
    pub secret_key: Option<SecretKey>,
    /// The first database.
    pub database: Database,
    /// The certificate authority.
    pub acme: Acme,
    /// Where names are looked up.
    pub dns: Dns,
    /// How the outside reaches us.
    pub edge: Edge,
    /// What we may reach.
    pub outbound: Outbound,
    /// How mail leaves.
    pub mail: Mail,
    /// What the log looks like.
    pub log: Log,
    /// Where metrics are served, if anywhere.
    pub metrics: Metrics,
    /// Networks whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The folder for what a node keeps on disk, like its copy of the host map.
    pub data_dir: PathBuf,
}

/// `http.*`
#[derive(Clone, Debug)]
pub struct Http {
    /// Address and port of the plain listener.
    pub addr: SocketAddr,
}

/// `https.*`
#[derive(Clone, Debug)]
pub struct Https {
    /// Address and port of the TLS listener.
    pub addr: Option<SocketAddr>,
}

/// `database.*`
#[derive(Clone, Debug)]
pub struct Database {
    /// The administrator's connection; see [`Config::require_database_url`].
    pub url: Option<Secret<String>>,
    /// How many connections a process opens at most.
    pub max_connections: u32,
}

/// `acme.*`
#[derive(Clone, Debug)]
pub struct Acme {
    /// The directory of the certificate authority.
    pub directory: Option<Url>,
    /// A file with roots trusted for that directory only.
    pub ca_file: Option<PathBuf>,
    /// The contact of the account there.
    pub contact: Option<String>,
}

/// `dns.*`
#[derive(Clone, Debug)]
pub struct Dns {
    /// When not empty, every lookup goes to these.
    pub servers: Vec<SocketAddr>,
}

/// `edge.*`
#[derive(Clone, Debug)]
pub struct Edge {
    /// Addresses that are ours, even private ones.
    pub addresses: Vec<IpAddr>,
    /// The domain under which claim targets live.
    pub cname_suffix: String,
}

/// `outbound.*`
#[derive(Clone, Debug)]
pub struct Outbound {
    /// Networks outbound calls may reach besides public ones.
    pub allow: Vec<IpNet>,
}

/// `mail.*`
#[derive(Clone, Debug)]
pub struct Mail {
    /// The way out for mail.
    pub url: Option<MailUrl>,
}

/// `log.*`
#[derive(Clone, Debug)]
pub struct Log {
    /// Text for people or JSON for machines.
    pub format: LogFormat,
}

/// `metrics.*`
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Address and port of the metrics listener.
    pub addr: Option<SocketAddr>,
}

/// The shape of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("the configuration file is not valid TOML: {0}")]
    Syntax(String),
    /// The file could not be read.
    #[error("cannot read configuration file {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A key or variable nobody knows, perhaps misspelt.
    #[error("unknown configuration key {0}")]
    UnknownKey(String),
    /// A key whose value cannot be used.
    #[error("configuration key {name} is wrong: expected {expected}")]
    Wrong {
        /// The key or variable as it was given.
        name: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A key this command cannot do without.
    #[error("configuration key {0} is required")]
    Missing(&'static str),
}

impl Config {
    /// Reads the file and the environment of this process.
    ///
    /// # Errors
    /// When a file that must be there cannot be read, or any key is unknown or wrong.
    pub fn load() -> Result<Self, ConfigError> {
        let mut env = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().map(str::to_owned) else {
                continue;
            };
            match value.into_string() {
                Ok(value) => env.push((name, value)),
                Err(_) if name.starts_with("EZSCALE_") || name == "DATABASE_URL" => {
                    return Err(ConfigError::Wrong {
                        name,
                        expected: "text in UTF-8",
                    });
                }
                Err(_) => {}
            }
        }
        let named = env
            .iter()
            .find(|(name, value)| name == "EZSCALE_CONFIG" && !value.is_empty());
        let file = match named {
            Some((_, path)) => Some(read_file(PathBuf::from(path))?),
            None if PathBuf::from("ezscale.toml").exists() => Some(read_file(PathBuf::from("ezscale.toml"))?),
            None => None,
        };
        Self::from_sources(file.as_deref(), &env)
    }

    /// The same from given texts: nothing is read besides them.
    ///
    /// # Errors
    /// When the file is not TOML, or any key is unknown or wrong.
    pub fn from_sources(toml: Option<&str>, env: &[(String, String)]) -> Result<Self, ConfigError> {
        let source = Source::read(toml, env, KEYS)?;
        let addr = |key| source.optional(key, "an address and port like 127.0.0.1:8080", |text| text.parse().ok());
        let path = |key| source.optional(key, "a path", |text| Some(PathBuf::from(text)));
        let networks = |key| source.list(key, "networks like 10.0.0.0/8", network);
        let domain = |key| source.optional(key, "a domain name", domain_name);
        let base_domain = domain("base_domain")?.unwrap_or_else(|| "ezscale.localhost".to_owned());
        let cname_suffix = domain("edge.cname_suffix")?.unwrap_or_else(|| format!("cname.{base_domain}"));
        let text = |text: &str| Some(text.to_owned());
        Ok(Self {
            http: Http {
                addr: addr("http.addr")?.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            },
            https: Https {
                addr: addr("https.addr")?,
            },
            secret_key: source.optional("secret_key", "32 bytes in base64", secret_key)?,
            database: Database {
                url: source.optional("database.url", "a postgres:// address", database_url)?,
                max_connections: source.count("database.max_connections")?.unwrap_or(20),
            },
            acme: Acme {
                directory: source.optional("acme.directory", "an https:// address", web_url)?,
                ca_file: path("acme.ca_file")?,
                contact: source.optional("acme.contact", "a contact", text)?,
            },
            dns: Dns {
                servers: source.list("dns.servers", "servers like 127.0.0.1:53", |text| text.parse().ok())?,
            },
            edge: Edge {
                addresses: source.list("edge.addresses", "IP addresses", |text| text.parse().ok())?,
                cname_suffix,
            },
            outbound: Outbound {
                allow: networks("outbound.allow")?,
            },
            mail: Mail {
                url: source.optional("mail.url", "smtp://, smtps:// or file: with a folder", |text| {
                    MailUrl::parse(text).ok()
                })?,
            },
            log: Log {
                format: source
                    .optional("log.format", "text or json", log_format)?
                    .unwrap_or_default(),
            },
            metrics: Metrics {
                addr: addr("metrics.addr")?,
            },
            trusted_proxies: networks("trusted_proxies")?,
            data_dir: path("data.dir")?.unwrap_or_else(|| PathBuf::from("var")),
            base_domain,
        })
    }

    /// The root key, for commands that seal or open.
    ///
    /// # Errors
    /// When it is not configured.
    pub fn require_secret_key(&self) -> Result<&SecretKey, ConfigError> {
        self.secret_key.as_ref().ok_or(ConfigError::Missing("secret_key"))
    }

    /// The database address, for commands that connect.
    ///
    /// # Errors
    /// When it is not configured.
    pub fn require_database_url(&self) -> Result<&str, ConfigError> {
        let url = self.database.url.as_ref().ok_or(ConfigError::Missing("database.url"))?;
        Ok(url.expose())
    }
}

fn read_file(path: PathBuf) -> Result<String, ConfigError> {
    std::fs::read_to_string(&path).map_err(|error| ConfigError::Unreadable { path, error })
}

/// Standard or URL-safe base64, padded or not, of exactly 32 bytes.
fn secret_key(text: &str) -> Option<SecretKey> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok())?;
    <[u8; 32]>::try_from(bytes).ok().map(SecretKey::from)
}

fn database_url(text: &str) -> Option<Secret<String>> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "postgres" | "postgresql").then(|| Secret::from(text))
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "https" | "http") && url.has_host()).then_some(url)
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

/// A network, or a single address as a network of one.
fn network(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// A host name in lower case without a dot at its end.
fn domain_name(text: &str) -> Option<String> {
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}
