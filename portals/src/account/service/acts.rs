//! Acts on a service: switched by operations, ways in made on click. Twice is once while the first is under way.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::ids::ServiceId;
use http::{HeaderValue, StatusCode, header};
use platform::views::{Context, Tone};
use provisioning::link;
use provisioning::panel::{Link, Power};
use serde::{Deserialize, Serialize};
use tenancy::extract::Member;
use tenancy::permission::UseServices;

use crate::app::App;
use crate::web::answer::{Html, internal, leave, mark, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// Something secret or short-lived, on a page of its own that nobody keeps.
#[derive(Clone, Debug, Serialize)]
pub struct WayIn {
    /// Key of the title.
    pub title_key: &'static str,
    /// Key of the text.
    pub text_key: &'static str,
    /// Name of the service.
    pub name: String,
    /// The service's page.
    pub back: String,
    /// An address to use.
    pub url: Option<String>,
    /// A password asked for there, or the root password.
    pub password: Option<String>,
    /// Where the panel itself is opened, which has the same.
    pub panel_path: Option<String>,
}

impl Context for WayIn {
    const TEMPLATE: &'static str = "account/way_in.html";
}

#[derive(Deserialize)]
pub(super) struct Switch {
    #[serde(default)]
    action: String,
}

/// Back to the service's page, with what came of it.
pub(super) async fn back<T>(
    app: &App,
    member: &Member<T>,
    asked: &Asked,
    (id, done): (ServiceId, &'static str),
    result: Result<(), BillingError>,
) -> Response {
    let (tone, key) = match result {
        Ok(()) => (Tone::Success, done),
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(BillingError::Conflict(code, why)) => {
            tracing::info!(code, why, service = %id, "an act was refused");
            (Tone::Danger, refusal(code))
        }
        Err(error) => return internal(error),
    };
    let page = page::live(app, member, asked);
    page::flash(&member.session, tone, app.say(&page, key, &[])).await;
    Redirect::to(&format!("/account/services/{id}")).into_response()
}

/// Plain words for a refusal; the panel's own words stay in the log.
fn refusal(code: &str) -> &'static str {
    match code {
        "suspended" => "service-error-suspended",
        "not_active" | "not_built" | "terminated" | "ended" => "service-error-not-running",
        "not_offered" => "service-error-not-offered",
        "panel_away" => "service-error-away",
        "not_cancellable" => "service-error-not-cancellable",
        _ => "service-error-refused",
    }
}

/// `POST /account/services/{id}/power`
pub(super) async fn power(
    State(app): State<App>,
    member: Member<UseServices>,
    asked: Asked,
    Path(id): Path<String>,
    Form(switch): Form<Switch>,
) -> Response {
    let Ok(id) = id.parse::<ServiceId>() else {
        return not_found();
    };
    let Some(power) = Power::parse(&switch.action) else {
        return mark(StatusCode::BAD_REQUEST, "bad_request");
    };
    let wanted = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        link::power(&mut tx, app.panels(), id, power).await?;
        Ok(tx.commit().await?)
    };
    let done = match power {
        Power::Start => "service-starts",
        Power::Restart => "service-restarts",
        Power::Shutdown | Power::Off => "service-stops",
    };
    back(&app, &member, &asked, (id, done), wanted.await).await
}

/// `POST /account/services/{id}/password`: a new one is set on the panel, then shown once.
pub(super) async fn password(
    State(app): State<App>,
    member: Member<UseServices>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<ServiceId>() else {
        return not_found();
    };
    let wanted = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        link::root_password(&mut tx, app.panels(), id).await?;
        Ok(tx.commit().await?)
    };
    back(&app, &member, &asked, (id, "service-password-wanted"), wanted.await).await
}

/// `POST /account/services/{id}/password/show`: once, audited, then it is not here any more.
pub(super) async fn show_password(
    State(app): State<App>,
    member: Member<UseServices>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<ServiceId>() else {
        return not_found();
    };
    let taken = async {
        let mut tx = app.tenancy().begin(&member.scope).await?;
        let taken = link::take_password(&mut tx, id).await?;
        let found = billing::service::find(&mut tx, id).await?;
        tx.commit().await?;
        Ok::<_, BillingError>((taken, found))
    };
    let (taken, found) = match taken.await {
        Ok((taken, Some(found))) => (taken, found),
        Ok((_, None)) | Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => return internal(error),
    };
    let context = WayIn {
        title_key: "way-password-title",
        text_key: if taken.is_some() {
            "way-password-text"
        } else {
            "way-password-gone"
        },
        name: found.label,
        back: format!("/account/services/{id}"),
        url: None,
        password: taken.map(|secret| secret.expose().clone()),
        panel_path: None,
    };
    unkept(&app, &member, &asked, &context).await
}

/// `POST /account/services/{id}/panel`
pub(super) async fn panel(
    State(app): State<App>,
    member: Member<UseServices>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<ServiceId>() else {
        return not_found();
    };
    let link = link::sign_in_link(&app.workshop(), &member.scope, id).await;
    enter(&app, &member, &asked, (id, "way-panel-title"), link).await
}

/// `POST /account/services/{id}/console`
pub(super) async fn console(
    State(app): State<App>,
    member: Member<UseServices>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<ServiceId>() else {
        return not_found();
    };
    let link = link::console_link(&app.workshop(), &member.scope, id).await;
    enter(&app, &member, &asked, (id, "way-console-title"), link).await
}

/// Leads to a link, or shows what is needed to use it.
async fn enter(
    app: &App,
    member: &Member<UseServices>,
    asked: &Asked,
    (id, title_key): (ServiceId, &'static str),
    link: Result<Link, BillingError>,
) -> Response {
    let link = match link {
        Ok(link) => link,
        Err(error) => return back(app, member, asked, (id, ""), Err(error)).await,
    };
    let in_browser = link.url.starts_with("https://") || link.url.starts_with("http://");
    if in_browser && link.password.is_none() {
        let page = page::account(app, member, asked, "services").await;
        return keep_nothing(leave(app, &page, &link.url));
    }
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let found = billing::service::find(&mut tx, id).await?;
        let offered = link::offered(&mut tx, app.panels(), id).await?;
        tx.commit().await?;
        Ok::<_, BillingError>((found, offered.contains(&provisioning::panel::Capability::SignInLink)))
    };
    let (found, panel) = match read.await {
        Ok((Some(found), panel)) => (found, panel),
        Ok((None, _)) => return not_found(),
        Err(error) => return internal(error),
    };
    let back = format!("/account/services/{id}");
    let context = WayIn {
        title_key,
        text_key: if in_browser {
            "way-console-text"
        } else {
            "way-console-client"
        },
        name: found.label,
        panel_path: (panel && !in_browser).then(|| format!("{back}/panel")),
        back,
        url: Some(link.url),
        password: link.password.map(|secret| secret.expose().clone()),
    };
    unkept(app, member, asked, &context).await
}

async fn unkept<P>(app: &App, member: &Member<P>, asked: &Asked, context: &WayIn) -> Response {
    let page = page::account(app, member, asked, "services").await;
    keep_nothing(Html::show(app, StatusCode::OK, context, &page))
}

fn keep_nothing(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
