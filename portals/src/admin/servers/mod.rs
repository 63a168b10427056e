//! `/admin/servers`: panel endpoints: which there are, whether they answer, and their forms drawn from each panel's schema.

mod form;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::ids::ServerId;
use http::StatusCode;
use platform::views::{Page as Chrome, Tone};
use provisioning::server::{self, NewServer, Server, ServerChange};
use serde_json::json;
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadServers, WriteServers};

use self::form::{choose, described, form};
use super::desk::{Say, past};
use super::schema_form::{self, Words};
use crate::app::App;
use crate::kit::detail::{Act, Block, Detail, Notice, Typed, crumb, fact};
use crate::kit::parts::FieldError;
use crate::status::{self, Badge};
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::list::{Cell, Column, Empty, ListPage, Params, Place, Row, Spec, show as show_list};
use crate::web::page::{self, Asked};

const LIST: Spec = Spec {
    path: "/admin/servers",
    title: "menu-servers",
    search: None,
    filters: &[],
    columns: &[
        Column::new("list-name").phone(Place::Main),
        Column::new("servers-panel").phone(Place::Below),
        Column::new("list-status").phone(Place::End),
        Column::new("servers-said").phone(Place::Hidden),
        Column::new("list-since").phone(Place::BelowEnd),
    ],
    sort: "",
    empty: Empty {
        icon: "stack-2",
        title: "servers-none",
        text: "servers-none-text",
        action: None,
    },
};

/// Words for fields drawn from schemas.
pub fn words(say: Say<'_>) -> Words {
    Words {
        kept: say.it("schema-kept"),
        whole: say.it("schema-number"),
        missing: say.it("schema-missing"),
        json: say.it("schema-json"),
    }
}

fn badge(server: &Server) -> Badge {
    status::server(match (server.state.as_str(), server.check_ok) {
        ("disabled", _) => "disabled",
        (_, Some(true)) => "online",
        (_, Some(false)) => "offline",
        (_, None) => "new",
    })
}

/// `GET /admin/servers`
pub async fn list(State(app): State<App>, staff: Staff<ReadServers>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let servers = server::list(&mut tx, 500, None).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(servers)
    };
    let servers = match read.await {
        Ok(servers) => servers,
        Err(error) => return internal(error),
    };
    let row = |server: &Server| {
        Row::to(
            format_args!("/admin/servers/{}", server.id),
            vec![
                Cell::text(&server.name).below(&server.base_url),
                Cell::text(&server.panel),
                Cell::badge(badge(server)),
                Cell::quiet(server.check_detail.as_deref().unwrap_or("")),
                Cell::at(server.created_at),
            ],
        )
    };
    let rows: Vec<Row> = servers.iter().map(row).collect();
    let found = tenancy::listing::Found::whole(rows);
    let chrome = page::admin(&app, &staff, &asked, "servers").await;
    let mut listed = ListPage::new(&app, &chrome, &LIST, &wish, found);
    if staff.rights.has(WriteServers::NAME) {
        listed = listed.with_action(app.say(&chrome, "servers-new", &[]), "/admin/servers/new", "plus");
    }
    show_list(&app, &chrome, &listed)
}

/// Which panel a form is for.
#[derive(serde::Deserialize)]
pub struct Kind {
    #[serde(default)]
    panel: String,
}

/// `GET /admin/servers/new`: first which panel, then its fields.
pub async fn new(
    State(app): State<App>,
    staff: Staff<WriteServers>,
    asked: Asked,
    Query(kind): Query<Kind>,
) -> Response {
    let chrome = page::admin(&app, &staff, &asked, "servers").await;
    let say = Say(&app, &chrome);
    let context = match described(&app, &kind.panel) {
        Some(described) => form(&app, &staff, say, &described, None).await,
        None => choose(&app, say),
    };
    Html::show(&app, StatusCode::OK, &context, &chrome)
}

/// `POST /admin/servers/new`: the kind was chosen.
pub async fn chosen(staff: Staff<WriteServers>, Form(kind): Form<Kind>) -> Response {
    let _ = staff;
    let query: String = url::form_urlencoded::byte_serialize(kind.panel.as_bytes()).collect();
    Redirect::to(&format!("/admin/servers/new?panel={query}")).into_response()
}

