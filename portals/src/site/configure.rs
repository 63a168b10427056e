//! Configuring a product, and putting it into the cart (or changing what is in it).

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::cart;
use billing::ids::CartItemId;
use billing::quote::{self, QuoteError, QuotedItem};
use http::StatusCode;
use platform::views::{Context, Tone};
use serde::Serialize;
use tenancy::extract::Visitor;

use super::product::{self, Found};
use super::view::{self, OrderForm, ProductCard, QuoteView, Wish};
use super::{basket, words};
use crate::app::App;
use crate::kit::parts::{Crumb, FieldError};
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// The page on which a product is configured.
#[derive(Serialize)]
pub struct OrderPage {
    pub product: ProductCard,
    pub crumbs: Vec<Crumb>,
    pub form: Option<OrderForm>,
    pub errors: Vec<FieldError>,
    pub quote: QuoteView,
}

impl Context for OrderPage {
    const TEMPLATE: &'static str = "site/order.html";
}

/// A configuration that was sent, and what was wrong with it.
struct Sent<'a> {
    visitor: &'a Visitor,
    asked: &'a Asked,
    wish: Wish,
    errors: Vec<FieldError>,
    status: StatusCode,
}

async fn draw(app: &App, found: &Found, sent: Sent<'_>) -> Response {
    let page = page::site(app, sent.visitor, sent.asked, product::nav(&found.product.kind)).await;
    let (quote, wrong) = product::estimate((app, &page), found, &sent.wish);
    let errors = if sent.errors.is_empty() && sent.status != StatusCode::OK {
        wrong
    } else {
        sent.errors
    };
    let kind = app.say(&page, &format!("kind-{}", found.product.kind), &[]);
    let leaf = app.say(&page, "site-configure", &[]);
    let context = OrderPage {
        product: view::card(&found.product, &found.offers, found.currency),
        crumbs: product::crumbs(kind, &found.product, Some(leaf)),
        form: view::form((app, &page), &found.offers, &sent.wish, found.currency, &errors),
        errors,
        quote,
    };
    Html::show(app, sent.status, &context, &page)
}

pub async fn show(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    Path(slug): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let found = match product::find(&app, &visitor, &slug).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let mut wish = Wish::new(pairs);
    if let Some(item) = wish.get("item").map(str::to_owned) {
        // What is in the cart already, to be changed.
        wish = match of_cart(&app, &visitor, &item).await {
            Ok(Some(known)) => known,
            Ok(None) => return not_found(),
            Err(error) => return internal(error),
        };
    }
    if wish.get("hostname").is_none() && found.product.needs_hostname {
        wish = suggest(&app, &visitor, wish, &found).await;
    }
    if let Some(offer) = wish.offer(&found.offers) {
        wish = wish.with_defaults(offer);
    }
    let sent = Sent {
        visitor: &visitor,
        asked: &asked,
        wish,
        errors: Vec::new(),
        status: StatusCode::OK,
    };
    draw(&app, &found, sent).await
}

async fn of_cart(app: &App, visitor: &Visitor, item: &str) -> Result<Option<Wish>, BillingError> {
    let Ok(id) = item.parse::<CartItemId>() else {
        return Ok(None);
    };
    let mut tx = app.tenancy().begin(&visitor.scope).await?;
    let basket = basket::find(&mut tx, visitor).await?;
    let rows = match &basket.cart {
        Some(cart) => cart::items(&mut tx, cart.id).await?,
        None => Vec::new(),
    };
    tx.commit().await?;
    let row = rows.into_iter().find(|row| row.id == id);
    Ok(row.map(|row| Wish::of(&row.item()).and("item", id.to_string())))
}

/// A name nobody else has, in the top level that is nobody's on the public net; the customer overwrites it.
async fn suggest(app: &App, visitor: &Visitor, wish: Wish, found: &Found) -> Wish {
    let Ok(tx) = app.tenancy().begin_read(&visitor.scope).await else {
        return wish;
    };
    let tail = tx.random().base32_lower(5);
    if let Err(error) = tx.rollback().await {
        tracing::debug!(%error, "a name was suggested");
    }
    wish.and("hostname", format!("{}-{tail}.internal", found.product.kind))
}

pub async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    Path(slug): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let found = match product::find(&app, &visitor, &slug).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let mut sent = Sent {
        visitor: &visitor,
        asked: &asked,
        wish: Wish::new(pairs),
        errors: Vec::new(),
        status: StatusCode::UNPROCESSABLE_ENTITY,
    };
    if sent.wish.get("update").is_some() {
        sent.status = StatusCode::OK;
        return draw(&app, &found, sent).await;
    }
    let page = page::plain(&app, &visitor, &asked).await;
    let Some(offer) = sent.wish.offer(&found.offers) else {
        return draw(&app, &found, sent).await;
    };
    let item = sent.wish.item(offer);
    if found.product.needs_hostname && item.hostname.trim().is_empty() {
        sent.errors.push(FieldError {
            field: "hostname".into(),
            message: app.say(&page, "site-fault-hostname", &[]),
        });
    }
    let quoted = match quote::quote_one(&found.offers, &item, found.currency, found.today) {
        Ok(quoted) if sent.errors.is_empty() => quoted,
        Ok(_) => return draw(&app, &found, sent).await,
        Err(QuoteError::Items(problems)) => {
            sent.errors.extend(words::field_errors(&app, &page, &problems));
            return draw(&app, &found, sent).await;
        }
        Err(error) => return internal(error),
    };
    match keep(&app, &visitor, &sent.wish, &quoted).await {
        Ok(()) => {
            let text = app.say(&page, "site-in-cart", &[("name", &found.product.name)]);
            page::flash(&visitor.session, Tone::Success, text).await;
            Redirect::to("/cart").into_response()
        }
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => match words::refusal(&app, &page, &error) {
            Some(message) => {
                sent.errors.push(FieldError {
                    field: "plan-1".into(),
                    message,
                });
                draw(&app, &found, sent).await
            }
            None => internal(error),
        },
    }
}

async fn keep(app: &App, visitor: &Visitor, wish: &Wish, quoted: &QuotedItem) -> Result<(), BillingError> {
    let mut tx = app.tenancy().begin(&visitor.scope).await?;
    let basket = basket::find(&mut tx, visitor).await?;
    let cart = basket::open(&mut tx, visitor, &basket).await?;
    match wish.get("item").filter(|item| !item.is_empty()) {
        Some(item) => {
            let id = item.parse().map_err(|_| BillingError::NotFound("item"))?;
            cart::change_item(&mut tx, &cart, id, quoted).await?;
        }
        None => cart::add_item(&mut tx, &cart, quoted).await?,
    }
    tx.commit().await?;
    basket::hold(&visitor.session, Some(&cart)).await;
    Ok(())
}
