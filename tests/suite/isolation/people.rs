//! A house with two tenants, people in both, and a way to ask as each of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tenancy::session::{self, TenantStore};
use tenancy::token::{self, NewToken};
use tenancy::user::User;
use tenancy::{AccountId, member, staff};
use tower_sessions::Session;

use crate::walk::shop::{Shop, text};

/// In every private word of the owner, and nowhere else.
pub const PRIVATE: &str = "zyxwart";
/// In what the owner sells: everybody on its own hosts may see it.
pub const SOLD: &str = "qwombat";

/// Somebody who asks.
#[derive(Clone)]
pub struct Person {
    pub name: &'static str,
    pub slug: &'static str,
    pub cookie: Option<String>,
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub allow: String,
    pub is_page: bool,
    pub rate_limit: String,
    pub body: String,
}

/// The owner is the tenant `demo`; `north` is a reseller below it.
pub struct House {
    pub shop: Shop,
    pub owner_staff: Person,
    pub owner_member: Person,
    pub gateway: String,
    client: reqwest::Client,
}

/// What is sent with a request.
#[derive(Clone, Debug)]
pub enum Sent {
    Json(Value),
    Form(Vec<(String, String)>),
}

impl House {
    /// A tenant whose every private name is unmistakable, with a running service, money and documents.
    pub async fn open() -> Self {
        let shop = Shop::open().await;
        let gateway = furnish(&shop).await;
        shop.world
            .create("north", Some("demo"), tenancy::Mode::Live)
            .await
            .expect("a reseller");
        let client = reqwest::Client::builder()
            // The server hangs up after a body it would not take: a connection of its own for each request.
            .pool_max_idle_per_host(0)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        let nobody = Person {
            name: "nobody",
            slug: "demo",
            cookie: None,
            token: None,
        };
        let mut house = Self {
            shop,
            owner_staff: nobody.clone(),
            owner_member: nobody,
            gateway,
            client,
        };
        house.owner_staff = house
            .staff("the owner's staff", "demo", "boss@zyxwart.test", &["*"])
            .await;
        let account = house.account("demo").await;
        house.owner_member = house
            .member("the owner's customer", "demo", "vera@zyxwart.test", account, &["*"])
            .await;
        house
    }

    /// The account that was furnished, or the oldest of a tenant; a fresh one where there is none.
    pub async fn account(&self, slug: &str) -> AccountId {
        let mut tx = self.shop.world.begin(slug).await;
        let oldest: Option<AccountId> =
            sqlx::query_scalar("SELECT id FROM accounts ORDER BY name NOT ILIKE '%zyxwart%', created_at, id LIMIT 1")
                .fetch_optional(tx.connection())
                .await
                .expect("accounts");
        drop(tx);
        match oldest {
            Some(id) => id,
            None => self.shop.world.account(slug, "Plain").await.id,
        }
    }

    pub async fn staff(&self, name: &'static str, slug: &'static str, email: &str, words: &[&str]) -> Person {
        let user = self.shop.world.user(slug, email, None).await;
        let mut tx = self.shop.world.begin(slug).await;
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        staff::grant(&mut tx, user.id, &words).await.expect("a grant");
        tx.commit().await.expect("a commit");
        self.person(name, slug, &user, NewToken::default()).await
    }

    pub async fn member(
        &self,
        name: &'static str,
        slug: &'static str,
        email: &str,
        account: AccountId,
        words: &[&str],
    ) -> Person {
        let user = self.shop.world.user(slug, email, None).await;
        let mut tx = self.shop.world.begin(slug).await;
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        tests::confirm(&mut tx, user.id).await;
        member::add(&mut tx, account, user.id, false, &words)
            .await
            .expect("a member");
        tx.commit().await.expect("a commit");
        let account = Some(account);
        let token = NewToken {
            account,
            ..NewToken::default()
        };
        self.person(name, slug, &user, token).await
    }

    async fn person(&self, name: &'static str, slug: &'static str, user: &User, new: NewToken) -> Person {
        let world = &self.shop.world;
        let mut tx = world.begin(slug).await;
        let (_, token) = token::create(&mut tx, user.id, &new).await.expect("a token");
        tx.commit().await.expect("a commit");
        let store = TenantStore::new(world.tenancy.clone(), world.visitor(slug));
        let session = Session::new(None, Arc::new(store), None);
        session::sign_in(&session, user, world.tenancy.now())
            .await
            .expect("signed in");
        session.save().await.expect("saved");
        Person {
            name,
            slug,
            cookie: session.id().map(|id| format!("sid={id}")),
            token: Some(token),
        }
    }

    /// One request: with the token below `/api/`, else with the session.
    pub async fn ask(&self, who: &Person, method: &str, path: &str, sent: Option<&Sent>) -> Answer {
        self.ask_on(&format!("{}.ezscale.localhost", who.slug), who, method, path, sent)
            .await
    }

    pub async fn ask_on(&self, host: &str, who: &Person, method: &str, path: &str, sent: Option<&Sent>) -> Answer {
        let request = self.request(host, who, method, path);
        let request = match sent {
            None => request,
            Some(Sent::Json(body)) => request.json(body),
            Some(Sent::Form(fields)) => request.form(fields),
        };
        answered(request.header("sec-fetch-site", "same-origin"), path).await
    }

