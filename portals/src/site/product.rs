//! A product: what it has, and a calculator that the server computes.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use billing::BillingError;
use billing::catalogue::{self, Product};
use billing::quote::{self, Offer, QuoteError};
use chrono::NaiveDate;
use http::StatusCode;
use platform::money::Currency;
use platform::views::{Context, Page};
use serde::Serialize;
use tenancy::extract::Visitor;

use super::basket;
use super::view::{self, OrderForm, ProductCard, QuoteView, Wish};
use super::words;
use crate::app::App;
use crate::kit::parts::{Crumb, FieldError};
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// The page of a product.
#[derive(Serialize)]
pub struct ProductPage {
    pub product: ProductCard,
    pub crumbs: Vec<Crumb>,
    pub description: Vec<String>,
    pub form: Option<OrderForm>,
    pub quote: QuoteView,
}

impl Context for ProductPage {
    const TEMPLATE: &'static str = "site/product.html";
}

/// The summary alone, for a page that asks again while somebody chooses.
#[derive(Serialize)]
pub struct QuotePart {
    pub quote: QuoteView,
}

impl Context for QuotePart {
    const TEMPLATE: &'static str = "site/quote.html";
}

/// A product that can be ordered, with its plans in the visitor's currency.
pub struct Found {
    pub product: Product,
    pub offers: Vec<Offer>,
    pub currency: Currency,
    /// The tenant's day.
    pub today: NaiveDate,
}

pub async fn find(app: &App, visitor: &Visitor, slug: &str) -> Result<Option<Found>, BillingError> {
    let mut tx = app.tenancy().begin(&visitor.scope).await?;
    let found = catalogue::find_by_slug(&mut tx, slug).await?;
    let Some(product) = found else {
        tx.rollback().await?;
        return Ok(None);
    };
    let basket = basket::find(&mut tx, visitor).await?;
    let offers = quote::offers_of(&mut tx, std::slice::from_ref(&product)).await?;
    let today = tx.today();
    tx.commit().await?;
    Ok(Some(Found {
        offers: view::priced(offers, basket.currency),
        product,
        currency: basket.currency,
        today,
    }))
}

pub async fn show(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    Path((kind, slug)): Path<(String, String)>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let found = match find(&app, &visitor, &slug).await {
        Ok(Some(found)) if found.product.kind == kind => found,
        Ok(_) => return not_found(),
        Err(error) => return internal(error),
    };
    let page = page::site(&app, &visitor, &asked, nav(&found.product.kind)).await;
    let mut wish = Wish::new(pairs);
    if let Some(offer) = wish.offer(&found.offers) {
        wish = wish.with_defaults(offer);
    }
    let (quote, errors) = estimate((&app, &page), &found, &wish);
    let kind_label = app.say(&page, &format!("kind-{kind}"), &[]);
    let context = ProductPage {
        product: view::card(&found.product, &found.offers, found.currency),
        crumbs: crumbs(kind_label, &found.product, None),
        description: paragraphs(&found.product.description),
        form: view::form((&app, &page), &found.offers, &wish, found.currency, &errors),
        quote,
    };
    Html::show(&app, StatusCode::OK, &context, &page)
}

/// The menu's key of a kind.
pub fn nav(kind: &str) -> &'static str {
    catalogue::KINDS
        .into_iter()
        .find(|known| *known == kind)
        .unwrap_or_default()
}

/// Where a product stands; with `leaf`, one step below it.
pub fn crumbs(kind_label: String, product: &Product, leaf: Option<String>) -> Vec<Crumb> {
    let mut crumbs = vec![
        Crumb {
            label: kind_label,
            path: Some(format!("/products/{}", product.kind)),
        },
        Crumb {
            label: product.name.clone(),
            path: leaf
                .as_ref()
                .map(|_| format!("/products/{}/{}", product.kind, product.slug)),
        },
    ];
    crumbs.extend(leaf.map(|label| Crumb { label, path: None }));
    crumbs
}

fn paragraphs(text: &str) -> Vec<String> {
    text.replace("\r\n", "\n")
        .split("\n\n")
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What a wish costs, and what is wrong with it.
pub fn estimate((app, page): (&App, &Page), found: &Found, wish: &Wish) -> (QuoteView, Vec<FieldError>) {
    let offers = &found.offers;
    let Some(offer) = wish.offer(offers) else {
        return (view::unquoted(app.say(page, "site-no-price", &[])), Vec::new());
    };
    match quote::quote_one(offers, &wish.item(offer), found.currency, found.today) {
        Ok(quoted) => (view::quoted((app, page), &quoted), Vec::new()),
        Err(QuoteError::Items(problems)) => {
            let errors = words::field_errors(app, page, &problems);
            let first = errors.first().map(|e| e.message.clone()).unwrap_or_default();
            (view::unquoted(first), errors)
        }
        Err(QuoteError::Money(_)) => (view::unquoted(app.say(page, "site-no-price", &[])), Vec::new()),
    }
}

/// The summary for what a form says now.
pub async fn quote(
    State(app): State<App>,
    visitor: Visitor,
    asked: Asked,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let wish = Wish::new(pairs);
    let found = match find(&app, &visitor, &wish.text("product")).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(),
        Err(error) => return internal(error),
    };
    let page = page::plain(&app, &visitor, &asked).await;
    let (quote, _) = estimate((&app, &page), &found, &wish);
    Html::show(&app, StatusCode::OK, &QuotePart { quote }, &page).into_response()
}
