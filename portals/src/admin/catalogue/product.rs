//! The form of a product.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::catalogue::{self, NewProduct, Product, ProductChange};
use billing::ids::ProductId;
use http::StatusCode;
use platform::views::Tone;
use provisioning::server::{self, Server};
use serde_json::{Value, json};
use tenancy::extract::Staff;
use tenancy::permission::WriteCatalogue;

use super::{KINDS, whole};
use crate::admin::desk::Say;
use crate::admin::servers::beside;
use crate::app::App;
use crate::kit::detail::{Field, FormPage, FormPart, Typed, crumb};
use crate::kit::parts::{Choice, FieldError};
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

async fn servers(app: &App, staff: &Staff<WriteCatalogue>) -> Result<Vec<Server>, BillingError> {
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let servers = server::list(&mut tx, 500, None).await?;
    tx.commit().await?;
    Ok(servers)
}

/// `Label: value` on a line each.
fn features_text(features: &Value) -> String {
    let line = |row: &Value| {
        let (label, value) = (row["label"].as_str()?, row["value"].as_str()?);
        Some(format!("{label}: {value}"))
    };
    let lines: Vec<String> = features.as_array().into_iter().flatten().filter_map(line).collect();
    lines.join("\n")
}

fn features(text: &str) -> Value {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (label, value) = line.split_once(':').unwrap_or((line, ""));
            json!({ "label": label.trim(), "value": value.trim() })
        })
        .collect()
}

/// Where it is built.
fn server_field(say: Say<'_>, servers: &[Server], known: Option<&Product>) -> Field {
    let servers = servers
        .iter()
        .map(|server| Choice {
            value: server.id.to_string(),
            label: server.name.clone(),
        })
        .collect();
    let chosen = known.and_then(|product| product.server_id);
    let chosen = chosen.map(|id| id.to_string()).unwrap_or_default();
    Field {
        blank: Some(say.it("catalogue-no-server")),
        optional: true,
        ..Field::text("server", say.it("list-server"), chosen).choices(servers)
    }
}

/// The fields of a product; its kind never changes.
fn fields(say: Say<'_>, servers: &[Server], known: Option<&Product>) -> Vec<Field> {
    let text = |pick: fn(&Product) -> &str| known.map_or("", pick);
    let mut fields = vec![Field::text("name", say.it("list-name"), text(|product| &product.name))];
    if known.is_none() {
        fields.push(Field::text("kind", say.it("list-kind"), "vps").choices(say.choices(KINDS)));
    }
    fields.extend([
        Field::text("slug", say.it("catalogue-slug"), text(|product| &product.slug))
            .optional()
            .hint(say.it("catalogue-slug-hint")),
        Field::text("summary", say.it("catalogue-summary"), text(|product| &product.summary)).optional(),
        Field::text(
            "description",
            say.it("catalogue-description"),
            text(|product| &product.description),
        )
        .kind("textarea")
        .optional(),
        Field::text(
            "features",
            say.it("catalogue-features"),
            known
                .map(|product| features_text(&product.features))
                .unwrap_or_default(),
        )
        .kind("textarea")
        .optional()
        .hint(say.it("catalogue-features-hint")),
        server_field(say, servers, known),
        Field::text(
            "stock",
            say.it("catalogue-stock"),
            known
                .and_then(|product| product.stock)
                .map(|n| n.to_string())
                .unwrap_or_default(),
        )
        .kind("number")
        .optional()
        .hint(say.it("catalogue-stock-hint")),
        Field::tick(
            "needs_hostname",
            say.it("catalogue-hostname"),
            known.is_none_or(|product| product.needs_hostname),
        ),
    ]);
    if let Some(product) = known {
        fields.push(
            Field::text("position", say.it("catalogue-place"), product.position)
                .kind("number")
                .hint(say.it("catalogue-place-hint")),
        );
    }
    fields
}

fn form(say: Say<'_>, servers: &[Server], known: Option<&Product>) -> FormPage {
    let path = known.map_or_else(
        || "/admin/catalogue".to_owned(),
        |p| format!("/admin/catalogue/{}", p.id),
    );
    let title = say.it(if known.is_some() {
        "catalogue-edit"
    } else {
        "catalogue-new"
    });
    FormPage {
        subtitle: known.map(|product| product.name.clone()),
        crumbs: vec![
            crumb(say.it("menu-catalogue"), Some("/admin/catalogue")),
            crumb(title.clone(), None),
        ],
        title,
        form: FormPart {
            id: "product".to_owned(),
            path: path.clone(),
            fields: fields(say, servers, known),
            submit: say.it("settings-save"),
        },
        errors: Vec::new(),
        back: path,
    }
}

/// Numbers and ids of the form; what is wrong with them.
struct Numbers {
    stock: Option<i32>,
    position: Option<i32>,
    server: Option<billing::ids::ServerId>,
}

