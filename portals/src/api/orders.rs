//! Orders and payment methods.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use billing::ids::{GatewayId, OrderId, PaymentMethodId, PlanId};
use billing::order::{self, Item, PlaceOrder};
use billing::payment_method::{self, PaymentMethod};
use billing::{gateway, payment};
use http::StatusCode;
use platform::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenancy::permission::CHARGE_SAVED;
use tenancy::{AccountId, TenantTx};
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
    let (read, write) = (Some("services.use"), Some("services.manage"));
    e.get(
        "/orders",
        doc("Lists orders, newest first", "orders.read", read)
            .lists::<OrderView>()
            .filter("account", "account id"),
        orders,
    )
    .get(
        "/orders/{id}",
        doc("Reads an order", "orders.read", read).gives::<OrderView>(),
        order_by_id,
    )
    .post(
        "/orders",
        doc("Places an order, or previews it", "orders.write", write)
            .takes::<OrderInput>()
            .gives::<OrderView>()
            .status(201)
            .also::<OrderPreview>(200),
        place,
    )
    .post(
        "/orders/{id}/cancellation",
        doc(
            "Cancels an order that waits for its payment, and voids its invoice",
            "orders.write",
            write,
        )
        .gives::<OrderView>(),
        cancel,
    )
    .get(
        "/accounts/{id}/payment_methods",
        doc(
            "Lists an account's payment methods",
            "payments.read",
            Some("billing.read"),
        )
        .lists::<MethodView>(),
        methods,
    )
    .post(
        "/accounts/{id}/payment_methods",
        doc(
            "Saves a payment method by the gateway's token",
            "accounts.write",
            Some("billing.manage"),
        )
        .takes::<MethodInput>()
        .gives::<MethodView>()
        .status(201),
        add_method,
    )
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    id: String,
    number: i64,
    account: String,
    status: String,
    invoice: Option<String>,
    services: Vec<String>,
    #[schema(value_type = crate::api::endpoints::MoneyDoc)]
    total: Money,
    created_at: String,
}

/// What an order would come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderPreview {
    preview: bool,
    #[schema(value_type = crate::api::endpoints::MoneyDoc)]
    total: Money,
    /// Sum of what renews, whatever the cycle.
    #[schema(value_type = Object)]
    renewals: Money,
    /// The items with what each comes to.
    #[schema(value_type = Vec<Object>)]
    items: Value,
}

/// Something to order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemInput {
    plan: String,
    quantity: Option<i32>,
    #[schema(value_type = Option<Object>)]
    options: Option<Value>,
    hostname: Option<String>,
}

/// An order to place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderInput {
    account: String,
    items: Vec<ItemInput>,
    #[serde(default)]
    coupons: Vec<String>,
    payment_method: Option<String>,
    #[serde(default)]
    preview: bool,
}

async fn order_view(tx: &mut TenantTx, row: order::Order) -> Result<OrderView, ApiError> {
    let made = order::made(tx, &[row.id]).await?.remove(&row.id);
    with_made(row, &made.unwrap_or_default())
}

fn with_made(row: order::Order, made: &order::Made) -> Result<OrderView, ApiError> {
    let currency = Currency::parse(&row.currency).map_err(|e| ApiError::Internal(e.to_string()))?;
    Ok(OrderView {
        invoice: made.invoice.map(|id| id.to_string()),
        services: made.services.iter().map(ToString::to_string).collect(),
        id: row.id.to_string(),
        number: row.number,
        account: row.account_id.to_string(),
        status: row.status,
        total: Money::new(row.total_minor, currency).map_err(|e| ApiError::Internal(e.to_string()))?,
        created_at: super::instant(row.created_at),
    })
}

async fn orders(State(app): State<App>, caller: ApiCaller, query: ListQuery) -> Answer<Value> {
    caller.need("orders.read", Some("services.use"))?;
    let account = caller.0.account.or(query.id("account")?);
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let rows = order::list(&mut tx, account, query.limit + 1, query.after()?).await?;
    let ids: Vec<OrderId> = rows.iter().map(|row| row.id).collect();
    let mut made = order::made(&mut tx, &ids).await?;
    tx.commit().await?;
    let views = rows.into_iter().map(|row| {
        let made = made.remove(&row.id).unwrap_or_default();
        with_made(row, &made)
    });
    let views = views.collect::<Result<Vec<_>, _>>()?;
    Ok(body::page(views, query.limit, |v: &OrderView| v.id.clone()))
}

async fn order_by_id(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<OrderView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = order::find(&mut tx, id)
        .await?
        .filter(|o| caller.0.sees(o.account_id))
        .ok_or(ApiError::NotFound)?;
    caller.need("orders.read", Some("services.use"))?;
    let view = order_view(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Json(view))
}

async fn cancel(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>) -> Answer<OrderView> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = order::find(&mut tx, id).await?;
    tx.commit().await?;
    row.filter(|o| caller.0.sees(o.account_id)).ok_or(ApiError::NotFound)?;
    caller.need("orders.write", Some("services.manage"))?;
    let reason = "Cancelled through the API.";
    order::cancel(app.tenancy(), app.gateways(), caller.scope(), id, reason).await?;
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = order::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    let view = order_view(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Json(view))
}

fn item(input: &ItemInput) -> Result<Item, ApiError> {
    Ok(Item {
        plan: input
            .plan
            .parse()
            .map_err(|_| ApiError::field("items", "There is no such plan on sale."))?,
        quantity: input.quantity.unwrap_or(1),
        hostname: input.hostname.clone().unwrap_or_default(),
        options: input.options.clone().unwrap_or_else(|| json!({})),
    })
}

