//! A mail server that accepts everything, keeps the last thousand mails, and shows them on a web page.

mod mail;
mod session;
#[cfg(test)]
mod tests;
mod web;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use mail::{Mail, Part};

use crate::site::{Faults, Site};
use crate::ticker::Ticker;

const KEPT: usize = 1_000;

/// How the mail server answers from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Accepts every mail.
    #[default]
    Accepting,
    /// Refuses every mail for now (451).
    Busy,
    /// Refuses every recipient for good (550).
    Refusing,
    /// Accepts the mail, then hangs up before saying so.
    HangsUp,
}

#[derive(Default)]
struct Held {
    next: u64,
    mails: VecDeque<Arc<Mail>>,
    mood: Mood,
}

/// The mails received, shared by the sessions, the page and the handle.
#[derive(Clone, Default)]
pub(crate) struct Mailbox(Arc<Mutex<Held>>);

impl Mailbox {
    fn keep(&self, mut mail: Mail) {
        let mut held = self.0.lock().unwrap();
        held.next += 1;
        mail.id = held.next;
        if held.mails.len() == KEPT {
            held.mails.pop_front();
        }
        held.mails.push_back(Arc::new(mail));
    }

    fn all(&self) -> Vec<Arc<Mail>> {
        self.0.lock().unwrap().mails.iter().cloned().collect()
    }

    fn find(&self, id: u64) -> Option<Arc<Mail>> {
        let held = self.0.lock().unwrap();
        held.mails.iter().find(|mail| mail.id == id).cloned()
    }

    fn mood(&self) -> Mood {
        self.0.lock().unwrap().mood.clone()
    }
}

/// A running mail sink. Clones share it; it stops when the last one goes away.
#[derive(Clone)]
pub struct SmtpSink {
    addr: SocketAddr,
    mailbox: Mailbox,
    site: Arc<Site>,
    _stop: Arc<tokio_util::sync::DropGuard>,
}

impl SmtpSink {
    /// Starts the mail server on `smtp` and its page on `web`; port 0 picks a free one.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub async fn start(smtp: SocketAddr, web: SocketAddr) -> std::io::Result<Self> {
        Self::start_with(smtp, web, Ticker::default()).await
    }

    /// The same with a clock of the test's world.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub async fn start_with(smtp: SocketAddr, web: SocketAddr, ticker: Ticker) -> std::io::Result<Self> {
        let listener = TcpListener::bind(smtp).await?;
        let addr = listener.local_addr()?;
        let mailbox = Mailbox::default();
        let seen = mailbox.clone();
        let site = Site::open(
            web,
            web::router(mailbox.clone()),
            move || json!({"mails": seen.all().len()}),
        )
        .await?;
        let stop = CancellationToken::new();
        tokio::spawn(accept(listener, mailbox.clone(), ticker, stop.clone()));
        Ok(Self {
            addr,
            mailbox,
            site: Arc::new(site),
            _stop: Arc::new(stop.drop_guard()),
        })
    }

    /// Where mail is accepted.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The page with the mails.
    #[must_use]
    pub fn url(&self) -> String {
        self.site.url()
    }

    /// Fault rules of the page; the mail side is moved by [`SmtpSink::set_mood`].
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.site.faults()
    }

    /// How mail is answered from now on.
    pub fn set_mood(&self, mood: Mood) {
        self.mailbox.0.lock().unwrap().mood = mood;
    }

    /// The mails kept, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.mailbox.all().iter().map(|mail| Mail::clone(mail)).collect()
    }

    /// The mails to one address, oldest first.
    #[must_use]
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        let mut mails = self.mails();
        mails.retain(|mail| mail.recipients.iter().any(|to| to.eq_ignore_ascii_case(address)));
        mails
    }

    /// Waits until `count` mails to an address are there.
    ///
    /// # Errors
    /// The mails that did come when the time is over.
    pub async fn wait_for(&self, address: &str, count: usize, within: Duration) -> Result<Vec<Mail>, Vec<Mail>> {
        let start = Instant::now();
        loop {
            let mails = self.mails_to(address);
            if mails.len() >= count {
                return Ok(mails);
            }
            if start.elapsed() >= within {
                return Err(mails);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Forgets all mails.
    pub fn clear(&self) {
        self.mailbox.0.lock().unwrap().mails.clear();
    }
}

async fn accept(listener: TcpListener, mailbox: Mailbox, ticker: Ticker, stop: CancellationToken) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            taken = listener.accept() => match taken {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        let (mailbox, ticker, stop) = (mailbox.clone(), ticker.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                // A broken connection ends the session and nothing else.
                _ = session::serve(stream, mailbox, ticker) => {}
            }
        });
    }
}
