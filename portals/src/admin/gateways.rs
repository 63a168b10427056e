//! `/admin/gateways`: how customers pay: which ways there are, and their forms drawn from each gateway's schema.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::gateway::change::{GatewayChange, update as change_gateway};
use billing::gateway::{self, GatewayRow};
use billing::ids::GatewayId;
use http::StatusCode;
use platform::views::{Page as Chrome, Tone};
use serde_json::{Value, json};
use tenancy::Portal;
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadPayments, WritePayments};

use super::desk::{Say, past};
use super::schema_form;
use super::servers::{beside, words};
use crate::app::App;
use crate::kit::detail::{Act, Block, Detail, Field, FormPage, FormPart, Typed, crumb, fact};
use crate::kit::parts::Choice;
use crate::status;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::list::{Cell, Column, Empty, ListPage, Params, Place, Row, Spec, show as show_list};
use crate::web::page::{self, Asked};

const LIST: Spec = Spec {
    path: "/admin/gateways",
    title: "menu-gateways",
    search: None,
    filters: &[],
    columns: &[
        Column::new("list-name").phone(Place::Main),
        Column::new("gateways-kind").phone(Place::Below),
        Column::new("list-status").phone(Place::End),
        Column::new("list-since").phone(Place::BelowEnd),
    ],
    sort: "",
    empty: Empty {
        icon: "credit-card",
        title: "gateways-none",
        text: "gateways-none-text",
        action: None,
    },
};

/// `GET /admin/gateways`
pub async fn list(State(app): State<App>, staff: Staff<ReadPayments>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let gateways = gateway::list(&mut tx).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(gateways)
    };
    let gateways = match read.await {
        Ok(gateways) => gateways,
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "gateways").await;
    let say = Say(&app, &chrome);
    let row = |gateway: &GatewayRow| {
        Row::to(
            format_args!("/admin/gateways/{}", gateway.id),
            vec![
                Cell::text(&gateway.name),
                Cell::text(say.or(&format!("gateway-{}", gateway.kind), &gateway.kind)),
                Cell::badge(status::offer(&gateway.state)),
                Cell::at(gateway.created_at),
            ],
        )
    };
    let rows: Vec<Row> = gateways.iter().map(row).collect();
    let mut listed = ListPage::new(&app, &chrome, &LIST, &wish, tenancy::listing::Found::whole(rows));
    if staff.rights.has(WritePayments::NAME) {
        listed = listed.with_action(say.it("gateways-new"), "/admin/gateways/new", "plus");
    }
    show_list(&app, &chrome, &listed)
}

/// Which kind a form is for.
#[derive(serde::Deserialize)]
pub struct Kind {
    #[serde(default)]
    kind: String,
}

fn described(app: &App, kind: &str) -> Option<Value> {
    app.gateways().describe().into_iter().find(|row| row["kind"] == kind)
}

fn choose(app: &App, say: Say<'_>) -> FormPage {
    let kinds = app.gateways().describe();
    let options = kinds
        .iter()
        .filter_map(|row| row["kind"].as_str())
        .map(|kind| Choice {
            value: kind.to_owned(),
            label: say.or(&format!("gateway-{kind}"), kind),
        })
        .collect();
    FormPage {
        title: say.it("gateways-new"),
        subtitle: Some(say.it("gateways-choose")),
        crumbs: vec![
            crumb(say.it("menu-gateways"), Some("/admin/gateways")),
            crumb(say.it("gateways-new"), None),
        ],
        form: FormPart {
            id: "kind".to_owned(),
            path: "/admin/gateways/new".to_owned(),
            fields: vec![Field::text("kind", say.it("gateways-kind"), "").choices(options)],
            submit: say.it("ui-next"),
        },
        errors: Vec::new(),
        back: "/admin/gateways".to_owned(),
    }
}

fn form(say: Say<'_>, kind: &Value, known: Option<&GatewayRow>) -> FormPage {
    let words = words(say);
    let name = kind["kind"].as_str().unwrap_or_default();
    let mut fields = vec![
        Field::text(
            "name",
            say.it("list-name"),
            known.map_or("", |known| known.name.as_str()),
        )
        .optional(),
    ];
    let settings = known.map_or_else(|| json!({}), |known| known.settings.clone());
    let secret = Some(known.is_some());
    fields.extend(schema_form::fields(
        "credentials",
        &kind["credentials"],
        &json!({}),
        secret,
        &words,
    ));
    fields.extend(schema_form::fields(
        "settings",
        &kind["settings"],
        &settings,
        None,
        &words,
    ));
    fields.push(Field::text("kind", String::new(), name).kind("hidden"));
    let title = say.it(if known.is_some() {
        "gateways-edit"
    } else {
        "gateways-new"
    });
    let path = known.map_or_else(
        || "/admin/gateways".to_owned(),
        |known| format!("/admin/gateways/{}", known.id),
    );
    FormPage {
        subtitle: Some(say.or(&format!("gateway-{name}"), name)),
        crumbs: vec![
            crumb(say.it("menu-gateways"), Some("/admin/gateways")),
            crumb(title.clone(), None),
        ],
        title,
        form: FormPart {
            id: "gateway".to_owned(),
            path: path.clone(),
            fields: say.labelled(fields),
            submit: say.it("settings-save"),
        },
        errors: Vec::new(),
        back: path,
    }
}

