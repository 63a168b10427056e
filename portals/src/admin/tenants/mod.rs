//! Tenants below this one: list, create, open, suspend.

mod new;
mod show;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use platform::views::{Page as Chrome, Tone};
use serde::Deserialize;
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadTenants, WriteTenants};
use tenancy::session::{self, Looking};
use tenancy::tenant::{self, ChildRow, TenantError};
use tenancy::{TenantId, resolve};

use crate::app::App;
use crate::status;
use crate::web::answer::{internal, not_found};
use crate::web::form::Form;
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

pub(crate) use new::make;
pub use new::{create, new};
pub use show::show;

const LIST: Spec = Spec {
    path: "/admin/tenants",
    title: "tenants-title",
    search: Some("tenants-search"),
    filters: &[
        Filter::Choice(
            "status",
            "list-status",
            &[("active", "status-active"), ("suspended", "status-suspended")],
        ),
        Filter::Choice(
            "mode",
            "tenants-mode",
            &[("live", "tenants-mode-live"), ("sandbox", "tenants-mode-sandbox")],
        ),
        Filter::Kept("parent"),
    ],
    columns: &[
        Column::new("tenants-name").sort("name").phone(Place::Main),
        Column::new("tenants-state").phone(Place::End),
        Column::new("tenants-mode").phone(Place::Hidden),
        Column::new("tenants-services")
            .sort("services")
            .end()
            .phone(Place::Below),
        Column::new("tenants-mrr").end().phone(Place::BelowEnd),
        Column::new("tenants-overdue").end().phone(Place::Hidden),
        Column::new("tenants-tasks").sort("tasks").end().phone(Place::Hidden),
    ],
    sort: "name",
    empty: Empty {
        icon: "building-store",
        title: "tenants-none",
        text: "tenants-none-text",
        action: None,
    },
};

/// `GET /admin/tenants`
pub async fn list(State(app): State<App>, staff: Staff<ReadTenants>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let search = tenant::list::Search {
        typed: wish.typed(),
        state: wish.choice("status"),
        mode: wish.choice("mode"),
        parent: wish.id("parent"),
    };
    let above = staff.home.tenant().id;
    let found = match tenant::list::browse(app.tenancy(), above, &search, &wish.window()).await {
        Ok(found) => found,
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "tenants").await;
    let found = found.map(|child| row(&app, &chrome, child));
    let mut listed = ListPage::new(&app, &chrome, &LIST, &wish, found);
    if staff.rights.has(WriteTenants::NAME) {
        listed = listed.with_action(app.say(&chrome, "tenants-new", &[]), "/admin/tenants/new", "plus");
    }
    list::show(&app, &chrome, &listed)
}

fn row(app: &App, chrome: &Chrome, child: ChildRow) -> Row {
    let figures = child.figures;
    let state = if child.parked_reason.is_some() {
        "parked"
    } else {
        &child.state
    };
    let mode = if child.mode == "sandbox" {
        "tenants-mode-sandbox"
    } else {
        "tenants-mode-live"
    };
    Row::to(
        format_args!("/admin/tenants/{}", child.id),
        vec![
            Cell::text(child.name).below(format_args!("{}.{}", child.slug, app.tenancy().base_domain())),
            Cell::badge(status::tenant(state)),
            Cell::quiet(app.say(chrome, mode, &[])),
            Cell::text(figures.active_services),
            Cell::minor(figures.mrr_minor, &figures.currency),
            Cell::minor(figures.overdue_minor, &figures.currency),
            Cell::text(figures.open_tasks),
        ],
    )
}

#[derive(Deserialize)]
pub struct Reason {
    reason: String,
}

fn below(app: &App, staff: &Staff<WriteTenants>, id: &str) -> Option<TenantId> {
    let id: TenantId = id.parse().ok()?;
    app.tenancy()
        .directory()
        .is_ancestor(staff.home.tenant().id, id)
        .then_some(id)
}

/// A reason as it is kept: some words, on one line.
fn reason(text: &str) -> Option<&str> {
    let text = text.trim();
    let fine = (3..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fine.then_some(text)
}

/// `POST /admin/tenants/{id}/look`: audited on both sides before anything is shown.
pub async fn look(
    State(app): State<App>,
    staff: Staff<WriteTenants>,
    asked: Asked,
    Path(id): Path<String>,
    Form(fields): Form<Reason>,
) -> Response {
    let Some(id) = below(&app, &staff, &id) else {
        return not_found();
    };
    let Some(reason) = reason(&fields.reason) else {
        return show::refused(&app, &staff, &asked, id, ("look", &fields.reason)).await;
    };
    match resolve::look_into(app.tenancy(), &staff.home, id, reason).await {
        Ok(_) => {}
        Err(resolve::ResolveError::Db(error)) => return internal(error),
        Err(_) => return not_found(),
    }
    let looking = Looking {
        tenant: id,
        reason: reason.to_owned(),
        since: app.tenancy().now().timestamp(),
    };
    match session::look(&staff.session, Some(looking)).await {
        Ok(()) => Redirect::to("/admin").into_response(),
        Err(error) => internal(error),
    }
}

/// `POST /admin/tenants/leave`
pub async fn leave(State(app): State<App>, staff: Staff<WriteTenants>) -> Response {
    if let Some(looking) = &staff.looking
        && let Err(error) = resolve::end_look(app.tenancy(), &staff.home, looking.tenant, "left").await
    {
        return internal(error);
    }
    let back = match &staff.looking {
        Some(looking) => format!("/admin/tenants/{}", looking.tenant),
        None => "/admin/tenants".to_owned(),
    };
    match session::look(&staff.session, None).await {
        Ok(()) => Redirect::to(&back).into_response(),
        Err(error) => internal(error),
    }
}

/// `POST /admin/tenants/{id}/suspend`
pub async fn suspend(
    State(app): State<App>,
    staff: Staff<WriteTenants>,
    asked: Asked,
    Path(id): Path<String>,
    Form(fields): Form<Reason>,
) -> Response {
    let Some(id) = below(&app, &staff, &id) else {
        return not_found();
    };
    match reason(&fields.reason) {
        Some(reason) => set_suspended(&app, &staff, &asked, id, Some(reason)).await,
        None => show::refused(&app, &staff, &asked, id, ("suspend", &fields.reason)).await,
    }
}

/// `POST /admin/tenants/{id}/resume`
pub async fn resume(
    State(app): State<App>,
    staff: Staff<WriteTenants>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    match below(&app, &staff, &id) {
        Some(id) => set_suspended(&app, &staff, &asked, id, None).await,
        None => not_found(),
    }
}

async fn set_suspended(
    app: &App,
    staff: &Staff<WriteTenants>,
    asked: &Asked,
    child: TenantId,
    reason: Option<&str>,
) -> Response {
    let (action, key) = match reason {
        Some(_) => ("tenant.child_suspended", "tenants-suspend-done"),
        None => ("tenant.child_resumed", "tenants-resume-done"),
    };
    let recorded = async {
        let mut tx = app.tenancy().begin(&staff.home).await?;
        tenancy::audit::record(&mut tx, action, child, serde_json::json!({ "reason": reason })).await?;
        tx.commit().await?;
        tenant::set_suspended(app.tenancy(), child, reason).await
    };
    match recorded.await {
        Ok(()) => {
            let page = page::admin(app, staff, asked, "tenants").await;
            page::flash(&staff.session, Tone::Success, app.say(&page, key, &[])).await;
            Redirect::to(&format!("/admin/tenants/{child}")).into_response()
        }
        Err(TenantError::UnknownTenant(_)) => not_found(),
        Err(error) => internal(error),
    }
}
