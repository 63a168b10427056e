//! Deliveries: signed events carried to webhook addresses, tried again, and made awkward on request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Uri};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::ticker::Ticker;

const RETRY_AFTER_MS: [u64; 3] = [300, 1_000, 3_000];

/// How deliveries misbehave.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryKnobs {
    /// Every event is sent twice.
    pub duplicate: bool,
    /// Two events that follow each other change places.
    pub reorder: bool,
    /// The signature's time is this many seconds in the past.
    pub stale_seconds: i64,
    /// Nothing is sent until this is taken back.
    pub hold: bool,
    /// Signed with a secret nobody has.
    pub wrong_secret: bool,
}

/// One try to deliver an event.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    pub event: String,
    pub kind: String,
    pub url: String,
    /// The answer's status; absent when nobody answered.
    pub status: Option<u16>,
}

/// An event on its way to one address.
#[derive(Clone)]
pub(super) struct Parcel {
    pub url: String,
    pub secret: String,
    pub event: Value,
}

#[derive(Default)]
pub(super) struct Desk {
    pub knobs: Mutex<DeliveryKnobs>,
    pub deliveries: Mutex<Vec<Delivery>>,
}

/// Starts the courier. It ends when the last sender is gone.
pub(super) fn open(ticker: Ticker, connect_to: Option<SocketAddr>) -> (Arc<Desk>, UnboundedSender<Parcel>) {
    let desk = Arc::new(Desk::default());
    let (send, parcels) = unbounded_channel();
    let round = Round {
        desk: desk.clone(),
        ticker,
        connect_to,
    };
    tokio::spawn(round.run(parcels));
    (desk, send)
}

#[derive(Clone)]
struct Round {
    desk: Arc<Desk>,
    ticker: Ticker,
    connect_to: Option<SocketAddr>,
}

impl Round {
    fn knobs(&self) -> DeliveryKnobs {
        self.desk.knobs.lock().unwrap().clone()
    }

    async fn run(self, mut parcels: UnboundedReceiver<Parcel>) {
        while let Some(parcel) = parcels.recv().await {
            while self.knobs().hold {
                if parcels.is_closed() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            if self.knobs().reorder {
                let window = Duration::from_millis(300);
                if let Ok(Some(later)) = tokio::time::timeout(window, parcels.recv()).await {
                    self.carry(later).await;
                }
            }
            self.carry(parcel).await;
        }
    }

    async fn carry(&self, parcel: Parcel) {
        let times = if self.knobs().duplicate { 2 } else { 1 };
        for _ in 0..times {
            if self.hand_over(&parcel).await {
                continue;
            }
            let (round, parcel) = (self.clone(), parcel.clone());
            tokio::spawn(async move {
                for wait_ms in RETRY_AFTER_MS {
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                    if round.hand_over(&parcel).await {
                        return;
                    }
                }
            });
        }
    }

    /// Sends once; true when it was accepted.
    async fn hand_over(&self, parcel: &Parcel) -> bool {
        let body = parcel.event.to_string();
        let knobs = self.knobs();
        let secret = if knobs.wrong_secret {
            "whsec_nobody"
        } else {
            &parcel.secret
        };
        let header = sign(secret, self.ticker.unix() - knobs.stale_seconds, &body);
        let sending = post(&parcel.url, self.connect_to, header, body);
        let status = match tokio::time::timeout(Duration::from_secs(10), sending).await {
            Ok(Ok(status)) => Some(status),
            _ => None,
        };
        let text = |field: &str| parcel.event[field].as_str().unwrap_or_default().to_owned();
        self.desk.deliveries.lock().unwrap().push(Delivery {
            event: text("id"),
            kind: text("type"),
            url: parcel.url.clone(),
            status,
        });
        status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// The `Stripe-Signature` of a body at a time.
#[must_use]
pub fn sign(secret: &str, at: i64, body: &str) -> String {
    // HMAC takes a key of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}

async fn post(url: &str, connect_to: Option<SocketAddr>, signature: String, body: String) -> anyhow::Result<u16> {
    let uri: Uri = url.parse()?;
    let host = uri.host().unwrap_or_default().to_owned();
    let port = uri.port_u16().unwrap_or(80);
    let stream = match connect_to {
        Some(addr) => tokio::net::TcpStream::connect(addr).await?,
        // Names below .localhost are this machine, whatever the resolver knows.
        None if host.ends_with("localhost") => tokio::net::TcpStream::connect(("127.0.0.1", port)).await?,
        None => tokio::net::TcpStream::connect((host.as_str(), port)).await?,
    };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let authority = uri.authority().map_or(host.as_str(), |authority| authority.as_str());
    let request = Request::post(uri.path_and_query().map_or("/", |target| target.as_str()))
        .header("host", authority)
        .header("content-type", "application/json; charset=utf-8")
        .header("user-agent", "Stripe/1.0 (simulated)")
        .header("stripe-signature", signature)
        .body(Full::new(Bytes::from(body)))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    // Reading to the end lets the other side finish its work undisturbed.
    let _ = axum::body::to_bytes(Body::new(answer.into_body()), 1 << 20).await;
    driver.abort();
    Ok(status)
}