/// `GET /admin/gateways/new`
pub async fn new(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Query(kind): Query<Kind>,
) -> Response {
    let chrome = page::admin(&app, &staff, &asked, "gateways").await;
    let say = Say(&app, &chrome);
    let context = described(&app, &kind.kind).map_or_else(|| choose(&app, say), |kind| form(say, &kind, None));
    Html::show(&app, StatusCode::OK, &context, &chrome)
}

/// `POST /admin/gateways/new`: the kind was chosen.
pub async fn chosen(staff: Staff<WritePayments>, Form(kind): Form<Kind>) -> Response {
    let _ = staff;
    let query: String = url::form_urlencoded::byte_serialize(kind.kind.as_bytes()).collect();
    Redirect::to(&format!("/admin/gateways/new?kind={query}")).into_response()
}

/// `POST /admin/gateways`
pub async fn create(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Form(typed): Form<Typed>,
) -> Response {
    let chrome = page::admin(&app, &staff, &asked, "gateways").await;
    let say = Say(&app, &chrome);
    let Some(kind) = typed.get("kind").and_then(|kind| described(&app, kind)) else {
        return Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &choose(&app, say), &chrome);
    };
    let words = words(say);
    let (credentials, mut errors) = schema_form::read("credentials", &kind["credentials"], &typed, &json!({}), &words);
    let (settings, more) = schema_form::read("settings", &kind["settings"], &typed, &json!({}), &words);
    errors.extend(more);
    if errors.is_empty() {
        let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
        let done = async {
            let mut tx = app.tenancy().begin(&staff.scope).await?;
            let kinds = app.gateways();
            let row = gateway::configure(&mut tx, kinds, text("kind"), text("name"), &credentials, &settings).await?;
            tx.commit().await?;
            Ok::<_, BillingError>(row)
        };
        match done.await {
            Ok(row) => {
                page::flash(&staff.session, Tone::Success, say.it("gateways-created")).await;
                return Redirect::to(&format!("/admin/gateways/{}", row.id)).into_response();
            }
            Err(error) => match beside(say, &error) {
                Some(more) => errors = more,
                None => return internal(error),
            },
        }
    }
    let context = form(say, &kind, None).refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}

async fn known<P>(app: &App, staff: &Staff<P>, id: GatewayId) -> Result<GatewayRow, BillingError> {
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let row = gateway::find(&mut tx, id)
        .await?
        .ok_or(BillingError::NotFound("gateway"))?;
    tx.commit().await?;
    Ok(row)
}

