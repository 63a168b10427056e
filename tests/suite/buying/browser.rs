//! A browser without scripts: one cookie jar, forms with the fields of the page they stand on.

use std::sync::Mutex;

use crate::walk::shop::Shop;

/// An answer, with what a test looks at.
pub struct Seen {
    pub status: u16,
    pub location: String,
    pub body: String,
}

impl Seen {
    /// Where a redirect leads.
    pub fn leads_to(&self, path: &str) -> bool {
        self.status == 303 && self.location.starts_with(path)
    }

    /// The value of the first hidden (or other) input of this name.
    pub fn input(&self, name: &str) -> String {
        let at = self
            .body
            .find(&format!("name=\"{name}\""))
            .unwrap_or_else(|| panic!("no field {name}"));
        let tag = &self.body[at..];
        let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
        let value = tag.split("value=\"").nth(1).unwrap_or_default();
        value.split('"').next().unwrap_or_default().to_owned()
    }

    /// The path segment after `before`, up to the next quote or slash.
    pub fn after(&self, before: &str) -> String {
        let rest = self
            .body
            .split(before)
            .nth(1)
            .unwrap_or_else(|| panic!("no {before} in the page"));
        rest.split(['"', '/', '?', '&']).next().unwrap_or_default().to_owned()
    }
}

/// Somebody with a browser.
pub struct Browser<'a> {
    shop: &'a Shop,
    host: &'static str,
    http: reqwest::Client,
    cookie: Mutex<Option<String>>,
}

impl<'a> Browser<'a> {
    pub fn new(shop: &'a Shop) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            shop,
            host: "demo.ezscale.localhost",
            http,
            cookie: Mutex::new(None),
        }
    }

    /// The same browser, another window: what was in the jar a moment ago.
    pub fn twin(&self) -> Self {
        let twin = Self::new(self.shop);
        *twin.cookie.lock().expect("a jar") = self.cookie.lock().expect("a jar").clone();
        twin
    }

    /// Forgets who it is.
    pub fn forget(&self) {
        *self.cookie.lock().expect("a jar") = None;
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Seen {
        let cookie = self.cookie.lock().expect("a jar").clone();
        let mut request = request
            .header("host", self.host)
            .header("origin", format!("http://{}", self.host))
            .header("accept", "text/html");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.expect("an answer");
        for value in answer.headers().get_all("set-cookie") {
            let text = value.to_str().expect("a cookie");
            let pair = text.split(';').next().unwrap_or_default();
            if pair.starts_with("sid=") {
                *self.cookie.lock().expect("a jar") = Some(pair.to_owned());
            }
        }
        let location = answer.headers().get("location").and_then(|v| v.to_str().ok());
        Seen {
            status: answer.status().as_u16(),
            location: location.unwrap_or_default().to_owned(),
            body: answer.text().await.expect("a body"),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.shop.base.trim_end_matches("/api/v1"))
    }

    pub async fn get(&self, path: &str) -> Seen {
        self.send(self.http.get(self.url(path))).await
    }

    /// A page that must be there.
    pub async fn page(&self, path: &str) -> Seen {
        let seen = self.get(path).await;
        assert_eq!(seen.status, 200, "GET {path}: {} {}", seen.location, seen.body);
        seen
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        self.send(self.http.post(self.url(path)).form(fields)).await
    }

    /// Puts a plan into the cart as its form does.
    pub async fn choose(&self, slug: &str, plan: &str, hostname: &str, more: &[(&str, &str)]) -> Seen {
        self.page(&format!("/order/{slug}")).await;
        let mut fields = vec![
            ("product", slug),
            ("plan", plan),
            ("hostname", hostname),
            ("quantity", "1"),
        ];
        fields.extend(more);
        self.post(&format!("/order/{slug}"), &fields).await
    }

    /// The checkout as a new customer fills it in.
    pub async fn checkout(&self, email: &str) -> Checkout {
        let page = self.page("/checkout").await;
        Checkout::new(&page, email)
    }

    /// Chooses on the gateway's own page, and is led back.
    pub async fn pay(&self, page: &str, choice: &str) {
        let answer = self.http.post(page).form(&[("choice", choice)]).send().await;
        let status = answer.expect("the gateway's page").status().as_u16();
        assert_eq!(status, 303, "the gateway leads back");
    }

    pub async fn submit(&self, form: &Checkout) -> Seen {
        let fields: Vec<(&str, &str)> = form.0.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        self.post("/checkout", &fields).await
    }
}

/// The checkout's form, filled in.
#[derive(Clone)]
pub struct Checkout(Vec<(String, String)>);

pub const PASSWORD: &str = "a long enough sentence";

impl Checkout {
    pub fn new(page: &Seen, email: &str) -> Self {
        let pay = if page.body.contains("name=\"pay\"") {
            page.input("pay")
        } else {
            String::new()
        };
        let fields = [
            ("key", page.input("key").as_str()),
            ("expect", page.input("expect").as_str()),
            ("identity", "new"),
            ("email", email),
            ("name", "Ana Reis"),
            ("new_password", PASSWORD),
            ("country", "PT"),
            ("address1", "Rua Direita 1"),
            ("city", "Porto"),
            ("postcode", "4000-001"),
            ("pay", pay.as_str()),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self(fields.to_vec())
    }

    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.0.retain(|(known, _)| known != key);
        self.0.push((key.to_owned(), value.to_owned()));
        self
    }
}