/// What a command says about a field, beside that field.
pub fn beside(say: Say<'_>, error: &BillingError) -> Option<Vec<FieldError>> {
    let mut errors = say.refusals(error);
    for error in &mut errors {
        if error.field == "form" {
            error.field = "name".to_owned();
        }
    }
    (!errors.is_empty()).then_some(errors)
}

/// `POST /admin/servers`
pub async fn create(
    State(app): State<App>,
    staff: Staff<WriteServers>,
    asked: Asked,
    Form(typed): Form<Typed>,
) -> Response {
    let chrome = page::admin(&app, &staff, &asked, "servers").await;
    let say = Say(&app, &chrome);
    let Some(kind) = typed.get("panel").and_then(|panel| described(&app, panel)) else {
        return Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &choose(&app, say), &chrome);
    };
    let words = words(say);
    let (credentials, mut errors) = schema_form::read("credentials", &kind["credentials"], &typed, &json!({}), &words);
    let (settings, more) = schema_form::read("settings", &kind["settings"], &typed, &json!({}), &words);
    errors.extend(more);
    if errors.is_empty() {
        let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
        let new = NewServer {
            panel: text("panel"),
            name: text("name"),
            base_url: text("base_url"),
            credentials,
            settings,
        };
        let done = async {
            let mut tx = app.tenancy().begin(&staff.scope).await?;
            let server = server::configure(&mut tx, app.panels(), &new).await?;
            tx.commit().await?;
            Ok::<_, BillingError>(server)
        };
        match done.await {
            Ok(server) => {
                page::flash(&staff.session, Tone::Success, say.it("servers-created")).await;
                return Redirect::to(&format!("/admin/servers/{}", server.id)).into_response();
            }
            Err(error) => match beside(say, &error) {
                Some(more) => errors = more,
                None => return internal(error),
            },
        }
    }
    let context = form(&app, &staff, say, &kind, None).await.refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}

async fn known<P>(app: &App, staff: &Staff<P>, id: ServerId) -> Result<Server, BillingError> {
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let server = server::find(&mut tx, id)
        .await?
        .ok_or(BillingError::NotFound("server"))?;
    tx.commit().await?;
    Ok(server)
}

