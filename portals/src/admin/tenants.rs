//! Tenants below this one: list, create, open, suspend.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use platform::money::{Currency, Money};
use platform::views::{Context, Page as Chrome, Tone};
use serde::{Deserialize, Serialize};
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadTenants, WriteTenants};
use tenancy::session::{self, Looking};
use tenancy::tenant::{self, ChildRow, NewTenant, TenantError};
use tenancy::{Mode, Portal, TenantId, resolve, staff, user};

use crate::app::App;
use crate::status::{self, Badge};
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

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

fn amount(minor: i64, currency: &str) -> Money {
    let currency = Currency::parse(currency).unwrap_or_else(|_| {
        Currency::all()
            .next()
            .unwrap_or_else(|| unreachable!("there are currencies"))
    });
    Money::new(minor, currency).unwrap_or_else(|_| Money::zero(currency))
}

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

#[derive(Serialize)]
struct FiguresView {
    mrr: Money,
    open: Money,
    overdue: Money,
    services: i64,
    accounts: i64,
    tasks: i64,
}

#[derive(Serialize)]
struct TenantPage {
    id: TenantId,
    name: String,
    slug: String,
    host: String,
    url: String,
    badge: Badge,
    reason: Option<String>,
    mode: String,
    currency: String,
    timezone: String,
    parent: String,
    created_at: chrono::DateTime<chrono::Utc>,
    figures: FiguresView,
    may_write: bool,
    suspended: bool,
}

impl Context for TenantPage {
    const TEMPLATE: &'static str = "admin/tenant.html";
}

/// `GET /admin/tenants/{id}`
pub async fn show(State(app): State<App>, staff: Staff<ReadTenants>, asked: Asked, Path(id): Path<String>) -> Response {
    let children = match tenant::below(app.tenancy(), staff.home.tenant().id).await {
        Ok(children) => children,
        Err(error) => return internal(error),
    };
    let Some(child) = children.into_iter().find(|child| child.id.to_string() == id) else {
        return not_found();
    };
    let directory = app.tenancy().directory();
    let Some(known) = directory.tenant(child.id).cloned() else {
        return not_found();
    };
    let parent = child
        .parent_id
        .and_then(|id| directory.tenant(id))
        .map(|t| t.name.clone())
        .unwrap_or_default();
    let figures = &child.figures;
    let context = TenantPage {
        id: child.id,
        host: app.host_for(&known, Portal::Site).to_string(),
        url: app.link(&known, Portal::Site, "/"),
        badge: status::tenant(&child.state),
        reason: child.reason,
        mode: child.mode,
        currency: known.currency.code().to_owned(),
        timezone: known.timezone.name().to_owned(),
        parent,
        created_at: child.created_at,
        figures: FiguresView {
            mrr: amount(figures.mrr_minor, &figures.currency),
            open: amount(figures.open_minor, &figures.currency),
            overdue: amount(figures.overdue_minor, &figures.currency),
            services: figures.active_services,
            accounts: figures.accounts,
            tasks: figures.open_tasks,
        },
        may_write: staff.rights.has(WriteTenants::NAME),
        suspended: child.state == "suspended",
        name: child.name,
        slug: child.slug,
    };
    let page = page::admin(&app, &staff, &asked, "tenants").await;
    Html::show(&app, StatusCode::OK, &context, &page)
}

#[derive(Serialize, Default)]
struct Errors {
    name: Option<String>,
    slug: Option<String>,
    owner: Option<String>,
    currency: Option<String>,
    timezone: Option<String>,
}

#[derive(Serialize)]
struct NewTenantPage {
    name: String,
    slug: String,
    owner: String,
    currency: String,
    timezone: String,
    sandbox: bool,
    errors: Errors,
    base: String,
}

impl Context for NewTenantPage {
    const TEMPLATE: &'static str = "admin/tenant_new.html";
}

/// `GET /admin/tenants/new`
pub async fn new(State(app): State<App>, staff: Staff<WriteTenants>, asked: Asked) -> Response {
    let own = staff.home.tenant();
    let context = NewTenantPage {
        name: String::new(),
        slug: String::new(),
        owner: String::new(),
        currency: own.currency.code().to_owned(),
        timezone: own.timezone.name().to_owned(),
        sandbox: false,
        errors: Errors::default(),
        base: app.tenancy().base_domain().to_owned(),
    };
    let page = page::admin(&app, &staff, &asked, "tenants").await;
    Html::show(&app, StatusCode::OK, &context, &page)
}

#[derive(Deserialize)]
pub struct Fields {
    name: String,
    slug: String,
    #[serde(default)]
    owner: String,
    currency: String,
    timezone: String,
    sandbox: Option<String>,
}