fn numbers(say: Say<'_>, typed: &Typed) -> Result<Numbers, Vec<FieldError>> {
    let text = |name: &str| typed.get(name).map_or("", |text| text.trim());
    let mut errors = Vec::new();
    let mut whole = |name: &str, least: i32| {
        let text = text(name);
        if text.is_empty() {
            return None;
        }
        let number = text.parse::<i32>().ok().filter(|number| *number >= least);
        if number.is_none() {
            errors.push(FieldError {
                field: name.to_owned(),
                message: say.it("schema-number"),
            });
        }
        number
    };
    let (stock, position) = (whole("stock", 0), whole("position", i32::MIN));
    let server = match text("server") {
        "" => None,
        id => match id.parse() {
            Ok(id) => Some(id),
            Err(_) => {
                errors.push(FieldError {
                    field: "server".to_owned(),
                    message: say.it("schema-missing"),
                });
                None
            }
        },
    };
    if errors.is_empty() {
        Ok(Numbers {
            stock,
            position,
            server,
        })
    } else {
        Err(errors)
    }
}

/// `GET /admin/catalogue/new`
pub async fn new(State(app): State<App>, staff: Staff<WriteCatalogue>, asked: Asked) -> Response {
    let servers = match servers(&app, &staff).await {
        Ok(servers) => servers,
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    Html::show(&app, StatusCode::OK, &form(Say(&app, &chrome), &servers, None), &chrome)
}

/// `POST /admin/catalogue`: then come the settings on the panel.
pub async fn create(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Form(typed): Form<Typed>,
) -> Response {
    let servers = match servers(&app, &staff).await {
        Ok(servers) => servers,
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let say = Say(&app, &chrome);
    let text = |name: &str| typed.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let errors = match numbers(say, &typed) {
        Err(errors) => errors,
        Ok(numbers) => {
            let new = NewProduct {
                name: text("name"),
                slug: Some(text("slug")).filter(|slug| !slug.is_empty()),
                kind: text("kind"),
                summary: text("summary"),
                description: text("description"),
                features: features(&text("features")),
                server: numbers.server,
                panel_settings: json!({}),
                stock: numbers.stock,
                needs_hostname: Some(typed.contains_key("needs_hostname")),
            };
            let done = async {
                let mut tx = app.tenancy().begin(&staff.scope).await?;
                let product = catalogue::create_product(&mut tx, &new).await?;
                tx.commit().await?;
                Ok::<_, BillingError>(product)
            };
            match done.await {
                Ok(product) => {
                    page::flash(&staff.session, Tone::Success, say.it("catalogue-created")).await;
                    let next = if product.server_id.is_some() {
                        "panel"
                    } else {
                        "plans/new"
                    };
                    return Redirect::to(&format!("/admin/catalogue/{}/{next}", product.id)).into_response();
                }
                Err(error) => match beside(say, &error) {
                    Some(errors) => errors,
                    None => return internal(error),
                },
            }
        }
    };
    let context = form(say, &servers, None).refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}

/// `GET /admin/catalogue/{id}/edit`
pub async fn edit(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<ProductId>() else {
        return not_found();
    };
    let (known, servers) = match (whole(&app, &staff, id).await, servers(&app, &staff).await) {
        (Ok(known), Ok(servers)) => (known, servers),
        (Err(BillingError::NotFound(_)), _) => return not_found(),
        (Err(error), _) | (_, Err(error)) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let context = form(Say(&app, &chrome), &servers, Some(&known.product));
    Html::show(&app, StatusCode::OK, &context, &chrome)
}

/// `POST /admin/catalogue/{id}`
pub async fn update(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let Ok(id) = id.parse::<ProductId>() else {
        return not_found();
    };
    let (known, servers) = match (whole(&app, &staff, id).await, servers(&app, &staff).await) {
        (Ok(known), Ok(servers)) => (known, servers),
        (Err(BillingError::NotFound(_)), _) => return not_found(),
        (Err(error), _) | (_, Err(error)) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let say = Say(&app, &chrome);
    let text = |name: &str| typed.get(name).map(|text| text.trim().to_owned());
    let errors = match numbers(say, &typed) {
        Err(errors) => errors,
        Ok(numbers) => {
            let change = ProductChange {
                name: text("name"),
                slug: text("slug").filter(|slug| !slug.is_empty()),
                summary: text("summary"),
                description: text("description"),
                features: text("features").map(|text| features(&text)),
                server: Some(numbers.server),
                panel_settings: None,
                stock: Some(numbers.stock),
                needs_hostname: Some(typed.contains_key("needs_hostname")),
                state: None,
                position: numbers.position,
            };
            let done = async {
                let mut tx = app.tenancy().begin(&staff.scope).await?;
                catalogue::update_product(&mut tx, id, &change).await?;
                tx.commit().await?;
                Ok::<_, BillingError>(())
            };
            match done.await {
                Ok(()) => {
                    page::flash(&staff.session, Tone::Success, say.it("settings-saved")).await;
                    return Redirect::to(&format!("/admin/catalogue/{id}")).into_response();
                }
                Err(error) => match beside(say, &error) {
                    Some(errors) => errors,
                    None => return internal(error),
                },
            }
        }
    };
    let context = form(say, &servers, Some(&known.product)).refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}
