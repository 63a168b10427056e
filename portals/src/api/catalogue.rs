//! Products and plans: what is sold.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::catalogue::{self, NewPlan, NewPrice, NewProduct, Plan, Price, Product};
use billing::ids::ServerId;
use http::StatusCode;
use platform::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;

type Answer<T> = Result<Json<T>, ApiError>;
type Created<T> = Result<(StatusCode, Json<T>), ApiError>;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = Doc::new;
    e.get(
        "/products",
        doc("Lists products, newest first", "catalogue.read", Some("services.use"))
            .lists::<ProductView>()
            .filter("kind", "kind"),
        products,
    )
    .get(
        "/products/{id}",
        doc("Reads a product", "catalogue.read", Some("services.use")).gives::<ProductView>(),
        product,
    )
    .post(
        "/products",
        doc("Creates a product", "catalogue.write", None)
            .takes::<ProductInput>()
            .gives::<ProductView>()
            .status(201),
        create_product,
    )
    .get(
        "/plans",
        doc("Lists plans, newest first", "catalogue.read", Some("services.use"))
            .lists::<PlanView>()
            .filter("product", "product id"),
        plans,
    )
    .get(
        "/plans/{id}",
        doc("Reads a plan", "catalogue.read", Some("services.use")).gives::<PlanView>(),
        plan,
    )
    .post(
        "/plans",
        doc("Creates a plan with its prices", "catalogue.write", None)
            .takes::<PlanInput>()
            .gives::<PlanView>()
            .status(201),
        create_plan,
    )
}

/// A product.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductView {
    id: String,
    name: String,
    slug: String,
    kind: String,
    summary: String,
    server: Option<String>,
    #[schema(value_type = Object)]
    panel_settings: Value,
    stock: Option<i32>,
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
    server: Option<String>,
    #[schema(value_type = Object)]
    panel_settings: Option<Value>,
    stock: Option<i32>,
}

fn product_view(product: Product, staff: bool) -> ProductView {
    ProductView {
        id: product.id.to_string(),
        name: product.name,
        slug: product.slug,
        kind: product.kind,
        summary: product.summary,
        server: product.server_id.filter(|_| staff).map(|id| id.to_string()),
        panel_settings: if staff { product.panel_settings } else { json!({}) },
        stock: product.stock,
        status: product.state,
        created_at: super::instant(product.created_at),
    }
}

async fn products(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("catalogue.read", Some("services.use"))?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = catalogue::list_products(&mut tx, query.filter("kind"), query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    let staff = caller.0.account.is_none();
    Ok(body::page(
        rows.into_iter().map(|p| product_view(p, staff)).collect(),
        query.limit,
        |v: &ProductView| v.id.clone(),
    ))
}

async fn product(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<ProductView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = catalogue::find_product(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    caller.need("catalogue.read", Some("services.use"))?;
    tx.commit().await?;
    Ok(Json(product_view(found, caller.0.account.is_none())))
}

async fn create_product(State(app): State<App>, caller: ApiCaller, bytes: Bytes) -> Created<ProductView> {
    caller.need("catalogue.write", None)?;
    let input: ProductInput = body::read(&bytes)?;
    let server: Option<ServerId> = match input.server {
        Some(text) => Some(
            text.parse()
                .map_err(|_| ApiError::field("server", "There is no such server."))?,
        ),
        None => None,
    };
    let new = NewProduct {
        name: input.name,
        slug: input.slug,
        kind: input.kind,
        summary: input.summary.unwrap_or_default(),
        features: Value::Null,
        server,
        panel_settings: input.panel_settings.unwrap_or_default(),
        stock: input.stock,
    };
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let made = catalogue::create_product(&mut tx, &new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(product_view(made, true))))
}

/// A cycle: `once`, or so many days, weeks, months or years.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CycleView {
    unit: String,
    count: i32,
}

/// A price in one currency.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceView {
    currency: String,
    amount: String,
    setup: Option<String>,
}

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    id: String,
    product: String,
    name: String,
    cycle: CycleView,
    trial_days: i32,
    prices: Vec<PriceView>,
    status: String,
    created_at: String,
}

/// A plan to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanInput {
    product: String,
    name: String,
    cycle: CycleView,
    #[serde(default)]
    trial_days: i32,
    prices: Vec<PriceView>,
}

fn plan_view(plan: Plan, prices: Vec<Price>) -> PlanView {
    let price = |p: Price| PriceView {
        currency: p.amount.currency.code().to_owned(),
        amount: p.amount.to_decimal_string(),
        setup: Some(p.setup.to_decimal_string()),
    };
    PlanView {
        id: plan.id.to_string(),
        product: plan.product_id.to_string(),
        name: plan.name,
        cycle: CycleView {
            unit: plan.cycle_unit,
            count: plan.cycle_count,
        },
        trial_days: plan.trial_days,
        prices: prices.into_iter().map(price).collect(),
        status: plan.state,
        created_at: super::instant(plan.created_at),
    }
}

async fn plans(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("catalogue.read", Some("services.use"))?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = catalogue::list_plans(&mut tx, query.id("product")?, query.limit + 1, query.after()?).await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let prices = catalogue::prices(&mut tx, row.id).await?;
        views.push(plan_view(row, prices));
    }
    tx.commit().await?;
    Ok(body::page(views, query.limit, |v: &PlanView| v.id.clone()))
}

async fn plan(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<PlanView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = catalogue::find_plan(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    caller.need("catalogue.read", Some("services.use"))?;
    let prices = catalogue::prices(&mut tx, found.id).await?;
    tx.commit().await?;
    Ok(Json(plan_view(found, prices)))
}

fn new_price(price: &PriceView) -> Result<NewPrice, ApiError> {
    let wrong = |error: platform::money::MoneyError| ApiError::field("prices", error);
    let currency = Currency::parse(&price.currency).map_err(wrong)?;
    let parse = |text: &str| Money::parse(text, currency).map_err(wrong);
    let setup = price.setup.as_deref().map_or(Ok(Money::zero(currency)), parse)?;
    Ok(NewPrice {
        amount: parse(&price.amount)?,
        setup,
    })
}

async fn create_plan(State(app): State<App>, caller: ApiCaller, bytes: Bytes) -> Created<PlanView> {
    caller.need("catalogue.write", None)?;
    let input: PlanInput = body::read(&bytes)?;
    let new = NewPlan {
        product: input
            .product
            .parse()
            .map_err(|_| ApiError::field("product", "There is no such product."))?,
        name: input.name,
        cycle_unit: input.cycle.unit,
        cycle_count: input.cycle.count,
        trial_days: input.trial_days,
        prices: input.prices.iter().map(new_price).collect::<Result<_, _>>()?,
    };
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let made = catalogue::create_plan(&mut tx, &new).await?;
    let prices = catalogue::prices(&mut tx, made.id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(plan_view(made, prices))))
}
