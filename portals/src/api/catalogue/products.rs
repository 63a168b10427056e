//! Products.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::catalogue::{self, NewProduct, Product, ProductChange, ProductOption};
use billing::ids::{ProductId, ServerId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::TenantTx;
use utoipa::ToSchema;

use super::super::body::{self, ListQuery};
use super::super::caller::ApiCaller;
use super::super::endpoints::{Doc, Endpoints};
use super::super::error::ApiError;
use super::nullable;
use super::options::{self, OptionView};
use crate::app::App;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = Doc::new;
    e.get(
        "/products",
        doc("Lists products, newest first", "catalogue.read", Some("services.use"))
            .lists::<ProductView>()
            .filter("kind", "kind"),
        list,
    )
    .get(
        "/products/{id}",
        doc("Reads a product", "catalogue.read", Some("services.use")).gives::<ProductView>(),
        read,
    )
    .post(
        "/products",
        doc("Creates a product with its options", "catalogue.write", None)
            .takes::<ProductInput>()
            .gives::<ProductView>()
            .status(201),
        create,
    )
    .patch(
        "/products/{id}",
        doc(
            "Changes a product; options that are left out of a list are retired",
            "catalogue.write",
            None,
        )
        .takes::<ProductPatch>()
        .gives::<ProductView>(),
        change,
    )
}

/// A row of a product's table of features.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureView {
    label: String,
    value: String,
}

/// A product.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductView {
    id: String,
    name: String,
    slug: String,
    kind: String,
    summary: String,
    description: String,
    #[schema(value_type = Vec<FeatureView>)]
    features: Value,
    server: Option<String>,
    #[schema(value_type = Object)]
    panel_settings: Value,
    stock: Option<i32>,
    needs_hostname: bool,
    options: Vec<OptionView>,
    status: String,
    created_at: String,
}

/// A product to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductInput {
    name: String,
    kind: String,
    slug: Option<String>,
    summary: Option<String>,
    description: Option<String>,
    #[schema(value_type = Option<Vec<FeatureView>>)]
    features: Option<Value>,
    server: Option<String>,
    #[schema(value_type = Option<Object>)]
    panel_settings: Option<Value>,
    stock: Option<i32>,
    needs_hostname: Option<bool>,
    #[serde(default)]
    options: Vec<OptionView>,
}

/// What to change of a product; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductPatch {
    name: Option<String>,
    slug: Option<String>,
    summary: Option<String>,
    description: Option<String>,
    #[schema(value_type = Option<Vec<FeatureView>>)]
    features: Option<Value>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    server: Option<Option<String>>,
    #[schema(value_type = Option<Object>)]
    panel_settings: Option<Value>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    stock: Option<Option<i32>>,
    needs_hostname: Option<bool>,
    /// active, hidden or retired.
    status: Option<String>,
    options: Option<Vec<OptionView>>,
}

fn server_id(text: &str) -> Result<ServerId, ApiError> {
    text.parse()
        .map_err(|_| ApiError::field("server", "There is no such server."))
}

fn view(product: Product, options: &[ProductOption], staff: bool) -> ProductView {
    let own = options.iter().filter(|o| o.product_id == product.id).cloned();
    ProductView {
        id: product.id.to_string(),
        name: product.name,
        slug: product.slug,
        kind: product.kind,
        summary: product.summary,
        description: product.description,
        features: product.features,
        server: product.server_id.filter(|_| staff).map(|id| id.to_string()),
        panel_settings: if staff { product.panel_settings } else { json!({}) },
        stock: product.stock,
        needs_hostname: product.needs_hostname,
        options: own.map(|o| options::view(o, staff)).collect(),
        status: product.state,
        created_at: super::super::instant(product.created_at),
    }
}

async fn whole(tx: &mut TenantTx, product: Product, staff: bool) -> Result<ProductView, ApiError> {
    let options = catalogue::options_of(tx, &[product.id], true).await?;
    Ok(view(product, &options, staff))
}

async fn list(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    caller.need("catalogue.read", Some("services.use"))?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = catalogue::list_products(&mut tx, query.filter("kind"), query.limit + 1, query.after()?).await?;
    let ids: Vec<ProductId> = rows.iter().map(|product| product.id).collect();
    let options = catalogue::options_of(&mut tx, &ids, true).await?;
    tx.commit().await?;
    let staff = caller.0.account.is_none();
    Ok(body::page(
        rows.into_iter().map(|p| view(p, &options, staff)).collect(),
        query.limit,
        |v: &ProductView| v.id.clone(),
    ))
}

async fn read(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<ProductView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = catalogue::find_product(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    caller.need("catalogue.read", Some("services.use"))?;
    let shown = whole(&mut tx, found, caller.0.account.is_none()).await?;
    tx.commit().await?;
    Ok(Json(shown))
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    bytes: Bytes,
) -> Result<(StatusCode, Json<ProductView>), ApiError> {
    caller.need("catalogue.write", None)?;
    let input: ProductInput = body::read(&bytes)?;
    let new = NewProduct {
        name: input.name,
        slug: input.slug,
        kind: input.kind,
        summary: input.summary.unwrap_or_default(),
        description: input.description.unwrap_or_default(),
        features: input.features.unwrap_or_default(),
        server: input.server.as_deref().map(server_id).transpose()?,
        panel_settings: input.panel_settings.unwrap_or_default(),
        stock: input.stock,
        needs_hostname: input.needs_hostname,
    };
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let made = catalogue::create_product(&mut tx, &new).await?;
    for option in input.options {
        catalogue::create_option(&mut tx, made.id, &options::new_option(option)).await?;
    }
    let shown = whole(&mut tx, made, true).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(shown)))
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<ProductView>, ApiError> {
    let id: ProductId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    catalogue::find_product(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    caller.need("catalogue.write", None)?;
    let patch: ProductPatch = body::read(&bytes)?;
    let server = match patch.server {
        Some(Some(text)) => Some(Some(server_id(&text)?)),
        Some(None) => Some(None),
        None => None,
    };
    let change = ProductChange {
        name: patch.name,
        slug: patch.slug,
        summary: patch.summary,
        description: patch.description,
        features: patch.features,
        server,
        panel_settings: patch.panel_settings,
        stock: patch.stock,
        needs_hostname: patch.needs_hostname,
        state: patch.status,
        position: None,
    };
    let changed = catalogue::update_product(&mut tx, id, &change).await?;
    if let Some(wanted) = patch.options {
        let wanted: Vec<_> = wanted.into_iter().map(options::new_option).collect();
        catalogue::set_options(&mut tx, id, &wanted).await?;
    }
    let shown = whole(&mut tx, changed, true).await?;
    tx.commit().await?;
    Ok(Json(shown))
}
