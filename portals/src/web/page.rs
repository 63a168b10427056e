//! The one [`Page`] value every template gets, from who asks and where.

use axum::extract::Request;
use chrono::Utc;
use chrono_tz::Tz;
use http::{HeaderMap, StatusCode, header};
use platform::texts::Wishes;
use platform::views::{Banner, Brand, Flash, Page, Person, Theme, Tone};
use serde::Serialize;
use tenancy::extract::{Member, Staff, Visitor};
use tenancy::user::User;
use tenancy::{HostRoute, Portal, Tenant};
use tower_sessions::Session;

use super::menu;
use crate::app::App;

/// What a request says about how its page should look.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    path: String,
    theme: Theme,
    language: Option<String>,
    accept_language: Option<String>,
    route: Option<HostRoute>,
    request_id: Option<String>,
}

impl Asked {
    /// Reads path, cookies and language of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let parts = (
            request.uri(),
            request.headers(),
            request.extensions().get::<HostRoute>(),
        );
        Self::read(parts.0.path_and_query().map_or("/", |p| p.as_str()), parts.1, parts.2)
    }

    /// Prefix of links that lead to another portal of the tenant.
    #[must_use]
    pub fn hop(&self) -> &'static str {
        hop(self.route.as_ref())
    }

    fn read(path: &str, headers: &HeaderMap, route: Option<&HostRoute>) -> Self {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &http::HeaderValue| value.to_str().ok())
                .map(str::to_owned)
        };
        Self {
            path: path.to_owned(),
            theme: cookie(headers, "theme").as_deref().map_or(Theme::Auto, Theme::named),
            language: cookie(headers, "lang"),
            accept_language: text(header::ACCEPT_LANGUAGE),
            route: route.cloned(),
            request_id: headers
                .get("x-request-id")
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned),
        }
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
        Ok(Self::read(path, &parts.headers, parts.extensions.get::<HostRoute>()))
    }
}

/// One cookie of the request.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// A page of the public site.
pub async fn site(app: &App, visitor: &Visitor, asked: &Asked, nav: &'static str) -> Page {
    let tenant = visitor.scope.tenant();
    let mut page = base(app, tenant, visitor.user.as_ref(), asked, "site");
    page.nav = nav;
    page.menu = menu::site(&visitor.route);
    page.flash = take_flash(&visitor.session).await;
    page
}

/// A page of the customers' portal.
pub async fn account<P>(app: &App, member: &Member<P>, asked: &Asked, nav: &'static str) -> Page {
    let mut page = base(app, member.scope.tenant(), Some(&member.user), asked, "account");
    page.nav = nav;
    page.menu = menu::account(&member.rights);
    page.flash = take_flash(&member.session).await;
    page
}

/// The same for a part that is drawn again: messages carried over a redirect are left to the page.
pub fn live<P>(app: &App, member: &Member<P>, asked: &Asked) -> Page {
    let mut page = base(app, member.scope.tenant(), Some(&member.user), asked, "account");
    page.menu = menu::account(&member.rights);
    page
}

/// A page of the staff portal.
pub async fn admin<P>(app: &App, staff: &Staff<P>, asked: &Asked, nav: &'static str) -> Page {
    let mut page = base(app, staff.scope.tenant(), Some(&staff.user), asked, "admin");
    page.nav = nav;
    page.menu = menu::admin(app, staff).await;
    page.flash = take_flash(&staff.session).await;
    if let Some(looking) = &staff.looking {
        // The chrome stays that of the own tenant: nobody should mistake whose staff they are.
        let terms = app.say(&page, "site-terms", &[]);
        page.brand = brand(app, staff.home.tenant(), terms);
        let until = looking.until().with_timezone(&page.zone).format("%H:%M %Z").to_string();
        let name = staff.scope.tenant().name.as_str();
        let text = app.say(&page, "look-banner", &[("tenant", name), ("until", &until)]);
        page.banner = Some(Banner {
            text,
            leave: Some(("/admin/tenants/leave".into(), app.say(&page, "look-leave", &[]))),
        });
    }
    page
}