async fn place(
    State(app): State<App>,
    caller: ApiCaller,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    caller.need("orders.write", Some("services.manage"))?;
    let input: OrderInput = body::read(&bytes)?;
    if input.payment_method.is_some() {
        caller.need(CHARGE_SAVED.0, Some(CHARGE_SAVED.1))?;
    }
    let no_account = || ApiError::field("account", "There is no such account.");
    let account: AccountId = input.account.parse().map_err(|_| no_account())?;
    if !caller.0.sees(account) {
        return Err(no_account());
    }
    if let Some(first) = input.coupons.first() {
        return Err(ApiError::field("coupons", format!("There is no coupon {first:?}.")));
    }
    let items = input.items.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    tenancy::account::find(&mut tx, account).await?.ok_or_else(no_account)?;
    if input.preview {
        let quote = order::quote(&mut tx, account, &items).await?;
        tx.rollback().await?;
        let shown = OrderPreview {
            preview: true,
            total: quote.due_today,
            renewals: quote.renewals,
            items: json!(quote.items),
        };
        return Ok((StatusCode::OK, Json(json!(shown))));
    }
    let plans: Vec<PlanId> = items.iter().map(|item| item.plan).collect();
    let products = order::products_of(&mut tx, &plans).await?;
    tx.rollback().await?;
    // As the shop's own checkout does: panels are asked before the transaction of the order.
    let rooms = provisioning::capacity::rooms(&app.workshop(), caller.scope(), &products).await?;
    let mut tx = app.tenancy().begin(caller.scope()).await?;
    let (method, hold) = method_of(&app, &mut tx, account, input.payment_method.as_deref()).await?;
    let new = PlaceOrder {
        account,
        items,
        payment_method: method,
        hold,
        checkout_key: checkout_key(&caller, &headers, &bytes),
        ip: None,
    };
    let placed = order::place_within(&mut tx, &new, &rooms).await?;
    tx.commit().await?;
    if let Some(id) = placed.payment {
        // The answer says what became of the payment; its job takes over if this stops here.
        payment::drive(app.tenancy(), app.gateways(), caller.scope(), id).await?;
    }
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let row = order::find(&mut tx, placed.order).await?.ok_or(ApiError::NotFound)?;
    let view = order_view(&mut tx, row).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(json!(view))))
}

/// A request that is repeated after a crash lands on the order the first one placed.
fn checkout_key(caller: &ApiCaller, headers: &HeaderMap, bytes: &Bytes) -> Option<String> {
    let key = headers.get("idempotency-key")?.to_str().ok()?;
    let body = hex::encode(platform::secret::sha256(bytes));
    Some(format!("api:{}:{key}:{body}", caller.0.token))
}

async fn method_of(
    app: &App,
    tx: &mut TenantTx,
    account: AccountId,
    text: Option<&str>,
) -> Result<(Option<PaymentMethodId>, bool), ApiError> {
    let Some(text) = text else { return Ok((None, false)) };
    let unknown = || ApiError::field("payment_method", "This account has no such payment method.");
    let id: PaymentMethodId = text.parse().map_err(|_| unknown())?;
    let method = payment_method::find(tx, id)
        .await?
        .filter(|m| m.account_id == account)
        .ok_or_else(unknown)?;
    let kind = gateway::find(tx, method.gateway_id)
        .await?
        .map(|g| g.kind)
        .unwrap_or_default();
    Ok((Some(id), app.gateways().get(&kind).is_some_and(|g| g.can_hold())))
}

/// A saved payment method.
#[derive(Debug, Serialize, ToSchema)]
pub struct MethodView {
    id: String,
    account: String,
    gateway: String,
    kind: String,
    brand: String,
    last4: String,
    exp_month: Option<i16>,
    exp_year: Option<i16>,
    is_default: bool,
    created_at: String,
}

/// A method to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodInput {
    gateway: String,
    token: String,
}

fn method_view(method: PaymentMethod) -> MethodView {
    MethodView {
        id: method.id.to_string(),
        account: method.account_id.to_string(),
        gateway: method.gateway_id.to_string(),
        kind: method.kind,
        brand: method.brand,
        last4: method.last4,
        exp_month: method.exp_month,
        exp_year: method.exp_year,
        is_default: method.is_default,
        created_at: super::instant(method.created_at),
    }
}

async fn methods(State(app): State<App>, caller: ApiCaller, Path(id): Path<String>, query: ListQuery) -> Answer<Value> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let account = super::accounts::find(&mut tx, &caller, &id).await?;
    caller.need("payments.read", Some("billing.read"))?;
    let rows = payment_method::list(&mut tx, account.id).await?;
    tx.commit().await?;
    Ok(body::page(
        rows.into_iter().map(method_view).collect(),
        query.limit,
        |v: &MethodView| v.id.clone(),
    ))
}

async fn add_method(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Created<MethodView> {
    let mut tx = app.tenancy().begin_read(caller.scope()).await?;
    let account = super::accounts::find(&mut tx, &caller, &id).await?;
    caller.need("accounts.write", Some("billing.manage"))?;
    let input: MethodInput = body::read(&bytes)?;
    let no_gateway = || ApiError::field("gateway", "There is no such gateway.");
    let gateway: GatewayId = input.gateway.parse().map_err(|_| no_gateway())?;
    gateway::find(&mut tx, gateway).await?.ok_or_else(no_gateway)?;
    tx.commit().await?;
    let saved = payment_method::attach(
        app.tenancy(),
        app.gateways(),
        caller.scope(),
        (account.id, gateway),
        &input.token,
    )
    .await?;
    Ok((StatusCode::CREATED, Json(method_view(saved))))
}
