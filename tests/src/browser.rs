//! Somebody with a browser: cookies kept, forms sent as a browser sends them, redirects looked at.

use std::sync::Mutex;

use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response, redirect};

/// A browser at one host.
pub struct Browser {
    client: Client,
    base: String,
    host: String,
    cookies: Mutex<Vec<(String, String)>>,
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    /// Status.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// Body.
    pub body: String,
}

impl Page {
    /// Whether the body has this text.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }
}

impl Browser {
    /// A browser that reaches `host` at `base`, such as `http://127.0.0.1:1234`.
    ///
    /// # Panics
    /// When no client can be built.
    #[must_use]
    pub fn new(base: &str, host: &str) -> Self {
        platform::tls::install_provider();
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            client,
            base: base.trim_end_matches("/api/v1").to_owned(),
            host: host.to_owned(),
            cookies: Mutex::default(),
        }
    }

    /// A request with this browser's cookies, to be sent.
    ///
    /// # Panics
    /// Never.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies = self.cookies.lock().expect("no panic before");
        let line: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.client
            .request(method, format!("{}{path}", self.base))
            .header("host", &self.host)
            .header("cookie", line.join("; "))
            .header("accept", "text/html,*/*;q=0.8")
    }

    /// Sends a request and keeps the cookies that come back.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: RequestBuilder) -> Response {
        let response = request.send().await.expect("an answer");
        let mut cookies = self.cookies.lock().expect("no panic before");
        for set in response.headers().get_all(SET_COOKIE) {
            let pair = set.to_str().expect("a cookie").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a name and a value");
            cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        drop(cookies);
        response
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Page {
        Self::read(self.send(self.request(Method::GET, path)).await).await
    }

    /// Posts a form from one of our own pages.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self
            .request(Method::POST, path)
            .header("sec-fetch-site", "same-origin")
            .form(fields);
        Self::read(self.send(request).await).await
    }

    /// Posts a form and opens where it leads.
    ///
    /// # Panics
    /// When the answer is no redirect.
    pub async fn follow(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.post(path, fields).await;
        let Some(location) = answer.location else {
            panic!(
                "POST {path} answered {} without a redirect: {}",
                answer.status, answer.body
            )
        };
        self.get(&location).await
    }

    /// Signs in.
    ///
    /// # Panics
    /// When the password is not taken.
    pub async fn sign_in(&self, email: &str, password: &str) {
        let answer = self.post("/sign-in", &[("email", email), ("password", password)]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
    }

    async fn read(response: Response) -> Page {
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|l| l.to_str().ok())
            .map(str::to_owned);
        let status = response.status().as_u16();
        let body = response.text().await.expect("a body");
        Page { status, location, body }
    }
}