fn base(app: &App, tenant: &Tenant, user: Option<&User>, asked: &Asked, portal: &'static str) -> Page {
    let wishes = Wishes {
        profile: user.map(|user| user.locale.as_str()),
        cookie: asked.language.as_deref(),
        accept_language: asked.accept_language.as_deref(),
        tenant: Some(&tenant.locale),
    };
    let locale = app.views().texts().negotiate(&wishes);
    let terms = app.views().texts().say(&locale, None, "site-terms", &[]);
    let zone: Tz = user
        .and_then(|user| user.timezone.as_deref())
        .and_then(|zone| zone.parse().ok())
        .unwrap_or(tenant.timezone);
    let named = user.map_or(Theme::Auto, |user| Theme::named(&user.theme));
    Page {
        brand: brand(app, tenant, terms),
        dir: locale.direction(),
        locale,
        theme: if asked.theme == Theme::Auto { named } else { asked.theme },
        portal,
        user: user.map(|user| Person::new(&user.name, &user.email)),
        nav: "",
        menu: Vec::new(),
        flash: Vec::new(),
        path: asked.path.clone(),
        hop: hop(asked.route.as_ref()),
        banner: None,
        zone,
        now: app.tenancy().now() + tenant.clock_offset,
        words: None,
    }
}

/// Prefix of links that lead to another portal: a host of one portal hands the sign-in over.
fn hop(route: Option<&HostRoute>) -> &'static str {
    match route.map(|route| route.portal) {
        None | Some(Portal::All) => "",
        Some(_) => "/go",
    }
}

fn brand(app: &App, tenant: &Tenant, terms: String) -> Brand {
    let legal = Some(tenant.settings.terms_url.clone()).filter(|url| !url.is_empty());
    Brand {
        name: tenant.name.clone(),
        logo: tenant.brand.logo.clone(),
        logo_dark: None,
        theme_path: app.sheets().of(&tenant.brand).path(),
        support_email: Some(tenant.settings.support_email.clone()).filter(|s| !s.is_empty()),
        legal: legal.into_iter().map(|url| (terms.clone(), url)).collect(),
    }
}

/// A page without a portal's menu: sign-in and the like.
pub async fn plain(app: &App, visitor: &Visitor, asked: &Asked) -> Page {
    let mut page = base(app, visitor.scope.tenant(), visitor.user.as_ref(), asked, "site");
    page.flash = take_flash(&visitor.session).await;
    page
}

/// A page as the receiver of a mail or document would have it.
pub fn for_reader(app: &App, tenant: &Tenant, locale: &str) -> Page {
    let asked = Asked {
        language: Some(locale.to_owned()),
        ..Asked::default()
    };
    base(app, tenant, None, &asked, "site")
}

#[derive(Serialize)]
struct ErrorContext<'a> {
    status: u16,
    title: String,
    text: String,
    request_id: Option<&'a str>,
    action_label: Option<String>,
    action_path: Option<&'static str>,
}

/// The error page of a tenant, or none where there is no tenant to show.
#[must_use]
pub fn error(app: &App, asked: &Asked, status: StatusCode, code: &str) -> Option<String> {
    let tenant = &asked.route.as_ref()?.tenant;
    let page = base(app, tenant, None, asked, "site");
    let known = ["forbidden", "suspended", "not_found", "stale", "too_many"];
    let word = match code {
        code if known.contains(&code) => code,
        _ if status == StatusCode::NOT_FOUND => "not_found",
        _ if status == StatusCode::FORBIDDEN => "forbidden",
        _ if status == StatusCode::TOO_MANY_REQUESTS => "too_many",
        _ if status.is_client_error() => "bad_request",
        _ => "broken",
    };
    let key = word.replace('_', "-");
    let context = ErrorContext {
        status: status.as_u16(),
        title: app.say(&page, &format!("error-{key}-title"), &[]),
        text: app.say(&page, &format!("error-{key}-text"), &[]),
        request_id: asked.request_id.as_deref(),
        action_label: Some(app.say(&page, "error-home", &[])),
        action_path: Some("/"),
    };
    app.views().render("layouts/error.html", &context, &page).ok()
}

const FLASH: &str = "flash";

/// Carries a message over the redirect that follows.
pub async fn flash(session: &Session, tone: Tone, text: String) {
    let mut waiting: Vec<Flash> = session.get(FLASH).await.ok().flatten().unwrap_or_default();
    waiting.push(Flash { tone, text });
    if let Err(error) = session.insert(FLASH, waiting).await {
        tracing::warn!(%error, "a message could not be carried over");
    }
}

async fn take_flash(session: &Session) -> Vec<Flash> {
    // Looking first keeps a read from becoming a write on every page.
    match session.get::<Vec<Flash>>(FLASH).await {
        Ok(Some(_)) => session.remove(FLASH).await.ok().flatten().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The real time, for pages without a tenant's clock.
#[must_use]
pub fn now(app: &App) -> chrono::DateTime<Utc> {
    app.tenancy().now()
}