/// `GET /admin/servers/{id}`
pub async fn show(State(app): State<App>, staff: Staff<ReadServers>, asked: Asked, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let chrome = page::admin(&app, &staff, &asked, "servers").await;
    match detail(&app, &staff, &chrome, id).await {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &chrome),
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

async fn detail<P>(app: &App, staff: &Staff<P>, chrome: &Chrome, id: ServerId) -> Result<Detail, BillingError> {
    let say = Say(app, chrome);
    let server = known(app, staff, id).await?;
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let past = past(&mut tx, say, &id.to_string(), 15).await?;
    tx.commit().await?;
    let may = staff.rights.has(WriteServers::NAME);
    let notices = match (server.check_ok, &server.check_detail) {
        (Some(ok), Some(detail)) => vec![Notice {
            tone: if ok { Tone::Success } else { Tone::Danger },
            title: say.it(if ok { "servers-answers" } else { "servers-refuses" }),
            text: Some(detail.clone()),
        }],
        _ => Vec::new(),
    };
    let mut facts = vec![
        fact(
            say.it("servers-panel"),
            Cell::text(say.or(&format!("panel-{}", server.panel), &server.panel)),
        ),
        fact(say.it("servers-address"), Cell::code(&server.base_url)),
        fact(say.it("list-since"), Cell::at(server.created_at)),
        fact(say.it("detail-id"), Cell::code(server.id)),
    ];
    for (name, value) in server.settings.as_object().into_iter().flatten() {
        facts.push(fact(
            name.clone(),
            Cell::text(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        ));
    }
    Ok(Detail {
        title: server.name.clone(),
        badge: Some(badge(&server)),
        crumbs: vec![
            crumb(say.it("menu-servers"), Some("/admin/servers")),
            crumb(server.name.clone(), None),
        ],
        picture: Some("stack-2"),
        links: if may {
            vec![
                say.link("customer-edit", format_args!("/admin/servers/{id}/edit"), "pencil"),
                say.link(
                    "servers-services",
                    format_args!("/admin/services?server={id}"),
                    "server-2",
                ),
            ]
        } else {
            Vec::new()
        },
        acts: if may { acts(say, &server) } else { Vec::new() },
        notices,
        main: vec![Block::timeline(say.it("detail-timeline"), past)],
        side: vec![Block::facts(say.it("detail-facts"), facts)],
        ..Detail::default()
    })
}

fn acts(say: Say<'_>, server: &Server) -> Vec<Act> {
    let act = |verb: &str, icon: &'static str, danger: bool| Act {
        id: verb.to_owned(),
        label: say.it(&format!("servers-{verb}")),
        title: say.with(&format!("servers-{verb}-title"), &[("name", &server.name)]),
        text: say.it(&format!("servers-{verb}-text")),
        path: format!("/admin/servers/{}/{verb}", server.id),
        danger,
        icon,
        ..Act::default()
    };
    let turn = if server.state == "active" {
        act("disable", "player-pause", true)
    } else {
        act("enable", "player-play", false)
    };
    vec![act("check", "refresh", false), turn]
}

/// `POST /admin/servers/{id}/{verb}`
pub async fn act(
    State(app): State<App>,
    staff: Staff<WriteServers>,
    asked: Asked,
    Path((id, verb)): Path<(String, String)>,
) -> Response {
    let Ok(id) = id.parse::<ServerId>() else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "servers").await;
    let say = Say(&app, &chrome);
    let done = match verb.as_str() {
        "check" => server::check(&app.workshop(), &staff.scope, id).await.map(|(ok, _)| ok),
        "enable" | "disable" => turn(&app, &staff, id, verb == "enable").await.map(|()| true),
        _ => return not_found(),
    };
    match done {
        Ok(ok) => {
            let tone = if ok { Tone::Success } else { Tone::Danger };
            let word = if ok { "done" } else { "failed" };
            page::flash(&staff.session, tone, say.it(&format!("servers-{verb}-{word}"))).await;
            Redirect::to(&format!("/admin/servers/{id}")).into_response()
        }
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

async fn turn(app: &App, staff: &Staff<WriteServers>, id: ServerId, on: bool) -> Result<(), BillingError> {
    let change = ServerChange {
        enabled: Some(on),
        ..ServerChange::default()
    };
    let mut tx = app.tenancy().begin(&staff.scope).await?;
    server::update(&mut tx, app.panels(), id, &change).await?;
    tx.commit().await?;
    Ok(())
}

/// `GET /admin/servers/{id}/edit`
pub async fn edit(
    State(app): State<App>,
    staff: Staff<WriteServers>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let server = match known(&app, &staff, id).await {
        Ok(server) => server,
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => return internal(error),
    };
    let Some(kind) = described(&app, &server.panel) else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "servers").await;
    let context = form(&app, &staff, Say(&app, &chrome), &kind, Some(&server)).await;
    Html::show(&app, StatusCode::OK, &context, &chrome)
}

/// `POST /admin/servers/{id}`
pub async fn update(
    State(app): State<App>,
    staff: Staff<WriteServers>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let server = match known(&app, &staff, id).await {
        Ok(server) => server,
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => return internal(error),
    };
    let Some(kind) = described(&app, &server.panel) else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "servers").await;
    let say = Say(&app, &chrome);
    let words = words(say);
    let (settings, mut errors) = schema_form::read("settings", &kind["settings"], &typed, &server.settings, &words);
    let mut credentials = None;
    if schema_form::is_typed("credentials", &kind["credentials"], &typed) {
        let (whole, more) = schema_form::read("credentials", &kind["credentials"], &typed, &json!({}), &words);
        credentials = Some(whole);
        errors.extend(more);
    }
    if errors.is_empty() {
        let change = ServerChange {
            name: typed.get("name").cloned(),
            base_url: typed.get("base_url").cloned(),
            credentials,
            settings: Some(settings),
            enabled: None,
        };
        let done = async {
            let mut tx = app.tenancy().begin(&staff.scope).await?;
            server::update(&mut tx, app.panels(), id, &change).await?;
            tx.commit().await?;
            Ok::<_, BillingError>(())
        };
        match done.await {
            Ok(()) => {
                page::flash(&staff.session, Tone::Success, say.it("settings-saved")).await;
                return Redirect::to(&format!("/admin/servers/{id}")).into_response();
            }
            Err(error) => match beside(say, &error) {
                Some(more) => errors = more,
                None => return internal(error),
            },
        }
    }
    let context = form(&app, &staff, say, &kind, Some(&server))
        .await
        .refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}
