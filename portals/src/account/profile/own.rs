//! Name, language, zone, colours, password, and where one signed in from.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::db::DbError;
use platform::texts::Locale;
use platform::views::{Context, Page, Tone};
use serde::{Deserialize, Serialize};
use tenancy::extract::Member;
use tenancy::permission::Any;
use tenancy::session;
use tenancy::sign_in::{self, SignIn};
use tenancy::user::{self, UserError};

use super::tabs;
use crate::app::App;
use crate::kit::parts::{Choice, FieldError, Tab};
use crate::web::answer::{Html, internal};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// Sign-ins shown.
const HISTORY: i64 = 10;

/// The page.
#[derive(Clone, Debug, Serialize)]
pub struct ProfilePage {
    /// Pages beside it.
    pub tabs: Vec<Tab>,
    /// As typed.
    pub name: String,
    /// Address; changed by support only.
    pub email: String,
    /// Whether the address is confirmed.
    pub verified: bool,
    /// As chosen.
    pub locale: String,
    /// Languages.
    pub locales: Vec<Choice>,
    /// As typed.
    pub timezone: String,
    /// Zones to choose from.
    pub zones: Vec<Choice>,
    /// As chosen.
    pub theme: String,
    /// Colours.
    pub themes: Vec<Choice>,
    /// What is wrong with the details.
    pub errors: Vec<FieldError>,
    /// What is wrong with the password.
    pub password_errors: Vec<FieldError>,
    /// Newest sign-ins.
    pub sign_ins: Vec<Seen>,
}

impl Context for ProfilePage {
    const TEMPLATE: &'static str = "account/profile.html";
}

/// A sign-in.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// When.
    pub at: chrono::DateTime<chrono::Utc>,
    /// From where.
    pub ip: String,
    /// With what.
    pub browser: String,
    /// Whether it was let in.
    pub ok: bool,
}

#[derive(Clone, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    timezone: String,
    #[serde(default)]
    theme: String,
}

#[derive(Deserialize)]
pub(super) struct Passwords {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
}

/// `GET /account/profile`
pub(super) async fn show(State(app): State<App>, member: Member<Any>, asked: Asked) -> Response {
    let user = &member.user;
    let fields = Fields {
        name: user.name.clone(),
        locale: user.locale.clone(),
        timezone: user.timezone.clone().unwrap_or_default(),
        theme: user.theme.clone(),
    };
    draw(&app, &member, &asked, fields, (Vec::new(), Vec::new())).await
}

async fn draw(
    app: &App,
    member: &Member<Any>,
    asked: &Asked,
    fields: Fields,
    (errors, password_errors): (Vec<FieldError>, Vec<FieldError>),
) -> Response {
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let history = sign_in::history(&mut tx, member.user.id, HISTORY).await?;
        tx.commit().await?;
        Ok::<_, DbError>(history)
    };
    let history = match read.await {
        Ok(history) => history,
        Err(error) => return internal(error),
    };
    let page = page::account(app, member, asked, "profile").await;
    let status = if errors.is_empty() && password_errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let choice = |value: &str, key: &str| Choice {
        value: value.to_owned(),
        label: app.say(&page, key, &[]),
    };
    let languages = app
        .views()
        .texts()
        .languages()
        .map(|tag| choice(tag, &format!("language-{tag}")));
    let context = ProfilePage {
        tabs: tabs(app, &page, member, "/account/profile"),
        name: fields.name,
        email: member.user.email.clone(),
        verified: member.user.verified_at.is_some(),
        locale: fields.locale,
        locales: languages.collect(),
        timezone: fields.timezone,
        zones: zones(),
        theme: fields.theme,
        themes: ["auto", "light", "dark"]
            .map(|theme| choice(theme, &format!("profile-theme-{theme}")))
            .to_vec(),
        errors,
        password_errors,
        sign_ins: history.into_iter().map(seen).collect(),
    };
    Html::show(app, status, &context, &page)
}

/// Zones by place, as people look for them.
fn zones() -> Vec<Choice> {
    let regions = [
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ];
    let placed = |name: &&str| {
        name.split_once('/')
            .is_some_and(|(region, _)| regions.contains(&region))
    };
    let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).filter(placed);
    std::iter::once("UTC")
        .chain(names)
        .map(|name| Choice {
            value: name.to_owned(),
            label: name.replace('_', " "),
        })
        .collect()
}

