//! Somebody at a browser: a session, forms with the fields the page brought, redirects looked at and not followed.

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use tests::{PASSWORD, World};

use crate::walk::shop::Shop;

/// A browser on one host.
pub struct Browser {
    http: reqwest::Client,
    origin: String,
    host: String,
    cookie: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub headers: HeaderMap,
    pub html: String,
}

impl Answer {
    /// Whether the page shows these words.
    pub fn has(&self, words: &str) -> bool {
        self.html.contains(words)
    }

    /// The page as text without markup, white space squeezed.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in self.html.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                // Words put into sentences come wrapped in direction marks.
                '\u{2066}'..='\u{2069}' => {}
                c if !inside => text.push(c),
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The first link whose tag contains `mark`.
    pub fn link(&self, mark: &str) -> Option<String> {
        let tag = self
            .html
            .split("<a ")
            .skip(1)
            .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag))
            .find(|tag| tag.contains(mark))?;
        let path = tag.split_once("href=\"")?.1.split_once('"')?.0;
        Some(path.replace("&amp;", "&"))
    }
}

impl Browser {
    /// Nobody yet.
    pub fn new(shop: &Shop, host: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            http,
            origin: shop.base.trim_end_matches("/api/v1").to_owned(),
            host: host.to_owned(),
            cookie: String::new(),
        }
    }

    /// Staff of `slug` with these permissions, signed in.
    pub async fn staff(shop: &Shop, slug: &str, email: &str, permissions: &[&str]) -> Self {
        shop.world.user(slug, email, Some(PASSWORD)).await;
        grant(&shop.world, slug, email, permissions).await;
        let mut browser = Self::new(shop, &format!("{slug}.ezscale.localhost"));
        browser.sign_in(email).await;
        browser
    }

    /// Signs in by the form.
    pub async fn sign_in(&mut self, email: &str) {
        let answer = self
            .post(
                "/sign-in",
                &[("email", email), ("password", PASSWORD), ("next", "/admin")],
            )
            .await;
        assert_eq!(
            (answer.status, answer.location.as_str()),
            (303, "/admin"),
            "{}",
            answer.text()
        );
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.origin))).await
    }

    /// Asks for the table of a list alone, as the script does.
    pub async fn part(&mut self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.origin));
        self.send(request.header("hx-request", "true").header("hx-target", "div#table"))
            .await
    }

    /// Sends a form from a page of this host.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.http.post(format!("{}{path}", self.origin)).form(fields);
        self.send(request.header("origin", format!("http://{}", self.host)))
            .await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let request = request
            .header("host", &self.host)
            .header("accept", "text/html")
            .header("cookie", &self.cookie);
        let response = request.send().await.expect("an answer");
        let headers = response.headers().clone();
        if let Some(cookie) = headers.get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()) {
            cookie
                .split(';')
                .next()
                .unwrap_or_default()
                .clone_into(&mut self.cookie);
        }
        let status = response.status().as_u16();
        let html = response.text().await.expect("a body");
        Answer {
            status,
            location: headers
                .get(LOCATION)
                .and_then(|to| to.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            headers,
            html,
        }
    }
}

/// Makes a user staff with these permissions.
pub async fn grant(world: &World, slug: &str, email: &str, permissions: &[&str]) {
    let words: Vec<String> = permissions.iter().map(|&word| word.to_owned()).collect();
    let mut tx = world.begin(slug).await;
    let user = tenancy::user::find_by_email(&mut tx, email)
        .await
        .expect("the database answers")
        .expect("a user");
    tenancy::staff::grant(&mut tx, user.id, &words).await.expect("a grant");
    tx.commit().await.expect("a commit");
}
