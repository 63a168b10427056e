//! One call: what is sent, and what came back.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::{Host, Url};

use super::address::Guard;
use super::resolve::BlockedAddress;
use super::{Outbound, OutboundError};

/// A request being put together.
#[must_use]
pub struct OutboundRequest {
    client: Client,
    /// The URL's verdict, kept until `send` so that building reads as one chain.
    checked: Result<(), OutboundError>,
    builder: RequestBuilder,
    max_bytes: usize,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct OutboundResponse {
    /// The status; also errors and redirects are answers.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl OutboundRequest {
    pub(super) fn new(outbound: &Outbound, method: Method, url: &str) -> Self {
        let config = &outbound.shared.config;
        Self {
            client: outbound.client.clone(),
            checked: check_url(url, &outbound.shared.guard),
            builder: outbound.client.request(method, url).timeout(config.timeout),
            max_bytes: config.max_bytes,
        }
    }

    fn change(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self {
            builder: change(self.builder),
            ..self
        }
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.change(|builder| builder.header(name, value))
    }

    /// Adds or replaces several headers.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.change(|builder| builder.headers(headers))
    }

    /// Signs in with a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.change(|builder| builder.bearer_auth(token))
    }

    /// Signs in with a user and a password.
    pub fn basic(self, user: &str, password: &str) -> Self {
        self.change(|builder| builder.basic_auth(user, Some(password)))
    }

    /// Adds query parameters.
    pub fn query<T: Serialize + ?Sized>(self, query: &T) -> Self {
        self.change(|builder| builder.query(query))
    }

    /// Sends `body` as JSON.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.change(|builder| builder.json(body))
    }

    /// Sends `body` as a form.
    pub fn form<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.change(|builder| builder.form(body))
    }

    /// Sends `body` as it is.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        self.change(|builder| builder.body(body))
    }

    /// Caps the time of the whole call.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|builder| builder.timeout(timeout))
    }

    /// Caps the size of the answer.
    pub fn max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }

    /// Sends the request and reads the answer.
    ///
    /// # Errors
    /// See [`OutboundError`]; an answer with an error status is an answer.
    pub async fn send(self) -> Result<OutboundResponse, OutboundError> {
        self.checked?;
        let request = self
            .builder
            .build()
            .map_err(|error| OutboundError::Invalid(chain(&error)))?;
        let response = self.client.execute(request).await.map_err(|error| classify(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response, self.max_bytes).await?;
        Ok(OutboundResponse { status, headers, body })
    }
}

impl OutboundResponse {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON of that shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// Judges the parsed URL and never its text, since `127.1` and `0x7f000001` are addresses too. Literal addresses are
/// judged here because no resolver sees them.
fn check_url(url: &str, guard: &Guard) -> Result<(), OutboundError> {
    let invalid = |why: &str| Err(OutboundError::Invalid(why.to_owned()));
    let Ok(url) = Url::parse(url) else {
        return invalid("not a URL");
    };
    if !matches!(url.scheme(), "https" | "http") {
        return invalid("only https and http are supported");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return invalid("the URL holds a user or password");
    }
    if url.fragment().is_some() {
        return invalid("the URL holds a fragment");
    }
    let literal = match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
        Some(Host::Domain(_)) => return Ok(()),
        None => return invalid("the URL has no host"),
    };
    if guard.permits(literal) {
        Ok(())
    } else {
        Err(OutboundError::Blocked)
    }
}

async fn read(mut response: Response, max_bytes: usize) -> Result<Bytes, OutboundError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > max_bytes {
            return Err(OutboundError::TooLarge(max_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn classify(error: &reqwest::Error) -> OutboundError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if current.is::<BlockedAddress>() {
            return OutboundError::Blocked;
        }
        cause = current.source();
    }
    if error.is_builder() {
        OutboundError::Invalid(chain(error))
    } else if error.is_connect() {
        OutboundError::Connect(chain(error))
    } else if error.is_timeout() {
        OutboundError::Timeout
    } else {
        OutboundError::Lost(chain(error))
    }
}

/// The last cause, which is the one that says something; without the URL, which may hold a secret.
fn chain(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    if std::ptr::addr_eq(last, error) {
        "the request failed".to_owned()
    } else {
        last.to_string()
    }
}
