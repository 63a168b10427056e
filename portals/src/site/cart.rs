//! The cart: what is in it, at today's prices.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::cart::{self, CartLine};
use billing::ids::CartItemId;
use http::StatusCode;
use platform::money::{Currency, Money};
use platform::views::{Context, Page, Tone};
use serde::{Deserialize, Serialize};
use tenancy::extract::Visitor;

use super::basket;
use super::view::PriceView;
use super::words;
use crate::app::App;
use crate::kit::parts::Choice;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// An item as the cart and the checkout show it.
#[derive(Debug, Clone, Serialize)]
pub struct CartRow {
    pub id: String,
    pub name: String,
    pub plan: String,
    pub hostname: String,
    pub details: Vec<String>,
    pub quantity: i32,
    pub edit_path: Option<String>,
    pub price: Option<PriceView>,
    pub setup: Option<Money>,
    pub trial_days: i32,
    pub before: Option<Money>,
    pub problem: Option<String>,
}

/// A renewal of everything that has the same term.
#[derive(Debug, Clone, Serialize)]
pub struct Renewal {
    pub amount: Money,
    pub unit: String,
    pub count: i32,
    pub on: chrono::NaiveDate,
}

/// What all of it costs.
#[derive(Debug, Clone, Serialize)]
pub struct Totals {
    pub today: Money,
    pub renewals: Vec<Renewal>,
}

/// The page of the cart.
#[derive(Serialize)]
pub struct CartPage {
    pub items: Vec<CartRow>,
    pub totals: Option<Totals>,
    pub currency: String,
    pub currencies: Vec<Choice>,
    pub changed: bool,
    pub problem: Option<String>,
}

impl Context for CartPage {
    const TEMPLATE: &'static str = "site/cart.html";
}

/// A cart's lines as rows.
pub fn rows(app: &App, page: &Page, lines: &[CartLine]) -> Vec<CartRow> {
    lines.iter().map(|line| row(app, page, line)).collect()
}

fn row(app: &App, page: &Page, line: &CartLine) -> CartRow {
    let gone = || app.say(page, "site-gone", &[]);
    let (name, plan) = match &line.offer {
        Some(offer) => (offer.product.name.clone(), offer.plan.name.clone()),
        None => (gone(), String::new()),
    };
    let mut shown = CartRow {
        id: line.row.id.to_string(),
        name,
        plan,
        hostname: line.row.hostname.clone(),
        details: Vec::new(),
        quantity: line.row.quantity,
        edit_path: line
            .offer
            .as_ref()
            .map(|offer| format!("/order/{}?item={}", offer.product.slug, line.row.id)),
        price: None,
        setup: None,
        trial_days: 0,
        before: line.before,
        problem: None,
    };
    match &line.quoted {
        Ok(quoted) => {
            shown.details = quoted
                .options
                .iter()
                .map(|o| format!("{}: {}", o.name, o.value))
                .collect();
            let amount = quoted.unit.times(u32::try_from(line.row.quantity).unwrap_or(1)).ok();
            shown.price = amount.map(|amount| PriceView {
                amount,
                unit: quoted.plan.cycle_unit.clone(),
                count: quoted.plan.cycle_count,
            });
            let setup = quoted.setup.times(u32::try_from(line.row.quantity).unwrap_or(1)).ok();
            shown.setup = setup.filter(|setup| setup.is_positive());
            shown.trial_days = quoted.plan.trial_days;
        }
        Err(problems) => {
            let first = problems.first().map(|p| words::fault(app, page, &p.fault));
            shown.problem = Some(first.unwrap_or_else(gone));
        }
    }
    shown
}

/// The sum of a cart; none while something in it cannot be sold.
pub fn totals(lines: &[CartLine], currency: Currency) -> Result<Option<Totals>, BillingError> {
    let mut today = Money::zero(currency);
    let mut renewals: Vec<Renewal> = Vec::new();
    for line in lines {
        let Ok(quoted) = &line.quoted else { return Ok(None) };
        today = today.add(quoted.due_today)?;
        let (Some(on), Some(amount)) = (quoted.renews_on, quoted.renews_at) else {
            continue;
        };
        let (unit, count) = (&quoted.plan.cycle_unit, quoted.plan.cycle_count);
        match renewals
            .iter_mut()
            .find(|r| r.unit == *unit && r.count == count && r.on == on)
        {
            Some(known) => known.amount = known.amount.add(amount)?,
            None => renewals.push(Renewal {
                amount,
                unit: unit.clone(),
                count,
                on,
            }),
        }
    }
    renewals.sort_by_key(|renewal| renewal.on);
    Ok(Some(Totals { today, renewals }))
}