/// `GET /admin/gateways/{id}`
pub async fn show(
    State(app): State<App>,
    staff: Staff<ReadPayments>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let chrome = page::admin(&app, &staff, &asked, "gateways").await;
    match detail(&app, &staff, &chrome, id).await {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &chrome),
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

async fn detail(
    app: &App,
    staff: &Staff<ReadPayments>,
    chrome: &Chrome,
    id: GatewayId,
) -> Result<Detail, BillingError> {
    let say = Say(app, chrome);
    let row = known(app, staff, id).await?;
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let past = past(&mut tx, say, &id.to_string(), 15).await?;
    tx.commit().await?;
    let hook = app.link(
        staff.scope.tenant(),
        Portal::All,
        &format!("/hooks/{}/{}", row.kind, row.id),
    );
    let mut facts = vec![
        fact(
            say.it("gateways-kind"),
            Cell::text(say.or(&format!("gateway-{}", row.kind), &row.kind)),
        ),
        fact(say.it("list-since"), Cell::at(row.created_at)),
        fact(say.it("detail-id"), Cell::code(row.id)),
    ];
    for (name, value) in row.settings.as_object().into_iter().flatten() {
        facts.push(fact(
            name.clone(),
            Cell::text(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        ));
    }
    let may = staff.rights.has(WritePayments::NAME);
    Ok(Detail {
        title: row.name.clone(),
        badge: Some(status::offer(&row.state)),
        crumbs: vec![
            crumb(say.it("menu-gateways"), Some("/admin/gateways")),
            crumb(row.name.clone(), None),
        ],
        picture: Some("credit-card"),
        links: if may {
            vec![say.link("customer-edit", format_args!("/admin/gateways/{id}/edit"), "pencil")]
        } else {
            Vec::new()
        },
        acts: if may { acts(say, &row) } else { Vec::new() },
        main: vec![
            Block {
                title: say.it("gateways-hook"),
                text: Some(say.it("gateways-hook-text")),
                facts: Some(vec![fact(say.it("servers-address"), Cell::code(hook))]),
                ..Block::default()
            },
            Block::timeline(say.it("detail-timeline"), past),
        ],
        side: vec![Block::facts(say.it("detail-facts"), facts)],
        ..Detail::default()
    })
}

fn acts(say: Say<'_>, row: &GatewayRow) -> Vec<Act> {
    let act = |verb: &str, icon: &'static str, danger: bool| Act {
        id: verb.to_owned(),
        label: say.it(&format!("servers-{verb}")),
        title: say.with(&format!("servers-{verb}-title"), &[("name", &row.name)]),
        text: say.it(&format!("gateways-{verb}-text")),
        path: format!("/admin/gateways/{}/{verb}", row.id),
        danger,
        icon,
        ..Act::default()
    };
    let turn = if row.state == "active" {
        act("disable", "player-pause", true)
    } else {
        act("enable", "player-play", false)
    };
    vec![act("check", "refresh", false), turn]
}

/// `POST /admin/gateways/{id}/{verb}`
pub async fn act(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Path((id, verb)): Path<(String, String)>,
) -> Response {
    let Ok(id) = id.parse::<GatewayId>() else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "gateways").await;
    let say = Say(&app, &chrome);
    let said = match verb.as_str() {
        "check" => check(&app, &staff, id).await,
        "enable" | "disable" => turn(&app, &staff, id, verb == "enable")
            .await
            .map(|()| (true, say.it(&format!("servers-{verb}-done")))),
        _ => return not_found(),
    };
    match said {
        Ok((ok, text)) => {
            let tone = if ok { Tone::Success } else { Tone::Danger };
            page::flash(&staff.session, tone, text).await;
            Redirect::to(&format!("/admin/gateways/{id}")).into_response()
        }
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => match say.refusal(&error) {
            Some(why) => {
                page::flash(&staff.session, Tone::Danger, why).await;
                Redirect::to(&format!("/admin/gateways/{id}")).into_response()
            }
            None => internal(error),
        },
    }
}

/// The gateway's own words about its credentials.
async fn check(app: &App, staff: &Staff<WritePayments>, id: GatewayId) -> Result<(bool, String), BillingError> {
    let (gateway, context) = gateway::open(app.tenancy(), app.gateways(), &staff.scope, id).await?;
    Ok(match gateway.check(&context).await {
        Ok(detail) => (true, detail),
        Err(error) => (false, error.to_string()),
    })
}

async fn turn(app: &App, staff: &Staff<WritePayments>, id: GatewayId, on: bool) -> Result<(), BillingError> {
    let change = GatewayChange {
        enabled: Some(on),
        ..GatewayChange::default()
    };
    let mut tx = app.tenancy().begin(&staff.scope).await?;
    change_gateway(&mut tx, app.gateways(), id, &change).await?;
    tx.commit().await?;
    Ok(())
}

/// `GET /admin/gateways/{id}/edit`
pub async fn edit(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let row = match known(&app, &staff, id).await {
        Ok(row) => row,
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => return internal(error),
    };
    let Some(kind) = described(&app, &row.kind) else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "gateways").await;
    Html::show(
        &app,
        StatusCode::OK,
        &form(Say(&app, &chrome), &kind, Some(&row)),
        &chrome,
    )
}

/// `POST /admin/gateways/{id}`
pub async fn update(
    State(app): State<App>,
    staff: Staff<WritePayments>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let row = match known(&app, &staff, id).await {
        Ok(row) => row,
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => return internal(error),
    };
    let Some(kind) = described(&app, &row.kind) else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "gateways").await;
    let say = Say(&app, &chrome);
    let words = words(say);
    let (settings, mut errors) = schema_form::read("settings", &kind["settings"], &typed, &row.settings, &words);
    let mut credentials = None;
    if schema_form::is_typed("credentials", &kind["credentials"], &typed) {
        let (whole, more) = schema_form::read("credentials", &kind["credentials"], &typed, &json!({}), &words);
        credentials = Some(whole);
        errors.extend(more);
    }
    if errors.is_empty() {
        let change = GatewayChange {
            name: typed.get("name").cloned(),
            credentials,
            settings: Some(settings),
            enabled: None,
        };
        let done = async {
            let mut tx = app.tenancy().begin(&staff.scope).await?;
            change_gateway(&mut tx, app.gateways(), id, &change).await?;
            tx.commit().await?;
            Ok::<_, BillingError>(())
        };
        match done.await {
            Ok(()) => {
                page::flash(&staff.session, Tone::Success, say.it("settings-saved")).await;
                return Redirect::to(&format!("/admin/gateways/{id}")).into_response();
            }
            Err(error) => match beside(say, &error) {
                Some(more) => errors = more,
                None => return internal(error),
            },
        }
    }
    let context = form(say, &kind, Some(&row)).refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}
