//! Plans: a product with a cycle and prices.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use billing::catalogue::{self, NewPlan, Plan, PlanChange, Price};
use billing::ids::{PlanId, ProductId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::TenantTx;
use utoipa::ToSchema;

use super::super::body::{self, ListQuery};
use super::super::caller::ApiCaller;
use super::super::endpoints::{Doc, Endpoints};
use super::super::error::ApiError;
use super::options::{self, OptionPriceView};
use crate::app::App;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = Doc::new;
    e.get(
        "/plans",
        doc("Lists plans, newest first", "catalogue.read", Some("services.use"))
            .lists::<PlanView>()
            .filter("product", "product id"),
        list,
    )
    .get(
        "/plans/{id}",
        doc("Reads a plan", "catalogue.read", Some("services.use")).gives::<PlanView>(),
        read,
    )
    .post(
        "/plans",
        doc("Creates a plan with its prices", "catalogue.write", None)
            .takes::<PlanInput>()
            .gives::<PlanView>()
            .status(201),
        create,
    )
    .patch(
        "/plans/{id}",
        doc(
            "Changes a plan; prices are new versions for what is sold from now on",
            "catalogue.write",
            None,
        )
        .takes::<PlanPatch>()
        .gives::<PlanView>(),
        change,
    )
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
    option_prices: Vec<OptionPriceView>,
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
    #[serde(default)]
    option_prices: Vec<OptionPriceView>,
}

/// What to change of a plan; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanPatch {
    name: Option<String>,
    trial_days: Option<i32>,
    /// active, hidden or retired.
    status: Option<String>,
    /// New versions; currencies that are left out keep theirs.
    #[serde(default)]
    prices: Vec<PriceView>,
    /// New versions; options that are left out keep theirs.
    #[serde(default)]
    option_prices: Vec<OptionPriceView>,
}

fn view(plan: Plan, prices: Vec<Price>, option_prices: Vec<OptionPriceView>) -> PlanView {
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
        option_prices,
        status: plan.state,
        created_at: super::super::instant(plan.created_at),
    }
}

/// Plans with their prices, in three statements however many they are.
async fn whole(tx: &mut TenantTx, plans: Vec<Plan>) -> Result<Vec<PlanView>, ApiError> {
    let ids: Vec<PlanId> = plans.iter().map(|plan| plan.id).collect();
    let products: Vec<ProductId> = plans.iter().map(|plan| plan.product_id).collect();
    let prices = catalogue::prices_of(tx, &ids).await?;
    let option_prices = catalogue::option_prices(tx, &ids).await?;
    let options = catalogue::options_of(tx, &products, true).await?;
    let one = |plan: Plan| {
        let own: Vec<_> = option_prices.iter().filter(|p| p.plan == plan.id).cloned().collect();
        let prices = prices.iter().filter(|(id, _)| *id == plan.id);
        let prices = prices.map(|(_, price)| price.clone()).collect();
        view(plan, prices, options::price_views(&own, &options))
    };
    Ok(plans.into_iter().map(one).collect())
}

async fn single(tx: &mut TenantTx, plan: Plan) -> Result<PlanView, ApiError> {
    whole(tx, vec![plan]).await?.pop().ok_or(ApiError::NotFound)
}

async fn list(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    caller.need("catalogue.read", Some("services.use"))?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = catalogue::list_plans(&mut tx, query.id("product")?, query.limit + 1, query.after()?).await?;
    let views = whole(&mut tx, rows).await?;
    tx.commit().await?;
    Ok(body::page(views, query.limit, |v: &PlanView| v.id.clone()))
}

async fn read(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Result<Json<PlanView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let found = catalogue::find_plan(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    caller.need("catalogue.read", Some("services.use"))?;
    let shown = single(&mut tx, found).await?;
    tx.commit().await?;
    Ok(Json(shown))
}

fn price(view: &PriceView) -> Result<catalogue::NewPrice, ApiError> {
    options::price("prices", &view.currency, &view.amount, view.setup.as_deref())
}

async fn price_options(tx: &mut TenantTx, plan: &Plan, wanted: &[OptionPriceView]) -> Result<(), ApiError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let known = catalogue::options_of(tx, &[plan.product_id], true).await?;
    for (n, view) in wanted.iter().enumerate() {
        let field = format!("option_prices.{n}");
        let option = known.iter().find(|option| option.key == view.option);
        let missing = || ApiError::field(format!("{field}.option"), "The product has no such option.");
        let option = option.ok_or_else(missing)?.id;
        let new = options::price(&field, &view.currency, &view.amount, view.setup.as_deref())?;
        catalogue::set_option_price(tx, plan.id, option, view.value.as_deref(), &new).await?;
    }
    Ok(())
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    bytes: Bytes,
) -> Result<(StatusCode, Json<PlanView>), ApiError> {
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
        prices: input.prices.iter().map(price).collect::<Result<_, _>>()?,
    };
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let made = catalogue::create_plan(&mut tx, &new).await?;
    price_options(&mut tx, &made, &input.option_prices).await?;
    let shown = single(&mut tx, made).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(shown)))
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<PlanView>, ApiError> {
    let id: PlanId = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    catalogue::find_plan(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    caller.need("catalogue.write", None)?;
    let patch: PlanPatch = body::read(&bytes)?;
    let change = PlanChange {
        name: patch.name,
        trial_days: patch.trial_days,
        state: patch.status,
        position: None,
        prices: patch.prices.iter().map(price).collect::<Result<_, _>>()?,
    };
    let changed = catalogue::update_plan(&mut tx, id, &change).await?;
    price_options(&mut tx, &changed, &patch.option_prices).await?;
    let shown = single(&mut tx, changed).await?;
    tx.commit().await?;
    Ok(Json(shown))
}
