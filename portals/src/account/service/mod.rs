//! A service's page, and what its customer does with it.

mod activity;
mod acts;
mod cancel;
mod draw;
mod facts;
mod traffic;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use billing::BillingError;
use billing::ids::ServiceId;
use http::StatusCode;
use platform::views::Page;
use provisioning::panel::Capability;
use serde::Deserialize;
use tenancy::extract::Member;
use tenancy::permission::{Permissions, UseServices};
use tenancy::{AccountId, TenantScope, TenantTx};

pub use acts::WayIn;
pub use cancel::CancelPage;
pub use draw::{period_key, picture};
use facts::{Facts, Span};

use crate::app::App;
use crate::live::topic::Part;
use crate::web::answer::{Html, internal, not_found};
use crate::web::page::{self, Asked};

/// The routes of a service.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/account/services/{id}", get(show))
        .route("/account/services/{id}/power", post(acts::power))
        .route("/account/services/{id}/console", post(acts::console))
        .route("/account/services/{id}/panel", post(acts::panel))
        .route("/account/services/{id}/password", post(acts::password))
        .route("/account/services/{id}/password/show", post(acts::show_password))
        .route("/account/services/{id}/cancel", get(cancel::show).post(cancel::submit))
        .route("/account/services/{id}/keep", post(cancel::keep))
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    range: String,
}

/// `GET /account/services/{id}`
async fn show(
    State(app): State<App>,
    member: Member<UseServices>,
    asked: Asked,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Response {
    let Ok(id) = id.parse::<ServiceId>() else {
        return not_found();
    };
    let span = Span::parse(&wish.range);
    let read = async {
        let mut tx = app.tenancy().begin_read(&member.scope).await?;
        let facts = facts::read(&app, &mut tx, (member.account, id), span).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(facts)
    };
    let facts = match read.await {
        Ok(Some(facts)) => facts,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    look(&app, &member.scope, &facts);
    let page = page::account(&app, &member, &asked, "services").await;
    match draw::context(&app, &page, &member.rights, &facts, span) {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &page),
        Err(error) => internal(error),
    }
}

/// The parts of the page that change; none when it is not this account's.
///
/// # Errors
/// When the database refuses.
pub async fn live(
    app: &App,
    tx: &mut TenantTx,
    (account, id): (AccountId, ServiceId),
    (page, rights): (&Page, &Permissions),
) -> Result<Option<Vec<Part>>, BillingError> {
    let Some(facts) = facts::read(app, tx, (account, id), Span::default()).await? else {
        return Ok(None);
    };
    look(app, tx.scope(), &facts);
    let context = draw::context(app, page, rights, &facts, Span::default())?;
    let part = |target: &'static str, block: &str| {
        let html = app.draw(block, &context, page)?;
        Ok::<_, BillingError>(Part { target, html })
    };
    let mut parts = vec![part("live", "live")?, part("activity", "activity")?];
    if context.password.is_some() || !context.access.is_empty() {
        parts.push(part("access", "access")?);
    }
    Ok(Some(parts))
}

/// Asks the panel in the background when what is known of it is old, or something was done to it since.
/// Nobody waits: the answer is news.
fn look(app: &App, scope: &TenantScope, facts: &Facts) {
    let service = &facts.service;
    if !["active", "suspended"].contains(&service.status.as_str()) || service.panel_ref.is_none() {
        return;
    }
    // A panel takes a while to become what it was told: soon after an act it is asked more often.
    let done = facts.operations.iter().filter_map(|o| o.finished_at).max();
    let fresh = done.is_some_and(|at| facts.now - at < chrono::TimeDelta::minutes(1));
    let keeps = chrono::TimeDelta::seconds(if fresh { 8 } else { 60 });
    let old = facts.seen.at.is_none_or(|at| facts.now - at > keeps);
    if old || done > facts.seen.at {
        app.live().look(app, scope, (service.id, "state"));
    }
    let counted = facts.traffic.out.last().map(|reading| reading.at);
    let stale = counted.is_none_or(|at| facts.now - at > chrono::TimeDelta::minutes(15));
    if facts.offered.contains(&Capability::Usage) && stale {
        app.live().look(app, scope, (service.id, "usage"));
    }
}
