//! The address of the way out for mail, as configured.

use std::net::IpAddr;
use std::path::PathBuf;

use url::{Url, form_urlencoded};

use crate::secret::Secret;

/// A parsed mail address of the configuration.
#[derive(Clone, Debug)]
pub enum MailUrl {
    /// `smtp://user:password@host:port` or `smtps://...`
    Smtp {
        /// The server.
        host: String,
        /// Its port: 465 for `smtps`, else 587 with a sign-in and 25 without one, unless given.
        port: u16,
        /// How the connection is protected.
        tls: SmtpTls,
        /// User and password.
        login: Option<(String, Secret<String>)>,
    },
    /// `file:DIR`
    Folder(PathBuf),
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte: `smtps`.
    FromStart,
    /// By STARTTLS, and not otherwise: `smtp` with a sign-in, so that no password crosses a network in the clear.
    Required,
    /// By STARTTLS where the server offers it: `smtp` without a sign-in.
    IfOffered,
    /// Not at all: `smtp` to this machine.
    Never,
}

/// The address is not one of the known shapes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a mail address of the form smtp://, smtps:// or file:")]
pub struct MailUrlError;

impl MailUrl {
    /// Parses an address.
    ///
    /// # Errors
    /// When it has another scheme, no host, or no folder.
    pub fn parse(text: &str) -> Result<Self, MailUrlError> {
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err(MailUrlError)
            } else {
                Ok(Self::Folder(PathBuf::from(path)))
            };
        }
        let url = Url::parse(text).map_err(|_| MailUrlError)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(MailUrlError)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let login = match (url.username(), url.password()) {
            ("", _) => None,
            (user, password) => Some((decode(user), Secret::new(decode(password.unwrap_or_default())))),
        };
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let (tls, port) = match (url.scheme(), login.is_some()) {
            ("smtps", _) => (SmtpTls::FromStart, 465),
            ("smtp", login) if here => (SmtpTls::Never, if login { 587 } else { 25 }),
            ("smtp", true) => (SmtpTls::Required, 587),
            ("smtp", false) => (SmtpTls::IfOffered, 25),
            _ => return Err(MailUrlError),
        };
        Ok(Self::Smtp {
            host,
            port: url.port().unwrap_or(port),
            tls,
            login,
        })
    }
}

/// Undoes percent-encoding. Forms also use `+` and `&`, which mean themselves here.
fn decode(part: &str) -> String {
    let literal = part.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(literal.as_bytes())
        .map(|(text, _)| text.into_owned())
        .collect()
}
