//! Subscriptions: the agreements that are billed again and again.

use axum::Json;
use axum::extract::{Path, State};
use billing::subscription::{self, Subscription, SubscriptionFilter};
use chrono::NaiveDate;
use platform::money::{Currency, Money};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{self, ListQuery};
use super::caller::ApiCaller;
use super::endpoints::{Doc, Endpoints};
use super::error::ApiError;
use crate::app::App;

pub fn endpoints(e: Endpoints) -> Endpoints {
    let doc = |summary| Doc::new(summary, "services.read", Some("services.use"));
    e.get(
        "/subscriptions",
        doc("Lists subscriptions, newest first")
            .lists::<SubscriptionView>()
            .filter("account", "account id")
            .filter("plan", "plan id")
            .filter("status", "pending, active or cancelled"),
        list,
    )
    .get(
        "/subscriptions/{id}",
        doc("Reads a subscription").gives::<SubscriptionView>(),
        show,
    )
}

/// How often it is billed.
#[derive(Debug, Serialize, ToSchema)]
pub struct BilledEvery {
    unit: String,
    count: i32,
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionView {
    id: String,
    account: String,
    order: Option<String>,
    parent: Option<String>,
    plan: String,
    service: Option<String>,
    quantity: i32,
    /// Plan and options, each and per cycle, before tax.
    #[schema(value_type = crate::api::endpoints::MoneyDoc)]
    unit_price: Money,
    cycle: BilledEvery,
    start_on: NaiveDate,
    /// Every day before it is billed.
    billed_through: Option<NaiveDate>,
    status: String,
    /// First day not served any more.
    cancel_on: Option<NaiveDate>,
    created_at: String,
}

fn view(row: Subscription) -> Result<SubscriptionView, ApiError> {
    let internal = |error: platform::money::MoneyError| ApiError::Internal(error.to_string());
    let currency = Currency::parse(&row.currency).map_err(internal)?;
    Ok(SubscriptionView {
        id: row.id.to_string(),
        account: row.account_id.to_string(),
        order: row.order_id.map(|id| id.to_string()),
        parent: row.parent_id.map(|id| id.to_string()),
        plan: row.plan_id.to_string(),
        service: row.service_id.map(|id| id.to_string()),
        quantity: row.quantity,
        unit_price: Money::new(row.unit_minor, currency).map_err(internal)?,
        cycle: BilledEvery {
            unit: row.cycle_unit,
            count: row.cycle_count,
        },
        start_on: row.start_on,
        billed_through: row.billed_through,
        status: row.status,
        cancel_on: row.cancel_on,
        created_at: super::instant(row.created_at),
    })
}

async fn list(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Result<Json<Value>, ApiError> {
    caller.need("services.read", Some("services.use"))?;
    let filter = SubscriptionFilter {
        account: caller.0.account.or(query.id("account")?),
        plan: query.id("plan")?,
        status: query.filter("status").map(str::to_owned),
    };
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = subscription::list(&mut tx, &filter, query.limit + 1, query.after()?).await?;
    tx.commit().await?;
    let views = rows.into_iter().map(view).collect::<Result<Vec<_>, _>>()?;
    Ok(body::page(views, query.limit, |view: &SubscriptionView| {
        view.id.clone()
    }))
}

async fn show(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<SubscriptionView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = subscription::find(&mut tx, id)
        .await?
        .filter(|row| caller.0.sees(row.account_id))
        .ok_or(ApiError::NotFound)?;
    caller.need("services.read", Some("services.use"))?;
    tx.commit().await?;
    Ok(Json(view(row)?))
}
