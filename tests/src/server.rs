//! A router on a port of its own, asked under any host name.

use std::net::SocketAddr;

use platform::task::Shutdown;
use reqwest::{Method, RequestBuilder, redirect};

/// Serves until it is dropped.
pub struct Server {
    address: SocketAddr,
    client: reqwest::Client,
    shutdown: Shutdown,
}

impl Server {
    /// Serves `router` on a free local port.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(router: axum::Router) -> Self {
        platform::tls::install_provider();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port's number");
        let shutdown = Shutdown::new();
        let stop = shutdown.clone();
        tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service)
                .with_graceful_shutdown(async move { stop.wait().await })
                .await
        });
        // Redirects are answers to look at, and each test keeps its own cookies.
        let client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            address,
            client,
            shutdown,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A request for `path` on `host`, to be sent.
    pub fn request(&self, method: Method, host: &str, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
            .header("host", host)
    }

    /// Asks for a page.
    pub fn get(&self, host: &str, path: &str) -> RequestBuilder {
        self.request(Method::GET, host, path)
    }

    /// Sends something.
    pub fn post(&self, host: &str, path: &str) -> RequestBuilder {
        self.request(Method::POST, host, path)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}
