//! Ending a service: as easy as buying one, at the end of what is paid, taken back until then.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::ids::ServiceId;
use billing::service::{self, Service};
use billing::subscription::{self, Subscription};
use chrono::NaiveDate;
use http::StatusCode;
use platform::views::Context;
use serde::{Deserialize, Serialize};
use tenancy::extract::Member;
use tenancy::permission::ManageServices;

use super::acts::back;
use crate::app::App;
use crate::kit::parts::Crumb;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// Asks first: what ends, when, and what is lost.
#[derive(Clone, Debug, Serialize)]
pub struct CancelPage {
    /// The service's page.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub crumbs: Vec<Crumb>,
    /// First day not served.
    pub ends_on: NaiveDate,
    /// Addresses that are given up.
    pub addresses: Vec<String>,
    /// As typed.
    pub reason: String,
    /// Key of what is wrong with it.
    pub error_key: Option<&'static str>,
}

impl Context for CancelPage {
    const TEMPLATE: &'static str = "account/cancel.html";
}

#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    reason: String,
}

/// Longest reason that is kept.
const LONGEST: usize = 1000;

async fn read(
    app: &App,
    member: &Member<ManageServices>,
    id: ServiceId,
) -> Result<Option<(Service, Subscription, NaiveDate)>, BillingError> {
    let mut tx = app.tenancy().begin_read(&member.scope).await?;
    let found = service::find(&mut tx, id)
        .await?
        .filter(|s| s.account_id == member.account);
    let Some(found) = found else { return Ok(None) };
    let subscription = subscription::find(&mut tx, found.subscription_id).await?;
    let today = tx.today();
    tx.commit().await?;
    Ok(subscription.map(|subscription| (found, subscription, today)))
}

/// `GET /account/services/{id}/cancel`
pub(super) async fn show(
    State(app): State<App>,
    member: Member<ManageServices>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<ServiceId>() else {
        return not_found();
    };
    ask(&app, &member, &asked, id, (StatusCode::OK, String::new(), None)).await
}

async fn ask(
    app: &App,
    member: &Member<ManageServices>,
    asked: &Asked,
    id: ServiceId,
    (status, reason, error_key): (StatusCode, String, Option<&'static str>),
) -> Response {
    let (found, subscription, today) = match read(app, member, id).await {
        Ok(Some(read)) => read,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let path = format!("/account/services/{id}");
    let ends_on = subscription.ends_on(today).filter(|_| subscription.cancel_on.is_none());
    let Some(ends_on) = ends_on.filter(|_| found.status != "terminated") else {
        return Redirect::to(&path).into_response();
    };
    let page = page::account(app, member, asked, "services").await;
    let crumb = |label: String, path: Option<String>| Crumb { label, path };
    let context = CancelPage {
        crumbs: vec![
            crumb(app.say(&page, "menu-services", &[]), Some("/account/services".into())),
            crumb(found.label.clone(), Some(path.clone())),
            crumb(app.say(&page, "service-cancel", &[]), None),
        ],
        name: found.label,
        path,
        ends_on,
        addresses: found.ip_addresses,
        reason,
        error_key,
    };
    Html::show(app, status, &context, &page)
}

/// `POST /account/services/{id}/cancel`
pub(super) async fn submit(
    State(app): State<App>,
    member: Member<ManageServices>,
    asked: Asked,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    let Ok(id) = id.parse::<ServiceId>() else {
        return not_found();
    };
    if fields.reason.chars().count() > LONGEST {
        let wrong = (
            StatusCode::UNPROCESSABLE_ENTITY,
            fields.reason,
            Some("cancel-error-long"),
        );
        return ask(&app, &member, &asked, id, wrong).await;
    }
    let done = change(&app, &member, id, Some(fields.reason.trim())).await;
    back(&app, &member, &asked, (id, "service-cancelled"), done).await
}

/// `POST /account/services/{id}/keep`
pub(super) async fn keep(
    State(app): State<App>,
    member: Member<ManageServices>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<ServiceId>() else {
        return not_found();
    };
    let done = change(&app, &member, id, None).await;
    back(&app, &member, &asked, (id, "service-kept"), done).await
}

/// Cancels for a reason, or takes it back.
async fn change(
    app: &App,
    member: &Member<ManageServices>,
    id: ServiceId,
    reason: Option<&str>,
) -> Result<(), BillingError> {
    let mut tx = app.tenancy().begin(&member.scope).await?;
    let own = service::find(&mut tx, id)
        .await?
        .is_some_and(|s| s.account_id == member.account);
    if !own {
        return Err(BillingError::NotFound("service"));
    }
    match reason {
        Some(reason) => {
            subscription::cancel(&mut tx, id, reason).await?;
        }
        None => subscription::withdraw(&mut tx, id).await?,
    }
    Ok(tx.commit().await?)
}