async fn read(app: &App, visitor: &Visitor) -> Result<(Vec<CartLine>, basket::Basket), BillingError> {
    let mut tx = app.tenancy().begin(&visitor.scope).await?;
    let basket = basket::find(&mut tx, visitor).await?;
    let lines = match &basket.cart {
        Some(cart) => cart::price(&mut tx, cart.id, basket.currency).await?,
        None => Vec::new(),
    };
    cart::saw(&mut tx, &lines).await?;
    tx.commit().await?;
    basket::hold(&visitor.session, basket.cart.as_ref()).await;
    Ok((lines, basket))
}

pub async fn show(State(app): State<App>, visitor: Visitor, asked: Asked) -> Response {
    match draw(&app, &visitor, &asked, None).await {
        Ok(response) => response,
        Err(error) => internal(error),
    }
}

async fn draw(app: &App, visitor: &Visitor, asked: &Asked, problem: Option<String>) -> Result<Response, BillingError> {
    let (lines, basket) = read(app, visitor).await?;
    let page = page::site(app, visitor, asked, "cart").await;
    let choice = |currency: &Currency| Choice {
        value: currency.code().to_owned(),
        label: currency.code().to_owned(),
    };
    let wrong = lines.iter().any(|line| line.quoted.is_err());
    let status = if problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let context = CartPage {
        items: rows(app, &page, &lines),
        totals: totals(&lines, basket.currency)?,
        currency: basket.currency.code().to_owned(),
        currencies: basket.currencies.iter().map(choice).collect(),
        changed: lines.iter().any(|line| line.before.is_some()),
        problem: problem.or_else(|| wrong.then(|| app.say(&page, "site-cart-wrong", &[]))),
    };
    Ok(Html::show(app, status, &context, &page))
}

#[derive(Deserialize)]
pub struct Quantity {
    #[serde(default)]
    quantity: String,
}

pub async fn change(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    Path(id): Path<String>,
    Form(fields): Form<Quantity>,
) -> Response {
    match set_quantity(&app, &visitor, &id, &fields.quantity).await {
        Ok(true) => Redirect::to("/cart").into_response(),
        Ok(false) => {
            let page = page::plain(&app, &visitor, &asked).await;
            let problem = app.say(&page, "site-fault-quantity", &[]);
            match draw(&app, &visitor, &asked, Some(problem)).await {
                Ok(response) => response,
                Err(error) => internal(error),
            }
        }
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

/// Whether the number is one that can be ordered; nothing else of the item is touched.
async fn set_quantity(app: &App, visitor: &Visitor, id: &str, text: &str) -> Result<bool, BillingError> {
    let id: CartItemId = id.parse().map_err(|_| BillingError::NotFound("item"))?;
    let mut tx = app.tenancy().begin(&visitor.scope).await?;
    let basket = basket::find(&mut tx, visitor).await?;
    let cart = basket.cart.ok_or(BillingError::NotFound("item"))?;
    let done = match text.trim().parse() {
        Ok(quantity) => cart::set_quantity(&mut tx, &cart, id, quantity).await,
        Err(_) => Err(BillingError::Field("quantity", String::new())),
    };
    match done {
        Ok(()) => {
            tx.commit().await?;
            Ok(true)
        }
        Err(BillingError::Field(..)) => {
            tx.rollback().await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

pub async fn remove(State(app): State<App>, visitor: Visitor, asked: Asked, Path(id): Path<String>) -> Response {
    let removed = async {
        let id: CartItemId = id.parse().map_err(|_| BillingError::NotFound("item"))?;
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let basket = basket::find(&mut tx, &visitor).await?;
        let cart = basket.cart.ok_or(BillingError::NotFound("item"))?;
        cart::remove_item(&mut tx, &cart, id).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(())
    };
    match removed.await {
        Ok(()) => {
            let page = page::plain(&app, &visitor, &asked).await;
            let text = app.say(&page, "site-removed", &[]);
            page::flash(&visitor.session, Tone::Success, text).await;
            Redirect::to("/cart").into_response()
        }
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    currency: String,
    #[serde(default)]
    back: String,
}

pub async fn currency(State(app): State<App>, visitor: Visitor, Form(fields): Form<Wanted>) -> Response {
    let chosen = async {
        let mut tx = app.tenancy().begin(&visitor.scope).await?;
        let basket = basket::find(&mut tx, &visitor).await?;
        let wanted = Currency::parse(&fields.currency).ok();
        let wanted = wanted.filter(|currency| basket.currencies.contains(currency));
        if let (Some(cart), Some(currency)) = (&basket.cart, wanted) {
            cart::set_currency(&mut tx, cart, currency).await?;
        }
        tx.commit().await?;
        Ok::<_, BillingError>(wanted)
    };
    match chosen.await {
        Ok(Some(currency)) => {
            basket::prefer(&visitor.session, currency).await;
            let back = crate::auth::safe_next(&fields.back);
            Redirect::to(if back == "/" { "/cart" } else { back }).into_response()
        }
        Ok(None) => Redirect::to("/cart").into_response(),
        Err(error) => internal(error),
    }
}