    /// One request with exactly these headers and this body, on the person's own host.
    pub async fn send(
        &self,
        who: &Person,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = self.request(&format!("{}.ezscale.localhost", who.slug), who, method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answered(request.body(body), path).await
    }

    fn request(&self, host: &str, who: &Person, method: &str, path: &str) -> reqwest::RequestBuilder {
        let root = self.shop.base.trim_end_matches("/api/v1");
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let request = self
            .client
            .request(method, format!("{root}{path}"))
            .header(header::HOST, host);
        if path.starts_with("/api/") {
            match &who.token {
                Some(token) => request.bearer_auth(token),
                None => request,
            }
        } else {
            match &who.cookie {
                Some(cookie) => request.header(header::COOKIE, cookie),
                None => request,
            }
        }
    }

    /// A fingerprint of every table of a tenant, but for what asking itself writes.
    pub async fn tables(&self, slug: &str) -> BTreeMap<String, String> {
        let schema = self.shop.world.tenant(slug).schema.clone();
        let mut admin = self.shop.world.admin().await;
        let names: Vec<String> = sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1")
            .bind(&schema)
            .fetch_all(&mut admin)
            .await
            .expect("tables");
        let mut prints = BTreeMap::new();
        for name in names {
            // When a session or a token was seen last, and what was asked with which key.
            if ["sessions", "api_tokens", "idempotency"].contains(&name.as_str()) {
                continue;
            }
            let sql = format!(
                "SELECT count(*)::text || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {schema}.{name} t"
            );
            let print: String = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_one(&mut admin)
                .await
                .expect("a print");
            prints.insert(name, print);
        }
        assert!(prints.len() > 20);
        prints
    }
}

/// An order that became a running server, in words that give the owner away. Answers the gateway.
async fn furnish(shop: &Shop) -> String {
    let server = json!({ "panel": "virtfusion", "name": "zyxwart-vf", "base_url": shop.virtfusion.url(),
        "credentials": { "token": shop.virtfusion.token() }, "settings": { "hypervisor_group": 1 } });
    let server = shop.post("/servers", server).await;
    let gateway = json!({ "kind": "stripe", "name": "zyxwart-pay", "credentials": { "secret_key": "sk_test_1", "webhook_secret": "whsec_1" },
        "settings": { "api_base": shop.stripe.url() } });
    let gateway = shop.post("/gateways", gateway).await;
    let product = json!({ "name": "qwombat 9000", "kind": "vps", "server": server["id"],
        "panel_settings": { "package_id": 1, "ipv4": 1, "os_template": 1 } });
    let product = shop.post("/products", product).await;
    let plan = json!({ "product": product["id"], "name": "qwombat monthly", "cycle": { "unit": "month", "count": 1 }, "trial_days": 0,
        "prices": [{ "currency": "USD", "amount": "10.00", "setup": "0.00" }] });
    let plan = shop.post("/plans", plan).await;
    let account = json!({ "name": "Zyxwart Holding", "company": "zyxwart", "email": "bills@zyxwart.test", "country": "DE", "currency": "USD" });
    let account = text(&shop.post("/accounts", account).await, "id");
    let method = json!({ "gateway": gateway["id"], "token": "pm_card_visa" });
    let method = text(
        &shop.post(&format!("/accounts/{account}/payment_methods"), method).await,
        "id",
    );
    let order = json!({ "account": account, "payment_method": method, "coupons": [],
        "items": [{ "plan": plan["id"], "quantity": 1, "hostname": "one.zyxwart.test", "options": {} }] });
    let order = shop.post("/orders", order).await;
    let service = format!("/services/{}", order["services"][0].as_str().expect("a service"));
    shop.until(&service, |service| service["status"] == "active").await;
    let invoice = format!("/invoices/{}", text(&order, "invoice"));
    shop.until(&invoice, |invoice| invoice["payment_status"] == "paid")
        .await;
    text(&gateway, "id")
}

/// The answer. A token may ask 1,200 times a minute and the walks ask more often: they wait as they are told to.
async fn answered(request: reqwest::RequestBuilder, path: &str) -> Answer {
    for _ in 0..200 {
        let answer = asked(request.try_clone().expect("a body in memory"), path).await;
        if answer.status != 429 || !path.starts_with("/api/") {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    panic!("{path}: the rate limit never lets go");
}

/// A body beyond the limit may be cut off while it is sent: that is the refusal.
fn cut_off(request: Option<reqwest::Request>, path: &str, error: &reqwest::Error) -> Answer {
    let sent = request.and_then(|request| request.body().and_then(|body| body.as_bytes()).map(<[u8]>::len));
    assert!(sent.is_some_and(|bytes| bytes > 256 * 1024), "{path}: {error}");
    Answer {
        status: 413,
        location: String::new(),
        allow: String::new(),
        rate_limit: String::new(),
        is_page: false,
        body: String::new(),
    }
}

async fn asked(request: reqwest::RequestBuilder, path: &str) -> Answer {
    let same = request.try_clone().and_then(|request| request.build().ok());
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return cut_off(same, path, &error),
    };
    let text = |name: header::HeaderName| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let mut answer = Answer {
        status: response.status().as_u16(),
        location: text(header::LOCATION),
        allow: text(header::ALLOW),
        rate_limit: text(header::HeaderName::from_static("ratelimit")),
        is_page: text(header::CONTENT_TYPE).starts_with("text/html"),
        body: String::new(),
    };
    // A stream of events never ends: what comes at once is looked at.
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout(Duration::from_millis(700), response.chunk()).await {
        answer.body.push_str(&String::from_utf8_lossy(&chunk));
    }
    answer
}