fn seen(entry: SignIn) -> Seen {
    Seen {
        at: entry.at,
        ip: entry.ip.unwrap_or_default(),
        browser: browser(entry.user_agent.as_deref().unwrap_or_default()),
        ok: entry.outcome == "ok",
    }
}

/// Name and system out of what a browser says of itself, which is longer than anybody reads.
pub(crate) fn browser(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|k| k.1);
    let name = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

fn wrong(app: &App, page: &Page, field: &str, key: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        message: app.say(page, key, &[]),
    }
}

/// `POST /account/profile`
pub(super) async fn save(
    State(app): State<App>,
    member: Member<Any>,
    asked: Asked,
    Form(fields): Form<Fields>,
) -> Response {
    let page = page::live(&app, &member, &asked);
    let mut errors = Vec::new();
    if user::check_name(&fields.name).is_err() {
        errors.push(wrong(&app, &page, "name", "profile-error-name"));
    }
    let language = app.views().texts().languages().any(|tag| tag == fields.locale);
    if !language {
        errors.push(wrong(&app, &page, "locale", "profile-error-locale"));
    }
    let zone = fields.timezone.trim();
    if !zone.is_empty() && zone.parse::<chrono_tz::Tz>().is_err() {
        errors.push(wrong(&app, &page, "timezone", "profile-error-timezone"));
    }
    if !errors.is_empty() {
        return draw(&app, &member, &asked, fields, (errors, Vec::new())).await;
    }
    let save = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        let zone = Some(zone).filter(|zone| !zone.is_empty());
        user::update(&mut tx, member.user.id, &fields.name, &fields.locale, zone).await?;
        user::set_theme(&mut tx, member.user.id, &fields.theme).await?;
        tx.commit().await?;
        Ok::<_, UserError>(())
    };
    if let Err(error) = save.await {
        return internal(error);
    }
    // Said in the language that was just chosen.
    let mut page = page;
    if let Ok(locale) = Locale::parse(&fields.locale) {
        page.locale = locale;
    }
    page::flash(&member.session, Tone::Success, app.say(&page, "profile-saved", &[])).await;
    Redirect::to("/account/profile").into_response()
}

/// `POST /account/profile/password`: every other session of this person ends.
pub(super) async fn password(
    State(app): State<App>,
    member: Member<Any>,
    asked: Asked,
    Form(fields): Form<Passwords>,
) -> Response {
    let page = page::live(&app, &member, &asked);
    let change = async {
        let own = member.user.id;
        user::change_password(app.tenancy(), &member.scope, own, &fields.current, &fields.new).await?;
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let fresh = user::find(&mut tx, member.user.id).await?;
        tx.commit().await?;
        Ok::<_, UserError>(fresh)
    };
    let wrong = match change.await {
        Ok(Some(fresh)) => {
            // This one goes on, under a new id.
            if let Err(error) = session::sign_in(&member.session, &fresh, app.tenancy().now()).await {
                return internal(error);
            }
            let done = app.say(&page, "profile-password-changed", &[]);
            page::flash(&member.session, Tone::Success, done).await;
            return Redirect::to("/account/profile").into_response();
        }
        Ok(None) => return internal("the user is gone"),
        Err(UserError::WrongPassword) => wrong(&app, &page, "current", "profile-error-current"),
        Err(UserError::BadPassword) => wrong(&app, &page, "new", "profile-error-new"),
        Err(error) => return internal(error),
    };
    let user = &member.user;
    let own = Fields {
        name: user.name.clone(),
        locale: user.locale.clone(),
        timezone: user.timezone.clone().unwrap_or_default(),
        theme: user.theme.clone(),
    };
    draw(&app, &member, &asked, own, (Vec::new(), vec![wrong])).await
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_named_shortly() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        for (agent, name) in [
            (chrome, "Chrome, Linux"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1",
                "Safari, iOS",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; rv:144.0) Gecko/20100101 Firefox/144.0",
                "Firefox, Windows",
            ),
            ("curl/8.5.0", "curl"),
            ("something else", "something else"),
            ("", ""),
        ] {
            assert_eq!(browser(agent), name);
        }
    }
}
