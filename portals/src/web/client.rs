//! Where a request comes from, for the login history and order records.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use tenancy::sign_in::Client;

use super::page::cookie;
use crate::app::App;

/// Address (proxies considered), User-Agent, and what this browser was given when somebody came in with it.
#[must_use]
pub fn client(headers: &HeaderMap) -> Client {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    Client {
        ip: text(CLIENT_IP),
        user_agent: text("user-agent"),
        device: device(headers).unwrap_or_default(),
    }
}

/// The same for a browser that may come in: one without a secret of its own has a new one, to be kept if it does.
#[must_use]
pub fn coming(app: &App, headers: &HeaderMap) -> Client {
    let mut client = client(headers);
    if client.device.is_empty() {
        client.device = app.tenancy().random().token(24);
    }
    client
}

fn device(headers: &HeaderMap) -> Option<String> {
    let fine = |value: &String| {
        (16..=100).contains(&value.len())
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    cookie(headers, "__Host-device")
        .or_else(|| cookie(headers, "device"))
        .filter(fine)
}

/// Marks an answer to a browser with which somebody came in: it keeps its secret for a year.
#[derive(Clone)]
pub struct Keep(String);

impl Keep {
    /// Marks the answer.
    #[must_use]
    pub fn on(mut response: Response, client: &Client) -> Response {
        response.extensions_mut().insert(Self(client.device.clone()));
        response
    }

    /// The cookie, where the visitor's own connection is TLS or not.
    #[must_use]
    pub fn cookie(&self, secure: bool) -> Option<HeaderValue> {
        let (name, flag) = if secure {
            ("__Host-device", "; Secure")
        } else {
            ("device", "")
        };
        let line = format!(
            "{name}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{flag}",
            self.0
        );
        HeaderValue::from_str(&line).ok().filter(|_| !self.0.is_empty())
    }
}

/// Header that [`hand_on`] writes, after removing whatever the client sent under that name.
pub const CLIENT_IP: &str = "x-client-ip";

/// Writes the client's address where handlers read it.
pub async fn hand_on(mut request: Request, next: Next) -> Response {
    let ip = request
        .extensions()
        .get::<platform::web::client::Client>()
        .map(|client| client.ip.to_string());
    request.headers_mut().remove(CLIENT_IP);
    if let Some(value) = ip.and_then(|ip| HeaderValue::from_str(&ip).ok()) {
        request.headers_mut().insert(CLIENT_IP, value);
    }
    next.run(request).await
}
