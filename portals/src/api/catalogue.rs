//! Products, plans, servers, gateways: what is sold, where it comes from, how it is paid.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::catalogue::{self, NewPlan, NewPrice, NewProduct, Plan, Price, Product};
use billing::gateway::{self, GatewayRow};
use billing::ids::ServerId;
use http::StatusCode;
use platform::money::{Currency, Money};
use provisioning::server::{self, NewServer, Server};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::Portal;
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
    .get(
        "/panels",
        doc("Lists the kinds of panels with their schemas", "servers.read", None).gives_object(),
        panels,
    )
    .get(
        "/servers",
        doc("Lists configured panel endpoints", "servers.read", None).lists::<ServerView>(),
        servers,
    )
    .get(
        "/servers/{id}",
        doc("Reads a panel endpoint", "servers.read", None).gives::<ServerView>(),
        server_by_id,
    )
    .post(
        "/servers",
        doc("Configures a panel endpoint", "servers.write", None)
            .takes::<ServerInput>()
            .gives::<ServerView>()
            .status(201),
        create_server,
    )
    .post(
        "/servers/{id}/check",
        doc("Asks whether endpoint and credentials work", "servers.write", None).gives_object(),
        check_server,
    )
    .get(
        "/gateway_kinds",
        doc("Lists the kinds of gateways with their schemas", "payments.read", None).gives_object(),
        gateway_kinds,
    )
    .get(
        "/gateways",
        doc("Lists configured gateways", "payments.read", None).lists::<GatewayView>(),
        gateways,
    )
    .get(
        "/gateways/{id}",
        doc("Reads a gateway", "payments.read", None).gives::<GatewayView>(),
        gateway_by_id,
    )
    .post(
        "/gateways",
        doc("Configures a gateway", "payments.write", None)
            .takes::<GatewayInput>()
            .gives::<GatewayView>()
            .status(201),
        create_gateway,
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

async fn panels(State(app): State<App>, caller: ApiCaller) -> Answer<Value> {
    caller.need("servers.read", None)?;
    Ok(Json(json!({ "data": app.panels().describe(), "next": null })))
}

async fn gateway_kinds(State(app): State<App>, caller: ApiCaller) -> Answer<Value> {
    caller.need("payments.read", None)?;
    Ok(Json(json!({ "data": app.gateways().describe(), "next": null })))
}

/// A configured panel endpoint; its credentials are never answered back.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerView {
    id: String,
    panel: String,
    name: String,
    base_url: String,
    #[schema(value_type = Object)]
    settings: Value,
    status: String,
    check_ok: Option<bool>,
    check_detail: Option<String>,
    created_at: String,
}

/// A panel endpoint to configure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerInput {
    panel: String,
    name: String,
    base_url: String,
    #[schema(value_type = Object)]
    credentials: Value,
    #[schema(value_type = Object)]
    settings: Option<Value>,
}

fn server_view(server: Server) -> ServerView {
    ServerView {
        id: server.id.to_string(),
        panel: server.panel,
        name: server.name,
        base_url: server.base_url,
        settings: server.settings,
        status: server.state,
        check_ok: server.check_ok,
        check_detail: server.check_detail,
        created_at: super::instant(server.created_at),
    }
}

async fn servers(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("servers.read", None)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = server::list(&mut tx, query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    Ok(body::page(
        rows.into_iter().map(server_view).collect(),
        query.limit,
        |v: &ServerView| v.id.clone(),
    ))
}

async fn server_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<ServerView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = server::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    caller.need("servers.read", None)?;
    tx.commit().await?;
    Ok(Json(server_view(found)))
}

async fn create_server(State(app): State<App>, caller: ApiCaller, bytes: Bytes) -> Created<ServerView> {
    caller.need("servers.write", None)?;
    let input: ServerInput = body::read(&bytes)?;
    let new = NewServer {
        panel: input.panel,
        name: input.name,
        base_url: input.base_url,
        credentials: input.credentials,
        settings: input.settings.unwrap_or_else(|| json!({})),
    };
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let made = server::configure(&mut tx, app.panels(), &new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(server_view(made))))
}

async fn check_server(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<Value> {
    let id: ServerId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    server::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    caller.need("servers.write", None)?;
    let (ok, detail) = server::check(app.tenancy(), app.panels(), app.outbound(), caller.scope(), id).await?;
    Ok(Json(json!({ "ok": ok, "detail": detail })))
}

/// A configured gateway; its credentials are never answered back.
#[derive(Debug, Serialize, ToSchema)]
pub struct GatewayView {
    id: String,
    kind: String,
    name: String,
    #[schema(value_type = Object)]
    settings: Value,
    status: String,
    webhook_url: String,
    created_at: String,
}

/// A gateway to configure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayInput {
    kind: String,
    name: Option<String>,
    #[schema(value_type = Object)]
    credentials: Value,
    #[schema(value_type = Object)]
    settings: Option<Value>,
}

fn gateway_view(app: &App, caller: &ApiCaller, gateway: GatewayRow) -> GatewayView {
    let path = format!("/hooks/{}/{}", gateway.kind, gateway.id);
    GatewayView {
        webhook_url: app.link(caller.scope().tenant(), Portal::All, &path),
        id: gateway.id.to_string(),
        kind: gateway.kind,
        name: gateway.name,
        settings: gateway.settings,
        status: gateway.state,
        created_at: super::instant(gateway.created_at),
    }
}

async fn gateways(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("payments.read", None)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = gateway::list(&mut tx).await?;
    tx.commit().await?;
    let views = rows.into_iter().map(|row| gateway_view(&app, &caller, row)).collect();
    Ok(body::page(views, query.limit, |v: &GatewayView| v.id.clone()))
}

async fn gateway_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<GatewayView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = gateway::find(&mut tx, id)
        .await?
        .filter(|_| caller.0.account.is_none())
        .ok_or(ApiError::NotFound)?;
    caller.need("payments.read", None)?;
    tx.commit().await?;
    Ok(Json(gateway_view(&app, &caller, found)))
}

async fn create_gateway(State(app): State<App>, caller: ApiCaller, bytes: Bytes) -> Created<GatewayView> {
    caller.need("payments.write", None)?;
    let input: GatewayInput = body::read(&bytes)?;
    let settings = input.settings.unwrap_or_else(|| json!({}));
    let name = input.name.unwrap_or_default();
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let made = gateway::configure(
        &mut tx,
        app.gateways(),
        &input.kind,
        &name,
        &input.credentials,
        &settings,
    )
    .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(gateway_view(&app, &caller, made))))
}
