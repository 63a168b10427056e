//! Outgoing mail: one message type, three ways out (SMTP, a folder of `.eml` files, memory).
//!
//! Mail is sent from jobs, so an error only says whether trying again makes sense. Message ids come from the caller
//! and stay the same over retries, so a message that went out twice is recognised as one.

mod message;
#[cfg(test)]
mod tests;
mod url;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::clock::Clock;
use crate::random::Random;
pub use message::{Attachment, OutgoingMail};
pub use url::{MailUrl, MailUrlError, SmtpTls};

/// How long one exchange with a mail server may take.
const SMTP_TIMEOUT: Duration = Duration::from_secs(30);
/// How many connections are kept to one mail server.
const SMTP_CONNECTIONS: u32 = 8;

/// Why a message was not sent.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum MailError {
    /// Trying later may help.
    #[error("mail not sent, try later: {0}")]
    Transient(String),
    /// This message will never go out.
    #[error("mail refused: {0}")]
    Permanent(String),
}

/// The way out for mail. Clones share connections, or the memory.
#[derive(Clone)]
pub enum Mailer {
    /// To a mail server, over kept connections.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Into a folder, one `.eml` file a message, named in order of time.
    Folder(Arc<Path>),
    /// Into memory: for tests.
    Memory(Arc<Mutex<Vec<OutgoingMail>>>),
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Smtp(_) => f.write_str("Mailer::Smtp"),
            Self::Folder(path) => write!(f, "Mailer::Folder({})", path.display()),
            Self::Memory(_) => f.write_str("Mailer::Memory"),
        }
    }
}

impl Mailer {
    /// A mailer for a configured address. Nothing is connected yet.
    ///
    /// # Errors
    /// When TLS cannot be set up for the server's name.
    pub fn new(url: &MailUrl) -> Result<Self, MailError> {
        match url {
            MailUrl::Folder(path) => Ok(Self::folder(path.clone())),
            MailUrl::Smtp { host, port, tls, login } => {
                let parameters =
                    || TlsParameters::new(host.clone()).map_err(|error| MailError::Permanent(error.to_string()));
                let tls = match tls {
                    SmtpTls::FromStart => Tls::Wrapper(parameters()?),
                    SmtpTls::Required => Tls::Required(parameters()?),
                    SmtpTls::IfOffered => Tls::Opportunistic(parameters()?),
                    SmtpTls::Never => Tls::None,
                };
                let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.clone())
                    .port(*port)
                    .tls(tls)
                    .timeout(Some(SMTP_TIMEOUT))
                    .pool_config(PoolConfig::new().max_size(SMTP_CONNECTIONS));
                if let Some((user, password)) = login {
                    builder = builder.credentials(Credentials::new(user.clone(), password.expose().clone()));
                }
                Ok(Self::Smtp(builder.build()))
            }
        }
    }

    /// A mailer that writes into `path`, which is made when the first message comes.
    #[must_use]
    pub fn folder(path: PathBuf) -> Self {
        Self::Folder(path.into())
    }

    /// A mailer that keeps everything in memory.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// What a mailer in memory was given so far; empty for the others.
    #[must_use]
    pub fn sent(&self) -> Vec<OutgoingMail> {
        match self {
            Self::Memory(sent) => sent.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::Smtp(_) | Self::Folder(_) => Vec::new(),
        }
    }

    /// Hands `mail` over. The message is built and checked on every way out alike.
    ///
    /// # Errors
    /// [`MailError::Permanent`] when the message or its recipient is refused, else [`MailError::Transient`].
    pub async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let message = mail.build()?;
        match self {
            Self::Smtp(transport) => transport
                .send(message)
                .await
                .map(drop)
                .map_err(|error| classify(&error)),
            Self::Folder(path) => write_file(path, &message)
                .await
                .map_err(|error| MailError::Transient(error.to_string())),
            Self::Memory(sent) => {
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
                Ok(())
            }
        }
    }
}

/// A refused sign-in (53x) is our own settings' fault and not this message's, so the message waits until they are mended.
fn classify(error: &SmtpError) -> MailError {
    let sign_in = error.status().is_some_and(|code| (530..540).contains(&u16::from(code)));
    if error.is_permanent() && !sign_in {
        MailError::Permanent(error.to_string())
    } else {
        MailError::Transient(error.to_string())
    }
}

/// Written under another name first, so that whoever watches the folder never sees half a message.
async fn write_file(folder: &Path, message: &Message) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let name = Random::os().uuid_v7(Clock::system().now());
    let unfinished = folder.join(format!("{name}.part"));
    tokio::fs::write(&unfinished, message.formatted()).await?;
    tokio::fs::rename(&unfinished, folder.join(format!("{name}.eml"))).await
}
