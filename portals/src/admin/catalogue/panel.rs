//! What the panel is asked for when a product is built: fields from its schema, packages and images as the panel lists them.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::catalogue::{self, Product, ProductChange};
use billing::ids::{ProductId, ServerId};
use http::StatusCode;
use platform::views::Tone;
use provisioning::server::{self, Server};
use serde_json::Value;
use tenancy::extract::Staff;
use tenancy::permission::WriteCatalogue;

use super::whole;
use crate::admin::desk::Say;
use crate::admin::schema_form;
use crate::admin::servers::{beside, words};
use crate::app::App;
use crate::kit::detail::{Field, FormPage, FormPart, Typed, crumb};
use crate::kit::parts::{Choice, FieldError};
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// The product, its server and the schema of what that panel is asked for.
async fn read(
    app: &App,
    staff: &Staff<WriteCatalogue>,
    id: ProductId,
) -> Result<(Product, Server, Value), BillingError> {
    let product = whole(app, staff, id).await?.product;
    let server = product.server_id.ok_or(BillingError::NotFound("server"))?;
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let server = server::find(&mut tx, server)
        .await?
        .ok_or(BillingError::NotFound("server"))?;
    tx.commit().await?;
    let panel = app
        .panels()
        .get(&server.panel)
        .ok_or(BillingError::NotFound("panel kind"))?;
    Ok((product, server, panel.panel_settings_schema()))
}

/// What the panel lists, where it can be asked; its silence is no reason to show no form.
async fn listed(app: &App, staff: &Staff<WriteCatalogue>, id: ServerId, settings: &Value) -> [Vec<Choice>; 2] {
    let shop = app.workshop();
    let packages = server::packages(&shop, &staff.scope, id).await.unwrap_or_default();
    let images = server::images(&shop, &staff.scope, id, settings)
        .await
        .unwrap_or_default();
    [
        packages
            .into_iter()
            .map(|package| Choice {
                value: package.id,
                label: package.name,
            })
            .collect(),
        images
            .into_iter()
            .map(|image| Choice {
                label: format!("{} · {}", image.group, image.name),
                value: image.id,
            })
            .collect(),
    ]
}

/// Turns a field into a choice of what the panel lists; a value it lists no longer stays choosable.
fn offer(fields: &mut [Field], names: &[&str], mut choices: Vec<Choice>) {
    let wanted = |field: &&mut Field| names.iter().any(|name| field.name == format!("panel.{name}"));
    let Some(field) = fields.iter_mut().find(wanted) else {
        return;
    };
    if choices.is_empty() {
        return;
    }
    if !field.value.is_empty() && choices.iter().all(|choice| choice.value != field.value) {
        choices.push(Choice {
            value: field.value.clone(),
            label: field.value.clone(),
        });
    }
    field.kind = "select";
    field.options = choices;
    field.blank = Some(String::new());
}

async fn form(
    app: &App,
    staff: &Staff<WriteCatalogue>,
    say: Say<'_>,
    (product, server, schema): &(Product, Server, Value),
) -> FormPage {
    let settings = &product.panel_settings;
    let mut fields = say.labelled(schema_form::fields("panel", schema, settings, None, &words(say)));
    let [packages, images] = listed(app, staff, server.id, settings).await;
    offer(&mut fields, &["package_id", "package"], packages);
    offer(&mut fields, &["os_template", "image"], images);
    let path = format!("/admin/catalogue/{}", product.id);
    FormPage {
        title: say.it("catalogue-panel"),
        subtitle: Some(format!("{} · {}", product.name, server.name)),
        crumbs: vec![
            crumb(say.it("menu-catalogue"), Some("/admin/catalogue")),
            crumb(product.name.clone(), Some(&path)),
            crumb(say.it("catalogue-panel"), None),
        ],
        form: FormPart {
            id: "panel".to_owned(),
            path: format!("{path}/panel"),
            fields,
            submit: say.it("settings-save"),
        },
        errors: Vec::new(),
        back: path,
    }
}

/// `GET /admin/catalogue/{id}/panel`
pub async fn show(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<ProductId>() else {
        return not_found();
    };
    let read = match read(&app, &staff, id).await {
        Ok(read) => read,
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let context = form(&app, &staff, Say(&app, &chrome), &read).await;
    Html::show(&app, StatusCode::OK, &context, &chrome)
}

/// `POST /admin/catalogue/{id}/panel`
pub async fn save(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let Ok(id) = id.parse::<ProductId>() else {
        return not_found();
    };
    let read = match read(&app, &staff, id).await {
        Ok(read) => read,
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let say = Say(&app, &chrome);
    let before = &read.0.panel_settings;
    let (settings, mut errors): (Value, Vec<FieldError>) =
        schema_form::read("panel", &read.2, &typed, before, &words(say));
    if errors.is_empty() {
        let change = ProductChange {
            panel_settings: Some(settings),
            ..ProductChange::default()
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
                Some(more) => errors = more,
                None => return internal(error),
            },
        }
    }
    let context = form(&app, &staff, say, &read).await.refused(&typed, errors);
    Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &context, &chrome)
}