/// `POST /admin/tenants`
pub async fn create(
    State(app): State<App>,
    staff: Staff<WriteTenants>,
    asked: Asked,
    Form(fields): Form<Fields>,
) -> Response {
    let page = page::admin(&app, &staff, &asked, "tenants").await;
    let mut errors = Errors::default();
    let currency = Currency::parse(fields.currency.trim());
    let timezone: Result<chrono_tz::Tz, _> = fields.timezone.trim().parse();
    if currency.is_err() {
        errors.currency = Some(app.say(&page, "tenants-error-currency", &[]));
    }
    if timezone.is_err() {
        errors.timezone = Some(app.say(&page, "tenants-error-timezone", &[]));
    }
    if !fields.owner.is_empty() && user::normalise_email(&fields.owner).is_none() {
        errors.owner = Some(app.say(&page, "auth-error-email", &[]));
    }
    if let (Ok(currency), Ok(timezone), None) = (currency, timezone, &errors.owner) {
        let new = NewTenant {
            slug: fields.slug.trim().to_owned(),
            name: fields.name.trim().to_owned(),
            parent: Some(staff.scope.tenant().slug.clone()),
            mode: if fields.sandbox.is_some() {
                Mode::Sandbox
            } else {
                Mode::Live
            },
            currency,
            timezone,
            settings: serde_json::Map::new(),
        };
        match make(&app, &new, fields.owner.trim()).await {
            Ok(id) => {
                page::flash(
                    &staff.session,
                    Tone::Success,
                    app.say(&page, "tenants-created", &[("name", new.name.as_str())]),
                )
                .await;
                return Redirect::to(&format!("/admin/tenants/{id}")).into_response();
            }
            Err(error @ (TenantError::BadSlug(_) | TenantError::SlugTaken(_))) => errors.slug = Some(error.to_string()),
            Err(error @ TenantError::BadName) => errors.name = Some(error.to_string()),
            Err(error) => return internal(error),
        }
    }
    let context = NewTenantPage {
        name: fields.name,
        slug: fields.slug,
        owner: fields.owner,
        currency: fields.currency,
        timezone: fields.timezone,
        sandbox: fields.sandbox.is_some(),
        errors,
        base: app.tenancy().base_domain().to_owned(),
    };
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &page)
}

/// Creates the tenant and its owner, who gets a link to set a password.
pub(crate) async fn make(app: &App, new: &NewTenant, owner: &str) -> Result<TenantId, TenantError> {
    let id = tenant::create(app.tenancy(), new).await?;
    if owner.is_empty() {
        return Ok(id);
    }
    let scope = resolve::system(app.tenancy(), id, "tenant create")
        .map_err(|_| TenantError::UnknownTenant(new.slug.clone()))?;
    let mut tx = app.tenancy().begin(&scope).await?;
    let name = owner.split('@').next().unwrap_or(owner).to_owned();
    let new_user = user::NewUser {
        email: owner.to_owned(),
        name,
        ..user::NewUser::default()
    };
    let account_error = |error: user::UserError| TenantError::Account(error.to_string());
    let user = match user::find_by_email(&mut tx, owner).await? {
        Some(user) => user,
        None => user::create(&mut tx, &new_user).await.map_err(account_error)?,
    };
    staff::grant(&mut tx, user.id, &["*".to_owned()]).await?;
    let token = user::issue_token(&mut tx, user.id, user::TokenUse::ResetPassword).await?;
    crate::mails::people::reset(app, &mut tx, &user, &token).await?;
    tx.commit().await?;
    Ok(id)
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

/// `POST /admin/tenants/{id}/look`: audited on both sides before anything is shown.
pub async fn look(
    State(app): State<App>,
    staff: Staff<WriteTenants>,
    Path(id): Path<String>,
    Form(fields): Form<Reason>,
) -> Response {
    let Some(id) = below(&app, &staff, &id) else {
        return not_found();
    };
    match resolve::look_into(app.tenancy(), &staff.home, id, fields.reason.trim()).await {
        Ok(_) => {}
        Err(resolve::ResolveError::Db(error)) => return internal(error),
        Err(_) => return not_found(),
    }
    match session::look(
        &staff.session,
        Some(Looking {
            tenant: id,
            reason: fields.reason,
        }),
    )
    .await
    {
        Ok(()) => Redirect::to("/admin").into_response(),
        Err(error) => internal(error),
    }
}

/// `POST /admin/tenants/leave`
pub async fn leave(staff: Staff<ReadTenants>) -> Response {
    match session::look(&staff.session, None).await {
        Ok(()) => Redirect::to("/admin/tenants").into_response(),
        Err(error) => internal(error),
    }
}

/// `POST /admin/tenants/{id}/suspend`
pub async fn suspend(
    State(app): State<App>,
    staff: Staff<WriteTenants>,
    Path(id): Path<String>,
    Form(fields): Form<Reason>,
) -> Response {
    set_suspended(&app, &staff, &id, Some(fields.reason.trim())).await
}

/// `POST /admin/tenants/{id}/resume`
pub async fn resume(State(app): State<App>, staff: Staff<WriteTenants>, Path(id): Path<String>) -> Response {
    set_suspended(&app, &staff, &id, None).await
}

async fn set_suspended(app: &App, staff: &Staff<WriteTenants>, id: &str, reason: Option<&str>) -> Response {
    let Some(child) = below(app, staff, id) else {
        return not_found();
    };
    let recorded = async {
        let mut tx = app.tenancy().begin(&staff.home).await?;
        let action = if reason.is_some() {
            "tenant.child_suspended"
        } else {
            "tenant.child_resumed"
        };
        tenancy::audit::record(&mut tx, action, child, serde_json::json!({ "reason": reason })).await?;
        tx.commit().await?;
        tenant::set_suspended(app.tenancy(), child, reason).await
    };
    match recorded.await {
        Ok(()) => Redirect::to(&format!("/admin/tenants/{child}")).into_response(),
        Err(TenantError::UnknownTenant(_)) => not_found(),
        Err(error) => internal(error),
    }
}
