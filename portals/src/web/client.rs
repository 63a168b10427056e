//! Where a request comes from, for the login history and order records.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use tenancy::sign_in::Client;

/// Address (proxies considered) and User-Agent.
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
